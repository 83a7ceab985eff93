"""TaintNodesByCondition: a new Node takes no pods until its conditions say that it is ready."""

from __future__ import annotations

from fakekube.admission.chain import CREATE, Attributes, Context, Plugin

NOT_READY = "node.kubernetes.io/not-ready"


class TaintNodesByCondition(Plugin):
    name = "TaintNodesByCondition"

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        return resource_id == "nodes" and not subresource and operation == CREATE

    async def admit(self, attributes: Attributes, context: Context) -> None:
        if attributes.obj is None:
            return
        spec = attributes.obj.setdefault("spec", {})
        taints = spec.get("taints") or []
        if not any(each.get("key") == NOT_READY and each.get("effect") == "NoSchedule" for each in taints):
            spec["taints"] = [*taints, {"key": NOT_READY, "effect": "NoSchedule"}]
