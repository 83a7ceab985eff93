"""PersistentVolumes and PersistentVolumeClaims: the two sides of storage, protected while they are in use."""

from __future__ import annotations

from fakekube.core import quantity
from fakekube.core.clock import timestamp
from fakekube.core.fielderrors import FieldError
from fakekube.core.meta import Obj, annotations_of
from fakekube.registry.kinds import resource_names
from fakekube.registry.kinds.filling import fill
from fakekube.registry.kinds.node_labels import term_warnings
from fakekube.registry.kinds.volume_rules import (
    CLASS_ANNOTATION,
    MOUNT_OPTIONS,
    claim_change_faults,
    claim_faults,
    claim_status_faults,
    volume_change_faults,
    volume_faults,
)
from fakekube.registry.strategy import Context, Strategy

_KNOWN_SOURCES = (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))
_OLD_CLASS = 'deprecated since v1.8; use "storageClassName" attribute instead'
_OLD_KEYS = {
    CLASS_ANNOTATION: _OLD_CLASS,
    MOUNT_OPTIONS: 'deprecated since v1.31; use "mountOptions" attribute instead',
}
_RECYCLE = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."
_OLD_SOURCES = {
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_TOLD = {"storageos": "storageOS"}


def default_volume_spec(spec: Obj) -> None:
    """What is known of any volume's spec, also of one within a VolumeAttachment."""
    resource_names.round_to_milli(spec.get("capacity"))
    if spec.get("hostPath") is not None:
        fill(spec["hostPath"], "type", "")


class PersistentVolumeStrategy(Strategy):
    """Begins Pending; notes when the phase changed."""

    generation_fields = None
    answers_deleted_object = True

    def default(self, obj: Obj) -> None:
        """Retained when released, and holding a file system."""
        spec = obj.setdefault("spec", {})
        default_volume_spec(spec)
        spec["persistentVolumeReclaimPolicy"] = spec.get("persistentVolumeReclaimPolicy") or "Retain"
        fill(spec, "volumeMode", "Filesystem")
        status = obj.setdefault("status", {})
        status["phase"] = status.get("phase") or "Pending"

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Pending since now."""
        obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": timestamp(context.clock)}

    def prepare_for_status(self, context: Context, obj: Obj, old: Obj) -> None:
        """Note when the phase changed."""
        status, then = obj.setdefault("status", {}), old.get("status") or {}
        since, before = status.get("lastPhaseTransitionTime"), then.get("lastPhaseTransitionTime")
        if status.get("phase") == then.get("phase"):
            if since is None and before is not None:
                status["lastPhaseTransitionTime"] = before
        elif since is None or since == before:
            status["lastPhaseTransitionTime"] = timestamp(context.clock)

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Capacity, modes, and one source."""
        return volume_faults(obj)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The rules for new volumes, then what may not change."""
        return volume_faults(obj) + volume_change_faults(obj, old)

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """What is deprecated or no longer works."""
        if context.request.subresource:
            return []
        spec = obj.get("spec") or {}
        found = [
            f"metadata.annotations[{key}]: {text}" for key, text in _OLD_KEYS.items() if key in annotations_of(obj)
        ]
        if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
            found.append(f"spec.persistentVolumeReclaimPolicy: {_RECYCLE}")
        terms = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
        for index, term in enumerate(terms):
            found += term_warnings(f"spec.nodeAffinity.required.nodeSelectorTerms[{index}]", term)
        gone = [(field, text) for field, text in _OLD_SOURCES.items() if spec.get(field) is not None]
        return found + [f"spec.{_TOLD.get(field, field)}: {text}" for field, text in gone]


class PersistentVolumeClaimStrategy(Strategy):
    """Begins Pending; what was asked for stays, but it may grow."""

    generation_fields = None
    answers_deleted_object = True

    def default(self, obj: Obj) -> None:
        """Asks for a file system."""
        spec = obj.setdefault("spec", {})
        fill(spec, "volumeMode", "Filesystem")
        resources = spec.get("resources") or {}
        for part in ("requests", "limits"):
            resource_names.round_to_milli(resources.get(part))
        status = obj.setdefault("status", {})
        status["phase"] = status.get("phase") or "Pending"
        for part in ("capacity", "allocatedResources"):
            resource_names.round_to_milli(status.get(part))

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Pending; the two ways to tell a source agree."""
        obj["status"] = {"phase": "Pending"}
        spec = obj.get("spec") or {}
        _drop_foreign_reference(spec)
        _drop_unknown_source(spec)
        _agree_on_source(spec)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """The same, except that what was there may stay."""
        spec, then = obj.get("spec") or {}, old.get("spec") or {}
        if then.get("dataSourceRef") is None:
            _drop_foreign_reference(spec)
            if then.get("dataSource") is None:
                _drop_unknown_source(spec)
        _agree_on_source(spec)

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Modes, size, classes and sources."""
        return claim_faults(obj)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The rules for new claims, then what may not change."""
        return claim_faults(obj) + claim_change_faults(obj, old)

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Amounts, and how far growing is."""
        return claim_status_faults(obj)

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """The annotation that named the class, and sizes that are no whole bytes."""
        if context.request.subresource:
            return []
        found = []
        if CLASS_ANNOTATION in annotations_of(obj):
            found.append(f"metadata.annotations[{CLASS_ANNOTATION}]: {_OLD_CLASS}")
        resources = (obj.get("spec") or {}).get("resources") or {}
        for part in ("requests", "limits"):
            size = (resources.get(part) or {}).get("storage")
            if size is not None and not quantity.parse(size).is_whole():
                why = f'fractional byte value "{size}" is invalid, must be an integer'
                found.append(f"spec.resources.{part}[storage]: {why}")
        return found


def _drop_unknown_source(spec: Obj) -> None:
    """A dataSource of a kind that nobody provisions from is dropped, as it always was."""
    source = spec.get("dataSource")
    if source is None or spec.get("dataSourceRef") is not None:
        return
    if (source.get("apiGroup") or "", source.get("kind")) not in _KNOWN_SOURCES:
        del spec["dataSource"]


def _drop_foreign_reference(spec: Obj) -> None:
    """References into other namespaces belong to an alpha feature that is off."""
    if (spec.get("dataSourceRef") or {}).get("namespace"):
        del spec["dataSourceRef"]


def _agree_on_source(spec: Obj) -> None:
    """dataSource and dataSourceRef are copied to each other where only one is told."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None:
        spec["dataSourceRef"] = dict(source)
    elif reference is not None and source is None and not reference.get("namespace"):
        spec["dataSource"] = {key: value for key, value in reference.items() if key != "namespace"}


ROWS = {"persistentvolumes": PersistentVolumeStrategy(), "persistentvolumeclaims": PersistentVolumeClaimStrategy()}
