"""StorageClasses, CSI drivers and nodes, attachments: what volumes are provisioned and attached by."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.registry.strategy import Context, Strategy

GROUP = "storage.k8s.io"


class StorageClassStrategy(Strategy):
    """All but expansion, mount options and topologies is immutable; DELETE answers the object."""

    generation_fields = None
    answers_deleted_object = True

    def default(self, obj: Obj) -> None:
        """Volumes go with their claims, and are bound at once."""
        obj.setdefault("reclaimPolicy", "Delete")
        obj.setdefault("volumeBindingMode", "Immediate")


_DRIVER_DEFAULTS = {
    "attachRequired": True,
    "podInfoOnMount": False,
    "storageCapacity": False,
    "fsGroupPolicy": "ReadWriteOnceWithFSType",
    "requiresRepublish": False,
    "seLinuxMount": False,
}


class CsiDriverStrategy(Strategy):
    """No generation on create, but one that counts changes of the spec from then on."""

    generation_fields = None
    unconditional_update = False
    answers_deleted_object = True

    def default(self, obj: Obj) -> None:
        """What a driver that says nothing can and cannot do."""
        spec = obj.setdefault("spec", {})
        for name, value in _DRIVER_DEFAULTS.items():
            spec.setdefault(name, value)
        spec["volumeLifecycleModes"] = spec.get("volumeLifecycleModes") or ["Persistent"]

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """The field of an alpha feature is dropped."""
        obj["spec"].pop("preventPodSchedulingIfMissing", None)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """Count the change."""
        if "preventPodSchedulingIfMissing" not in old["spec"]:
            obj["spec"].pop("preventPodSchedulingIfMissing", None)
        if obj["spec"] != old["spec"]:
            obj["metadata"]["generation"] = (old["metadata"].get("generation") or 0) + 1


class CsiNodeStrategy(Strategy):
    """The drivers of a node; they are replaced, never changed."""

    generation_fields = None
    unconditional_update = False
    answers_deleted_object = True


class CsiStorageCapacityStrategy(Strategy):
    """How much a class can give in a part of the cluster."""

    generation_fields = None
    unconditional_update = False


class VolumeAttachmentStrategy(Strategy):
    """A wish in an immutable spec, and the driver's answer in the status."""

    generation_fields = None
    unconditional_update = False
    answers_deleted_object = True
    status_keeps = ("labels", "annotations", "finalizers", "ownerReferences")

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Nothing is attached yet."""
        obj["status"] = {"attached": False}


class VolumeAttributesClassStrategy(Strategy):
    """A driver and its parameters, all immutable."""

    generation_fields = None
    answers_deleted_object = True


ROWS = {
    f"storageclasses.{GROUP}": StorageClassStrategy(),
    f"csidrivers.{GROUP}": CsiDriverStrategy(),
    f"csinodes.{GROUP}": CsiNodeStrategy(),
    f"csistoragecapacities.{GROUP}": CsiStorageCapacityStrategy(),
    f"volumeattachments.{GROUP}": VolumeAttachmentStrategy(),
    f"volumeattributesclasses.{GROUP}": VolumeAttributesClassStrategy(),
}
