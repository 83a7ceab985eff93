"""The scheduler: finds a node for each pod that has none, or says why there is none.

Rules and words are those of kube-scheduler's default profile. Of the nodes that would do it takes the one that the pod
prefers most, and of equal ones the one with fewer pods.
"""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.controllers.scheduler.nodes import Nodes
from fakekube.machinery.controller import Controller, NamedKey, Watch
from fakekube.machinery.plan import Plan
from fakekube.machinery.podfacts import SCHEDULER
from fakekube.machinery.world import World
from fakekube.storage.values import Event

DEVICE_CLAIMS, DEVICE_CLASSES = "resourceclaims.resource.k8s.io", "deviceclasses.resource.k8s.io"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bind the pod to a node, or tell why it cannot be bound."""
    from fakekube.controllers.scheduler.round import reconcile as decide

    return decide(key, world)


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """A pod without node; and when a write made room, all that wait for some."""
    nodes, after = world.follower(Nodes), event.after
    found = [NamedKey(key.namespace, key.name) for key in nodes.in_turn()] if nodes.freed and nodes.waiting else []
    if after is not None and not after.view["spec"].get("nodeName") and _changed(event):
        found.append(NamedKey(event.key.namespace, event.key.name))
    return found


def _changed(event: Event) -> bool:
    """Whether more than the status changed, which the scheduler itself writes."""
    if event.before is None or event.after is None:
        return True
    before, after = event.before.view, event.after.view
    return bool(before["spec"] != after["spec"] or before["metadata"].get("labels") != after["metadata"].get("labels"))


def _of_other(event: Event, world: World) -> Iterable[NamedKey]:
    """Nodes, claims and volumes may help any pod that waits."""
    nodes = world.follower(Nodes)
    if event.key.resource == "nodes" and not nodes.freed:
        return ()
    return [NamedKey(key.namespace, key.name) for key in nodes.in_turn()]


def _of_claim(event: Event, world: World) -> Iterable[NamedKey]:
    """The pods of the claim's namespace that have no node."""
    return [NamedKey(pod.namespace, pod.name) for pod in world.pods_in(event.key.namespace) if not pod.node]


_STORAGE = ("storageclasses", "csinodes", "csistoragecapacities")

CONTROLLER = Controller(
    name="scheduler",
    reconcile=reconcile,
    alone=True,
    watches=(
        Watch("pods", _of_pod),
        Watch("nodes", _of_other),
        Watch("persistentvolumeclaims", _of_claim),
        Watch(DEVICE_CLAIMS, _of_claim),
        Watch(DEVICE_CLASSES, _of_other),
        Watch("persistentvolumes", _of_other),
        *(Watch(f"{plural}.storage.k8s.io", _of_other) for plural in _STORAGE),
    ),
    user="system:kube-scheduler",
    component=SCHEDULER,
    field_manager="kube-scheduler",
)
