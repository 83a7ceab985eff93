"""The life of a container, as rows: in which state a step applies, after how long, and the status that it brings.

Figures are the kubelet's: a container that has ended is started again at once the first time, then after ten seconds,
doubled each time up to five minutes; an image that cannot be pulled is tried again by the same back-off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fakekube.core.meta import Obj, time_text
from fakekube.nodes import images, probes, statuses
from fakekube.nodes.behaviour import USUAL, Behaviour
from fakekube.nodes.memory import RUNNING, TERMINATED, state_of

FIRST_BACKOFF_SECONDS = 10
LONGEST_BACKOFF_SECONDS = 300
CRASHED = "CrashLoopBackOff"
KILLED = 137
"""The exit code of what is killed."""
CREATING = frozenset({"ContainerCreating", "PodInitializing", "waiting"})
PULL_FAILED, PULL_WAITS = "ErrImagePull", "ImagePullBackOff"
NEVER_PULLED, BAD_IMAGE = "ErrImageNeverPull", "InvalidImageName"
BAD_CONFIG, BAD_START = "CreateContainerConfigError", "RunContainerError"
RESTARTING_ALL = "RestartingAllContainers"
NOT_YET = CREATING | {BAD_CONFIG, BAD_IMAGE, NEVER_PULLED, RESTARTING_ALL}
"""States in which the kubelet tries again to make the container."""
START_FAILED = 128
NEVER = "1970-01-01T00:00:00Z"
"""The exit code of what the runtime could not start."""
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
    fault: str = ""
    """Why its environment cannot be made."""

    @property
    def is_usual(self) -> bool:
        """Whether it is still to be made, and nothing is to be waited for."""
        if self.behaviour is not USUAL or self.fault or self.state not in CREATING:
            return False
        return not probes.PROBES & self.spec.keys() and not images.fault(self.spec.get("image", ""))

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


def first_rule(container: Obj, code: int) -> Obj | None:
    """The first of the container's own rules that is about this exit code."""
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        if (code in (codes.get("values") or ())) == (codes.get("operator") == "In"):
            return dict(rule)
    return None


def starts_again(pod: Obj, container: Obj, code: int, *, init: bool = False) -> bool:
    """Whether the container's own rules, its own policy or the pod's want it started again after this exit code."""
    rule = first_rule(container, code)
    if rule is not None:
        return bool(rule.get("action", "").startswith("Restart"))
    policy = container.get("restartPolicy") or pod["spec"].get("restartPolicy") or "Always"
    if policy == "Always" and not (init and code == 0 and not statuses.is_sidecar(container)):
        return True
    return bool(policy == "OnFailure" and code != 0)


Told = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a container's life: `applies` to it, `after` so many seconds in its state, brings this status.

    `tells` are the events (type, reason, message) of a container of which events are told.
    """

    name: str
    applies: Callable[[Container], bool]
    after: Callable[[Container], float]
    brings: Callable[[Container], Obj]
    tells: Callable[[Container], tuple[Told, ...]] | None = None
    always: bool = False
    """It is told of every container: what is wrong is in the cluster."""


def _at_once(container: Container) -> float:
    return 0.0


def _is_creating(container: Container) -> bool:
    return container.state in CREATING


def _start_after(container: Container) -> float:
    return (container.behaviour.start_after or 0.0) if container.state in CREATING else 0.0


def _begun(container: Container, attempt: int = 0) -> Obj:
    """It runs since now; whether it is started and ready at once is up to its probes."""
    status, spec, behaviour = _run(container, attempt), container.spec, container.behaviour
    if behaviour is USUAL and not probes.PROBES & spec.keys():
        return status
    started = not probes.has_startup(spec, behaviour)
    ready = started and behaviour.ready is not False and not probes.until_ready(spec, behaviour)
    return status | {"started": started, "ready": ready}


def _run(container: Container, attempt: int) -> Obj:
    return statuses.run(container.pod, container.spec, container.now, container.status, attempt)


def _started(container: Container) -> Obj:
    """It begins, for the first time or after an end over which it could not be made anew."""
    if container.fault:
        return container.status | {"state": statuses.waiting(BAD_CONFIG, container.fault)}
    if TERMINATED not in (container.status.get("lastState") or ()):
        return _begun(container)
    count = container.restarts + 1
    return _begun(container, count) | {"restartCount": count}


def _restarted(container: Container) -> Obj:
    """It begins anew after its end, if its environment can still be made."""
    ended = (container.status.get("state") or {}).get(TERMINATED)
    last = {TERMINATED: ended} if ended is not None else container.status.get("lastState") or {}
    if container.fault:
        return container.status | {"state": statuses.waiting(BAD_CONFIG, container.fault), "lastState": last}
    if container.behaviour.start_error:
        return _cannot_start(container) | {"restartCount": container.restarts + 1}
    count = container.restarts + 1
    return _begun(container, count) | {"lastState": last, "restartCount": count}


def _lacks_config(container: Container) -> bool:
    """Whether its environment cannot be made, for a reason that its status does not tell yet."""
    if not container.fault or container.state not in NOT_YET:
        return False
    waits = container.status["state"].get("waiting") or {}
    return waits.get("reason") != BAD_CONFIG or waits.get("message") != container.fault


def _may_start(container: Container) -> bool:
    if container.state not in NOT_YET or container.behaviour.start == "never":
        return False
    return not container.fault and not images.fault(_image(container)) and not _is_absent(container)


def _is_absent(container: Container) -> bool:
    """Whether the image is not there, and not to be pulled."""
    return _cannot_pull(container) and container.spec.get("imagePullPolicy") == "Never"


def _never_pulled(container: Container) -> str:
    return f'Container image "{_image(container)}" is not present with pull policy of Never'


def _cannot_start(container: Container) -> Obj:
    """The runtime could not start it: it waits, and its end is that of a run that never was."""
    end = {"exitCode": START_FAILED, "reason": "StartError", "message": container.behaviour.start_error or ""}
    times = {"startedAt": NEVER, "finishedAt": time_text(container.now)}
    ended = {TERMINATED: {**end, **times, "containerID": statuses.container_id(container.pod, container.spec)}}
    state = statuses.waiting(BAD_START, container.behaviour.start_error or "")
    if not starts_again(container.pod, container.spec, START_FAILED, init=container.init):
        return container.status | {"state": ended, "ready": False, "started": False}
    return container.status | {"state": state, "lastState": ended, "ready": False, "started": False}


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
    ended = _ended(container, code, reason)
    if container.behaviour.restarts is False and starts_again(container.pod, container.spec, code, init=container.init):
        return _waits_for_restart(container, ended) | {"restartCount": container.restarts + 1}
    return ended


def _ended(container: Container, code: int, reason: str) -> Obj:
    ended = statuses.end(container.pod, container.spec, container.status, code, container.now, reason)
    if container.behaviour.message:
        ended["state"][TERMINATED]["message"] = container.behaviour.message
    return ended


def _waits_for_restart(container: Container, ended: Obj) -> Obj:
    seconds = container.backoff or FIRST_BACKOFF_SECONDS
    text = f"back-off {go_seconds(seconds)} restarting failed container={container.name} pod={_told_place(container)}"
    return ended | {"state": statuses.waiting(CRASHED, text), "lastState": ended["state"]}


def _crashed(container: Container) -> Obj:
    """What could not be started waits as what has crashed does."""
    ended = container.status | {"state": container.status["lastState"]}
    return _waits_for_restart(container, ended)


def _has_started(container: Container) -> Obj:
    spec, behaviour = container.spec, container.behaviour
    ready = behaviour.ready is not False and probes.until_ready(spec, behaviour) <= probes.until_started(spec)
    return container.status | {"started": True, "ready": ready}


def _may_be_ready(container: Container) -> bool:
    return container.state == RUNNING and not container.status.get("ready") and bool(container.status.get("started"))


def go_seconds(seconds: int) -> str:
    """A duration as Go prints it: 40s, 2m40s, 5m0s."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _told_place(container: Container) -> str:
    meta = container.pod["metadata"]
    return f"{meta['name']}_{meta['namespace']}({meta['uid']})"


def _error(what: str) -> Told:
    return "Warning", "Failed", f"Error: {what}"


def _tells_pull(container: Container) -> tuple[Told, ...]:
    image = _image(container)
    failed = ("Warning", "Failed", f'Failed to pull image "{image}": {_pull_fault(container)}')
    return ("Normal", "Pulling", f'Pulling image "{image}"'), failed, _error(PULL_FAILED)


def _tells_back_off(container: Container) -> tuple[Told, ...]:
    message = f"Back-off restarting failed container {container.name} in pod {_told_place(container)}"
    return (("Warning", "BackOff", message),)


def _tells_kill(probe: str, fault: str) -> Callable[[Container], tuple[Told, ...]]:
    def tells(container: Container) -> tuple[Told, ...]:
        unhealthy = ("Warning", "Unhealthy", f"{probe.capitalize()} probe failed: {fault}")
        what = "Init container" if container.init else "Container"
        again = "" if container.init else ", will be restarted"
        return unhealthy, ("Normal", "Killing", f"{what} {container.name} failed {probe} probe{again}")

    return tells


STEPS = (
    Step(
        "image has no name",
        lambda c: _is_creating(c) and bool(images.fault(_image(c))),
        _at_once,
        lambda c: c.status | {"state": statuses.waiting(BAD_IMAGE, images.fault(_image(c)))},
        lambda c: (("Warning", "InspectFailed", images.fault(_image(c))), _error(BAD_IMAGE)),
        always=True,
    ),
    Step(
        "image never comes",
        lambda c: _is_creating(c) and c.behaviour.start == "never",
        _at_once,
        _pull_waits,
    ),
    Step(
        "image is absent",
        lambda c: _is_creating(c) and _is_absent(c),
        _start_after,
        lambda c: c.status | {"state": statuses.waiting(NEVER_PULLED, _never_pulled(c))},
        lambda c: (("Warning", NEVER_PULLED, _never_pulled(c)), _error(NEVER_PULLED)),
    ),
    Step(
        "pull fails",
        lambda c: _is_creating(c) and _cannot_pull(c) and not _is_absent(c),
        _start_after,
        _pull_failed,
        _tells_pull,
    ),
    Step(
        "pull waits",
        lambda c: c.state == PULL_FAILED,
        _at_once,
        _pull_waits,
        lambda c: (("Normal", "BackOff", f'Back-off pulling image "{_image(c)}"'), _error(PULL_WAITS)),
    ),
    Step(
        "pull fails again",
        lambda c: c.state == PULL_WAITS and _cannot_pull(c),
        lambda c: float(backoff(c.pulls)),
        _pull_failed,
        _tells_pull,
    ),
    Step(  # what kept the image away is gone
        "pull succeeds",
        lambda c: c.state == PULL_WAITS and not _cannot_pull(c) and c.behaviour.start != "never",
        _at_once,
        _started,
    ),
    Step(
        "environment cannot be made",
        _lacks_config,
        _start_after,
        lambda c: c.status | {"state": statuses.waiting(BAD_CONFIG, c.fault)},
        lambda c: (_error(c.fault),),
        always=True,
    ),
    Step(
        "runtime cannot start it",
        lambda c: _may_start(c) and bool(c.behaviour.start_error),
        _start_after,
        _cannot_start,
        lambda c: (_error(c.behaviour.start_error or ""),),
    ),
    Step("start", _may_start, _start_after, _started),
    Step("try the start again", lambda c: c.state == BAD_START and not c.backoff, _at_once, _restarted),
    Step("back off from the start", lambda c: c.state == BAD_START, _at_once, _crashed, _tells_back_off),
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
        lambda c: _ended(c, KILLED, "Error"),
        _tells_kill("liveness", "the container is not healthy"),
    ),
    Step(
        "startup fails",
        lambda c: c.state == RUNNING and not c.status.get("started") and c.behaviour.started is False,
        lambda c: probes.until_startup_fails(c.spec),
        lambda c: _ended(c, KILLED, "Error"),
        _tells_kill("startup", "the container has not started"),
    ),
    Step(
        "liveness fails",
        lambda c: c.state == RUNNING and c.behaviour.live is False,
        lambda c: probes.until_liveness_fails(c.spec),
        lambda c: _ended(c, KILLED, "Error"),
        _tells_kill("liveness", "the container is not healthy"),
    ),
    Step(
        "be started",
        lambda c: c.state == RUNNING and not c.status.get("started") and c.behaviour.started is not False,
        lambda c: probes.until_started(c.spec),
        _has_started,
    ),
    Step(
        "become ready",
        lambda c: _may_be_ready(c) and c.behaviour.ready is not False,
        lambda c: probes.until_ready(c.spec, c.behaviour),
        lambda c: c.status | {"ready": True},
    ),
    Step(
        "become unready",
        lambda c: c.state == RUNNING and bool(c.status.get("ready")) and c.behaviour.ready is False,
        _at_once,
        lambda c: c.status | {"ready": False},
        lambda c: (("Warning", "Unhealthy", "Readiness probe failed: the container is not ready"),),
    ),
    Step("restart at once", lambda c: c.restartable and not c.backoff, _at_once, _restarted),
    Step(
        "back off",
        lambda c: c.restartable and c.backoff > 0,
        _at_once,
        lambda c: _waits_for_restart(c, c.status),
        _tells_back_off,
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
