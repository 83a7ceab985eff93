"""What has become of a Job's pods, counted at one look; what the look decides is noted here as if it were done."""

from __future__ import annotations

from fakekube.controllers.job import policies
from fakekube.controllers.job.backoff import FINALIZER, ended_badly, finished_at
from fakekube.controllers.job.indexes import FAILURES, IGNORED, counted, index_of, parsed
from fakekube.core.meta import Obj
from fakekube.machinery.podfacts import PodFacts


class Census:
    """`done`, `lost`: the completion indexes that have succeeded and failed for good, `before`: that had succeeded by
    the status; `delayed`: of indexes that wait for their next pod the last failed one."""

    def __init__(self, job: Obj, pods: list[PodFacts]) -> None:
        self.job = job
        self.spec: Obj = job["spec"]
        self.old: Obj = job.get("status") or {}
        self.pods = pods
        self.completions: int | None = self.spec.get("completions")
        self.indexed = self.spec.get("completionMode") == "Indexed" and self.completions is not None
        self.per_index = self.indexed and self.spec.get("backoffLimitPerIndex") is not None
        self.suspended = bool(self.spec.get("suspend"))
        self.active = [pod for pod in pods if pod.active]
        self.ready = sum([pod.ready for pod in self.active])
        self.terminating = sum([pod.deleting and not pod.terminal for pod in pods])
        known = self.old.get("uncountedTerminatedPods") or {}
        self.uncounted: dict[str, list[str]] = {kind: list(known.get(kind) or ()) for kind in ("succeeded", "failed")}
        self.done: set[int] = set()
        self.before: set[int] = set()
        self.lost: set[int] = set()
        self.delayed: dict[int, PodFacts] = {}
        self.succeeded, self.failed = self._ended()
        if self.indexed:
            self._count_indexes()
            self.succeeded = len(self.done)

    def tracked(self, pod: PodFacts) -> bool:
        """Whether the pod is still to be counted."""
        return FINALIZER in pod.finalizers

    def counts(self, pod: PodFacts) -> bool:
        """Whether the pod's index is one of the Job's (of a Job without indexes: always)."""
        if not self.indexed:
            return True
        index = index_of(pod.annotations)
        return index is not None and index < (self.completions or 0)

    def has_failed(self, pod: PodFacts) -> bool:
        """Whether the pod counts as failed."""
        return ended_badly(pod.phase, self.job, deleting=pod.deleting)

    def judge(self, pod: PodFacts) -> policies.Verdict:
        """What the pod failure policy makes of the failed pod."""
        return policies.verdict(self.spec.get("podFailurePolicy"), pod.view)

    def tries(self, pod: PodFacts) -> int:
        """How often the pod's index had failed before."""
        return counted(pod.annotations, FAILURES) + counted(pod.annotations, IGNORED)

    def take_away(self, pods: list[PodFacts]) -> None:
        """Count these active pods as being deleted."""
        gone = {pod.uid for pod in pods}
        self.terminating += len(pods)
        self.ready -= sum(1 for pod in pods if pod.ready)
        self.active = [pod for pod in self.active if pod.uid not in gone]

    def _ended(self) -> tuple[int, int]:
        """How many pods have succeeded and failed altogether, those of now included."""
        known = {*self.uncounted["succeeded"], *self.uncounted["failed"]}
        fresh = [pod for pod in self.pods if self.tracked(pod) and pod.uid not in known and self.counts(pod)]
        succeeded = sum([pod.phase == "Succeeded" for pod in fresh])
        failed = sum([self.has_failed(pod) and self.judge(pod).counts for pod in fresh])
        succeeded += self.old.get("succeeded", 0) + len(self.uncounted["succeeded"])
        return succeeded, failed + self.old.get("failed", 0) + len(self.uncounted["failed"])

    def _count_indexes(self) -> None:
        limit = self.completions or 0
        self.before = parsed(self.old.get("completedIndexes", ""), limit)
        fresh = {
            index_of(pod.annotations)
            for pod in self.pods
            if pod.phase == "Succeeded" and self.tracked(pod) and self.counts(pod)
        }
        self.done = self.before | {index for index in fresh if index is not None}
        if self.per_index:
            failed = [
                (index, pod)
                for pod in self.pods
                if (index := index_of(pod.annotations)) is not None
                and self.counts(pod)
                and self.tracked(pod)
                and self.has_failed(pod)
            ]
            self.lost = parsed(self.old.get("failedIndexes", ""), limit) | self._lost_indexes(failed)
            self._delay_deletions(failed)

    def _lost_indexes(self, failed: list[tuple[int, PodFacts]]) -> set[int]:
        """Indexes whose pods have failed too often."""
        found: set[int] = set()
        for index, pod in failed:
            judged = self.judge(pod)
            spent = counted(pod.annotations, FAILURES) >= self.spec["backoffLimitPerIndex"]
            if judged.action == policies.FAIL_INDEX or (judged.counts and spent):
                found.add(index)
        return found

    def _delay_deletions(self, failed: list[tuple[int, PodFacts]]) -> None:
        """The last failed pod of an index stays tracked until its successor is made: it holds the count."""
        running = {index_of(pod.annotations) for pod in self.active}
        for index, pod in failed:
            if index in self.done or index in self.lost or index in running:
                continue
            present = self.delayed.get(index)
            if present is None or self._weight(present) <= self._weight(pod):
                self.delayed[index] = pod

    def _weight(self, pod: PodFacts) -> tuple[int, float]:
        return self.tries(pod), finished_at(pod.view)
