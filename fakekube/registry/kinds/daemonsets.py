"""DaemonSets (kubernetes/pkg/apis/apps, registry/apps/daemonset)."""

from __future__ import annotations

from fakekube.core.fielderrors import FieldError, invalid, not_supported, required
from fakekube.core.meta import Obj, annotations_of
from fakekube.registry.kinds.deployments import immutable_selector
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.label_selectors import is_empty, is_usable, validate_selector
from fakekube.registry.kinds.pod_validation.template import validate_template
from fakekube.registry.kinds.rules import (
    Errors,
    amount_of,
    at_most_all,
    int_or_percent,
    not_decremented,
    not_negative,
)
from fakekube.registry.kinds.workloads import WorkloadStrategy, check_template_labels, validate_endless
from fakekube.registry.strategy import Context, Strategy

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
"""Once a field of the spec; apps/v1 shows it as an annotation."""
UPDATE_TYPES = ("RollingUpdate", "OnDelete")
STATUS_COUNTERS = (
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "observedGeneration",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
    "collisionCount",
)


class DaemonSetStrategy(WorkloadStrategy):
    """Its pods are named by nodes, so that its own name is not warned of."""

    warns_of_name = False

    def default(self, obj: Obj) -> None:
        super().default(obj)
        spec = obj["spec"]
        strategy = spec.setdefault("updateStrategy", {})
        strategy.setdefault("type", "RollingUpdate")
        if strategy["type"] == "RollingUpdate":
            rolling = strategy.setdefault("rollingUpdate", {})
            rolling.setdefault("maxUnavailable", 1)
            rolling.setdefault("maxSurge", 0)
        spec.setdefault("revisionHistoryLimit", 10)

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        super().prepare_for_create(context, obj)
        _set_generation(obj, max(1, _generation(obj)))

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        super().prepare_for_update(context, obj, old)
        changed = obj["spec"].get("template") != old["spec"].get("template")
        _set_generation(obj, _generation(old) + changed)

    def is_changed(self, obj: Obj, old: Obj) -> bool:
        return _generation(obj) != _generation(old)

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        errors: Errors = []
        _validate_spec(errors, obj["spec"], None)
        return errors

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors: Errors = []
        immutable_selector(errors, obj, old)
        _validate_spec(errors, obj["spec"], old["spec"])
        return errors

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors: Errors = []
        status = obj.get("status") or {}
        not_negative(errors, status, "status", *STATUS_COUNTERS)
        not_decremented(errors, status, old.get("status") or {}, "status", "collisionCount")
        return errors


def _generation(obj: Obj) -> int:
    """The template's generation; 0 where it is not told."""
    text = annotations_of(obj).get(TEMPLATE_GENERATION, "")
    return int(text) if text.isdecimal() else 0


def _set_generation(obj: Obj, number: int) -> None:
    obj["metadata"].setdefault("annotations", {})[TEMPLATE_GENERATION] = str(number)


def _validate_spec(errors: Errors, spec: Obj, old: Obj | None) -> None:
    selector, template = spec.get("selector"), spec.get("template") or {}
    known_values = old is not None and not is_usable(old.get("selector"))
    validate_selector(errors, selector, "spec.selector", any_value=known_values)
    if is_usable(selector):
        check_template_labels(errors, selector, template)
    if selector is not None and is_empty(selector):
        errors.append(invalid("spec.selector", {}, "empty selector is invalid for daemonset"))
    validate_template(errors, template, "spec.template")
    validate_endless(errors, template, "DaemonSet")
    not_negative(errors, spec, "spec", "minReadySeconds")
    _validate_strategy(errors, spec.get("updateStrategy") or {}, "spec.updateStrategy")
    not_negative(errors, spec, "spec", "revisionHistoryLimit")


def _validate_strategy(errors: Errors, strategy: Obj, path: str) -> None:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind not in UPDATE_TYPES:
        errors.append(not_supported(path, internal("DaemonSetUpdateStrategy", strategy), UPDATE_TYPES))
    elif kind == "RollingUpdate":
        if rolling is None:
            errors.append(required(f"{path}.rollingUpdate"))
        else:
            _validate_rolling(errors, rolling, f"{path}.rollingUpdate")


def _validate_rolling(errors: Errors, rolling: Obj, path: str) -> None:
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    int_or_percent(errors, unavailable, f"{path}.maxUnavailable")
    int_or_percent(errors, surge, f"{path}.maxSurge")
    at_most_all(errors, unavailable, f"{path}.maxUnavailable")
    at_most_all(errors, surge, f"{path}.maxSurge")
    has_unavailable, has_surge = amount_of(unavailable) != 0, amount_of(surge) != 0
    if has_unavailable and has_surge:
        errors.append(invalid(f"{path}.maxSurge", surge, "may not be set when maxUnavailable is non-zero"))
    elif not has_unavailable and not has_surge:
        errors.append(required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0"))


ROWS: dict[str, Strategy] = {"daemonsets.apps": DaemonSetStrategy()}
