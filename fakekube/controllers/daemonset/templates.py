"""What a daemon pod has more than its template: tolerations that keep it where it is, and the node it is meant for."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.machinery.podfacts import PodFacts

_TOLERATED = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)


def tolerations(spec: Obj) -> list[Obj]:
    """The template's tolerations and those that every daemon pod has: it stays on nodes that are in trouble."""
    wanted = list(_TOLERATED)
    if spec.get("hostNetwork"):
        wanted.append(("network-unavailable", "NoSchedule"))
    found = list(spec.get("tolerations") or ())
    for name, effect in wanted:
        made = {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
        same = [place for place, each in enumerate(found) if _covers(each) == _covers(made)]
        if same:
            found[same[0]] = made
        else:
            found.append(made)
    return found


def _covers(toleration: Obj) -> tuple[str, ...]:
    return tuple(toleration.get(name, "") for name in ("key", "operator", "value", "effect"))


def pinned(affinity: Obj | None, node: str) -> Obj:
    """The affinity with the node's name as the only required node term."""
    field_term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [field_term]}}
    affinity = affinity or {}
    return {**affinity, "nodeAffinity": {**(affinity.get("nodeAffinity") or {}), **required}}


def target(pod: PodFacts) -> str:
    """The node that the pod is on or meant for."""
    if pod.node:
        return pod.node
    affinity = (pod.view["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    for term in terms:
        for each in term.get("matchFields") or ():
            if each["key"] == "metadata.name" and each["operator"] == "In" and len(each["values"]) == 1:
                return str(each["values"][0])
    return ""
