"""Why a pod cannot be on a node, in the words of the scheduler's plugins and in their order.

A plugin that refuses ends the judgement of a node. Some refusals would not be changed by other pods' leaving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fakekube.controllers.scheduler import neighbours, volumes
from fakekube.controllers.scheduler.devices import Devices
from fakekube.controllers.scheduler.neighbours import Neighbours, rules_for
from fakekube.controllers.scheduler.nodes import Nodes, NodeState
from fakekube.controllers.scheduler.requests import Placed, Request
from fakekube.core.meta import Obj
from fakekube.machinery.amounts import PORTS_TAKEN, ports_clash, rank
from fakekube.machinery.selection import KEEPING_OUT, NODE_AFFINITY, pod_node_predicate, tolerates, untolerated
from fakekube.machinery.world import World
from fakekube.storage.values import Key

UNSCHEDULABLE = "node(s) were unschedulable"
TAINTED = "node(s) had untolerated taint(s)"
NOT_NAMED = "node(s) didn't satisfy plugin(s) [NodeAffinity]"
NO_NAME = "pod affinity terms conflict"
TOO_MANY = "Too many pods"
_CORDONED: Obj = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reasons, and whether the pod could be on the node if others left."""

    reasons: tuple[str, ...]
    helpless: bool


def by_node_alone(request: Request, node: Obj) -> tuple[str, ...]:
    """What is wrong with the node itself: cordoned, tainted, or not of the kind that the pod asks for."""
    spec, tolerations = node["spec"], request.spec.get("tolerations") or []
    if spec.get("unschedulable") and not any(tolerates(each, _CORDONED) for each in tolerations):
        return (UNSCHEDULABLE,)
    if untolerated(tolerations, spec.get("taints") or [], KEEPING_OUT) is not None:
        return (TAINTED,)
    return () if pod_node_predicate(request.spec)(node) else (NODE_AFFINITY,)


def by_amounts(
    request: Request, state: NodeState, without: frozenset[Key], coming: Sequence[Placed] = ()
) -> Refusal | None:
    """What the node has too little of; `coming`: pods that are thought to be there as well."""
    if not without and not coming and _fits(request, state):
        return None
    gone = [state.pods[key] for key in without if key in state.pods]
    reasons = [TOO_MANY] if len(state.pods) - len(gone) + len(coming) + 1 > state.most_pods else []
    helpless = False
    for name in sorted(request.amounts, key=rank):
        amount, have = request.amounts[name], state.allocatable.get(name, 0)
        used = state.used.get(name, 0) - sum(each.amounts.get(name, 0) for each in gone)
        used += sum(each.amounts.get(name, 0) for each in coming)
        if amount > have - used:
            reasons.append(f"Insufficient {name}")
            helpless = helpless or amount > have
    return Refusal(tuple(reasons), helpless) if reasons else None


def _fits(request: Request, state: NodeState) -> bool:
    """Whether there is enough of all: asked of every node for every pod, so nothing else is done here."""
    if len(state.pods) >= state.most_pods:
        return False
    allocatable, used = state.allocatable, state.used
    return all(amount <= allocatable.get(name, 0) - used.get(name, 0) for name, amount in request.amounts.items())


def _named(request: Request) -> frozenset[str] | None:
    """The nodes that the pod's required affinity names, if each of its terms names some."""
    affinity = (request.spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    found: set[str] = set()
    for term in terms:
        named = [
            set(each.get("values") or ())
            for each in term.get("matchFields") or ()
            if (each["key"], each["operator"]) == ("metadata.name", "In")
        ]
        if not named:
            return None
        found |= set.intersection(*named)
    return frozenset(found) if terms else None


class Judge:
    """Judges nodes for one pod; `without`: pods that are thought away."""

    def __init__(self, request: Request, nodes: Nodes, world: World, claims: volumes.Claims, devices: Devices) -> None:
        self.devices = devices
        self.request = request
        self.nodes = nodes
        self._world = world
        self._claims = claims
        self._neighbours = rules_for(request, nodes, world)
        self.named = _named(request)

    @property
    def by_itself(self) -> bool:
        """Whether nothing but the node and the amounts on it decides: no ports, claims or rules about neighbours."""
        if self.nodes.nominated or self.named is not None or self.devices.listed:
            return False
        return not (self.request.ports or self._claims.matter or self._neighbours is not None)

    def refusal(self, state: NodeState, without: frozenset[Key] = frozenset()) -> Refusal | None:
        """Why the pod cannot be on the node; None if it can."""
        if self.named is not None and state.name not in self.named:
            return Refusal((NOT_NAMED,), helpless=True)
        reasons = self._by_node(state)
        if reasons:
            return Refusal(reasons, helpless=True)
        coming = self._coming(state) if self.nodes.nominated else ()
        if self.request.ports and self._port_taken(state, without, coming):
            return Refusal((PORTS_TAKEN,), helpless=False)
        short = by_amounts(self.request, state, without, coming)
        if short is not None:
            return short
        if self._claims.matter:
            conflicts, helpless = self._claims.conflict(state, without)
            if conflicts:
                return Refusal(conflicts, helpless)
        refused = self._by_neighbours(state, without)
        if refused is None and self.devices.listed:
            conflict = self.devices.refusal or self.devices.conflict(state)
            return Refusal((conflict,), helpless=True) if conflict else None
        return refused

    def _by_node(self, state: NodeState) -> tuple[str, ...]:
        known = self.nodes.remembered(self.request.shape, state)
        if known is None:
            assert state.obj is not None, "only nodes that are there are judged"
            known = by_node_alone(self.request, state.obj)
            self.nodes.remember(self.request.shape, state, known)
        return known

    def _coming(self, state: NodeState) -> list[Placed]:
        """The pods that are to be on the node, of at least this one's priority: what they need is not for this one."""
        nominated = self.nodes.nominated.get(state.name, {})
        own = Key("pods", *self.request.key)
        return [pod for key, pod in nominated.items() if key != own and pod.priority >= self.request.priority]

    def _port_taken(self, state: NodeState, without: frozenset[Key], coming: Sequence[Placed]) -> bool:
        taken = [port for key, pod in state.pods.items() if key not in without for port in pod.ports]
        taken += [port for pod in coming for port in pod.ports]
        return ports_clash(self.request.ports, taken)

    def _by_neighbours(self, state: NodeState, without: frozenset[Key]) -> Refusal | None:
        rules = self._neighbours
        if rules is None:
            return None
        if without:
            rules = Neighbours(self.request, self.nodes, self._world, without)
        crowded = rules.spread(state)
        if crowded:
            return Refusal((crowded,), crowded == neighbours.UNLABELLED)
        wrong = rules.affinity(state)
        return Refusal((wrong,), wrong == neighbours.AFFINITY) if wrong else None
