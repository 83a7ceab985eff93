"""The small rules that pods and templates are judged by."""

from __future__ import annotations

import pytest

from fakekube.registry.kinds.images import default_pull_policy
from fakekube.registry.kinds.internal_form import internal, selector_form
from fakekube.registry.kinds.label_selectors import is_usable, matches, validate_selector
from fakekube.registry.kinds.pod_update import difference
from fakekube.registry.kinds.rules import Errors


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("app", "Always"),
        ("app:latest", "Always"),
        ("app:1", "IfNotPresent"),
        ("registry.test:5000/app", "Always"),
        ("registry.test:5000/app:1", "IfNotPresent"),
        ("app@sha256:" + "0" * 64, "IfNotPresent"),
        ("not an image", "IfNotPresent"),
    ],
)
def test_an_image_that_moves_is_always_pulled(image: str, policy: str) -> None:
    assert default_pull_policy(image) == policy


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        ({}, {}, True),
        (None, {}, False),
        ({"matchLabels": {"a": "b"}}, {"a": "b", "c": "d"}, True),
        ({"matchLabels": {"a": "b"}}, {"a": "c"}, False),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}, {}, True),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"a": ""}, True),
    ],
)
def test_selectors_match(selector: dict[str, object] | None, labels: dict[str, str], expected: bool) -> None:
    assert matches(selector, labels) is expected


def test_what_is_wrong_with_a_selector() -> None:
    errors: Errors = []
    expressions = [
        {"key": "a", "operator": "In"},
        {"key": "a", "operator": "Exists", "values": ["b"]},
        {"key": "a", "operator": "Near"},
    ]
    validate_selector(errors, {"matchExpressions": expressions}, "spec.selector")
    path = "spec.selector.matchExpressions"
    assert [str(each) for each in errors] == [
        f"{path}[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        f"{path}[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        f'{path}[2].operator: Invalid value: "Near": not a valid selector operator',
    ]
    assert not is_usable({"matchExpressions": expressions})


def test_values_are_shown_as_the_server_holds_them() -> None:
    shown = internal("PodTemplateSpec", {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": []}})
    assert list(shown)[-1] == "Spec"
    assert shown["labels"] == {"a": "b"}, "metadata is inlined and keeps its names"
    assert shown["Spec"]["RestartPolicy"] == ""
    assert shown["Spec"]["Volumes"] is None
    assert selector_form({"matchLabels": {"b": "1", "a": "2"}}) == {"matchLabels": {"a": "2", "b": "1"}}


def test_a_difference_is_shown_with_a_little_around_it() -> None:
    before = "\n".join("abcdefghijklm")
    assert difference(before, before.replace("g", "x")) == "@@ -4,7 +4,7 @@\n d\n e\n f\n-g\n+x\n h\n i\n j\n"
