"""The kubelets' row: which pods a write concerns. What becomes of them (`kubelet`) is loaded with the first."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.machinery.controller import Controller, NamedKey, Watch
from fakekube.machinery.plan import Plan
from fakekube.machinery.world import World
from fakekube.nodes import stages
from fakekube.nodes.behaviour import Rules
from fakekube.nodes.memory import Addresses, Moments, Starting
from fakekube.nodes.sources import Awaited
from fakekube.storage.values import Event


def reconcile(key: NamedKey, world: World) -> Plan:
    """Take the pod a step on, or wait until it is time to."""
    from fakekube.nodes.kubelet import reconcile as decide

    return decide(key, world)


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """A pod that is bound to one of the cluster's own nodes."""
    after = event.after
    if after is None:
        return _of_room(event, world)
    if after.view["spec"].get("nodeName") in world.settings.nodes:
        return (NamedKey(event.key.namespace, event.key.name),)
    return ()


def _of_room(event: Event, world: World) -> Iterable[NamedKey]:
    """The pods that wait for the room of one that is gone."""
    from fakekube.nodes.changes import Deferred

    node = event.before.view["spec"].get("nodeName") if event.before is not None else None
    return [NamedKey(key.namespace, key.name) for key in world.follower(Deferred).on(node)] if node else ()


def _of_source(event: Event, world: World) -> Iterable[NamedKey]:
    """The pods that wait for a ConfigMap or Secret of this namespace."""
    return [NamedKey(key.namespace, key.name) for key in world.follower(Awaited).wake(event.key.namespace)]


def _of_stage(event: Event, world: World) -> Iterable[NamedKey]:
    """All pods of the cluster's own nodes, when a Stage object for pods comes, changes or goes."""
    if stages.POD not in stages.kinds_of(event):
        return ()
    listed = (world.pods_on(node) for node in sorted(world.settings.nodes))
    return [NamedKey(pod.key.namespace, pod.key.name) for pods in listed for pod in pods]


def _begin(world: World) -> Iterable[NamedKey]:
    """Nothing to begin with; but what a kubelet remembers is followed from the start."""
    for memory in (Addresses, Moments, Starting, Rules):
        world.follower(memory)
    return ()


CONTROLLER = Controller(
    name="kubelet",
    reconcile=reconcile,
    watches=(
        Watch("pods", _of_pod),
        Watch("configmaps", _of_source),
        Watch("secrets", _of_source),
        Watch(stages.STAGES, _of_stage),
    ),
    user="system:nodes",
    component="kubelet",
    field_manager="kubelet",
    begin=_begin,
)
