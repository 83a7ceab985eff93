"""CustomResourceDefinitions as objects: the names that follow from the kind, and the versions that are stored."""

from __future__ import annotations

from fakekube.core.clock import timestamp
from fakekube.core.meta import Obj, is_deleting
from fakekube.registry.kinds.filling import fill
from fakekube.registry.strategy import Context, Strategy

CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
"""Put on by the controller that clears the instances away when the definition is deleted."""


def _note_storage(obj: Obj) -> None:
    """The version that objects are stored in belongs to status.storedVersions."""
    storing = (each.get("name", "") for each in (obj.get("spec") or {}).get("versions") or () if each.get("storage"))
    name = next(storing, None)
    status = obj["status"]
    stored = status.get("storedVersions") or []
    if name is not None and name not in stored:
        obj["status"] = {**status, "storedVersions": [*stored, name]}


class CustomResourceDefinitionStrategy(Strategy):
    """An update must name its resourceVersion."""

    unconditional_update = False

    def default(self, obj: Obj) -> None:
        """Names that follow from the kind, and no conversion."""
        spec = obj.setdefault("spec", {})
        given = spec.setdefault("names", {})
        kind = given.get("kind") or ""
        if not given.get("singular") and kind:
            given["singular"] = kind.lower()
        if not given.get("listKind") and kind:
            given["listKind"] = kind + "List"
        fill(spec, "conversion", {"strategy": "None"})
        conversion = spec["conversion"]
        service = ((conversion.get("webhook") or {}).get("clientConfig") or {}).get("service")
        if service is not None:
            fill(service, "port", 443)

    def lingers(self, obj: Obj) -> bool:
        """The first deletion only marks; then the finalizer holds."""
        return not is_deleting(obj)

    def mark_deleting(self, context: Context, obj: Obj) -> None:
        """Terminating, held until the instances are gone, with no grace period and no new generation."""
        meta = obj["metadata"]
        meta.pop("deletionGracePeriodSeconds", None)
        if meta.get("generation"):
            meta["generation"] -= 1  # the mark counted one, as for other kinds
        finalizers = meta.get("finalizers") or []
        if CLEANUP_FINALIZER not in finalizers:
            meta["finalizers"] = [*finalizers, CLEANUP_FINALIZER]
        condition = {
            "type": "Terminating",
            "status": "True",
            "lastTransitionTime": timestamp(context.clock),
            "reason": "InstanceDeletionPending",
            "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        }
        status = obj.get("status") or {}
        others = [each for each in status.get("conditions") or () if each.get("type") != "Terminating"]
        obj["status"] = {**status, "conditions": [*others, condition]}

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Nothing is accepted yet."""
        obj["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": None}
        _note_storage(obj)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """A new storage version is noted."""
        _note_storage(obj)


ROWS = {"customresourcedefinitions.apiextensions.k8s.io": CustomResourceDefinitionStrategy()}
