"""A webhook that hangs holds up what it is asked about, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(tls=False, seed=1)
PATIENCE_SECONDS = 8
LABELS = {"app": "a"}


def replica_set(namespace: str) -> dict[str, Any]:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "c"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": template}
    head = {"apiVersion": "apps/v1", "kind": "ReplicaSet"}
    return {**head, "metadata": {"name": "r", "namespace": namespace}, "spec": spec}


@pytest.fixture
def hanging(kube: FakeCluster) -> Iterator[threading.Event]:
    """Until it is set, the pods of the namespace `slow` are being judged."""
    go = threading.Event()

    @kube.webhooks.validating("pods", operations=["CREATE"])
    def judge(request: dict[str, Any]) -> None:
        if request["namespace"] == "slow":
            go.wait(PATIENCE_SECONDS)

    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "slow"}})
    kube.settle()
    yield go
    go.set()


def until_ready(kube: FakeCluster) -> None:
    def ready(found: Any) -> bool:
        return bool(found["status"].get("readyReplicas") == 2)

    kube.wait_for("replicasets.apps/r", ready, timeout=PATIENCE_SECONDS - 2)


def test_controllers_go_on_beside_a_webhook_that_hangs(kube: FakeCluster, hanging: threading.Event) -> None:
    kube.create(replica_set("slow"))
    kube.create(replica_set("default"))
    until_ready(kube)
    assert kube.list("pods", "slow") == []
    hanging.set()
    kube.settle()  # waits for what the webhook held up
    assert len(kube.list("pods", "slow")) == 2


def test_a_reset_breaks_off_what_waits(kube: FakeCluster, hanging: threading.Event) -> None:
    kube.create(replica_set("slow"))
    kube.create(replica_set("default"))
    until_ready(kube)
    kube.reset()
    kube.settle()
    assert kube.list("pods") == []
