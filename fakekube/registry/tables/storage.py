"""The cells of volumes, claims, classes and drivers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakekube.core import human, quantity
from fakekube.core.meta import Obj, annotations_of, is_deleting
from fakekube.registry.tables.parts import age, name, part, spec, status

BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(modes: Iterable[str] | None) -> str:
    """Access modes in short, always in the same order."""
    found = set(modes or ())
    return ",".join([short for mode, short in MODES.items() if mode in found])


def _phase(obj: Obj) -> str:
    return "Terminating" if is_deleting(obj) else status(obj).get("phase") or ""


def _class(obj: Obj) -> str:
    return annotations_of(obj).get(BETA_CLASS, spec(obj).get("storageClassName") or "")


def persistent_volume(obj: Obj, now: float) -> list[Any]:
    """Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, VolumeAttributesClass, Reason, Age,
    VolumeMode."""
    wanted = spec(obj)
    claim = wanted.get("claimRef")
    return [
        name(obj),
        quantity.canonical(part(wanted, "capacity").get("storage")),
        _modes(wanted.get("accessModes")),
        wanted.get("persistentVolumeReclaimPolicy") or "",
        _phase(obj),
        f"{claim.get('namespace') or ''}/{claim.get('name') or ''}" if claim is not None else "",
        _class(obj),
        wanted.get("volumeAttributesClassName", human.UNSET),
        status(obj).get("reason") or "",
        age(obj, now),
        wanted.get("volumeMode", human.UNSET),
    ]


def persistent_volume_claim(obj: Obj, now: float) -> list[Any]:
    """Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, VolumeMode."""
    wanted, found = spec(obj), status(obj)
    volume = wanted.get("volumeName") or ""
    return [
        name(obj),
        _phase(obj),
        volume,
        quantity.canonical(part(found, "capacity").get("storage")) if volume else "",
        _modes(found.get("accessModes")) if volume else "",
        _class(obj),
        wanted.get("volumeAttributesClassName", human.UNSET),
        age(obj, now),
        wanted.get("volumeMode", human.UNSET),
    ]


def storage_class(obj: Obj, now: float) -> list[Any]:
    """Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age."""
    default = any(annotations_of(obj).get(key) == "true" for key in DEFAULT_CLASS)
    return [
        name(obj) + " (default)" * default,
        obj.get("provisioner") or "",
        obj.get("reclaimPolicy") or "Delete",
        obj.get("volumeBindingMode") or "Immediate",
        bool(obj.get("allowVolumeExpansion")),
        age(obj, now),
    ]


def csi_driver(obj: Obj, now: float) -> list[Any]:
    """Name, AttachRequired, PodInfoOnMount, StorageCapacity, TokenRequests, RequiresRepublish, Modes, Age."""
    wanted = spec(obj)
    tokens = wanted.get("tokenRequests")
    return [
        name(obj),
        wanted.get("attachRequired", True),
        wanted.get("podInfoOnMount", False),
        wanted.get("storageCapacity", False),
        human.UNSET if tokens is None else ",".join([each.get("audience") or "" for each in tokens]),
        wanted.get("requiresRepublish", False),
        human.joined(wanted.get("volumeLifecycleModes") or ()),
        age(obj, now),
    ]


def csi_node(obj: Obj, now: float) -> list[Any]:
    """Name, Drivers, Age."""
    return [name(obj), len(spec(obj).get("drivers") or ()), age(obj, now)]


def volume_attachment(obj: Obj, now: float) -> list[Any]:
    """Name, Attacher, PV, Node, Attached, Age."""
    wanted = spec(obj)
    volume = part(wanted, "source").get("persistentVolumeName") or ""
    attached = bool(status(obj).get("attached"))
    return [name(obj), wanted.get("attacher") or "", volume, wanted.get("nodeName") or "", attached, age(obj, now)]


def volume_attributes_class(obj: Obj, now: float) -> list[Any]:
    """Name, DriverName, Age."""
    return [name(obj), obj.get("driverName") or "", age(obj, now)]
