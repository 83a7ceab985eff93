"""Taint eviction: pods that do not tolerate a NoExecute taint of their node are deleted, at once or in time."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, time_text
from fakekube.machinery.controller import Controller, NamedKey, Watch, service_account
from fakekube.machinery.plan import NOTHING, Change, Delete, Emit, Patch, Plan
from fakekube.machinery.selection import tolerates
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key


class Bookings:
    """When each eviction that is to come is due; `done`: the uids of the pods that were evicted; `tainted`: the nodes
    that have such taints."""

    def __init__(self, world: World) -> None:
        self.due: dict[NamedKey, float] = {}
        self.done: dict[NamedKey, str] = {}
        self.tainted: dict[str, None] = {}

    def apply(self, event: Event) -> None:
        """Take note of nodes, and of pods that are gone."""
        if event.key.resource == "pods" and event.after is None:
            self.done.pop(NamedKey(event.key.namespace, event.key.name), None)
        elif event.key.resource == "nodes" and event.after is not None and evicting(event.after.view):
            self.tainted[event.key.name] = None
        elif event.key.resource == "nodes":
            self.tainted.pop(event.key.name, None)


def evicting(node: Obj) -> list[Obj]:
    """The node's NoExecute taints."""
    return [each for each in node["spec"].get("taints") or () if each.get("effect") == "NoExecute"]


def reconcile(key: NamedKey, world: World) -> Plan:
    """Delete the pod when the time that it tolerates its node's taints has passed."""
    bookings = world.follower(Bookings)
    pod = world.get("pods", *key)
    name = pod["spec"].get("nodeName") if pod is not None else None
    node = world.get("nodes", "", name) if name else None
    if pod is None or (node is not None and not evicting(node)):
        return Plan(_cancelled(key, bookings))
    if node is None or bookings.done.get(key) == pod["metadata"]["uid"]:
        return NOTHING
    tolerance = _tolerance(pod, node)
    if tolerance is None:
        return Plan(_cancelled(key, bookings))
    if not tolerance:
        return _evict(key, pod, bookings, _cancelled(key, bookings), world)
    due = bookings.due.setdefault(key, world.now() + tolerance)
    if due > world.now():
        return Plan(after=due - world.now())
    return _evict(key, pod, bookings, [], world)


def _evict(key: NamedKey, pod: Obj, bookings: Bookings, told: list[Change], world: World) -> Plan:
    bookings.due.pop(key, None)
    bookings.done[key] = pod["metadata"]["uid"]
    entry = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint",
        "observedGeneration": pod["metadata"].get("generation"),
        "lastTransitionTime": time_text(world.now()),
    }
    at = Key("pods", *key)
    marked = _told(key, "Marking for deletion Pod")
    return Plan([*told, marked, Patch(at, {"status": {"conditions": [entry]}}, subresource="status"), Delete(at)])


def _cancelled(key: NamedKey, bookings: Bookings) -> list[Change]:
    """Forget the eviction that was to come, and tell so."""
    if bookings.due.pop(key, None) is None:
        return []
    return [_told(key, "Cancelling deletion of Pod")]


def _told(key: NamedKey, what: str) -> Change:
    about = {"kind": "Pod", "apiVersion": "v1", "metadata": {"namespace": key.namespace, "name": key.name}}
    return Emit(about, "TaintManagerEviction", f"{what} {key.namespace}/{key.name}")


def _tolerance(pod: Obj, node: Obj) -> float | None:
    """For how many seconds the pod tolerates the node's taints, each by the first toleration that covers it; None: for
    ever."""
    limits: list[float] = []
    for taint in evicting(node):
        fitting = next((each for each in pod["spec"].get("tolerations") or () if tolerates(each, taint)), None)
        if fitting is None:
            return 0.0
        if fitting.get("tolerationSeconds") is not None:
            limits.append(max(0.0, fitting["tolerationSeconds"]))
    return min(limits, default=None)


def _of_node(event: Event, world: World) -> Iterable[NamedKey]:
    """The pods of a node whose NoExecute taints changed."""
    after = evicting(event.after.view) if event.after is not None else []
    before = evicting(event.before.view) if event.before is not None else []
    return [NamedKey(pod.namespace, pod.name) for pod in world.pods_on(event.key.name)] if after != before else []


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """A pod on a node that has such taints; one that is gone, if its eviction was to come."""
    bookings = world.follower(Bookings)
    if not (bookings.due or bookings.tainted):
        return ()
    key = NamedKey(event.key.namespace, event.key.name)
    after = event.after
    node = after.view["spec"].get("nodeName") if after is not None else None
    if key in bookings.due or (node and node in bookings.tainted):
        return (key,)
    return ()


CONTROLLER = Controller(
    name="taint-eviction",
    reconcile=reconcile,
    watches=(Watch("nodes", _of_node), Watch("pods", _of_pod)),
    user=service_account("node-controller"),
    component="taint-eviction-controller",
)
