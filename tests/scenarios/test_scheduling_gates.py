"""A pod with scheduling gates waits, says since when, and says something else once the gates are gone."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(tls=False)


@pytest.mark.parametrize(("selector", "reason"), [({"no": "such"}, "Unschedulable"), ({}, None)])
def test_a_gate_holds_a_pod_back(kube: FakeCluster, selector: dict[str, str], reason: str | None) -> None:
    spec: dict[str, Any] = {"containers": [{"name": "app", "image": "app:1"}], "nodeSelector": selector}
    gated = {**spec, "schedulingGates": [{"name": "example.com/wait"}]}
    kube.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "held", "namespace": "default"}, "spec": gated})
    kube.settle()
    pod = kube.get("Pod", "held")
    (condition,) = pod["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("PodScheduled", "SchedulingGated")
    assert condition["lastTransitionTime"]
    assert "nodeName" not in pod["spec"]
    kube.patch("Pod", "held", {"spec": {"schedulingGates": None}})
    kube.settle()
    conditions = kube.get("Pod", "held")["status"]["conditions"]
    (condition,) = (each for each in conditions if each["type"] == "PodScheduled")
    assert condition.get("reason") == reason
    assert (condition["status"] == "True") == (reason is None)
