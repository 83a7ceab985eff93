"""Claims and Ingresses that name no class get the default one, if there is one."""

from __future__ import annotations

from typing import NamedTuple

from fakekube.admission.chain import CREATE, Attributes, Context, Plugin
from fakekube.admission.reading import listed
from fakekube.core.meta import Obj, metadata, name_of


class _Classes(NamedTuple):
    """Where the classes of a kind are, how one is marked as the default, and where the kind names its own."""

    resource: str
    marks: tuple[str, ...]
    field: str
    legacy_annotation: str

    def default(self, context: Context) -> Obj | None:
        """The class to take: of several the newest, and of those the first by name."""
        found = [each for each in listed(context.store, self.resource) if self._is_marked(each)]
        return max(found, key=lambda each: str(metadata(each).get("creationTimestamp")), default=None)

    def _is_marked(self, obj: Obj) -> bool:
        annotations = metadata(obj).get("annotations") or {}
        return any(annotations.get(mark) == "true" for mark in self.marks)

    def is_named(self, obj: Obj) -> bool:
        """Whether the object says which class it wants, be it none."""
        annotations = metadata(obj).get("annotations") or {}
        return obj.get("spec", {}).get(self.field) is not None or self.legacy_annotation in annotations


_STORAGE_MARKS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
STORAGE = _Classes(
    "storageclasses.storage.k8s.io", _STORAGE_MARKS, "storageClassName", "volume.beta.kubernetes.io/storage-class"
)
INGRESS = _Classes(
    "ingressclasses.networking.k8s.io",
    ("ingressclass.kubernetes.io/is-default-class",),
    "ingressClassName",
    "kubernetes.io/ingress.class",
)


class _DefaultClass(Plugin):
    kind = ""
    classes = STORAGE

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        return resource_id == self.kind and operation == CREATE and not subresource

    async def admit(self, attributes: Attributes, context: Context) -> None:
        obj = attributes.obj
        if obj is None or self.classes.is_named(obj):
            return
        chosen = self.classes.default(context)
        if chosen is not None:
            obj.setdefault("spec", {})[self.classes.field] = name_of(chosen)


class DefaultStorageClass(_DefaultClass):
    name = "DefaultStorageClass"
    kind = "persistentvolumeclaims"


class DefaultIngressClass(_DefaultClass):
    name = "DefaultIngressClass"
    kind = "ingresses.networking.k8s.io"
    classes = INGRESS
