"""Admission: plugins that see every write twice, first to change it and then to judge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fakekube.core.errors import StatusError
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
    """What a plugin is shown: the operation and the objects, in the storage version (custom ones in that of the
    request); it may change or replace `obj`."""

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
    """The CreateOptions, UpdateOptions or DeleteOptions, without kind and version."""
    requested: Resource | None = None
    """The resource in the version of the request; None if that is `resource`."""
    annotations: dict[str, str] = field(default_factory=dict)
    """What plugins tell the audit, each under a key of its own."""
    again: bool = False
    """This is the second round of the mutating phase."""
    wants_another_round: bool = False
    """A plugin has changed the object in a way that the plugins before it should see."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What plugins keep, by their name, from one round to the next."""

    @property
    def asked(self) -> Resource:
        """The resource of the request's path."""
        return self.requested or self.resource

    def annotate(self, key: str, value: str) -> None:
        """Tell the audit; the first to use a key is believed."""
        self.annotations.setdefault(key, value)


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

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        """Whether the plugin has anything to do with such requests. It is asked once: the answer never changes."""
        return True

    def handles(self, attributes: Attributes) -> bool:
        """Whether the plugin wants to see this request, one that concerns it."""
        return True

    async def admit(self, attributes: Attributes, context: Context) -> None:
        """Change the object; StatusError refuses it."""

    async def validate(self, attributes: Attributes, context: Context) -> None:
        """Judge the object as it is to be stored; StatusError refuses it."""


Plugins = tuple[Plugin, ...]
MOST_SORTS = 4096
"""Sorts of requests of which the plugins that they concern are kept; past that all are forgotten, and asked again."""

Audit = Callable[[Attributes], None]
"""Is told of a request that plugins have annotated."""


class Chain:
    """The plugins in their order."""

    def __init__(self, plugins: Sequence[Plugin] = (), audit: Audit | None = None) -> None:
        self._admitting = tuple(plugin for plugin in plugins if type(plugin).admit is not Plugin.admit)
        self._validating = tuple(plugin for plugin in plugins if type(plugin).validate is not Plugin.validate)
        self._audit = audit
        self._concerned: dict[tuple[str, str, str], tuple[Plugins, Plugins]] = {}

    async def admit(self, attributes: Attributes, context: Context) -> None:
        """The first phase; a second round if a plugin of the first asked for it."""
        try:
            await self._round(attributes, context)
            if attributes.wants_another_round:
                attributes.again = True
                await self._round(attributes, context)
        except StatusError:  # there is no second phase
            self._tell(attributes)
            raise

    async def _round(self, attributes: Attributes, context: Context) -> None:
        for plugin in self._concerned_by(attributes)[0]:
            if plugin.handles(attributes):
                await plugin.admit(attributes, context)

    async def validate(self, attributes: Attributes, context: Context) -> None:
        """The second phase; then the audit is told."""
        try:
            for plugin in self._concerned_by(attributes)[1]:
                if plugin.handles(attributes):
                    await plugin.validate(attributes, context)
        finally:
            self._tell(attributes)

    def _concerned_by(self, attributes: Attributes) -> tuple[Plugins, Plugins]:
        """The plugins of both phases that such requests concern."""
        sort = attributes.resource.id, attributes.subresource, attributes.operation
        found = self._concerned.get(sort)
        if found is None:
            if len(self._concerned) >= MOST_SORTS:
                self._concerned.clear()
            phases = self._admitting, self._validating
            admitting, validating = (tuple(each for each in phase if each.concerns(*sort)) for phase in phases)
            found = self._concerned[sort] = admitting, validating
        return found

    def _tell(self, attributes: Attributes) -> None:
        if attributes.annotations and self._audit is not None:
            self._audit(attributes)
