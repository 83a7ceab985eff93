"""As many pods as an object asks for, with its labels, and its status: of ReplicaSets and ReplicationControllers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, controller_of, is_deleting, labels_of
from fakekube.machinery import ranking
from fakekube.machinery.attempts import regardless, slow_start
from fakekube.machinery.controller import NamedKey, its_controller
from fakekube.machinery.plan import NOTHING, Change, Plan, UpdateStatus, controller_reference
from fakekube.machinery.podfacts import TERMINAL, PodFacts
from fakekube.machinery.selection import equality, matcher
from fakekube.machinery.workloads import (
    BURST_REPLICAS,
    claim_pods,
    create_pod,
    delete_pod,
    pod_from_template,
    set_condition,
    sparse,
    status_update,
    without_condition,
)
from fakekube.machinery.world import World
from fakekube.storage.values import Event

FAILURE = "ReplicaFailure"
_UNDELETED = "unable to delete pods: "


class Replication(NamedTuple):
    """One kind that asks for a number of pods. `plain`: its selector is a map of labels alone.

    `counts_stopping`: its status tells how many of its pods are stopping.
    """

    resource: str
    group: str
    kind: str
    plain: bool = False
    counts_stopping: bool = True

    def selector(self, owner: Obj) -> Obj | None:
        """The owner's selector as a metav1.LabelSelector."""
        found: Obj | None = owner["spec"].get("selector")
        return {"matchLabels": found} if self.plain and found is not None else found

    def reconcile(self, key: NamedKey, world: World) -> Plan:
        """Bring the pods of the object to its replica count."""
        owner = world.get(self.resource, *key)
        if owner is None:
            return NOTHING
        reference = controller_reference(owner, self.group, "v1", self.kind)
        selector = self.selector(owner)
        matches = matcher(selector)
        staying = [pod for pod in world.pods_of(owner) if pod.phase not in TERMINAL]
        active = [pod for pod in staying if not pod.deleting]
        loose = [pod for pod in world.loose_pods(key.namespace) if pod.active]
        claimed, changes = claim_pods(owner, reference, matches, active, loose)
        stopping: Obj = {}
        if self.counts_stopping:
            stopping["terminatingReplicas"] = sum([pod.deleting and matches(pod.labels) for pod in staying])
        status = _status(owner, selector, claimed, stopping, world.now())
        if not is_deleting(owner):
            changes += self._manage(owner, reference, claimed, status, world)
        if status != owner.get("status"):
            changes.append(UpdateStatus(self.resource, status_update(owner, status)))
        return Plan(changes, _until_available(owner, claimed, world.now()))

    def _manage(self, owner: Obj, reference: Obj, claimed: list[PodFacts], status: Obj, world: World) -> list[Change]:
        surplus = len(claimed) - owner["spec"]["replicas"]

        def rest(error: StatusError) -> list[Change]:
            return self._failed(owner, status, error, surplus, world.now())

        if surplus < 0:
            pod = pod_from_template(owner["spec"]["template"], owner, reference)
            return slow_start([create_pod(pod, owner) for _ in range(min(-surplus, BURST_REPLICAS))], rest)
        if surplus > 0:
            count = min(surplus, BURST_REPLICAS)
            chosen = ranking.surplus(claimed, count, world.now(), self._crowds(owner, world))
            return regardless([delete_pod(pod, owner) for pod in chosen], rest)
        return []

    def _crowds(self, owner: Obj, world: World) -> Counter[str]:
        """How many active pods of the same owner's owner are on each node; nobody counts if it has none."""
        above = controller_of(owner)
        related = [] if above is None else world.controlled(self.resource, {"metadata": above})
        return Counter(pod.node for each in related for pod in world.pods_of(each) if pod.active)

    def _failed(self, owner: Obj, status: Obj, error: StatusError, surplus: int, now: float) -> list[Change]:
        """A pod could not be made or deleted: say so in the status."""
        old = (owner.get("status") or {}).get("conditions") or []
        reason, text = ("FailedCreate", error.message) if surplus < 0 else ("FailedDelete", _UNDELETED + error.message)
        entry = {"type": FAILURE, "status": "True", "reason": reason, "message": text}
        known = any(each["type"] == FAILURE for each in old)
        failed = {**status, "conditions": old if known else set_condition(old, entry, now)}
        if failed == owner.get("status"):
            return []
        return [UpdateStatus(self.resource, status_update(owner, failed))]

    def of_pod(self, event: Event, world: World) -> Iterable[NamedKey]:
        """The pod's controller; for one without, every object that might adopt it."""
        found = its_controller(self.kind, self.group)(event, world)
        after = event.after
        if after is None or after.controller is not None:
            return found
        for each in world.store.list(self.resource, event.key.namespace):
            if matcher(self.selector(each.view))(after.labels):
                found.append(NamedKey(each.key.namespace, each.key.name))
        return found


def _status(owner: Obj, selector: Obj | None, claimed: list[PodFacts], stopping: Obj, now: float) -> Obj:
    spec, old = owner["spec"], owner.get("status") or {}
    ready = [pod for pod in claimed if pod.ready]
    wait = spec.get("minReadySeconds") or 0
    available = [pod for pod in ready if pod.available_after(now, wait) == 0] if wait else ready
    conditions = without_condition(old.get("conditions") or [], FAILURE)
    counts = {
        "fullyLabeledReplicas": _labelled(labels_of(spec["template"]), selector, claimed),
        "readyReplicas": len(ready),
        "availableReplicas": len(available),
    }
    seen = {"observedGeneration": owner["metadata"].get("generation"), "conditions": conditions}
    return {"replicas": len(claimed)} | sparse(counts) | stopping | sparse(seen)


def _labelled(labels: dict[str, str], selector: Obj | None, claimed: list[PodFacts]) -> int:
    """How many of the pods have all labels of the template; who asks for no others knows that they do."""
    if selector is not None and labels == selector.get("matchLabels"):
        return len(claimed)
    fully = equality(labels)
    return sum([fully(pod.labels) for pod in claimed])


def _until_available(owner: Obj, claimed: list[PodFacts], now: float) -> float | None:
    wait = owner["spec"].get("minReadySeconds") or 0
    if not wait:
        return None
    waits = [after for pod in claimed if (after := pod.available_after(now, wait))]
    return min(waits, default=None)
