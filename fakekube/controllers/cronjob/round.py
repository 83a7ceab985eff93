"""One look at a CronJob: its Jobs are accounted for, old ones cleared away, and the next is made when it is due."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fakekube.controllers.cronjob import JOBS, RESOURCE, times
from fakekube.core import cron
from fakekube.core.cron import CronError, Schedule
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, controller_of, is_deleting, parse_time, time_text
from fakekube.machinery.committer import namespace_terminating
from fakekube.machinery.controller import NamedKey
from fakekube.machinery.plan import (
    NOTHING,
    Change,
    Create,
    Delete,
    Emit,
    Plan,
    UpdateStatus,
    controller_reference,
    reference,
)
from fakekube.machinery.workloads import sparse, status_update
from fakekube.machinery.world import World
from fakekube.storage.values import Key

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Keep account of the Jobs, clear old ones away, and make the next if its time has come."""
    owner = world.get(RESOURCE, *key)
    return NOTHING if owner is None else _Round(owner, world).plan()


class _Round:
    """One look at a CronJob."""

    def __init__(self, owner: Obj, world: World) -> None:
        self.owner = owner
        self.spec: Obj = owner["spec"]
        self.world = world
        self.now = datetime.fromtimestamp(world.now(), UTC)
        self.old: Obj = owner.get("status") or {}
        self.status: Obj = dict(self.old)
        self.active: list[Obj] = list(self.old.get("active") or ())
        self.changes: list[Change] = []
        self.last: Change | None = None
        name = owner["metadata"]["name"]
        self.jobs = [
            (each, _end_of(each))
            for each in world.list(JOBS, owner["metadata"]["namespace"])
            if (above := controller_of(each)) is not None and above["name"] == name and above["kind"] == "CronJob"
        ]

    def plan(self) -> Plan:
        """What to do now, and when to look again."""
        self._clear_away()
        self._account()
        after = None if is_deleting(self.owner) else self._schedule()
        self.status = {**self.status, **sparse({"active": self.active})}
        if not self.active:
            self.status.pop("active", None)
        if self.last is not None:
            self.changes.append(self.last)  # it writes the status with the Job that it makes
        else:
            self.changes += self._status_changes()
        return Plan(self.changes, after)

    def _status_changes(self) -> list[Change]:
        return [] if self.status == self.old else [UpdateStatus(RESOURCE, status_update(self.owner, self.status))]

    def _emit(self, reason: str, text: str, kind: str = "Normal") -> None:
        self.changes.append(Emit(self.owner, reason, text, kind))

    # --- Jobs that are there

    def _clear_away(self) -> None:
        for kind, field in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
            limit = self.spec.get(field)
            ended = [job for job, end in self.jobs if end == kind]
            if limit is None or len(ended) <= limit:
                continue
            ended = [job for job in ended if not is_deleting(job)]
            if len(ended) > limit:
                ended.sort(key=lambda job: ((job.get("status") or {}).get("startTime") or "9", job["metadata"]["name"]))
                for job in ended[: len(ended) - limit]:
                    self._delete(job)

    def _delete(self, job: Obj) -> None:
        """Delete a Job that has ended; what else there is to do is done all the same if that fails."""
        change = self._deletion(job["metadata"])

        def refused(error: StatusError) -> Plan:
            left = self.changes[self.changes.index(change) + 1 :]
            return Plan([self._undeleted(error), *left])

        change.refused = refused
        self.changes.append(change)
        self.active = [each for each in self.active if each.get("uid") != job["metadata"]["uid"]]

    def _deletion(self, job: Obj) -> Delete:
        told = Emit(self.owner, "SuccessfulDelete", f"Deleted job {job['name']}")
        return Delete(Key(JOBS, job["namespace"], job["name"]), propagation="Background", then=lambda _: [told])

    def _undeleted(self, error: StatusError) -> Emit:
        return Emit(self.owner, "FailedDelete", f"Deleted job: {error.message}", "Warning")

    def _replace(self) -> None:
        """Delete what still runs; if that fails, nothing is started beside it before it is tried again."""
        present = self._status_changes()
        for each in self.active:
            change = self._deletion(each)
            change.refused = lambda error: Plan([self._undeleted(error), *present], retry=True)
            self.changes.append(change)
        self.active = []

    def _account(self) -> None:
        """Jobs that have ended leave the list of the active ones; those that went missing too."""
        listed = {each.get("uid") for each in self.active}
        for job, end in self.jobs:
            uid, name = job["metadata"]["uid"], job["metadata"]["name"]
            if not end:
                if uid not in listed:
                    self._emit(
                        "UnexpectedJob", f"Saw a job that the controller did not create or forgot: {name}", "Warning"
                    )
                continue
            if uid in listed:
                self.active = [each for each in self.active if each.get("uid") != uid]
                self._emit("SawCompletedJob", f"Saw completed job: {name}, condition: {end}")
            if end == "Complete":
                self._note_success(job)
        present = {job["metadata"]["uid"] for job, _ in self.jobs}
        for each in list(self.active):
            if each.get("uid") not in present and self.world.get(JOBS, each["namespace"], each["name"]) is None:
                self.active.remove(each)
                self._emit("MissingJob", f"Active job went missing: {each['name']}")

    def _note_success(self, job: Obj) -> None:
        done = job["status"].get("completionTime")
        if done and done > self.status.get("lastSuccessfulTime", ""):
            self.status["lastSuccessfulTime"] = done

    # --- the next Job

    def _schedule(self) -> float | None:
        """Make the Job whose time has come; the seconds until the next time."""
        zone = self.spec.get("timeZone")
        if zone is not None and not _is_zone(zone):
            self._emit("UnknownTimeZone", f'invalid timeZone: "{zone}": unknown time zone {zone}', "Warning")
            return None
        if self.spec.get("suspend"):
            return None
        schedule = self._parsed(zone)
        if schedule is None:
            return None
        if not schedule.comes(self.now):
            why = "time difference between two schedules is less than 1 second"
            self._emit("InvalidSchedule", f"invalid schedule: {self.spec['schedule']} : {why}", "Warning")
            return None
        found = times.missed(schedule, times.since(self.owner, self.now, with_deadline=True), self.now)
        if found.many and found.due is not None:
            text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            self._emit("TooManyMissedTimes", text, "Warning")
        if found.due is not None and self._is_wanted(found.due):
            self._start(found.due)
        return times.until_next(schedule, times.since(self.owner, self.now, with_deadline=False), self.now)

    def _parsed(self, zone: str | None) -> Schedule | None:
        text: str = self.spec["schedule"]
        if "TZ" in text:
            told = (
                f'CRON_TZ or TZ used in schedule "{text}" is not officially supported, see '
                "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
            )
            self._emit("UnsupportedSchedule", told, "Warning")
        elif zone is not None:
            text = f"TZ={zone} {text}"
        try:
            return cron.parse(text)
        except CronError as error:
            schedule = self.spec["schedule"]
            self._emit("UnparseableSchedule", f'unparseable schedule: "{schedule}" : {error}', "Warning")
            return None

    def _is_wanted(self, due: datetime) -> bool:
        """Whether a Job is to be made for this time."""
        deadline = self.spec.get("startingDeadlineSeconds")
        if deadline is not None and times.later(due, deadline) < self.now:
            text = due.strftime("%a, %d %b %Y %H:%M:%S +0000")
            self._emit("MissSchedule", f"Missed scheduled time to start a job: {text}", "Warning")
            return False
        name, last = _job_name(self.owner, due), self.old.get("lastScheduleTime")
        if any(each["name"] == name for each in self.active) or (last and parse_time(last) == due.timestamp()):
            return False
        if self.spec.get("concurrencyPolicy") == "Forbid" and self.active:
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._emit("JobAlreadyActive", text)
            return False
        return True

    def _start(self, due: datetime) -> None:
        if self.spec.get("concurrencyPolicy") == "Replace":
            self._replace()
        job = _job(self.owner, due, self.spec.get("timeZone"))

        def then(made: Obj) -> list[Change]:
            told = Emit(self.owner, "SuccessfulCreate", f"Created job {made['metadata']['name']}")
            return [told, self._started(due, made)]

        def refused(error: StatusError) -> Plan | None:
            if namespace_terminating(error):
                return None
            if error.reason != "AlreadyExists":
                told = Emit(self.owner, "FailedCreate", f"Error creating job: {error.message}", "Warning")
                return Plan([told, *self._status_changes()], retry=True)
            present = self.world.get(JOBS, job["metadata"]["namespace"], job["metadata"]["name"])
            above = controller_of(present) if present is not None else None
            if present is None or above is None or above["uid"] != self.owner["metadata"]["uid"]:
                return Plan(self._status_changes())
            known = any(each.get("uid") == present["metadata"]["uid"] for each in self.active)
            return Plan(self._status_changes() if known else [self._started(due, present)])

        self.last = Create(JOBS, job, then=then, refused=refused)

    def _started(self, due: datetime, job: Obj) -> Change:
        status = {
            **self.status,
            "active": [*self.active, reference(job)],
            "lastScheduleTime": time_text(due.timestamp()),
        }
        return UpdateStatus(RESOURCE, status_update(self.owner, status))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _end_of(job: Obj) -> str:
    """Complete or Failed; '' while the Job goes on."""
    for each in (job.get("status") or {}).get("conditions") or ():
        if each["type"] in ("Complete", "Failed") and each["status"] == "True":
            return str(each["type"])
    return ""


def _job_name(owner: Obj, due: datetime) -> str:
    return f"{owner['metadata']['name']}-{int(due.timestamp()) // 60}"


def _job(owner: Obj, due: datetime, zone: str | None) -> Obj:
    template = owner["spec"]["jobTemplate"]
    meta = template.get("metadata") or {}
    local = due.astimezone(ZoneInfo(zone)) if zone else due
    stamp = local.isoformat(timespec="seconds").replace("+00:00", "Z")
    made: Obj = {
        "name": _job_name(owner, due),
        "namespace": owner["metadata"]["namespace"],
        "annotations": {**(meta.get("annotations") or {}), SCHEDULED: stamp},
        "ownerReferences": [controller_reference(owner, "batch", "v1", "CronJob")],
    }
    made |= sparse({"labels": meta.get("labels")})
    return {"kind": "Job", "apiVersion": "batch/v1", "metadata": made, "spec": template.get("spec") or {}}
