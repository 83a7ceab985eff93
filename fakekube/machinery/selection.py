"""metav1.LabelSelector objects, node selectors and tolerations as predicates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fakekube.core.meta import Obj

Matches = Callable[[Mapping[str, str]], bool]


def _nothing(labels: Mapping[str, str]) -> bool:
    return False


def _everything(labels: Mapping[str, str]) -> bool:
    return True


def matcher(selector: Obj | None) -> Matches:
    """Whether labels satisfy the selector; an empty one takes all, None takes none."""
    if selector is None:
        return _nothing
    wanted: dict[str, str] = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or ()
    if not wanted and not expressions:
        return _everything
    if not expressions:
        return equality(wanted)
    checks = [expression(each) for each in expressions]
    equal = equality(wanted)
    return lambda labels: equal(labels) and all(check(labels) for check in checks)


def equality(wanted: Mapping[str, str]) -> Matches:
    """Whether labels hold all these pairs."""
    pairs = list(wanted.items())
    if len(pairs) == 1:
        (name, value) = pairs[0]
        return lambda labels: labels.get(name) == value
    items = dict(pairs).items()
    return lambda labels: items <= labels.items()


def expression(entry: Obj) -> Matches:
    """One requirement {key, operator, values}; NotIn and DoesNotExist hold for what lacks the key."""
    key, values = entry["key"], frozenset(entry.get("values") or ())
    operator = _OPERATORS[entry["operator"]]
    return lambda labels: operator(labels.get(key), values)


def _number(value: str | None) -> int | None:
    try:
        return int(value or "")
    except ValueError:
        return None


def _compare(value: str | None, values: frozenset[str], sign: int) -> bool:
    left, right = _number(value), _number(next(iter(values), None))
    return left is not None and right is not None and (left - right) * sign > 0


_OPERATORS: dict[str, Callable[[str | None, frozenset[str]], bool]] = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: value not in values,
    "Exists": lambda value, values: value is not None,
    "DoesNotExist": lambda value, values: value is None,
    "Gt": lambda value, values: _compare(value, values, 1),
    "Lt": lambda value, values: _compare(value, values, -1),
}


def node_term(term: Obj) -> Callable[[Obj], bool]:
    """Whether a node meets a NodeSelectorTerm: all of its expressions and fields; one without any meets nothing."""
    checks = [expression(each) for each in term.get("matchExpressions") or ()]
    fields = [expression(each) for each in term.get("matchFields") or ()]
    if not checks and not fields:
        return lambda node: False

    def meets(node: Obj) -> bool:
        meta = node["metadata"]
        labels, names = meta.get("labels") or {}, {"metadata.name": meta["name"]}
        return all(check(labels) for check in checks) and all(check(names) for check in fields)

    return meets


def node_selector(selector: Obj) -> Callable[[Obj], bool]:
    """Whether a node meets a NodeSelector: any of its terms."""
    terms = [node_term(term) for term in selector.get("nodeSelectorTerms") or ()]
    return lambda node: any(term(node) for term in terms)


NODE_AFFINITY = "node(s) didn't match Pod's node affinity/selector"
"""What is said of a node that does not meet them."""


def pod_node_predicate(spec: Obj) -> Callable[[Obj], bool]:
    """Whether a node meets the pod's nodeSelector and required node affinity."""
    labels = spec.get("nodeSelector")
    affinity: Any = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    plain = equality(labels) if labels else _everything
    required = node_selector(affinity) if affinity else None

    def meets(node: Obj) -> bool:
        return plain(node["metadata"].get("labels") or {}) and (required is None or required(node))

    return meets


def tolerates(toleration: Obj, taint: Obj) -> bool:
    """Whether the toleration covers the taint: an empty key covers all keys, an empty effect all effects."""
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint.get("key"):
        return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Exists":
        return True
    mine, value = toleration.get("value", ""), taint.get("value", "")
    if operator == "Equal":
        return bool(toleration.get("key")) and mine == value
    return _compare(value, frozenset({mine}), 1 if operator == "Gt" else -1)


EVICTING = frozenset({"NoExecute"})
"""The effects of taints by which pods are ended."""
KEEPING_OUT = frozenset({"NoSchedule", "NoExecute"})
"""Those by which no pods come to a node."""


def untolerated(tolerations: list[Obj], taints: list[Obj], effects: frozenset[str]) -> Obj | None:
    """The first taint with one of the effects that no toleration covers."""
    for taint in taints:
        if taint.get("effect") in effects and not any(tolerates(each, taint) for each in tolerations):
            return taint
    return None


def go_text(selector: Obj) -> str:
    """A label selector as the real controller prints it."""
    pairs = "".join(f"{name}: {value}," for name, value in sorted((selector.get("matchLabels") or {}).items()))
    terms = "".join(
        f"LabelSelectorRequirement{{Key:{each['key']},Operator:{each['operator']},"
        f"Values:[{' '.join(each.get('values') or ())}],}},"
        for each in selector.get("matchExpressions") or ()
    )
    labels = f"map[string]string{{{pairs}}}"
    return f"&LabelSelector{{MatchLabels:{labels},MatchExpressions:[]LabelSelectorRequirement{{{terms}}},}}"
