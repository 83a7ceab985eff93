"""DaemonSet: one pod on every node that will have it, replaced in place when its template changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, annotations_of, is_deleting, labels_of
from fakekube.machinery.controller import (
    Controller,
    NamedKey,
    Watch,
    its_controller,
    itself,
    selecting,
    service_account,
)
from fakekube.machinery.history import REVISIONS, History
from fakekube.machinery.plan import NOTHING, Change, Emit, Plan, Refused, UpdateStatus, controller_reference
from fakekube.machinery.podfacts import PodFacts, controller_in
from fakekube.machinery.selection import matcher, pod_node_predicate, untolerated
from fakekube.machinery.workloads import (
    BURST_REPLICAS,
    claim_pods,
    create_pod,
    delete_pod,
    pod_from_template,
    share,
    sparse,
    status_update,
)
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

RESOURCE = "daemonsets.apps"
HASH = "controller-revision-hash"
GENERATION_LABEL = "pod-template-generation"
GENERATION = "deprecated.daemonset.template.generation"
EVICTING = frozenset({"NoExecute"})
KEEPING_OUT = frozenset({"NoExecute", "NoSchedule"})
FIRST_WAIT, LONGEST_WAIT = 1.0, 900.0
"""Seconds between two failed pods on a node being taken away; doubled each time."""

_TOLERATED = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bring the DaemonSet's pods a step nearer to one on each node, of the present template."""
    owner = world.get(RESOURCE, *key)
    if owner is None or is_deleting(owner):
        return NOTHING
    if not owner["spec"].get("selector"):
        text = "This daemon set is selecting all pods. A non-empty selector is required."
        return Plan([Emit(owner, "SelectingAll", text, "Warning")])
    reference = controller_reference(owner, "apps", "v1", "DaemonSet")
    history = History.of(owner, reference, HASH, world)
    collisions = (owner.get("status") or {}).get("collisionCount")
    pending = history.pending(collisions)
    if history.changes:
        return Plan(list(history.changes))  # with those that are ours then we go on
    if pending is not None:
        pending.refused = _collision(owner, collisions)
        return Plan([pending])
    return _Round(owner, reference, history, world).plan()


def _collision(owner: Obj, collisions: int | None) -> Refused:
    def refused(error: StatusError) -> Plan | None:
        if error.reason != "AlreadyExists":
            return None
        status = {**(owner.get("status") or {}), "collisionCount": (collisions or 0) + 1}
        return Plan([UpdateStatus(RESOURCE, status_update(owner, status))], retry=True)

    return refused


def tolerations(spec: Obj) -> list[Obj]:
    """The template's tolerations and those that every daemon pod has: it stays on nodes that are in trouble."""
    wanted = list(_TOLERATED)
    if spec.get("hostNetwork"):
        wanted.append(("network-unavailable", "NoSchedule"))
    found = list(spec.get("tolerations") or ())
    for name, effect in wanted:
        made = {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
        if made not in found:
            found.append(made)
    return found


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


class Failures:
    """When failed daemon pods were last taken off a node, and how often: the next one waits longer."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[tuple[str, str], tuple[int, float]] = {}

    def apply(self, event: Event) -> None:
        """Take note of a failed pod that goes."""
        if event.key.resource != "pods" or event.after is not None or event.before is None:
            return
        pod = event.before.view
        above = controller_in(pod["metadata"])
        failed = (pod.get("status") or {}).get("phase") == "Failed"
        if above is not None and above["kind"] == "DaemonSet" and failed:
            place = (above["uid"], pod["spec"].get("nodeName", ""))
            self._known[place] = (self._known.get(place, (0, 0.0))[0] + 1, self._world.now())

    def wait(self, owner: str, node: str) -> float:
        """Seconds until a failed pod may be taken off the node."""
        count, last = self._known.get((owner, node), (0, 0.0))
        if not count:
            return 0.0
        seconds = min(FIRST_WAIT * float(2 ** min(count - 1, 20)), LONGEST_WAIT)
        if self._world.now() - last > 2 * LONGEST_WAIT:
            del self._known[owner, node]
            return 0.0
        return max(0.0, last + seconds - self._world.now())


@dataclass(slots=True)
class _Work:
    create: list[str] = field(default_factory=list)
    delete: list[PodFacts] = field(default_factory=list)
    told: list[Change] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


class _Round:
    """One look at a DaemonSet."""

    def __init__(self, owner: Obj, reference: Obj, history: History, world: World) -> None:
        present = history.present()
        assert present is not None, "the present template has its revision"
        self.owner = owner
        self.spec: Obj = owner["spec"]
        self.reference = reference
        self.history = history
        self.world = world
        self.now = world.now()
        self.wait: int = self.spec.get("minReadySeconds") or 0
        self.hash = labels_of(present).get(HASH, "")
        self.generation = annotations_of(owner).get(GENERATION, "")
        self.nodes = world.list("nodes")
        self._rules = self._node_rules()
        claimed, changes = claim_pods(
            owner,
            reference,
            matcher(self.spec["selector"]),
            world.pods_of(owner),
            world.loose_pods(owner["metadata"]["namespace"]),
        )
        self.changes: list[Change] = [*changes]
        self.pods: dict[str, list[PodFacts]] = {}
        for pod in claimed:
            self.pods.setdefault(target(pod), []).append(pod)
        rolling = self.spec["updateStrategy"].get("rollingUpdate") or {}
        self.rolls = self.spec["updateStrategy"].get("type") == "RollingUpdate"
        self._surge, self._unavailable = rolling.get("maxSurge", 0), rolling.get("maxUnavailable", 1)

    def _node_rules(self) -> dict[str, tuple[bool, bool]]:
        """For each node whether a pod should come to it, and whether one that is there may stay."""
        spec = self.spec["template"]["spec"]
        fits, tolerated = pod_node_predicate(spec), tolerations(spec)
        found: dict[str, tuple[bool, bool]] = {}
        for node in self.nodes:
            name, taints = node["metadata"]["name"], node["spec"].get("taints") or []
            if spec.get("nodeName") not in (None, "", name) or not fits(node):
                found[name] = (False, False)
            elif untolerated(tolerated, taints, KEEPING_OUT) is not None:
                found[name] = (False, untolerated(tolerated, taints, EVICTING) is None)
            else:
                found[name] = (True, True)
        return found

    def plan(self) -> Plan:
        """What to do now, the status, and the clearing away of old revisions."""
        work = _Work()
        for node in self.nodes:
            self._manage(node["metadata"]["name"], work)
        for name, pods in self.pods.items():
            if name not in self._rules:
                work.delete += [pod for pod in pods if not pod.node]
        if self.rolls and not work.create and not work.delete:
            self._roll(work)
        self.changes += work.told + self._creations(work.create)
        self.changes += [delete_pod(pod, self.owner) for pod in work.delete[:BURST_REPLICAS]]
        self.changes += self._cleared()
        status = self._status()
        if status != (self.owner.get("status") or {}):
            self.changes.append(UpdateStatus(RESOURCE, status_update(self.owner, status)))
        return Plan(self.changes, min([*work.waits, *self._until_available()], default=None))

    def _cleared(self) -> list[Change]:
        limit = self.spec.get("revisionHistoryLimit")
        live = {pod.labels.get(HASH, "") for pods in self.pods.values() for pod in pods} | {self.hash}
        return self.history.outdated(10 if limit is None else limit, live, HASH)

    def _creations(self, nodes: list[str]) -> list[Change]:
        template = self.spec["template"]
        meta = template.get("metadata") or {}
        labels = {**(meta.get("labels") or {}), **sparse({GENERATION_LABEL: self.generation}), HASH: self.hash}
        made: list[Change] = []
        for node in nodes[:BURST_REPLICAS]:
            affinity = pinned(template["spec"].get("affinity"), node)
            spec = {**template["spec"], "tolerations": tolerations(template["spec"]), "affinity": affinity}
            full = {**template, "metadata": {**meta, "labels": labels}, "spec": spec}
            made.append(create_pod(pod_from_template(full, self.owner, self.reference), self.owner))
        return made

    def _manage(self, node: str, work: _Work) -> None:
        should_run, may_stay = self._rules[node]
        pods = self.pods.get(node, [])
        if should_run and not pods:
            work.create.append(node)
        elif may_stay:
            self._keep_one(node, [pod for pod in pods if not pod.deleting], should_run, work)
        else:
            work.delete += [pod for pod in pods if not pod.deleting]

    def _keep_one(self, node: str, pods: list[PodFacts], should_run: bool, work: _Work) -> None:
        running: list[PodFacts] = []
        for pod in pods:
            if pod.phase == "Failed":
                self._take_away_failed(pod, node, work)
            elif pod.phase == "Succeeded":
                where = f"{pod.namespace}/{pod.name} on node {node}"
                text = f"Found succeeded daemon pod {where}, will try to delete it"
                work.told.append(Emit(self.owner, "SucceededDaemonPod", text))
                work.delete.append(pod)
            else:
                running.append(pod)
        running.sort(key=lambda pod: (not pod.node, pod.created, pod.name))
        if not self._surges():
            work.delete += running[1:]
        elif not running and should_run:
            work.create.append(node)
        elif len(running) > 1:
            self._settle_surge(running, work)

    def _take_away_failed(self, pod: PodFacts, node: str, work: _Work) -> None:
        wait = self.world.follower(Failures).wait(self.owner["metadata"]["uid"], node)
        if wait > 0:
            work.waits.append(wait)
            return
        text = f"Found failed daemon pod {pod.namespace}/{pod.name} on node {node}, will try to kill it"
        work.told.append(Emit(self.owner, "FailedDaemonPod", text, "Warning"))
        work.delete.append(pod)

    def _settle_surge(self, running: list[PodFacts], work: _Work) -> None:
        """Of an old and a new pod on a node the old one goes when it is of no use, or the new one available."""
        new = [pod for pod in running if pod.labels.get(HASH) == self.hash]
        old = [pod for pod in running if pod not in new]
        work.delete += new[1:] + old[1:]
        if new and old and (not old[0].ready or self._available(new[0])):
            work.delete.append(old[0])

    def _surges(self) -> bool:
        return self.rolls and share(self._surge, 1, round_up=True) > 0

    def _available(self, pod: PodFacts) -> bool:
        return pod.available_after(self.now, self.wait) == 0

    def _updated(self, pod: PodFacts) -> bool:
        same_generation = bool(self.generation) and pod.labels.get(GENERATION_LABEL) == self.generation
        return pod.labels.get(HASH) == self.hash or same_generation

    def _roll(self, work: _Work) -> None:
        wanted = [name for name, (should_run, _) in self._rules.items() if should_run]
        surge = share(self._surge, len(wanted), round_up=True)
        unavailable = share(self._unavailable, len(wanted), round_up=True)
        places: dict[str, list[PodFacts]] = {name: [] for name in wanted} | self.pods
        if surge:
            self._roll_by_surge(places, surge, work)
        else:
            self._roll_in_place(places, unavailable or 1, work)

    def _old_and_new(self, pods: list[PodFacts]) -> tuple[list[PodFacts], list[PodFacts]]:
        staying = [pod for pod in pods if not pod.deleting]
        new = [pod for pod in staying if self._updated(pod)]
        return [pod for pod in staying if pod not in new], new

    def _roll_in_place(self, places: dict[str, list[PodFacts]], most: int, work: _Work) -> None:
        """Old pods that are of no use go at once; others as long as not too many nodes are without."""
        without = 0
        candidates: list[PodFacts] = []
        for pods in places.values():
            old, new = self._old_and_new(pods)
            if len(old) + len(new) != 1:
                without += 1
            elif new:
                without += not self._available(new[0])
            elif not self._available(old[0]):
                work.delete.append(old[0])
                without += 1
            else:
                candidates.append(old[0])
        work.delete += candidates[: max(0, most - without)]

    def _roll_by_surge(self, places: dict[str, list[PodFacts]], surge: int, work: _Work) -> None:
        """New pods come beside old ones, so many at a time; an old one goes when its new one is available."""
        busy = 0
        candidates: list[str] = []
        for node, pods in places.items():
            old, new = self._old_and_new(pods)
            if len(old) > 1 or len(new) > 1:
                busy += 1
            elif old and new:
                if self._available(new[0]):
                    work.delete.append(old[0])
                else:
                    busy += 1
            elif old and not self._rules.get(node, (False, False))[0]:
                if not self._available(old[0]):
                    work.delete.append(old[0])
            elif old and not self._available(old[0]):
                work.create.append(node)
            elif old:
                candidates.append(node)
        work.create += candidates[: max(0, surge - busy)]

    def _status(self) -> Obj:
        wanted = current = misplaced = ready = updated = available = 0
        for name, (should_run, _) in self._rules.items():
            pods = sorted(self.pods.get(name, ()), key=lambda pod: (not pod.node, pod.created, pod.name))
            if not should_run:
                misplaced += bool(pods)
                continue
            wanted += 1
            if pods:
                current += 1
                ready += pods[0].ready
                available += self._available(pods[0])
                updated += self._updated(pods[0])
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

    def _until_available(self) -> list[float]:
        if not self.wait:
            return []
        pods = [pod for listed in self.pods.values() for pod in listed]
        return [after for pod in pods if (after := pod.available_after(self.now, self.wait))]


_CONTROLLER = its_controller("DaemonSet", "apps")


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """The pod's controller; for one without, every DaemonSet that might adopt it."""
    if event.after is not None and controller_in(event.after.view["metadata"]) is None:
        return _CONTROLLER(event, world) + selecting(RESOURCE, event, world)
    return _CONTROLLER(event, world)


def _of_node(event: Event, world: World) -> Iterable[NamedKey]:
    """All DaemonSets, when a node comes, goes, or changes in what they look at."""
    if event.before is not None and event.after is not None:
        before, after = event.before.view, event.after.view
        same = event.before.labels == event.after.labels
        if same and before["spec"].get("taints") == after["spec"].get("taints"):
            return []
    return [NamedKey(stored.key.namespace, stored.key.name) for stored in world.store.list(RESOURCE)]


def _begin(world: World) -> Iterable[Key]:
    """What is remembered of failed pods is followed from the start."""
    world.follower(Failures)
    return ()


CONTROLLER = Controller(
    name="daemonset",
    reconcile=reconcile,
    watches=(
        Watch(RESOURCE, itself),
        Watch("pods", _of_pod),
        Watch("nodes", _of_node),
        Watch(REVISIONS, _CONTROLLER),
    ),
    user=service_account("daemon-set-controller"),
    component="daemonset-controller",
    begin=_begin,
)
