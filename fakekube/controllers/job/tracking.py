"""Every pod that has ended is counted exactly once.

It has a finalizer until its uid is in the status as uncounted, and the uid becomes a number only when the finalizer is
gone. An index needs no uid: it is in the list of completed ones or not.
"""

from __future__ import annotations

from fakekube.controllers.job.census import Census
from fakekube.controllers.job.conditions import CRITERIA_MET
from fakekube.controllers.job.indexes import index_of, written
from fakekube.controllers.job.staffing import without_finalizer
from fakekube.core.meta import Obj, is_deleting
from fakekube.machinery.plan import Patch
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.workloads import sparse

MOST_UNCOUNTED = 500
"""So many pods wait in the status at most, lest it grows too large; the others are counted at the next look."""


def track(census: Census, status: Obj, verdict: Obj | None, dropped: set[str]) -> list[Patch]:
    """Note in the status what has ended, as far as it must be; the finalizers to take off when that is written."""
    tracked = {pod.uid for pod in census.pods if census.tracked(pod)} - dropped
    _count_released(census, status, tracked)
    released: list[Patch] = []
    fresh: set[int] = set()
    for pod in census.pods:
        if pod.uid in tracked and _may_release(census, pod, verdict):
            _note(census, pod, verdict, fresh)
            patch = without_finalizer(pod)
            if patch is not None:
                released.append(patch)
            if len(fresh) + sum(map(len, census.uncounted.values())) >= MOST_UNCOUNTED:
                break
    if census.indexed:
        _write_indexes(census, status, census.before | fresh)
    status["uncountedTerminatedPods"] = sparse(census.uncounted)
    return released


def _count_released(census: Census, status: Obj, tracked: set[str]) -> None:
    for kind, listed in census.uncounted.items():
        left = [uid for uid in listed if uid in tracked]
        if len(left) != len(listed):
            status[kind] = status.get(kind, 0) + len(listed) - len(left)
        census.uncounted[kind] = left


def _may_release(census: Census, pod: PodFacts, verdict: Obj | None) -> bool:
    if is_deleting(census.job) or verdict is not None or pod.phase == "Succeeded":
        return True
    index = index_of(pod.annotations)
    holds = census.per_index and index is not None and census.delayed.get(index) is pod
    return census.has_failed(pod) and not holds


def _note(census: Census, pod: PodFacts, verdict: Obj | None, fresh: set[int]) -> None:
    known = pod.uid in census.uncounted["failed"]
    if pod.phase == "Succeeded" and not known:
        index = index_of(pod.annotations)
        if census.indexed:
            if index is not None and census.counts(pod):
                fresh.add(index)
        elif pod.uid not in census.uncounted["succeeded"]:
            census.uncounted["succeeded"].append(pod.uid)
        return
    ends_badly = verdict is not None and verdict["type"] != CRITERIA_MET
    if (census.has_failed(pod) or ends_badly) and not known and census.counts(pod) and census.judge(pod).counts:
        census.uncounted["failed"].append(pod.uid)


def _write_indexes(census: Census, status: Obj, done: set[int]) -> None:
    fields = {"succeeded": len(done), "completedIndexes": written(done)}
    for name, value in fields.items():
        if value:
            status[name] = value
        else:
            status.pop(name, None)
    if census.per_index:
        status["failedIndexes"] = written(census.lost)
