"""Which persistent volume suits a claim, and how the two are bound; for the binder and the scheduler alike."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, annotations_of, is_deleting, labels_of
from fakekube.core.quantity import parse
from fakekube.machinery.selection import matcher, node_selector
from fakekube.machinery.world import Index, World

VOLUMES = "persistentvolumes"
CLAIMS = "persistentvolumeclaims"
CLASSES = "storageclasses.storage.k8s.io"
BOUND_BY = "pv.kubernetes.io/bound-by-controller"
COMPLETED = "pv.kubernetes.io/bind-completed"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
NO_PROVISIONER = "kubernetes.io/no-provisioner"


def mounted(pod: Obj) -> list[str]:
    """The names of the claims that the pod mounts, ephemeral ones by the name that is made for them."""
    found = []
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("persistentVolumeClaim"):
            found.append(volume["persistentVolumeClaim"]["claimName"])
        elif volume.get("ephemeral"):
            found.append(f"{pod['metadata']['name']}-{volume['name']}")
    return found


def places(pod: Obj) -> Iterable[tuple[str, str]]:
    """Namespace and name of each claim that the pod mounts."""
    return [(pod["metadata"]["namespace"], name) for name in mounted(pod)]


BY_CLAIM = Index("pods", places)
"""Pods by the claims that they mount."""


def class_name(obj: Obj) -> str:
    """The storage class that a claim or volume names, by its field or by the annotation of old."""
    return annotations_of(obj).get(OLD_CLASS) or obj["spec"].get("storageClassName") or ""


def class_of(claim: Obj, world: World) -> Obj | None:
    """The claim's storage class."""
    name = class_name(claim)
    return world.get(CLASSES, "", name) if name else None


def waits_for_consumer(claim: Obj, world: World) -> bool:
    """Whether the claim is bound only when a pod that mounts it is placed."""
    found = class_of(claim, world)
    return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"


def reachable(volume: Obj, node: Obj | None) -> bool:
    """Whether the volume can be used on the node."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    return required is None or (node is not None and node_selector(required)(node))


def names(volume: Obj, claim: Obj) -> bool:
    """Whether the volume's claimRef means this claim."""
    reference, meta = volume["spec"].get("claimRef"), claim["metadata"]
    if reference is None:
        return False
    named = (reference.get("namespace"), reference.get("name")) == (meta["namespace"], meta["name"])
    return named and (reference.get("uid") or meta["uid"]) == meta["uid"]


def large_enough(volume: Obj, claim: Obj) -> bool:
    """Whether the volume has the size that the claim asks for."""
    wanted = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    return parse((volume["spec"].get("capacity") or {}).get("storage")) >= parse(wanted)


def same_mode(volume: Obj, claim: Obj) -> bool:
    """Whether both are file systems, or both raw devices."""
    return (volume["spec"].get("volumeMode") or "Filesystem") == (claim["spec"].get("volumeMode") or "Filesystem")


def free_and_suiting(volume: Obj, claim: Obj) -> bool:
    """Whether an unused volume has what the claim asks for besides size and mode."""
    if volume["spec"].get("claimRef") is not None or (volume.get("status") or {}).get("phase") != "Available":
        return False
    selector = claim["spec"].get("selector")
    if selector is not None and not matcher(selector)(labels_of(volume)):
        return False
    modes = set(claim["spec"].get("accessModes") or ())
    return class_name(volume) == class_name(claim) and modes <= set(volume["spec"].get("accessModes") or ())


def best(volumes: Iterable[Obj], claim: Obj, node: Obj | None, *, delayed: bool) -> Obj | None:
    """The volume to bind: one that names the claim already, or else the smallest that suits.

    With `delayed` and no node only the former is looked for.
    """
    found: list[Obj] = []
    for volume in volumes:
        if not large_enough(volume, claim) or not same_mode(volume, claim) or is_deleting(volume):
            continue
        if names(volume, claim):
            return volume if node is None or reachable(volume, node) else None
        if delayed and node is None:
            continue
        if free_and_suiting(volume, claim) and (node is None or reachable(volume, node)):
            found.append(volume)
    return min(found, key=lambda each: parse(each["spec"]["capacity"]["storage"]).nanos, default=None)


def bound_to(volume: Obj, claim: Obj) -> Obj:
    """The volume with a full reference to the claim; marked as bound here unless someone had named the claim."""
    meta, given = claim["metadata"], volume["spec"].get("claimRef") is not None
    reference = {
        "kind": "PersistentVolumeClaim",
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": "v1",
        "resourceVersion": meta["resourceVersion"],
    }
    about = dict(volume["metadata"])
    if not given:
        about["annotations"] = {**annotations_of(volume), BOUND_BY: "yes"}
    return {**volume, "metadata": about, "spec": {**volume["spec"], "claimRef": reference}}


def claim_of(volume: Obj, claim: Obj) -> Obj:
    """The claim with the volume's name; marked as bound here unless its maker had named the volume."""
    annotations = dict(annotations_of(claim))
    if not claim["spec"].get("volumeName"):
        annotations[BOUND_BY] = "yes"
    annotations[COMPLETED] = "yes"
    meta = {**claim["metadata"], "annotations": annotations}
    return {**claim, "metadata": meta, "spec": {**claim["spec"], "volumeName": volume["metadata"]["name"]}}
