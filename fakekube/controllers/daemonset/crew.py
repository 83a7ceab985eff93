"""A DaemonSet's pods, node by node, and what each node asks for."""

from __future__ import annotations

from dataclasses import dataclass, field

from fakekube.controllers.daemonset.templates import target, tolerations
from fakekube.core.meta import Obj, annotations_of, labels_of
from fakekube.machinery.plan import Change
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.selection import EVICTING, KEEPING_OUT, pod_node_predicate, untolerated
from fakekube.machinery.workloads import share, sparse

HASH = "controller-revision-hash"
GENERATION_LABEL = "pod-template-generation"
GENERATION = "deprecated.daemonset.template.generation"


@dataclass(slots=True)
class Work:
    """What is to be done: nodes that get a pod, pods that go, what is told, and when to look again."""

    create: list[str] = field(default_factory=list)
    delete: list[PodFacts] = field(default_factory=list)
    told: list[Change] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


class Crew:
    """`rules`: for each node whether a pod should come to it, and whether one that is there may stay; `pods`: by the
    node that they are on or meant for, without those that have ended and are going."""

    def __init__(self, owner: Obj, present: Obj, claimed: list[PodFacts], nodes: list[Obj], now: float) -> None:
        self.owner = owner
        self.spec: Obj = owner["spec"]
        self.now = now
        self.wait: int = self.spec.get("minReadySeconds") or 0
        self.hash = labels_of(present).get(HASH, "")
        self.generation = annotations_of(owner).get(GENERATION, "")
        self.rules = _node_rules(self.spec["template"]["spec"], nodes)
        self.pods: dict[str, list[PodFacts]] = {}
        for pod in claimed:
            place = "" if pod.terminal and pod.deleting else target(pod)
            if place:
                self.pods.setdefault(place, []).append(pod)
        rolling = self.spec["updateStrategy"].get("rollingUpdate") or {}
        self.rolls = self.spec["updateStrategy"].get("type") == "RollingUpdate"
        self._surge, self._unavailable = rolling.get("maxSurge", 0), rolling.get("maxUnavailable", 1)

    def surges(self) -> bool:
        """Whether an old and a new pod may be on one node."""
        return self.rolls and share(self._surge, 1, round_up=True) > 0

    def limits(self, nodes: int) -> tuple[int, int]:
        """How many pods there may be too much, and how many nodes without: at least one of the two."""
        surge = share(self._surge, nodes, round_up=True)
        return surge, share(self._unavailable, nodes, round_up=True) or (0 if surge else 1)

    def wanted(self) -> list[str]:
        """The nodes that should have a pod."""
        return [name for name, (should_run, _) in self.rules.items() if should_run]

    def available(self, pod: PodFacts) -> bool:
        """Whether the pod has been ready for long enough."""
        return pod.available_after(self.now, self.wait) == 0

    def updated(self, pod: PodFacts) -> bool:
        """Whether the pod is of the present template."""
        same_generation = bool(self.generation) and pod.labels.get(GENERATION_LABEL) == self.generation
        return pod.labels.get(HASH) == self.hash or same_generation

    def status(self) -> Obj:
        """The status by counting; of several pods on a node the oldest counts."""
        wanted = current = misplaced = ready = updated = available = 0
        for name, (should_run, _) in self.rules.items():
            pods = sorted(self.pods.get(name, ()), key=lambda pod: (not pod.node, pod.created, pod.name))
            if not should_run:
                misplaced += bool(pods)
                continue
            wanted += 1
            if pods:
                current += 1
                ready += pods[0].ready
                available += self.available(pods[0])
                updated += self.updated(pods[0])
        status: Obj = {
            "currentNumberScheduled": current,
            "numberMisscheduled": misplaced,
            "desiredNumberScheduled": wanted,
            "numberReady": ready,
        }
        old = self.owner.get("status") or {}
        status |= sparse(
            {
                "observedGeneration": self.owner["metadata"].get("generation"),
                "updatedNumberScheduled": updated,
                "numberAvailable": available,
                "numberUnavailable": wanted - available,
                "conditions": old.get("conditions"),
            }
        )
        return status | ({"collisionCount": old["collisionCount"]} if "collisionCount" in old else {})

    def until_available(self) -> list[float]:
        """Seconds until pods that are ready become available."""
        if not self.wait:
            return []
        pods = [pod for listed in self.pods.values() for pod in listed]
        return [after for pod in pods if (after := pod.available_after(self.now, self.wait))]


def _node_rules(spec: Obj, nodes: list[Obj]) -> dict[str, tuple[bool, bool]]:
    fits, tolerated = pod_node_predicate(spec), tolerations(spec)
    found: dict[str, tuple[bool, bool]] = {}
    for node in nodes:
        name, taints = node["metadata"]["name"], node["spec"].get("taints") or []
        if spec.get("nodeName") not in (None, "", name) or not fits(node):
            found[name] = (False, False)
        elif untolerated(tolerated, taints, KEEPING_OUT) is not None:
            found[name] = (False, untolerated(tolerated, taints, EVICTING) is None)
        else:
            found[name] = (True, True)
    return found
