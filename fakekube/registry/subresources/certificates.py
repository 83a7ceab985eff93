"""certificatesigningrequests/approval: the conditions of a request, and nothing else of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.core.meta import Obj
from fakekube.registry.request import Request
from fakekube.registry.subresources.handler import Handler

if TYPE_CHECKING:
    from fakekube.registry.verbs import Registry


class ApprovalHandler(Handler):
    """Takes status.conditions."""

    shows_itself = True

    def merged(self, registry: Registry, request: Request, obj: Obj, changed: Obj) -> Obj:
        conditions = (changed.get("status") or {}).get("conditions")
        status = {**(obj.get("status") or {})}
        status.pop("conditions", None)
        if conditions:
            status["conditions"] = conditions
        return {**obj, "metadata": changed["metadata"], "status": status}


ROWS: dict[tuple[str, str], Handler] = {
    ("certificatesigningrequests.certificates.k8s.io", "approval"): ApprovalHandler(),
}
