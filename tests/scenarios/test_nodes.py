"""Nodes that come, go and fall silent while a cluster runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed="pods", nodes=2)


def pod(name: str, node: str, **spec: Any) -> dict[str, Any]:
    whole = {"containers": [{"name": "c", "image": "i"}], **({"nodeName": node} if node else {}), **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": whole}


def state(kube: FakeCluster, name: str) -> str:
    conditions = kube.get("nodes", name)["status"]["conditions"]
    return str(next(each["status"] for each in conditions if each["type"] == "Ready"))


def taints(kube: FakeCluster, name: str) -> set[tuple[str, str]]:
    return {(each["key"], each["effect"]) for each in kube.get("nodes", name)["spec"].get("taints", ())}


def test_a_node_that_is_added_takes_pods(kube: FakeCluster) -> None:
    made = kube.nodes.add(labels={"disk": "fast"}, capacity={"cpu": "64"})
    assert made["metadata"]["name"] == "node-3"
    kube.settle()
    assert (state(kube, "node-3"), taints(kube, "node-3")) == ("True", set())
    large = {"name": "c", "image": "i", "resources": {"requests": {"cpu": "32"}}}
    kube.apply(pod("a", "", nodeSelector={"disk": "fast"}, containers=[large]))
    kube.settle()
    found = kube.get("pods", "a")
    assert (found["spec"]["nodeName"], found["status"]["phase"]) == ("node-3", "Running")
    assert found["status"]["podIP"].startswith("10.244.3.")
    assert kube.get("leases.coordination.k8s.io", "node-3", namespace="kube-node-lease")


def test_a_node_with_a_name_and_taints(kube: FakeCluster) -> None:
    kube.nodes.add("gpu", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}])
    kube.settle()
    assert taints(kube, "gpu") == {("gpu", "NoSchedule")}
    with pytest.raises(ValueError, match="there is a node 'gpu' already"):
        kube.nodes.add("gpu")


def test_a_node_that_somebody_deleted_comes_back_when_its_kubelet_starts(kube: FakeCluster) -> None:
    kube.nodes.stop("node-2")
    kube.delete("nodes", "node-2")
    kube.nodes.start("node-2")
    kube.settle()
    assert (state(kube, "node-2"), kube.nodes.names()) == ("True", ["node-1", "node-2"])


def test_the_name_of_a_node_that_somebody_deleted_is_free(kube: FakeCluster) -> None:
    kube.delete("nodes", "node-2")
    kube.nodes.add("node-2", labels={"new": "yes"})
    kube.settle()
    assert kube.get("nodes", "node-2")["metadata"]["labels"]["new"] == "yes"


def test_pods_of_a_silent_node_are_evicted_in_time(kube: FakeCluster) -> None:
    soon = [
        {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}
    ]
    kube.apply(pod("usual", "node-1"), pod("soon", "node-1", tolerations=soon), pod("other", "node-2"))
    kube.settle()
    kube.nodes.stop("node-1")
    kube.clock.advance(40)
    assert state(kube, "node-1") == "True"
    kube.clock.advance(11)
    assert (state(kube, "node-1"), state(kube, "node-2")) == ("Unknown", "True")
    assert ("node.kubernetes.io/unreachable", "NoExecute") in taints(kube, "node-1")
    ready = [each for each in kube.get("pods", "usual")["status"]["conditions"] if each["type"] == "Ready"]
    assert ready[0]["status"] == "False"
    kube.clock.advance(60)
    assert "deletionTimestamp" in kube.get("pods", "soon")["metadata"]
    assert "deletionTimestamp" not in kube.get("pods", "usual")["metadata"]
    kube.clock.advance(241)
    leaving = kube.get("pods", "usual")
    assert ("deletionTimestamp" in leaving["metadata"], leaving["status"]["phase"]) == (True, "Running")
    kube.nodes.start("node-1")
    kube.settle()
    assert (state(kube, "node-1"), taints(kube, "node-1")) == ("True", set())
    assert [each["metadata"]["name"] for each in kube.list("pods", "default")] == ["other"]


def test_a_node_that_comes_back_in_time_keeps_its_pods(kube: FakeCluster) -> None:
    kube.apply(pod("a", "node-1"))
    kube.settle()
    kube.nodes.stop("node-1")
    kube.clock.advance(minutes=3)
    kube.nodes.start("node-1")
    kube.clock.advance(minutes=30)
    found = kube.get("pods", "a")
    ready = next(each["status"] for each in found["status"]["conditions"] if each["type"] == "Ready")
    assert (state(kube, "node-1"), ready) == ("True", "True")


def test_pods_of_a_node_that_went_are_taken_away(kube: FakeCluster) -> None:
    kube.apply(pod("a", "node-1"))
    kube.settle()
    kube.nodes.remove("node-1")
    kube.clock.advance(minutes=2)
    assert kube.list("pods", "default") == []
    assert [each["metadata"]["name"] for each in kube.list("nodes")] == ["node-2"]
    assert kube.nodes.names() == ["node-2"]


def test_a_reset_brings_the_nodes_back(kube: FakeCluster) -> None:
    kube.nodes.add()
    kube.nodes.stop("node-1")
    kube.reset()
    kube.clock.advance(minutes=10)
    assert [each["metadata"]["name"] for each in kube.list("nodes")] == ["node-1", "node-2"]
    assert state(kube, "node-1") == "True"


def test_nodes_of_others_are_not_played(kube: FakeCluster) -> None:
    kube.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "theirs"}})
    with pytest.raises(ValueError, match="'theirs' is not a node that this cluster plays the kubelet of"):
        kube.nodes.stop("theirs")


def test_a_node_that_is_shut_down_ends_its_pods(kube: FakeCluster) -> None:
    spec = {"nodeName": "node-1", "containers": [{"name": "c", "image": "i"}]}
    kube.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec})
    kube.settle()
    kube.nodes.shut_down("node-1")
    status = kube.get("pods", "a")["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "Terminated")
    assert status["message"] == "Pod was terminated in response to imminent node shutdown."
    assert "TerminationByKubelet" in {each.get("reason") for each in status["conditions"]}
    ready = [each for each in kube.get("nodes", "node-1")["status"]["conditions"] if each["type"] == "Ready"]
    assert (ready[0]["status"], ready[0]["message"]) == ("False", "node is shutting down")
    assert "node-1" not in kube.nodes.names()
    kube.nodes.start("node-1")
    kube.settle()
    ready = [each for each in kube.get("nodes", "node-1")["status"]["conditions"] if each["type"] == "Ready"]
    assert ready[0]["status"] == "True"
    with pytest.raises(ValueError, match="'node-9' is not a node"):
        kube.nodes.shut_down("node-9")
