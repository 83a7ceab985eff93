"""Restarts of a whole pod in place: a container that ends as one of its rules says has all of them started again.

(restartPolicyRules with the action RestartAllContainers; init containers have their turn again, too.)
"""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.nodes.containers import RESTARTING_ALL, Container, first_rule
from fakekube.nodes.memory import TERMINATED

ACTION = "RestartAllContainers"
MESSAGE = "The container is removed because RestartAllContainers in place"
KILLED = 137


def has_rules(pod: Obj) -> bool:
    """Whether a container of the pod may have all started again."""
    spec = pod["spec"]
    for listed in (spec["containers"], spec.get("initContainers") or ()):
        for each in listed:
            rules = each.get("restartPolicyRules")
            if rules and any(rule.get("action") == ACTION for rule in rules):
                return True
    return False


def asks(container: Container) -> bool:
    """Whether the container has ended so that all are to be started again."""
    ended = (container.status.get("state") or {}).get(TERMINATED)
    if ended is None:
        return False
    rule = first_rule(container.spec, ended["exitCode"])
    return rule is not None and rule.get("action") == ACTION


def removed(container: Container, *, cause: bool) -> Obj:
    """The container waits for its next start. Its count goes up when that comes."""
    state = container.status.get("state") or {}
    if "waiting" in state and TERMINATED not in (container.status.get("lastState") or {}):
        return container.status
    end = {"exitCode": KILLED, "reason": RESTARTING_ALL, "message": MESSAGE, "startedAt": None, "finishedAt": None}
    last = state[TERMINATED] if cause else end
    waiting = {"waiting": {"reason": RESTARTING_ALL, "message": MESSAGE}}
    status = {**container.status, "state": waiting, "lastState": {TERMINATED: last}, "ready": False, "started": False}
    status.pop("containerID", None)
    return status
