"""What kubelets refuse, and how controllers live with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed="refused", nodes=2)

FULL = {"requests": {"cpu": "4"}}
HALF = {"requests": {"cpu": "2500m"}}


def spec(node: str = "node-1", **more: Any) -> dict[str, Any]:
    container = {"name": "c", "image": "i", **more.pop("container", {})}
    return {"containers": [container], **({"nodeName": node} if node else {}), **more}


def pod(name: str, node: str = "node-1", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec(node, **more)}


def workload(kind: str, version: str = "apps/v1", replicas: int | None = None, **more: Any) -> dict[str, Any]:
    labels = {"app": kind.lower()}
    template = {"metadata": {"labels": labels}, "spec": spec(**more)}
    whole: dict[str, Any] = {"template": template}
    if version == "apps/v1":
        whole["selector"] = {"matchLabels": labels}
    if replicas is not None:
        whole["replicas"] = replicas
    return {"apiVersion": version, "kind": kind, "metadata": {"name": kind.lower()}, "spec": whole}


def phases(kube: FakeCluster, app: str) -> list[str]:
    return sorted(each["status"]["phase"] for each in kube.list("pods", "default", labels=f"app={app}"))


def reason(kube: FakeCluster, name: str) -> str:
    return str(kube.get("pods", name)["status"].get("reason", ""))


def test_a_pod_that_is_bound_by_hand_is_refused_when_it_does_not_fit(kube: FakeCluster) -> None:
    kube.apply(pod("first", container={"resources": HALF}))
    kube.settle()
    kube.apply(pod("second", container={"resources": HALF}))
    kube.settle()
    status = kube.get("pods", "second")["status"]
    started = status.pop("startTime")
    message = "Node didn't have enough resource: cpu, requested: 2500, used: 2500, capacity: 4000"
    assert status == {
        "observedGeneration": 1,
        "phase": "Failed",
        "message": f"Pod was rejected: {message}",
        "reason": "OutOfcpu",
        "qosClass": "Burstable",
    }
    assert started
    (event,) = [each for each in kube.list("events", "default") if each["involvedObject"]["name"] == "second"]
    assert (event["type"], event["reason"], event["message"]) == ("Warning", "OutOfcpu", message)
    kube.delete("pods", "second")
    assert [each["metadata"]["name"] for each in kube.list("pods", "default")] == ["first"]
    kube.delete("pods", "first")
    kube.apply(pod("third", container={"resources": HALF}))
    kube.settle()
    assert kube.get("pods", "third")["status"]["phase"] == "Running"


def test_a_port_of_the_node_is_taken_once(kube: FakeCluster) -> None:
    ports = [{"containerPort": 80, "hostPort": 8080}]
    kube.apply(pod("first", container={"ports": ports}), pod("second", container={"ports": ports}))
    kube.apply(pod("other", "node-2", container={"ports": ports}))
    kube.settle()
    assert [reason(kube, name) for name in ("first", "second", "other")] == ["", "NodePorts", ""]


def test_the_labels_of_the_node_count_when_the_pod_is_taken_on(kube: FakeCluster) -> None:
    kube.patch("nodes", "node-1", {"metadata": {"labels": {"disk": "fast"}}})
    kube.apply(pod("early", "", nodeSelector={"disk": "fast"}))
    kube.settle()
    kube.nodes.stop("node-1")
    kube.apply(pod("late", "", nodeSelector={"disk": "fast"}))
    kube.settle()
    assert kube.get("pods", "late")["spec"]["nodeName"] == "node-1"
    kube.patch("nodes", "node-1", {"metadata": {"labels": {"disk": None}}})
    kube.nodes.start("node-1")
    kube.settle()
    assert [reason(kube, name) for name in ("early", "late")] == ["", "NodeAffinity"]


def test_pods_that_a_kubelet_finds_are_judged_by_their_age(kube: FakeCluster) -> None:
    kube.nodes.stop("node-1")
    kube.apply(pod("z", container={"resources": HALF}))
    kube.clock.advance(2)
    kube.apply(pod("a", container={"resources": HALF}))
    kube.nodes.start("node-1")
    kube.settle()
    assert [reason(kube, name) for name in ("z", "a")] == ["", "OutOfcpu"]


def test_a_daemon_pod_on_a_full_node_is_made_again_ever_later(kube: FakeCluster) -> None:
    kube.apply(pod("first", container={"resources": FULL}))
    kube.settle()
    kube.apply(workload("DaemonSet", container={"resources": HALF}))
    kube.clock.advance(60)
    assert len(phases(kube, "daemonset")) == 1
    tries = [each for each in kube.list("events", "default") if each["reason"] == "FailedDaemonPod"]
    assert 5 <= sum(each["count"] for each in tries) <= 8
    kube.delete("pods", "first")
    kube.clock.advance(60)
    assert phases(kube, "daemonset") == ["Running"]


def test_a_replica_set_makes_further_pods(kube: FakeCluster) -> None:
    kube.apply(workload("ReplicaSet", replicas=2, container={"resources": HALF}))
    kube.clock.advance(5)
    assert phases(kube, "replicaset").count("Running") == 1
    assert phases(kube, "replicaset").count("Failed") in (5, 6)
    assert kube.get("replicasets", "replicaset")["status"]["replicas"] == 2


def test_a_stateful_set_makes_its_pod_again(kube: FakeCluster) -> None:
    kube.apply(pod("first", container={"resources": FULL}))
    kube.settle()
    kube.apply(workload("StatefulSet", replicas=1, container={"resources": HALF}))
    kube.clock.advance(5)
    kube.delete("pods", "first")
    kube.clock.advance(60)
    assert phases(kube, "statefulset") == ["Running"]


def test_a_job_gives_up(kube: FakeCluster) -> None:
    kube.apply(workload("Job", "batch/v1", restartPolicy="Never", container={"resources": {"requests": {"cpu": "5"}}}))
    kube.clock.advance(minutes=20)
    assert kube.get("jobs", "job")["status"]["failed"] == 7
    assert {reason(kube, each["metadata"]["name"]) for each in kube.list("pods", "default")} == {"OutOfcpu"}


def test_a_pod_that_matters_to_the_system_takes_the_place_of_another(kube: FakeCluster) -> None:
    kube.apply(pod("first", container={"resources": FULL}))
    kube.settle()
    kube.apply(pod("system", priorityClassName="system-node-critical", container={"resources": HALF}))
    kube.settle()
    assert kube.get("pods", "system")["status"]["phase"] == "Running"
    assert reason(kube, "first") == "Preempting"


def test_pods_that_stages_play_are_not_judged(kube: FakeCluster) -> None:
    stage = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-runs}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector: {matchExpressions: [{key: '.status.phase', operator: In, values: [Pending]}]}
  next: {statusTemplate: 'phase: Running'}
"""
    kube.pods.stages(stage)
    kube.apply(pod("large", container={"resources": {"requests": {"cpu": "64"}}}))
    kube.settle()
    assert kube.get("pods", "large")["status"]["phase"] == "Running"
