"""The annotation that tells kubelets for how long they may keep secrets: longer the larger the cluster is."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import annotations_of
from fakekube.machinery.controller import Controller, Watch, service_account
from fakekube.machinery.plan import NOTHING, Patch, Plan
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

ANNOTATION = "node.alpha.kubernetes.io/ttl"
_BY_SIZE = ((100, 0), (500, 15), (1000, 30), (2000, 60))
LONGEST = 300


def seconds(nodes: int) -> int:
    """For a cluster of so many nodes."""
    return next((ttl for size, ttl in _BY_SIZE if nodes <= size), LONGEST)


def reconcile(name: str, world: World) -> Plan:
    """Write the annotation."""
    node = world.get("nodes", "", name)
    wanted = str(seconds(world.store.count("nodes")))
    if node is None or annotations_of(node).get(ANNOTATION) == wanted:
        return NOTHING
    return Plan([Patch(Key("nodes", "", name), {"metadata": {"annotations": {ANNOTATION: wanted}}})])


def _of_node(event: Event, world: World) -> Iterable[str]:
    return (event.key.name,) if event.after is not None else ()


CONTROLLER = Controller(
    name="node-ttl",
    reconcile=reconcile,
    watches=(Watch("nodes", _of_node),),
    user=service_account("ttl-controller"),
    component="ttl-controller",
)
