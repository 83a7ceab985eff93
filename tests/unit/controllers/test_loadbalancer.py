"""Load balancers give Services addresses of the ranges that the cluster has, and take them back."""

from ipaddress import ip_network
from typing import Any

from fakekube.core.meta import Obj
from tests.unit.controllers.labs import change, lab
from tests.unit.machinery.fakeapi import Lab

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"


async def balanced(*ranges: str) -> Lab:
    made = await lab("service-lb-controller", kubelets=False)
    made.world.settings = made.world.settings._replace(load_balancers=tuple(ip_network(each) for each in ranges))
    return made


async def service(made: Lab, name: str = "web", **more: Any) -> Obj:
    spec: Obj = {"type": "LoadBalancer", "ports": [{"port": 80}], "ipFamilies": ["IPv4"], **more}
    return await made.make("services", "Service", name, spec=spec, status={"loadBalancer": {}})


def addresses(made: Lab, name: str = "web") -> list[str]:
    found = made.get("services", name)
    assert found is not None
    return [each["ip"] for each in found["status"]["loadBalancer"].get("ingress") or ()]


async def test_each_service_gets_an_address_of_its_own_and_a_finalizer_that_keeps_it() -> None:
    made = await balanced("203.0.113.0/24")
    await service(made, "one")
    await service(made, "two")
    await made.settle()
    assert (addresses(made, "one"), addresses(made, "two")) == (["203.0.113.1"], ["203.0.113.2"])
    one = made.get("services", "one")
    assert one is not None
    assert one["metadata"]["finalizers"] == [FINALIZER]
    assert one["status"]["loadBalancer"]["ingress"][0]["ipMode"] == "VIP"
    assert made.told("EnsuringLoadBalancer") == ["Ensuring load balancer"] * 2
    assert made.told("EnsuredLoadBalancer") == ["Ensured load balancer"] * 2


async def test_without_ranges_services_stay_pending() -> None:
    made = await balanced()
    await service(made)
    await made.settle()
    assert addresses(made) == []
    assert made.all("events") == []


async def test_a_service_with_a_class_is_left_to_who_serves_that() -> None:
    made = await balanced("203.0.113.0/24")
    await service(made, loadBalancerClass="example.com/other")
    await made.settle()
    assert addresses(made) == []
    assert "finalizers" not in (made.get("services", "web") or {})["metadata"]


async def test_the_address_that_is_asked_for_is_given_unless_it_is_taken() -> None:
    made = await balanced("203.0.113.0/24")
    await service(made, "one", loadBalancerIP="198.51.100.7")
    await made.settle()
    await service(made, "two", loadBalancerIP="198.51.100.7")
    await made.settle()
    assert (addresses(made, "one"), addresses(made, "two")) == (["198.51.100.7"], [])
    why = "address 198.51.100.7 is in use by service default/one"
    failed = f"Error syncing load balancer: failed to ensure load balancer: {why}"
    assert made.told("SyncLoadBalancerFailed") == [failed]


async def test_who_waits_gets_the_address_that_is_given_back() -> None:
    made = await balanced("203.0.113.4/32")
    await service(made, "one")
    await made.settle()
    await service(made, "two")
    await made.settle()
    assert addresses(made, "two") == []
    await made.api.delete("services", "default", "one")
    await made.settle()
    assert made.get("services", "one") is None
    assert addresses(made, "two") == ["203.0.113.4"]
    assert made.told("DeletingLoadBalancer") == ["Deleting load balancer"]
    assert made.told("DeletedLoadBalancer") == ["Deleted load balancer"]


async def test_another_type_gives_the_address_back() -> None:
    made = await balanced("203.0.113.0/24")
    await service(made)
    await made.settle()
    await change(made, "services", "web", {"spec": {"type": "ClusterIP"}})
    await made.settle()
    assert addresses(made) == []
    assert "finalizers" not in (made.get("services", "web") or {})["metadata"]


async def test_each_family_of_a_service_has_an_address() -> None:
    made = await balanced("203.0.113.0/24", "2001:db8::/112")
    await service(made, ipFamilies=["IPv6", "IPv4"])
    await made.settle()
    assert addresses(made) == ["2001:db8::1", "203.0.113.1"]
    await change(made, "services", "web", {"spec": {"ipFamilies": ["IPv6"]}})
    await made.settle()
    assert addresses(made) == ["2001:db8::1"]


async def test_a_change_of_nodes_is_told() -> None:
    made = await balanced("203.0.113.0/24")
    await service(made)
    await made.settle()
    label = {"metadata": {"labels": {"node.kubernetes.io/exclude-from-external-load-balancers": ""}}}
    await made.api.patch("nodes", "", "node-1", label, type="merge")
    await made.settle()
    assert made.told("UpdatedLoadBalancer") == ["Updated load balancer with new hosts"]
    await made.api.delete("nodes", "", "node-2")
    await made.settle()
    assert made.told("UnAvailableLoadBalancer") == ["There are no available nodes for LoadBalancer"]
