"""The kubelets' heartbeats: each node's lease is renewed every ten seconds."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import micro_time_text, parse_time
from fakekube.machinery.controller import Controller, Watch
from fakekube.machinery.plan import NOTHING, Create, Plan, Update
from fakekube.machinery.world import World
from fakekube.nodes.bootstrap import LEASE_NAMESPACE, lease
from fakekube.storage.values import Event

EVERY_SECONDS = 10.0
LEASES = "leases.coordination.k8s.io"


def reconcile(name: str, world: World) -> Plan:
    """Renew the lease of the node if it is time, or make it."""
    node = world.get("nodes", "", name)
    if node is None or world.get("namespaces", "", LEASE_NAMESPACE) is None:
        return NOTHING
    user, now = f"system:node:{name}", micro_time_text(world.now())
    present = world.get(LEASES, LEASE_NAMESPACE, name)
    if present is None:
        return Plan([Create(LEASES, lease(node, now))], EVERY_SECONDS, user)
    renewed = present["spec"].get("renewTime")
    age = world.now() - parse_time(renewed) if renewed else EVERY_SECONDS
    if age < EVERY_SECONDS - 0.01:  # a clock's rounding is no reason to wait once more
        return Plan(after=EVERY_SECONDS - age)
    return Plan([Update(LEASES, {**present, "spec": {**present["spec"], "renewTime": now}})], EVERY_SECONDS, user)


def _of_node(event: Event, world: World) -> Iterable[str]:
    """A node that is made."""
    return (event.key.name,) if event.before is None and event.key.name in world.settings.nodes else ()


def _of_namespace(event: Event, world: World) -> Iterable[str]:
    """All nodes, when the namespace of their leases comes."""
    return sorted(world.settings.nodes) if event.before is None and event.key.name == LEASE_NAMESPACE else ()


def _of_lease(event: Event, world: World) -> Iterable[str]:
    """A lease that was taken away."""
    mine = event.key.namespace == LEASE_NAMESPACE and event.key.name in world.settings.nodes
    return (event.key.name,) if mine and event.after is None else ()


CONTROLLER = Controller(
    name="node-heartbeat",
    reconcile=reconcile,
    watches=(Watch("nodes", _of_node), Watch("namespaces", _of_namespace), Watch(LEASES, _of_lease)),
    user="system:nodes",
    component="kubelet",
    field_manager="kubelet",
    holds_time=False,
)
