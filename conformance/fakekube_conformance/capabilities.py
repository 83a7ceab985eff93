"""What not every server has, and how a run finds out: a probe looks over the wire."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from fakekube_conformance.failures import look

if TYPE_CHECKING:
    from fakekube_conformance.case import Case


class Capability(NamedTuple):
    """A capability: what it means, and the probe that finds whether it is there."""

    meaning: str
    probe: Callable[[Case], bool]


def _controllers(case: Case) -> bool:
    """A new namespace is given its service account."""
    name = case.unique("probe")
    accounts = f"/api/v1/namespaces/{name}/serviceaccounts"
    case.later("DELETE", f"/api/v1/namespaces/{name}")
    case.post("/api/v1/namespaces", {"metadata": {"name": name, "labels": case.session.labels}})
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if case.get(f"{accounts}/default", status=(200, 404)).status == 200:
            return True
        time.sleep(0.05)
    return False


def _nodes(case: Case) -> bool:
    """A node says that it is ready."""
    return any(
        condition.get("type") == "Ready" and condition.get("status") == "True"
        for node in case.get("/api/v1/nodes").body["items"]
        for condition in look(node, "status.conditions") or []
    )


def _authorization(case: Case) -> bool:
    """A user without any role is refused."""
    headers = {"Impersonate-User": case.unique("nobody")}
    return case.get("/api/v1/nodes", headers=headers, status=(200, 403)).status == 403


def _dns(case: Case) -> bool:
    """The run was told where."""
    return case.session.dns is not None


PROBES = {
    "controllers": Capability("the controllers of a whole cluster run", _controllers),
    "nodes": Capability("there are nodes that run pods", _nodes),
    "authorization": Capability("users without rights are refused (RBAC)", _authorization),
    "dns": Capability("the run knows the address of the cluster's DNS", _dns),
}
