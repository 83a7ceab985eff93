"""What the handler of a subresource may offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.core import errors
from fakekube.core.meta import Obj
from fakekube.registry.request import Outcome, Request

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
        return self.shown(registry, request, registry.stored(request).decode())

    async def create(self, registry: Registry, request: Request, obj: Obj) -> Outcome:
        """What a POST does."""
        raise errors.not_implemented(f"POST to {request.resource.plural}/{request.subresource}", "not built yet")

    def shown(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        """The subresource's object made of the stored one (a private copy)."""
        return obj

    def merged(self, registry: Registry, request: Request, obj: Obj, changed: Obj) -> Obj:
        """The stored object (a private copy) with what `changed` says; raises StatusError."""
        return changed
