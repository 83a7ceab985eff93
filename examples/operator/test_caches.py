"""The operator's test: a cluster with its definition, the operator beside it, and what it makes of a Cache."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kopf.testing import KopfRunner

from fakekube import FakeCluster

HERE = Path(__file__).parent
pytestmark = pytest.mark.fakekube(load="crd.yaml")


@pytest.fixture
def operator(kubeconfig: Path) -> Iterator[KopfRunner]:
    """The operator in a thread; it finds the cluster by KUBECONFIG."""
    command = ["run", "--standalone", "--namespace", "default", str(HERE / "caches.py")]
    with KopfRunner(command, timeout=20) as runner:
        yield runner
    assert runner.exception is None, runner.output
    assert runner.exit_code == 0, runner.output


def test_a_cache_becomes_ready_servers_behind_a_name(kube: FakeCluster, operator: KopfRunner) -> None:
    kube.apply(HERE / "cache.yaml")
    cache = kube.wait_for("caches/sessions", "jsonpath={.status.phase}=Ready")

    assert cache["status"] == {
        "phase": "Ready",
        "ready": 3,
        "address": "sessions.default.svc.cluster.local:11211",
    }
    pods = kube.list("pods", namespace="default", labels="caches.example.com/name=sessions")
    assert [pod["status"]["phase"] for pod in pods] == ["Running"] * 3


def test_servers_follow_the_specification(kube: FakeCluster, operator: KopfRunner) -> None:
    kube.apply(HERE / "cache.yaml")
    kube.wait_for("caches/sessions", "jsonpath={.status.ready}=3")
    kube.patch("caches", "sessions", {"spec": {"servers": 1}})
    kube.wait_for("caches/sessions", "jsonpath={.status.ready}=1")

    kube.settle()
    assert len(kube.list("pods", namespace="default")) == 1


def test_what_belongs_to_a_cache_goes_with_it(kube: FakeCluster, operator: KopfRunner) -> None:
    kube.apply(HERE / "cache.yaml")
    kube.wait_for("caches/sessions", "jsonpath={.status.phase}=Ready")
    kube.delete("caches", "sessions")
    kube.wait_for("deployments/sessions", "delete")
    kube.wait_for("services/sessions", "delete")


def test_the_definition_refuses_what_makes_no_sense(kube: FakeCluster) -> None:
    with pytest.raises(Exception, match=r"spec.servers: Invalid value: 0: spec.servers in body should be greater than"):
        kube.apply(
            {
                "apiVersion": "example.com/v1",
                "kind": "Cache",
                "metadata": {"name": "none"},
                "spec": {"servers": 0},
            }
        )
