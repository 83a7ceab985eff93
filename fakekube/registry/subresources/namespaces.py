"""namespaces/finalize: the only way to change a namespace's spec.finalizers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.core.fielderrors import invalid_object
from fakekube.core.meta import Obj
from fakekube.registry.kinds.namespaces import finalizer_faults
from fakekube.registry.request import Request
from fakekube.registry.subresources.handler import Handler

if TYPE_CHECKING:
    from fakekube.registry.verbs import Registry


class FinalizeHandler(Handler):
    """Takes the finalizers of the spec, and metadata as any update does."""

    shows_itself = True

    def merged(self, registry: Registry, request: Request, obj: Obj, changed: Obj) -> Obj:
        finalizers = (changed.get("spec") or {}).get("finalizers") or []
        faults = [
            fault
            for index, name in enumerate(finalizers)
            for fault in finalizer_faults(f"spec.finalizers[{index}]", name)
        ]
        if faults:
            raise invalid_object("", "Namespace", request.name, faults)
        spec = {"finalizers": finalizers} if finalizers else {}
        return {**obj, "metadata": changed["metadata"], "spec": spec}


ROWS: dict[tuple[str, str], Handler] = {("namespaces", "finalize"): FinalizeHandler()}
