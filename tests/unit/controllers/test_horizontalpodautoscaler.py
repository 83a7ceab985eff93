"""Autoscalers: what metrics ask for, at the pace that is allowed, and the words for both."""

from typing import Any

import pytest

from fakekube.controllers.horizontalpodautoscaler.pace import Decision, Past, decide, note_scaling
from fakekube.core.meta import Obj
from tests.unit.controllers.labs import change, condition, lab, selector, template
from tests.unit.machinery.fakeapi import Lab

SCALERS, SETS = "horizontalpodautoscalers.autoscaling", "replicasets.apps"
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}


def metric(kind: str, **about: Any) -> Obj:
    return {"type": kind, kind[0].lower() + kind[1:]: about}


async def scaled(metric: Obj, says: Obj, *, replicas: int = 2, pods: Obj | None = None, **spec: Any) -> Lab:
    """A lab with a ReplicaSet whose pods ask for 100m, and an autoscaler; `says`: the metrics that it is told."""
    made = await lab("horizontalpodautoscaler", "replicaset", count=1)

    async def scale(resource: str, namespace: str, name: str, patch: Any, **options: Any) -> Obj:
        return await patched(resource, namespace, name, patch, **{**options, "subresource": ""})

    async def any_patch(resource: str, namespace: str, name: str, patch: Any, **options: Any) -> Obj:
        through = scale if options.get("subresource") == "scale" else patched
        return await through(resource, namespace, name, patch, **options)

    patched, made.api.patch = made.api.patch, any_patch  # type: ignore[method-assign]
    container = {"resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
    given = template(container=container, annotations=annotated(pods or {}))
    spec_of_set = {"replicas": replicas, "selector": selector(), "template": given}
    await made.make(SETS, "ReplicaSet", "rs", spec=spec_of_set, status={"replicas": replicas})
    await made.settle(20)
    target = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs"}
    fields = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 10, "metrics": [metric], **spec}
    meta = {"annotations": annotated(says)}
    await made.make(SCALERS, "HorizontalPodAutoscaler", "h", spec=fields, metadata=meta)
    await made.settle(15)
    return made


def annotated(says: Obj) -> Obj:
    return {f"fakekube/metric.{name}": text for name, text in says.items()}


def wanted(made: Lab) -> int:
    found = made.get(SETS, "rs")
    assert found is not None
    return int(found["spec"]["replicas"])


def status(made: Lab) -> Obj:
    found = made.get(SCALERS, "h")
    assert found is not None
    return dict(found["status"])


@pytest.mark.parametrize(
    ("target", "says", "expected", "reason"),
    [
        (CPU, {"cpu": "80m"}, 4, "cpu resource utilization (percentage of request) above target"),
        (CPU, {"cpu": "52m"}, 2, ""),
        (
            metric("Resource", name="memory", target={"type": "AverageValue", "averageValue": "10Mi"}),
            {"memory": "15Mi"},
            3,
            "memory resource above target",
        ),
        (
            metric(
                "ContainerResource",
                name="cpu",
                container="c",
                target={"type": "Utilization", "averageUtilization": 50},
            ),
            {"c.cpu": "75m"},
            3,
            "cpu container resource utilization (percentage of request) above target",
        ),
        (
            metric("Pods", metric={"name": "queue"}, target={"type": "AverageValue", "averageValue": "10"}),
            {"queue": "20"},
            4,
            "pods metric queue above target",
        ),
        (
            metric("External", metric={"name": "a/b"}, target={"type": "AverageValue", "averageValue": "10"}),
            {"a_b": "20,10"},
            3,
            "external metric a/b(nil) above target",
        ),
        (
            metric(
                "Object",
                metric={"name": "hits"},
                describedObject={"apiVersion": "v1", "kind": "Service", "name": "web"},
                target={"type": "Value", "value": "100"},
            ),
            {"hits": "150"},
            3,
            "Service metric hits above target",
        ),
    ],
)
async def test_metrics_ask_for_replicas(target: Obj, says: Obj, expected: int, reason: str) -> None:
    made = await scaled(target, says)
    assert wanted(made) == expected
    told = [f"New size: {expected}; reason: {reason}"] if reason else []
    assert made.told("SuccessfulRescale") == told
    assert condition(made.get(SCALERS, "h"), "ScalingActive")["reason"] == "ValidMetricFound"
    assert status(made)["desiredReplicas"] == expected


async def test_what_each_pod_uses_is_said_by_the_pod() -> None:
    made = await scaled(CPU, {"cpu": "10m"}, pods={"cpu": "100m"})
    assert wanted(made) == 4
    current = status(made)["currentMetrics"][0]["resource"]["current"]
    assert current == {"averageValue": "100m", "averageUtilization": 100}


async def test_fewer_replicas_come_only_when_no_higher_number_is_recent() -> None:
    made = await scaled(CPU, {"cpu": "10m"}, replicas=4)
    found = condition(made.get(SCALERS, "h"), "AbleToScale")
    assert (wanted(made), found["reason"]) == (4, "ScaleDownStabilized")
    await made.settle(316)
    assert wanted(made) == 1
    assert made.told("SuccessfulRescale") == ["New size: 1; reason: All metrics below target"]


async def test_a_metric_that_is_told_counts_at_once() -> None:
    made = await scaled(CPU, {"cpu": "50m"})
    await change(made, SCALERS, "h", {"metadata": {"annotations": annotated({"cpu": "100m"})}})
    await made.settle()
    assert wanted(made) == 4


async def test_a_metric_that_is_not_known_has_an_empty_place_in_the_status() -> None:
    made = await scaled(CPU, {})
    assert status(made)["currentMetrics"] == [{"type": ""}]
    assert condition(made.get(SCALERS, "h"), "ScalingActive")["reason"] == "FailedGetResourceMetric"


async def test_pods_without_requests_have_no_utilization() -> None:
    target = metric("Resource", name="disk", target={"type": "Utilization", "averageUtilization": 50})
    made = await scaled(target, {"disk": "1"})
    message = condition(made.get(SCALERS, "h"), "ScalingActive")["message"]
    assert "failed to get disk utilization: missing request for disk in container c of Pod rs-" in message


async def test_two_autoscalers_of_the_same_pods_do_nothing() -> None:
    made = await scaled(CPU, {"cpu": "100m"}, maxReplicas=2)
    spec = (made.get(SCALERS, "h") or {})["spec"]
    await made.make(SCALERS, "HorizontalPodAutoscaler", "i", spec={**spec, "maxReplicas": 5})
    await made.settle(16)
    text = "pods by selector app=a are controlled by multiple HPAs: [default/h default/i]"
    assert condition(made.get(SCALERS, "h"), "ScalingActive")["message"] == text
    assert text in made.told("AmbiguousSelector")


def autoscaler(**spec: Any) -> Obj:
    return {"metadata": {"namespace": "n", "name": "h"}, "spec": {"minReplicas": 2, "maxReplicas": 20, **spec}}


def rules(*policies: tuple[str, int, int], select: str = "Max", window: int | None = None) -> Obj:
    listed = [{"type": kind, "value": value, "periodSeconds": period} for kind, value, period in policies]
    found: Obj = {"selectPolicy": select, "policies": listed}
    return found if window is None else {**found, "stabilizationWindowSeconds": window}


def outcome(decision: Decision) -> tuple[int, str, str]:
    return decision.replicas, decision.stabilized[0], decision.limit[0]


@pytest.mark.parametrize(
    ("current", "asked", "expected"),
    [
        (3, 20, (6, "ReadyForNewScale", "ScaleUpLimit")),
        (15, 30, (20, "ReadyForNewScale", "TooManyReplicas")),
        (3, 1, (2, "ReadyForNewScale", "TooFewReplicas")),
        (3, 5, (5, "ReadyForNewScale", "DesiredWithinRange")),
    ],
)
def test_without_behavior_replicas_are_at_most_doubled(current: int, asked: int, expected: Any) -> None:
    assert outcome(decide(autoscaler(), Past(), current, asked, 0.0)) == expected


@pytest.mark.parametrize(
    ("up", "expected"),
    [
        (rules(("Pods", 4, 60), ("Percent", 100, 60)), (14, "ReadyForNewScale", "ScaleUpLimit")),
        (rules(("Pods", 4, 60), ("Percent", 100, 60), select="Min"), (11, "ReadyForNewScale", "ScaleUpLimit")),
        (rules(select="Disabled"), (10, "ReadyForNewScale", "ScaleUpLimit")),
    ],
)
def test_policies_limit_what_comes_within_their_period(up: Obj, expected: Any) -> None:
    scaler, past = autoscaler(behavior={"scaleUp": up, "scaleDown": rules(("Percent", 100, 15))}), Past()
    note_scaling(scaler, past, 7, 10, 30.0)
    assert outcome(decide(scaler, past, 10, 18, 60.0)) == expected


def test_windows_hold_replicas_back_both_ways() -> None:
    up, down = rules(("Percent", 100, 15), window=60), rules(("Percent", 10, 60), window=0)
    scaler, past = autoscaler(behavior={"scaleUp": up, "scaleDown": down}), Past()
    assert outcome(decide(scaler, past, 10, 10, 0.0))[0] == 10
    assert outcome(decide(scaler, past, 10, 15, 30.0)) == (10, "ScaleUpStabilized", "DesiredWithinRange")
    assert outcome(decide(scaler, past, 10, 15, 61.0)) == (15, "ReadyForNewScale", "DesiredWithinRange")
    assert outcome(decide(scaler, past, 15, 5, 62.0)) == (13, "ReadyForNewScale", "ScaleDownLimit")
