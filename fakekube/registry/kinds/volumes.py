"""PersistentVolumes and PersistentVolumeClaims: the two sides of storage, protected while they are in use."""

from __future__ import annotations

from fakekube.core.clock import timestamp
from fakekube.core.meta import Obj
from fakekube.registry.kinds import resource_names
from fakekube.registry.strategy import Context, Strategy

VOLUME_FINALIZER = "kubernetes.io/pv-protection"
CLAIM_FINALIZER = "kubernetes.io/pvc-protection"


def protect(obj: Obj, finalizer: str) -> None:
    """Put the finalizer on unless it is there."""
    meta = obj["metadata"]
    found = meta.get("finalizers") or []
    if finalizer not in found:
        meta["finalizers"] = [*found, finalizer]


def default_volume_spec(spec: Obj) -> None:
    """What is known of any volume's spec, also of one within a VolumeAttachment."""
    resource_names.round_to_milli(spec.get("capacity"))
    if spec.get("hostPath") is not None:
        spec["hostPath"].setdefault("type", "")


class PersistentVolumeStrategy(Strategy):
    """Begins Pending; notes when the phase changed."""

    generation_fields = None
    answers_deleted_object = True

    def default(self, obj: Obj) -> None:
        """Retained when released, and holding a file system."""
        spec = obj.setdefault("spec", {})
        default_volume_spec(spec)
        spec["persistentVolumeReclaimPolicy"] = spec.get("persistentVolumeReclaimPolicy") or "Retain"
        spec.setdefault("volumeMode", "Filesystem")
        status = obj.setdefault("status", {})
        status["phase"] = status.get("phase") or "Pending"

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Pending since now, and protected."""
        obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": timestamp(context.clock)}
        protect(obj, VOLUME_FINALIZER)

    def prepare_for_status(self, context: Context, obj: Obj, old: Obj) -> None:
        """Note when the phase changed."""
        status, then = obj.setdefault("status", {}), old.get("status") or {}
        since, before = status.get("lastPhaseTransitionTime"), then.get("lastPhaseTransitionTime")
        if status.get("phase") == then.get("phase"):
            if since is None and before is not None:
                status["lastPhaseTransitionTime"] = before
        elif since is None or since == before:
            status["lastPhaseTransitionTime"] = timestamp(context.clock)


class PersistentVolumeClaimStrategy(Strategy):
    """Begins Pending; what was asked for stays, but it may grow."""

    generation_fields = None
    answers_deleted_object = True

    def default(self, obj: Obj) -> None:
        """Asks for a file system."""
        spec = obj.setdefault("spec", {})
        spec.setdefault("volumeMode", "Filesystem")
        resources = spec.get("resources") or {}
        for part in ("requests", "limits"):
            resource_names.round_to_milli(resources.get(part))
        status = obj.setdefault("status", {})
        status["phase"] = status.get("phase") or "Pending"
        for part in ("capacity", "allocatedResources"):
            resource_names.round_to_milli(status.get(part))

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Pending and protected; the two ways to tell a source agree."""
        obj["status"] = {"phase": "Pending"}
        protect(obj, CLAIM_FINALIZER)
        _agree_on_source(obj.get("spec") or {})

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """Sources agree."""
        _agree_on_source(obj.get("spec") or {})


def _agree_on_source(spec: Obj) -> None:
    """dataSource and dataSourceRef are copied to each other where only one is told."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None:
        spec["dataSourceRef"] = dict(source)
    elif reference is not None and source is None and not reference.get("namespace"):
        spec["dataSource"] = {key: value for key, value in reference.items() if key != "namespace"}


ROWS = {"persistentvolumes": PersistentVolumeStrategy(), "persistentvolumeclaims": PersistentVolumeClaimStrategy()}
