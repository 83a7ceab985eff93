"""Stored custom objects as a version shows them: converted, and read through its schema if they are older than it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from fakekube.registry.custom.conversion import Surroundings, convert, relabel
from fakekube.schema.crds import CustomResource
from fakekube.schema.resources import kept_with_resource
from fakekube.storage.values import Stored

MOST_READINGS = 4096
"""Objects of a resource whose form in its version is remembered; past that the oldest are forgotten."""


def is_current(resource: CustomResource, stored: Stored) -> bool:
    """Whether the object is shown as it is stored."""
    return resource.stored_as is None and stored.revision >= resource.since


def shown(resource: CustomResource, stored: Stored) -> Obj:
    """The object in the resource's version; shared, nobody may change it.

    A version that a webhook converts to must have been made `ready` for it.
    """
    if is_current(resource, stored):
        return stored.view
    kept = resource.readings.get((stored.key, stored.revision))
    if kept is not None:
        return kept
    assert not _asks(resource, stored), "objects are made ready before a version of a webhook shows them"
    return _remember(resource, stored, _relabeled(resource, stored))


def shown_bytes(resource: CustomResource, stored: Stored) -> bytes:
    """The same as JSON."""
    return stored.raw if is_current(resource, stored) else orjson.dumps(shown(resource, stored))


async def ready(around: Surroundings, resource: CustomResource, items: Iterable[Stored]) -> None:
    """Have the webhook, if there is one, convert those that are not yet known in the resource's version. StatusError
    500 if one cannot be seen in it."""
    unknown = [stored for stored in items if not is_current(resource, stored) and not _is_known(resource, stored)]
    sources = [_source_of(resource, stored) for stored in unknown]
    if resource.conversion is None:
        return
    missing = [stored for stored, source in zip(unknown, sources, strict=True) if source is not resource]
    if missing:
        found = await convert(around, [_defaulted(resource, stored) for stored in missing], resource)
        _remember_all(resource, missing, found)


async def asked_form(around: Surroundings, resource: CustomResource, obj: Obj) -> Obj:
    """An object of the store (given away) in the version of the request."""
    return (await convert(around, [obj], resource))[0]


async def stored_form(around: Surroundings, resource: CustomResource, obj: Obj) -> Obj:
    """The object of a request (given away) in the version that is stored."""
    storage = resource.storage
    if resource is storage:
        return obj
    assert isinstance(storage, CustomResource), "custom resources are stored as such"
    found = (await convert(around, [obj], storage))[0]
    storage.model.default(found)  # once for all, so that reading need not
    return found


def _asks(resource: CustomResource, stored: Stored) -> bool:
    return resource.conversion is not None and _source_of(resource, stored) is not resource


def _is_known(resource: CustomResource, stored: Stored) -> bool:
    return (stored.key, stored.revision) in resource.readings


def _source_of(resource: CustomResource, stored: Stored) -> CustomResource:
    """The version that the object is stored in, most often today's storage version; 500 if the definition lost it."""
    for each in resource.family.values():
        if stored.raw.startswith(_head(each)):
            return each
    version = stored.view["apiVersion"]
    raise StatusError(500, "", f"request to convert CR from an invalid group/version: {version}")


@kept_with_resource
def _head(resource: CustomResource) -> bytes:
    """What every stored object of this version begins with."""
    return b'{"kind":"%s","apiVersion":"%s",' % (resource.kind.encode(), resource.api_version.encode())


def _defaulted(resource: CustomResource, stored: Stored) -> Obj:
    """A private copy in the stored version, as that version's schema of today has it."""
    source, obj = _source_of(resource, stored), stored.decode()
    source.model.prune(obj)
    source.model.default(obj)
    return obj


def _relabeled(resource: CustomResource, stored: Stored) -> Obj:
    return relabel(_defaulted(resource, stored), _source_of(resource, stored), resource)


def _remember(resource: CustomResource, stored: Stored, obj: Obj) -> Obj:
    _remember_all(resource, [stored], [obj])
    return obj


def _remember_all(resource: CustomResource, items: Sequence[Stored], found: Sequence[Obj]) -> None:
    readings = resource.readings
    for stored, obj in zip(items, found, strict=True):
        obj["metadata"]["resourceVersion"] = str(stored.revision)
        readings[stored.key, stored.revision] = obj
    while len(readings) > max(MOST_READINGS, len(items)):
        del readings[next(iter(readings))]
