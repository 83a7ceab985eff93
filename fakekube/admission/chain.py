"""Admission: plugins that see every write twice, first to change it and then to judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from fakekube.core.meta import Obj

if TYPE_CHECKING:
    from fakekube.access.users import User
    from fakekube.core.clock import Clock
    from fakekube.core.ids import Ids
    from fakekube.schema.resources import Resource
    from fakekube.schema.scheme import Scheme
    from fakekube.storage.store import Store

CREATE, UPDATE, DELETE, CONNECT = "CREATE", "UPDATE", "DELETE", "CONNECT"


@dataclass(slots=True)
class Attributes:
    """What a plugin is shown: the operation and the objects, in the storage version; it may change or replace `obj`."""

    operation: str
    resource: Resource
    subresource: str
    namespace: str
    name: str
    obj: Obj | None
    old: Obj | None
    user: User
    dry_run: bool = False
    options: Obj = field(default_factory=dict)


class Context(Protocol):
    """What a plugin may ask."""

    store: Store
    scheme: Scheme
    clock: Clock
    ids: Ids

    def warn(self, text: str) -> None: ...


class Plugin:
    """One step of the chain; a plugin overrides what it does."""

    name = ""

    def handles(self, attributes: Attributes) -> bool:
        """Whether the plugin wants to see this request at all."""
        return True

    async def admit(self, attributes: Attributes, context: Context) -> None:
        """Change the object; StatusError refuses it."""

    async def validate(self, attributes: Attributes, context: Context) -> None:
        """Judge the object as it is to be stored; StatusError refuses it."""


class Chain:
    """The plugins in their order."""

    def __init__(self, plugins: Sequence[Plugin] = ()) -> None:
        self._plugins = tuple(plugins)

    async def admit(self, attributes: Attributes, context: Context) -> None:
        """The first phase."""
        for plugin in self._plugins:
            if plugin.handles(attributes):
                await plugin.admit(attributes, context)

    async def validate(self, attributes: Attributes, context: Context) -> None:
        """The second phase."""
        for plugin in self._plugins:
            if plugin.handles(attributes):
                await plugin.validate(attributes, context)
