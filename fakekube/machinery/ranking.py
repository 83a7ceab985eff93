"""Which of too many pods go first: those that are missed least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cmp_to_key
from heapq import nsmallest
from math import log2
from typing import Any

from fakekube.core.meta import parse_time
from fakekube.machinery.podfacts import PodFacts

POD_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "": 1, "Unknown": 1, "Running": 2}


def surplus(pods: Sequence[PodFacts], count: int, now: float, on_node: Mapping[str, int]) -> list[PodFacts]:
    """So many of the pods: not bound before bound, Pending before Running, not ready before ready, by deletion cost,
    on crowded nodes first, ready for a shorter time first, more restarts first, younger first.

    Times are compared in powers of two; of pods that are as old by that, the uid decides.
    """
    if count >= len(pods):
        return list(pods)
    groups = _least_useful(pods, count, on_node)
    found: list[PodFacts] = []
    ages = _Ages(now)
    for group in groups:
        found += _first(group, count - len(found), ages)
    return found


def _least_useful(pods: Sequence[PodFacts], count: int, on_node: Mapping[str, int]) -> list[list[PodFacts]]:
    """Groups of pods that are of the same use, the least useful first, as many as it takes."""
    groups: dict[tuple[Any, ...], list[PodFacts]] = {}
    for pod in pods:
        cost = deletion_cost(pod.annotations) if POD_DELETION_COST in pod.annotations else 0
        key = (bool(pod.node), _PHASES.get(pod.phase, 2), pod.ready, cost, -on_node.get(pod.node, 0))
        groups.setdefault(key, []).append(pod)
    found: list[list[PodFacts]] = []
    for key in sorted(groups):
        if count <= 0:
            break
        found.append(groups[key])
        count -= len(groups[key])
    return found


class _Ages(dict[str, int]):
    """How long ago a time was, as a power of two of nanoseconds."""

    def __init__(self, now: float) -> None:
        super().__init__()
        self._now = now

    def __missing__(self, text: str) -> int:
        seconds = self._now - parse_time(text) if text else 0.0
        age = self[text] = int(log2(seconds * 1e9)) if seconds > 0 else -1
        return age


def _first(pods: list[PodFacts], count: int, ages: _Ages) -> list[PodFacts]:
    """The first so many of pods that are of the same use."""

    def compare(one: PodFacts, other: PodFacts) -> int:
        if one.ready and one.ready_since != other.ready_since:
            return ages[one.ready_since] - ages[other.ready_since] or (-1 if one.uid < other.uid else 1)
        if one.restarts != other.restarts:
            return -1 if one.restarts > other.restarts else 1
        if one.created != other.created:
            return ages[one.created] - ages[other.created] or (-1 if one.uid < other.uid else 1)
        return 0

    return nsmallest(count, pods, key=cmp_to_key(compare))


def plain(pods: Sequence[PodFacts]) -> list[PodFacts]:
    """The pods in the order in which a Job does without them: as above, but neither cost nor node matter, times are
    compared as they are, and equal ones stay as they were."""
    return sorted(pods, key=_plain_rank)


def _usefulness(pod: PodFacts) -> tuple[bool, int, bool]:
    return bool(pod.node), _PHASES.get(pod.phase, 2), pod.ready


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
