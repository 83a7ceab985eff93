"""What the verbs work on, handed to them as one."""

from __future__ import annotations

from dataclasses import dataclass

from fakekube.admission.chain import Chain
from fakekube.core.clock import Clock
from fakekube.core.ids import Ids
from fakekube.registry.kinds import strategy_of
from fakekube.registry.request import Request
from fakekube.registry.strategy import Context, Strategy
from fakekube.schema.resources import Resource
from fakekube.schema.scheme import Scheme
from fakekube.storage.store import Store
from fakekube.storage.values import Key


@dataclass(slots=True)
class Backend:
    """Store, scheme, admission, time and chance of one cluster."""

    store: Store
    scheme: Scheme
    clock: Clock
    ids: Ids
    admission: Chain

    def context(self, request: Request) -> Context:
        """What a strategy may ask during this request."""
        return Context(request, self.store, self.scheme, self.clock, self.ids)

    def strategy(self, resource: Resource) -> Strategy:
        """What the kind does differently."""
        return strategy_of(resource.id)


def key_of(request: Request, name: str = "") -> Key:
    """The address of the object that the request is about."""
    return Key(request.resource.storage.id, request.namespace, name or request.name)
