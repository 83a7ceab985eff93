"""serviceaccounts/token: a bearer token for a service account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fakekube.access.authentication import AUDIENCE
from fakekube.access.users import service_account
from fakekube.core import errors
from fakekube.core import fielderrors as field
from fakekube.core.clock import timestamp
from fakekube.core.meta import Obj, time_text
from fakekube.registry import fields
from fakekube.registry.admitting import admitted
from fakekube.registry.request import Outcome, Request
from fakekube.registry.subresources.handler import Handler

if TYPE_CHECKING:
    from fakekube.registry.verbs import Registry

SHORTEST_SECONDS = 600
LONGEST_SECONDS = 1 << 32
USUAL_SECONDS = 3600
BOUND_KINDS = ("Pod", "Secret", "Node")
KIND = ("authentication.k8s.io", "TokenRequest")


class TokenHandler(Handler):
    """Answers a TokenRequest."""

    async def create(self, registry: Registry, request: Request, obj: Obj) -> Outcome:
        obj = await admitted(registry, request, obj)
        meta = registry.stored(request).view["metadata"]
        spec, clock = obj.setdefault("spec", {}), registry.backend.clock
        _check(request, obj, spec)
        seconds = spec["expirationSeconds"] = spec.get("expirationSeconds") or USUAL_SECONDS
        spec["audiences"] = spec.get("audiences") or [AUDIENCE]
        manager, now = fields.manager_name(request.field_manager, request.user_agent), timestamp(clock)
        obj["metadata"] = {
            "name": request.name,
            "namespace": request.namespace,
            "uid": meta["uid"],
            "creationTimestamp": now,
        }
        _own(request, obj, manager, now)
        spec.setdefault("boundObjectRef", None)
        expires = clock.now() + seconds
        user = service_account(request.namespace, request.name, meta["uid"])
        token = "" if request.dry_run else registry.tokens.issue(user, spec["audiences"], expires)
        obj["status"] = {"token": token, "expirationTimestamp": time_text(expires)}
        return Outcome(201, obj)


def _own(request: Request, obj: Obj, manager: str, now: str) -> None:
    """managedFields of the request that is answered: it is of a kind that no path but this knows."""
    below = request.resource.subresources["token"]
    as_resource = replace(
        request.resource,
        group=below.group,
        version=below.version,
        kind=below.kind,
        type_source=below.type_source,
        stored_as=None,
    )
    if obj["spec"].get("boundObjectRef") is None:
        obj["spec"].pop("boundObjectRef", None)
    obj.pop("status", None)
    fields.update(as_resource, None, obj, manager, "token", now)


def _check(request: Request, obj: Obj, spec: Obj) -> None:
    bound = spec.get("boundObjectRef")
    if bound is not None:
        kind, version = bound.get("kind") or "", bound.get("apiVersion") or ""
        if version != "v1" or kind not in BOUND_KINDS:
            raise errors.bad_request(f"cannot bind token to object of type /{version}, Kind={kind}")
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < SHORTEST_SECONDS:
        detail = "may not specify a duration less than 10 minutes"
        raise field.invalid_object(*KIND, "", [field.invalid("spec.expirationSeconds", seconds, detail)])
    if seconds is not None and seconds > LONGEST_SECONDS:
        detail = "may not specify a duration larger than 2^32 seconds"
        raise field.invalid_object(*KIND, "", [field.invalid("spec.expirationSeconds", seconds, detail)])
    name = obj["metadata"].get("name")
    if name and name != request.name:
        detail = "must match the service account name if specified"
        raise field.invalid_object(*KIND, request.name, [field.invalid("metadata.name", name, detail)])


ROWS: dict[tuple[str, str], Handler] = {("serviceaccounts", "token"): TokenHandler()}
