from typing import Any

from fakekube.core.meta import Obj
from tests.unit.controllers.labs import TEMPLATE_LABELS, change, lab, names, pod
from tests.unit.machinery.fakeapi import Lab

SLICES = "endpointslices.discovery.k8s.io"
ALL = ("endpoints", "endpointslice", "endpointslicemirroring")
HTTP = {"containerPort": 8080, "name": "http"}


async def service(made: Lab, name: str = "web", **more: Any) -> None:
    spec: Obj = {
        "type": "ClusterIP",
        "selector": TEMPLATE_LABELS,
        "clusterIP": "10.96.0.9",
        "ipFamilies": ["IPv4"],
        "ports": [{"name": "web", "port": 80, "targetPort": 8080, "protocol": "TCP"}],
        **more,
    }
    await made.make("services", "Service", name, spec={key: value for key, value in spec.items() if value is not None})


def subsets(made: Lab, name: str = "web") -> list[Obj]:
    found = made.get("endpoints", name)
    assert found is not None
    return list(found.get("subsets") or ())


def listed(made: Lab) -> list[Obj]:
    return [each for one in made.all(SLICES) for each in one.get("endpoints") or ()]


async def test_a_running_pod_is_an_endpoint() -> None:
    made = await lab(*ALL, count=1)
    await service(made)
    await made.settle()
    assert subsets(made) == []
    (empty,) = made.all(SLICES)
    assert empty["addressType"] == "IPv4"
    assert not empty["endpoints"]
    one = await pod(made, "one")
    await made.settle()
    target = {"kind": "Pod", "namespace": "default", "name": "one", "uid": one["metadata"]["uid"]}
    assert subsets(made) == [
        {
            "addresses": [{"ip": "10.244.1.2", "nodeName": "node-1", "targetRef": target}],
            "ports": [{"name": "web", "port": 8080, "protocol": "TCP"}],
        }
    ]
    (endpoint,) = listed(made)
    assert endpoint == {
        "addresses": ["10.244.1.2"],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "nodeName": "node-1",
        "targetRef": target,
        "zone": "zone-a",
    }
    labels = made.all(SLICES)[0]["metadata"]["labels"]
    assert labels["kubernetes.io/service-name"] == "web"
    assert labels["endpointslice.kubernetes.io/managed-by"] == "endpointslice-controller.k8s.io"


async def test_a_named_port_is_looked_up_in_each_pod() -> None:
    made = await lab(*ALL, count=1)
    await service(made, ports=[{"name": "web", "port": 80, "targetPort": "http", "protocol": "TCP"}])
    await pod(made, "one", container={"ports": [{**HTTP, "protocol": "TCP"}]})
    await pod(made, "two", container={"ports": [{**HTTP, "containerPort": 9090, "protocol": "TCP"}]})
    await pod(made, "without")
    await made.settle()
    assert [[each["port"] for each in subset["ports"]] for subset in subsets(made)] == [[8080], [9090]]
    by_pod = {
        each["targetRef"]["name"]: [port.get("port") for port in one["ports"] or ()]
        for one in made.all(SLICES)
        for each in one["endpoints"]
    }
    assert by_pod == {"one": [8080], "two": [9090], "without": []}


async def test_unready_pods_are_told_apart_and_published_where_that_is_asked_for() -> None:
    made = await lab(*ALL, count=1)
    await service(made)
    await service(made, "early", publishNotReadyAddresses=True)
    await pod(made, "gated", readinessGates=[{"conditionType": "test/gate"}])
    await made.settle()
    (plain,), (early,) = subsets(made), subsets(made, "early")
    assert [each["targetRef"]["name"] for each in plain["notReadyAddresses"]] == ["gated"]
    assert "addresses" not in plain
    assert [each["targetRef"]["name"] for each in early["addresses"]] == ["gated"]
    states = {
        one["metadata"]["labels"]["kubernetes.io/service-name"]: each["conditions"]
        for one in made.all(SLICES)
        for each in one["endpoints"]
    }
    assert states["web"] == {"ready": False, "serving": False, "terminating": False}
    assert states["early"]["ready"] is True


async def test_a_pod_that_stops_serves_on_but_is_not_ready() -> None:
    made = await lab(*ALL, count=1)
    await service(made)
    await pod(made, "one", metadata={"labels": TEMPLATE_LABELS, "annotations": {"fakekube/stop-after": "10"}})
    await made.settle()
    await made.api.delete("pods", "default", "one")
    await made.settle(1)
    (endpoint,) = listed(made)
    assert endpoint["conditions"] == {"ready": False, "serving": True, "terminating": True}
    await made.settle(10)
    assert listed(made) == []
    assert subsets(made) == []


async def test_more_than_a_hundred_endpoints_take_more_than_one_slice() -> None:
    made = await lab(*ALL, count=3)
    await service(made)
    for number in range(120):
        await pod(made, f"p{number}")
    await made.settle(2)
    sizes = [len(each["endpoints"]) for each in made.all(SLICES)]
    assert (len(sizes), sum(sizes)) == (2, 120)
    assert max(sizes) <= 100


async def test_they_go_with_the_service() -> None:
    made = await lab(*ALL, "garbage-collector", count=1)
    await service(made)
    await pod(made, "one")
    await made.settle()
    await made.api.delete("services", "default", "web")
    await made.settle()
    assert (names(made, "endpoints"), names(made, SLICES)) == ([], [])


async def test_services_without_selector_are_nobodys_business_until_they_have_endpoints_of_their_own() -> None:
    made = await lab(*ALL, count=1)
    await service(made, selector=None)
    await made.settle()
    assert (names(made, "endpoints"), names(made, SLICES)) == ([], [])
    subset = {"addresses": [{"ip": "192.0.2.1"}], "ports": [{"name": "web", "port": 80, "protocol": "TCP"}]}
    await made.make("endpoints", "Endpoints", "web", subsets=[subset])
    await made.settle()
    (mirror,) = made.all(SLICES)
    labels = mirror["metadata"]["labels"]
    assert labels["endpointslice.kubernetes.io/managed-by"] == "endpointslicemirroring-controller.k8s.io"
    assert mirror["endpoints"] == [{"addresses": ["192.0.2.1"], "conditions": {"ready": True}}]
    await change(
        made, "endpoints", "web", {"metadata": {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}}
    )
    await made.settle()
    assert names(made, SLICES) == []


async def test_external_names_have_none() -> None:
    made = await lab(*ALL, count=1)
    await service(made, type="ExternalName", clusterIP="", externalName="example.com")
    await pod(made, "one")
    await made.settle()
    assert names(made, SLICES) == []


async def test_a_headless_service_names_the_pods_that_are_under_it() -> None:
    made = await lab(*ALL, count=1)
    await service(made, clusterIP="None", ports=None)
    await pod(made, "one", hostname="a", subdomain="web")
    await made.settle()
    (endpoint,) = listed(made)
    assert endpoint["hostname"] == "a"
    (subset,) = subsets(made)
    assert subset["addresses"][0]["hostname"] == "a"


AUTO = {"metadata": {"annotations": {"service.kubernetes.io/topology-mode": "Auto"}}}


def hints(made: Lab) -> dict[str, str]:
    """The zone that each pod's endpoint is meant for; '' for none."""
    found = {}
    for each in listed(made):
        zones = [one["name"] for one in (each.get("hints") or {}).get("forZones") or ()]
        found[each["targetRef"]["name"]] = "".join(zones)
    return found


async def test_endpoints_are_meant_for_the_zones_as_their_nodes_can_carry() -> None:
    made = await lab(*ALL, count=3)  # zones a, a, b
    await service(made)
    await change(made, "services", "web", AUTO)
    for number in range(3):
        await pod(made, f"p-{number}", "node-1")
    await made.settle(20)
    assert sorted(hints(made).values()) == ["zone-a", "zone-a", "zone-b"]
    assert made.told("TopologyAwareHintsEnabled") == ["Topology Aware Hints has been enabled, addressType: IPv4"]
    await change(made, "services", "web", {"metadata": {"annotations": None}})
    await made.settle()
    assert set(hints(made).values()) == {""}
    assert made.told("TopologyAwareHintsDisabled")[-1] == "Topology Aware Hints has been disabled, addressType: IPv4"


async def test_there_are_no_hints_when_zones_would_go_empty() -> None:
    made = await lab(*ALL, count=3)
    await service(made)
    await change(made, "services", "web", AUTO)
    await pod(made, "p", "node-1")
    await made.settle(20)
    assert hints(made) == {"p": ""}
    text = "Insufficient number of endpoints (1 endpoints, 2 zones), addressType: IPv4"
    assert text in made.told("TopologyAwareHintsDisabled")


async def test_hints_go_when_the_zones_of_nodes_are_no_longer_known() -> None:
    made = await lab(*ALL, count=3)
    await service(made)
    await change(made, "services", "web", AUTO)
    for number in range(3):
        await pod(made, f"p-{number}", f"node-{number + 1}")
    await made.settle(20)
    assert sorted(hints(made).values()) == ["zone-a", "zone-a", "zone-b"]
    await made.api.patch(
        "nodes", "", "node-1", {"metadata": {"labels": {"topology.kubernetes.io/zone": None}}}, type="merge"
    )
    await made.settle()
    assert set(hints(made).values()) == {""}
    assert any("Insufficient Node information" in text for text in made.told("TopologyAwareHintsDisabled"))


async def test_close_traffic_is_meant_for_zone_and_node() -> None:
    made = await lab(*ALL, count=1)
    await service(made, trafficDistribution="PreferSameNode")
    await pod(made, "p", "node-1")
    await made.settle(20)
    (endpoint,) = listed(made)
    assert endpoint["hints"] == {"forZones": [{"name": "zone-a"}], "forNodes": [{"name": "node-1"}]}


async def test_addresses_are_mirrored_in_their_usual_form() -> None:
    made = await lab(*ALL, kubelets=False)
    await service(made, selector=None)
    found = [{"ip": "192.0.2.07"}, {"ip": "::ffff:192.0.2.8"}, {"ip": "2001:DB8:0::1"}]
    await made.make("endpoints", "Endpoints", "web", subsets=[{"addresses": found, "ports": [{"port": 1}]}])
    await made.settle()
    assert sorted(each["addresses"][0] for each in listed(made)) == ["192.0.2.7", "192.0.2.8", "2001:db8::1"]
    assert {each["addressType"] for each in made.all(SLICES)} == {"IPv4", "IPv6"}
