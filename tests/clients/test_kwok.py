"""The stages that KWOK ships, from its Go module: they say and do here what KWOK says of them.

Beside its stages KWOK keeps what they are to make of an object (testdata). Nothing of KWOK is kept here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from fakekube import FakeCluster
from fakekube.core.yamltext import first_document
from fakekube.nodes.stages import kind_of
from fakekube.nodes.stages.functions import CONDITIONS, NAMES, indented_yaml, quoted
from fakekube.nodes.stages.playing import finalizers, patch
from fakekube.nodes.stages.reading import DeleteStep, EventStep, FinalizersStep, PatchStep, Stage, Step, read
from tests.clients.golang import download

MODULE = "sigs.k8s.io/kwok@v0.8.0"
FETCH_SECONDS = 120
NOW = datetime.fromisoformat("2006-01-02T15:04:05+00:00").timestamp()
Body = dict[str, Any]


@pytest.fixture(scope="module")
def shipped() -> Path:
    """The folder of KWOK's stages; skipped where Go is missing or cannot get the module."""
    fetched = download(None, "-json", MODULE, seconds=FETCH_SECONDS, flags="-mod=mod")
    return Path(json.loads(fetched)["Dir"], "kustomize", "stage")


def files(*folders: Path) -> list[Path]:
    return [file for folder in folders for file in sorted(folder.glob("*.yaml")) if file.stem != "kustomization"]


def document(file: Path) -> Any:
    """The object in the file, its times as text."""
    return first_document(file.read_text())[0]


def stages_of(folder: Path) -> list[Stage]:
    documents = [each for file in files(folder) for each in yaml.safe_load_all(file.read_text())]
    return read(each for each in documents if each["kind"] == "Stage")


# --- what they would do


def stub(name: str) -> Callable[..., str]:
    """A function that tells how it was called, as Go shows values."""
    return lambda *given: f"<{name}({', '.join(map(json.dumps, given))})>" if given else f"<{name}>"


def several(name: str) -> Callable[..., list[str]]:
    return lambda *given: [f"<{number} of {stub(name)(*given)[1:]}" for number in (0, 1)]


AROUND: dict[str, Callable[..., Any]] = {
    **{name: stub(name) for name in NAMES},
    **{name: several(name) for name in ("NodeIPsWith", "PodIPsWith")},
    "Quote": quoted,
    "YAML": indented_yaml,
    "NodeConditions": lambda: [dict(each) for each in CONDITIONS],
}


def told(step: Step, obj: Body) -> Body:
    """The step as KWOK's test data tell it."""
    match step:
        case EventStep():
            return {"kind": "event", "type": step.type, "reason": step.reason, "message": step.message}
        case DeleteStep():
            return {"kind": "delete"}
        case FinalizersStep():
            return {"kind": "patch", "data": finalizers(step, obj["metadata"].get("finalizers") or [])}
        case PatchStep():
            return {"kind": "patch", "data": patch(step, obj, AROUND)}
    return {"kind": "apply"}


def test_the_stages_make_of_objects_what_kwok_says(shipped: Path) -> None:
    inputs = sorted(shipped.glob("*/*/testdata/*.input.yaml"))
    assert len(inputs) > 10
    for file in inputs:
        obj = document(file)
        wanted = document(file.with_name(file.name.replace(".input.", ".output.")))["stages"]
        found = [each for each in stages_of(file.parents[1]) if each.kind == kind_of(obj) and each.matches(obj)]
        assert [each.name for each in found] == [each["stage"] for each in wanted], file
        for stage, says in zip(found, wanted, strict=True):
            assert stage.weight(obj) == says["weight"], file
            delays = [nanos / 10**9 for nanos in says.get("delay", [0])]
            assert [stage.wait(obj, NOW, chance) for chance in (0.0, 1.0)] == [delays[0], delays[-1]], file
            for step, said in zip(stage.steps, says["next"], strict=True):
                made = told(step, obj)
                assert made == {name: said.get(name) for name in made}, file


# --- what they do

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed="kwok")
CONTAINER = {"name": "c", "image": "i"}


def pod(name: str, *, meta: Body | None = None, **spec: Any) -> Body:
    about = {"name": name, **(meta or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": {"containers": [CONTAINER], **spec}}


def phase(kube: FakeCluster, name: str) -> str:
    return str(kube.get("pods", name)["status"]["phase"])


def heartbeat(kube: FakeCluster, name: str) -> str:
    conditions = kube.get("nodes", name)["status"]["conditions"]
    return next(str(each["lastHeartbeatTime"]) for each in conditions if each["type"] == "Ready")


def test_nodes_and_pods_live_fast(shipped: Path, kube: FakeCluster) -> None:
    kube.pods.stages(*files(shipped / "pod" / "fast", shipped / "node" / "fast", shipped / "node" / "heartbeat"))
    meta = {"name": "kwok-1", "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {"type": "kwok"}}
    kube.apply({"apiVersion": "v1", "kind": "Node", "metadata": meta})
    template = {"spec": {"restartPolicy": "Never", "nodeSelector": {"type": "kwok"}, "containers": [CONTAINER]}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": {"template": template}}
    kube.apply(pod("a", nodeSelector={"type": "kwok"}), job)
    kube.clock.advance(5)
    node = kube.get("nodes", "kwok-1")["status"]
    assert (node["phase"], node["capacity"]["pods"]) == ("Running", "1M")
    found = kube.get("pods", "a")["status"]
    assert (found["phase"], found["containerStatuses"][0]["ready"]) == ("Running", True)
    assert found["podIP"].startswith("10.")
    assert kube.get("jobs", "job")["status"]["succeeded"] == 1
    before = heartbeat(kube, "kwok-1")
    kube.clock.advance(60)
    assert heartbeat(kube, "kwok-1") > before
    kube.delete("pods", "a")
    kube.clock.advance(5)
    assert [each["metadata"]["name"] for each in kube.list("pods", "default") if each["metadata"]["name"] == "a"] == []


def test_pods_live_as_in_general(shipped: Path, kube: FakeCluster) -> None:
    kube.pods.stages(*files(shipped / "pod" / "general", shipped / "pod" / "chaos"))
    delay = {"pod-create.stage.kwok.x-k8s.io/delay": "7s", "pod-create.stage.kwok.x-k8s.io/jitter-delay": "7s"}
    chaos = {"pod-container-running-failed.stage.kwok.x-k8s.io": "true"}
    kube.apply(
        pod("slow", meta={"annotations": delay}, initContainers=[{"name": "i", "image": "i"}]),
        pod("broken", meta={"labels": chaos}),
    )
    kube.clock.advance(6)
    assert "initContainerStatuses" not in kube.get("pods", "slow")["status"]
    kube.clock.advance(1)
    state = kube.get("pods", "slow")["status"]["initContainerStatuses"][0]["state"]
    assert state == {"waiting": {"reason": "PodInitializing"}}
    kube.clock.advance(60)
    assert (phase(kube, "slow"), phase(kube, "broken")) == ("Running", "Failed")
    ended = kube.get("pods", "broken")["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (1, "containerFailed")
    reasons = {each["reason"] for each in kube.list("events", "default") if each["involvedObject"]["name"] == "slow"}
    assert "Created" in reasons


def test_claims_are_given_volumes(shipped: Path, kube: FakeCluster) -> None:
    given = files(shipped / "volume" / "fast")
    kube.apply(*(file for file in given if file.stem == "storage-class"))
    kube.pods.stages(*(file for file in given if file.stem != "storage-class"))
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    kube.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": spec})
    kube.clock.advance(5)
    claim = kube.get("persistentvolumeclaims", "c")
    assert claim["status"]["phase"] == "Bound"
    assert kube.get("persistentvolumes", claim["spec"]["volumeName"])["status"]["phase"] == "Bound"
    kube.delete("persistentvolumeclaims", "c")
    kube.clock.advance(60)
    assert kube.list("persistentvolumes") == []


def test_stages_are_applied_through_kwoks_own_definition(shipped: Path, kube: FakeCluster) -> None:
    kube.apply(shipped.parent / "crd" / "bases" / "kwok.x-k8s.io_stages.yaml")
    kube.settle()
    kube.apply(
        *files(*(shipped / each for each in ("pod/general", "pod/chaos", "node/fast", "node/heartbeat-with-lease")))
    )
    kube.apply(pod("a"))
    kube.settle()
    assert phase(kube, "a") == "Pending"
    kube.clock.advance(30)
    assert phase(kube, "a") == "Running"
