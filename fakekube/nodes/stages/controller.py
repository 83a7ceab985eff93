"""The controller that plays stages, of whatever kind their objects are."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.machinery.controller import ANY, Controller, Watch
from fakekube.machinery.plan import Plan
from fakekube.machinery.world import World
from fakekube.nodes.stages import STAGES, Stages, keys_of, kind_of, kinds_of
from fakekube.storage.values import Event, Key


def reconcile(key: Key, world: World) -> Plan:
    """Play the object's stage if it is time."""
    from fakekube.nodes.stages.playing import reconcile  # there are stages: what they need is worth its time now

    return reconcile(key, world)


def _of_any(event: Event, world: World) -> Iterable[Key]:
    """An object of a kind that has stages."""
    of = world.follower(Stages).of
    if event.key.resource == STAGES:
        return _concerned(event, world)
    if not of or event.after is None or kind_of(event.after.view) not in of:
        return ()
    return (event.key,)


def _concerned(event: Event, world: World) -> Iterable[Key]:
    """All objects of the kinds that a Stage object is and was about."""
    return list(keys_of(kinds_of(event), world.store))


CONTROLLER = Controller(
    name="stages",
    reconcile=reconcile,
    watches=(Watch(ANY, _of_any),),
    user="system:serviceaccount:kube-system:kwok-controller",
    component="kwok",
    field_manager="kwok",
)
