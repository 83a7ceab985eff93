"""DefaultTolerationSeconds: a pod stays five minutes on a node that is not ready or reachable."""

from __future__ import annotations

from fakekube.admission.chain import Attributes, Context, Plugin
from fakekube.core.meta import Obj

SECONDS = 300
TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


class DefaultTolerationSeconds(Plugin):
    name = "DefaultTolerationSeconds"

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        return resource_id == "pods" and not subresource and operation in ("CREATE", "UPDATE")

    async def admit(self, attributes: Attributes, context: Context) -> None:
        if attributes.obj is not None:
            spec = attributes.obj.setdefault("spec", {})
            own = spec.get("tolerations") or []
            missing = [_toleration(key) for key in TAINTS if not any(_covers(each, key) for each in own)]
            if missing:
                spec["tolerations"] = [*own, *missing]


def _covers(toleration: Obj, key: str) -> bool:
    return toleration.get("key", "") in (key, "") and toleration.get("effect", "") in ("NoExecute", "")


def _toleration(key: str) -> Obj:
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS}
