"""One look at a Job: its pods are counted, made and deleted, and its status follows.

A pod that has ended is counted exactly once: it has a finalizer until its uid is in the status as uncounted, and the
uid becomes a number only when the finalizer is gone.
"""

from __future__ import annotations

from fakekube.controllers.job import policies
from fakekube.controllers.job.backoff import (
    FINALIZER,
    Failures,
    finished_at,
    is_failed,
    only_replaces_failed,
    remaining,
)
from fakekube.controllers.job.indexes import FAILURES, IGNORED, INDEX, counted, index_of, parsed, written
from fakekube.core.meta import Obj, is_deleting, parse_time, time_text
from fakekube.machinery.plan import NOTHING, Change, Emit, Patch, Plan, UpdateStatus, controller_reference
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.ranking import plain
from fakekube.machinery.selection import matcher
from fakekube.machinery.workloads import (
    BURST_REPLICAS,
    claim_pods,
    create_pod,
    delete_pod,
    pod_from_template,
    sparse,
    status_update,
)
from fakekube.machinery.world import World
from fakekube.storage.values import Key

RESOURCE = "jobs.batch"
OURS = "kubernetes.io/job-controller"
FAILURE_TARGET, FAILED = "FailureTarget", "Failed"
CRITERIA_MET, COMPLETE = "SuccessCriteriaMet", "Complete"
ENVIRONMENT = "JOB_COMPLETION_INDEX"
NO_LIMIT = 2**31 - 1


def finished(job: Obj) -> Obj | None:
    """The condition that ends the Job: Complete or Failed."""
    listed = (job.get("status") or {}).get("conditions") or ()
    return next((each for each in listed if each["type"] in (COMPLETE, FAILED) and each["status"] == "True"), None)


def reconcile_job(job: Obj, world: World) -> Plan:
    """Take the Job a step on; one that has ended, or that another controller manages, is left alone."""
    if job["spec"].get("managedBy", OURS) != OURS or finished(job) is not None:
        return NOTHING
    return Round(job, world).plan()


def without_finalizer(pod: PodFacts) -> Patch | None:
    """Take the tracking finalizer off the pod, if it has it."""
    meta = pod.view["metadata"]
    if FINALIZER not in (meta.get("finalizers") or ()):
        return None
    body = {"metadata": {"uid": meta["uid"], "$deleteFromPrimitiveList/finalizers": [FINALIZER]}}
    return Patch(pod.key, body)


class Round:
    """One look at a Job."""

    def __init__(self, job: Obj, world: World) -> None:
        self.job = job
        self.spec: Obj = job["spec"]
        self.world = world
        self.now = world.now()
        self.old: Obj = job.get("status") or {}
        self.status: Obj = dict(self.old)
        self.reference = controller_reference(job, "batch", "v1", "Job")
        self.changes: list[Change] = []
        self.told: list[Change] = []
        self.after: list[float] = []
        self.pods = self._claimed()
        self.completions: int | None = self.spec.get("completions")
        self.indexed = self.spec.get("completionMode") == "Indexed" and self.completions is not None
        self.suspended = bool(self.spec.get("suspend"))
        self.active = [pod for pod in self.pods if pod.active]
        self.ready = sum(1 for pod in self.active if pod.ready)
        self.terminating = sum(1 for pod in self.pods if pod.deleting and not pod.terminal)
        known = self.old.get("uncountedTerminatedPods") or {}
        self.uncounted: dict[str, list[str]] = {kind: list(known.get(kind) or ()) for kind in ("succeeded", "failed")}
        self.per_index = self.indexed and self.spec.get("backoffLimitPerIndex") is not None
        self.done: set[int] = set()
        self.before: set[int] = set()
        self.lost: set[int] = set()
        self.delayed: dict[int, PodFacts] = {}
        self.dropped: set[str] = set()
        self.made = 0

    def _claimed(self) -> list[PodFacts]:
        meta = self.job["metadata"]
        loose = [pod for pod in self.world.loose_pods(meta["namespace"]) if not pod.terminal]
        matches = matcher(self.spec.get("selector"))
        claimed, changes = claim_pods(self.job, self.reference, matches, self.world.pods_of(self.job), loose)
        for change in changes:
            if isinstance(change, Patch) and "$patch" not in change.body["metadata"]["ownerReferences"][0]:
                change.body["metadata"]["finalizers"] = [FINALIZER]  # an adopted pod is tracked like the others
        self.changes += changes
        return claimed

    def plan(self) -> Plan:
        """What to do now."""
        if "startTime" not in self.status and not self.suspended:
            self.status["startTime"] = time_text(self.now)
        succeeded, failed = self._ended()
        self._count_indexes()
        if self.indexed:
            succeeded = len(self.done)
        verdict = self._verdict(failed)
        if verdict is not None:
            self._stop_all()
        elif not is_deleting(self.job):
            self._manage(succeeded)
            verdict = self._completed(succeeded)
            if verdict is None:
                self._tell_suspension()
        else:
            verdict = self._completed(succeeded)
        self._count_active()
        released = self._track(verdict)
        self._note(verdict)
        return self._written(verdict, released)

    # --- what has become of the pods

    def _tracked(self, pod: PodFacts) -> bool:
        return FINALIZER in (pod.view["metadata"].get("finalizers") or ())

    def _counts(self, pod: PodFacts) -> bool:
        """Whether the pod's index is one of the Job's (of a Job without indexes: always)."""
        if not self.indexed:
            return True
        index = index_of(pod.annotations)
        return index is not None and index < (self.completions or 0)

    def _failed(self, pod: PodFacts) -> bool:
        return is_failed(pod.view, self.job)

    def _judge(self, pod: PodFacts) -> policies.Verdict:
        return policies.verdict(self.spec.get("podFailurePolicy"), pod.view)

    def _ended(self) -> tuple[int, int]:
        """How many pods have succeeded and failed altogether, those of now included."""
        known = {uid for listed in self.uncounted.values() for uid in listed}
        fresh = [pod for pod in self.pods if self._tracked(pod) and pod.uid not in known and self._counts(pod)]
        succeeded = sum(1 for pod in fresh if pod.phase == "Succeeded")
        failed = sum(1 for pod in fresh if self._failed(pod) and self._judge(pod).counts)
        succeeded += self.old.get("succeeded", 0) + len(self.uncounted["succeeded"])
        return succeeded, failed + self.old.get("failed", 0) + len(self.uncounted["failed"])

    def _count_indexes(self) -> None:
        if not self.indexed:
            return
        limit = self.completions or 0
        self.before = parsed(self.old.get("completedIndexes", ""), limit)
        fresh = {
            index_of(pod.annotations)
            for pod in self.pods
            if pod.phase == "Succeeded" and self._tracked(pod) and self._counts(pod)
        }
        self.done = self.before | {index for index in fresh if index is not None}
        if self.per_index:
            self.lost = parsed(self.old.get("failedIndexes", ""), limit) | self._lost_indexes()
            self._delay_deletions()

    def _lost_indexes(self) -> set[int]:
        """Indexes whose pods have failed too often."""
        found: set[int] = set()
        for pod in self.pods:
            index = index_of(pod.annotations)
            if index is None or not self._counts(pod) or not self._tracked(pod) or not self._failed(pod):
                continue
            judged = self._judge(pod)
            spent = counted(pod.annotations, FAILURES) >= self.spec["backoffLimitPerIndex"]
            if judged.action == policies.FAIL_INDEX or (judged.counts and spent):
                found.add(index)
        return found

    def _delay_deletions(self) -> None:
        """The last failed pod of an index stays tracked until its successor is made: it holds the count."""
        running = {index_of(pod.annotations) for pod in self.active}
        for pod in self.pods:
            index = index_of(pod.annotations)
            if index is None or not self._tracked(pod) or not self._counts(pod) or not self._failed(pod):
                continue
            if index in self.done or index in self.lost or index in running:
                continue
            present = self.delayed.get(index)
            if present is None or self._weight(present) <= self._weight(pod):
                self.delayed[index] = pod

    def _weight(self, pod: PodFacts) -> tuple[int, float]:
        return self._tries(pod), finished_at(pod.view)

    @staticmethod
    def _tries(pod: PodFacts) -> int:
        return counted(pod.annotations, FAILURES) + counted(pod.annotations, IGNORED)

    # --- whether the Job is to end

    def _condition(self, kind: str) -> Obj | None:
        listed: list[Obj] = self.status.get("conditions") or []
        return next((each for each in listed if each["type"] == kind and each["status"] == "True"), None)

    def _made(self, kind: str, reason: str, message: str, state: str = "True") -> Obj:
        now = time_text(self.now)
        entry: Obj = {"type": kind, "status": state, "lastProbeTime": now, "lastTransitionTime": now}
        return entry | {"reason": reason, "message": message}

    def _verdict(self, failed: int) -> Obj | None:
        """The condition by which the Job ends, if it is to; the interim one first."""
        met, target = self._condition(CRITERIA_MET), self._condition(FAILURE_TARGET)
        if met is not None:
            return met
        if target is not None:
            return self._made(FAILED, target["reason"], target["message"])
        message = next((text for pod in self.pods if self._failed(pod) and (text := self._judge(pod).message)), "")
        if message:
            return self._made(FAILURE_TARGET, "PodFailurePolicy", message)
        if failed > self.spec.get("backoffLimit", NO_LIMIT) or self._restarted_too_often():
            return self._made(FAILURE_TARGET, "BackoffLimitExceeded", "Job has reached the specified backoff limit")
        return self._too_late() or self._by_indexes()

    def _restarted_too_often(self) -> bool:
        if self.spec["template"]["spec"].get("restartPolicy") != "OnFailure":
            return False
        restarts = sum(_restarts(pod.view) for pod in self.pods if pod.phase in ("Running", "Pending"))
        limit = self.spec.get("backoffLimit", NO_LIMIT)
        return restarts > 0 if limit == 0 else restarts >= limit

    def _too_late(self) -> Obj | None:
        limit = self.spec.get("activeDeadlineSeconds")
        if limit is None or self.suspended or "startTime" not in self.status:
            return None
        left = parse_time(self.status["startTime"]) + limit - self.now
        if left <= 0:
            return self._made(FAILURE_TARGET, "DeadlineExceeded", "Job was active longer than specified deadline")
        self.after.append(left)
        return None

    def _by_indexes(self) -> Obj | None:
        if not self.indexed:
            return None
        completions, most = self.completions or 0, self.spec.get("maxFailedIndexes")
        if most is not None and len(self.lost) > most:
            text = "Job has exceeded the specified maximal number of failed indexes"
            return self._made(FAILURE_TARGET, "MaxFailedIndexesExceeded", text)
        if self.lost and len(self.lost) + len(self.done) >= completions:
            return self._made(FAILURE_TARGET, "FailedIndexes", "Job has failed indexes")
        text = policies.success(self.spec.get("successPolicy"), completions, self.done)
        return self._made(CRITERIA_MET, "SuccessPolicy", text) if text else None

    def _completed(self, succeeded: int) -> Obj | None:
        left = len(self.active)
        enough = succeeded > 0 if self.completions is None else succeeded >= self.completions
        if not enough or left:
            return None
        return self._made(CRITERIA_MET, "CompletionsReached", "Reached expected number of succeeded pods")

    # --- pods are made and deleted

    def _drop(self, pods: list[PodFacts], *, uncounted: bool) -> None:
        """Delete pods; with `uncounted` they are not to be taken for failed ones."""
        for pod in pods:
            patch = without_finalizer(pod) if uncounted else None
            if patch is not None:
                self.changes.append(patch)
            self.changes.append(delete_pod(pod, self.job))
        self.terminating += len(pods)
        self.ready -= sum(1 for pod in pods if pod.ready)
        gone = {pod.uid for pod in pods}
        self.active = [pod for pod in self.active if pod.uid not in gone]
        self.dropped = gone if uncounted else set()

    def _stop_all(self) -> None:
        self._drop(list(self.active), uncounted=False)

    def _manage(self, succeeded: int) -> None:
        if self.suspended:
            self._drop(list(self.active), uncounted=True)
            return
        wanted = self._wanted(succeeded)
        surplus = self._for_removal(max(0, len(self.active) - wanted))
        if surplus:
            self._drop(surplus[:BURST_REPLICAS], uncounted=True)
        waiting = self.terminating if only_replaces_failed(self.job) else 0
        missing = min(wanted - waiting - len(self.active), BURST_REPLICAS)
        if missing > 0:
            self._create(missing)

    def _wanted(self, succeeded: int) -> int:
        parallel: int = self.spec.get("parallelism", 1)
        if self.completions is None:
            return len(self.active) if succeeded > 0 else parallel
        return max(0, min(self.completions - succeeded, parallel))

    def _for_removal(self, least: int) -> list[PodFacts]:
        found: list[PodFacts] = []
        left = plain(self.active)
        if self.indexed:
            seen: set[int] = set()
            for pod in reversed(list(left)):
                index = index_of(pod.annotations)
                if index is None or not self._counts(pod) or index in seen:
                    found.append(pod)
                    left.remove(pod)
                else:
                    seen.add(index)
        return found + left[: max(0, least - len(found))]

    def _create(self, count: int) -> None:
        if not self.per_index:
            wait = self.world.follower(Failures).remaining(self.job)
            if wait > 0:
                self.after.append(wait)
                return
        numbers: list[int | None] = [None] * count
        if self.indexed:
            numbers = [*self._due_indexes(count)]
        for number in numbers:
            self.changes.append(create_pod(self._pod(number), self.job))
        self.made = len(numbers)

    def _due_indexes(self, count: int) -> list[int]:
        """The first indexes without a pod whose wait is over."""
        taken = (
            self.done | self.lost | {index for pod in self.active if (index := index_of(pod.annotations)) is not None}
        )
        if only_replaces_failed(self.job):
            stopping = (pod for pod in self.pods if pod.deleting and not pod.terminal)
            taken |= {index for pod in stopping if (index := index_of(pod.annotations)) is not None}
        free = [index for index in range(self.completions or 0) if index not in taken][:count]
        waits = {index: self._wait_of(index) for index in free}
        due = [index for index in free if not waits[index]]
        if not due and free:
            self.after.append(min(waits.values()))
        return due

    def _wait_of(self, index: int) -> float:
        pod = self.delayed.get(index)
        return 0.0 if pod is None else remaining(self._tries(pod) + 1, finished_at(pod.view), self.now)

    def _pod(self, index: int | None) -> Obj:
        pod = pod_from_template(self.spec["template"], self.job, self.reference)
        meta: Obj = dict(pod["metadata"])
        meta["finalizers"] = list(dict.fromkeys([*meta.get("finalizers", ()), FINALIZER]))
        if index is None:
            return {**pod, "metadata": meta}
        name = self.job["metadata"]["name"]
        meta["generateName"] = f"{name[: 58 - len(f'-{index}-')]}-{index}-"
        meta["labels"] = {**meta.get("labels", {}), INDEX: str(index)}
        meta["annotations"] = {**meta.get("annotations", {}), INDEX: str(index), **self._failure_counts(index)}
        spec = {**pod["spec"], "hostname": f"{name}-{index}"}
        for field in ("initContainers", "containers"):
            if spec.get(field):
                spec[field] = [_with_index(each) for each in spec[field]]
        return {**pod, "metadata": meta, "spec": spec}

    def _failure_counts(self, index: int) -> dict[str, str]:
        """How often the index has failed, for the pod that comes next."""
        if not self.per_index:
            return {}
        pod = self.delayed.get(index)
        if pod is None:
            return {FAILURES: "0"}
        counts = self._judge(pod).counts
        failures = counted(pod.annotations, FAILURES) + counts
        ignored = counted(pod.annotations, IGNORED) + (not counts)
        return {FAILURES: str(failures), **({IGNORED: str(ignored)} if ignored else {})}

    # --- the status

    def _tell_suspension(self) -> None:
        wanted = ("True", "JobSuspended", "Job suspended") if self.suspended else ("False", "JobResumed", "Job resumed")
        listed: list[Obj] = self.status.get("conditions") or []
        present = next((each for each in listed if each["type"] == "Suspended"), None)
        if present is None and not self.suspended:
            return
        if present is not None and (present["status"], present.get("reason"), present.get("message")) == wanted:
            return
        entry = self._made("Suspended", wanted[1], wanted[2], wanted[0])
        self.status["conditions"] = [each for each in listed if each["type"] != "Suspended"] + [entry]
        self.told.append(Emit(self.job, "Suspended" if self.suspended else "Resumed", wanted[2]))
        if self.suspended:
            self.status.pop("startTime", None)
        else:
            self.status["startTime"] = time_text(self.now)

    def _count_active(self) -> None:
        active = len(self.active) + self.made
        self.status |= {"active": active, "ready": self.ready, "terminating": self.terminating}
        if not active:
            del self.status["active"]

    def _track(self, verdict: Obj | None) -> list[Patch]:
        """Note pods that have ended as uncounted, count those whose finalizer is gone; the finalizers to take off."""
        tracked = {pod.uid for pod in self.pods if self._tracked(pod)} - self.dropped
        for kind, listed in self.uncounted.items():
            left = [uid for uid in listed if uid in tracked]
            if len(left) != len(listed):
                self.status[kind] = self.status.get(kind, 0) + len(listed) - len(left)
            self.uncounted[kind] = left
        released: list[Patch] = []
        fresh: set[int] = set()
        for pod in self.pods:
            if pod.uid in tracked and self._may_release(pod, verdict):
                self._classify(pod, verdict, fresh)
                patch = without_finalizer(pod)
                if patch is not None:
                    released.append(patch)
        if self.indexed:
            self._write_indexes(self.before | fresh)
        self.status["uncountedTerminatedPods"] = sparse(self.uncounted)
        return released

    def _may_release(self, pod: PodFacts, verdict: Obj | None) -> bool:
        if is_deleting(self.job) or verdict is not None or pod.phase == "Succeeded":
            return True
        index = index_of(pod.annotations)
        holds = self.per_index and index is not None and self.delayed.get(index) is pod
        return self._failed(pod) and not holds

    def _classify(self, pod: PodFacts, verdict: Obj | None, fresh: set[int]) -> None:
        known = pod.uid in self.uncounted["failed"]
        if pod.phase == "Succeeded" and not known:
            index = index_of(pod.annotations)
            if self.indexed:
                if index is not None and self._counts(pod):
                    fresh.add(index)
            elif pod.uid not in self.uncounted["succeeded"]:
                self.uncounted["succeeded"].append(pod.uid)
            return
        ends_badly = verdict is not None and verdict["type"] != CRITERIA_MET
        if (self._failed(pod) or ends_badly) and not known and self._counts(pod) and self._judge(pod).counts:
            self.uncounted["failed"].append(pod.uid)

    def _write_indexes(self, done: set[int]) -> None:
        fields = {"succeeded": len(done), "completedIndexes": written(done)}
        for name, value in fields.items():
            if value:
                self.status[name] = value
            else:
                self.status.pop(name, None)
        if self.per_index:
            self.status["failedIndexes"] = written(self.lost)

    def _note(self, verdict: Obj | None) -> None:
        """The interim condition is in the status before the final one."""
        if (
            verdict is not None
            and verdict["type"] in (FAILURE_TARGET, CRITERIA_MET)
            and self._condition(verdict["type"]) is None
        ):
            self.status["conditions"] = [*(self.status.get("conditions") or ()), verdict]

    def _written(self, verdict: Obj | None, released: list[Patch]) -> Plan:
        """Changes of pods, the status, then the finalizers; the end itself only when all that is settled."""
        if self.status != self.old:
            self.changes.append(UpdateStatus(RESOURCE, status_update(self.job, self.status)))
        elif verdict is not None and not released and not self._unsettled():
            self._end(verdict)
        changes: list[Change] = [*self.changes, *self.told, *released]
        return Plan(changes, min(self.after, default=None))

    def _unsettled(self) -> bool:
        return bool(self.terminating or any(self.uncounted.values()))

    def _end(self, verdict: Obj) -> None:
        if verdict["type"] == CRITERIA_MET:
            final = self._made(COMPLETE, verdict["reason"], verdict["message"])
            told = Emit(self.job, "Completed", "Job completed")
            ended = {**self.status, "completionTime": final["lastTransitionTime"]}
        else:
            final = self._made(FAILED, verdict["reason"], verdict["message"])
            told = Emit(self.job, verdict["reason"], verdict["message"], "Warning")
            ended = dict(self.status)
        ended["conditions"] = [*(ended.get("conditions") or ()), final]
        if (
            self.completions is not None
            and verdict["type"] == CRITERIA_MET
            and ended.get("succeeded", 0) > self.completions
        ):
            text = "Too many succeeded pods running after completion count reached"
            self.told.append(Emit(self.job, "TooManySucceededPods", text, "Warning"))
        self.told.append(told)
        self.changes.append(UpdateStatus(RESOURCE, status_update(self.job, ended)))


def _restarts(pod: Obj) -> int:
    """How often containers of the pod were started again, altogether."""
    status: Obj = pod.get("status") or {}
    listed = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return sum([each.get("restartCount", 0) for each in listed])


def _with_index(container: Obj) -> Obj:
    """The container with its index in the environment."""
    listed = container.get("env") or []
    if any(each["name"] == ENVIRONMENT for each in listed):
        return container
    source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX}']"}}
    return {**container, "env": [*listed, {"name": ENVIRONMENT, "valueFrom": source}]}


def orphaned(key: Key, world: World) -> Plan:
    """A tracked pod without its Job is let go."""
    pod = world.pods.get(key)
    if pod is None:
        return NOTHING
    above = pod.owner
    job = world.get(RESOURCE, key.namespace, above["name"]) if above is not None and above["kind"] == "Job" else None
    if above is not None and above["kind"] != "Job":
        return NOTHING
    if job is not None and above is not None and job["metadata"]["uid"] == above["uid"] and finished(job) is None:
        return NOTHING
    patch = without_finalizer(pod)
    return Plan([patch]) if patch is not None else NOTHING
