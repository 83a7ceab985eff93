"""PodTopologyLabels: a pod carries the zone and the region of the node it runs on."""

from __future__ import annotations

from fakekube.admission.chain import CREATE, UPDATE, Attributes, Context, Plugin
from fakekube.admission.reading import lookup
from fakekube.core.meta import Obj, labels_of

LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


class PodTopologyLabels(Plugin):
    name = "PodTopologyLabels"

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        return resource_id == "pods" and subresource in ("", "binding") and operation in (CREATE, UPDATE)

    def handles(self, attributes: Attributes) -> bool:
        return attributes.obj is not None

    async def admit(self, attributes: Attributes, context: Context) -> None:
        obj: Obj = attributes.obj or {}
        node_name = _node_of(obj, attributes.subresource)
        node = lookup(context.store, "nodes", "", node_name) if node_name else None
        if node is None:
            return
        known = labels_of(node)
        found = {key: known[key] for key in LABELS if key in known}
        if found:
            obj["metadata"].setdefault("labels", {}).update(found)


def _node_of(obj: Obj, subresource: str) -> str:
    if subresource == "binding":
        target = obj.get("target") or {}
        return target.get("name", "") if target.get("kind", "Node") == "Node" else ""
    return (obj.get("spec") or {}).get("nodeName") or ""
