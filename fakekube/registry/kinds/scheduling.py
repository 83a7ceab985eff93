"""PriorityClasses and RuntimeClasses: what pods name to be scheduled and run by."""

from __future__ import annotations

from collections.abc import Sequence

from fakekube.core.fielderrors import FieldError, duplicate, forbidden, required
from fakekube.core.meta import Obj, name_of
from fakekube.registry.kinds.checks import dns_label, immutable, labels, one_of
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.node_labels import DEPRECATED
from fakekube.registry.kinds.pod_validation.resources import validate_container_resources
from fakekube.registry.kinds.pod_validation.scheduling import validate_tolerations
from fakekube.registry.strategy import Context, Strategy

HIGHEST_USER_PRIORITY = 1_000_000_000
SYSTEM_PREFIX = "system-"
SYSTEM_CLASSES = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
_TOLERATION_KEY = ("key", "operator", "value", "effect")
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

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """A handler, what it costs, and where pods of the class run."""
        faults, scheduling = _handler_faults(obj), obj.get("scheduling") or {}
        limits = {"limits": (obj.get("overhead") or {}).get("podFixed") or {}}
        validate_container_resources(faults, limits, frozenset(), "overhead")
        faults += labels("scheduling.nodeSelector", scheduling.get("nodeSelector"))
        return faults + _toleration_faults("scheduling.tolerations", scheduling.get("tolerations") or ())

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The handler is immutable."""
        return _handler_faults(obj) + immutable("handler", obj.get("handler", ""), old.get("handler"))

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Deprecated labels in the node selector."""
        selector = (obj.get("scheduling") or {}).get("nodeSelector") or {}
        return [f"scheduling.nodeSelector: {DEPRECATED[key]}" for key in selector if key in DEPRECATED]


def _handler_faults(obj: Obj) -> list[FieldError]:
    handler = obj.get("handler", "")
    return dns_label("handler", handler) if handler else [required("handler")]


def _toleration_faults(field: str, tolerations: Sequence[Obj]) -> list[FieldError]:
    faults: list[FieldError] = []
    validate_tolerations(faults, tolerations, field)
    keys = [tuple(each.get(name) or "" for name in _TOLERATION_KEY) for each in tolerations]
    repeated = (index for index, key in enumerate(keys) if key in keys[:index])
    return faults + [duplicate(f"{field}[{index}]", internal("Toleration", tolerations[index])) for index in repeated]


ROWS = {
    "priorityclasses.scheduling.k8s.io": PriorityClassStrategy(),
    "runtimeclasses.node.k8s.io": RuntimeClassStrategy(),
}
