"""How long a Job waits before it makes another pod: ten seconds after a failure, twice as long after each more."""

from __future__ import annotations

from fakekube.core.meta import Obj, parse_time
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

FINALIZER = "batch.kubernetes.io/job-tracking"
FIRST_SECONDS = 10.0
LONGEST_SECONDS = 600.0


def only_replaces_failed(job: Obj) -> bool:
    """Whether a pod that is being deleted is waited for, and counts as failed only when it has ended."""
    spec = job["spec"]
    return spec.get("podReplacementPolicy") == "Failed" or spec.get("podFailurePolicy") is not None


def ended_badly(phase: str, job: Obj, *, deleting: bool) -> bool:
    """Whether a pod in this phase counts as failed."""
    if phase == "Failed":
        return True
    return deleting and phase != "Succeeded" and not only_replaces_failed(job)


def finished_at(pod: Obj) -> float:
    """When the pod ended, as far as its status tells."""
    meta, status = pod["metadata"], pod.get("status") or {}
    ends = _ends(pod, status)
    if ends and all(ends):
        return max(map(parse_time, ends))
    for each in status.get("conditions") or ():
        if each["type"] == "Ready" and each["status"] == "False" and each.get("lastTransitionTime"):
            return parse_time(each["lastTransitionTime"])
    if "deletionTimestamp" in meta:
        return parse_time(meta["deletionTimestamp"]) - (meta.get("deletionGracePeriodSeconds") or 0)
    return parse_time(meta["creationTimestamp"])


def _ends(pod: Obj, status: Obj) -> list[str]:
    """When each container and sidecar ended; '' for one that did not."""
    sidecars = {
        each["name"] for each in pod["spec"].get("initContainers") or () if each.get("restartPolicy") == "Always"
    }
    started = [each for each in status.get("initContainerStatuses") or () if each["name"] in sidecars]
    states = [each.get("state") or {} for each in [*(status.get("containerStatuses") or ()), *started]]
    return [(each.get("terminated") or {}).get("finishedAt") or "" for each in states]


def remaining(failures: int, last: float, now: float) -> float:
    """Seconds left of the wait after so many failures, of which the last was at that moment."""
    if not failures:
        return 0.0
    wait = min(FIRST_SECONDS * float(2 ** min(failures - 1, 20)), LONGEST_SECONDS)
    return max(0.0, wait - (now - last))


class Failures:
    """Of each Job how many pods failed since one last succeeded, and when the last of them did."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[str, tuple[int, float]] = {}
        self._noted: dict[Key, str] = {}

    def apply(self, event: Event) -> None:
        """Take note of a tracked pod that fails or succeeds, once."""
        if event.key.resource != "pods":
            return
        if event.after is None:
            self._noted.pop(event.key, None)
            return
        above, pod = event.after.controller, event.after.view
        if above is None or above["kind"] != "Job" or not _is_tracked(pod, event):
            return
        phase = (pod.get("status") or {}).get("phase", "")
        if phase not in TERMINAL and "deletionTimestamp" not in pod["metadata"]:
            return
        job, uid = self._world.at(Key("jobs.batch", event.key.namespace, above["name"])), pod["metadata"]["uid"]
        if job is None or self._noted.get(event.key) == uid:
            return
        if phase == "Succeeded":
            self._known.pop(job["metadata"]["uid"], None)
        elif ended_badly(phase, job, deleting="deletionTimestamp" in pod["metadata"]):
            count, last = self._known.get(job["metadata"]["uid"], (0, 0.0))
            self._known[job["metadata"]["uid"]] = (count + 1, max(last, finished_at(pod)))
        else:
            return
        self._noted[event.key] = uid

    def remaining(self, job: Obj) -> float:
        """Seconds until the Job may make another pod."""
        return remaining(*self._known.get(job["metadata"]["uid"], (0, 0.0)), self._world.now())


def _is_tracked(pod: Obj, event: Event) -> bool:
    """Whether the pod was to be counted when it ended; at the start, whether it has ended."""
    if FINALIZER in (pod["metadata"].get("finalizers") or ()):
        return True
    return event.before is None and (pod.get("status") or {}).get("phase") in TERMINAL
