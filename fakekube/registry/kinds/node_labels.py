"""Labels of nodes that are deprecated, and the warnings where others select by them."""

from __future__ import annotations

from fakekube.core.meta import Obj

DEPRECATED = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}


def selector_warnings(field: str, selector: Obj | None) -> list[str]:
    """Warnings about deprecated labels in a label selector for nodes."""
    if not selector:
        return []
    found = []
    for index, term in enumerate(selector.get("matchExpressions") or ()):
        key = term.get("key", "")
        if key in DEPRECATED:
            found.append(f"{field}.matchExpressions[{index}].key: {key} is {DEPRECATED[key]}")
    labels = selector.get("matchLabels") or {}
    return found + [f"{field}.matchLabels.{key}: {DEPRECATED[key]}" for key in labels if key in DEPRECATED]


def term_warnings(field: str, term: Obj) -> list[str]:
    """Warnings about deprecated labels in a term of a node selector."""
    found = []
    for index, rule in enumerate(term.get("matchExpressions") or ()):
        key = rule.get("key", "")
        if key in DEPRECATED:
            found.append(f"{field}.matchExpressions[{index}].key: {key} is {DEPRECATED[key]}")
    return found
