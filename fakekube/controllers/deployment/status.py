"""What a Deployment's status says: counts over its ReplicaSets, and three conditions."""

from __future__ import annotations

from fakekube.controllers.deployment.revisions import unavailable
from fakekube.core.meta import Obj, condition, parse_time
from fakekube.machinery.workloads import set_condition, sparse, without_condition

NO_DEADLINE = 2**31 - 1
"""progressDeadlineSeconds of this value is none."""


def has_deadline(deployment: Obj) -> bool:
    """Whether progress is watched."""
    return bool(deployment["spec"].get("progressDeadlineSeconds", NO_DEADLINE) != NO_DEADLINE)


def with_progress(present: Obj, state: str, reason: str, message: str, now: float) -> Obj:
    """The status with this Progressing condition."""
    entry = {"type": "Progressing", "status": state, "reason": reason, "message": message}
    return {**present, "conditions": set_condition(present.get("conditions") or [], entry, now, update_time=True)}


def paused_status(deployment: Obj, now: float) -> Obj | None:
    """The status that tells of a pause, or of its end, if that was not told yet."""
    found = condition(deployment, "Progressing")
    reason = found.get("reason") if found is not None else None
    if not has_deadline(deployment) or reason == "ProgressDeadlineExceeded":
        return None
    present: Obj = deployment.get("status") or {}
    paused = bool(deployment["spec"].get("paused"))
    if paused and reason != "DeploymentPaused":
        return with_progress(present, "Unknown", "DeploymentPaused", "Deployment is paused", now)
    if not paused and reason == "DeploymentPaused":
        return with_progress(present, "Unknown", "DeploymentResumed", "Deployment is resumed", now)
    return None


def _sum(replica_sets: list[Obj], field: str) -> int:
    return sum((each.get("status") or {}).get(field, 0) for each in replica_sets)


def counted(deployment: Obj, replica_sets: list[Obj], new: Obj | None, now: float) -> Obj:
    """The counts, and whether enough pods are available."""
    old: Obj = deployment.get("status") or {}
    available = _sum(replica_sets, "availableReplicas")
    wanted = sum(each["spec"]["replicas"] for each in replica_sets)
    status = sparse(
        {
            "observedGeneration": deployment["metadata"].get("generation"),
            "replicas": _sum(replica_sets, "replicas"),
            "updatedReplicas": _sum([new], "replicas") if new is not None else 0,
            "readyReplicas": _sum(replica_sets, "readyReplicas"),
            "availableReplicas": available,
            "unavailableReplicas": max(0, wanted - available),
        }
    )
    status["terminatingReplicas"] = _sum(replica_sets, "terminatingReplicas")
    if "collisionCount" in old:
        status["collisionCount"] = old["collisionCount"]
    enough = available >= deployment["spec"]["replicas"] - unavailable(deployment)
    status["conditions"] = set_condition(old.get("conditions") or [], _AVAILABLE[enough], now, update_time=True)
    return status


_AVAILABLE: dict[bool, Obj] = {
    True: {
        "type": "Available",
        "status": "True",
        "reason": "MinimumReplicasAvailable",
        "message": "Deployment has minimum availability.",
    },
    False: {
        "type": "Available",
        "status": "False",
        "reason": "MinimumReplicasUnavailable",
        "message": "Deployment does not have minimum availability.",
    },
}


def complete(deployment: Obj, status: Obj) -> bool:
    """Whether by this status all pods are of the present template and available, and none besides."""
    replicas = deployment["spec"]["replicas"]
    counts = [status.get(field, 0) for field in ("updatedReplicas", "replicas", "availableReplicas")]
    seen = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    return seen and all(count == replicas for count in counts)


def _progressed(old: Obj, new: Obj) -> bool:
    def outdated(status: Obj) -> int:
        return int(status.get("replicas", 0) - status.get("updatedReplicas", 0))

    more = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return any(new.get(field, 0) > old.get(field, 0) for field in more) or outdated(new) < outdated(old)


def progress_status(deployment: Obj, replica_sets: list[Obj], new: Obj | None, now: float) -> Obj:
    """The counts, and how the rollout goes: done, getting on, or stuck for longer than the deadline."""
    status = counted(deployment, replica_sets, new, now)
    old: Obj = deployment.get("status") or {}
    conditions: list[Obj] = status["conditions"]
    present = condition(deployment, "Progressing")
    done = present is not None and present.get("reason") == "NewReplicaSetAvailable"
    if not has_deadline(deployment):
        conditions = without_condition(conditions, "Progressing")
    elif not (done and status.get("replicas", 0) == status.get("updatedReplicas", 0)):
        conditions = _progress(deployment, old, {**status, "conditions": conditions}, new, now)
    status["conditions"] = _with_failure(conditions, replica_sets, new, now)
    return status


def _progress(deployment: Obj, old: Obj, status: Obj, new: Obj | None, now: float) -> list[Obj]:
    what = (
        f'ReplicaSet "{new["metadata"]["name"]}"'
        if new is not None
        else f'Deployment "{deployment["metadata"]["name"]}"'
    )
    conditions: list[Obj] = status["conditions"]
    if complete(deployment, status):
        text = f"{what} has successfully progressed."
        return list(with_progress(status, "True", "NewReplicaSetAvailable", text, now)["conditions"])
    if _progressed(old, status):
        return _renewed(conditions, f"{what} is progressing.", now)
    if timed_out(deployment, now):
        text = f"{what} has timed out progressing."
        return list(with_progress(status, "False", "ProgressDeadlineExceeded", text, now)["conditions"])
    return conditions


def _renewed(conditions: list[Obj], message: str, now: float) -> list[Obj]:
    """Progressing with a new lastUpdateTime: the deadline runs from the last progress."""
    found = next((each for each in conditions if each["type"] == "Progressing"), None)
    entry = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "message": message}
    others = without_condition(conditions, "Progressing")
    made = set_condition(others, entry, now, update_time=True)
    if found is not None and found["status"] == "True":
        made[-1]["lastTransitionTime"] = found["lastTransitionTime"]
    return made


def timed_out(deployment: Obj, now: float) -> bool:
    """Whether there has been no progress for longer than the deadline."""
    found = condition(deployment, "Progressing")
    if found is None or found.get("reason") == "NewReplicaSetAvailable":
        return False
    if found.get("reason") == "ProgressDeadlineExceeded":
        return True
    return _deadline(deployment, found) < now


def _deadline(deployment: Obj, progress: Obj) -> float:
    seconds: int = deployment["spec"]["progressDeadlineSeconds"]
    return parse_time(progress["lastUpdateTime"]) + seconds


def until_deadline(deployment: Obj, now: float) -> float | None:
    """Seconds until the deadline will have passed, if there is one to wait for."""
    found = condition(deployment, "Progressing")
    if not has_deadline(deployment) or found is None or found.get("reason") == "ProgressDeadlineExceeded":
        return None
    if complete(deployment, deployment.get("status") or {}):
        return None
    return max(_deadline(deployment, found) - now, 0.0) + 1.0


def _with_failure(conditions: list[Obj], replica_sets: list[Obj], new: Obj | None, now: float) -> list[Obj]:
    """ReplicaFailure as a ReplicaSet tells it, the new one before the others."""
    for each in ([new] if new is not None else []) + replica_sets:
        found = condition(each, "ReplicaFailure")
        if found is not None:
            since = parse_time(found["lastTransitionTime"]) if found.get("lastTransitionTime") else now
            entry = {name: found.get(name) for name in ("type", "status", "reason", "message")}
            return set_condition(conditions, entry, since, update_time=True)
    return without_condition(conditions, "ReplicaFailure")
