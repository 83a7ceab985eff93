"""The kubelets' heartbeats: each node's lease is renewed every ten seconds, and who was given up reports back."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, condition, micro_time_text, parse_time, time_text
from fakekube.machinery.controller import Controller, Watch
from fakekube.machinery.plan import NOTHING, Change, Create, Patch, Plan, Update
from fakekube.machinery.workloads import status_update
from fakekube.machinery.world import World
from fakekube.nodes.behaviour import Rules
from fakekube.nodes.bootstrap import LEASE_NAMESPACE, conditions, lease
from fakekube.nodes.roster import free_number, new_node
from fakekube.nodes.stages import NODE, Stages
from fakekube.storage.values import Event, Key

EVERY_SECONDS = 10.0
SHUTTING_DOWN = "node is shutting down"
LEASES = "leases.coordination.k8s.io"
KUBELET_VERSION = "v1.36.2+fakekube"
"""What the kubelet of a node that came by itself says of its version."""


def reconcile(name: str, world: World) -> Plan:
    """Renew the lease of the node if it is time, or make it; say that the node is well if it is said to be silent."""
    node = world.get("nodes", "", name)
    if node is None or name not in world.settings.nodes or world.get("namespaces", "", LEASE_NAMESPACE) is None:
        return NOTHING
    user, now = f"system:node:{name}", micro_time_text(world.now())
    present = world.get(LEASES, LEASE_NAMESPACE, name)
    if present is None:
        return Plan([Create(LEASES, lease(node, now)), *_report(node, world)], EVERY_SECONDS, user)
    renewed = present["spec"].get("renewTime")
    age = world.now() - parse_time(renewed) if renewed else EVERY_SECONDS
    if age < EVERY_SECONDS - 0.01:  # a clock's rounding is no reason to wait once more
        return Plan(_report(node, world), EVERY_SECONDS - age, user)
    renewal = Update(LEASES, {**present, "spec": {**present["spec"], "renewTime": now}})
    return Plan([renewal, *_report(node, world)], EVERY_SECONDS, user)


def _report(node: Obj, world: World) -> list[Change]:
    """The node's conditions as its kubelet knows them, if others have called them unknown."""
    ready = condition(node, "Ready")
    if ready is None:
        return _register(node, world)
    if not _is_outdated(ready) or node["metadata"]["name"] in world.follower(Rules).leaving:
        return []
    mine = {each["type"]: each for each in conditions(time_text(world.now()))}
    listed = (node.get("status") or {}).get("conditions") or ()
    found = [mine[each["type"]] if _is_outdated(each) and each["type"] in mine else each for each in listed]
    return [Update("nodes", status_update(node, {**node["status"], "conditions": found}), "status")]


def _is_outdated(entry: Obj) -> bool:
    """What others say of a silent node, and what it has said of its own end, before it speaks again."""
    return bool(entry["status"] == "Unknown" or entry.get("message") == SHUTTING_DOWN)


def _register(node: Obj, world: World) -> list[Change]:
    """What a kubelet says of its node at first, where nobody has said so: addresses, capacity, and that it is well."""
    name, spec = node["metadata"]["name"], node.get("spec") or {}
    others = [each for each in world.list("nodes") if each["metadata"]["name"] != name]
    usual = new_node(free_number(others, 0), time_text(world.now()), KUBELET_VERSION, name)
    changes: list[Change] = []
    if not spec.get("podCIDR"):
        changes.append(Patch(Key("nodes", "", name), {"spec": usual["spec"]}, "merge"))
    if NODE not in world.follower(Stages).of:
        status = {**usual["status"], **(node.get("status") or {}), "conditions": usual["status"]["conditions"]}
        changes.append(Patch(Key("nodes", "", name), {"status": status}, "merge", "status"))
    return changes


def _of_node(event: Event, world: World) -> Iterable[str]:
    """A node that is made, or whose conditions are to be looked at."""
    return (event.key.name,) if event.after is not None and event.key.name in world.settings.nodes else ()


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
