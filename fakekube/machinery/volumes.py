"""Which persistent volume suits a claim, and how the two are bound; for the binder and the scheduler alike."""

from __future__ import annotations

from collections.abc import Container, Iterable

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
PROVISIONER = "volume.kubernetes.io/storage-provisioner"
OLD_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
OWN_PROVISIONERS = "fakekube.dev"
"""Provisioners of this name and of those below it are always played by the cluster."""
IN_TREE = "kubernetes.io/"
MIGRATED = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
    "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
}
"""Provisioners of old that CSI drivers have replaced."""


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


def played(provisioner: str, world: World) -> bool:
    """Whether the cluster itself makes the volumes of this provisioner."""
    host = provisioner.partition("/")[0]
    if host == OWN_PROVISIONERS or host.endswith("." + OWN_PROVISIONERS):
        return True
    listed = world.settings.provisioners
    return provisioner in listed or ("*" in listed and not provisioner.startswith(IN_TREE))


def topology_met(found: Obj, node: Obj | None) -> bool:
    """Whether the class's allowedTopologies, if it has any, take in the node."""
    allowed = found.get("allowedTopologies") or ()
    labels = labels_of(node) if node is not None else {}
    return not allowed or any(
        all(labels.get(each["key"]) in each["values"] for each in term.get("matchLabelExpressions") or ())
        for term in allowed
    )


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


def same_attributes(volume: Obj, claim: Obj) -> bool:
    """Whether both are of one VolumeAttributesClass, or of none."""
    field = "volumeAttributesClassName"
    return (volume["spec"].get(field) or "") == (claim["spec"].get(field) or "")


def free_and_suiting(volume: Obj, claim: Obj) -> bool:
    """Whether an unused volume has what the claim asks for besides size and mode."""
    if volume["spec"].get("claimRef") is not None or (volume.get("status") or {}).get("phase") != "Available":
        return False
    selector = claim["spec"].get("selector")
    if selector is not None and not matcher(selector)(labels_of(volume)):
        return False
    modes = set(claim["spec"].get("accessModes") or ())
    return class_name(volume) == class_name(claim) and modes <= set(volume["spec"].get("accessModes") or ())


def best(
    volumes: Iterable[Obj], claim: Obj, node: Obj | None, *, delayed: bool, taken: Container[str] = ()
) -> Obj | None:
    """The volume to bind: one that names the claim already, or else of those with the fewest access modes that suit
    the smallest. `taken`: names of volumes that are thought to be bound to others.

    With `delayed` and no node only the former is looked for.
    """
    found: list[Obj] = []
    for volume in volumes:
        if volume["metadata"]["name"] in taken or not large_enough(volume, claim) or not same_mode(volume, claim):
            continue
        if is_deleting(volume) or not same_attributes(volume, claim):
            continue
        if names(volume, claim):
            return volume if node is None or reachable(volume, node) else None
        if delayed and node is None:
            continue
        if free_and_suiting(volume, claim) and (node is None or reachable(volume, node)):
            found.append(volume)
    return min(found, key=_cost if node is None else _size, default=None)


def _size(volume: Obj) -> int:
    return parse(volume["spec"]["capacity"]["storage"]).nanos


def _cost(volume: Obj) -> tuple[int, int]:
    return len(set(volume["spec"].get("accessModes") or ())), _size(volume)


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
