"""CronJobs (kubernetes/pkg/apis/batch, registry/batch/cronjob)."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from fakekube.core import cron
from fakekube.core.fielderrors import FieldError, invalid, not_supported, required
from fakekube.core.meta import Obj, name_of
from fakekube.registry.kinds.internal_form import selector_form
from fakekube.registry.kinds.job_specs import default_nested, job_warnings, validate_job_spec
from fakekube.registry.kinds.rules import Errors, not_negative, one_of
from fakekube.registry.kinds.workloads import WorkloadStrategy
from fakekube.registry.strategy import Context, Strategy

LONGEST_NAME = 52
"""A Job's name adds eleven characters to it."""
CONCURRENCY = ("Allow", "Forbid", "Replace")
_ZONE_PART = re.compile(r"[A-Za-z._0-9+-]{1,14}", re.ASCII)
TZ_WARNING = (
    "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, "
    "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
)


class CronJobStrategy(WorkloadStrategy):
    template_path = ("spec", "jobTemplate", "spec", "template")

    def default(self, obj: Obj) -> None:
        spec = obj.setdefault("spec", {})
        template = spec.setdefault("jobTemplate", {})
        template.setdefault("metadata", {})
        default_nested(template.setdefault("spec", {}))
        spec.setdefault("concurrencyPolicy", "Allow")
        spec.setdefault("suspend", False)
        spec.setdefault("successfulJobsHistoryLimit", 3)
        spec.setdefault("failedJobsHistoryLimit", 1)

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        errors = _validate_spec(obj["spec"], None)
        if len(name_of(obj)) > LONGEST_NAME:
            errors.append(invalid("metadata.name", name_of(obj), f"must be no more than {LONGEST_NAME} characters"))
        return errors

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        return _validate_spec(obj["spec"], old["spec"])

    def spec_warnings(self, obj: Obj, old: Obj | None) -> list[str]:
        found = super().spec_warnings(obj, old)
        if old is None or self.is_changed(obj, old):
            found = job_warnings(obj["spec"]["jobTemplate"]["spec"], "spec.jobTemplate.spec") + found
        if old is not None and "TZ" in obj["spec"].get("schedule", ""):
            found.append(TZ_WARNING)
        return found


def _validate_spec(spec: Obj, old: Obj | None) -> Errors:
    errors: Errors = []
    schedule, zone = spec.get("schedule", ""), spec.get("timeZone")
    if not schedule:
        errors.append(required("spec.schedule"))
    else:
        allows_zone = old is not None and "TZ" in old.get("schedule", "")
        _validate_schedule(errors, schedule, zone, allows_zone)
    not_negative(errors, spec, "spec", "startingDeadlineSeconds")
    if zone is not None and (old is None or old.get("timeZone") != zone):
        _validate_zone(errors, zone)
    one_of(errors, spec.get("concurrencyPolicy", ""), CONCURRENCY, "spec.concurrencyPolicy")
    template = spec.get("jobTemplate") or {}
    _validate_job_template(errors, template.get("spec") or {})
    not_negative(errors, spec, "spec", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    return errors


def _validate_job_template(errors: Errors, job: Obj) -> None:
    path = "spec.jobTemplate.spec"
    validate_job_spec(errors, job, path)
    if "selector" in job:
        errors.append(invalid(f"{path}.selector", selector_form(job["selector"]), "`selector` will be auto-generated"))
    if job.get("manualSelector"):
        errors.append(not_supported(f"{path}.manualSelector", True, ["nil", "false"]))


def _validate_schedule(errors: Errors, schedule: str, zone: str | None, allows_zone: bool) -> None:
    try:
        cron.parse(schedule)
    except cron.CronError as error:
        errors.append(invalid("spec.schedule", schedule, str(error)))
    if "TZ" not in schedule:
        return
    if not allows_zone:
        detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        errors.append(invalid("spec.schedule", schedule, detail))
    elif zone is not None:
        detail = "cannot use both timeZone field and TZ or CRON_TZ in schedule"
        errors.append(invalid("spec.schedule", schedule, detail))


def _validate_zone(errors: Errors, zone: str) -> None:
    path = "spec.timeZone"
    if not zone:
        errors.append(invalid(path, zone, "timeZone must be nil or non-empty string"))
        return
    if not all(_is_zone_part(part) for part in zone.split("/")):
        errors.append(invalid(path, zone, f"unknown time zone {zone}"))
        return
    if zone.lower() == "local":
        detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        errors.append(invalid(path, zone, detail))
    if zone != "Local" and not is_known_zone(zone):
        errors.append(invalid(path, zone, f"unknown time zone {zone}"))


def _is_zone_part(part: str) -> bool:
    return part not in (".", "..") and not part.startswith("-") and bool(_ZONE_PART.fullmatch(part))


def is_known_zone(zone: str) -> bool:
    """Whether the time zone database has it."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True


ROWS: dict[str, Strategy] = {"cronjobs.batch": CronJobStrategy()}
