"""Taint eviction: pods that do not tolerate a NoExecute taint of their node are deleted, at once or in time."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, is_deleting, parse_time, time_text
from fakekube.machinery.controller import Controller, NamedKey, Watch, service_account
from fakekube.machinery.plan import NOTHING, Delete, Emit, Patch, Plan
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.selection import tolerates
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

Place = tuple[str, str, str]


class Tainted:
    """Since when each node has each of its NoExecute taints."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.since: dict[str, dict[Place, float]] = {}

    def apply(self, event: Event) -> None:
        """Take note of taints that are put on or taken off."""
        if event.key.resource != "nodes":
            return
        name = event.key.name
        if event.after is None:
            self.since.pop(name, None)
            return
        taints = evicting(event.after.view)
        if not taints:
            self.since.pop(name, None)
            return
        known = self.since.get(name, {})
        self.since[name] = {place(each): known.get(place(each), self._start(each, event)) for each in taints}

    def _start(self, taint: Obj, event: Event) -> float:
        added = taint.get("timeAdded")
        return parse_time(added) if event.before is None and added else self._world.now()


def place(taint: Obj) -> Place:
    """What tells taints apart."""
    return taint["key"], taint.get("value", ""), taint["effect"]


def evicting(node: Obj) -> list[Obj]:
    """The node's NoExecute taints."""
    return [each for each in node["spec"].get("taints") or () if each.get("effect") == "NoExecute"]


def reconcile(key: NamedKey, world: World) -> Plan:
    """Delete the pod when the time that it tolerates its node's taints has passed."""
    pod = world.get("pods", *key)
    if pod is None or is_deleting(pod) or (pod.get("status") or {}).get("phase") in TERMINAL:
        return NOTHING
    name = pod["spec"].get("nodeName")
    node = world.get("nodes", "", name) if name else None
    if node is None or not evicting(node):
        return NOTHING
    due = _due(pod, node, world)
    if due is None:
        return NOTHING
    if due > world.now():
        return Plan(after=due - world.now())
    entry = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint",
        "observedGeneration": pod["metadata"].get("generation"),
        "lastTransitionTime": time_text(world.now()),
    }
    at = Key("pods", *key)
    told = Emit(pod, "TaintManagerEviction", f"Marking for deletion Pod {key.namespace}/{key.name}")
    return Plan([told, Patch(at, {"status": {"conditions": [entry]}}, subresource="status"), Delete(at)])


def _due(pod: Obj, node: Obj, world: World) -> float | None:
    """When the pod has to go; None if it may stay for ever."""
    since = world.follower(Tainted).since.get(node["metadata"]["name"], {})
    dues: list[float] = []
    for taint in evicting(node):
        start = since.get(place(taint), world.now())
        fitting = [each for each in pod["spec"].get("tolerations") or () if tolerates(each, taint)]
        if not fitting:
            return start
        limits = [max(0, each["tolerationSeconds"]) for each in fitting if each.get("tolerationSeconds") is not None]
        if limits:
            dues.append(start + min(limits))
    return min(dues, default=None)


def _of_node(event: Event, world: World) -> Iterable[NamedKey]:
    """The pods of a node whose NoExecute taints changed."""
    after = evicting(event.after.view) if event.after is not None else []
    before = evicting(event.before.view) if event.before is not None else []
    return [NamedKey(pod.namespace, pod.name) for pod in world.pods_on(event.key.name)] if after != before else []


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """A pod on a node that has such taints."""
    after = event.after
    node = after.view["spec"].get("nodeName") if after is not None else None
    if node and node in world.follower(Tainted).since:
        return (NamedKey(event.key.namespace, event.key.name),)
    return ()


CONTROLLER = Controller(
    name="taint-eviction",
    reconcile=reconcile,
    watches=(Watch("nodes", _of_node), Watch("pods", _of_pod)),
    user=service_account("node-controller"),
    component="taint-eviction-controller",
)
