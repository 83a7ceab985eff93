"""Subresources that are more than a view of the object: a row each, found by resource and name.

`status` is not among them: it is the object itself, written under other rules. A subresource that the API has and
that has no
row here answers 501.
"""

from __future__ import annotations

from fakekube.registry.request import Request
from fakekube.registry.subresources import certificates, namespaces, pods, scale, serviceaccounts
from fakekube.registry.subresources.handler import Handler

ROWS: dict[tuple[str, str], Handler] = {
    **certificates.ROWS,
    **namespaces.ROWS,
    **pods.ROWS,
    **scale.ROWS,
    **serviceaccounts.ROWS,
}
"""(resource id, or '*' for every resource that has it; subresource) -> handler."""


NO_PROCESSES = "its pods and nodes are states that follow the rules of a kubelet, without processes behind them"
HINTS = dict.fromkeys(("attach", "exec", "log", "portforward", "proxy"), NO_PROCESSES)


def hint_for(request: Request) -> str:
    """What to know, or to do instead, where a subresource has no row."""
    return HINTS.get(request.subresource, "write the object itself or its status instead")


def handler_of(request: Request) -> Handler | None:
    """The row for the request's subresource."""
    resource = request.resource.storage.id
    return ROWS.get((resource, request.subresource)) or ROWS.get(("*", request.subresource))
