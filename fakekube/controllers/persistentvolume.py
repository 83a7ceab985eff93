"""The binder: brings claims and volumes together, and says why a claim has none.

Volumes are made elsewhere (provisioning): a claim is marked here with the provisioner that is to do so.
"""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, annotations_of, is_deleting
from fakekube.machinery import volumes
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Change, Delete, Emit, Patch, Plan, Update
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.volumes import (
    BY_CLAIM,
    CLAIMS,
    CLASSES,
    COMPLETED,
    IN_TREE,
    MIGRATED,
    OLD_CLASS,
    OLD_PROVISIONER,
    PROVISIONED_BY,
    PROVISIONER,
    SELECTED_NODE,
    VOLUMES,
)
from fakekube.machinery.workloads import sparse
from fakekube.machinery.world import Index, World
from fakekube.storage.values import Event, Key

RETRY_SECONDS = 15.0
"""How often a claim without volume is looked at again and told of."""
MIGRATED_TO = "pv.kubernetes.io/migrated-to"
DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
RECYCLABLE = ("hostPath", "nfs")
"""Sources of volumes that can be wiped and used again."""
DELETABLE = "/tmp/"
"""Volumes of host paths below this are deleted with their claims."""
NOTHING_FITS = "no persistent volumes available for this claim and no storage class is set"
FIRST_CONSUMER = "waiting for first consumer to be created before binding"


def reconcile_claim(key: NamedKey, world: World) -> Plan:
    """Bind the claim to a volume, or tell why it has none."""
    claim = world.get(CLAIMS, *key)
    if claim is None:
        return NOTHING
    if COMPLETED in annotations_of(claim):
        return _bound(claim, world)
    name = claim["spec"].get("volumeName")
    if name:
        return _asked_for(claim, world.get(VOLUMES, "", name))
    delayed = volumes.waits_for_consumer(claim, world)
    volume = volumes.best(world.list(VOLUMES), claim, None, delayed=delayed)
    if volume is not None:
        return Plan(_bind(volume, claim))
    default = _default_class(claim, world)
    if default is not None:
        return Plan([Update(CLAIMS, {**claim, "spec": {**claim["spec"], "storageClassName": default}})])
    waits = delayed and SELECTED_NODE not in annotations_of(claim)
    told = _waiting(claim, world) if waits else _unprovisioned(claim, world)
    return Plan([*told, *_phase(claim, "Pending")], RETRY_SECONDS)


def _default_class(claim: Obj, world: World) -> str | None:
    """The class that a claim without one gets when there is a default class by now: the newest of several."""
    if "storageClassName" in claim["spec"] or OLD_CLASS in annotations_of(claim):
        return None
    found = [
        each for each in world.list(CLASSES) if any(annotations_of(each).get(name) == "true" for name in DEFAULT_CLASS)
    ]
    found.sort(key=lambda each: str(each["metadata"]["name"]))
    newest = max(found, key=lambda each: str(each["metadata"]["creationTimestamp"]), default=None)
    return None if newest is None else str(newest["metadata"]["name"])


def _bound(claim: Obj, world: World) -> Plan:
    """A claim that was bound stays so, or has lost its volume."""
    name = claim["spec"].get("volumeName")
    if not name:
        return _lost(
            claim, "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"
        )
    volume = world.get(VOLUMES, "", name)
    if volume is None:
        return _lost(claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
    reference = volume["spec"].get("claimRef")
    if reference is not None and reference.get("uid") != claim["metadata"]["uid"]:
        text = "Two claims are bound to the same volume, this one is bound incorrectly"
        return _lost(claim, "ClaimMisbound", text)
    return Plan(_bind(volume, claim))


def _lost(claim: Obj, reason: str, text: str) -> Plan:
    changes = _phase(claim, "Lost")
    return Plan([*changes, Emit(claim, reason, text, "Warning")]) if changes else NOTHING


def _asked_for(claim: Obj, volume: Obj | None) -> Plan:
    """The claim's maker has chosen a volume."""
    if volume is None:
        return Plan(_phase(claim, "Pending"))
    if volumes.names(volume, claim):
        return Plan(_bind(volume, claim))
    name = volume["metadata"]["name"]
    if volume["spec"].get("claimRef") is not None:
        told = Emit(claim, "FailedBinding", f'volume "{name}" already bound to a different claim.', "Warning")
        return Plan([told, *_phase(claim, "Pending")], RETRY_SECONDS)
    mismatch = _mismatch(volume, claim)
    if mismatch:
        told = Emit(claim, "VolumeMismatch", f'Cannot bind to requested volume "{name}": {mismatch}', "Warning")
        return Plan([told, *_phase(claim, "Pending")], RETRY_SECONDS)
    return Plan(_bind(volume, claim))


def _mismatch(volume: Obj, claim: Obj) -> str:
    if is_deleting(volume):
        return f'the volume is marked for deletion "{volume["metadata"]["name"]}"'
    if not volumes.large_enough(volume, claim):
        return "requested PV is too small"
    if volumes.class_name(volume) != volumes.class_name(claim):
        return "storageClassName does not match"
    if not volumes.same_attributes(volume, claim):
        return "volumeAttributesClassName does not match"
    if not volumes.same_mode(volume, claim):
        return "incompatible volumeMode"
    wanted = set(claim["spec"].get("accessModes") or ())
    return "" if wanted <= set(volume["spec"].get("accessModes") or ()) else "incompatible accessMode"


def _bind(volume: Obj, claim: Obj) -> list[Change]:
    """Volume, its phase, claim, its phase: each only if it is not so already."""
    changes: list[Change] = []
    reference = volume["spec"].get("claimRef") or {}
    if reference.get("uid") != claim["metadata"]["uid"]:
        changes.append(Update(VOLUMES, volumes.bound_to(volume, claim)))
    changes += _volume_phase(volume, "Bound")
    if claim["spec"].get("volumeName") != volume["metadata"]["name"] or COMPLETED not in annotations_of(claim):
        changes.append(Update(CLAIMS, volumes.claim_of(volume, claim)))
    return changes + _phase(claim, "Bound", volume)


_OFFERED = ("accessModes", "capacity", "currentVolumeAttributesClassName")
"""What a claim's status tells of its volume."""


def _phase(claim: Obj, phase: str, volume: Obj | None = None) -> list[Change]:
    """The claim's status, with what its volume offers."""
    old = claim.get("status") or {}
    wanted: Obj = {"phase": phase}
    if volume is None:
        wanted |= {name: None for name in _OFFERED if name in old}
    else:
        wanted["accessModes"] = volume["spec"].get("accessModes")
        if old.get("phase") != "Bound":
            wanted["capacity"] = volume["spec"].get("capacity")
            wanted |= sparse({"currentVolumeAttributesClassName": volume["spec"].get("volumeAttributesClassName")})
    if all(old.get(name) == value for name, value in wanted.items()):
        return []
    meta = claim["metadata"]
    return [Patch(Key(CLAIMS, meta["namespace"], meta["name"]), {"status": wanted}, "merge", "status")]


def _volume_phase(volume: Obj, phase: str) -> list[Change]:
    if (volume.get("status") or {}).get("phase") == phase:
        return []
    return [Patch(Key(VOLUMES, "", volume["metadata"]["name"]), {"status": {"phase": phase}}, "merge", "status")]


def _waiting(claim: Obj, world: World) -> list[Change]:
    """The claim waits until a pod that mounts it is placed."""
    pods = world.indexed(BY_CLAIM, (claim["metadata"]["namespace"], claim["metadata"]["name"]))
    unbound = [
        str(pod["metadata"]["name"])
        for pod in pods
        if not pod["spec"].get("nodeName") and (pod.get("status") or {}).get("phase") not in TERMINAL
    ]
    if not unbound:
        return [Emit(claim, "WaitForFirstConsumer", FIRST_CONSUMER)]
    noun = "pod" if len(unbound) == 1 else "pods"
    return [Emit(claim, "WaitForPodScheduled", f"waiting for {noun} {','.join(sorted(unbound))} to be scheduled")]


def _unprovisioned(claim: Obj, world: World) -> list[Change]:
    """There is no volume: another program may make one, or nobody will."""
    name = volumes.class_name(claim)
    if not name:
        return [Emit(claim, "FailedBinding", NOTHING_FITS)]
    found = volumes.class_of(claim, world)
    if found is None:
        text = f'storageclass.storage.k8s.io "{name}" not found'
        return [Emit(claim, "ProvisioningFailed", text, "Warning")]
    provisioner: str = found["provisioner"]
    if provisioner.startswith(IN_TREE) and provisioner not in MIGRATED:
        return [Emit(claim, "ProvisioningFailed", f"no volume plugin matched name: {provisioner}", "Warning")]
    return _left_to(MIGRATED.get(provisioner, provisioner), claim)


def _left_to(provisioner: str, claim: Obj) -> list[Change]:
    """Ask an external provisioner by annotation, and tell that it is waited for."""
    marks = {PROVISIONER: provisioner, OLD_PROVISIONER: provisioner}
    changes: list[Change] = []
    if any(annotations_of(claim).get(name) != value for name, value in marks.items()):
        meta = {**claim["metadata"], "annotations": {**annotations_of(claim), **marks}}
        changes.append(Update(CLAIMS, {**claim, "metadata": meta}))
    text = (
        f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the "
        "system administrator. If volume creation is delayed, please verify that the provisioner is running and "
        "correctly registered."
    )
    return [*changes, Emit(claim, "ExternalProvisioning", text)]


def reconcile_volume(key: NamedKey, world: World) -> Plan:
    """Bring the volume's phase to what has become of its claim."""
    volume = world.get(VOLUMES, "", key.name)
    if volume is None:
        return NOTHING
    reference = volume["spec"].get("claimRef")
    if reference is None or not reference.get("uid"):
        return Plan(_volume_phase(volume, "Available"))
    claim = world.get(CLAIMS, reference.get("namespace", ""), reference.get("name", ""))
    if claim is None or claim["metadata"]["uid"] != reference["uid"]:
        return _released(volume, claim, world)
    elsewhere = claim["spec"].get("volumeName")
    if elsewhere == key.name:
        return Plan(_volume_phase(volume, "Bound"))
    if not elsewhere:
        return NOTHING if volumes.same_mode(volume, claim) else Plan(_other_mode(volume, claim))
    if PROVISIONED_BY in annotations_of(volume) and _policy(volume) == "Delete":
        return _released(volume, claim, world)
    return Plan(_unbound(volume))


def _policy(volume: Obj) -> str:
    return str(volume["spec"].get("persistentVolumeReclaimPolicy"))


def _other_mode(volume: Obj, claim: Obj) -> list[Change]:
    """A volume that names a claim of the other volumeMode."""
    name, wanted = volume["metadata"]["name"], claim["metadata"]["name"]
    of_volume = (
        f'Cannot bind PersistentVolume to requested PersistentVolumeClaim "{wanted}" due to incompatible volumeMode.'
    )
    of_claim = (
        f'Cannot bind PersistentVolume "{name}" to requested PersistentVolumeClaim due to incompatible volumeMode.'
    )
    return [
        Emit(volume, "VolumeMismatch", of_volume, "Warning"),
        Emit(claim, "VolumeMismatch", of_claim, "Warning"),
    ]


def _released(volume: Obj, claim: Obj | None, world: World) -> Plan:
    """The claim is gone: the volume is kept, deleted, wiped to be used again, or nothing of this can be done here."""
    present = (volume.get("status") or {}).get("phase")
    if present not in ("Released", "Failed"):
        return Plan(_volume_phase(volume, "Released"))
    if MIGRATED_TO in annotations_of(volume):
        return NOTHING
    match _policy(volume):
        case "Recycle":
            return _recycle(volume, claim, world)
        case "Delete":
            return _delete(volume)
    return NOTHING


def _delete(volume: Obj) -> Plan:
    """Volumes of a provisioner are its to delete; of the others those of host paths below /tmp can be."""
    if is_deleting(volume):
        return NOTHING
    name, path = volume["metadata"]["name"], (volume["spec"].get("hostPath") or {}).get("path")
    provisioner = annotations_of(volume).get(PROVISIONED_BY, "")
    if provisioner.startswith(IN_TREE):
        return _failed(volume, "VolumeFailedDelete", f"no volume plugin matched name: {provisioner}")
    if provisioner or volume["spec"].get("csi") is not None:
        return NOTHING
    if path is None:
        why = f'error getting deleter volume plugin for volume "{name}": no deletable volume plugin matched'
        return _failed(volume, "VolumeFailedDelete", why)
    if not path.startswith(DELETABLE):
        why = f"host_path deleter only supports {DELETABLE}.+ but received provided {path}"
        return _failed(volume, "VolumeFailedDelete", why)
    return Plan([Delete.of(VOLUMES, volume)])


def _recycle(volume: Obj, claim: Obj | None, world: World) -> Plan:
    """Wiped at once, without the pod that does so in a real cluster; then it is free again."""
    reference = volume["spec"]["claimRef"]
    users = [
        f"{reference['namespace']}/{pod['metadata']['name']}"
        for pod in world.indexed(BY_CLAIM, (reference["namespace"], reference["name"]))
        if (pod.get("status") or {}).get("phase") not in TERMINAL
    ]
    if users and claim is None:
        text = f"Volume is used by pods: {','.join(sorted(users))}"
        return Plan([Emit(volume, "VolumeFailedRecycle", text)], RETRY_SECONDS)
    if all(volume["spec"].get(source) is None for source in RECYCLABLE):
        return _failed(volume, "VolumeFailedRecycle", "No recycler plugin found for the volume!")
    return Plan([Emit(volume, "VolumeRecycled", "Volume recycled"), *_unbound(volume)])


def _failed(volume: Obj, reason: str, why: str) -> Plan:
    if (volume.get("status") or {}).get("phase") == "Failed":
        return NOTHING
    status = {"phase": "Failed", "message": why}
    write = Patch(Key(VOLUMES, "", volume["metadata"]["name"]), {"status": status}, "merge", "status")
    return Plan([write, Emit(volume, reason, why, "Warning")])


def _unbound(volume: Obj) -> list[Change]:
    """The claim has another volume: this one is free again, as far as it was bound here."""
    annotations = {name: text for name, text in annotations_of(volume).items() if name != volumes.BOUND_BY}
    spec = dict(volume["spec"])
    if volumes.BOUND_BY in annotations_of(volume):
        del spec["claimRef"]
    else:
        kept = {name: value for name, value in spec["claimRef"].items() if name not in ("uid", "resourceVersion")}
        spec["claimRef"] = kept
    meta = {name: value for name, value in volume["metadata"].items() if name != "annotations"}
    if annotations:
        meta["annotations"] = annotations
    return [Update(VOLUMES, {**volume, "metadata": meta, "spec": spec}), *_volume_phase(volume, "Available")]


def _of_volume(event: Event, world: World) -> Iterable[NamedKey]:
    """Claims that may want the volume, or have it."""
    after = event.after
    reference = after.view["spec"].get("claimRef") if after is not None else None
    if reference is not None:
        return (NamedKey(reference.get("namespace", ""), reference.get("name", "")),)
    return _concerned(event.key.name, world)


def _concerned(volume: str, world: World) -> list[NamedKey]:
    """The claims that have no volume yet, or this one."""
    return [
        NamedKey(stored.key.namespace, stored.key.name)
        for stored in world.store.list(CLAIMS)
        if stored.view["spec"].get("volumeName") in (None, "", volume)
    ]


def _of_class(event: Event, world: World) -> Iterable[NamedKey]:
    return _concerned("", world)


def _volume_of_claim(event: Event, world: World) -> Iterable[NamedKey]:
    """The volume that the claim has, or that names it."""
    claim = event.after or event.before
    name = claim.view["spec"].get("volumeName") if claim is not None else ""
    if name:
        return (NamedKey("", name),)
    place = (event.key.namespace, event.key.name)
    return [NamedKey("", each["metadata"]["name"]) for each in world.indexed(BY_REFERENCE, place)]


def _reference(volume: Obj) -> Iterable[tuple[str, str]]:
    reference = volume["spec"].get("claimRef")
    if reference is not None:
        yield reference.get("namespace", ""), reference.get("name", "")


BY_REFERENCE = Index(VOLUMES, _reference)

BINDER = Controller(
    name="persistentvolume-binder",
    reconcile=reconcile_claim,
    watches=(Watch(CLAIMS, itself), Watch(VOLUMES, _of_volume), Watch(CLASSES, _of_class)),
    user=service_account("persistent-volume-binder"),
    component="persistentvolume-controller",
)
KEEPER = Controller(
    name="persistentvolume-phase",
    reconcile=reconcile_volume,
    watches=(Watch(VOLUMES, itself), Watch(CLAIMS, _volume_of_claim)),
    user=service_account("persistent-volume-binder"),
    component="persistentvolume-controller",
)
