"""What is known of a container, and when it is started again. (The rows of its life are in `steps`.)

Figures are the kubelet's: a container that has ended is started again at once the first time, then after ten seconds,
doubled each time up to five minutes; an image that cannot be pulled is tried again by the same back-off.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fakekube.core.meta import Obj
from fakekube.nodes import images, probes, statuses
from fakekube.nodes.behaviour import USUAL, Behaviour
from fakekube.nodes.memory import TERMINATED, state_of

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
"""The exit code of what the runtime could not start."""
EDGE_SECONDS = 1e-6
"""What is due within this is due now."""


@dataclass(slots=True)
class Container:
    """What is known of a container of a pod: its spec and status, how it is to behave, and its past. Not changed."""

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
    state: str = field(init=False)
    """running, terminated, or why it waits."""

    def __post_init__(self) -> None:
        self.state = state_of(self.status)

    @property
    def is_usual(self) -> bool:
        """Whether it is still to be made, and nothing is to be waited for."""
        if self.behaviour is not USUAL or self.fault or self.state not in CREATING:
            return False
        return probes.PROBES.isdisjoint(self.spec) and not images.fault(self.spec.get("image", ""))

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.spec["name"])

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return self.status.get("restartCount") or 0

    @property
    def passes(self) -> bool:
        """Whether it is an init container whose end is waited for: it is ready when it has ended well."""
        return self.init and not statuses.is_sidecar(self.spec)

    @property
    def outcome(self) -> tuple[int, str] | None:
        """How this run ends, if it ends by itself; an init container that nothing is said of ends well."""
        found = self.behaviour.outcome(self.turn + self.restarts)
        if found is None and self.passes:
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
