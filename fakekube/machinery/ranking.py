"""Which of too many pods go first: those that are missed least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cmp_to_key
from heapq import nsmallest
from math import log2
from typing import Any, NamedTuple

from fakekube.core.meta import parse_time
from fakekube.machinery.podfacts import PodFacts

POD_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "": 1, "Unknown": 1, "Running": 2}


class _Rank(NamedTuple):
    """What decides between two pods: `first`, then how long they were ready, restarts, and age."""

    first: tuple[Any, ...]
    ready_since: str
    ready_age: int
    restarts: tuple[int, int]
    created: str
    age: int
    uid: str


def surplus(pods: Sequence[PodFacts], count: int, now: float, on_node: Mapping[str, int]) -> list[PodFacts]:
    """So many of the pods: not bound before bound, Pending before Running, not ready before ready, by deletion cost,
    on crowded nodes first, ready for a shorter time first, more restarts first, younger first.

    Times are compared in powers of two; of pods that are as old by that, the uid decides.
    """
    if count >= len(pods):
        return list(pods)
    ranks = {id(pod): _rank(pod, now, on_node) for pod in pods}
    return nsmallest(count, pods, key=cmp_to_key(lambda one, other: _compare(ranks[id(one)], ranks[id(other)])))


def plain(pods: Sequence[PodFacts]) -> list[PodFacts]:
    """The pods in the order in which a Job does without them: as above, but neither cost nor node matter, times are
    compared as they are, and equal ones stay as they were."""
    return sorted(pods, key=_plain_rank)


def _rank(pod: PodFacts, now: float, on_node: Mapping[str, int]) -> _Rank:
    first = (*_usefulness(pod), deletion_cost(pod.annotations), -on_node.get(pod.node, 0))
    ready = pod.ready_since if pod.ready else ""
    return _Rank(first, ready, _age(ready, now), pod.restarts, pod.created, _age(pod.created, now), pod.uid)


def _usefulness(pod: PodFacts) -> tuple[bool, int, bool]:
    return bool(pod.node), _PHASES.get(pod.phase, 2), pod.ready


def _compare(one: _Rank, other: _Rank) -> int:
    if one.first != other.first:
        return -1 if one.first < other.first else 1
    if one.ready_since != other.ready_since:
        return _by_age(one.ready_age, other.ready_age, one.uid, other.uid)
    if one.restarts != other.restarts:
        return -1 if one.restarts > other.restarts else 1
    if one.created != other.created:
        return _by_age(one.age, other.age, one.uid, other.uid)
    return 0


def _by_age(one: int, other: int, uid: str, other_uid: str) -> int:
    if one != other:
        return -1 if one < other else 1
    return -1 if uid < other_uid else 1


def _age(text: str, now: float) -> int:
    """How long ago, as a power of two of nanoseconds."""
    seconds = now - parse_time(text) if text else 0.0
    return int(log2(seconds * 1e9)) if seconds > 0 else -1


def _plain_rank(pod: PodFacts) -> tuple[Any, ...]:
    ready = -parse_time(pod.ready_since) if pod.ready and pod.ready_since else 0.0
    regular, sidecars = pod.restarts
    return (*_usefulness(pod), ready, -regular, -sidecars, -parse_time(pod.created))


def deletion_cost(annotations: Mapping[str, str]) -> int:
    """The cost that the pod's annotation states; 0 if it states none that can be read."""
    try:
        return int(annotations.get(POD_DELETION_COST, "0"))
    except ValueError:
        return 0
