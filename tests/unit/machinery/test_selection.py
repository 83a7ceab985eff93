import pytest

from fakekube.machinery.selection import matcher, pod_node_predicate, tolerates, untolerated


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        (None, {}, False),
        ({}, {"a": "1"}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "1", "b": "2"}, True),
        ({"matchLabels": {"a": "1", "b": "1"}}, {"a": "1", "b": "2"}, False),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, {}, True),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {}, False),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {}, True),
        ({"matchLabels": {"b": "2"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"b": "2"}, False),
    ],
)
def test_label_selectors(selector: dict[str, object] | None, labels: dict[str, str], expected: bool) -> None:
    assert matcher(selector)(labels) is expected


@pytest.mark.parametrize(
    ("toleration", "taint", "expected"),
    [
        ({"operator": "Exists"}, {"key": "a", "effect": "NoSchedule"}, True),
        ({"key": "a", "operator": "Exists", "effect": "NoExecute"}, {"key": "a", "effect": "NoSchedule"}, False),
        ({"key": "a", "value": "x"}, {"key": "a", "value": "x", "effect": "NoSchedule"}, True),
        ({"key": "a", "value": "y"}, {"key": "a", "value": "x", "effect": "NoSchedule"}, False),
        ({"key": "b", "operator": "Exists"}, {"key": "a", "effect": "NoSchedule"}, False),
    ],
)
def test_tolerations(toleration: dict[str, str], taint: dict[str, str], expected: bool) -> None:
    assert tolerates(toleration, taint) is expected


def test_only_taints_of_the_effects_asked_for_count() -> None:
    taints = [{"key": "a", "effect": "PreferNoSchedule"}, {"key": "b", "effect": "NoSchedule"}]
    assert untolerated([], taints, frozenset({"NoSchedule"})) == taints[1]
    assert untolerated([{"operator": "Exists"}], taints, frozenset({"NoSchedule"})) is None


def test_node_affinity_terms_are_alternatives_and_their_expressions_all_hold() -> None:
    terms = [
        {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}, {"key": "x", "operator": "Exists"}]},
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n2"]}]},
        {},
    ]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    fits = pod_node_predicate({"affinity": {"nodeAffinity": required}, "nodeSelector": {"os": "linux"}})
    linux = {"os": "linux"}
    assert fits({"metadata": {"name": "n1", "labels": {**linux, "zone": "a", "x": ""}}})
    assert not fits({"metadata": {"name": "n1", "labels": {**linux, "zone": "a"}}})
    assert fits({"metadata": {"name": "n2", "labels": linux}})
    assert not fits({"metadata": {"name": "n2", "labels": {}}})
