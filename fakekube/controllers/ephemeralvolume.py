"""Generic ephemeral volumes: the claim that a pod's volume describes is made for it, and goes with it."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, is_deleting
from fakekube.machinery.controller import Controller, NamedKey, Watch, service_account
from fakekube.machinery.plan import NOTHING, Change, Create, Emit, Plan, controller_reference
from fakekube.machinery.workloads import sparse
from fakekube.machinery.world import World
from fakekube.storage.values import Event

CLAIMS = "persistentvolumeclaims"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Make the claims of the pod that are not there; one that is somebody else's is left alone and told of."""
    pod = world.get("pods", *key)
    if pod is None or is_deleting(pod):
        return NOTHING
    changes: list[Change] = []
    for volume in _described(pod):
        name = f"{key.name}-{volume['name']}"
        found = world.get(CLAIMS, key.namespace, name)
        if found is None:
            changes.append(_create(pod, volume, name))
        elif not _is_of(found, pod):
            why = f"PVC {key.namespace}/{name} was not created for pod {key.namespace}/{key.name} (pod is not owner)"
            return Plan([*changes, _failed(pod, volume, why)], retry=True)
    return Plan(changes)


def _described(pod: Obj) -> list[Obj]:
    return [each for each in pod["spec"].get("volumes") or () if each.get("ephemeral")]


def _is_of(claim: Obj, pod: Obj) -> bool:
    uid = pod["metadata"]["uid"]
    return any(each.get("controller") and each["uid"] == uid for each in claim["metadata"].get("ownerReferences") or ())


def _failed(pod: Obj, volume: Obj, why: str) -> Change:
    return Emit(pod, "FailedBinding", f"ephemeral volume {volume['name']}: {why}", "Warning")


def _create(pod: Obj, volume: Obj, name: str) -> Create:
    template = volume["ephemeral"]["volumeClaimTemplate"]
    meta = template.get("metadata") or {}
    made: Obj = {
        "name": name,
        "namespace": pod["metadata"]["namespace"],
        "ownerReferences": [controller_reference(pod, "", "v1", "Pod")],
        **sparse({"labels": meta.get("labels"), "annotations": meta.get("annotations")}),
    }

    def refused(error: StatusError) -> Plan:
        return Plan([_failed(pod, volume, f"create PVC {name}: {error.message}")], retry=True)

    claim = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": made, "spec": template["spec"]}
    return Create(CLAIMS, claim, refused=refused)


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """A new pod with such a volume."""
    if event.before is None and event.after is not None and _described(event.after.view):
        return (NamedKey(event.key.namespace, event.key.name),)
    return ()


def _of_claim(event: Event, world: World) -> Iterable[NamedKey]:
    """The pod of a claim that went."""
    if event.after is None and event.before is not None:
        for each in event.before.view["metadata"].get("ownerReferences") or ():
            if each.get("controller") and each["kind"] == "Pod":
                yield NamedKey(event.key.namespace, each["name"])


CONTROLLER = Controller(
    name="ephemeral-volume",
    reconcile=reconcile,
    watches=(Watch("pods", _of_pod), Watch(CLAIMS, _of_claim)),
    user=service_account("ephemeral-volume-controller"),
    component="ephemeral_volume",
)
