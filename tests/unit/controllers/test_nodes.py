import pytest

from fakekube.controllers import node_ttl
from fakekube.core.meta import Obj, time_text
from fakekube.nodes import bootstrap
from tests.unit.controllers.labs import condition, lab, names, pod
from tests.unit.machinery.fakeapi import Lab

SILENT = 51


async def other_node(made: Lab, name: str = "node-9") -> None:
    """A node that nobody plays the kubelet of."""
    node = bootstrap.node(9, time_text(made.clock.now()), "v1.36.0")
    await made.api.create("nodes", "", {**node, "metadata": {**node["metadata"], "name": name}})


def taints(made: Lab, name: str = "node-9") -> list[tuple[str, str]]:
    node: Obj = made.get("nodes", name, "") or {}
    return [(each["key"].partition("/")[2], each["effect"]) for each in node["spec"].get("taints") or ()]


async def set_ready(made: Lab, state: str, name: str = "node-9") -> None:
    entry = {"type": "Ready", "status": state, "lastHeartbeatTime": time_text(made.clock.now())}
    await made.api.patch("nodes", "", name, {"status": {"conditions": [entry]}}, subresource="status")


async def test_a_silent_node_is_unknown_and_its_pods_are_put_off_it_in_time() -> None:
    made = await lab("nodelifecycle", "taint-eviction", count=1)
    await other_node(made)
    patient = [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "tolerationSeconds": 300}]
    always = [{"key": "node.kubernetes.io/unreachable", "operator": "Exists"}]
    await pod(made, "hasty", "node-9")
    await pod(made, "patient", "node-9", tolerations=[{**each, "operator": "Exists"} for each in patient])
    await pod(made, "steadfast", "node-9", tolerations=always)
    await made.settle(SILENT)
    ready = condition(made.get("nodes", "node-9", ""), "Ready")
    assert (ready["status"], ready["reason"]) == ("Unknown", "NodeStatusUnknown")
    assert taints(made) == [("unreachable", "NoSchedule"), ("unreachable", "NoExecute")]
    going = [each["metadata"]["name"] for each in made.all("pods") if "deletionTimestamp" in each["metadata"]]
    assert going == ["hasty"]
    assert condition(made.get("pods", "hasty"), "DisruptionTarget")["reason"] == "DeletionByTaintManager"
    await made.settle(300)
    going = [each["metadata"]["name"] for each in made.all("pods") if "deletionTimestamp" in each["metadata"]]
    assert going == ["hasty", "patient"]


async def test_a_node_that_is_heard_again_loses_its_taints_and_its_pods_stay() -> None:
    made = await lab("nodelifecycle", "taint-eviction", count=1)
    await other_node(made)
    toleration = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 300}
    await pod(made, "p", "node-9", tolerations=[toleration])
    await made.settle(SILENT)
    await set_ready(made, "True")
    await made.settle()
    assert taints(made) == []
    await made.settle(40)
    await set_ready(made, "True")
    await made.settle(9)
    assert "deletionTimestamp" not in made.all("pods")[0]["metadata"]
    assert made.told("TaintManagerEviction") == ["Cancelling deletion of Pod default/p"]


async def test_leases_are_signs_of_life() -> None:
    made = await lab("nodelifecycle", count=0)
    await other_node(made)
    leases = "leases.coordination.k8s.io"
    lease = await made.make(leases, "Lease", "node-9", "kube-node-lease", spec={"holderIdentity": "node-9"})
    for second in range(4):
        await made.settle(40)
        lease = {**lease, "spec": {"renewTime": f"2026-01-01T00:00:0{second}.000000Z"}}
        lease = await made.api.update(leases, "kube-node-lease", "node-9", lease)
    assert condition(made.get("nodes", "node-9", ""), "Ready")["status"] == "True"


async def test_the_clusters_own_nodes_are_never_silent() -> None:
    made = await lab("nodelifecycle", count=1)
    await made.settle(1000)
    assert condition(made.get("nodes", "node-1", ""), "Ready")["status"] == "True"


async def test_taints_follow_conditions_and_cordons() -> None:
    made = await lab("nodelifecycle", count=1)
    await other_node(made)
    await set_ready(made, "False")
    await made.api.patch("nodes", "", "node-9", {"spec": {"unschedulable": True}})
    await made.settle()
    assert sorted(taints(made)) == [
        ("not-ready", "NoExecute"),
        ("not-ready", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ]
    await set_ready(made, "True")
    await made.api.patch("nodes", "", "node-9", {"spec": {"unschedulable": None}})
    await made.settle()
    assert taints(made) == []


async def test_pods_of_a_node_that_is_gone_are_cleared_away() -> None:
    made = await lab("podgc", count=1)
    await pod(made, "p", "node-1")
    await made.settle()
    await made.api.delete("nodes", "", "node-1")
    await made.settle(39)
    assert names(made) == ["p"]
    await made.settle(2)
    assert names(made) == []


@pytest.mark.parametrize("grace", [30, 0])
async def test_a_deleted_pod_that_was_never_placed_is_cleared_away(grace: int) -> None:
    made = await lab("podgc", count=0)
    await pod(made, "p", metadata={"finalizers": ["test/hold"]})
    await made.api.delete("pods", "default", "p", {"gracePeriodSeconds": grace})
    await made.settle()
    (left,) = made.all("pods")
    assert left["status"]["phase"] == "Failed"


async def test_secrets_are_kept_longer_in_larger_clusters() -> None:
    made = await lab("node-ttl", count=1)
    await made.settle()
    node = made.get("nodes", "node-1", "")
    assert node is not None
    assert node["metadata"]["annotations"]["node.alpha.kubernetes.io/ttl"] == "0"
    assert [node_ttl.seconds(size) for size in (100, 101, 501, 1001, 5000)] == [0, 15, 30, 60, 300]


async def test_when_no_node_is_ready_no_pods_are_put_off() -> None:
    made = await lab("nodelifecycle", "taint-eviction", count=0)
    await other_node(made)
    await pod(made, "p", "node-9")
    await made.settle(SILENT)
    assert taints(made) == [("unreachable", "NoSchedule")]
    ready = bootstrap.node(8, time_text(made.clock.now()), "v1.36.0")
    await made.api.create("nodes", "", ready)
    await made.settle()
    assert taints(made) == [("unreachable", "NoSchedule"), ("unreachable", "NoExecute")]
    await set_ready(made, "False", "node-8")
    await made.settle()
    assert taints(made) == [("unreachable", "NoSchedule")]


async def test_in_a_zone_where_most_nodes_are_unready_no_more_pods_are_put_off() -> None:
    made = await lab("nodelifecycle", count=4)  # zones a, a, b, a
    for name in ("node-1", "node-2", "node-4"):
        await set_ready(made, "False", name)
        await made.settle()
    evicting = [name for name in names(made, "nodes") if ("not-ready", "NoExecute") in taints(made, name)]
    assert evicting == ["node-1", "node-2"]


async def test_labels_of_old_follow_those_of_today() -> None:
    made = await lab("nodelifecycle", count=1)
    await made.settle()
    labels = (made.get("nodes", "node-1", "") or {})["metadata"]["labels"]
    assert (labels["beta.kubernetes.io/os"], labels["beta.kubernetes.io/arch"]) == ("linux", "amd64")


async def test_a_pod_that_goes_by_itself_is_no_longer_to_be_evicted() -> None:
    made = await lab("taint-eviction", count=1)
    await pod(made, "p", "node-1", tolerations=[{"operator": "Exists", "tolerationSeconds": 60}])
    await made.settle()
    taint = {"key": "t", "effect": "NoExecute"}
    await made.api.patch("nodes", "", "node-1", {"spec": {"taints": [taint]}}, type="merge")
    await made.settle(30)
    await made.api.delete("pods", "default", "p", {"gracePeriodSeconds": 0})
    await made.settle(60)
    assert made.told("TaintManagerEviction") == ["Cancelling deletion of Pod default/p"]


async def test_pods_of_a_node_out_of_service_are_cleared_away_when_they_are_deleted() -> None:
    made = await lab("podgc", count=1, kubelets=False)
    await pod(made, "p", "node-1")
    await pod(made, "q", "node-1")
    await set_ready(made, "False", "node-1")
    await made.api.delete("pods", "default", "p")
    await made.settle()
    assert names(made) == ["p", "q"]
    taint = {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}
    await made.api.patch("nodes", "", "node-1", {"spec": {"taints": [taint]}}, type="merge")
    await made.settle()
    assert names(made) == ["q"]
