"""A request as webhooks and expressions are shown it: the AdmissionRequest of admission.k8s.io/v1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.access.users import user_info
from fakekube.admission.chain import Attributes
from fakekube.admission.forms import Kind, Versioned, kind_for
from fakekube.admission.matching import namespace_of
from fakekube.core.meta import Obj

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource

OPTIONS = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}
OPTIONS_VERSION = "meta.k8s.io/v1"


def request_of(attributes: Attributes, resource: Resource, shown: Versioned, uid: str) -> Obj:
    """The AdmissionRequest for a webhook that knows the object as one of `resource`."""
    found: Obj = {
        "uid": uid,
        "kind": _kind(kind_for(attributes, resource)),
        "resource": _resource(resource),
        "subResource": attributes.subresource,
        "requestKind": _kind(kind_for(attributes, attributes.asked)),
        "requestResource": _resource(attributes.asked),
        "requestSubResource": attributes.subresource,
        "name": attributes.name,
        "namespace": namespace_of(attributes),
    }
    found = {name: value for name, value in found.items() if value != ""}
    found["operation"] = attributes.operation
    found["userInfo"] = user_info(attributes.user)
    found["object"] = shown.obj
    found["oldObject"] = shown.old
    found["dryRun"] = attributes.dry_run
    found["options"] = options_of(attributes)
    return found


def options_of(attributes: Attributes) -> Obj | None:
    """The options of the request as an object."""
    kind = OPTIONS.get(attributes.operation)
    return {"kind": kind, "apiVersion": OPTIONS_VERSION, **attributes.options} if kind else None


def _kind(kind: Kind) -> Obj:
    return {"group": kind[0], "version": kind[1], "kind": kind[2]}


def _resource(resource: Resource) -> Obj:
    return {"group": resource.group, "version": resource.version, "resource": resource.plural}
