"""What a write is refused with when what is there is not what it was meant for."""

from __future__ import annotations

from fakekube.core import errors
from fakekube.core.errors import StatusError
from fakekube.registry.request import Request
from fakekube.storage.values import Stored

WRONG_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"


def taken(request: Request, there: Stored | None, prefixed: bool) -> StatusError:
    """409 for a name that another object has; `prefixed`: a generated one, so trying again may help."""
    resource = request.resource
    assert there is not None, "the name is taken"
    found = errors.already_exists(resource.group, resource.plural, there.key.name)
    if there.view["metadata"].get("deletionTimestamp"):
        found = StatusError(409, "AlreadyExists", f"object is being deleted: {found.message}", found.details)
    elif prefixed:
        message = f"{found.message}, the server was not able to generate a unique name for the object"
        details = {**(found.details or {}), "retryAfterSeconds": 1}
        found = StatusError(409, "AlreadyExists", message, details, headers={"Retry-After": "1"})
    return found


def conflict(request: Request) -> StatusError:
    """409: another write came between."""
    resource = request.resource
    return errors.conflict(resource.group, resource.plural, request.name, errors.MODIFIED)


def other_uid(request: Request, stored: Stored, uid: str) -> StatusError:
    """409: the object there is not the one that was meant."""
    resource = request.resource
    why = (
        f"StorageError: invalid object, Code: 4, Key: {registry_path(request)}, ResourceVersion: 0, "
        f"AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: "
        f"{stored.view['metadata']['uid']}"
    )
    return errors.conflict(resource.group, resource.plural, request.name, why)


def missing_uid(request: Request, uid: str) -> StatusError:
    """409: an object with a uid was meant, and there is none."""
    resource = request.resource
    why = (
        f"StorageError: invalid object, Code: 4, Key: {registry_path(request)}, ResourceVersion: 0, "
        f"AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: "
    )
    return errors.conflict(resource.group, resource.plural, request.name, why)


_FOLDERS = {
    "services": "services/specs",
    "endpoints": "services/endpoints",
    "nodes": "minions",
    "replicationcontrollers": "controllers",
    "ingresses.networking.k8s.io": "ingress",
    "customresourcedefinitions.apiextensions.k8s.io": "apiextensions.k8s.io/customresourcedefinitions",
    "apiservices.apiregistration.k8s.io": "apiregistration.k8s.io/apiservices",
}


def registry_path(request: Request) -> str:
    """Where the real server keeps the object in etcd: some of its messages tell."""
    resource = request.resource.storage
    folder = f"{resource.group}/{resource.plural}" if resource.custom else _FOLDERS.get(resource.id, resource.plural)
    parts = [folder, request.namespace, request.name]
    return "/registry/" + "/".join(part for part in parts if part)
