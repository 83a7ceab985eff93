"""What the verbs work on, handed to them as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from fakekube.admission.chain import Chain
from fakekube.core.callouts import Callouts, NoCallouts
from fakekube.core.clock import Clock
from fakekube.core.ids import Ids
from fakekube.core.meta import Obj
from fakekube.registry import booking, custom
from fakekube.registry.fields.versions import Convert
from fakekube.registry.kinds import strategy_of
from fakekube.registry.request import Request
from fakekube.registry.strategy import Context, Strategy
from fakekube.schema.crds import CustomResource
from fakekube.schema.resources import Resource
from fakekube.schema.scheme import Scheme
from fakekube.storage.store import Store
from fakekube.storage.values import Key, Stored


async def _go_on() -> None:
    """Nobody else is there to have a turn."""


class Backend:
    """Store, scheme, admission, time and chance of one cluster.

    pause: lets other requests have their turn; for who writes many objects.
    """

    def __init__(
        self,
        store: Store,
        scheme: Scheme,
        clock: Clock,
        ids: Ids,
        admission: Chain,
        callouts: Callouts | None = None,
        pause: Callable[[], Awaitable[None]] = _go_on,
    ) -> None:
        self.store = store
        self.scheme = scheme
        self.clock = clock
        self.ids = ids
        self.admission = admission
        self.callouts = callouts or NoCallouts()
        self.pause = pause

    def context(self, request: Request) -> Context:
        """What a strategy may ask during this request."""
        return Context(request, self.store, self.scheme, self.clock, self.ids)

    def strategy(self, resource: Resource) -> Strategy:
        """What the kind does differently."""
        return custom.strategy_of(resource) if isinstance(resource, CustomResource) else strategy_of(resource.id)

    async def ready(self, resource: Resource, items: Iterable[Stored]) -> None:
        """Have what a conversion webhook must convert converted: from then on `versions` can show it."""
        if isinstance(resource, CustomResource):
            await custom.reading.ready(self, resource, items)

    def views(self, resource: Resource) -> Convert:
        """How objects of the resource are seen in the versions that their managers wrote in."""
        if isinstance(resource, CustomResource):
            return custom.booking.Views(self, resource)
        return booking.Views(self.scheme, resource)

    async def asked_form(self, resource: Resource, obj: Obj) -> Obj:
        """A custom object in the version that is stored (given away) as it is to be answered; others are untouched."""
        return await custom.reading.asked_form(self, resource, obj) if isinstance(resource, CustomResource) else obj

    async def stored_form(self, resource: Resource, obj: Obj) -> Obj:
        """An object in the version that it was judged in (given away) as it is to be stored."""
        return await custom.reading.stored_form(self, resource, obj) if isinstance(resource, CustomResource) else obj


def key_of(request: Request, name: str = "") -> Key:
    """The address of the object that the request is about."""
    return Key(request.resource.storage.id, request.namespace, name or request.name)
