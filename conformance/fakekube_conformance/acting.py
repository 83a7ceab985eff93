"""Playing the node: pods that no scheduler takes become ready or end because a check says so."""

from __future__ import annotations

from collections.abc import Callable

from fakekube_conformance.case import Case
from fakekube_conformance.objects import Obj

READY: Obj = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


def pods(case: Case, app: str) -> list[Obj]:
    """The pods with this label app that are not being deleted."""
    items = case.get("pods", labelSelector=f"app={app}").body["items"]
    return [each for each in items if "deletionTimestamp" not in each["metadata"]]


def await_pods(case: Case, app: str, number: int, what: str = "", test: Callable[[Obj], object] = bool) -> list[Obj]:
    """The pods of the app, once there are so many of which `test` is true."""

    def attempt() -> list[Obj] | None:
        found = [each for each in pods(case, app) if test(each)]
        return found if len(found) == number else None

    if number == 0:
        case.until(f"no pods of {app} {what}", lambda: not [each for each in pods(case, app) if test(each)])
        return []
    return case.until(f"{number} pods of {app} {what}", attempt) or []


def set_status(case: Case, pod: Obj, status: Obj) -> None:
    """Write a pod's status, as its node would; a pod that is gone already is none to write to."""
    case.strategic(f"pods/{pod['metadata']['name']}/status", {"status": status}, status=(200, 404))


def make_ready(case: Case, found: list[Obj]) -> None:
    for each in found:
        set_status(case, each, READY)


def end(case: Case, pod: Obj, phase: str = "Succeeded", exit_code: int = 0) -> None:
    """The pod's container ends."""
    ended = {"exitCode": exit_code, "reason": "Completed" if exit_code == 0 else "Error"}
    container = {
        "name": "main",
        "image": "",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": {"terminated": ended},
    }
    conditions = [{"type": "Ready", "status": "False"}]
    set_status(case, pod, {"phase": phase, "conditions": conditions, "containerStatuses": [container]})
