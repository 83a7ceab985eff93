"""One look at a DaemonSet: which nodes get a pod or lose one now, and what its status says."""

from __future__ import annotations

from fakekube.controllers.daemonset import RESOURCE, rolling
from fakekube.controllers.daemonset.crew import HASH, Crew, Work
from fakekube.controllers.daemonset.failures import Failures
from fakekube.controllers.daemonset.templates import pinned, tolerations
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, is_deleting
from fakekube.machinery.attempts import regardless, slow_start
from fakekube.machinery.controller import NamedKey
from fakekube.machinery.history import History
from fakekube.machinery.plan import NOTHING, Change, Create, Emit, Plan, Refused, UpdateStatus, controller_reference
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.selection import matcher
from fakekube.machinery.workloads import (
    BURST_REPLICAS,
    claim_pods,
    create_pod,
    delete_pod,
    pod_from_template,
    sparse,
    status_update,
)
from fakekube.machinery.world import World

GENERATION_LABEL = "pod-template-generation"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bring the DaemonSet's pods a step nearer to one on each node, of the present template."""
    owner = world.get(RESOURCE, *key)
    if owner is None or is_deleting(owner):
        return NOTHING
    if not owner["spec"].get("selector"):
        text = "This daemon set is selecting all pods. A non-empty selector is required."
        return Plan([Emit(owner, "SelectingAll", text, "Warning")])
    reference = controller_reference(owner, "apps", "v1", "DaemonSet")
    collisions = (owner.get("status") or {}).get("collisionCount")
    history = History.of(owner, reference, HASH, collisions, world)
    pending = history.pending()
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
        claimed, changes = claim_pods(
            owner,
            reference,
            matcher(self.spec["selector"]),
            world.pods_of(owner),
            world.loose_pods(owner["metadata"]["namespace"]),
        )
        self.changes: list[Change] = [*changes]
        self.claimed = claimed
        self.crew = Crew(owner, present, claimed, world.list("nodes"), world.now())

    def plan(self) -> Plan:
        """What to do now, the status, and the clearing away of old revisions."""
        crew, work = self.crew, Work()
        for node in crew.rules:
            self._manage(node, work)
        for name, pods in crew.pods.items():
            if name not in crew.rules:
                work.delete += [pod for pod in pods if not pod.node]
        if crew.rolls and not work.create and not work.delete:
            rolling.roll(crew, work)
        self.changes += work.told + self._creations(work) + self._deletions(work)
        self.changes += [*self._cleared(), *self._status_changes()]
        return Plan(self.changes, min([*work.waits, *crew.until_available()], default=None))

    def _cleared(self) -> list[Change]:
        limit = self.spec.get("revisionHistoryLimit")
        live = {pod.labels.get(HASH, "") for pod in self.claimed}
        return self.history.outdated_by_hash(10 if limit is None else limit, live)

    def _creations(self, work: Work) -> list[Change]:
        """Pods for the nodes; if one is refused, others are deleted all the same, and the status tells of it."""
        made = [self._pod_for(node) for node in work.create[:BURST_REPLICAS]]
        return slow_start(made, lambda error: [*self._deletions(work), *self._status_changes()])

    def _deletions(self, work: Work) -> list[Change]:
        going = [delete_pod(pod, self.owner) for pod in work.delete[:BURST_REPLICAS]]
        return regardless(going, lambda error: self._status_changes())

    def _pod_for(self, node: str) -> Create:
        template, crew = self.spec["template"], self.crew
        meta = template.get("metadata") or {}
        labels = {**(meta.get("labels") or {}), **sparse({GENERATION_LABEL: crew.generation}), HASH: crew.hash}
        affinity = pinned(template["spec"].get("affinity"), node)
        spec = {**template["spec"], "tolerations": tolerations(template["spec"]), "affinity": affinity}
        full = {**template, "metadata": {**meta, "labels": labels}, "spec": spec}
        return create_pod(pod_from_template(full, self.owner, self.reference), self.owner)

    def _manage(self, node: str, work: Work) -> None:
        should_run, may_stay = self.crew.rules[node]
        pods = self.crew.pods.get(node, [])
        if should_run and not pods:
            work.create.append(node)
        elif may_stay:
            self._keep_one(node, [pod for pod in pods if not pod.deleting], should_run, work)
        else:
            work.delete += [pod for pod in pods if not pod.deleting]

    def _keep_one(self, node: str, pods: list[PodFacts], should_run: bool, work: Work) -> None:
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
        if not self.crew.surges():
            work.delete += running[1:]
        elif not running and should_run:
            work.create.append(node)
        elif len(running) > 1:
            self._settle_surge(running, work)

    def _take_away_failed(self, pod: PodFacts, node: str, work: Work) -> None:
        wait = self.world.follower(Failures).wait(self.owner, node)
        if wait > 0:
            work.waits.append(wait)
            return
        text = f"Found failed daemon pod {pod.namespace}/{pod.name} on node {node}, will try to kill it"
        work.told.append(Emit(self.owner, "FailedDaemonPod", text, "Warning"))
        work.delete.append(pod)

    def _settle_surge(self, running: list[PodFacts], work: Work) -> None:
        """Of an old and a new pod on a node the old one goes when it is of no use, or the new one available."""
        new = [pod for pod in running if pod.labels.get(HASH) == self.crew.hash]
        old = [pod for pod in running if pod not in new]
        work.delete += new[1:] + old[1:]
        if new and old and (not old[0].ready or self.crew.available(new[0])):
            work.delete.append(old[0])

    def _status_changes(self) -> list[Change]:
        status = self.crew.status()
        if status == (self.owner.get("status") or {}):
            return []
        return [UpdateStatus(RESOURCE, status_update(self.owner, status))]
