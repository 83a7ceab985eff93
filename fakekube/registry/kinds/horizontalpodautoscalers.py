"""HorizontalPodAutoscalers in autoscaling/v2 (kubernetes/pkg/apis/autoscaling, registry/autoscaling)."""

from __future__ import annotations

from typing import Any

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.core.quantity import parse
from fakekube.registry.kinds.pod_validation.resources import container_resource_name
from fakekube.registry.kinds.rules import Errors, named, not_negative, one_of
from fakekube.registry.strategy import Context, Strategy

DEFAULT_UTILIZATION = 80
LONGEST_PERIOD_SECONDS = 1800
LONGEST_WINDOW_SECONDS = 3600
SELECT_POLICIES = ("Disabled", "Max", "Min")
POLICY_TYPES = ("Percent", "Pods")
SOURCES = {
    "object": "Object",
    "external": "External",
    "pods": "Pods",
    "resource": "Resource",
    "containerResource": "ContainerResource",
}
"""The field of a metric -> its type, in the order in which the fields are looked at."""
METRIC_TYPES = tuple(sorted(SOURCES.values()))
TARGET_TYPES = ("Utilization", "Value", "AverageValue")


class HorizontalPodAutoscalerStrategy(Strategy):
    generation_fields = None

    def default(self, obj: Obj) -> None:
        spec = obj.setdefault("spec", {})
        spec.setdefault("minReplicas", 1)
        if not spec.get("metrics"):
            target = {"type": "Utilization", "averageUtilization": DEFAULT_UTILIZATION}
            spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
        behavior = spec.get("behavior")
        if behavior is not None:
            _default_rules(
                behavior, "scaleUp", {"stabilizationWindowSeconds": 0, **_policies(("Pods", 4), ("Percent", 100))}
            )
            _default_rules(behavior, "scaleDown", _policies(("Percent", 100)))

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        return _validate_spec(obj["spec"], None)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        return _validate_spec(obj["spec"], old["spec"])

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors: Errors = []
        not_negative(errors, obj.get("status") or {}, "status", "currentReplicas", "desiredReplicas")
        return errors


def _policies(*rows: tuple[str, int]) -> Obj:
    policies = [{"type": kind, "value": value, "periodSeconds": 15} for kind, value in rows]
    return {"selectPolicy": "Max", "policies": policies}


def _default_rules(behavior: Obj, field: str, defaults: Obj) -> None:
    behavior[field] = {**defaults, **(behavior.get(field) or {})}


def _validate_spec(spec: Obj, old: Obj | None) -> Errors:
    errors: Errors = []
    low, high = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    bound = 0 if old is not None and old.get("minReplicas") == 0 else 1
    if low is not None and low < bound:
        errors.append(invalid("spec.minReplicas", low, f"must be greater than or equal to {bound}"))
    if high == 0:
        errors.append(required("spec.maxReplicas", "must be set and greater than 0"))
    elif high < 0:
        errors.append(invalid("spec.maxReplicas", high, "must be greater than or equal to 1"))
    if low is not None and high < low:
        errors.append(invalid("spec.maxReplicas", high, "must be greater than or equal to `minReplicas`"))
    _validate_target(errors, spec.get("scaleTargetRef") or {}, old)
    _validate_metrics(errors, spec, old)
    for field in ("scaleUp", "scaleDown"):
        rules = (spec.get("behavior") or {}).get(field)
        if rules is not None:
            _validate_rules(errors, rules, f"spec.behavior.{field}")
    return errors


def _validate_target(errors: Errors, target: Obj, old: Obj | None) -> None:
    before = (old or {}).get("scaleTargetRef") or {}
    kept = old is not None and all(before.get(field) == target.get(field) for field in ("apiVersion", "kind"))
    core_allowed = target.get("kind") == "ReplicationController"
    _validate_reference(errors, target, "spec.scaleTargetRef", any_version=kept, core_allowed=core_allowed)


def _validate_reference(errors: Errors, target: Obj, path: str, *, any_version: bool, core_allowed: bool) -> None:
    for field in ("kind", "name"):
        value = target.get(field)
        if not value:
            errors.append(required(f"{path}.{field}"))
        else:
            named(errors, names.path_segment(value), value, f"{path}.{field}")
    fault = None if any_version else version_fault(target.get("apiVersion", ""), core_allowed)
    if fault:
        errors.append(invalid(f"{path}.apiVersion", target.get("apiVersion", ""), fault))


def version_fault(version: str, core_allowed: bool) -> str | None:
    """What is wrong with an apiVersion that should name a group."""
    if version.count("/") > 1:
        return f"unexpected GroupVersion string: {version}"
    if "/" not in version or version.startswith("/"):
        return None if core_allowed else "apiVersion must specify API group"
    return None


def _validate_metrics(errors: Errors, spec: Obj, old: Obj | None) -> None:
    metrics = spec.get("metrics") or []
    described = [
        metric["object"].get("describedObject") or {}
        for metric in (old or {}).get("metrics") or ()
        if "object" in metric
    ]
    any_version = any(version_fault(each.get("apiVersion", ""), True) for each in described)
    for index, metric in enumerate(metrics):
        _validate_metric(errors, metric, f"spec.metrics[{index}]", any_version)
    if spec.get("minReplicas") == 0 and not {"Object", "External"} & {metric.get("type") for metric in metrics}:
        detail = "must specify at least one Object or External metric to support scaling to zero replicas"
        errors.append(forbidden("spec.metrics", detail))


def _validate_metric(errors: Errors, metric: Obj, path: str, any_version: bool) -> None:
    kind = metric.get("type", "")
    if not kind:
        errors.append(required(f"{path}.type", "must specify a metric source type"))
    one_of(errors, kind, METRIC_TYPES, f"{path}.type")
    present = [field for field in SOURCES if metric.get(field) is not None]
    if present:
        _validate_source(errors, present[0], metric[present[0]], f"{path}.{present[0]}", any_version)
    expected = next((field for field, name in SOURCES.items() if name == kind), None)
    if expected is None:
        errors.append(not_supported(f"{path}.type", kind, METRIC_TYPES))
    elif metric.get(expected) is None:
        errors.append(required(f"{path}.{expected}", "must populate information for the given metric source"))
    if len(present) != 1:
        surplus = [field for field in present if field != expected]
        errors.extend(forbidden(f"{path}.{field}", "must populate the given metric source only") for field in surplus)


def _validate_source(errors: Errors, field: str, source: Obj, path: str, any_version: bool) -> None:
    if field == "object":
        described = source.get("describedObject") or {}
        _validate_reference(errors, described, f"{path}.describedObject", any_version=any_version, core_allowed=True)
    if field in ("object", "external", "pods"):
        _validate_metric_name(errors, source.get("metric") or {}, f"{path}.metric")
    else:
        _validate_resource_name(errors, field, source, path)
    target = source.get("target") or {}
    _validate_metric_target(errors, target, f"{path}.target")
    _validate_target_fields(errors, field, target, f"{path}.target")


def _validate_resource_name(errors: Errors, field: str, source: Obj, path: str) -> None:
    name = source.get("name")
    if not name:
        errors.append(required(f"{path}.name", "must specify a resource name"))
    elif field == "containerResource":
        container_resource_name(errors, name, f"{path}.name")
    if field == "containerResource":
        container = source.get("container")
        if not container:
            errors.append(required(f"{path}.container", "must specify a container"))
        else:
            named(errors, names.dns1123_label(container), container, f"{path}.container")


def _validate_metric_name(errors: Errors, identifier: Obj, path: str) -> None:
    name = identifier.get("name")
    if not name:
        errors.append(required(f"{path}.name", "must specify a metric name"))
    else:
        named(errors, names.path_segment(name), name, f"{path}.name")


def _validate_metric_target(errors: Errors, target: Obj, path: str) -> None:
    kind = target.get("type", "")
    if not kind:
        errors.append(required(f"{path}.type", "must specify a metric target type"))
    if kind not in TARGET_TYPES:
        errors.append(invalid(f"{path}.type", kind, "must be either Utilization, Value, or AverageValue"))
    for field in ("value", "averageValue"):
        amount = target.get(field)
        if amount is not None and parse(amount).nanos <= 0:
            errors.append(invalid(f"{path}.{field}", amount, "must be positive"))
    utilization = target.get("averageUtilization")
    if utilization is not None and utilization < 1:
        errors.append(invalid(f"{path}.averageUtilization", utilization, "must be greater than 0"))


_WANTED: dict[str, tuple[tuple[str, str], str, str]] = {
    "object": (("value", "averageValue"), "averageValue", "must set either a target value or averageValue"),
    "external": (
        ("value", "averageValue"),
        "averageValue",
        "must set either a target value for metric or a per-pod target",
    ),
    "pods": (("averageValue", "averageValue"), "averageValue", "must specify a positive target averageValue"),
    "resource": (
        ("averageUtilization", "averageValue"),
        "averageUtilization",
        "must set either a target raw value or a target utilization",
    ),
}
"""Source -> (fields of the target of which one is needed, the one that is named, the words)."""
_EXCLUSIVE = {
    "external": ("value", "may not set both a target value for metric and a per-pod target"),
    "resource": ("averageValue", "may not set both a target raw value and a target utilization"),
}


def _validate_target_fields(errors: Errors, field: str, target: Obj, path: str) -> None:
    rule = "resource" if field == "containerResource" else field
    wanted, told, detail = _WANTED[rule]
    given = [name for name in wanted if target.get(name) is not None]
    if not given:
        errors.append(required(f"{path}.{told}", detail))
    elif rule in _EXCLUSIVE and len(given) == len(wanted):
        errors.append(forbidden(f"{path}.{_EXCLUSIVE[rule][0]}", _EXCLUSIVE[rule][1]))


def _validate_rules(errors: Errors, rules: Obj, path: str) -> None:
    window: Any = rules.get("stabilizationWindowSeconds")
    if window is not None and window < 0:
        errors.append(invalid(f"{path}.stabilizationWindowSeconds", window, "must be greater than or equal to zero"))
    if window is not None and window > LONGEST_WINDOW_SECONDS:
        detail = f"must be less than or equal to {LONGEST_WINDOW_SECONDS}"
        errors.append(invalid(f"{path}.stabilizationWindowSeconds", window, detail))
    if "selectPolicy" in rules:
        one_of(errors, rules["selectPolicy"], SELECT_POLICIES, f"{path}.selectPolicy")
    if not rules.get("policies"):
        errors.append(required(f"{path}.policies", "must specify at least one Policy"))
    for index, policy in enumerate(rules.get("policies") or ()):
        _validate_policy(errors, policy, f"{path}.policies[{index}]")
    tolerance = rules.get("tolerance")
    if tolerance is not None and parse(tolerance).nanos < 0:
        errors.append(invalid(f"{path}.tolerance", tolerance, "must be greater than or equal to 0"))


def _validate_policy(errors: Errors, policy: Obj, path: str) -> None:
    one_of(errors, policy.get("type", ""), POLICY_TYPES, f"{path}.type")
    for field in ("value", "periodSeconds"):
        number = policy.get(field) or 0
        if number <= 0:
            errors.append(invalid(f"{path}.{field}", number, "must be greater than zero"))
    period = policy.get("periodSeconds") or 0
    if period > LONGEST_PERIOD_SECONDS:
        errors.append(
            invalid(f"{path}.periodSeconds", period, f"must be less than or equal to {LONGEST_PERIOD_SECONDS}")
        )


ROWS: dict[str, Strategy] = {"horizontalpodautoscalers.autoscaling": HorizontalPodAutoscalerStrategy()}
