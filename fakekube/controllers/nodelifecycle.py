"""Node lifecycle: taints that follow a node's conditions, and what is said of nodes that have fallen silent.

Keys are node names. A node's kubelet is heard by its status and by its lease.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fakekube.core.meta import Obj, condition, is_true, labels_of, time_text
from fakekube.machinery.controller import Controller, Watch, service_account
from fakekube.machinery.plan import NOTHING, Change, Emit, Patch, Plan, Update
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.workloads import status_update
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

GRACE_SECONDS = 50.0
"""A node that is silent for so long is said to be in an unknown state."""
STARTUP_SECONDS = 60.0
"""The same for a node that has never said anything."""
LEASES, LEASE_NAMESPACE = "leases.coordination.k8s.io", "kube-node-lease"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"

_TAINTS = {
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
}
_OWN_SCHEDULING = frozenset({*_TAINTS.values(), UNSCHEDULABLE})
_OWN_EVICTING = frozenset({NOT_READY, UNREACHABLE})
_WATCHED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")


_OLD_LABELS = {"beta.kubernetes.io/os": "kubernetes.io/os", "beta.kubernetes.io/arch": "kubernetes.io/arch"}
"""Labels of old that every node has as well."""
EXCLUDED = "node.kubernetes.io/exclude-disruption"
MANY_UNREADY, SMALL_ZONE = 0.55, 50
"""When this part of the nodes of a zone with no more than so many is not ready, no more pods are put off."""


class Registered(NamedTuple):
    """A key: the node has come, or gone, and that is to be told."""

    name: str
    uid: str
    come: bool


class Heartbeats:
    """When each node was last heard of."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.last: dict[str, float] = {}

    def apply(self, event: Event) -> None:
        """A lease that is renewed, or a status that is written, is a sign of life."""
        key, after = event.key, event.after
        if key.resource == "nodes":
            if after is None:
                self.last.pop(key.name, None)
            elif event.before is None or _posted(event.before.view) != _posted(after.view):
                self.last[key.name] = self._world.now()
        elif (
            key.resource == LEASES and key.namespace == LEASE_NAMESPACE and after is not None and key.name in self.last
        ):
            self.last[key.name] = self._world.now()


class Zones:
    """Which nodes are ready, zone by zone: where hardly any is, the fault is thought to lie elsewhere."""

    def __init__(self, world: World) -> None:
        self._ready: dict[tuple[str, str], set[str]] = {}
        self._unready: dict[tuple[str, str], set[str]] = {}
        self._place: dict[str, tuple[str, str]] = {}
        self.last: Event | None = None

    def apply(self, event: Event) -> None:
        """Take note of a node; `last` is the write that changed which nodes are ready, if it was the last of a node."""
        if event.key.resource != "nodes":
            return
        name, node = event.key.name, event.after.view if event.after is not None else None
        place = self._place.pop(name, None)
        was = place is not None and name in self._ready.get(place, ())
        if place is not None:
            self._ready.get(place, set()).discard(name)
            self._unready.get(place, set()).discard(name)
        is_ready = node is not None and is_true(node, "Ready")
        if node is not None and EXCLUDED not in labels_of(node):
            labels = labels_of(node)
            place = (labels.get("topology.kubernetes.io/region", ""), labels.get("topology.kubernetes.io/zone", ""))
            self._place[name] = place
            (self._ready if is_ready else self._unready).setdefault(place, set()).add(name)
        self.last = event if was != is_ready else None

    def unready(self) -> list[str]:
        """The nodes that are not ready."""
        return [name for names in self._unready.values() for name in sorted(names)]

    def evicts(self, name: str, *, already: bool) -> bool:
        """Whether pods are put off the node if it is not ready; `already`: whether they are being put off."""
        if not any(self._ready.values()):
            return False
        place = self._place.get(name)
        if already or place is None:
            return True
        unready, ready = (len(of.get(place, ())) for of in (self._unready, self._ready))
        total = unready + ready
        return unready <= 2 or total > SMALL_ZONE or unready / total < MANY_UNREADY


def _posted(node: Obj) -> list[Obj]:
    """The conditions as a kubelet posts them; what this controller writes itself is no sign of life."""
    listed = (node.get("status") or {}).get("conditions") or []
    return [each for each in listed if each.get("status") != "Unknown"]


def reconcile(key: str | Registered, world: World) -> Plan:
    """Bring the node's taints to its conditions; say so when it has been silent for too long."""
    if isinstance(key, Registered):
        return Plan([_registration(key)])
    node = world.get("nodes", "", key)
    if node is None:
        return NOTHING
    ready = condition(node, "Ready")
    wait = _silence_left(node, ready, world)
    if wait is not None and wait <= 0:
        return _fallen_silent(node, ready, world)
    labels = labels_of(node)
    old = {name: labels[stable] for name, stable in _OLD_LABELS.items() if stable in labels}
    changes: list[Change] = []
    if any(labels.get(name) != value for name, value in old.items()):
        changes.append(Patch(Key("nodes", "", key), {"metadata": {"labels": old}}))
    taints = _taints(node, world)
    if taints == (node["spec"].get("taints") or []):
        return Plan(changes, wait)
    spec = {name: value for name, value in node["spec"].items() if name != "taints"}
    if taints:
        spec["taints"] = taints
    return Plan([Update("nodes", {**node, "spec": spec}), *changes], wait)


def _registration(key: Registered) -> Change:
    about = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": key.name, "uid": key.uid}}
    if key.come:
        return Emit(about, "RegisteredNode", f"Node {key.name} event: Registered Node {key.name} in Controller")
    return Emit(about, "RemovingNode", f"Node {key.name} event: Removing Node {key.name} from Controller")


def _silence_left(node: Obj, ready: Obj | None, world: World) -> float | None:
    """Seconds until the node counts as silent; None if that is said of it already."""
    if ready is not None and ready["status"] == "Unknown":
        return None
    if node["metadata"]["name"] in world.settings.nodes:
        return None  # its kubelet is ours and beats; a virtual clock may pass over the beats
    allowed = GRACE_SECONDS if ready is not None else STARTUP_SECONDS
    heard = world.follower(Heartbeats).last.get(node["metadata"]["name"], world.now())
    return heard + allowed - world.now()


def _fallen_silent(node: Obj, ready: Obj | None, world: World) -> Plan:
    """Its conditions are unknown from now on, and its pods not ready."""
    now, name = time_text(world.now()), node["metadata"]["name"]
    old = {each["type"]: each for each in (node.get("status") or {}).get("conditions") or ()}
    for kind in _WATCHED:
        known = old.get(kind)
        created = node["metadata"].get("creationTimestamp", now)
        entry = {"type": kind, "status": "Unknown", "lastHeartbeatTime": created, "lastTransitionTime": now}
        if known is None:
            entry |= {"reason": "NodeStatusNeverUpdated", "message": "Kubelet never posted node status."}
        else:
            entry |= {"reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
            entry["lastHeartbeatTime"] = known.get("lastHeartbeatTime")
        old[kind] = entry
    status = {**(node.get("status") or {}), "conditions": list(old.values())}
    changes: list[Change] = [Update("nodes", status_update(node, status), "status")]
    if ready is not None and ready["status"] == "True":
        changes.append(Emit(node, "NodeNotReady", f"Node {name} status is now: NodeNotReady"))
        changes += [change for pod in world.pods_on(name) if pod.ready for change in _unready(pod, now)]
    return Plan(changes)


def _unready(pod: PodFacts, now: str) -> list[Change]:
    entry = {"type": "Ready", "status": "False", "lastTransitionTime": now}
    write = Patch(pod.key, {"status": {"conditions": [entry]}}, subresource="status")
    return [write, Emit(pod.view, "NodeNotReady", "Node is not ready", "Warning")]


def _taints(node: Obj, world: World) -> list[Obj]:
    """The node's taints as they should be: others' as they are, and one for each condition that asks for it."""
    present: list[Obj] = node["spec"].get("taints") or []
    found = [(each["type"], each["status"]) for each in (node.get("status") or {}).get("conditions") or ()]
    wanted = [(_TAINTS[pair], "NoSchedule") for pair in found if pair in _TAINTS]
    if node["spec"].get("unschedulable"):
        wanted.append((UNSCHEDULABLE, "NoSchedule"))
    evicting = [_TAINTS[pair] for pair in found if pair[0] == "Ready" and pair in _TAINTS]
    if evicting:
        already = any(each["effect"] == "NoExecute" and each["key"] in _OWN_EVICTING for each in present)
        if world.follower(Zones).evicts(node["metadata"]["name"], already=already):
            wanted += [(key, "NoExecute") for key in evicting]
    kept = [each for each in present if not _is_own(each) or (each["key"], each["effect"]) in wanted]
    known = {(each["key"], each["effect"]) for each in kept}
    now = time_text(world.now())
    return kept + [{"key": key, "effect": how, "timeAdded": now} for key, how in wanted if (key, how) not in known]


def _is_own(taint: Obj) -> bool:
    own = {"NoSchedule": _OWN_SCHEDULING, "NoExecute": _OWN_EVICTING}.get(taint.get("effect", ""), frozenset())
    return taint["key"] in own


def _of_node(event: Event, world: World) -> Iterable[str | Registered]:
    """The node; its coming and going, to be told; and all that are not ready, when it becomes so or is so no more."""
    before, after = event.before, event.after
    zones = world.follower(Zones)
    if zones.last is event:
        yield from zones.unready()
    if after is None:
        if before is not None:
            yield Registered(event.key.name, before.view["metadata"]["uid"], False)
        return
    yield event.key.name
    if before is None:
        yield Registered(event.key.name, after.view["metadata"]["uid"], True)


def _begin(world: World) -> Iterable[Key]:
    """Signs of life are followed from the start."""
    world.follower(Heartbeats)
    world.follower(Zones)
    return ()


CONTROLLER = Controller(
    name="nodelifecycle",
    reconcile=reconcile,
    watches=(Watch("nodes", _of_node),),
    user=service_account("node-controller"),
    component="node-controller",
    begin=_begin,
)
