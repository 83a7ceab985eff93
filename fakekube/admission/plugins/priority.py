"""Priority: a pod's class becomes its priority and preemption policy; only one class is the default."""

from __future__ import annotations

from fakekube.admission.chain import CREATE, UPDATE, Attributes, Context, Plugin
from fakekube.admission.reading import listed, lookup, refused
from fakekube.core.meta import Obj, name_of

CLASSES = "priorityclasses.scheduling.k8s.io"
COMPUTED = "must not be provided in pod spec; priority admission controller computed"
NO_CLASS: Obj = {"value": 0, "preemptionPolicy": "PreemptLowerPriority"}


class Priority(Plugin):
    name = "Priority"

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        return not subresource and resource_id in ("pods", CLASSES)

    def handles(self, attributes: Attributes) -> bool:
        return attributes.obj is not None

    async def admit(self, attributes: Attributes, context: Context) -> None:
        if attributes.resource.id != "pods" or attributes.obj is None:
            return
        spec = attributes.obj.setdefault("spec", {})
        if attributes.operation == CREATE:
            self._resolve(attributes, context, spec)
        elif attributes.operation == UPDATE:
            before = (attributes.old or {}).get("spec") or {}
            for field in ("priority", "preemptionPolicy"):
                if field not in spec and field in before:
                    spec[field] = before[field]

    def _resolve(self, attributes: Attributes, context: Context, spec: Obj) -> None:
        name = spec.get("priorityClassName")
        chosen = lookup(context.store, CLASSES, "", name) if name else default_class(context)
        if chosen is None and name:
            raise refused(attributes, f"no PriorityClass with name {name} was found")
        if chosen is not None:
            spec["priorityClassName"] = name_of(chosen)
        else:
            chosen = NO_CLASS
        value, policy = chosen.get("value") or 0, chosen.get("preemptionPolicy")
        given = spec.get("priority")
        if given is not None and given != value:
            why = f"the integer value of priority ({given}) {COMPUTED} {value} from the given PriorityClass name"
            raise refused(attributes, why)
        spec["priority"] = value
        if policy is not None:
            given = spec.get("preemptionPolicy")
            if given is not None and given != policy:
                told = f"the string value of PreemptionPolicy ({given})"
                raise refused(attributes, f"{told} {COMPUTED} {policy} from the given PriorityClass name")
            spec["preemptionPolicy"] = policy

    async def validate(self, attributes: Attributes, context: Context) -> None:
        obj = attributes.obj
        if attributes.resource.id != CLASSES or obj is None or not obj.get("globalDefault"):
            return
        other = default_class(context)
        if other is None or (attributes.operation == UPDATE and name_of(other) == name_of(obj)):
            return
        if attributes.operation in (CREATE, UPDATE):
            why = f"PriorityClass {name_of(other)} is already marked as default. Only one default can exist"
            raise refused(attributes, why)


def default_class(context: Context) -> Obj | None:
    """The class of pods that name none; of several the lowest."""
    found = [each for each in listed(context.store, CLASSES) if each.get("globalDefault")]
    return min(found, key=lambda each: each.get("value") or 0, default=None)
