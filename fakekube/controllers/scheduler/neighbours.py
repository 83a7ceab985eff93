"""Rules about other pods: affinity, anti-affinity, and even spreading over the values of a node label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from fakekube.controllers.scheduler.nodes import Nodes, NodeState
from fakekube.controllers.scheduler.requests import Placed, Request, terms
from fakekube.core.meta import Obj, labels_of
from fakekube.machinery.selection import KEEPING_OUT, Matches, matcher, pod_node_predicate, untolerated
from fakekube.machinery.world import World
from fakekube.storage.values import Key

AFFINITY = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
EXISTING = "node(s) didn't satisfy existing pods anti-affinity rules"
SPREAD = "node(s) didn't match pod topology spread constraints"
UNLABELLED = "node(s) didn't match pod topology spread constraints (missing required label)"


class Term:
    """An affinity term of a pod: which pods it means, and over which node label."""

    __slots__ = ("_labels", "_namespaces", "_selected", "_world", "topology")

    def __init__(self, term: Obj, owner: Placed, world: World) -> None:
        self.topology: str = term["topologyKey"]
        self._labels = with_label_keys(term, owner.labels)
        listed = term.get("namespaces")
        selector = term.get("namespaceSelector")
        self._namespaces = frozenset(listed or (() if selector is not None else (owner.namespace,)))
        self._selected = matcher(selector) if selector is not None else None
        self._world = world

    def means(self, pod: Placed) -> bool:
        """Whether the pod is one of those."""
        if not self._labels(pod.labels):
            return False
        if pod.namespace in self._namespaces:
            return True
        if self._selected is None:
            return False
        namespace = self._world.at(Key("namespaces", "", pod.namespace))
        return self._selected(labels_of(namespace) if namespace is not None else {})


def with_label_keys(term: Obj, labels: dict[str, str]) -> Matches:
    """The term's label selector, narrowed to pods that share (or do not share) the owner's own labels."""
    selector: Obj | None = term.get("labelSelector")
    more = [
        {"key": key, "operator": operator, "values": [labels[key]]}
        for field, operator in (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn"))
        for key in term.get(field) or ()
        if key in labels
    ]
    if more and selector is not None:
        selector = {**selector, "matchExpressions": [*(selector.get("matchExpressions") or ()), *more]}
    return matcher(selector)


class Neighbours:
    """The rules for one pod over all nodes as they are; `without`: pods that are thought away."""

    def __init__(self, request: Request, nodes: Nodes, world: World, without: frozenset[Key] = frozenset()) -> None:
        affinity = request.spec.get("affinity") or {}
        self._request = request
        self._wanted = [Term(each, request, world) for each in terms(affinity, "podAffinity")]
        self._unwanted = [Term(each, request, world) for each in request.anti_affinity]
        self._spread = [
            each
            for each in request.spec.get("topologySpreadConstraints") or ()
            if each.get("whenUnsatisfiable") == "DoNotSchedule"
        ]
        self._repelled = _repelled(request, nodes, world, without)
        self._needs_pods = bool(self._wanted or self._unwanted)
        self._near: Counter[tuple[str, str]] = Counter()
        self._away: Counter[tuple[str, str]] = Counter()
        if self._needs_pods:
            self._count(nodes, without)
        self._domains = [_Domains(each, request, nodes, without) for each in self._spread]

    @property
    def idle(self) -> bool:
        """Whether there is no rule to look at."""
        return not (self._needs_pods or self._spread or self._repelled)

    def _count(self, nodes: Nodes, without: frozenset[Key]) -> None:
        for state in nodes.present():
            for key, pod in state.pods.items():
                if key in without:
                    continue
                if self._wanted and all(term.means(pod) for term in self._wanted):
                    self._near.update(_pairs(self._wanted, state))
                self._away.update(_pairs([term for term in self._unwanted if term.means(pod)], state))

    def spread(self, state: NodeState) -> str:
        """Why the node would be too crowded; '' if it would not."""
        for domains in self._domains:
            reason = domains.refusal(state)
            if reason:
                return reason
        return ""

    def affinity(self, state: NodeState) -> str:
        """Why the node has wrong neighbours; '' if it has not."""
        if self._wanted and not self._near_enough(state):
            return AFFINITY
        if any(self._away[pair] for pair in _pairs(self._unwanted, state)):
            return ANTI_AFFINITY
        if any(state.labels.get(name) == value for name, value in self._repelled):
            return EXISTING
        return ""

    def _near_enough(self, state: NodeState) -> bool:
        pairs = list(_pairs(self._wanted, state))
        if len(pairs) < len(self._wanted):
            return False
        if all(self._near[pair] for pair in pairs):
            return True
        return not self._near and all(term.means(self._request) for term in self._wanted)


def rules_for(request: Request, nodes: Nodes, world: World) -> Neighbours | None:
    """The rules for the pod; None if there is none to look at, as for most pods."""
    spec = request.spec
    if not (nodes.repelling or spec.get("affinity") or spec.get("topologySpreadConstraints")):
        return None
    found = Neighbours(request, nodes, world)
    return None if found.idle else found


def _pairs(terms: Iterable[Term], state: NodeState) -> Iterable[tuple[str, str]]:
    for term in terms:
        if term.topology in state.labels:
            yield term.topology, state.labels[term.topology]


def _repelled(request: Request, nodes: Nodes, world: World, without: frozenset[Key]) -> set[tuple[str, str]]:
    """The node labels from which pods that are there keep this one away."""
    found: set[tuple[str, str]] = set()
    for key, owner in nodes.repelling.items():
        state = nodes.node_of(key)
        if key in without or state is None:
            continue
        meant = [term for each in owner.anti_affinity if (term := Term(each, owner, world)).means(request)]
        found.update(_pairs(meant, state))
    return found


class _Domains:
    """One spread constraint: how many of the selected pods each value of its label has."""

    def __init__(self, constraint: Obj, request: Request, nodes: Nodes, without: frozenset[Key]) -> None:
        self._key: str = constraint["topologyKey"]
        self._skew: int = constraint["maxSkew"]
        self._matches = with_label_keys(constraint, request.labels)
        self._own = int(self._matches(request.labels))
        self._counts: Counter[str] = Counter()
        counts = eligible(constraint, request)
        listed = request.spec["topologySpreadConstraints"]
        needed = [each["topologyKey"] for each in listed if each.get("whenUnsatisfiable") == "DoNotSchedule"]
        for state in nodes.present():
            if all(key in state.labels for key in needed) and counts(state):
                self._counts[state.labels[self._key]] += matching(state, self._matches, request.namespace, without)
        few = len(self._counts) < (constraint.get("minDomains") or 1)
        self._least = 0 if few else min(self._counts.values(), default=0)

    def refusal(self, state: NodeState) -> str:
        """Why the node may not be used; '' if it may."""
        if self._key not in state.labels:
            return UNLABELLED
        skew = self._counts[state.labels[self._key]] + self._own - self._least
        return SPREAD if skew > self._skew else ""


def eligible(constraint: Obj, request: Request) -> Callable[[NodeState], bool]:
    """Which nodes count: those that the pod could be on by its own node rules, and by taints if so asked."""
    fits = pod_node_predicate(request.spec)
    by_affinity = constraint.get("nodeAffinityPolicy", "Honor") == "Honor"
    by_taints = constraint.get("nodeTaintsPolicy", "Ignore") == "Honor"
    tolerations = request.spec.get("tolerations") or []

    def counts(state: NodeState) -> bool:
        assert state.obj is not None, "only nodes that are there are asked about"
        if by_affinity and not fits(state.obj):
            return False
        taints = state.obj["spec"].get("taints") or []
        return not by_taints or untolerated(tolerations, taints, KEEPING_OUT) is None

    return counts


def matching(state: NodeState, matches: Matches, namespace: str, without: frozenset[Key]) -> int:
    return sum(
        1
        for key, pod in state.pods.items()
        if pod.namespace == namespace and not pod.deleting and key not in without and matches(pod.labels)
    )
