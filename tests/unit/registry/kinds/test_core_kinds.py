"""Namespaces, nodes, configuration, quotas and events."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fakekube.core.errors import StatusError
from tests.unit.registry.kinds.conftest import NAMESPACE, SCHEME, Api

SECRETS, QUOTAS, LIMITS = "secrets", "resourcequotas", "limitranges"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def test_a_namespace_is_labelled_and_held(api: Api) -> None:
    made = await api.make("namespaces", "n", spec={"finalizers": ["example.com/mine"]}, status={"phase": "Odd"})
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "n"}
    assert made["spec"] == {"finalizers": ["example.com/mine", "kubernetes"]}
    assert made["status"] == {"phase": "Active"}
    relabelled = await api.change("namespaces", "n", metadata={"labels": None})
    assert relabelled["metadata"]["labels"] == {"kubernetes.io/metadata.name": "n"}


async def test_a_deleted_namespace_ends_without_its_finalizers(api: Api) -> None:
    await api.make("namespaces", "n")
    deleted = await api.delete("namespaces", "", "n")
    assert deleted["status"]["phase"] == "Terminating"
    assert (await api.get("namespaces", "", "n"))["spec"] == {"finalizers": ["kubernetes"]}


async def test_a_node_keeps_the_status_it_comes_with(api: Api) -> None:
    made = await api.make("nodes", status={"capacity": {"cpu": "4", "memory": "1Gi"}})
    assert made["status"]["allocatable"] == {"cpu": "4", "memory": "1Gi"}
    assert "generation" not in made["metadata"]


async def test_the_pod_range_of_a_node_is_set_once(api: Api) -> None:
    made = await api.make("nodes", spec={"podCIDR": "10.244.1.0/24"})
    assert made["spec"]["podCIDRs"] == ["10.244.1.0/24"]
    assert (await api.refused_change("nodes", spec={"podCIDR": "10.244.2.0/24", "podCIDRs": ["10.244.2.0/24"]})) == [
        'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'
    ]


async def test_text_of_a_secret_becomes_data(api: Api) -> None:
    made = await api.make(SECRETS, data={"a": encoded("1"), "b": encoded("2")}, stringData={"a": "3"})
    assert made["type"] == "Opaque"
    assert made["data"] == {"a": encoded("3"), "b": encoded("2")}
    assert "stringData" not in made
    assert await api.refused_change(SECRETS, type="other") == ['type: Invalid value: "other": field is immutable']


async def test_an_immutable_object_stays_so(api: Api) -> None:
    await api.make("configmaps", data={"a": "1"}, immutable=True)
    assert await api.refused_change("configmaps", data={"a": "2"}) == [
        "data: Forbidden: field is immutable when `immutable` is set"
    ]
    assert await api.refused_change("configmaps", immutable=None) == [
        "immutable: Forbidden: field is immutable when `immutable` is set"
    ]
    await api.change("configmaps", metadata={"labels": {"a": "b"}})


@pytest.mark.parametrize(
    ("resource", "parts", "fault"),
    [
        (SECRETS, {"type": "kubernetes.io/tls"}, "data[tls.crt]: Required value"),
        (SECRETS, {"type": "kubernetes.io/dockerconfigjson"}, "data[.dockerconfigjson]: Required value"),
        (SECRETS, {"type": "kubernetes.io/basic-auth"}, "data[username]: Required value"),
        (SECRETS, {"type": "kubernetes.io/ssh-auth"}, "data[ssh-privatekey]: Required value"),
        (
            QUOTAS,
            {"spec": {"hard": {"gpu": "1"}}},
            'spec.hard[gpu]: Invalid value: "gpu": must be a standard resource for quota',
        ),
        (
            QUOTAS,
            {"spec": {"hard": {"pods": "1"}, "scopes": ["BestEffort", "NotBestEffort"]}},
            'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
        ),
        (
            LIMITS,
            {"spec": {"limits": [{"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}}]}},
            'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
        ),
        (
            "priorityclasses.scheduling.k8s.io",
            {"value": 2_000_000_000},
            "value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
        ),
        ("runtimeclasses.node.k8s.io", {}, "handler: Required value"),
        (
            "runtimeclasses.node.k8s.io",
            {"handler": "h", "overhead": {"podFixed": {"cpu": "-1"}}},
            'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
        ),
        (
            "leases.coordination.k8s.io",
            {"spec": {"leaseDurationSeconds": 0}},
            "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
        ),
    ],
)
async def test_faults(api: Api, resource: str, parts: dict[str, Any], fault: str) -> None:
    assert fault in await api.refused(resource, **parts)


async def test_limits_of_containers_follow_from_each_other(api: Api) -> None:
    limit = {"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "1Mi"}}
    [found] = (await api.make(LIMITS, spec={"limits": [limit]}))["spec"]["limits"]
    assert found["default"] == {"cpu": "2"}
    assert found["defaultRequest"] == {"cpu": "2", "memory": "1Mi"}


async def test_a_limit_range_without_a_name_gets_one(api: Api) -> None:
    made = await api.create(LIMITS, NAMESPACE, {"metadata": {}, "spec": {"limits": [{"type": "Pod"}]}})
    assert len(made["metadata"]["name"]) == 36


async def test_scopes_of_a_quota_stay(api: Api) -> None:
    await api.make(QUOTAS, spec={"hard": {"pods": "1"}, "scopes": ["Terminating"]})
    assert await api.refused_change(QUOTAS, spec={"scopes": None}) == [
        "spec.scopes: Invalid value: null: field is immutable"
    ]
    changed = await api.change(QUOTAS, subresource="status", status={"hard": {"pods": "1"}}, spec={"hard": None})
    assert changed["spec"]["hard"] == {"pods": "1"}


async def test_events_are_stored_once(api: Api) -> None:
    regarding = {"kind": "Pod", "namespace": NAMESPACE, "name": "p"}
    await api.make("events", "e", involvedObject=regarding, reason="r", message="m")
    resource = SCHEME.resource("events.k8s.io", "v1", "events")
    assert resource is not None
    found = await api.get(resource, NAMESPACE, "e")
    assert (found["regarding"], found["note"]) == (regarding, "m")


async def test_an_update_where_nothing_is_creates_some_kinds_only(api: Api) -> None:
    for resource in ("leases.coordination.k8s.io", LIMITS, "endpoints", "roles.rbac.authorization.k8s.io"):
        assert await api.update(resource, NAMESPACE, "new", {"metadata": {"name": "new"}})
    for resource in (QUOTAS, "configmaps", "namespaces", "nodes"):
        with pytest.raises(StatusError) as caught:
            await api.update(resource, NAMESPACE, "new", {"metadata": {"name": "new"}})
        assert caught.value.code == 404
