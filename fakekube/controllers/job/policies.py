"""podFailurePolicy and successPolicy: which failed pods count, and which successes are enough."""

from __future__ import annotations

from typing import NamedTuple

from fakekube.controllers.job.indexes import parsed
from fakekube.core.meta import Obj

IGNORE, FAIL_JOB, FAIL_INDEX = "Ignore", "FailJob", "FailIndex"


class Verdict(NamedTuple):
    """What a failed pod means: why the whole Job fails by it (or ''), whether it counts, and the rule's action."""

    message: str = ""
    counts: bool = True
    action: str = ""


def verdict(policy: Obj | None, pod: Obj) -> Verdict:
    """The first rule that matches the failed pod decides; without one it counts."""
    for number, rule in enumerate((policy or {}).get("rules") or ()):
        action = rule["action"]
        found = _matched(rule, pod, action, number)
        if found:
            return Verdict(found if action == FAIL_JOB else "", action != IGNORE, action)
    return Verdict()


def _matched(rule: Obj, pod: Obj, action: str, number: int) -> str:
    """What matched, in the words of the failure; '' if nothing did."""
    meta, status = pod["metadata"], pod.get("status") or {}
    name = f"{meta['namespace']}/{meta['name']}"
    if rule.get("onExitCodes"):
        for field in ("containerStatuses", "initContainerStatuses"):
            for each in status.get(field) or ():
                code = _failed_code(each, rule["onExitCodes"])
                if code is not None:
                    return (
                        f"Container {each['name']} for pod {name} failed with exit code {code} "
                        f"matching {action} rule at index {number}"
                    )
        return ""
    for condition in status.get("conditions") or ():
        for pattern in rule.get("onPodConditions") or ():
            if condition["type"] == pattern["type"] and condition["status"] == pattern.get("status", "True"):
                return f"Pod {name} has condition {condition['type']} matching {action} rule at index {number}"
    return ""


def _failed_code(container: Obj, rule: Obj) -> int | None:
    """The exit code with which the container failed, if the rule is about it."""
    ended = (container.get("state") or {}).get("terminated")
    if ended is None or not ended.get("exitCode") or rule.get("containerName") not in (None, container["name"]):
        return None
    listed = ended["exitCode"] in (rule.get("values") or ())
    return int(ended["exitCode"]) if listed == (rule["operator"] == "In") else None


def success(policy: Obj | None, completions: int, succeeded: set[int]) -> str:
    """Which rule of the success policy is met; '' if none is."""
    if not succeeded:
        return ""
    for number, rule in enumerate((policy or {}).get("rules") or ()):
        count = rule.get("succeededCount")
        if rule.get("succeededIndexes") is None:
            met = count is not None and len(succeeded) >= count
        else:
            required = parsed(rule["succeededIndexes"], completions)
            done = len(required & succeeded)
            met = bool(required) and (done == len(required) or (count is not None and done >= count))
        if met:
            return f"Matched rules at index {number}"
    return ""
