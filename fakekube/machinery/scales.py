"""How many replicas an object asks for and has, whatever its kind: what its scale subresource would show."""

from __future__ import annotations

from typing import NamedTuple

from fakekube.core.meta import Obj
from fakekube.machinery.world import World
from fakekube.registry.custom import scale as custom
from fakekube.registry.subresources.scale import paths_of, selector_text
from fakekube.schema.resources import Resource


class Scale(NamedTuple):
    """The replicas that are wanted and that there are, and the selector of their pods as text."""

    wanted: int
    present: int
    selector: str


def scale_of(obj: Obj, resource: Resource) -> Scale | None:
    """The object's Scale; None if its resource has no scale subresource, or does not hold what that needs."""
    if "scale" not in resource.subresources:
        return None
    paths = paths_of(resource)
    try:
        wanted, present = custom.number_at(obj, paths.replicas), custom.number_at(obj, paths.status)
        selector = custom.text_at(obj, paths.selector) if resource.custom else selector_text(obj)
    except custom.PlaceError:
        return None
    return Scale(wanted or 0, present or 0, selector or "")


def replicas_of(obj: Obj, resource: Resource, world: World) -> int | None:
    """spec.replicas of the object's Scale; None if its resource has no scale subresource."""
    found = scale_of(obj, resource)
    return None if found is None else found.wanted
