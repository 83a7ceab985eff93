"""Protection of storage in use: claims stay while pods use them, volumes while they are bound, and the classes of
volumes' attributes while a claim or volume names them."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, is_deleting
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Plan, Update
from fakekube.machinery.volumes import BY_CLAIM, places
from fakekube.machinery.world import Index, World
from fakekube.storage.values import Event

CLAIM_FINALIZER = "kubernetes.io/pvc-protection"
VOLUME_FINALIZER = "kubernetes.io/pv-protection"
CLASS_FINALIZER = "kubernetes.io/vac-protection"
CLASSES = "volumeattributesclasses.storage.k8s.io"


def reconcile_claim(key: NamedKey, world: World) -> Plan:
    """Take the finalizer off a claim that is deleted when no bound pod mounts it; one that is not deleted has it."""
    claim = world.get("persistentvolumeclaims", *key)
    if claim is None:
        return NOTHING
    if not is_deleting(claim):
        return _with(claim, "persistentvolumeclaims", CLAIM_FINALIZER)
    if any(_mounts(pod, key.name) for pod in world.indexed(BY_CLAIM, (key.namespace, key.name))):
        return NOTHING
    return _without(claim, "persistentvolumeclaims", CLAIM_FINALIZER)


def reconcile_volume(key: NamedKey, world: World) -> Plan:
    """Take the finalizer off a volume that is deleted when it is not bound; one that is not deleted has it."""
    volume = world.get("persistentvolumes", "", key.name)
    if volume is None:
        return NOTHING
    if not is_deleting(volume):
        return _with(volume, "persistentvolumes", VOLUME_FINALIZER)
    if (volume.get("status") or {}).get("phase") == "Bound":
        return NOTHING
    return _without(volume, "persistentvolumes", VOLUME_FINALIZER)


def reconcile_class(key: NamedKey, world: World) -> Plan:
    """Take the finalizer off a class that is deleted when nothing names it; one that is not deleted has it."""
    found = world.get(CLASSES, "", key.name)
    if found is None:
        return NOTHING
    if not is_deleting(found):
        return _with(found, CLASSES, CLASS_FINALIZER)
    if any(world.indexed(index, key.name) for index in (BY_CLAIMED_CLASS, BY_VOLUMES_CLASS)):
        return NOTHING
    return _without(found, CLASSES, CLASS_FINALIZER)


def _classes_of(obj: Obj) -> set[str]:
    """The classes that a claim or volume names, or is on its way to."""
    status = obj.get("status") or {}
    names = (
        obj["spec"].get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"),
    )
    return {name for name in names if name}


BY_CLAIMED_CLASS, BY_VOLUMES_CLASS = (
    Index(resource, _classes_of) for resource in ("persistentvolumeclaims", "persistentvolumes")
)


def _mounts(pod: Obj, claim: str) -> bool:
    """Whether the pod is on a node and may still use the claim: one that was made for it alone it does not use any
    more when only its finalizers keep it."""
    if not pod["spec"].get("nodeName"):
        return False
    named = any(
        (each.get("persistentVolumeClaim") or {}).get("claimName") == claim for each in pod["spec"].get("volumes") or ()
    )
    return named or not is_deleting(pod) or pod["metadata"].get("deletionGracePeriodSeconds") != 0


def _with(obj: Obj, resource: str, finalizer: str) -> Plan:
    listed = obj["metadata"].get("finalizers") or []
    if finalizer in listed:
        return NOTHING
    return Plan([Update(resource, {**obj, "metadata": {**obj["metadata"], "finalizers": [*listed, finalizer]}})])


def _without(obj: Obj, resource: str, finalizer: str) -> Plan:
    listed = obj["metadata"].get("finalizers") or []
    if finalizer not in listed:
        return NOTHING
    left = [each for each in listed if each != finalizer]
    meta = {name: value for name, value in obj["metadata"].items() if name != "finalizers"}
    if left:
        meta["finalizers"] = left
    return Plan([Update(resource, {**obj, "metadata": meta})])


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """The claims of a pod that went, or that only its finalizers keep."""
    if event.before is None:
        return ()
    if event.after is not None and event.after.view["metadata"].get("deletionGracePeriodSeconds") != 0:
        return ()
    return [NamedKey(*each) for each in places(event.before.view)]


CLAIMS = Controller(
    name="pvc-protection",
    reconcile=reconcile_claim,
    watches=(Watch("persistentvolumeclaims", itself), Watch("pods", _of_pod)),
    user=service_account("pvc-protection-controller"),
    component="pvc-protection-controller",
)
VOLUMES = Controller(
    name="pv-protection",
    reconcile=reconcile_volume,
    watches=(Watch("persistentvolumes", itself),),
    user=service_account("pv-protection-controller"),
    component="pv-protection-controller",
)


def _of_user(event: Event, world: World) -> Iterable[NamedKey]:
    """The classes that a claim or volume names no more."""
    before = _classes_of(event.before.view) if event.before is not None else set()
    after = _classes_of(event.after.view) if event.after is not None else set()
    return [NamedKey("", name) for name in sorted(before - after)]


ATTRIBUTES = Controller(
    name="vac-protection",
    reconcile=reconcile_class,
    watches=(Watch(CLASSES, itself), Watch("persistentvolumeclaims", _of_user), Watch("persistentvolumes", _of_user)),
    user=service_account("volumeattributesclass-protection-controller"),
    component="volumeattributesclass-protection-controller",
)
