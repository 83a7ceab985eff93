"""DaemonSet: one pod on every node that will have it, replaced in place when its template changes."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.controllers.daemonset.failures import Failures
from fakekube.controllers.daemonset.round import RESOURCE, reconcile
from fakekube.machinery.controller import (
    Controller,
    NamedKey,
    Watch,
    its_controller,
    itself,
    selecting,
    service_account,
)
from fakekube.machinery.history import REVISIONS
from fakekube.machinery.podfacts import controller_in
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

_CONTROLLER = its_controller("DaemonSet", "apps")


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """The pod's controller; for one without, every DaemonSet that might adopt it."""
    if event.after is not None and controller_in(event.after.view["metadata"]) is None:
        return _CONTROLLER(event, world) + selecting(RESOURCE, event, world)
    return _CONTROLLER(event, world)


def _of_node(event: Event, world: World) -> Iterable[NamedKey]:
    """All DaemonSets, when a node comes, goes, or changes in what they look at."""
    if event.before is not None and event.after is not None:
        before, after = event.before.view, event.after.view
        same = event.before.labels == event.after.labels
        if same and before["spec"].get("taints") == after["spec"].get("taints"):
            return []
    return [NamedKey(stored.key.namespace, stored.key.name) for stored in world.store.list(RESOURCE)]


def _begin(world: World) -> Iterable[Key]:
    """What is remembered of failed pods is followed from the start."""
    world.follower(Failures)
    return ()


CONTROLLER = Controller(
    name="daemonset",
    reconcile=reconcile,
    watches=(
        Watch(RESOURCE, itself),
        Watch("pods", _of_pod),
        Watch("nodes", _of_node),
        Watch(REVISIONS, _CONTROLLER),
    ),
    user=service_account("daemon-set-controller"),
    component="daemonset-controller",
    begin=_begin,
)
