"""HorizontalPodAutoscalers between autoscaling/v2, which is stored, and v1, which keeps the rest in annotations."""

from __future__ import annotations

from typing import Any

import orjson

from fakekube.core.meta import Obj
from fakekube.registry.kinds.internal_form import internal

_PREFIX = "autoscaling.alpha.kubernetes.io/"
METRICS, CURRENT_METRICS = f"{_PREFIX}metrics", f"{_PREFIX}current-metrics"
BEHAVIOR, CONDITIONS = f"{_PREFIX}behavior", f"{_PREFIX}conditions"
ROUND_TRIP = (
    METRICS,
    BEHAVIOR,
    f"{_PREFIX}scale-down-tolerance",
    f"{_PREFIX}scale-up-tolerance",
    CURRENT_METRICS,
    CONDITIONS,
)
"""Annotations that only v1 shows."""

DEFAULT_UTILIZATION = 80
_SOURCES = ("object", "pods", "resource", "containerResource", "external")


def _filled(**fields: Any) -> Obj:
    """An object of the fields that are set."""
    return {name: value for name, value in fields.items() if value is not None}


def _is_cpu(metric: Obj) -> bool:
    resource = metric.get("resource") or {}
    return metric.get("type") == "Resource" and resource.get("name") == "cpu"


def _cpu_target(metric: Obj) -> int | None:
    if not _is_cpu(metric):
        return None
    found: int | None = (metric["resource"].get("target") or {}).get("averageUtilization")
    return found


# --- v2 -> v1


def _source_to_v1(kind: str, source: Obj) -> Obj:
    target, metric = source.get("target") or {}, source.get("metric") or {}
    value, average = target.get("value"), target.get("averageValue")
    if kind == "object":
        return _filled(
            target=source.get("describedObject") or {},
            metricName=metric.get("name", ""),
            targetValue=value or "0",
            selector=metric.get("selector"),
            averageValue=average,
        )
    if kind == "pods":
        name, selector = metric.get("name", ""), metric.get("selector")
        return _filled(metricName=name, targetAverageValue=average or "0", selector=selector)
    if kind == "external":
        return _filled(
            metricName=metric.get("name", ""),
            metricSelector=metric.get("selector"),
            targetValue=value,
            targetAverageValue=average,
        )
    return _filled(
        name=source.get("name", ""),
        targetAverageUtilization=target.get("averageUtilization"),
        targetAverageValue=average,
        container=source.get("container"),
    )


def _status_to_v1(kind: str, status: Obj) -> Obj:
    current, metric = status.get("current") or {}, status.get("metric") or {}
    value, average = current.get("value"), current.get("averageValue")
    if kind == "object":
        return _filled(
            target=status.get("describedObject") or {},
            metricName=metric.get("name", ""),
            currentValue=value or "0",
            selector=metric.get("selector"),
            averageValue=average,
        )
    if kind == "pods":
        name, selector = metric.get("name", ""), metric.get("selector")
        return _filled(metricName=name, currentAverageValue=average or "0", selector=selector)
    if kind == "external":
        return _filled(
            metricName=metric.get("name", ""),
            metricSelector=metric.get("selector"),
            currentValue=value or "0",
            currentAverageValue=average,
        )
    return _filled(
        name=status.get("name", ""),
        currentAverageUtilization=current.get("averageUtilization"),
        currentAverageValue=average or "0",
        container=status.get("container"),
    )


def _all(metrics: list[Obj], change: Any) -> list[Obj]:
    """Every metric with its source changed."""
    found = []
    for metric in metrics:
        changed: Obj = {"type": metric.get("type", "")}
        changed.update({kind: change(kind, metric[kind]) for kind in _SOURCES if metric.get(kind) is not None})
        found.append(changed)
    return found


def to_v1(obj: Obj) -> Obj:
    """A stored object as autoscaling/v1 shows it."""
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    metrics, behavior = spec.pop("metrics", None) or [], spec.pop("behavior", None)
    current, conditions = status.pop("currentMetrics", None) or [], status.pop("conditions", None) or []
    kept: dict[str, Any] = {}
    others = [metric for metric in metrics if _cpu_target(metric) is None]
    if others:
        kept[METRICS] = _all(others, _source_to_v1)
    if current:
        kept[CURRENT_METRICS] = _all(current, _status_to_v1)
    if behavior is not None:
        kept[BEHAVIOR] = internal("HorizontalPodAutoscalerBehavior", behavior)
    if conditions:
        order = ("type", "status", "lastTransitionTime", "reason", "message")
        kept[CONDITIONS] = [{name: each.get(name) for name in order if name in each} for each in conditions]
    targets = (_cpu_target(metric) for metric in metrics)
    target = next((found for found in targets if found is not None), None)
    if target is not None:
        spec["targetCPUUtilizationPercentage"] = target
    for metric in current:
        found = ((metric.get("resource") or {}).get("current") or {}).get("averageUtilization")
        if _is_cpu(metric) and found is not None:
            status["currentCPUUtilizationPercentage"] = found
    for name in ("currentReplicas", "desiredReplicas"):
        status.setdefault(name, 0)
    return {**obj, "metadata": _annotated(obj["metadata"], kept), "spec": spec, "status": status}


def _annotated(meta: Obj, kept: dict[str, Any]) -> Obj:
    annotations = {name: text for name, text in (meta.get("annotations") or {}).items() if name not in ROUND_TRIP}
    annotations.update({name: orjson.dumps(value).decode() for name, value in kept.items()})
    if annotations:
        return {**meta, "annotations": annotations}
    return {name: value for name, value in meta.items() if name != "annotations"}


# --- v1 -> v2


def _target(kind: str, **values: Any) -> Obj:
    return {"type": kind, **_filled(**values)}


def _source_from_v1(kind: str, source: Obj) -> Obj:
    average = source.get("targetAverageValue")
    name = source.get("metricName", "")
    if kind == "object":
        value, average = source.get("targetValue", "0"), source.get("averageValue")
        kept = value if average is None or value != "0" else None
        target = _target("Value" if average is None else "AverageValue", value=kept, averageValue=average)
        metric = _filled(name=name, selector=source.get("selector"))
        return {"describedObject": source.get("target") or {}, "target": target, "metric": metric}
    if kind == "pods":
        metric = _filled(name=name, selector=source.get("selector"))
        return {"metric": metric, "target": _target("AverageValue", averageValue=average or "0")}
    if kind == "external":
        value = source.get("targetValue")
        target = _target("AverageValue" if value is None else "Value", value=value, averageValue=average)
        return {"metric": _filled(name=name, selector=source.get("metricSelector")), "target": target}
    share = source.get("targetAverageUtilization")
    target = _target("AverageValue" if share is None else "Utilization", averageValue=average, averageUtilization=share)
    return {**_filled(name=source.get("name", ""), container=source.get("container")), "target": target}


def _status_from_v1(kind: str, status: Obj) -> Obj:
    name = status.get("metricName", "")
    if kind == "object":
        current = _filled(value=status.get("currentValue", "0"), averageValue=status.get("averageValue"))
        metric = _filled(name=name, selector=status.get("selector"))
        return {"metric": metric, "current": current, "describedObject": status.get("target") or {}}
    if kind == "pods":
        metric = _filled(name=name, selector=status.get("selector"))
        return {"metric": metric, "current": {"averageValue": status.get("currentAverageValue", "0")}}
    if kind == "external":
        current = _filled(value=status.get("currentValue", "0"), averageValue=status.get("currentAverageValue"))
        return {"metric": _filled(name=name, selector=status.get("metricSelector")), "current": current}
    current = _filled(
        averageValue=status.get("currentAverageValue", "0"),
        averageUtilization=status.get("currentAverageUtilization"),
    )
    return {**_filled(name=status.get("name", ""), container=status.get("container")), "current": current}


def _cpu_metric(part: str, share: int) -> Obj:
    value: Obj = {"averageUtilization": share}
    if part == "target":
        value = {"type": "Utilization", **value}
    return {"type": "Resource", "resource": {"name": "cpu", part: value}}


def _read(annotations: Obj, name: str, kind: type) -> Any:
    """The value that an annotation holds as JSON; None if there is none that can be read."""
    try:
        found = orjson.loads(annotations.get(name) or "null")
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, kind) else None


def _lowered(value: Any) -> Any:
    """An object of internal Go field names under its names on the wire, nulls left out."""
    if isinstance(value, list):
        return [_lowered(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name[:1].lower() + name[1:]: _lowered(each) for name, each in value.items() if each is not None}


def from_v1(obj: Obj) -> Obj:
    """An autoscaling/v1 object as it is stored."""
    annotations = obj["metadata"].get("annotations") or {}
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    share = spec.pop("targetCPUUtilizationPercentage", None)
    metrics = [] if share is None else [_cpu_metric("target", share)]
    metrics = _all(_read(annotations, METRICS, list) or [], _source_from_v1) + metrics
    spec["metrics"] = metrics or [_cpu_metric("target", DEFAULT_UTILIZATION)]
    behavior = _lowered(_read(annotations, BEHAVIOR, dict))
    if behavior:
        spec["behavior"] = behavior
    share = status.pop("currentCPUUtilizationPercentage", None)
    current = _read(annotations, CURRENT_METRICS, list)
    if current is not None:
        status["currentMetrics"] = _all(current, _status_from_v1)
    elif share is not None:
        status["currentMetrics"] = [_cpu_metric("current", share)]
    conditions = _read(annotations, CONDITIONS, list)
    if conditions is not None:
        status["conditions"] = conditions
    return {**obj, "metadata": _annotated(obj["metadata"], {}), "spec": spec, "status": status}
