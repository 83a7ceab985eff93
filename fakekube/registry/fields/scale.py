"""Ownership of the replicas of an object and of its scale: the same field, seen through two paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fakekube.core.meta import Obj
from fakekube.registry.fields import managers as entries
from fakekube.registry.fields import sets
from fakekube.registry.fields.elements import Path
from fakekube.registry.fields.managers import Entry, Managers
from fakekube.schema.resources import Resource, kept_with_resource

SCALE_VERSION = "autoscaling/v1"
REPLICAS: Path = ("f:spec", "f:replicas")

Places = Mapping[str, Path | None]
"""apiVersion of the scaled resource -> where it keeps the number of replicas; None where it has no scale."""


@kept_with_resource
def scaled(resource: Resource) -> Resource:
    """The scale of a resource as a resource of its own: what `update` and `apply` of a scale are about."""
    scale = resource.subresources["scale"]
    return replace(
        resource,
        group=scale.group,
        version=scale.version,
        kind=scale.kind,
        type_source=scale.type_source,
        subresources={},
        custom=False,
        stored_as=None,
    )


def to_scale(managed: Any, places: Places) -> list[Obj]:
    """The managedFields of the scale of an object with these: who owns the number of replicas."""
    found: Managers = {}
    for identity, entry in entries.decode(managed, trusted=True).items():
        place = places.get(entry.version)
        if place and sets.has(entry.fields, place):
            found[identity] = Entry(sets.of([REPLICAS]), SCALE_VERSION, entry.time)
    return entries.encode(found)


def from_scale(managed: Any, scaled: Any, version: str, places: Places) -> list[Obj]:
    """The managedFields of the object (in that apiVersion) once its scale was written, with the owners in `scaled`.

    As on the real server, updaters change hands: the scale knows them in its own version, so that the number of
    replicas moves to a new entry, which has no time.
    """
    owners = entries.decode(scaled, trusted=True)
    found: Managers = {}
    for identity, entry in entries.decode(managed, trusted=True).items():
        if entry.version not in places:
            continue
        place = places[entry.version]
        fields = entry.fields
        if place and sets.has(fields, place):
            if identity in owners:
                del owners[identity]
            else:
                fields = sets.difference(fields, sets.of([place]))
        if fields:
            found[identity] = Entry(fields, entry.version, entry.time)
    place = places.get(version)
    if place:
        replicas = sets.of([place])
        found.update(
            {
                identity: Entry(replicas, version)
                for identity, entry in owners.items()
                if sets.has(entry.fields, REPLICAS)
            }
        )
    return entries.encode(found)
