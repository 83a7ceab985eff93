"""What can be told of how pods behave: the keywords of `kube.pods.behave`, and the fields that other languages send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypedDict

from fakekube.core import selectors
from fakekube.nodes.behaviour import Behaviour

Selector = str | dict[str, str]


class Behaving(TypedDict, total=False):
    """What `behave` can be told; times are seconds by the cluster's clock."""

    ready: bool
    """False: containers run and are never ready."""
    ready_after: float
    """From a container's start until it is ready."""
    start_after: float
    """From being taken on by the kubelet until the containers start."""
    unhealthy_after: float
    """From each start until a container is killed, as with a liveness probe that fails."""
    started: bool
    """False: the startup probe never succeeds; the container is killed when it has failed often enough."""
    live: bool
    """False: the liveness probe fails; the container is killed when it has failed often enough."""
    start_error: str
    """The runtime cannot start containers, and says this: RunContainerError."""
    exit_code: int
    """Containers end by themselves with this code, and are started again as their policy says."""
    exit_after: float
    """From each start to that end; 0 when absent."""
    crash: bool | int
    """True or a code: exit_code=1, or this one."""
    oom: bool
    """Containers end by being killed for want of memory (code 137, OOMKilled)."""
    fail_first: int
    """So many runs fail; the next one runs on, or ends well where exit_code=0 is said."""
    restarts: bool
    """False: what waits in CrashLoopBackOff is not started again."""
    image_pull_error: bool
    """The image cannot be pulled: ErrImagePull, ImagePullBackOff."""
    message: str
    """What containers say of their end."""
    stop_code: int
    """The exit code of containers that are stopped in time; 143 when absent."""
    stop_after: float
    """From the deletion until the containers have stopped, at most the grace period."""
    evict_after: float
    """From the pod's start until the kubelet evicts it."""


class Sort(NamedTuple):
    """A sort of value: what it is called, and which values are of it."""

    words: str
    holds: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and _is_number(value)


TRUTH = Sort("true or false", lambda value: isinstance(value, bool))
SECONDS = Sort("a number of seconds, 0 or more", _is_number)
WHOLE = Sort("a whole number, 0 or more", _is_whole)
CODE = Sort("an exit code from 0 to 255", lambda value: _is_whole(value) and value <= 255)
TEXT = Sort("text", lambda value: isinstance(value, str) and value != "")
CRASH = Sort("true, false, or an exit code", lambda value: isinstance(value, bool) or CODE.holds(value))

KEYWORDS: dict[str, Sort] = {
    "ready": TRUTH,
    "ready_after": SECONDS,
    "start_after": SECONDS,
    "unhealthy_after": SECONDS,
    "started": TRUTH,
    "live": TRUTH,
    "start_error": TEXT,
    "exit_code": CODE,
    "exit_after": SECONDS,
    "crash": CRASH,
    "oom": TRUTH,
    "fail_first": WHOLE,
    "restarts": TRUTH,
    "image_pull_error": TRUTH,
    "message": TEXT,
    "stop_after": SECONDS,
    "stop_code": CODE,
    "evict_after": SECONDS,
}


def behaviour_of(told: Mapping[str, Any]) -> Behaviour:
    """The keywords as a Behaviour; ValueError or TypeError says what cannot be."""
    given = dict(told)
    if not given:
        raise ValueError(f"say how they are to behave: {', '.join(sorted(KEYWORDS))}")
    for name, value in given.items():
        sort = KEYWORDS.get(name)
        if sort is None:
            raise TypeError(f"{name!r} is no behaviour; those are: {', '.join(sorted(KEYWORDS))}")
        if not sort.holds(value):
            raise ValueError(f"{name} must be {sort.words}, not {value!r}")
    crash = given.pop("crash", False)
    if crash is not False:
        given.setdefault("exit_code", 1 if crash is True else crash)
    return Behaviour(**given, tells=True)


def matcher(selector: Selector) -> Callable[[dict[str, str]], bool]:
    """Labels, or the text of a selector, as a predicate; SelectorError or TypeError if it is none."""
    if not isinstance(selector, dict | str):
        raise TypeError(f"pods are selected by labels or the text of a selector, not {selector!r}")
    if isinstance(selector, dict):
        wanted = selector.items()
        if wrong := [name for name, text in wanted if not isinstance(text, str)]:
            raise TypeError(f"the value of the label {wrong[0]!r} must be text, not {selector[wrong[0]]!r}")
        return lambda labels: wanted <= labels.items()
    return selectors.parse(selector).matches
