"""A Job's pods are made and deleted, as many at a time as it asks for; after failures the next has to wait."""

from __future__ import annotations

from dataclasses import dataclass, field

from fakekube.controllers.job.backoff import FINALIZER, Failures, finished_at, only_replaces_failed, remaining
from fakekube.controllers.job.census import Census
from fakekube.controllers.job.indexes import FAILURES, IGNORED, INDEX, counted, index_of
from fakekube.core.meta import Obj
from fakekube.machinery.attempts import Rest, regardless, slow_start
from fakekube.machinery.plan import Change, Create, Patch
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.ranking import plain
from fakekube.machinery.workloads import BURST_REPLICAS, create_pod, delete_pod, pod_from_template
from fakekube.machinery.world import World

ENVIRONMENT = "JOB_COMPLETION_INDEX"


@dataclass(slots=True)
class Staffing:
    """What is done to the pods. `wanted`, `made`: how many are to be made and how many were; `wait`: seconds until the
    next may be made; `dropped`: the uids of pods that are deleted without counting as failed."""

    changes: list[Change] = field(default_factory=list)
    wanted: int = 0
    made: int = 0
    wait: float | None = None
    dropped: set[str] = field(default_factory=set)


def without_finalizer(pod: PodFacts) -> Patch | None:
    """Take the tracking finalizer off the pod, if it has it."""
    if FINALIZER not in pod.finalizers:
        return None
    body = {"metadata": {"uid": pod.uid, "$deleteFromPrimitiveList/finalizers": [FINALIZER]}}
    return Patch(pod.key, body)


def stop_all(census: Census) -> Staffing:
    """Delete what is active, so that it counts."""
    return _drop(census, list(census.active), uncounted=False)


def manage(census: Census, reference: Obj, world: World, rest: Rest) -> Staffing:
    """Take away pods that are too many; only if there are none, make those that are missing."""
    if census.suspended:
        return _drop(census, _for_removal(census, len(census.active)), uncounted=True)
    active = len(census.active)
    wanted = _wanted(census)
    surplus = _for_removal(census, max(0, active - wanted))
    if surplus:
        return _drop(census, surplus[:BURST_REPLICAS], uncounted=True)
    stopping = census.terminating if only_replaces_failed(census.job) else 0
    missing = min(wanted - stopping - active, BURST_REPLICAS)
    return _create(census, missing, reference, world, rest) if missing > 0 else Staffing()


def _drop(census: Census, pods: list[PodFacts], *, uncounted: bool) -> Staffing:
    """Delete pods; with `uncounted` they are not to be taken for failed ones."""
    changes: list[Change] = []
    for pod in pods:
        patch = without_finalizer(pod) if uncounted else None
        delete = delete_pod(pod, census.job)
        if patch is None:
            changes.append(delete)
        else:
            patch.then = lambda answer, delete=delete: [delete]
            changes.append(patch)
    census.take_away(pods)
    dropped = {pod.uid for pod in pods} if uncounted else set()
    return Staffing(regardless(changes, lambda error: ()), dropped=dropped)


def _wanted(census: Census) -> int:
    parallel: int = census.spec.get("parallelism", 1)
    if census.completions is None:
        return len(census.active) if census.succeeded > 0 else parallel
    return max(0, min(census.completions - census.succeeded, parallel))


def _for_removal(census: Census, least: int) -> list[PodFacts]:
    """At least so many active pods; of each index all but one, and all that have no index of the Job's."""
    if not least and not census.indexed:
        return []
    found: list[PodFacts] = []
    left = plain(census.active)
    if census.indexed:
        seen: set[int] = set()
        for pod in reversed(list(left)):
            index = index_of(pod.annotations)
            if index is None or not census.counts(pod) or index in seen:
                found.append(pod)
                left.remove(pod)
            else:
                seen.add(index)
    return found + left[: max(0, least - len(found))]


def _create(census: Census, count: int, reference: Obj, world: World, rest: Rest) -> Staffing:
    found = Staffing()
    if not census.per_index:
        wait = world.follower(Failures).remaining(census.job)
        if wait > 0:
            found.wait = wait
            return found
    numbers: list[int | None] = [None] * count
    if census.indexed:
        due, found.wait = _due_indexes(census, count, world.now())
        numbers = [*due]
    found.wanted = len(numbers)
    found.changes = slow_start([_counted(census, reference, number, found) for number in numbers], rest)
    return found


def _counted(census: Census, reference: Obj, number: int | None, staffing: Staffing) -> Create:
    create = create_pod(_pod(census, reference, number), census.job)
    usual = create.then

    def then(made: Obj) -> list[Change]:
        staffing.made += 1
        return [*usual(made)] if usual is not None else []

    create.then = then
    return create


def _due_indexes(census: Census, count: int, now: float) -> tuple[list[int], float | None]:
    """The first indexes without a pod whose wait is over; if there are only others, the shortest wait of these."""
    taken = (
        census.done | census.lost | {index for pod in census.active if (index := index_of(pod.annotations)) is not None}
    )
    if only_replaces_failed(census.job):
        stopping = (pod for pod in census.pods if pod.deleting and not pod.terminal)
        taken |= {index for pod in stopping if (index := index_of(pod.annotations)) is not None}
    free = [index for index in range(census.completions or 0) if index not in taken][:count]
    waits = {index: _wait_of(census, index, now) for index in free}
    due = [index for index in free if not waits[index]]
    return due, min(waits.values()) if free and not due else None


def _wait_of(census: Census, index: int, now: float) -> float:
    pod = census.delayed.get(index)
    return 0.0 if pod is None else remaining(census.tries(pod) + 1, finished_at(pod.view), now)


def _pod(census: Census, reference: Obj, index: int | None) -> Obj:
    pod = pod_from_template(census.spec["template"], census.job, reference)
    meta: Obj = dict(pod["metadata"])
    meta["finalizers"] = list(dict.fromkeys([*meta.get("finalizers", ()), FINALIZER]))
    if index is None:
        return {**pod, "metadata": meta}
    name = census.job["metadata"]["name"]
    meta["generateName"] = f"{name[: 58 - len(f'-{index}-')]}-{index}-"
    meta["labels"] = {**meta.get("labels", {}), INDEX: str(index)}
    meta["annotations"] = {**meta.get("annotations", {}), INDEX: str(index), **_failure_counts(census, index)}
    spec = {**pod["spec"], "hostname": f"{name}-{index}"}
    for listed in ("initContainers", "containers"):
        if spec.get(listed):
            spec[listed] = [_with_index(each) for each in spec[listed]]
    return {**pod, "metadata": meta, "spec": spec}


def _failure_counts(census: Census, index: int) -> dict[str, str]:
    """How often the index has failed, for the pod that comes next."""
    if not census.per_index:
        return {}
    pod = census.delayed.get(index)
    if pod is None:
        return {FAILURES: "0"}
    counts = census.judge(pod).counts
    failures = counted(pod.annotations, FAILURES) + counts
    ignored = counted(pod.annotations, IGNORED) + (not counts)
    return {FAILURES: str(failures), **({IGNORED: str(ignored)} if ignored else {})}


def _with_index(container: Obj) -> Obj:
    """The container with its index in the environment."""
    listed = container.get("env") or []
    if any(each["name"] == ENVIRONMENT for each in listed):
        return container
    source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX}']"}}
    return {**container, "env": [*listed, {"name": ENVIRONMENT, "valueFrom": source}]}
