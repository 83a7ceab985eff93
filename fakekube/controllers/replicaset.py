"""ReplicaSet: as many pods as it asks for, with its labels; and its status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, controller_of, is_deleting, labels_of
from fakekube.machinery.controller import (
    Controller,
    NamedKey,
    Watch,
    its_controller,
    itself,
    selecting,
    service_account,
)
from fakekube.machinery.plan import NOTHING, Change, Plan, UpdateStatus, controller_reference
from fakekube.machinery.podfacts import PodFacts, controller_in
from fakekube.machinery.selection import equality, matcher
from fakekube.machinery.workloads import (
    BURST_REPLICAS,
    claim_pods,
    create_pod,
    delete_pod,
    deletion_rank,
    pod_from_template,
    set_condition,
    sparse,
    status_update,
    without_condition,
)
from fakekube.machinery.world import World
from fakekube.storage.values import Event

RESOURCE = "replicasets.apps"
FAILURE = "ReplicaFailure"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bring the pods of the ReplicaSet to its replica count."""
    owner = world.get(RESOURCE, *key)
    if owner is None:
        return NOTHING
    reference = controller_reference(owner, "apps", "v1", "ReplicaSet")
    matches = matcher(owner["spec"].get("selector"))
    own = world.pods_of(owner)
    claimed, changes = claim_pods(
        owner,
        reference,
        matches,
        [pod for pod in own if pod.active],
        [pod for pod in world.loose_pods(key.namespace) if pod.active],
    )
    stopping = sum(1 for pod in own if pod.deleting and not pod.terminal and matches(pod.labels))
    status = _status(owner, claimed, stopping, world.now())
    if not is_deleting(owner):
        changes += _manage(owner, reference, claimed, status, world)
    if status != owner.get("status"):
        changes.append(UpdateStatus(RESOURCE, status_update(owner, status)))
    return Plan(changes, _until_available(owner, claimed, world.now()))


def _manage(owner: Obj, reference: Obj, claimed: list[PodFacts], status: Obj, world: World) -> list[Change]:
    surplus = len(claimed) - owner["spec"]["replicas"]
    if surplus < 0:
        pod = pod_from_template(owner["spec"]["template"], owner, reference)

        def refused(error: StatusError) -> Plan:
            return _failed(owner, status, error, world.now())

        return [create_pod(pod, owner, refused=refused) for _ in range(min(-surplus, BURST_REPLICAS))]
    if surplus > 0:
        rank = deletion_rank(world.now(), _crowds(owner, world))
        return [delete_pod(pod, owner) for pod in sorted(claimed, key=rank)[: min(surplus, BURST_REPLICAS)]]
    return []


def _crowds(owner: Obj, world: World) -> Counter[str]:
    """How many active pods of the same Deployment (or of this ReplicaSet) are on each node."""
    above = controller_of(owner)
    related = [owner] if above is None else world.controlled(RESOURCE, {"metadata": above})
    return Counter(pod.node for each in related for pod in world.pods_of(each) if pod.active)


def _status(owner: Obj, claimed: list[PodFacts], stopping: int, now: float) -> Obj:
    spec, old = owner["spec"], owner.get("status") or {}
    labelled = equality(labels_of(spec["template"]))
    ready = [pod for pod in claimed if pod.ready]
    wait = spec.get("minReadySeconds") or 0
    conditions = without_condition(old.get("conditions") or [], FAILURE)
    status: Obj = {"replicas": len(claimed)}
    status |= sparse(
        {
            "fullyLabeledReplicas": sum(1 for pod in claimed if labelled(pod.labels)),
            "readyReplicas": len(ready),
            "availableReplicas": sum(1 for pod in ready if pod.available_after(now, wait) == 0),
        }
    )
    status["terminatingReplicas"] = stopping
    return status | sparse({"observedGeneration": owner["metadata"].get("generation"), "conditions": conditions})


def _failed(owner: Obj, status: Obj, error: StatusError, now: float) -> Plan:
    """A pod could not be made: say so in the status, and try again later."""
    old = (owner.get("status") or {}).get("conditions") or []
    found = next((each for each in old if each["type"] == FAILURE), None)
    entry = {"type": FAILURE, "status": "True", "reason": "FailedCreate", "message": error.message}
    conditions = old if found is not None else set_condition(old, entry, now)
    failed = {**status, "conditions": conditions}
    if failed == owner.get("status"):
        return Plan(retry=True)
    return Plan([UpdateStatus(RESOURCE, status_update(owner, failed))], retry=True)


def _until_available(owner: Obj, claimed: list[PodFacts], now: float) -> float | None:
    wait = owner["spec"].get("minReadySeconds") or 0
    if not wait:
        return None
    waits = [after for pod in claimed if (after := pod.available_after(now, wait))]
    return min(waits, default=None)


def _of_pod(event: Event, world: World) -> Iterable[NamedKey]:
    """The pod's controller; for one without, every ReplicaSet that might adopt it."""
    if event.after is not None and controller_in(event.after.view["metadata"]) is None:
        return _CONTROLLER(event, world) + selecting(RESOURCE, event, world)
    return _CONTROLLER(event, world)


_CONTROLLER = its_controller("ReplicaSet", "apps")

CONTROLLER = Controller(
    name="replicaset",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, itself), Watch("pods", _of_pod)),
    user=service_account("replicaset-controller"),
    component="replicaset-controller",
)
