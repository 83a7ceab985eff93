"""What is wrong with PersistentVolumes and their claims, new or changed."""

from __future__ import annotations

import json
from posixpath import normpath

from fakekube.core import names, quantity
from fakekube.core.fielderrors import FieldError, forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj, annotations_of, name_of
from fakekube.registry.kinds.checks import dns_subdomain, immutable, invalids, one_of
from fakekube.registry.kinds.claim_specs import ACCESS_MODES, VOLUME_MODES, validate_claim_spec
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.pod_update import difference
from fakekube.registry.kinds.pod_validation.scheduling import validate_node_selector
from fakekube.registry.kinds.resource_names import is_native, positive
from fakekube.registry.kinds.volume_sources import CHECKS, validate_sources

RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
MOUNT_OPTIONS = "volume.beta.kubernetes.io/mount-options"
_MOUNTABLE = frozenset(
    {
        "gcePersistentDisk",
        "awsElasticBlockStore",
        "glusterfs",
        "nfs",
        "rbd",
        "quobyte",
        "iscsi",
        "cinder",
        "cephfs",
        "azureFile",
        "vsphereVolume",
        "azureDisk",
        "photonPersistentDisk",
    }
)
RESIZE_STATES = (
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizePending",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
)
_INLINE = "in the context of inline volumes"


def _access_modes(field: str, modes: list[str]) -> list[FieldError]:
    faults = [not_supported(field, mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES]
    known = {mode for mode in modes if mode in ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        faults.append(forbidden(field, "may not use ReadWriteOncePod with other access modes"))
    return faults


def _capacity(field: str, capacity: Obj) -> list[FieldError]:
    faults = [] if capacity else [required(field)]
    if set(capacity) != {"storage"}:
        shown = {name: capacity[name] for name in sorted(capacity)} or None
        faults.append(not_supported(field, shown, ["storage"]))
    for name, value in capacity.items():
        at = f"{field}[{name}]"
        if quantity.parse(value).value() < 0:
            faults.append(invalid(at, quantity.parse(value).value(), "must be a valid resource quantity"))
        faults += positive(at, value)
    return faults


def volume_spec_faults(spec: Obj, name: str, field: str = "spec", *, inline: bool = False) -> list[FieldError]:
    """What is wrong with the spec of a PersistentVolume; inline: within a VolumeAttachment."""
    faults = _inline_faults(spec, field) if inline else []
    modes = spec.get("accessModes") or []
    if not modes:
        faults.append(required(f"{field}.accessModes"))
    faults += _access_modes(f"{field}.accessModes", modes)
    if not inline:
        faults += _capacity(f"{field}.capacity", spec.get("capacity") or {})
    policy, at = spec.get("persistentVolumeReclaimPolicy"), f"{field}.persistentVolumeReclaimPolicy"
    if policy and inline and policy != "Retain":
        faults.append(forbidden(at, f"may only be Retain {_INLINE}"))
    elif policy and not inline:
        faults += one_of(at, policy, RECLAIM_POLICIES)
    faults += _affinity(spec, field, inline=inline)
    validate_sources(faults, spec, field, name)
    path = (spec.get("hostPath") or {}).get("path")
    if path is not None and normpath(path) == "/" and policy == "Recycle":
        faults.append(forbidden(at, "may not be 'recycle' for a hostPath mount of '/'"))
    return faults + _classes_and_mode(spec, field, inline=inline)


def _inline_faults(spec: Obj, field: str) -> list[FieldError]:
    why = f"may not be specified {_INLINE}"
    faults = [forbidden(f"{field}.{name}", why) for name in ("claimRef", "capacity") if spec.get(name)]
    if spec.get("csi") is None:
        faults.append(required(f"{field}.csi", f"has to be specified {_INLINE}"))
    return faults


def _affinity(spec: Obj, field: str, *, inline: bool) -> list[FieldError]:
    affinity, faults = spec.get("nodeAffinity"), list[FieldError]()
    if affinity is None:
        return faults
    if inline:
        return [forbidden(f"{field}.nodeAffinity", f"may not be specified {_INLINE}")]
    if affinity.get("required") is None:
        return [required(f"{field}.nodeAffinity.required", "must specify required node constraints")]
    validate_node_selector(faults, affinity["required"], f"{field}.nodeAffinity.required")
    return faults


def _classes_and_mode(spec: Obj, field: str, *, inline: bool) -> list[FieldError]:
    name, mode, attributes = (
        spec.get(each) for each in ("storageClassName", "volumeMode", "volumeAttributesClassName")
    )
    faults: list[FieldError] = []
    if name:
        at = f"{field}.storageClassName"
        faults += [forbidden(at, f"may not be specified {_INLINE}")] if inline else dns_subdomain(at, name)
    if mode is not None:
        at = f"{field}.volumeMode"
        if not inline:
            faults += one_of(at, mode, VOLUME_MODES)
        elif mode != "Filesystem":
            faults.append(forbidden(at, f"may not specify volumeMode other than Filesystem {_INLINE}"))
    if attributes is not None:
        at = f"{field}.volumeAttributesClassName"
        faults += dns_subdomain(at, attributes) if attributes else [required(at, "an empty string is disallowed")]
        if spec.get("csi") is None:
            faults.append(required(f"{field}.csi", "has to be specified when using volumeAttributesClassName"))
    return faults


def volume_faults(obj: Obj) -> list[FieldError]:
    """What is wrong with a PersistentVolume."""
    spec = obj.get("spec") or {}
    faults = volume_spec_faults(spec, name_of(obj))
    if MOUNT_OPTIONS in annotations_of(obj) and not _MOUNTABLE.intersection(spec):
        why = "may not specify mount options for this volume type"
        faults.append(forbidden(f"metadata.annotations.{MOUNT_OPTIONS}", why))
    return faults


def _source(spec: Obj) -> Obj:
    """The source alone, in the real server's form."""
    told = internal("PersistentVolumeSpec", {field: spec[field] for field in CHECKS if field in spec})
    order = list(told)
    return {name: told[name] for name in order[order.index("GCEPersistentDisk") : order.index("CSI") + 1]}


def _changed(kind: str, old: Obj, new: Obj) -> str:
    """The difference of two values, line by line."""
    texts = [json.dumps(value, indent=1, ensure_ascii=False) for value in (old, new)]
    return f"{kind}\n{difference(*texts)}"


def volume_change_faults(obj: Obj, old: Obj) -> list[FieldError]:
    """What may not change of a PersistentVolume: its source, mode, affinity, and that it has a class of attributes."""
    spec, then = obj.get("spec") or {}, old.get("spec") or {}
    new, was = ({field: each[field] for field in CHECKS if field in each} for each in (spec, then))
    if "csi" in was and "csi" in new and "controllerExpandSecretRef" not in was["csi"]:
        new["csi"] = {key: value for key, value in new["csi"].items() if key != "controllerExpandSecretRef"}
    faults: list[FieldError] = []
    if new != was:
        text = _changed("spec.persistentvolumesource is immutable after creation", _source(was), _source(new))
        faults.append(forbidden("spec.persistentvolumesource", text))
    faults += immutable("volumeMode", spec.get("volumeMode"), then.get("volumeMode"))
    if then.get("nodeAffinity") is not None and spec.get("nodeAffinity") != then["nodeAffinity"]:
        affinity = spec.get("nodeAffinity")
        shown = None if affinity is None else internal("VolumeNodeAffinity", affinity)
        faults.append(invalid("nodeAffinity", shown, "field is immutable, except for updating from beta label to GA"))
    if then.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
        why = "update from non-nil value to nil is forbidden"
        faults.append(forbidden("spec.volumeAttributesClassName", why))
    return faults


def claim_faults(obj: Obj) -> list[FieldError]:
    """What is wrong with a PersistentVolumeClaim."""
    faults: list[FieldError] = []
    validate_claim_spec(faults, obj.get("spec") or {}, "spec")
    return faults


def _claim_source(spec: Obj, then: Obj, obj: Obj, old: Obj) -> tuple[Obj, Obj]:
    """The new and the old spec as they are compared: what may change is made equal."""
    new, was = dict(spec), dict(then)
    if not was.get("volumeName") and "volumeName" in new:
        was["volumeName"] = new["volumeName"]
    annotation = annotations_of(old).get(CLASS_ANNOTATION)
    name, before = spec.get("storageClassName"), then.get("storageClassName")
    if before is None and name is not None and annotation in (None, name):
        new.pop("storageClassName", None)
    if (obj.get("status") or {}).get("phase") == "Bound":
        _equal(new, was, "volumeAttributesClassName")
        resources = dict(new.get("resources") or {})
        if "requests" in resources:
            requests = dict(resources["requests"])
            _equal(requests, (was.get("resources") or {}).get("requests") or {}, "storage")
            new["resources"] = {**resources, "requests": requests}
    return new, was


def _equal(new: Obj, was: Obj, field: str) -> None:
    if field in was:
        new[field] = was[field]
    else:
        new.pop(field, None)


def _size(spec: Obj) -> quantity.Quantity:
    return quantity.parse(((spec.get("resources") or {}).get("requests") or {}).get("storage"))


_CLAIM_RULE = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)


def claim_change_faults(obj: Obj, old: Obj) -> list[FieldError]:
    """What may not change of a claim: nearly all, but once bound it may grow and take another class of attributes."""
    spec, then = obj.get("spec") or {}, old.get("spec") or {}
    faults: list[FieldError] = []
    annotation, before = (annotations_of(each).get(CLASS_ANNOTATION, "") for each in (obj, old))
    if annotation != before and not (before and then.get("storageClassName") is None and not annotation):
        faults.append(invalid(f"metadata.annotations.{CLASS_ANNOTATION}", annotation, "field is immutable"))
    new, was = _claim_source(spec, then, obj, old)
    if new != was:
        told = [internal("PersistentVolumeClaimSpec", each) for each in (was, new)]
        faults.append(forbidden("spec", _changed(_CLAIM_RULE, *told)))
    if _size(spec) < _size(then):
        capacity = quantity.parse(((old.get("status") or {}).get("capacity") or {}).get("storage"))
        if _size(spec) <= capacity:
            at = "spec.resources.requests.storage"
            faults.append(forbidden(at, "field can not be less than status.capacity"))
    faults += immutable("volumeMode", spec.get("volumeMode"), then.get("volumeMode"))
    if (old.get("status") or {}).get("currentVolumeAttributesClassName") is not None:
        faults += _attribute_class_faults(spec, then)
    return faults


def _attribute_class_faults(spec: Obj, then: Obj) -> list[FieldError]:
    name = spec.get("volumeAttributesClassName")
    if name == then.get("volumeAttributesClassName") or name:
        return []
    what = "nil" if name is None else "empty string"
    why = f"update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil"
    return [forbidden("spec.volumeAttributesClassName", why)]


def claim_status_faults(obj: Obj) -> list[FieldError]:
    """What is wrong with the status of a claim."""
    status = obj.get("status") or {}
    faults = [] if (obj.get("spec") or {}).get("accessModes") else [required("Spec.accessModes")]
    for name, value in (status.get("capacity") or {}).items():
        faults += _basic(f"status.capacity[{name}]", value)
    for name, state in (status.get("allocatedResourceStatuses") or {}).items():
        field = "status.allocatedResourceStatuses"
        faults += _resource_key(field, name)
        faults += [] if state in RESIZE_STATES else [not_supported(field, name, sorted(RESIZE_STATES))]
    for name, value in (status.get("allocatedResources") or {}).items():
        field = "status.allocatedResources"
        wrong = _resource_key(field, name) or _basic(f"{field}[{name}]", value)
        faults += wrong
    return faults


def _basic(field: str, value: str) -> list[FieldError]:
    number = quantity.parse(value).value()
    return [invalid(field, number, "must be a valid resource quantity")] if number < 0 else []


def _resource_key(field: str, name: str) -> list[FieldError]:
    faults = invalids(field, name, names.qualified_name(name))
    if not faults and is_native(name) and name != "storage":
        return [not_supported(field, name, ["storage"])]
    return faults
