"""DaemonSet: one pod on every node that will have it, replaced in place when its template changes."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.controllers.daemonset.failures import Failures
from fakekube.machinery.controller import (
    Controller,
    NamedKey,
    Watch,
    its_controller,
    its_controller_or_adopter,
    itself,
    service_account,
)
from fakekube.machinery.plan import Plan
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

RESOURCE = "daemonsets.apps"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bring the pods of a DaemonSet to one on every node that will have it."""
    from fakekube.controllers.daemonset.round import reconcile as decide

    return decide(key, world)


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
        Watch("pods", its_controller_or_adopter("DaemonSet", "apps", RESOURCE)),
        Watch("nodes", _of_node),
        Watch("controllerrevisions.apps", its_controller("DaemonSet", "apps")),
    ),
    user=service_account("daemon-set-controller"),
    component="daemonset-controller",
    begin=_begin,
)
