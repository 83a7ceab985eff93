from typing import Any

import pytest

from fakekube.core import quotas
from fakekube.core.meta import Obj

NOW = 1_767_225_600.0


def pod(*containers: Obj, status: Obj | None = None, metadata: Obj | None = None, **spec: Any) -> Obj:
    listed = [{"name": f"c{number}", "resources": each} for number, each in enumerate(containers or ({},))]
    return {"metadata": metadata or {}, "spec": {"containers": listed, **spec}, "status": status or {}}


def used(resource: str, obj: Obj) -> dict[str, str]:
    return {name: str(amount) for name, amount in quotas.usage(resource, obj, NOW).items()}


def test_a_pod_uses_what_its_containers_ask_for_under_all_names() -> None:
    asked = {"requests": {"cpu": "100m", "x.io/gpu": "2", "hugepages-2Mi": "4Mi"}, "limits": {"cpu": "1"}}
    assert used("pods", pod(asked, {"requests": {"cpu": "50m", "memory": "1Gi"}})) == {
        "count/pods": "1",
        "pods": "1",
        "cpu": "150m",
        "requests.cpu": "150m",
        "memory": "1Gi",
        "requests.memory": "1Gi",
        "limits.cpu": "1",
        "hugepages-2Mi": "4Mi",
        "requests.hugepages-2Mi": "4Mi",
        "requests.x.io/gpu": "2",
    }


def test_overhead_counts_but_is_no_limit_where_there_is_none() -> None:
    found = used(
        "pods", pod({"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}, overhead={"cpu": "1", "memory": "1Mi"})
    )
    assert (found["requests.cpu"], found["limits.cpu"], found["requests.memory"]) == ("2", "3", "1Mi")
    assert "limits.memory" not in found


@pytest.mark.parametrize(
    ("what", "counts"),
    [
        ({"status": {"phase": "Succeeded"}}, False),
        ({"status": {"phase": "Failed"}}, False),
        ({"status": {"phase": "Pending"}}, True),
        ({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30}}, True),
        ({"metadata": {"deletionTimestamp": "2025-12-31T23:59:00Z", "deletionGracePeriodSeconds": 30}}, False),
    ],
)
def test_pods_that_have_ended_or_are_long_overdue_count_as_objects_only(what: dict[str, Any], counts: bool) -> None:
    assert ("pods" in used("pods", pod(**what))) is counts
    assert used("pods", pod(**what))["count/pods"] == "1"


@pytest.mark.parametrize(
    ("spec", "ports", "balancers"),
    [
        ({"type": "ClusterIP", "ports": [{}, {}]}, "0", "0"),
        ({"type": "NodePort", "ports": [{}, {}]}, "2", "0"),
        ({"type": "LoadBalancer", "ports": [{}, {}]}, "2", "1"),
        ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False, "ports": [{}, {"nodePort": 1}]}, "1", "1"),
    ],
)
def test_services_use_node_ports(spec: Obj, ports: str, balancers: str) -> None:
    found = used("services", {"metadata": {}, "spec": spec})
    assert found == {
        "count/services": "1",
        "services": "1",
        "services.nodeports": ports,
        "services.loadbalancers": balancers,
    }


def test_claims_count_for_their_class_too() -> None:
    spec = {"storageClassName": "gold", "resources": {"requests": {"storage": "1.5"}}}
    claim = {"metadata": {}, "spec": spec, "status": {"allocatedResources": {"storage": "1"}}}
    assert used("persistentvolumeclaims", claim) == {
        "count/persistentvolumeclaims": "1",
        "persistentvolumeclaims": "1",
        "requests.storage": "2",
        "gold.storageclass.storage.k8s.io/requests.storage": "2",
        "gold.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
    }


def test_devices_count_by_class_and_of_alternatives_the_most() -> None:
    requests = [
        {"name": "a", "exactly": {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 2}},
        {
            "name": "b",
            "firstAvailable": [{"deviceClassName": "gpu", "count": 1}, {"deviceClassName": "gpu", "count": 3}],
        },
        {"name": "c", "exactly": {"deviceClassName": "nic", "allocationMode": "All"}},
    ]
    found = used("resourceclaims.resource.k8s.io", {"metadata": {}, "spec": {"devices": {"requests": requests}}})
    assert found["gpu.deviceclass.resource.k8s.io/devices"] == "5"
    assert found["nic.deviceclass.resource.k8s.io/devices"] == "32"


def test_other_objects_count_by_name() -> None:
    assert used("deployments.apps", {"metadata": {}}) == {"count/deployments.apps": "1"}
    assert used("secrets", {"metadata": {}}) == {"count/secrets": "1", "secrets": "1"}


@pytest.mark.parametrize(
    ("limit", "resource"),
    [
        ("pods", "pods"),
        ("limits.memory", "pods"),
        ("requests.x.io/gpu", "pods"),
        ("requests.hugepages-2Mi", "pods"),
        ("count/widgets.example.com", "widgets.example.com"),
        ("services.nodeports", "services"),
        ("gold.storageclass.storage.k8s.io/requests.storage", "persistentvolumeclaims"),
        ("x.io/gpu", None),
    ],
)
def test_which_resource_a_limit_is_about(limit: str, resource: str | None) -> None:
    assert quotas.counted_kind(limit) == resource


FOREIGN = {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "k", "namespaces": ["other"]}]}


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        ("Terminating", pod(activeDeadlineSeconds=5), pod()),
        ("NotTerminating", pod(), pod(activeDeadlineSeconds=5)),
        ("BestEffort", pod(), pod({"limits": {"cpu": "1"}})),
        ("NotBestEffort", pod({"requests": {"memory": "1"}}), pod({"requests": {"x.io/gpu": "1"}})),
        ("PriorityClass", pod(priorityClassName="high"), pod()),
        ("CrossNamespacePodAffinity", pod(affinity={"podAffinity": FOREIGN}), pod()),
    ],
)
def test_scopes(scope: str, inside: Obj, outside: Obj) -> None:
    for obj, expected in ((inside, True), (outside, False)):
        assert quotas.fits_scopes({"scopes": [scope]}, "pods", obj) is expected
    assert not quotas.fits_scopes({"scopes": [scope]}, "secrets", {"metadata": {}})
    assert quotas.fits_scopes({}, "secrets", {"metadata": {}})


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("In", ["high"], [True, False, False]),
        ("NotIn", ["high"], [False, True, True]),
        ("Exists", [], [True, True, False]),
        ("DoesNotExist", [], [False, False, True]),
    ],
)
def test_priority_classes_are_selected_by_name(operator: str, values: list[str], expected: list[bool]) -> None:
    term = {"scopeName": "PriorityClass", "operator": operator, "values": values}
    spec = {"scopeSelector": {"matchExpressions": [term]}}
    pods = [pod(priorityClassName="high"), pod(priorityClassName="low"), pod()]
    assert [quotas.fits_scopes(spec, "pods", each) for each in pods] == expected


def test_what_is_limited_must_be_said_by_every_container() -> None:
    good = {"requests": {"cpu": "1"}, "limits": {"memory": "1"}}
    assert quotas.unsaid(["requests.cpu", "limits.memory", "requests.storage"], pod(good)) == ""
    assert quotas.unsaid(["requests.cpu", "limits.memory"], pod(good, {}, {"requests": {"cpu": "1"}})) == (
        "must specify limits.memory for: c1,c2; requests.cpu for: c1"
    )
