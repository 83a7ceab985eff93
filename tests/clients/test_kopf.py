"""An operator written with kopf that uses most of what the framework offers, beside a cluster.

examples/operator shows how a project tests one; here it is what kopf asks of an API server: finalizers, its notes in
annotations and status, retries, timers, daemons, indices, owners, events, peering, changes while it was away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kopf
import pytest
from kopf.testing import KopfRunner

from fakekube import FakeCluster

GROUP = "garden.example.com"
FINALIZER = f"{GROUP}/gardener"
Obj = dict[str, Any]


def definition(kind: str, plural: str, scope: str = "Namespaced") -> Obj:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": anything, "status": anything}}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [version],
        },
    }


def plant(name: str, **spec: Any) -> Obj:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Plant",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


class Garden:
    """The handlers of the operator, and what they noticed."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.soils: list[list[str]] = []
        self.registry = kopf.OperatorRegistry()
        kopf.on.login(registry=self.registry)(self.login)
        kopf.on.startup(registry=self.registry)(self.configure)
        to = {"registry": self.registry, "group": GROUP, "version": "v1", "plural": "plants"}
        kopf.on.create(**to, id="sow")(self.sow)
        kopf.on.update(**to, id="paint", field="spec.colour")(self.paint)
        kopf.on.delete(**to)(self.harvest)
        kopf.on.resume(**to)(self.remember)
        kopf.timer(**to, interval=0.05, when=lambda spec, **_: spec.get("thirsty"))(self.water)
        kopf.daemon(**to, when=lambda spec, **_: spec.get("guarded"))(self.guard)
        maps = {"registry": self.registry, "version": "v1", "plural": "configmaps", "labels": {"soil": kopf.PRESENT}}
        kopf.index(**maps, id="soils")(self.soil)
        kopf.on.event(**maps)(self.tell)

    def login(self, **options: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_kubeconfig(**options)

    def configure(self, settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.persistence.finalizer = FINALIZER

    def sow(self, body: kopf.Body, spec: kopf.Spec, name: str, retry: int, **_: Any) -> Obj:
        """Fails as often as it is told, then makes a child."""
        if spec.get("dead"):
            raise kopf.PermanentError("nothing grows from this")
        if retry < spec.get("failures", 0):
            raise kopf.TemporaryError("the ground is frozen", delay=0.01)
        pot = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"pot-{name}"}}
        kopf.adopt(pot)
        kopf.event(body, type="Normal", reason="Sown", message=f"{name} is in its pot")
        return {"tries": retry + 1, "owners": pot["metadata"]["ownerReferences"]}

    def paint(self, old: str, new: str, patch: kopf.Patch, **_: Any) -> None:
        patch.status["painted"] = f"from {old} to {new}"
        patch.metadata.labels["colour"] = new

    def harvest(self, name: str, **_: Any) -> None:
        self.seen.append(f"{name} is harvested")

    def remember(self, name: str, **_: Any) -> None:
        self.seen.append(f"{name} is known")

    def water(self, patch: kopf.Patch, status: kopf.Status, **_: Any) -> None:
        if status.get("water", 0) < 3:
            patch.status["water"] = status.get("water", 0) + 1

    async def guard(self, stopped: kopf.DaemonStopped, name: str, **_: Any) -> None:
        """Stays beside the plant until it goes."""
        self.seen.append(f"{name} is guarded")
        await stopped.wait()
        self.seen.append(f"{name} is left")

    def soil(self, name: str, labels: kopf.Labels, **_: Any) -> dict[str, str]:
        return {labels["soil"]: name}

    def tell(self, name: str, patch: kopf.Patch, annotations: kopf.Annotations, **indices: Any) -> None:
        known = ",".join(sorted(indices["soils"]))
        if annotations.get("soils") != known:
            patch.metadata.annotations["soils"] = known


@contextmanager
def working(garden: Garden, *arguments: str) -> Iterator[KopfRunner]:
    """The operator at work in a thread."""
    command = ["run", *(arguments or ("--standalone",)), "--namespace", "default"]
    with KopfRunner(command, registry=garden.registry, timeout=20) as runner:
        yield runner
    assert runner.exception is None, runner.output
    assert runner.exit_code == 0, runner.output


@pytest.fixture
def cluster(kube: FakeCluster, kubeconfig: Path) -> FakeCluster:
    """A cluster that knows plants; KUBECONFIG names it."""
    kube.apply(definition("Plant", "plants"))
    kube.wait_for(f"crd/plants.{GROUP}", "condition=Established")
    return kube


@pytest.fixture
def garden() -> Garden:
    return Garden()


def found(obj: Obj | None) -> Obj:
    assert obj is not None
    return obj


def test_creation_and_deletion_with_a_finalizer(cluster: FakeCluster, garden: Garden) -> None:
    with working(garden):
        cluster.create(plant("rose"))
        rose = found(cluster.wait_for("plants/rose", "jsonpath={.status.sow.tries}=1"))
        assert rose["metadata"]["finalizers"] == [FINALIZER]
        owner = {"apiVersion": f"{GROUP}/v1", "kind": "Plant", "name": "rose", "uid": rose["metadata"]["uid"]}
        assert rose["status"]["sow"]["owners"] == [owner | {"controller": True, "blockOwnerDeletion": True}]
        cluster.delete("plants", "rose")
        cluster.wait_for("plants/rose", "delete")
    assert "rose is harvested" in garden.seen
    told = [event for event in cluster.list("events", "default") if event["involvedObject"]["name"] == "rose"]
    assert ("Sown", "rose is in its pot", "kopf") in [
        (event["reason"], event["message"], event["source"]["component"]) for event in told
    ]


def test_failures_are_tried_again(cluster: FakeCluster, garden: Garden) -> None:
    with working(garden):
        cluster.create(plant("lily", failures=2))
        lily = found(cluster.wait_for("plants/lily", "jsonpath={.status.sow.tries}=3"))
        assert "kopf" not in lily["status"] or not lily["status"]["kopf"].get("progress")
        cluster.create(plant("weed", dead=True))
        handled = "kopf.zalando.org/last-handled-configuration"
        cluster.wait_for("plants/weed", lambda obj: handled in obj["metadata"].get("annotations", {}))
    assert "sow" not in cluster.get("plants", "weed").get("status", {})


def test_changes_reach_status_and_labels(cluster: FakeCluster, garden: Garden) -> None:
    with working(garden):
        cluster.create(plant("rose", colour="red"))
        cluster.wait_for("plants/rose", "jsonpath={.status.sow.tries}=1")
        cluster.patch("plants", "rose", {"spec": {"colour": "white"}})
        rose = found(cluster.wait_for("plants/rose", "jsonpath={.status.painted}=from red to white"))
        cluster.wait_for("plants/rose", "jsonpath={.metadata.labels.colour}=white")
    assert rose["metadata"]["generation"] == 2


def test_timers_and_daemons(cluster: FakeCluster, garden: Garden) -> None:
    with working(garden):
        cluster.create(plant("rose", thirsty=True, guarded=True))
        cluster.wait_for("plants/rose", "jsonpath={.status.water}=3")
        cluster.delete("plants", "rose")
        cluster.wait_for("plants/rose", "delete")
    assert [each for each in garden.seen if "guarded" in each or "left" in each] == ["rose is guarded", "rose is left"]


def test_what_happened_while_it_was_away(cluster: FakeCluster, garden: Garden) -> None:
    cluster.create(plant("early"))
    with working(garden):
        cluster.wait_for("plants/early", "jsonpath={.status.sow.tries}=1")
    cluster.patch("plants", "early", {"spec": {"colour": "white"}})
    cluster.delete("plants", "early")  # its finalizer keeps it
    cluster.create(plant("late"))
    again = Garden()
    with working(again):
        cluster.wait_for("plants/early", "delete")
        cluster.wait_for("plants/late", "jsonpath={.status.sow.tries}=1")
    assert "early is harvested" in again.seen


def test_indices_see_every_object(cluster: FakeCluster, garden: Garden) -> None:
    def soil(name: str) -> Obj:
        metadata = {"name": name, "namespace": "default", "labels": {"soil": f"{name}-soil"}}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}

    cluster.apply(soil("clay"))
    with working(garden):
        cluster.wait_for("cm/clay", "jsonpath={.metadata.annotations.soils}=clay-soil")
        cluster.apply(soil("sand"))
        cluster.wait_for("cm/sand", "jsonpath={.metadata.annotations.soils}=clay-soil,sand-soil")


def test_operators_find_each_other(cluster: FakeCluster, garden: Garden) -> None:
    """Each tells in the peering object that it is there, and takes itself out of it at its end."""
    peering = definition("KopfPeering", "kopfpeerings")
    peering["metadata"]["name"], peering["spec"]["group"] = "kopfpeerings.kopf.dev", "kopf.dev"
    cluster.apply(peering)
    cluster.wait_for("crd/kopfpeerings.kopf.dev", "condition=Established")
    cluster.apply({"apiVersion": "kopf.dev/v1", "kind": "KopfPeering", "metadata": {"name": "default"}})
    with working(garden, "--priority", "100"):
        present = found(cluster.wait_for("kopfpeerings/default", lambda obj: obj.get("status")))
        assert [peer["priority"] for peer in present["status"].values()] == [100]
        cluster.create(plant("rose"))
        cluster.wait_for("plants/rose", "jsonpath={.status.sow.tries}=1")
    assert not cluster.get("kopfpeerings", "default").get("status")


def test_it_leaves_nothing_behind(cluster: FakeCluster, garden: Garden) -> None:
    with working(garden):
        cluster.create(plant("rose"))
        cluster.wait_for("plants/rose", "jsonpath={.status.sow.tries}=1")
        assert cluster.stats().streams > 0
    cluster.settle()
    assert cluster.stats().streams == 0
