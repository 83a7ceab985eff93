"""Stages on plain objects: what they match, how long they wait, what they do."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.core.meta import Obj, time_text
from fakekube.nodes.stages.faults import StageError
from fakekube.nodes.stages.playing import chosen, finalizers, patch
from fakekube.nodes.stages.reading import FinalizersStep, PatchStep, Stage, read

NOW = 1_767_225_600.0


def stage(name: str = "s", **spec: Any) -> Stage:
    whole = {"resourceRef": {"kind": "Pod"}, "selector": {}, **spec}
    about = {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name}}
    (found,) = read([about | {"spec": whole}])
    return found


def pod(**meta: Any) -> Obj:
    about = {"name": "p", "uid": "u", "resourceVersion": "7", "labels": {"app": "web"}, **meta}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": about, "status": {"phase": "Running", "n": 3, "ok": True}}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web"}, "matchAnnotations": {"a": "b"}}, False),
        ({"matchExpressions": [{"key": ".status.phase", "operator": "In", "values": ["Running"]}]}, True),
        ({"matchExpressions": [{"key": ".status.phase", "operator": "NotIn", "values": ["Running"]}]}, False),
        ({"matchExpressions": [{"key": ".status.n", "operator": "In", "values": ["3"]}]}, True),
        ({"matchExpressions": [{"key": ".status.ok", "operator": "In", "values": ["true"]}]}, True),
        ({"matchExpressions": [{"key": ".status.x[]", "operator": "DoesNotExist"}]}, True),
        ({"matchExpressions": [{"jq": {"key": ".status.phase", "operator": "Exists"}}]}, True),
        ({"matchExpressions": [{"cel": {"expression": "self.status.n > 2"}}]}, True),
    ],
)
def test_selectors(selector: Obj, matches: bool) -> None:
    assert stage(selector=selector).matches(pod()) is matches


def test_a_stage_without_selector_selects_nothing() -> None:
    about = {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": "s"}}
    assert read([about | {"spec": {"resourceRef": {"kind": "Pod"}}}]) == []


@pytest.mark.parametrize(
    ("delay", "chance", "seconds"),
    [
        (None, 0.5, 0),
        ({"durationMilliseconds": 1500}, 0.5, 1.5),
        ({"durationMilliseconds": 1000, "jitterDurationMilliseconds": 5000}, 0.5, 3),
        ({"durationMilliseconds": 1000, "jitterDurationMilliseconds": 500}, 0.9, 0.5),
        ({"durationMilliseconds": 1000, "durationFrom": {"expressionFrom": '.metadata.annotations["d"]'}}, 0.5, 90),
        ({"durationMilliseconds": 1000, "durationFrom": {"expressionFrom": ".metadata.absent"}}, 0.5, 1),
        ({"durationFrom": {"jq": {"expression": ".metadata.deletionTimestamp"}}}, 0.5, 30),
        ({"durationMilliseconds": 0, "jitterDurationFrom": {"expressionFrom": ".metadata.deletionTimestamp"}}, 0.1, 3),
        ({"durationFrom": {"cel": {"expression": "duration('2m')"}}}, 0.5, 120),
    ],
)
def test_delays(delay: Obj | None, chance: float, seconds: float) -> None:
    made = pod(annotations={"d": "1m30s"}, deletionTimestamp=time_text(NOW + 30))
    found = stage(**({} if delay is None else {"delay": delay}))
    assert found.wait(made, NOW, chance) == pytest.approx(seconds)


def test_weights() -> None:
    light, heavy = stage("light", weight=1), stage("heavy", weight=99)
    ruled = stage("ruled", weight=1, weightFrom={"expressionFrom": '.metadata.annotations["w"]'})
    names = [found.name for n in range(200) if (found := chosen([light, heavy], pod(uid=str(n)))) is not None]
    assert names.count("heavy") > 180
    assert chosen([stage("zero"), heavy], pod()) is heavy
    assert chosen([ruled, light], pod(annotations={"w": "1000000000"})) is ruled
    assert chosen([stage("a"), stage("b")], pod()) is not None
    assert chosen([], pod()) is None


def body(**given: Any) -> Any:
    (step,) = stage(steps=[{"patch": given}]).steps
    assert isinstance(step, PatchStep)
    return patch(step, pod(), {})


def test_patches() -> None:
    assert body(root="status", template="phase: {{ .status.phase }}") == {"status": {"phase": "Running"}}
    assert body(template="metadata: {labels: {m: {{ quote .status.n }}}}") == {"metadata": {"labels": {"m": "3"}}}
    made = body(type="json", root="status", template="[{op: add, path: /n, value: 4}]")
    assert made == [{"op": "add", "path": "/status/n", "value": 4}]


def test_next_is_the_older_way_to_write_steps() -> None:
    old = stage(next={"event": {"reason": "R"}, "statusTemplate": "a: 1", "delete": True})
    assert [type(step).__name__ for step in old.steps] == ["EventStep", "PatchStep", "DeleteStep"]
    step = old.steps[1]
    assert isinstance(step, PatchStep)
    assert (step.type, step.subresource, step.root) == ("strategic", "status", "status")


@pytest.mark.parametrize(
    ("step", "present", "operations"),
    [
        (
            FinalizersStep(("b",), (), False),
            ["a"],
            [{"op": "add", "path": "/metadata/finalizers", "value": ["a", "b"]}],
        ),
        (FinalizersStep(("a",), (), False), ["a"], None),
        (FinalizersStep((), ("a",), False), ["a"], [{"op": "remove", "path": "/metadata/finalizers"}]),
        (FinalizersStep(("c",), (), True), ["a"], [{"op": "add", "path": "/metadata/finalizers", "value": ["c"]}]),
        (FinalizersStep((), (), True), [], None),
    ],
)
def test_finalizers(step: FinalizersStep, present: list[str], operations: Any) -> None:
    assert finalizers(step, present) == operations


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"selector": {"matchFields": {}}}, "spec.selector.matchFields: no such field is supported"),
        ({"selector": {"matchExpressions": [{"key": ".a", "operator": "Near"}]}}, "operator: must be one of In"),
        ({"selector": {"matchExpressions": [{"key": ".a", "operator": "In"}]}}, "values: needed with In"),
        ({"selector": {"matchExpressions": [{"key": "input", "operator": "Exists"}]}}, "is not supported"),
        ({"selector": {"matchExpressions": [{"cel": {"expression": "self."}}]}}, "matchExpressions[0]"),
        ({"delay": {"durationMilliseconds": -1}}, "delay.durationMilliseconds: must be a whole number"),
        ({"next": {"statusTemplate": "{{ envOr }}"}}, "function 'envOr' not defined"),
        ({"steps": [{"patch": {"type": "jq", "template": ""}}]}, "type: must be one of json"),
        ({"resourceRef": {}}, "resourceRef.kind: needed"),
        ({"steps": [{"exec": {}}]}, "spec.steps.exec: no such field"),
    ],
)
def test_what_is_refused(spec: Obj, fault: str) -> None:
    with pytest.raises(StageError) as raised:
        stage(**spec)
    assert str(raised.value).startswith("Stage s: spec")
    assert fault in str(raised.value)
