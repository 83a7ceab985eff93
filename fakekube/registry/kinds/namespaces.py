"""Namespaces: phase, finalizers of the spec, and the label that tells the name."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, invalid
from fakekube.core.meta import Obj, is_deleting
from fakekube.registry.kinds.checks import invalids
from fakekube.registry.kinds.selectable import SelectableStrategy
from fakekube.registry.objectmeta import STANDARD_FINALIZERS
from fakekube.registry.strategy import Context

NAME_LABEL = "kubernetes.io/metadata.name"
FINALIZER = "kubernetes"


def _tell_name(obj: Obj) -> None:
    meta = obj.setdefault("metadata", {})
    if meta.get("name"):
        meta["labels"] = {**(meta.get("labels") or {}), NAME_LABEL: meta["name"]}


class NamespaceStrategy(SelectableStrategy):
    """A namespace goes in two steps: deletion makes it Terminating, and the spec's finalizers let it go."""

    generation_fields = None
    answers_deleted_object = True
    field_selectors = {  # noqa: RUF012 - a table that nobody changes
        "status.phase": lambda obj: (obj.get("status") or {}).get("phase") or "",
    }

    def name_messages(self, name: str, prefix: bool) -> list[str]:
        """A namespace is a DNS label."""
        return names.dns1123_label(names.masked(name) if prefix else name)

    def default(self, obj: Obj) -> None:
        """The name label and the phase."""
        _tell_name(obj)
        status = obj.setdefault("status", {})
        status["phase"] = status.get("phase") or "Active"

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Active, with the finalizer of the namespace controller."""
        _tell_name(obj)
        obj["status"] = {"phase": "Active"}
        spec = obj.setdefault("spec", {})
        finalizers = spec.get("finalizers") or []
        spec["finalizers"] = finalizers if FINALIZER in finalizers else [*finalizers, FINALIZER]

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """The spec's finalizers are changed by `finalize` alone."""
        _tell_name(obj)
        if context.request.subresource == "finalize":
            return
        finalizers = (old.get("spec") or {}).get("finalizers")
        obj["spec"] = {**(obj.get("spec") or {}), "finalizers": finalizers} if finalizers else {}

    def lingers(self, obj: Obj) -> bool:
        """The spec's finalizers hold a namespace."""
        return bool((obj.get("spec") or {}).get("finalizers"))

    def mark_deleting(self, context: Context, obj: Obj) -> None:
        """A namespace is Terminating, and is given no grace period."""
        obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
        obj["metadata"].pop("deletionGracePeriodSeconds", None)

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Finalizers of the spec have qualified names."""
        finalizers = (obj.get("spec") or {}).get("finalizers") or []
        return [fault for name in finalizers for fault in finalizer_faults("spec.finalizers", name)]

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The phase follows from deletion."""
        phase = (obj.get("status") or {}).get("phase") or ""
        if is_deleting(obj):
            if phase != "Terminating":
                why = "may only be 'Terminating' if `deletionTimestamp` is not empty"
                return [invalid("status.Phase", phase, why)]
        elif phase != "Active":
            return [invalid("status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty")]
        return []


def finalizer_faults(field: str, name: str) -> list[FieldError]:
    """What is wrong with one finalizer of a namespace's spec (`finalize` tells its index in the field)."""
    faults = invalids(field, name, names.qualified_name(name))
    if "/" not in name and name not in STANDARD_FINALIZERS:
        faults.append(invalid(field, name, "name is neither a standard finalizer name nor is it fully qualified"))
    return faults


ROWS = {"namespaces": NamespaceStrategy()}
