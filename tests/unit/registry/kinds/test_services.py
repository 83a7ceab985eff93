"""Services: families, addresses and ports, and what becomes of them when the type changes."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.core.errors import StatusError
from tests.unit.registry.kinds.conftest import NAMESPACE, Api, merged

SERVICES, ADDRESSES = "services", "ipaddresses.networking.k8s.io"
PORT = {"port": 80}


async def make(api: Api, name: str = "x", **spec: Any) -> dict[str, Any]:
    made: dict[str, Any] = (await api.make(SERVICES, name, spec=merged({"ports": [PORT]}, spec)))["spec"]
    return made


async def change(api: Api, **spec: Any) -> dict[str, Any]:
    changed: dict[str, Any] = (await api.change(SERVICES, spec=spec))["spec"]
    return changed


async def refused(api: Api, **spec: Any) -> list[str]:
    return await api.refused(SERVICES, "y", spec=merged({"ports": [PORT]}, spec))


async def use_both_families(api: Api) -> None:
    await api.make("servicecidrs.networking.k8s.io", "kubernetes", spec={"cidrs": ["10.96.0.0/16", "fd00::/112"]})


async def test_defaults(api: Api) -> None:
    spec = await make(api)
    address = spec.pop("clusterIP")
    assert spec == {
        "type": "ClusterIP",
        "clusterIPs": [address],
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
    }
    assert address.startswith("10.96.")


async def test_a_requested_address_is_had_by_one(api: Api) -> None:
    assert (await make(api, clusterIP="10.96.0.10"))["clusterIPs"] == ["10.96.0.10"]
    assert await refused(api, clusterIP="10.96.0.10") == [
        (
            'spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: '
            "provided IP is already allocated"
        )
    ]
    await api.delete(SERVICES, NAMESPACE, "x")
    assert (await make(api, "y", clusterIP="10.96.0.10"))["clusterIP"] == "10.96.0.10"


async def test_an_address_of_no_range_is_refused(api: Api) -> None:
    assert "the provided network does not match the current range" in (await refused(api, clusterIP="192.0.2.1"))[0]


async def test_headless_services_have_no_address(api: Api) -> None:
    spec = await make(api, clusterIP="None", selector={"a": "b"})
    assert (spec["clusterIP"], spec["clusterIPs"], spec["ipFamilies"]) == ("None", ["None"], ["IPv4"])
    assert api.list(ADDRESSES) == []


async def test_addresses_are_objects_as_long_as_the_service_is_there(api: Api) -> None:
    address = (await make(api))["clusterIP"]
    [found] = api.list(ADDRESSES)
    assert found["metadata"]["name"] == address
    assert found["spec"]["parentRef"] == {"resource": "services", "namespace": NAMESPACE, "name": "x"}
    assert [entry["manager"] for entry in found["metadata"]["managedFields"]] == ["kube-apiserver"]
    await api.delete(SERVICES, NAMESPACE, "x")
    assert api.list(ADDRESSES) == []


async def test_endpoints_go_with_their_service(api: Api) -> None:
    await make(api)
    await api.make("endpoints", "x")
    await api.delete(SERVICES, NAMESPACE, "x")
    assert await api.gone("endpoints")


async def test_a_node_port_stays_while_the_type_wants_one(api: Api) -> None:
    [port] = (await make(api, type="NodePort"))["ports"]
    assert 30086 <= port["nodePort"] <= 32767
    assert (await change(api, type="LoadBalancer"))["ports"] == [port]
    [without] = (await change(api, type="ClusterIP"))["ports"]
    assert "nodePort" not in without
    await make(api, "y", type="NodePort", ports=[{"port": 1, "nodePort": port["nodePort"]}])


async def test_a_node_port_is_had_by_one(api: Api) -> None:
    await make(api, type="NodePort", ports=[{"port": 1, "nodePort": 30001}])
    taken = {"type": "NodePort", "ports": [{"port": 1, "nodePort": 30001}]}
    assert await refused(api, **taken) == [
        "spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated"
    ]
    assert "not in the valid range" in (await refused(api, type="NodePort", ports=[{"port": 1, "nodePort": 1}]))[0]


async def test_tcp_and_udp_share_a_node_port(api: Api) -> None:
    ports = [{"name": name, "port": 53, "protocol": name.upper()} for name in ("tcp", "udp")]
    [one, other] = (await make(api, type="NodePort", ports=ports))["ports"]
    assert one["nodePort"] == other["nodePort"]


async def test_a_local_load_balancer_is_asked_for_its_health(api: Api) -> None:
    spec = await make(api, type="LoadBalancer", externalTrafficPolicy="Local")
    assert spec["healthCheckNodePort"] not in (0, spec["ports"][0]["nodePort"])
    assert "healthCheckNodePort" not in await change(api, externalTrafficPolicy="Cluster")


async def test_an_external_name_has_nothing_else(api: Api) -> None:
    first = await make(api, type="NodePort")
    spec = await change(api, type="ExternalName", externalName="example.com")
    assert not {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"} & set(spec)
    assert api.list(ADDRESSES) == []
    assert "nodePort" not in spec["ports"][0]
    back = await change(api, type="ClusterIP", externalName=None)
    assert back["clusterIPs"]
    assert first["clusterIP"]


async def test_the_address_stays(api: Api) -> None:
    await make(api)
    assert await api.refused_change(SERVICES, spec={"clusterIP": "10.96.9.9", "clusterIPs": ["10.96.9.9"]}) == [
        'spec.clusterIPs[0]: Invalid value: ["10.96.9.9"]: may not change once set'
    ]


async def test_one_family_is_all_there_is(api: Api) -> None:
    [fault] = await refused(api, ipFamilyPolicy="RequireDualStack")
    assert fault.endswith("this cluster is not configured for dual-stack services")
    assert (await make(api, ipFamilyPolicy="PreferDualStack"))["ipFamilies"] == ["IPv4"]


async def test_two_families_if_the_cluster_has_them(api: Api) -> None:
    await use_both_families(api)
    spec = await make(api, ipFamilyPolicy="PreferDualStack")
    assert spec["ipFamilies"] == ["IPv4", "IPv6"]
    assert [":" in address for address in spec["clusterIPs"]] == [False, True]
    single = await change(api, ipFamilyPolicy="SingleStack")
    assert single["clusterIPs"] == spec["clusterIPs"][:1]
    assert single["ipFamilies"] == ["IPv4"]
    assert len(api.list(ADDRESSES)) == 1


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"ports": []}, "spec.ports: Required value"),
        ({"ports": [{"port": 0}]}, "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"),
        (
            {"ports": [{"port": 1, "name": "a"}, {"port": 1, "name": "b"}]},
            (
                'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,'
                '"TargetPort":0,"NodePort":0}'
            ),
        ),
        (
            {"sessionAffinity": "Cookie"},
            'spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"',
        ),
        ({"type": "ExternalName"}, "spec.externalName: Required value"),
        (
            {"externalTrafficPolicy": "Local"},
            'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
        ),
        (
            {"clusterIP": "None", "type": "NodePort"},
            "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services",
        ),
        (
            {"allocateLoadBalancerNodePorts": True},
            "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
        ),
    ],
)
async def test_faults(api: Api, spec: dict[str, Any], fault: str) -> None:
    assert fault in await refused(api, **spec)


async def test_a_dry_run_takes_nothing(api: Api) -> None:
    for _ in range(2):
        await api.try_out(SERVICES, spec={"type": "NodePort", "ports": [{"port": 1, "nodePort": 30000}]})
    assert api.list(ADDRESSES) == []
    assert (await make(api, type="NodePort", ports=[{"port": 1, "nodePort": 30000}]))["ports"][0]["nodePort"] == 30000


async def test_a_failed_update_gives_back_what_it_took(api: Api) -> None:
    await make(api)
    with pytest.raises(StatusError):
        await api.update(SERVICES, NAMESPACE, "x", {"metadata": {"name": "x", "resourceVersion": "1"}, "spec": {}})
    assert len(api.list(ADDRESSES)) == 1
