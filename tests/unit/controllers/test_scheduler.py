from typing import Any

import pytest

from fakekube.core.meta import Obj
from tests.unit.controllers.labs import condition, lab, pod
from tests.unit.machinery.fakeapi import Lab

ASKS_FOR_ALL: dict[str, Any] = {"container": {"resources": {"requests": {"cpu": "4"}}}}


def required(key: str, *values: str) -> Obj:
    term = {"matchExpressions": [{"key": key, "operator": "In", "values": list(values)}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}


def apart(topology: str = "kubernetes.io/hostname") -> Obj:
    term = {"labelSelector": {"matchLabels": {"app": "a"}}, "topologyKey": topology}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


async def patch_node(made: Lab, name: str, spec: Obj) -> None:
    await made.api.patch("nodes", "", name, {"spec": spec})


def where(made: Lab, name: str) -> str:
    found = made.get("pods", name)
    assert found is not None
    return str(found["spec"].get("nodeName", ""))


def why(made: Lab, name: str) -> str:
    return str(condition(made.get("pods", name), "PodScheduled").get("message", ""))


async def test_pods_spread_over_the_nodes() -> None:
    made = await lab(count=3)
    for number in range(6):
        await pod(made, f"p{number}")
    await made.settle()
    placed = [where(made, f"p{number}") for number in range(6)]
    assert sorted(placed) == ["node-1", "node-1", "node-2", "node-2", "node-3", "node-3"]
    assert f"Successfully assigned default/p0 to {placed[0]}" in made.told("Scheduled")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"nodeSelector": {"disk": "ssd"}}, "2 node(s) didn't match Pod's node affinity/selector"),
        ({"affinity": required("disk", "ssd")}, "2 node(s) didn't match Pod's node affinity/selector"),
        ({"container": {"resources": {"requests": {"cpu": "5"}}}}, "2 Insufficient cpu"),
        ({"container": {"resources": {"requests": {"x.io/gpu": "1"}}}}, "2 Insufficient x.io/gpu"),
    ],
)
async def test_a_pod_that_fits_nowhere_is_told_why(spec: dict[str, Any], reason: str) -> None:
    made = await lab(count=2)
    await pod(made, "p", **spec)
    await made.settle()
    told = (
        f"0/2 nodes are available: {reason}. no new claims to deallocate, preemption: 0/2 nodes are available: "
        "2 Preemption is not helpful for scheduling."
    )
    found = condition(made.get("pods", "p"), "PodScheduled")
    assert (found["status"], found["reason"], found["message"]) == ("False", "Unschedulable", told)
    assert made.told("FailedScheduling") == [told]


async def test_different_reasons_are_counted_in_alphabetical_order() -> None:
    made = await lab(count=3)
    await patch_node(made, "node-1", {"unschedulable": True})
    await patch_node(made, "node-2", {"taints": [{"key": "t", "value": "v", "effect": "NoSchedule"}]})
    await pod(made, "p", nodeSelector={"disk": "ssd"})
    await made.settle()
    assert why(made, "p").startswith(
        "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, "
        "1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. "
    )


async def test_without_nodes_it_says_so() -> None:
    made = await lab(count=0)
    await pod(made, "p")
    await made.settle()
    assert why(made, "p").startswith("no nodes available to schedule pods")


async def test_a_waiting_pod_is_placed_when_something_changes_for_it() -> None:
    made = await lab(count=1)
    await patch_node(made, "node-1", {"taints": [{"key": "t", "effect": "NoSchedule"}]})
    await pod(made, "waits")
    await pod(made, "tolerates", tolerations=[{"key": "t", "operator": "Exists"}])
    await made.settle()
    assert (where(made, "waits"), where(made, "tolerates")) == ("", "node-1")
    await patch_node(made, "node-1", {"taints": []})
    await made.settle()
    assert where(made, "waits") == "node-1"


async def test_room_that_a_pod_leaves_is_given_to_the_next() -> None:
    made = await lab(count=1)
    await pod(made, "first", **ASKS_FOR_ALL)
    await pod(made, "second", **ASKS_FOR_ALL)
    await made.settle()
    assert (where(made, "first"), where(made, "second")) == ("node-1", "")
    assert why(made, "second").startswith("0/1 nodes are available: 1 Insufficient cpu.")
    await made.api.delete("pods", "default", "first")
    await made.settle()
    assert where(made, "second") == "node-1"


async def test_host_ports_are_taken_once_per_node() -> None:
    made = await lab(count=2)
    for number in range(3):
        await pod(made, f"p{number}", container={"ports": [{"containerPort": 80, "hostPort": 80}]})
    await made.settle()
    assert sorted(where(made, f"p{number}") for number in range(3)) == ["", "node-1", "node-2"]


async def test_pods_that_keep_apart_are_on_nodes_of_their_own() -> None:
    made = await lab(count=2)
    for number in range(3):
        await pod(made, f"p{number}", affinity=apart())
    await made.settle()
    assert sorted(where(made, f"p{number}") for number in range(3)) == ["", "node-1", "node-2"]
    waiting = next(f"p{number}" for number in range(3) if not where(made, f"p{number}"))
    assert "2 node(s) didn't match pod anti-affinity rules" in why(made, waiting)


async def test_topology_spread_keeps_the_difference_small() -> None:
    made = await lab(count=3)
    rule = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "a"}},
    }
    for number in range(4):
        await pod(made, f"p{number}", topologySpreadConstraints=[rule])
    await made.settle()
    on_third = [number for number in range(4) if where(made, f"p{number}") == "node-3"]
    assert len(on_third) == 2


async def test_gated_pods_are_left_alone_until_the_last_gate_is_gone() -> None:
    made = await lab(count=1)
    await pod(made, "p", schedulingGates=[{"name": "test/a"}])
    await made.settle()
    assert where(made, "p") == ""
    await made.api.patch("pods", "default", "p", {"spec": {"schedulingGates": None}}, type="merge")
    await made.settle()
    assert where(made, "p") == "node-1"


async def test_pods_of_another_scheduler_are_left_alone() -> None:
    made = await lab(count=1)
    await pod(made, "p", schedulerName="mine")
    await made.settle()
    assert where(made, "p") == ""


async def test_a_more_important_pod_puts_the_least_important_ones_off() -> None:
    made = await lab(count=2)
    await pod(made, "low", priority=1, **ASKS_FOR_ALL)
    await pod(made, "middle", priority=5, **ASKS_FOR_ALL)
    await made.settle()
    victim_node = where(made, "low")
    await pod(made, "high", priority=10, **ASKS_FOR_ALL)
    await made.settle()
    assert made.get("pods", "low") is None
    assert where(made, "high") == victim_node
    assert made.told("Preempted")[0].endswith(f"on node {victim_node}")


async def test_who_never_preempts_waits() -> None:
    made = await lab(count=1)
    await pod(made, "low", priority=1, **ASKS_FOR_ALL)
    await made.settle()
    await pod(made, "high", priority=10, preemptionPolicy="Never", **ASKS_FOR_ALL)
    await made.settle()
    assert where(made, "high") == ""
    assert why(made, "high").endswith("preemption: not eligible due to preemptionPolicy=Never.")


async def test_a_claim_that_is_not_there_is_named() -> None:
    made = await lab(count=1)
    await pod(made, "p", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}])
    await made.settle()
    assert 'persistentvolumeclaim "data" not found' in why(made, "p")


def near(weight: int, app: str, *, away: bool = False, hard: bool = False) -> Obj:
    term = {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": "kubernetes.io/hostname"}
    kind = "podAntiAffinity" if away else "podAffinity"
    if hard:
        return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    return {kind: {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": weight, "podAffinityTerm": term}]}}


OTHER: Obj = {"labels": {"app": "b"}}


async def test_a_pod_goes_where_others_would_have_it() -> None:
    made = await lab(count=3)
    await pod(made, "host", "node-3", affinity=near(50, "b"))
    await pod(made, "busy", "node-3")
    await pod(made, "p", metadata=OTHER)
    await made.settle()
    assert where(made, "p") == "node-3"


async def test_a_pod_stays_away_from_those_that_would_be_apart_from_it() -> None:
    made = await lab(count=2)
    await pod(made, "host", "node-1", affinity=near(50, "b", away=True))
    for name in ("x", "y"):
        await pod(made, name, "node-2")
    await pod(made, "p", metadata=OTHER)
    await made.settle()
    assert where(made, "p") == "node-2"


async def test_pods_of_one_service_are_spread_although_they_do_not_say_so() -> None:
    made = await lab(count=2)
    await made.make("services", "Service", "web", spec={"selector": {"app": "b"}})
    await pod(made, "first", "node-1", metadata=OTHER)
    await pod(made, "second", "node-2")
    await pod(made, "third", "node-2")
    await pod(made, "p", metadata=OTHER, affinity=near(1, "nobody"))
    await made.settle()
    assert where(made, "p") == "node-2"


async def test_a_large_image_draws_its_pods() -> None:
    made = await lab(count=2)
    images = [{"names": ["app:1"], "sizeBytes": 2 * 10**9}]
    await made.api.patch("nodes", "", "node-2", {"status": {"images": images}}, type="merge", subresource="status")
    await pod(made, "p")
    await made.settle()
    assert where(made, "p") == "node-2"


async def test_a_preference_counts_beside_the_room_that_is_left() -> None:
    made = await lab(count=2)
    await pod(made, "large", "node-1", container={"resources": {"requests": {"cpu": "3900m"}}})
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-1"]}]}
    liked = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": term}]}
    await pod(made, "p", affinity={"nodeAffinity": liked})
    await made.settle()
    assert where(made, "p") == "node-1"


async def test_pods_that_are_going_and_labels_that_went_do_not_count_for_spreading() -> None:
    made = await lab(count=3)
    rule = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "a"}},
    }
    one, _ = await pod(made, "one", "node-1"), await pod(made, "two", "node-2")
    await made.settle()
    await made.api.patch("pods", "default", one["metadata"]["name"], {"metadata": {"labels": {"app": "x"}}})
    await pod(made, "third", "node-3")
    await made.settle()
    await pod(made, "p", topologySpreadConstraints=[rule])
    await made.settle()
    assert where(made, "p") == "node-1"


async def test_room_that_was_made_is_not_taken_by_a_less_important_pod() -> None:
    made = await lab(count=1)
    going = {"labels": {"app": "a"}, "annotations": {"fakekube/stop-after": "10"}}
    await pod(made, "low", metadata=going, priority=1, **ASKS_FOR_ALL)
    await made.settle()
    await pod(made, "high", priority=10, **ASKS_FOR_ALL)
    await made.settle()
    assert (made.get("pods", "high") or {})["status"]["nominatedNodeName"] == "node-1"
    await pod(made, "small", priority=5, container={"resources": {"requests": {"cpu": "1"}}})
    await made.settle(1)
    assert where(made, "small") == ""
    await made.settle(20)
    assert (where(made, "high"), where(made, "small")) == ("node-1", "")
    (told,) = [each for each in made.all("events") if each["reason"] == "Preempted"]
    assert told["related"]["name"] == "high"


async def test_a_pod_that_names_its_node_is_told_that_others_are_not_it() -> None:
    made = await lab(count=3)
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-2"]}]}
    there = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}
    await pod(made, "p", affinity=there, container={"resources": {"requests": {"cpu": "9"}}})
    await made.settle()
    assert why(made, "p").startswith(
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]."
    )


DEVICE_CLAIMS, TEMPLATES = "resourceclaims.resource.k8s.io", "resourceclaimtemplates.resource.k8s.io"


async def device_template(made: Lab) -> None:
    requests = [{"name": "r", "exactly": {"deviceClassName": "gpu"}}]
    spec = {"spec": {"devices": {"requests": requests}}}
    await made.make(TEMPLATES, "ResourceClaimTemplate", "t", spec=spec)


async def test_a_pod_that_claims_devices_is_told_that_there_are_none() -> None:
    made = await lab("resourceclaim", count=2)
    await pod(made, "p", resourceClaims=[{"name": "gpu", "resourceClaimTemplateName": "t"}])
    await made.settle(1)
    assert (where(made, "p"), why(made, "p")) == ("", "")
    assert "not found" in made.told("FailedResourceClaimCreation")[0]
    await device_template(made)
    await made.settle()
    (claim,) = made.all(DEVICE_CLAIMS)
    assert claim["metadata"]["annotations"] == {"resource.kubernetes.io/pod-claim-name": "gpu"}
    assert why(made, "p").startswith("0/2 nodes are available: request r: device class gpu does not exist.")
    await made.make("deviceclasses.resource.k8s.io", "DeviceClass", "gpu", spec={})
    await made.settle()
    assert why(made, "p").startswith("0/2 nodes are available: 2 cannot allocate all claims.")


async def test_a_claim_that_is_allocated_brings_its_pod_to_the_devices() -> None:
    made = await lab("resourceclaim", "resourceclaim-reservations", count=3)
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-3"]}]}
    allocation = {"devices": {}, "nodeSelector": {"nodeSelectorTerms": [term]}}
    await made.make(DEVICE_CLAIMS, "ResourceClaim", "c", spec={}, status={"allocation": allocation})
    await pod(made, "p", resourceClaims=[{"name": "gpu", "resourceClaimName": "c"}])
    await made.settle()
    assert where(made, "p") == "node-3"
    claim = made.get(DEVICE_CLAIMS, "c")
    assert claim is not None
    assert [each["name"] for each in claim["status"]["reservedFor"]] == ["p"]
    await made.api.delete("pods", "default", "p", {"gracePeriodSeconds": 0})
    await made.settle()
    assert "reservedFor" not in (made.get(DEVICE_CLAIMS, "c") or {})["status"]


async def test_room_goes_to_the_most_important_pod_that_waits() -> None:
    made = await lab(count=1)
    await pod(made, "first", priority=100, **ASKS_FOR_ALL)
    await made.settle()
    for name, priority in (("low", 1), ("high", 50), ("other", 1)):
        await pod(made, name, priority=priority, **ASKS_FOR_ALL)
        await made.settle()
    await made.api.delete("pods", "default", "first", {"gracePeriodSeconds": 0})
    await made.settle()
    assert [where(made, name) for name in ("low", "high", "other")] == ["", "node-1", ""]
