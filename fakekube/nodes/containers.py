"""The life of a container, as rows: in which state a step applies, after how long, and the status that it brings.

Figures are the kubelet's: a container that has ended is started again at once the first time, then after ten seconds,
doubled each time up to five minutes; an image that cannot be pulled is tried again by the same back-off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fakekube.core.meta import Obj
from fakekube.nodes import statuses
from fakekube.nodes.behaviour import Behaviour
from fakekube.nodes.memory import RUNNING, TERMINATED, state_of

FIRST_BACKOFF_SECONDS = 10
LONGEST_BACKOFF_SECONDS = 300
CRASHED = "CrashLoopBackOff"
KILLED = 137
"""The exit code of what is killed."""
CREATING = frozenset({"ContainerCreating", "PodInitializing", "waiting"})
PULL_FAILED, PULL_WAITS = "ErrImagePull", "ImagePullBackOff"
EDGE_SECONDS = 1e-6
"""What is due within this is due now."""


@dataclass(frozen=True, slots=True)
class Container:
    """What is known of a container of a pod: its spec and status, how it is to behave, and its past."""

    pod: Obj
    spec: Obj
    status: Obj
    behaviour: Behaviour
    now: float
    since: float
    """Since when it is in its state."""
    turn: int = 0
    """Which of its controller's pods it is in (Rules.turn)."""
    forgiven: int = 0
    pulls: int = 0
    init: bool = False

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.spec["name"])

    @property
    def state(self) -> str:
        """running, terminated, or why it waits."""
        return state_of(self.status)

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return self.status.get("restartCount") or 0

    @property
    def outcome(self) -> tuple[int, str] | None:
        """How this run ends, if it ends by itself; an init container that nothing is said of ends well."""
        found = self.behaviour.outcome(self.turn + self.restarts)
        if found is None and self.init and not statuses.is_sidecar(self.spec):
            return 0, "Completed"
        return found

    @property
    def backoff(self) -> int:
        """Seconds from its end to the next start."""
        count = max(0, self.restarts - self.forgiven)
        return backoff(count)

    @property
    def restartable(self) -> bool:
        """Whether the policy is to start it again after it has ended as it has."""
        ended = (self.status.get("state") or {}).get(TERMINATED)
        return ended is not None and starts_again(self.pod, self.spec, ended["exitCode"], init=self.init)


def backoff(count: int) -> int:
    """Seconds before the attempt after so many: 0, 10, 20, 40, ... 300."""
    return min(FIRST_BACKOFF_SECONDS * 2 ** min(count - 1, 10), LONGEST_BACKOFF_SECONDS) if count > 0 else 0


def starts_again(pod: Obj, container: Obj, code: int, *, init: bool = False) -> bool:
    """Whether the container's own rules, its own policy or the pod's want it started again after this exit code."""
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        if (code in (codes.get("values") or ())) == (codes.get("operator") == "In"):
            return bool(rule.get("action", "").startswith("Restart"))
    policy = container.get("restartPolicy") or pod["spec"].get("restartPolicy") or "Always"
    if policy == "Always" and not (init and code == 0 and not statuses.is_sidecar(container)):
        return True
    return bool(policy == "OnFailure" and code != 0)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a container's life: `applies` to it, `after` so many seconds in its state, brings this status.

    `tells` is the event (type, reason, message) of a container of which events are told.
    """

    name: str
    applies: Callable[[Container], bool]
    after: Callable[[Container], float]
    brings: Callable[[Container], Obj]
    tells: Callable[[Container], tuple[str, str, str]] | None = None


def _at_once(container: Container) -> float:
    return 0.0


def _is_creating(container: Container) -> bool:
    return container.state in CREATING


def _start_after(container: Container) -> float:
    return container.behaviour.start_after or 0.0


def _is_ready(behaviour: Behaviour) -> bool:
    return behaviour.ready is not False and not behaviour.ready_after


def _started(container: Container) -> Obj:
    status = statuses.run(container.pod, container.spec, container.now, container.status)
    return status | {"ready": _is_ready(container.behaviour)}


def _restarted(container: Container) -> Obj:
    ended = (container.status.get("state") or {}).get(TERMINATED)
    last = {TERMINATED: ended} if ended is not None else container.status.get("lastState") or {}
    return _started(container) | {"lastState": last, "restartCount": container.restarts + 1}


def _cannot_pull(container: Container) -> bool:
    return bool(container.behaviour.image_pull_error)


def _image(container: Container) -> str:
    return str(container.spec.get("image", ""))


def _pull_fault(container: Container) -> str:
    image = _image(container)
    return f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'


def _pull_waits(container: Container) -> Obj:
    message = f'Back-off pulling image "{_image(container)}"'
    if container.behaviour.start != "never":
        message += f": {PULL_FAILED}: {_pull_fault(container)}"
    return container.status | {"state": statuses.waiting(PULL_WAITS, message)}


def _pull_failed(container: Container) -> Obj:
    return container.status | {"state": statuses.waiting(PULL_FAILED, _pull_fault(container))}


def _ends_now(container: Container) -> Obj:
    code, reason = container.outcome or (0, "Completed")
    ended = statuses.end(container.pod, container.spec, container.status, code, container.now, reason)
    if container.behaviour.restarts is False and starts_again(container.pod, container.spec, code, init=container.init):
        return _waits_for_restart(container, ended) | {"restartCount": container.restarts + 1}
    return ended


def _waits_for_restart(container: Container, ended: Obj) -> Obj:
    meta, seconds = container.pod["metadata"], container.backoff or FIRST_BACKOFF_SECONDS
    place = f"{meta['name']}_{meta['namespace']}({meta['uid']})"
    text = f"back-off {go_seconds(seconds)} restarting failed container={container.name} pod={place}"
    return ended | {"state": statuses.waiting(CRASHED, text), "lastState": ended["state"]}


def go_seconds(seconds: int) -> str:
    """A duration as Go prints it: 40s, 2m40s, 5m0s."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _told_place(container: Container) -> str:
    meta = container.pod["metadata"]
    return f"{meta['name']}_{meta['namespace']}({meta['uid']})"


STEPS = (
    Step(
        "image never comes",
        lambda c: _is_creating(c) and c.behaviour.start == "never",
        _at_once,
        _pull_waits,
    ),
    Step(
        "pull fails",
        lambda c: _is_creating(c) and _cannot_pull(c),
        _start_after,
        _pull_failed,
        lambda c: ("Warning", "Failed", f'Failed to pull image "{_image(c)}": {_pull_fault(c)}'),
    ),
    Step(
        "pull waits",
        lambda c: c.state == PULL_FAILED,
        _at_once,
        _pull_waits,
        lambda c: ("Normal", "BackOff", f'Back-off pulling image "{_image(c)}"'),
    ),
    Step(
        "pull fails again",
        lambda c: c.state == PULL_WAITS and _cannot_pull(c),
        lambda c: float(backoff(c.pulls)),
        _pull_failed,
        lambda c: ("Warning", "Failed", f'Failed to pull image "{_image(c)}": {_pull_fault(c)}'),
    ),
    Step(  # what kept the image away is gone
        "pull succeeds",
        lambda c: c.state == PULL_WAITS and not _cannot_pull(c) and c.behaviour.start != "never",
        _at_once,
        _started,
    ),
    Step("start", lambda c: _is_creating(c) and c.behaviour.start != "never", _start_after, _started),
    Step(
        "end",
        lambda c: c.state == RUNNING and c.outcome is not None,
        lambda c: c.behaviour.exit_after or 0.0,
        _ends_now,
    ),
    Step(
        "be killed",
        lambda c: c.state == RUNNING and c.behaviour.unhealthy_after is not None,
        lambda c: c.behaviour.unhealthy_after or 0.0,
        lambda c: statuses.end(c.pod, c.spec, c.status, KILLED, c.now, "Error"),
        lambda c: ("Warning", "Unhealthy", "Liveness probe failed: the container is not healthy"),
    ),
    Step(
        "become ready",
        lambda c: c.state == RUNNING and not c.status.get("ready") and c.behaviour.ready is not False,
        lambda c: c.behaviour.ready_after or 0.0,
        lambda c: c.status | {"ready": True},
    ),
    Step(
        "become unready",
        lambda c: c.state == RUNNING and bool(c.status.get("ready")) and c.behaviour.ready is False,
        _at_once,
        lambda c: c.status | {"ready": False},
        lambda c: ("Warning", "Unhealthy", "Readiness probe failed: the container is not ready"),
    ),
    Step("restart at once", lambda c: c.restartable and not c.backoff, _at_once, _restarted),
    Step(
        "back off",
        lambda c: c.restartable and c.backoff > 0,
        _at_once,
        lambda c: _waits_for_restart(c, c.status),
        lambda c: ("Warning", "BackOff", f"Back-off restarting failed container {c.name} in pod {_told_place(c)}"),
    ),
    Step(
        "restart",
        lambda c: c.state == CRASHED and c.behaviour.restarts is not False,
        lambda c: float(c.backoff),
        _restarted,
    ),
)
"""Of those that apply, the one that is due first is taken; of several due at once the first."""


def next_step(container: Container) -> tuple[Step | None, float]:
    """The container's next step and the seconds until it is due (0: now); none if it stays as it is."""
    best: Step | None = None
    wait = 0.0
    for step in STEPS:
        if step.applies(container):
            left = container.since + step.after(container) - container.now
            left = 0.0 if left <= EDGE_SECONDS else left
            if best is None or left < wait:
                best, wait = step, left
            if not left:
                break
    return best, wait
