"""Plugins over a store that a test fills by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from fakekube.access.users import ADMIN
from fakekube.admission.chain import CREATE, Attributes, Plugin
from fakekube.core.clock import Clock, FixedClock
from fakekube.core.ids import Ids
from fakekube.core.meta import Obj
from fakekube.schema.scheme import Scheme
from fakekube.storage.store import Store
from fakekube.storage.values import Key

SCHEME = Scheme.for_version()
NAMESPACE = "ns"


@dataclass
class World:
    """What plugins may ask."""

    store: Store = field(default_factory=Store)
    scheme: Scheme = SCHEME
    clock: Clock = field(default_factory=FixedClock)
    ids: Ids = field(default_factory=lambda: Ids(1))
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    async def put(self, resource: str, name: str, namespace: str = "", **parts: Any) -> None:
        """Store an object from its parts."""
        metadata = {"name": name, "namespace": namespace, "uid": name, **parts.pop("metadata", {})}
        obj = {"kind": "K", "apiVersion": "v1", "metadata": metadata, **parts}
        await self.store.commit(Key(resource, namespace, name), obj, expected=None)

    async def run(self, plugin: Plugin, attributes: Attributes) -> Obj:
        """Both phases, if the plugin wants to see the request at all; the object as it is then."""
        if asks(plugin, attributes):
            await plugin.admit(attributes, self)
            await plugin.validate(attributes, self)
        return attributes.obj or {}


def asks(plugin: Plugin, attributes: Attributes) -> bool:
    """Whether the plugin wants to see the request."""
    sort = attributes.resource.id, attributes.subresource, attributes.operation
    return plugin.concerns(*sort) and plugin.handles(attributes)


def attributes_of(resource: str, obj: Obj | None = None, operation: str = CREATE, **more: Any) -> Attributes:
    """A request about an object called x."""
    found = SCHEME.stored(resource)
    assert found is not None
    parts: dict[str, Any] = {"subresource": "", "old": None, "user": ADMIN, "name": "x", **more}
    namespace = NAMESPACE if found.namespaced else ""
    return Attributes(operation=operation, resource=found, namespace=namespace, obj=obj, **parts)


def pod(**spec: Any) -> Obj:
    """A pod of one container."""
    return {"metadata": {"name": "x"}, "spec": {"containers": [{"name": "c"}], **spec}}


@pytest.fixture
def world() -> World:
    return World()
