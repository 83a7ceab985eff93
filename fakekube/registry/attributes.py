"""What admission is shown of a write, and what it made of it."""

from __future__ import annotations

from fakekube.admission.chain import Attributes
from fakekube.core.meta import Obj
from fakekube.registry import fields
from fakekube.registry.preparing import keep
from fakekube.registry.request import Request

STATED_OPTIONS = ("fieldManager", "fieldValidation")
UNREADABLE = (
    ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating "
    "admission controller; please fix your requests"
)


def attributes_of(
    request: Request, operation: str, obj: Obj | None, old: Obj | None, options: Obj | None = None
) -> Attributes:
    """What admission is shown of a request. The name of a new object is the one it was sent with."""
    resource = request.resource if request.resource.custom else request.resource.storage
    if options is None:
        options = {"dryRun": ["All"]} if request.dry_run else {}
        if request.query:
            options |= {name: request.query[name][0] for name in STATED_OPTIONS if name in request.query}
    return Attributes(
        operation=operation,
        resource=resource,
        subresource=request.subresource,
        namespace=request.namespace,
        name=request.name or (obj or {}).get("metadata", {}).get("name", ""),
        obj=obj,
        old=old,
        user=request.user,
        dry_run=request.dry_run,
        options=options,
        requested=None if request.resource is resource else request.resource,
    )


def as_admitted(request: Request, attributes: Attributes, obj: Obj) -> Obj:
    """What admission made of the object; of managedFields that cannot be read it keeps what was there."""
    found = attributes.obj
    if found is None or found is obj:
        return obj
    try:
        fields.check(found["metadata"].get("managedFields"))
    except ValueError as error:
        request.warn(f"{UNREADABLE}: {error}")
        keep(found["metadata"], obj["metadata"], "managedFields")
    return found
