"""Whether a Job is to end: by failure, by what its policies say, or because it is done."""

from __future__ import annotations

from fakekube.controllers.job import policies
from fakekube.controllers.job.census import Census
from fakekube.controllers.job.conditions import CRITERIA_MET, FAILED, FAILURE_TARGET, condition, made
from fakekube.core.meta import Obj, parse_time

NO_LIMIT = 2**31 - 1


def early(census: Census, status: Obj, now: float) -> Obj | None:
    """The condition by which the Job ends whatever its active pods do: the interim one, or Failed once that is told.

    What was decided before holds; then failure comes before success.
    """
    met, target = condition(status, CRITERIA_MET), condition(status, FAILURE_TARGET)
    if met is not None:
        return met
    if target is not None:
        return made(FAILED, target["reason"], target["message"], now)
    failed = (pod for pod in census.pods if census.has_failed(pod))
    message = next((text for pod in failed if (text := census.judge(pod).message)), "")
    if message:
        return made(FAILURE_TARGET, "PodFailurePolicy", message, now)
    if census.failed > census.spec.get("backoffLimit", NO_LIMIT) or _restarted_too_often(census):
        return made(FAILURE_TARGET, "BackoffLimitExceeded", "Job has reached the specified backoff limit", now)
    left = until_deadline(census, status, now)
    if left is not None and left <= 0:
        return made(FAILURE_TARGET, "DeadlineExceeded", "Job was active longer than specified deadline", now)
    return _by_indexes(census, now) if census.indexed else None


def until_deadline(census: Census, status: Obj, now: float) -> float | None:
    """Seconds until the Job has been active for too long; None if it may go on as long as it takes."""
    limit = census.spec.get("activeDeadlineSeconds")
    if limit is None or census.suspended or "startTime" not in status:
        return None
    return float(parse_time(status["startTime"]) + limit - now)


def completed(census: Census, now: float) -> Obj | None:
    """The condition by which the Job ends well: enough pods have succeeded and none is active."""
    enough = census.succeeded > 0 if census.completions is None else census.succeeded >= census.completions
    if not enough or census.active:
        return None
    return made(CRITERIA_MET, "CompletionsReached", "Reached expected number of succeeded pods", now)


def _restarted_too_often(census: Census) -> bool:
    if census.spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    restarts = sum(_restarts(pod.view) for pod in census.pods if pod.phase in ("Running", "Pending"))
    limit = census.spec.get("backoffLimit", NO_LIMIT)
    return restarts > 0 if limit == 0 else restarts >= limit


def _restarts(pod: Obj) -> int:
    """How often containers of the pod were started again, altogether."""
    status: Obj = pod.get("status") or {}
    listed = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return sum([each.get("restartCount", 0) for each in listed])


def _by_indexes(census: Census, now: float) -> Obj | None:
    completions, most = census.completions or 0, census.spec.get("maxFailedIndexes")
    if most is not None and len(census.lost) > most:
        text = "Job has exceeded the specified maximal number of failed indexes"
        return made(FAILURE_TARGET, "MaxFailedIndexesExceeded", text, now)
    if census.lost and len(census.lost) + len(census.done) >= completions:
        return made(FAILURE_TARGET, "FailedIndexes", "Job has failed indexes", now)
    text = policies.success(census.spec.get("successPolicy"), completions, census.done)
    return made(CRITERIA_MET, "SuccessPolicy", text, now) if text else None
