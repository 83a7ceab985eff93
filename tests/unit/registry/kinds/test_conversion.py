"""Objects in the versions of their kind."""

from __future__ import annotations

from typing import Any

from fakekube.registry.conversion import convert
from fakekube.schema.resources import Resource
from tests.unit.registry.kinds.conftest import SCHEME


def resource(group: str, version: str, plural: str) -> Resource:
    found = SCHEME.resource(group, version, plural)
    assert found is not None
    return found


CORE, EVENTS = resource("", "v1", "events"), resource("events.k8s.io", "v1", "events")
V1 = resource("autoscaling", "v1", "horizontalpodautoscalers")
V2 = resource("autoscaling", "v2", "horizontalpodautoscalers")


def test_events_are_the_same_under_other_names() -> None:
    event: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p"},
        "message": "m",
        "source": {"component": "c", "host": "h"},
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:01Z",
        "count": 2,
        "reason": "r",
        "type": "Normal",
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
    }
    found = convert(CORE, EVENTS, event)
    assert found["regarding"] == event["involvedObject"]
    assert found["note"] == "m"
    assert found["deprecatedSource"] == event["source"]
    assert found["deprecatedCount"] == 2
    assert convert(EVENTS, CORE, found) == event


def scaler(*metrics: dict[str, Any], **annotations: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"scaleTargetRef": {"kind": "Deployment", "name": "d"}, "maxReplicas": 3}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "h", "annotations": annotations} if annotations else {"name": "h"},
        "spec": {**spec, "metrics": list(metrics)} if metrics else spec,
        "status": {"currentReplicas": 1, "desiredReplicas": 1, "currentMetrics": None},
    }


def metric(name: str, percent: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def test_the_cpu_metric_is_a_field_of_v1() -> None:
    found = convert(V2, V1, scaler(metric("cpu", 70)))
    assert found["spec"]["targetCPUUtilizationPercentage"] == 70
    assert "metrics" not in found["spec"]
    assert "annotations" not in found["metadata"]


def test_other_metrics_are_annotations_of_v1_and_come_back() -> None:
    original = scaler(metric("memory", 50), metric("cpu", 70), note="kept")
    found = convert(V2, V1, original)
    assert set(found["metadata"]["annotations"]) == {"note", "autoscaling.alpha.kubernetes.io/metrics"}
    back = convert(V1, V2, found)
    assert back["metadata"]["annotations"] == {"note": "kept"}
    assert sorted(each["resource"]["name"] for each in back["spec"]["metrics"]) == ["cpu", "memory"]
