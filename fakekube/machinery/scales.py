"""How many replicas an object asks for, whatever its kind: what its scale subresource would show."""

from __future__ import annotations

from typing import Any

from fakekube.core.meta import Obj
from fakekube.machinery.world import World
from fakekube.schema.resources import Resource

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"


def replicas_of(obj: Obj, resource: Resource, world: World) -> int | None:
    """spec.replicas of the object's Scale; None if its resource has no scale subresource."""
    if "scale" not in resource.subresources:
        return None
    found: Any = obj
    for part in _path(resource, world):
        found = found.get(part) if isinstance(found, dict) else None
    return int(found or 0)


def _path(resource: Resource, world: World) -> list[str]:
    if not resource.custom:
        return ["spec", "replicas"]
    definition = world.get(DEFINITIONS, "", f"{resource.plural}.{resource.group}") or {}
    for version in (definition.get("spec") or {}).get("versions") or ():
        scale = (version.get("subresources") or {}).get("scale")
        if version["name"] == resource.version and scale is not None:
            return str(scale["specReplicasPath"]).lstrip(".").split(".")
    return ["spec", "replicas"]
