"""StorageObjectInUseProtection: volumes, claims and their attribute classes stay as long as somebody uses them."""

from __future__ import annotations

from fakekube.admission.chain import CREATE, Attributes, Context, Plugin
from fakekube.core.meta import metadata

FINALIZERS = {
    "persistentvolumes": "kubernetes.io/pv-protection",
    "persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "volumeattributesclasses.storage.k8s.io": "kubernetes.io/vac-protection",
}


class StorageObjectInUseProtection(Plugin):
    name = "StorageObjectInUseProtection"

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        return operation == CREATE and not subresource and resource_id in FINALIZERS

    async def admit(self, attributes: Attributes, context: Context) -> None:
        meta, finalizer = metadata(attributes.obj or {}), FINALIZERS[attributes.resource.id]
        found = meta.get("finalizers") or []
        if finalizer not in found:
            meta["finalizers"] = [*found, finalizer]
