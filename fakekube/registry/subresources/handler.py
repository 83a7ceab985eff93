"""What the handler of a subresource may offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.core import errors
from fakekube.core.clock import timestamp
from fakekube.core.meta import Obj
from fakekube.registry import fields
from fakekube.registry.request import Outcome, Request
from fakekube.registry.versions import private
from fakekube.schema.resources import Resource

if TYPE_CHECKING:
    from fakekube.registry.verbs import Registry


class Handler:
    """What a subresource does for each verb; the API offers only the verbs that discovery lists for it.

    get: the subresource's object. create: a posted one. For update and patch a handler gives the two directions,
    `shown` (of
    the stored object) and `merged` (the changed one put into a private copy of the stored object); the flow is that
    of an update.
    """

    shows_itself = False
    """The subresource's kind is the resource's own: what is shown and answered is the object."""

    async def get(self, registry: Registry, request: Request) -> Obj:
        """The subresource's object, in the version of the path."""
        stored = registry.stored(request)
        await registry.backend.ready(request.resource, (stored,))
        return self.shown(registry, request, private(request.resource, stored))

    async def create(self, registry: Registry, request: Request, obj: Obj) -> Outcome:
        """What a POST does."""
        raise errors.not_implemented(f"POST to {request.resource.plural}/{request.subresource}", "not built yet")

    def shown(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        """The subresource's object made of the stored one (a private copy)."""
        return obj

    def editable(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        """What a patch changes: what is shown, unless something is to be told apart."""
        return self.shown(registry, request, obj)

    def book(self, registry: Registry, request: Request, present: Obj, wanted: Obj) -> None:
        """Set the managedFields of `wanted`, which a plain write makes of what is `present` (see `owned`)."""
        manager, now = fields.manager_name(request.field_manager, request.user_agent), timestamp(registry.backend.clock)
        fields.update(self.kind(request), present, wanted, manager, request.subresource, now)

    def kind(self, request: Request) -> Resource:
        """The resource that a server-side apply to the subresource is about."""
        return request.resource

    def owned(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        """What a write changes: what is shown of the object (a private copy), with managedFields."""
        return self.editable(registry, request, obj)

    def check_applied(self, registry: Registry, request: Request, present: Obj, applied: Obj) -> None:
        """StatusError for what a server-side apply cannot make of what is there."""

    def book_parent(self, registry: Registry, request: Request, obj: Obj, wanted: Obj, found: Obj) -> None:
        """Set the managedFields of `found`, which `wanted` made of `obj`, from those of `wanted`."""

    def merged(self, registry: Registry, request: Request, obj: Obj, changed: Obj) -> Obj:
        """The stored object (a private copy) with what `changed` says; raises StatusError."""
        return changed
