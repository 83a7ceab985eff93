"""Which of the nodes that would do is the best: preferences of the pod first, then room and fewer pods."""

from __future__ import annotations

from collections import Counter

from fakekube.controllers.scheduler.neighbours import Term
from fakekube.controllers.scheduler.nodes import SOFT, Nodes, NodeState
from fakekube.controllers.scheduler.requests import Request
from fakekube.core.meta import Obj
from fakekube.machinery.selection import matcher, node_term, untolerated
from fakekube.machinery.world import World

_WEIGHTS = {"taints": 3, "affinity": 2, "near": 2, "spread": 2}
"""How much a preference counts beside the others, as the scheduler's default profile weighs its plugins."""


def best(request: Request, candidates: list[NodeState], nodes: Nodes, world: World) -> NodeState:
    """The node to use; of equal ones that with the fewest pods, and of these the first by name."""
    totals: Counter[str] = Counter()
    affinity = request.spec.get("affinity") or {}
    if any(state.deterring for state in candidates):
        _add(totals, "taints", {state.name: -_soft_untolerated(request, state) for state in candidates})
    if affinity.get("nodeAffinity"):
        _add(totals, "affinity", {state.name: _preferred(request, state) for state in candidates})
    if affinity.get("podAffinity") or affinity.get("podAntiAffinity"):
        _add(totals, "near", _near(request, candidates, nodes, world))
    soft = [
        each
        for each in request.spec.get("topologySpreadConstraints") or ()
        if each.get("whenUnsatisfiable") == "ScheduleAnyway"
    ]
    if soft:
        _add(totals, "spread", _spread(request, soft, candidates, nodes))
    return min(candidates, key=lambda state: (-totals[state.name], weight(request, state), state.name))


def is_plain(request: Request, nodes: Nodes) -> bool:
    """Whether `weight` alone decides: the pod has no preferences, and no node deters."""
    spec = request.spec
    return not (nodes.deterring or spec.get("affinity") or spec.get("topologySpreadConstraints"))


def weight(request: Request, state: NodeState) -> tuple[int, int]:
    """What decides between nodes that the pod likes equally well: room, and fewer pods."""
    return _load(request, state), len(state.pods)


def _add(totals: Counter[str], kind: str, raw: dict[str, int]) -> None:
    """Bring raw scores to 0..100 and add them by weight."""
    least, most = min(raw.values()), max(raw.values())
    if most > least:
        for name, value in raw.items():
            totals[name] += _WEIGHTS[kind] * 100 * (value - least) // (most - least)


def _load(request: Request, state: NodeState) -> int:
    """The fuller of cpu and memory with the pod on the node, in twentieths, so that small differences do not count."""
    fullest = 0
    for name in ("cpu", "memory"):
        if have := state.allocatable.get(name):
            amount = state.used.get(name, 0) + request.amounts.get(name, 0)
            fullest = max(fullest, 20 * amount // have)
    return fullest


def _soft_untolerated(request: Request, state: NodeState) -> int:
    taints = (state.obj or {}).get("spec", {}).get("taints") or []
    tolerations = request.spec.get("tolerations") or []
    return sum(1 for taint in taints if untolerated(tolerations, [taint], SOFT) is not None)


def _preferred(request: Request, state: NodeState) -> int:
    affinity = (request.spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return sum(each["weight"] for each in terms if state.obj is not None and node_term(each["preference"])(state.obj))


def _near(request: Request, candidates: list[NodeState], nodes: Nodes, world: World) -> dict[str, int]:
    """Weights of preferred neighbours: those wanted count for a node, those unwanted against it."""
    affinity = request.spec["affinity"]
    field = "preferredDuringSchedulingIgnoredDuringExecution"
    weighed = [
        (each["weight"], each["podAffinityTerm"]) for each in (affinity.get("podAffinity") or {}).get(field) or ()
    ]
    weighed += [
        (-each["weight"], each["podAffinityTerm"]) for each in (affinity.get("podAntiAffinity") or {}).get(field) or ()
    ]
    by_label: Counter[tuple[str, str]] = Counter()
    for weight, wanted in weighed:
        term = Term(wanted, request, world)
        for state in nodes.present():
            if term.topology in state.labels:
                count = sum(1 for pod in state.pods.values() if term.means(pod))
                by_label[term.topology, state.labels[term.topology]] += weight * count
    return {state.name: sum(by_label[pair] for pair in state.labels.items()) for state in candidates}


def _spread(request: Request, soft: list[Obj], candidates: list[NodeState], nodes: Nodes) -> dict[str, int]:
    """Fewer of the same pods under the same label are better."""
    found = dict.fromkeys([state.name for state in candidates], 0)
    for constraint in soft:
        matches, key = matcher(constraint.get("labelSelector")), constraint["topologyKey"]
        counts: Counter[str] = Counter()
        for state in nodes.present():
            if key in state.labels:
                same = (pod for pod in state.pods.values() if pod.namespace == request.namespace)
                counts[state.labels[key]] += sum(1 for pod in same if matches(pod.labels))
        for state in candidates:
            found[state.name] -= (
                counts[state.labels[key]] if key in state.labels else max(counts.values(), default=0) + 1
            )
    return found
