"""One stored object, several served versions: converting between the version of a request and that of the store."""

from __future__ import annotations

import orjson

from fakekube.core.meta import Obj
from fakekube.registry.conversion import convert
from fakekube.schema.resources import Resource
from fakekube.storage.values import Stored


def to_storage(resource: Resource, obj: Obj) -> Obj:
    """The object of a request in the version it is stored in; `obj` may be changed."""
    return obj if resource is resource.storage else convert(resource, resource.storage, obj)


def from_storage(resource: Resource, obj: Obj) -> Obj:
    """A stored object in the version of the request; `obj` may be changed."""
    return obj if resource is resource.storage else convert(resource.storage, resource, obj)


def presented(resource: Resource, stored: Stored) -> bytes:
    """The bytes of a stored object in the version of the request."""
    if resource is resource.storage:
        return stored.raw
    return orjson.dumps(from_storage(resource, stored.decode()))


def head(resource: Resource) -> bytes:
    """What every object of the resource begins with; a list of a built-in kind leaves it out of its items."""
    return b'{"kind":"%s","apiVersion":"%s",' % (resource.kind.encode(), resource.api_version.encode())
