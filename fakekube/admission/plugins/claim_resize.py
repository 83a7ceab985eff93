"""PersistentVolumeClaimResize: only a bound claim grows, and only if its class allows that."""

from __future__ import annotations

from fakekube.admission.chain import UPDATE, Attributes, Context, Plugin
from fakekube.admission.reading import lookup, refused
from fakekube.core.meta import Obj, metadata
from fakekube.core.quantity import Quantity, parse

CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
CANNOT_GROW = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


class PersistentVolumeClaimResize(Plugin):
    name = "PersistentVolumeClaimResize"

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        return resource_id == "persistentvolumeclaims" and not subresource and operation == UPDATE

    async def validate(self, attributes: Attributes, context: Context) -> None:
        claim, old = attributes.obj, attributes.old
        if claim is None or old is None or _size(claim) <= _size(old):
            return
        if (old.get("status") or {}).get("phase") != "Bound":
            raise refused(attributes, "Only bound persistent volume claims can be expanded")
        name = _class_name(claim)
        found = lookup(context.store, "storageclasses.storage.k8s.io", "", name) if name else None
        if found is None or name != _class_name(old) or not found.get("allowVolumeExpansion"):
            raise refused(attributes, CANNOT_GROW)


def _size(claim: Obj) -> Quantity:
    asked = (claim.get("spec", {}).get("resources") or {}).get("requests") or {}
    return parse(asked.get("storage") or "0")


def _class_name(claim: Obj) -> str:
    annotated = (metadata(claim).get("annotations") or {}).get(CLASS_ANNOTATION)
    return str(annotated if annotated is not None else claim.get("spec", {}).get("storageClassName") or "")
