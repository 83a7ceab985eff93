"""One stored object, several served versions: converting between the version of a request and that of the store.

Built-in kinds are prepared and judged in their storage version, custom ones in the version of the request.
"""

from __future__ import annotations

import orjson

from fakekube.core.meta import Obj
from fakekube.registry import custom
from fakekube.registry.conversion import convert
from fakekube.schema.crds import CustomResource
from fakekube.schema.resources import Resource
from fakekube.storage.values import Event, Stored


def to_storage(resource: Resource, obj: Obj) -> Obj:
    """The object of a request in the version that it is judged in; `obj` may be changed."""
    return obj if resource.custom or resource is resource.storage else convert(resource, resource.storage, obj)


def from_storage(resource: Resource, obj: Obj) -> Obj:
    """An object of the version that it is judged in, in the version of the request; `obj` may be changed."""
    return obj if resource.custom or resource is resource.storage else convert(resource.storage, resource, obj)


def current(resource: Resource, stored: Stored) -> Obj:
    """A stored object in the version that writes through this resource are judged in; shared, not to be changed."""
    return custom.reading.shown(resource, stored) if isinstance(resource, CustomResource) else stored.view


def private(resource: Resource, stored: Stored) -> Obj:
    """A private copy of a stored object in the version of the request."""
    if resource.custom:
        copy: Obj = orjson.loads(presented(resource, stored))
        return copy
    return from_storage(resource, stored.decode())


def presented(resource: Resource, stored: Stored) -> bytes:
    """The bytes of a stored object in the version of the request."""
    if isinstance(resource, CustomResource):
        return custom.reading.shown_bytes(resource, stored)
    if resource is resource.storage:
        return stored.raw
    return orjson.dumps(from_storage(resource, stored.decode()))


def farewell(resource: Resource, event: Event) -> bytes:
    """An object that goes, or leaves a selection, as it is shown last: as it was, at the revision of the event."""
    if isinstance(resource, CustomResource):
        assert event.before is not None, "an object that was not there has no farewell"
        if custom.reading.is_current(resource, event.before):
            return event.farewell
        obj = private(resource, event.before)
        obj["metadata"]["resourceVersion"] = str(event.revision)
        return orjson.dumps(obj)
    if resource is resource.storage:
        return event.farewell
    return orjson.dumps(from_storage(resource, orjson.loads(event.farewell)))


def head(resource: Resource) -> bytes:
    """What every object of the resource begins with; a list of a built-in kind leaves it out of its items."""
    return b'{"kind":"%s","apiVersion":"%s",' % (resource.kind.encode(), resource.api_version.encode())
