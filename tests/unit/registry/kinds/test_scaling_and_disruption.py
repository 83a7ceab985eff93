"""HorizontalPodAutoscalers and PodDisruptionBudgets."""

from __future__ import annotations

from typing import Any

from fakekube.core.meta import Obj
from tests.unit.registry.kinds.conftest import Api, merged

SCALERS, BUDGETS = "horizontalpodautoscalers.autoscaling", "poddisruptionbudgets.policy"
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}


async def scaler(api: Api, **parts: Any) -> Obj:
    return await api.make(SCALERS, spec=merged({"scaleTargetRef": TARGET, "maxReplicas": 3}, parts))


async def bad_scaler(api: Api, **parts: Any) -> list[str]:
    return await api.refused(SCALERS, "y", spec=merged({"scaleTargetRef": TARGET, "maxReplicas": 3}, parts))


async def test_a_scaler_without_metrics_looks_at_the_cpu(api: Api) -> None:
    spec = (await scaler(api))["spec"]
    assert spec == {"scaleTargetRef": TARGET, "minReplicas": 1, "maxReplicas": 3, "metrics": [CPU]}


async def test_rules_of_behaviour_are_completed(api: Api) -> None:
    behavior = (await scaler(api, behavior={"scaleDown": {"stabilizationWindowSeconds": 5}}))["spec"]["behavior"]
    assert behavior == {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [
                {"type": "Pods", "value": 4, "periodSeconds": 15},
                {"type": "Percent", "value": 100, "periodSeconds": 15},
            ],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": 5,
            "selectPolicy": "Max",
            "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
        },
    }


async def test_bounds_of_a_scaler(api: Api) -> None:
    assert await bad_scaler(api, minReplicas=4) == [
        "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"
    ]
    assert await bad_scaler(api, minReplicas=0) == [
        "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1",
        (
            "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to "
            "zero replicas"
        ),
    ]
    assert await bad_scaler(api, scaleTargetRef={"name": "", "kind": ""}) == [
        "spec.scaleTargetRef.kind: Required value",
        "spec.scaleTargetRef.name: Required value",
    ]


async def test_a_metric_has_one_source(api: Api) -> None:
    two = {**CPU, "pods": {"metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "1"}}}
    assert await bad_scaler(api, metrics=[two]) == [
        "spec.metrics[0].pods: Forbidden: must populate the given metric source only"
    ]
    assert any(fault.startswith("spec.metrics[0].type") for fault in await bad_scaler(api, metrics=[{}]))


async def test_a_budget_limits_one_side(api: Api) -> None:
    selector = {"matchLabels": {"a": "b"}}
    assert await api.refused(BUDGETS, spec={"selector": selector, "minAvailable": 1, "maxUnavailable": 1}) == [
        (
            'spec: Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":{"a":"b"}},"MaxUnavailable":1,'
            '"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set'
        )
    ]
    assert await api.refused(BUDGETS, spec={"minAvailable": "150%"}) == [
        'spec.minAvailable: Invalid value: "150%": must not be greater than 100%'
    ]
    assert await api.refused(BUDGETS, spec={"maxUnavailable": -1}) == [
        "spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0"
    ]


async def test_a_budget_begins_with_nothing_counted(api: Api) -> None:
    budget = await api.make(BUDGETS, spec={"minAvailable": 1})
    assert budget["status"] == {
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "disruptionsAllowed": 0,
        "expectedPods": 0,
    }


async def test_conditions_are_told_whole(api: Api) -> None:
    await api.make(BUDGETS, spec={"minAvailable": 1})
    bad = {"type": "a b", "status": "Maybe", "reason": "1"}
    faults = await api.refused_change(BUDGETS, subresource="status", status={"conditions": [bad]})
    assert [fault.partition(":")[0].removeprefix("status.conditions[0].") for fault in faults] == [
        "type",
        "status",
        "lastTransitionTime",
        "reason",
    ]
    good = {"type": "A", "status": "True", "reason": "R", "lastTransitionTime": "2026-01-01T00:00:00Z", "message": ""}
    await api.change(BUDGETS, subresource="status", status={"conditions": [good]})
