"""RuntimeClass: a pod takes over the overhead, node selector and tolerations of its class."""

from __future__ import annotations

from fakekube.admission.chain import CREATE, Attributes, Context, Plugin
from fakekube.admission.reading import lookup, refused
from fakekube.core.meta import Obj
from fakekube.core.quantity import parse

CLASSES = "runtimeclasses.node.k8s.io"


class RuntimeClass(Plugin):
    name = "RuntimeClass"

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        return resource_id == "pods" and not subresource and operation == CREATE

    async def admit(self, attributes: Attributes, context: Context) -> None:
        chosen = self._class(attributes, context)
        if chosen is None or attributes.obj is None:
            return
        spec = attributes.obj["spec"]
        overhead = (chosen.get("overhead") or {}).get("podFixed")
        if overhead:
            if spec.get("overhead") and not _same(spec["overhead"], overhead):
                raise refused(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
            spec["overhead"] = dict(overhead)
        self._schedule(attributes, spec, chosen.get("scheduling") or {})

    def _class(self, attributes: Attributes, context: Context) -> Obj | None:
        name = ((attributes.obj or {}).get("spec") or {}).get("runtimeClassName")
        if name is None:
            return None
        chosen = lookup(context.store, CLASSES, "", name)
        if chosen is None:
            raise refused(attributes, f'pod rejected: RuntimeClass "{name}" not found')
        return chosen

    def _schedule(self, attributes: Attributes, spec: Obj, scheduling: Obj) -> None:
        wanted = scheduling.get("nodeSelector") or {}
        own = spec.get("nodeSelector") or {}
        for key, value in wanted.items():
            if own.get(key, value) != value:
                why = (
                    f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; "
                    f"pod.spec.nodeSelector[{key}] = {own[key]}"
                )
                raise refused(attributes, why)
        if wanted:
            spec["nodeSelector"] = {**own, **wanted}
        tolerations = scheduling.get("tolerations")
        if tolerations:
            spec["tolerations"] = merged([*(spec.get("tolerations") or ()), *tolerations])

    async def validate(self, attributes: Attributes, context: Context) -> None:
        chosen = self._class(attributes, context)
        spec = (attributes.obj or {}).get("spec") or {}
        overhead = ((chosen or {}).get("overhead") or {}).get("podFixed")
        if overhead and not _same(spec.get("overhead") or {}, overhead):
            raise refused(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        if not overhead and spec.get("overhead"):
            why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
            raise refused(attributes, why)


def _same(one: Obj, other: Obj) -> bool:
    return {name: parse(amount) for name, amount in one.items()} == {
        name: parse(amount) for name, amount in other.items()
    }


def merged(tolerations: list[Obj]) -> list[Obj]:
    """The tolerations without those that another one covers; of two equal ones the first stays."""
    kept: list[Obj] = []
    for index, toleration in enumerate(tolerations):
        later = any(covers(other, toleration) and other != toleration for other in tolerations[index + 1 :])
        if not later and not any(covers(other, toleration) for other in kept):
            kept.append(toleration)
    return kept


def covers(one: Obj, other: Obj) -> bool:
    """Whether whatever `other` tolerates, `one` does too."""
    if one == other:
        return True
    if any(one.get(field, "") not in (other.get(field, ""), "") for field in ("key", "effect")):
        return False
    if one.get("effect") == "NoExecute":
        seconds, others = one.get("tolerationSeconds"), other.get("tolerationSeconds")
        if seconds is not None and (others is None or max(seconds, 0) < max(others, 0)):
            return False
    if one.get("operator", "Equal") == "Exists":
        return True
    return bool(other.get("operator", "Equal") == "Equal" and one.get("value", "") == other.get("value", ""))
