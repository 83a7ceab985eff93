"""How the containers of pods behave, beside the usual: what a pod's annotations and a test's rules ask for.

Nothing runs; a behaviour says when containers start, whether they are ready, how and when they end. Rules are told by
label selector and come after annotations; of several that say something about the same, the one added last counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from fakekube.core.meta import Obj, annotations_of, controller_of, labels_of, uid_of
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

PREFIX = "fakekube/"
OOM_KILLED = 137


class Behaviour(NamedTuple):
    """What is said of a container; None where nothing is. Times are seconds."""

    start: str | None = None
    """'never': the containers never start, and wait for their image."""
    start_after: float | None = None
    """Seconds from being taken on by the kubelet to the start."""
    ready: bool | None = None
    """False: it runs and is never ready, as with a readiness probe that fails."""
    ready_after: float | None = None
    """Seconds from the start until it is ready."""
    unhealthy_after: float | None = None
    """Seconds from each start until it is killed, as with a liveness probe that fails."""
    started: bool | None = None
    """False: its startup probe never succeeds, and it is killed when that has failed often enough."""
    live: bool | None = None
    """False: its liveness probe fails from the beginning, and it is killed when that has happened often enough."""
    start_error: str | None = None
    """The runtime cannot start it, and says this."""
    exit_code: int | None = None
    """It ends by itself with this code."""
    exit_after: float | None = None
    """Seconds from each start to that end, with 0 if no code is said; at once when nothing is said."""
    restarts: bool | None = None
    """False: a container that waits for its restart after it has ended is not started again."""
    fail_first: int | None = None
    """So many runs end with a failure; the next one runs on, or ends well if the exit code is 0."""
    image_pull_error: bool | None = None
    """The image cannot be pulled."""
    oom: bool | None = None
    """It ends by being killed for want of memory."""
    message: str | None = None
    """What it says of its end."""
    stop_after: float | None = None
    """Seconds from the deletion of the pod until its containers have stopped, at most the grace period."""
    stop_code: int | None = None
    """The exit code of a container that is stopped in time; 143 when nothing is said."""
    evict_after: float | None = None
    """Seconds from the start of the pod until the kubelet evicts it."""
    tells: bool | None = None
    """Whether the kubelet tells events about it."""

    def __or__(self, other: Behaviour) -> Behaviour:
        """This behaviour, and what the other says over it."""
        if other is USUAL:
            return self
        return self._replace(**{name: value for name in NAMES if (value := getattr(other, name)) is not None})

    def outcome(self, run: int) -> tuple[int, str] | None:
        """Exit code and reason of this run (counted from 0); None if it goes on until it is stopped."""
        failing = self.fail_first is not None and run < self.fail_first
        if self.fail_first is not None and not failing:
            return _ending(0) if self.exit_code == 0 else None
        if self.oom:
            return OOM_KILLED, "OOMKilled"
        if failing:
            return _ending(self.exit_code or 1)
        return _ending(self.exit_code or 0) if self.ends else None

    @property
    def ends(self) -> bool:
        """Whether it says that containers end by themselves, be it only when."""
        return self.exit_code is not None or self.exit_after is not None

    @property
    def concerns_readiness(self) -> bool:
        """Whether it says anything about being ready."""
        return self.ready is not None or self.ready_after is not None


def _ending(code: int) -> tuple[int, str]:
    return code, "Completed" if code == 0 else "Error"


NAMES = Behaviour._fields
USUAL = Behaviour()
"""Nothing is said: the pod starts at once, is ready and runs until it is deleted."""


def _is_unready(pod: Obj) -> bool:
    status = pod.get("status") or {}
    return status.get("phase") == "Running" and not all(each["ready"] for each in status.get("containerStatuses") or ())


def _number(text: str) -> float:
    """A decimal number; what is none counts as 0."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def _whole(text: str) -> int:
    return int(_number(text))


def _truth(text: str) -> bool:
    return text.strip().lower() not in ("false", "no", "0", "")


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False


READABLE: dict[Callable[[str], Any], tuple[str, Callable[[str], bool]]] = {
    str: ("text", lambda text: True),
    _number: ("a number of seconds, 0 or more", _is_number),
    _whole: ("a whole number, 0 or more", str.isdecimal),
    _truth: ("true or false", lambda text: text.strip().lower() in ("true", "false", "yes", "no", "0", "1")),
}
"""Of each way to read an annotation: what it reads, and whether it can read a text."""
_READ: dict[str, Callable[[str], Any]] = {
    "start": str,
    "start_after": _number,
    "ready": _truth,
    "ready_after": _number,
    "unhealthy_after": _number,
    "started": _truth,
    "live": _truth,
    "start_error": str,
    "exit_code": _whole,
    "exit_after": _number,
    "restarts": _truth,
    "fail_first": _whole,
    "image_pull_error": _truth,
    "oom": _truth,
    "message": str,
    "stop_after": _number,
    "stop_code": _whole,
    "evict_after": _number,
}
ANNOTATIONS = {PREFIX + name.replace("_", "-"): (name, read) for name, read in _READ.items()}
"""By annotation: the field of Behaviour and how its text is read."""
ENDS_ONCE = Behaviour(restarts=False)
"""What is annotated to end, and would be started again, is left in CrashLoopBackOff if no more is said."""


def annotated(pod: Obj) -> Behaviour:
    """What the pod's annotations say."""
    told = [each for each in annotations_of(pod).items() if each[0] in ANNOTATIONS]
    return _said(tuple(told)) if told else USUAL


@lru_cache(maxsize=1024)
def _said(told: tuple[tuple[str, str], ...]) -> Behaviour:
    """What these annotations say: most pods have those of another."""
    found: dict[str, Any] = {}
    for name, text in told:
        field_name, read = ANNOTATIONS[name]
        found[field_name] = read(text)
    behaviour = Behaviour(**found)
    once = behaviour.exit_code is not None or (behaviour.ends and not behaviour.oom and not behaviour.fail_first)
    return ENDS_ONCE | behaviour if once else behaviour


class Rule:
    """A behaviour for the pods that it matches; of one container if it names one, else of all but init containers."""

    def __init__(
        self,
        behaviour: Behaviour,
        matches: Callable[[dict[str, str]], bool],
        namespace: str | None = None,
        name: str | None = None,
        container: str | None = None,
    ) -> None:
        self.behaviour = behaviour
        self.matches = matches
        self.namespace = namespace
        self.name = name
        self.container = container

    def applies(self, pod: Obj) -> bool:
        """Whether the rule is about this pod."""
        meta = pod["metadata"]
        if self.namespace is not None and self.namespace != meta.get("namespace"):
            return False
        return self.name in (None, meta.get("name")) and self.matches(labels_of(pod))


class Asked:
    """What is asked of one pod: of the pod as a whole, and of containers by name."""

    __slots__ = ("containers", "pod")

    def __init__(self, pod: Behaviour = USUAL) -> None:
        self.pod = pod
        self.containers: dict[str, Behaviour] = {}

    def of(self, container: Obj, *, init: bool = False) -> Behaviour:
        """The behaviour of a container; rules that name none are not about init containers."""
        named = self.containers.get(container["name"], USUAL)
        if init:
            return named
        return self.pod | named if self.containers else self.pod

    @property
    def usual(self) -> bool:
        """Whether nothing is asked."""
        return self.pod is USUAL and not self.containers

    @property
    def counts_runs(self) -> bool:
        """Whether some first runs are to fail, so that it matters which run it is."""
        if self.usual:
            return False
        return any(each.fail_first for each in (self.pod, *self.containers.values()))


NOTHING_ASKED = Asked()


class Rules:
    """The rules of a cluster, in the order in which they were added, and which pods are or were under one."""

    def __init__(self, world: World) -> None:
        self._rules: list[Rule] = []
        self.leaving: set[str] = set()
        """Nodes that are being shut down."""
        self.probing: set[Key] = set()
        """Pods with containers whose probes are still to speak."""
        self.touched: set[Key] = set()
        """Pods whose life has been other than usual: they stay in the hands of the kubelet when a rule goes."""
        self._turns: dict[str, dict[str, int]] = {}

    def apply(self, event: Event) -> None:
        """A pod that is gone is forgotten; of one that is there from the start probes may be waited for."""
        if event.after is None:
            self.touched.discard(event.key)
            self.probing.discard(event.key)
        elif event.before is None and event.key.resource == "pods" and _is_unready(event.after.view):
            self.probing.add(event.key)

    def add(self, rule: Rule) -> None:
        """From now on this counts, too, and over those before."""
        self._rules.append(rule)

    def remove(self, rule: Rule) -> None:
        """From now on this counts no more; one that does not count any more is left alone."""
        if rule in self._rules:
            self._rules.remove(rule)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def about(self, pod: Obj) -> Asked:
        """What annotations and rules ask of the pod."""
        own = annotated(pod)
        rules = [rule for rule in self._rules if rule.applies(pod)] if self._rules else ()
        if not rules:
            return NOTHING_ASKED if own is USUAL else Asked(own)
        asked = Asked(own)
        for rule in rules:
            if rule.container is None:
                asked.pod = asked.pod | rule.behaviour
            else:
                before = asked.containers.get(rule.container, USUAL)
                asked.containers[rule.container] = before | rule.behaviour
        return asked

    def turn(self, pod: Obj) -> int:
        """Which of its controller's pods this is, counted from 0 in the order in which they were asked for.

        A pod that is not restarted fails as a whole: the next run is its controller's next pod.
        """
        owner = controller_of(pod)
        if owner is None or pod["spec"].get("restartPolicy") != "Never":
            return 0
        turns = self._turns.setdefault(owner["uid"], {})
        return turns.setdefault(uid_of(pod), len(turns))
