"""One look at a Job: its pods are counted, made and deleted, and its status follows."""

from __future__ import annotations

from fakekube.controllers.job import RESOURCE, staffing, verdict
from fakekube.controllers.job.backoff import FINALIZER
from fakekube.controllers.job.census import Census
from fakekube.controllers.job.conditions import (
    COMPLETE,
    CRITERIA_MET,
    FAILED,
    FAILURE_TARGET,
    condition,
    finished,
    made,
    with_suspension,
)
from fakekube.controllers.job.staffing import Staffing, without_finalizer
from fakekube.controllers.job.tracking import track
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, is_deleting, time_text
from fakekube.machinery.plan import NOTHING, Change, Emit, Patch, Plan, UpdateStatus, controller_reference
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.selection import matcher
from fakekube.machinery.workloads import claim_pods, status_update
from fakekube.machinery.world import World
from fakekube.storage.values import Key

OURS = "kubernetes.io/job-controller"


def managed_elsewhere(job: Obj) -> bool:
    """Whether another controller looks after the Job."""
    return bool(job["spec"].get("managedBy", OURS) != OURS)


def reconcile_job(job: Obj, world: World) -> Plan:
    """Take the Job a step on; one that has ended, or that another controller manages, is left alone."""
    if managed_elsewhere(job) or finished(job) is not None:
        return NOTHING
    reference = controller_reference(job, "batch", "v1", "Job")
    pods, claims = _claimed(job, reference, world)
    if claims:
        return Plan(claims)  # with those that are ours then we go on
    return _Round(job, reference, pods, world).plan()


def _claimed(job: Obj, reference: Obj, world: World) -> tuple[list[PodFacts], list[Change]]:
    """The Job's pods, and what makes them so: one that is adopted is tracked like the others, one let go is not."""
    loose = world.loose_pods(job["metadata"]["namespace"])
    claimed, changes = claim_pods(job, reference, matcher(job["spec"].get("selector")), world.pods_of(job), loose)
    for change in changes:
        assert isinstance(change, Patch), "claims are patches"
        meta = change.body["metadata"]
        released = "$patch" in meta["ownerReferences"][0]
        meta["$deleteFromPrimitiveList/finalizers" if released else "finalizers"] = [FINALIZER]
    return claimed, changes


class _Round:
    """One look at a Job."""

    def __init__(self, job: Obj, reference: Obj, pods: list[PodFacts], world: World) -> None:
        self.job = job
        self.reference = reference
        self.world = world
        self.now = world.now()
        self.old: Obj = job.get("status") or {}
        self.status: Obj = dict(self.old)
        self.census = Census(job, pods)
        self.staffing = Staffing()
        self.told: list[Change] = []
        self.released: list[Patch] = []

    def plan(self) -> Plan:
        """What to do now."""
        if "startTime" not in self.status and not self.census.suspended:
            self.status["startTime"] = time_text(self.now)
        ending = verdict.early(self.census, self.status, self.now)
        if ending is not None:
            self.staffing = staffing.stop_all(self.census)
        else:
            if not is_deleting(self.job):
                self.staffing = staffing.manage(self.census, self.reference, self.world, self._after_refusal)
            ending = verdict.completed(self.census, self.now) if not self.staffing.wanted else None
            if ending is None and not is_deleting(self.job):
                self._tell_suspension()
        self._count_active(self.staffing.wanted)
        self.released = track(self.census, self.status, ending, self.staffing.dropped)
        changes = [*self.staffing.changes, *self._written(ending), *self.told, *self.released]
        deadline = verdict.until_deadline(self.census, self.status, self.now) if ending is None else None
        waits = [wait for wait in (self.staffing.wait, deadline) if wait is not None]
        return Plan(changes, min(waits, default=None))

    def _tell_suspension(self) -> None:
        suspended = self.census.suspended
        listed = with_suspension(self.status.get("conditions") or [], suspended=suspended, now=self.now)
        if listed is None:
            return
        self.status["conditions"] = listed
        reason, text = ("Suspended", "Job suspended") if suspended else ("Resumed", "Job resumed")
        self.told.append(Emit(self.job, reason, text))
        if suspended:
            self.status.pop("startTime", None)
        else:
            self.status["startTime"] = time_text(self.now)

    def _count_active(self, fresh: int) -> None:
        active = len(self.census.active) + fresh
        self.status |= {"active": active, "ready": self.census.ready, "terminating": self.census.terminating}
        if not active:
            del self.status["active"]

    def _after_refusal(self, error: StatusError) -> list[Change]:
        """A pod could not be made: the status tells of those that could."""
        self._count_active(self.staffing.made)
        return [*self._status_changes(), *self.told, *self.released]

    def _status_changes(self) -> list[Change]:
        if self.status == self.old:
            return []
        return [UpdateStatus(RESOURCE, status_update(self.job, self.status))]

    def _written(self, ending: Obj | None) -> list[Change]:
        """The status: the interim condition is in it before the final one, and the end only when all is counted."""
        if ending is None:
            return self._status_changes()
        interim = ending["type"] if ending["type"] == CRITERIA_MET else FAILURE_TARGET
        if condition(self.status, interim) is None:
            self.status["conditions"] = [*(self.status.get("conditions") or ()), ending]
            return self._status_changes()
        if self.released or self.staffing.changes or self.census.terminating or any(self.census.uncounted.values()):
            return self._status_changes()
        return self._end(ending)

    def _end(self, ending: Obj) -> list[Change]:
        well = ending["type"] == CRITERIA_MET
        final = made(COMPLETE if well else FAILED, ending["reason"], ending["message"], self.now)
        self.status["conditions"] = [*(self.status.get("conditions") or ()), final]
        if not well:
            self.told.append(Emit(self.job, ending["reason"], ending["message"], "Warning"))
            return self._status_changes()
        self.status["completionTime"] = final["lastTransitionTime"]
        completions = self.census.completions
        if completions is not None and self.status.get("succeeded", 0) > completions:
            text = "Too many succeeded pods running after completion count reached"
            self.told.append(Emit(self.job, "TooManySucceededPods", text, "Warning"))
        self.told.append(Emit(self.job, "Completed", "Job completed"))
        return self._status_changes()


def orphaned(key: Key, world: World) -> Plan:
    """A tracked pod without its Job is let go."""
    pod = world.pods.get(key)
    if pod is None:
        return NOTHING
    above = pod.owner
    job = world.get(RESOURCE, key.namespace, above["name"]) if above is not None and above["kind"] == "Job" else None
    if above is not None and above["kind"] != "Job":
        return NOTHING
    present = job is not None and above is not None and job["metadata"]["uid"] == above["uid"]
    if present and job is not None and (managed_elsewhere(job) or finished(job) is None):
        return NOTHING
    patch = without_finalizer(pod)
    return Plan([patch]) if patch is not None else NOTHING
