"""A Job's conditions: how they are written, and which of them end it."""

from __future__ import annotations

from fakekube.core.meta import Obj, time_text

FAILURE_TARGET, FAILED = "FailureTarget", "Failed"
CRITERIA_MET, COMPLETE = "SuccessCriteriaMet", "Complete"
SUSPENDED = "Suspended"
_TOLD_OF_SUSPENSION = {
    True: ("True", "JobSuspended", "Job suspended"),
    False: ("False", "JobResumed", "Job resumed"),
}


def finished(job: Obj) -> Obj | None:
    """The condition that ends the Job: Complete or Failed."""
    listed: list[Obj] | None = (job.get("status") or {}).get("conditions")
    if not listed:
        return None
    return next((each for each in listed if each["type"] in (COMPLETE, FAILED) and each["status"] == "True"), None)


def condition(status: Obj, kind: str) -> Obj | None:
    """The status's condition of this type, if it holds."""
    listed: list[Obj] | None = status.get("conditions")
    if not listed:
        return None
    return next((each for each in listed if each["type"] == kind and each["status"] == "True"), None)


def made(kind: str, reason: str, message: str, now: float, state: str = "True") -> Obj:
    """A new condition."""
    text = time_text(now)
    entry: Obj = {"type": kind, "status": state, "lastProbeTime": text, "lastTransitionTime": text}
    return entry | {"reason": reason, "message": message}


def with_suspension(listed: list[Obj], *, suspended: bool, now: float) -> list[Obj] | None:
    """The conditions with what is to be told of the suspension; None if that is told, or nothing ever was."""
    wanted = _TOLD_OF_SUSPENSION[suspended]
    present = next((each for each in listed if each["type"] == SUSPENDED), None)
    if present is None and not suspended:
        return None
    if present is not None and (present["status"], present.get("reason"), present.get("message")) == wanted:
        return None
    entry = made(SUSPENDED, wanted[1], wanted[2], now, wanted[0])
    if present is None:
        return [*listed, entry]
    return [entry if each is present else each for each in listed]
