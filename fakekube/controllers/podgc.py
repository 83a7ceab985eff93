"""Pod garbage collection: pods of nodes that are no more, and deleted pods that were never bound."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, is_deleting, is_true, time_text
from fakekube.machinery.controller import Controller, NamedKey, Watch, service_account
from fakekube.machinery.plan import NOTHING, Change, Delete, Patch, Plan
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

QUARANTINE_SECONDS = 40.0
"""A node must have been gone for so long."""


OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


class Missing:
    """Since when nodes are missing that pods are bound to."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.since: dict[str, float] = {}

    def apply(self, event: Event) -> None:
        """Take note of nodes that go and come."""
        if event.key.resource != "nodes":
            return
        if event.after is None:
            self.since[event.key.name] = self._world.now()
        else:
            self.since.pop(event.key.name, None)

    def note(self, name: str) -> float:
        """Since when the node is missing: from now on, if that was not known."""
        return self.since.setdefault(name, self._world.now())


def reconcile(key: NamedKey, world: World) -> Plan:
    """Take the pod away if nobody else will."""
    pod = world.get("pods", *key)
    if pod is None:
        return NOTHING
    name = pod["spec"].get("nodeName")
    if not name:
        return Plan(_removal(pod, None)) if is_deleting(pod) and _needs_us(pod) else NOTHING
    node = world.get("nodes", "", name)
    if node is not None:
        return Plan(_removal(pod, None)) if is_deleting(pod) and _is_out_of_service(node) else NOTHING
    wait = world.follower(Missing).note(name) + QUARANTINE_SECONDS - world.now()
    if wait > 0:
        return Plan(after=wait)
    if is_deleting(pod) and not _needs_us(pod):
        return NOTHING  # what is left is up to finalizers
    entry = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "DeletionByPodGC",
        "message": "PodGC: node no longer exists",
        "observedGeneration": pod["metadata"].get("generation"),
        "lastTransitionTime": time_text(world.now()),
    }
    return Plan(_removal(pod, entry))


def _is_out_of_service(node: Obj) -> bool:
    """Whether someone has said that nobody will ever stop the pods of this node."""
    tainted = any(each["key"] == OUT_OF_SERVICE for each in node["spec"].get("taints") or ())
    return tainted and not is_true(node, "Ready")


def _needs_us(pod: Obj) -> bool:
    """Whether the pod that is being deleted waits for somebody to say that it has ended, or for its grace to pass."""
    ended = (pod.get("status") or {}).get("phase") in TERMINAL
    return not ended or bool(pod["metadata"].get("deletionGracePeriodSeconds") != 0)


def _removal(pod: Obj, entry: Obj | None) -> list[Change]:
    meta = pod["metadata"]
    key = Key("pods", meta["namespace"], meta["name"])
    changes: list[Change] = []
    if (pod.get("status") or {}).get("phase") not in TERMINAL:
        status: Obj = {"phase": "Failed"}
        if entry is not None:
            status["conditions"] = [entry]
        changes.append(Patch(key, {"status": status}, subresource="status"))
    return [*changes, Delete(key, grace=0)]


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """A pod on a missing node, or deleted without one."""
    if event.after is None:
        return ()
    pod = event.after.view
    node = pod["spec"].get("nodeName")
    deleting = "deletionTimestamp" in pod["metadata"]
    found = world.store.get(Key("nodes", "", node)) if node else None
    stray = found is None and (bool(node) or deleting)
    if found is not None and deleting:
        stray = _is_out_of_service(found.view)
    return (NamedKey(event.key.namespace, event.key.name),) if stray else ()


def _of_node(event: Event, world: World) -> Iterable[NamedKey]:
    """The pods of a node that went, or that is out of service."""
    if event.after is not None and not _is_out_of_service(event.after.view):
        return ()
    return [NamedKey(pod.namespace, pod.name) for pod in world.pods_on(event.key.name)]


CONTROLLER = Controller(
    name="podgc",
    reconcile=reconcile,
    watches=(Watch("pods", _of_pod), Watch("nodes", _of_node)),
    user=service_account("pod-garbage-collector"),
    component="pod-garbage-collector",
)
