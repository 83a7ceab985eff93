"""Dynamic provisioning: makes volumes for claims, and takes them away, as external provisioners do.

It plays those provisioners that are the cluster's own or that it was told to play. Rules and words are those of
sig-storage-lib-external-provisioner and of the CSI external-provisioner; nothing is stored anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, annotations_of, is_deleting, labels_of
from fakekube.core.names import dns1123_subdomain
from fakekube.machinery import volumes
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Change, Create, Delete, Emit, Patch, Plan, Update
from fakekube.machinery.volumes import (
    CLAIMS,
    CLASSES,
    COMPLETED,
    IN_TREE,
    MIGRATED,
    OLD_PROVISIONER,
    PROVISIONED_BY,
    PROVISIONER,
    SELECTED_NODE,
    VOLUMES,
)
from fakekube.machinery.workloads import sparse
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
ZONE = "topology.kubernetes.io/zone"
FOLDER = "/var/lib/fakekube/volumes"
"""Where volumes of provisioners that are no CSI drivers are said to be."""
DRIVER_LENGTH = 63
RETRY_SECONDS = 15.0
_CSI_ANNOTATIONS = ("secret-name", "secret-namespace")


class Impossible(Exception):
    """No volume can be made for the claim; the text says why."""


def reconcile_claim(key: NamedKey, world: World) -> Plan:
    """Make the volume that the claim waits for."""
    claim = world.get(CLAIMS, *key)
    found = _class_to_serve(claim, world) if claim is not None else None
    if claim is None or found is None:
        return NOTHING
    name = f"pvc-{claim['metadata']['uid']}"
    if world.get(VOLUMES, "", name) is not None:
        return NOTHING
    told: list[Change] = [Emit(claim, "Provisioning", _PROVISIONING.format(key.namespace, key.name))]
    try:
        volume = _volume(name, claim, found, world)
    except Impossible as error:
        text = f'failed to provision volume with StorageClass "{found["metadata"]["name"]}": {error}'
        return Plan([*told, Emit(claim, "ProvisioningFailed", text, "Warning"), *_elsewhere(claim)], RETRY_SECONDS)
    done = Emit(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {name}")
    return Plan([*told, Create(VOLUMES, volume), done])


_PROVISIONING = 'External provisioner is provisioning volume for claim "{}/{}"'


def _class_to_serve(claim: Obj, world: World) -> Obj | None:
    """The claim's class, if a volume is to be made for the claim now and here."""
    annotations = annotations_of(claim)
    if claim["spec"].get("volumeName") or COMPLETED in annotations or is_deleting(claim):
        return None
    provisioner = annotations.get(PROVISIONER) or annotations.get(OLD_PROVISIONER) or ""
    found = volumes.class_of(claim, world)
    if found is None or provisioner != MIGRATED.get(found["provisioner"], found["provisioner"]):
        return None
    if not volumes.played(provisioner, world):
        return None
    late = found.get("volumeBindingMode") == "WaitForFirstConsumer"
    return found if annotations.get(SELECTED_NODE) or not late else None


def _elsewhere(claim: Obj) -> list[Change]:
    """The scheduler is to look for another node."""
    if SELECTED_NODE not in annotations_of(claim):
        return []
    annotations = {name: text for name, text in annotations_of(claim).items() if name != SELECTED_NODE}
    return [Update(CLAIMS, {**claim, "metadata": {**claim["metadata"], "annotations": annotations}})]


def _volume(name: str, claim: Obj, found: Obj, world: World) -> Obj:
    meta, wanted = claim["metadata"], claim["spec"]
    if wanted.get("selector") is not None:
        raise Impossible("claim Selector is not supported")
    provisioner = annotations_of(claim)[PROVISIONER]
    topology = _topology(claim, found, world)
    spec: Obj = {
        "capacity": {"storage": wanted["resources"]["requests"]["storage"]},
        **_source(name, provisioner, found, wanted),
        "accessModes": wanted.get("accessModes"),
        "claimRef": {
            "kind": "PersistentVolumeClaim",
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta["uid"],
            "apiVersion": "v1",
            "resourceVersion": meta["resourceVersion"],
        },
        "persistentVolumeReclaimPolicy": found.get("reclaimPolicy") or "Delete",
        "storageClassName": found["metadata"]["name"],
        "volumeMode": wanted.get("volumeMode") or "Filesystem",
        **sparse({"mountOptions": found.get("mountOptions"), "nodeAffinity": topology}),
        **sparse({"volumeAttributesClassName": wanted.get("volumeAttributesClassName")}),
    }
    annotations = {PROVISIONED_BY: provisioner}
    if "csi" in spec:
        annotations |= {f"volume.kubernetes.io/provisioner-deletion-{part}": "" for part in _CSI_ANNOTATIONS}
    made: Obj = {"name": name, "annotations": annotations}
    if spec["persistentVolumeReclaimPolicy"] == "Delete":
        made["finalizers"] = [FINALIZER]
    return {"kind": "PersistentVolume", "apiVersion": "v1", "metadata": made, "spec": spec}


def _source(name: str, provisioner: str, found: Obj, wanted: Obj) -> Obj:
    """A CSI volume, if the provisioner may be the name of a driver; otherwise a folder."""
    if len(provisioner) > DRIVER_LENGTH or dns1123_subdomain(provisioner):
        return {"hostPath": {"path": f"{FOLDER}/{name}", "type": "DirectoryOrCreate"}}
    parameters = found.get("parameters") or {}
    attributes = {key: text for key, text in parameters.items() if not key.startswith("csi.storage.k8s.io/")}
    source: Obj = {"driver": provisioner, "volumeHandle": name}
    if (wanted.get("volumeMode") or "Filesystem") == "Filesystem":
        source["fsType"] = parameters.get("csi.storage.k8s.io/fstype") or "ext4"
    return {"csi": {**source, **sparse({"volumeAttributes": attributes})}}


def _topology(claim: Obj, found: Obj, world: World) -> Obj | None:
    """From where the volume can be reached: where the chosen node is; without one, the first of the allowed places."""
    name = annotations_of(claim).get(SELECTED_NODE)
    allowed = found.get("allowedTopologies") or []
    if name is None:
        return _affinity({each["key"]: each["values"][0] for each in _expressions(allowed[:1])})
    node = world.get("nodes", "", name)
    if node is None:
        raise Impossible(f'node "{name}" not found')
    if not volumes.topology_met(found, node):
        raise Impossible(f'error generating accessibility requirements: topology of node "{name}" is not allowed')
    keys = [each["key"] for each in _expressions(allowed)] or [ZONE]
    labels = labels_of(node)
    return _affinity({key: labels[key] for key in keys if key in labels})


def _expressions(terms: list[Obj]) -> list[Obj]:
    return [each for term in terms for each in term.get("matchLabelExpressions") or ()]


def _affinity(pairs: dict[str, str]) -> Obj | None:
    if not pairs:
        return None
    expressions = [{"key": key, "operator": "In", "values": [value]} for key, value in pairs.items()]
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": expressions}]}}


def reconcile_volume(key: NamedKey, world: World) -> Plan:
    """Delete a volume that was made here when it is released; its finalizer goes with what it stands for."""
    volume = world.get(VOLUMES, "", key.name)
    if volume is None or not _is_ours(volume, world):
        return NOTHING
    finalizers = volume["metadata"].get("finalizers") or []
    if volume["spec"].get("persistentVolumeReclaimPolicy") != "Delete":
        return Plan(_with_finalizers(volume, [each for each in finalizers if each != FINALIZER]))
    if (volume.get("status") or {}).get("phase") != "Released":
        wanted = finalizers if is_deleting(volume) or FINALIZER in finalizers else [*finalizers, FINALIZER]
        return Plan(_with_finalizers(volume, wanted))
    changes: list[Change] = [] if is_deleting(volume) else [Delete.of(VOLUMES, volume)]
    return Plan([*changes, *_with_finalizers(volume, [each for each in finalizers if each != FINALIZER])])


def _is_ours(volume: Obj, world: World) -> bool:
    provisioner = annotations_of(volume).get(PROVISIONED_BY, "")
    return bool(provisioner) and not provisioner.startswith(IN_TREE) and volumes.played(provisioner, world)


def _with_finalizers(volume: Obj, finalizers: list[str]) -> list[Change]:
    if finalizers == (volume["metadata"].get("finalizers") or []):
        return []
    key = Key(VOLUMES, "", volume["metadata"]["name"])
    return [Patch(key, {"metadata": {"finalizers": finalizers or None}}, "merge")]


def _of_class(event: Event, world: World) -> Iterable[NamedKey]:
    """A class that comes or changes: all claims that name it and have no volume."""
    if event.after is None:
        return
    for stored in world.store.list(CLAIMS):
        claim = stored.view
        if not claim["spec"].get("volumeName") and volumes.class_name(claim) == event.key.name:
            yield NamedKey(stored.key.namespace, stored.key.name)


MAKER = Controller(
    name="volume-provisioner",
    reconcile=reconcile_claim,
    watches=(Watch(CLAIMS, itself), Watch(CLASSES, _of_class)),
    user=service_account("persistent-volume-binder"),
    component="fakekube.dev/provisioner",
    field_manager="csi-provisioner",
)
REMOVER = Controller(
    name="volume-deleter",
    reconcile=reconcile_volume,
    watches=(Watch(VOLUMES, itself),),
    user=service_account("persistent-volume-binder"),
    component="fakekube.dev/provisioner",
    field_manager="csi-provisioner",
)
