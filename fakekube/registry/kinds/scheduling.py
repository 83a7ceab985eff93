"""PriorityClasses and RuntimeClasses: what pods name to be scheduled and run by."""

from __future__ import annotations

from fakekube.core.fielderrors import FieldError, forbidden, required
from fakekube.core.meta import Obj, name_of
from fakekube.registry.kinds.checks import dns_label, immutable, labels, one_of
from fakekube.registry.kinds.node_labels import DEPRECATED
from fakekube.registry.strategy import Context, Strategy

HIGHEST_USER_PRIORITY = 1_000_000_000
SYSTEM_PREFIX = "system-"
SYSTEM_CLASSES = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
POLICIES = ("PreemptLowerPriority", "Never")


class PriorityClassStrategy(Strategy):
    """The value and the preemption policy stay; the generation is always 1."""

    generation_fields = ()

    def default(self, obj: Obj) -> None:
        """Pods of the class preempt others unless it says otherwise."""
        obj["preemptionPolicy"] = obj.get("preemptionPolicy") or "PreemptLowerPriority"

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Users' values are bounded, and system- names are the system's."""
        faults: list[FieldError] = []
        name, value = name_of(obj), obj.get("value") or 0
        if name.startswith(SYSTEM_PREFIX):
            if why := _not_system(name, value, bool(obj.get("globalDefault"))):
                reserved = f"priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only"
                faults.append(forbidden("metadata.name", f"{reserved}. error: {why}"))
        elif value > HIGHEST_USER_PRIORITY:
            why = f"maximum allowed value of a user defined priority is {HIGHEST_USER_PRIORITY}"
            faults.append(forbidden("value", why))
        policy = obj.get("preemptionPolicy", "")
        return faults + (one_of("preemptionPolicy", policy, POLICIES) if policy else [required("preemptionPolicy")])

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Only the description and globalDefault change."""
        faults = []
        if (obj.get("value") or 0) != (old.get("value") or 0):
            faults.append(forbidden("value", "may not be changed in an update."))
        return faults + immutable("preemptionPolicy", obj.get("preemptionPolicy"), old.get("preemptionPolicy"))


def _not_system(name: str, value: int, default: bool) -> str:
    """Why this is none of the system's own classes; '' if it is one."""
    if name not in SYSTEM_CLASSES:
        return f"{name} is not a known system priority class"
    if value != SYSTEM_CLASSES[name]:
        return f"value of {name} PriorityClass must be {SYSTEM_CLASSES[name]}"
    return f"globalDefault of {name} PriorityClass must be false" if default else ""


class RuntimeClassStrategy(Strategy):
    """The handler stays; PUT creates; an update must name its resourceVersion."""

    create_on_update = True
    unconditional_update = False
    generation_fields = None

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """A handler, and how pods of the class are scheduled."""
        handler = obj.get("handler", "")
        faults = dns_label("handler", handler) if handler else [required("handler")]
        selector = (obj.get("scheduling") or {}).get("nodeSelector")
        return faults + labels("scheduling.nodeSelector", selector)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The rules for new classes; then the handler is immutable."""
        faults = self.validate(context, obj)
        return faults + immutable("handler", obj.get("handler", ""), old.get("handler"))

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Deprecated labels in the node selector."""
        selector = (obj.get("scheduling") or {}).get("nodeSelector") or {}
        return [f"scheduling.nodeSelector: {DEPRECATED[key]}" for key in selector if key in DEPRECATED]


ROWS = {
    "priorityclasses.scheduling.k8s.io": PriorityClassStrategy(),
    "runtimeclasses.node.k8s.io": RuntimeClassStrategy(),
}
