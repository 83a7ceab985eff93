"""What a Job's status may say, and how it may change (kubernetes/pkg/apis/batch/validation, registry/batch/job).

A rule speaks only when something that it is about has changed, so that an unrelated update of a status that is wrong
already goes through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakekube.core.fielderrors import duplicate, invalid, required
from fakekube.core.meta import Obj, parse_time
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.job_indexes import IndexFault, count_indexes, first_overlap
from fakekube.registry.kinds.job_specs import INDEXED
from fakekube.registry.kinds.rules import IMMUTABLE, Errors, not_negative, omitted

CONDITIONS = "status.conditions"


class _Change:
    """The new Job beside the stored one."""

    def __init__(self, new: Obj, old: Obj) -> None:
        self.new, self.old = new, old
        self.spec: Obj = new.get("spec") or {}
        self.status: Obj = new.get("status") or {}
        self.before: Obj = old.get("status") or {}
        self._true, self._were_true = _true_conditions(self.status), _true_conditions(self.before)

    def has(self, condition: str) -> bool:
        return condition in self._true

    def had(self, condition: str) -> bool:
        return condition in self._were_true

    def flipped(self, condition: str) -> bool:
        return self.has(condition) != self.had(condition)

    def changed(self, field: str) -> bool:
        return bool(self.status.get(field) != self.before.get(field))

    @property
    def finished(self) -> bool:
        return self.has("Complete") or self.has("Failed")

    @property
    def finish_flipped(self) -> bool:
        return self.finished != (self.had("Complete") or self.had("Failed"))

    @property
    def indexed(self) -> bool:
        return bool(self.spec.get("completionMode") == INDEXED)


def _true_conditions(status: Obj) -> set[str]:
    """Of several conditions of one type the first counts."""
    found: dict[str, str] = {}
    for each in status.get("conditions") or ():
        found.setdefault(each.get("type", ""), each.get("status", ""))
    return {kind for kind, truth in found.items() if truth == "True"}


def validate_job_status(new: Obj, old: Obj) -> Errors:
    """The faults of a new status, in the real server's order."""
    change = _Change(new, old)
    errors: Errors = []
    not_negative(errors, change.status, "status", "active", "succeeded", "failed", "ready", "terminating")
    _check_uncounted(errors, change)
    for check in _CHECKS:
        check(errors, change)
    return errors


def _check_uncounted(errors: Errors, change: _Change) -> None:
    seen: set[str] = set()
    uncounted = change.status.get("uncountedTerminatedPods") or {}
    for field in ("succeeded", "failed"):
        for index, uid in enumerate(uncounted.get(field) or ()):
            path = f"status.uncountedTerminatedPods.{field}[{index}]"
            if not uid:
                errors.append(invalid(path, uid, "must not be empty"))
            elif uid in seen:
                errors.append(duplicate(path, uid))
            seen.add(uid)


def _check_exclusions(errors: Errors, change: _Change) -> None:
    complete = change.has("Complete")
    if (change.flipped("Complete") or change.flipped("Failed")) and complete and change.has("Failed"):
        errors.append(omitted(CONDITIONS, "cannot set Complete=True and Failed=true conditions"))
    if (change.flipped("Complete") or change.flipped("FailureTarget")) and complete and change.has("FailureTarget"):
        errors.append(omitted(CONDITIONS, "cannot set Complete=True and FailureTarget=true conditions"))


def _check_completion_time(errors: Errors, change: _Change) -> None:
    ended, started = change.status.get("completionTime"), change.status.get("startTime")
    path = "status.completionTime"
    if change.flipped("Complete") or change.changed("completionTime"):
        if ended and not change.has("Complete"):
            errors.append(invalid(path, ended, "cannot set completionTime when there is no Complete=True condition"))
        if not ended and change.has("Complete"):
            errors.append(required(path, "completionTime is required for Complete jobs"))
    moved = change.changed("startTime") or change.changed("completionTime")
    if moved and started and ended and parse_time(ended) < parse_time(started):
        errors.append(invalid(path, ended, "must be equal to or after `startTime`"))


def _check_announcements(errors: Errors, change: _Change) -> None:
    failed_changed = change.flipped("Failed") or change.changed("failedIndexes")
    if failed_changed and change.has("Failed") and not change.has("FailureTarget"):
        errors.append(omitted(CONDITIONS, "cannot set Failed=True condition without the FailureTarget=true condition"))
    complete_changed = change.flipped("Complete") or change.flipped("SuccessCriteriaMet")
    if complete_changed and change.has("Complete") and not change.has("SuccessCriteriaMet"):
        detail = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"
        errors.append(omitted(CONDITIONS, detail))


def _check_finished(errors: Errors, change: _Change) -> None:
    if not change.finished:
        return
    status, flipped = change.status, change.finish_flipped
    active = status.get("active") or 0
    if (flipped or change.changed("active")) and active > 0:
        errors.append(invalid("status.active", active, "active>0 is invalid for finished job"))
    nothing_to_do = change.spec.get("suspend") is True and change.spec.get("completions") == 0
    if (flipped or change.changed("startTime")) and not nothing_to_do and not status.get("startTime"):
        errors.append(required("status.startTime", "startTime is required for finished job"))
    uncounted = status.get("uncountedTerminatedPods") or {}
    if (flipped or change.changed("uncountedTerminatedPods")) and (
        uncounted.get("failed") or uncounted.get("succeeded")
    ):
        shown = internal("UncountedTerminatedPods", uncounted)
        errors.append(invalid("status.uncountedTerminatedPods", shown, "must be empty for finished job"))


def _check_index_text(errors: Errors, change: _Change, field: str) -> None:
    text, completions = change.status.get(field), change.spec.get("completions")
    if text is not None and completions is not None:
        try:
            count_indexes(text, completions)
        except IndexFault as fault:
            errors.append(invalid(f"status.{field}", text, f"error parsing {field}: {fault}"))


def _check_indexes(errors: Errors, change: _Change) -> None:
    completed, failed = change.status.get("completedIndexes") or "", change.status.get("failedIndexes")
    completed_changed, failed_changed = change.changed("completedIndexes"), change.changed("failedIndexes")
    per_index = "backoffLimitPerIndex" in change.spec
    if completed_changed:
        _check_index_text(errors, change, "completedIndexes")
    if failed_changed and per_index:
        _check_index_text(errors, change, "failedIndexes")
    if completed_changed and completed and not change.indexed:
        detail = "cannot set non-empty completedIndexes when non-indexed completion mode"
        errors.append(invalid("status.completedIndexes", completed, detail))
    if failed_changed and failed is not None and not per_index:
        detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
        errors.append(invalid("status.failedIndexes", failed, detail))
    completions: Any = change.spec.get("completions")
    if (failed_changed or completed_changed) and completions is not None and failed is not None:
        shared = first_overlap(completed, failed, completions)
        if shared is not None:
            detail = f"failedIndexes and completedIndexes overlap at index: {shared}"
            errors.append(invalid("status.failedIndexes", failed, detail))


def _check_pods(errors: Errors, change: _Change) -> None:
    status = change.status
    ending = status.get("terminating") or 0
    if (change.finish_flipped or change.changed("terminating")) and ending > 0 and change.finished:
        errors.append(invalid("status.terminating", ending, "terminating>0 is invalid for finished job"))
    ready = status.get("ready")
    if (
        (change.changed("ready") or change.changed("active"))
        and ready is not None
        and ready > (status.get("active") or 0)
    ):
        errors.append(invalid("status.ready", ready, "cannot set more ready pods than active"))


def _check_criteria(errors: Errors, change: _Change) -> None:
    met = change.has("SuccessCriteriaMet")
    if met and change.has("Failed"):
        errors.append(omitted(CONDITIONS, "cannot set SuccessCriteriaMet=True and Failed=true conditions"))
    if met and change.has("FailureTarget"):
        errors.append(omitted(CONDITIONS, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"))
    if "successPolicy" in change.spec and not met and change.has("Complete"):
        detail = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
        errors.append(omitted(CONDITIONS, detail))


def _check_steps(errors: Errors, change: _Change) -> None:
    """What may not be taken back."""
    for condition in ("Failed", "Complete", "FailureTarget"):
        if change.had(condition) and not change.has(condition):
            errors.append(omitted(CONDITIONS, f"cannot disable the terminal {condition}=True condition"))
    rows = ["failed", "succeeded"]
    if change.indexed and change.spec.get("completions") == change.spec.get("parallelism"):
        rows.remove("succeeded")  # such a Job can be scaled down
    for field in rows:
        count = change.status.get(field) or 0
        if count < (change.before.get(field) or 0):
            errors.append(invalid(f"status.{field}", count, f"cannot decrease the {field} counter"))
    ended, old_end = change.status.get("completionTime"), change.before.get("completionTime")
    if ended and old_end and ended != old_end:
        errors.append(invalid("status.completionTime", ended, IMMUTABLE))
    _check_start(errors, change)
    had, has = change.had("SuccessCriteriaMet"), change.has("SuccessCriteriaMet")
    if had and not has:
        errors.append(omitted(CONDITIONS, "cannot disable the SuccessCriteriaMet=True condition"))
    if change.had("Complete") and not had and has:
        detail = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"
        errors.append(omitted(CONDITIONS, detail))


def _check_start(errors: Errors, change: _Change) -> None:
    conditions = change.status.get("conditions") or ()
    resumes = change.had("Suspended") and any(
        each.get("type") == "Suspended" and each.get("status") == "False" for each in conditions
    )
    moved = change.changed("startTime") and change.before.get("startTime")
    if moved and not resumes and not change.spec.get("suspend"):
        detail = "field is immutable for unsuspended job once set"
        errors.append(invalid("status.startTime", change.status.get("startTime"), detail))


_CHECKS: tuple[Callable[[Errors, _Change], None], ...] = (
    _check_exclusions,
    _check_completion_time,
    _check_announcements,
    _check_finished,
    _check_indexes,
    _check_pods,
    _check_criteria,
    _check_steps,
)
"""In the order in which the real server tells its findings."""
