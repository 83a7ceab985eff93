"""One look at a StatefulSet: which of its pods is made, updated or deleted now, and what its status says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from fakekube.controllers.statefulset import RESOURCE, claims
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, is_deleting
from fakekube.machinery.attempts import in_groups
from fakekube.machinery.controller import NamedKey
from fakekube.machinery.history import History, template_of
from fakekube.machinery.plan import (
    NOTHING,
    Change,
    Create,
    Delete,
    Emit,
    Plan,
    Refused,
    Update,
    UpdateStatus,
    controller_reference,
)
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.selection import matcher
from fakekube.machinery.workloads import claim_pods, pod_from_template, sparse, status_update
from fakekube.machinery.world import World

T = TypeVar("T")
REVISION = "controller-revision-hash"
POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"
HASH = "controller.kubernetes.io/hash"
_WORTH_WRITING = (
    "observedGeneration",
    "replicas",
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
    "currentRevision",
    "updateRevision",
)
"""What must differ for the status to be written; the conditions that a client may have put there go with it."""


def reconcile(key: NamedKey, world: World) -> Plan:
    """Take the StatefulSet's pods one step nearer to what it asks for."""
    owner = world.get(RESOURCE, *key)
    if owner is None:
        return NOTHING
    reference = controller_reference(owner, "apps", "v1", "StatefulSet")
    collisions = (owner.get("status") or {}).get("collisionCount", 0)
    history = History.of(owner, reference, HASH, collisions, world)
    pending = None if is_deleting(owner) else history.pending()
    if history.changes:
        return Plan(list(history.changes))  # with those that are ours then we go on
    if pending is not None:
        pending.refused = _collision(owner, collisions)
        return Plan([pending])
    update = history.present()
    if update is None:
        return NOTHING  # it is going, and nothing is known of its template
    return _Round(owner, reference, history, update, world).plan()


def _collision(owner: Obj, collisions: int) -> Refused:
    def refused(error: StatusError) -> Plan | None:
        if error.reason != "AlreadyExists":
            return None
        status = {**(owner.get("status") or {"replicas": 0}), "collisionCount": collisions + 1}
        return Plan([UpdateStatus(RESOURCE, status_update(owner, status))], retry=True)

    return refused


@dataclass(slots=True)
class _Place:
    """A number, and the pod that has it."""

    number: int
    pod: PodFacts | None


def _identity(name: str, number: int) -> dict[str, str]:
    return {POD_NAME: name, POD_INDEX: str(number)}


class _Round:
    """One look at a StatefulSet."""

    def __init__(self, owner: Obj, reference: Obj, history: History, update: Obj, world: World) -> None:
        self.owner = owner
        self.spec: Obj = owner["spec"]
        self.reference = reference
        self.history = history
        self.world = world
        self.now = world.now()
        self.wait: int = self.spec.get("minReadySeconds") or 0
        self.monotonic = self.spec.get("podManagementPolicy") != "Parallel"
        self.update = update
        self.current = history.by_name((owner.get("status") or {}).get("currentRevision", "")) or update
        self.start: int = (self.spec.get("ordinals") or {}).get("start", 0)
        self.changes: list[Change] = []
        self.has_claims = bool(self.spec.get("volumeClaimTemplates"))
        self.pods = self._claimed()
        self.gone_for_update = 0
        self.failed = False

    def _claimed(self) -> list[PodFacts]:
        mine = [pod for pod in self.world.pods_of(self.owner) if self._number(pod) is not None]
        loose = [
            pod for pod in self.world.loose_pods(self.owner["metadata"]["namespace"]) if self._number(pod) is not None
        ]
        claimed, changes = claim_pods(self.owner, self.reference, matcher(self.spec["selector"]), mine, loose)
        self.changes += changes
        return claimed

    def _number(self, pod: PodFacts) -> int | None:
        parent, _, digits = pod.name.rpartition("-")
        return int(digits) if parent == self.owner["metadata"]["name"] and digits.isdecimal() else None

    def plan(self) -> Plan:
        """What to do now, the status, and the clearing away of old revisions."""
        places, condemned = self._places()
        if not is_deleting(self.owner):
            self._step(places, condemned)
        self.changes += self._told_status()
        live = {self.current["metadata"]["name"], self.update["metadata"]["name"]}
        live |= {pod.labels.get(REVISION, "") for pod in self.pods}
        limit = self.spec.get("revisionHistoryLimit")
        self.changes += self.history.outdated(10 if limit is None else limit, live)
        return Plan(self.changes, self._until_available(), retry=self.failed)

    def _told_status(self) -> list[Change]:
        status, old = self._status(), self.owner.get("status") or {}
        if all(status.get(name) == old.get(name) for name in _WORTH_WRITING):
            return []
        return [UpdateStatus(RESOURCE, status_update(self.owner, status))]

    def _places(self) -> tuple[list[_Place], list[PodFacts]]:
        """The numbers that there should be with their pods, and the pods beyond them, the highest first."""
        numbers = range(self.start, self.start + self.spec["replicas"])
        known = {number: pod for pod in self.pods if (number := self._number(pod)) is not None}
        beyond = sorted((number for number in known if number not in numbers), reverse=True)
        return [_Place(number, known.get(number)) for number in numbers], [known[number] for number in beyond]

    def _step(self, places: list[_Place], condemned: list[PodFacts]) -> None:
        first = self._first_unavailable(places, condemned)
        if self._in_turn(self._keep, places) or self._in_turn(self._settle_claims, condemned):
            return
        if self._in_turn(lambda pod: self._condemn(pod, first), condemned):
            return
        if self.spec["updateStrategy"].get("type") != "OnDelete":
            self._in_turn(self._roll, [places])

    def _in_turn(self, work: Callable[[T], bool], items: Iterable[T]) -> bool:
        """Do the work of the items, some at once if they are parallel; whether what comes after has to wait.

        If something is refused then, what is begun is tried still, and the status tells what there is.
        """
        groups: list[list[Change]] = []
        waits = False
        for item in items:
            begin = len(self.changes)
            waits = work(item)
            groups.append(self.changes[begin:])
            if self.failed or (waits and self.monotonic):
                break
        in_groups(groups, lambda error: self._told_status(), at_once=not self.monotonic)
        return self.failed or (waits and self.monotonic)

    def _settle_claims(self, pod: PodFacts) -> bool:
        """Let the claims of a pod beyond the count belong to whom they should."""
        ownership = claims.Ownership(self.owner, pod, scaled_down=True)
        if not ownership.settled(self._number(pod) or 0, self.world):
            self.changes += ownership.changes(self._number(pod) or 0, self.world)
        return False

    def _keep(self, place: _Place) -> bool:
        """Bring one number to have a running pod; whether those after it must wait."""
        pod = place.pod
        if pod is None:
            self._create(place.number)
            return True
        if pod.terminal:
            if not pod.deleting:
                self._delete(pod)
            return True
        if pod.phase == "Pending" and self.has_claims:
            self.changes += claims.missing(self.owner, pod.name, place.number, self.world)
            self.failed = bool(claims.going(self.owner, place.number, self.world))
            if self.failed:
                return True
            self.changes += claims.Ownership(self.owner, pod, scaled_down=False).changes(place.number, self.world)
        waits = self.monotonic and (pod.deleting or not self._available(pod))
        if not waits:
            self._restore(pod, place.number)
        return waits

    def _condemn(self, pod: PodFacts, first: PodFacts | None) -> bool:
        """Delete a pod beyond the count; whether the others must wait. `first`: the first pod that is not available."""
        if pod.deleting or (self.monotonic and not self._available(pod) and pod is not first):
            return True
        self._delete(pod)
        return True

    def _first_unavailable(self, places: list[_Place], condemned: list[PodFacts]) -> PodFacts | None:
        for pod in [place.pod for place in places] + condemned[::-1]:
            if pod is not None and (pod.deleting or not self._available(pod)):
                return pod
        return None

    def _roll(self, places: list[_Place]) -> bool:
        """Delete the highest pod of an old template; wait until what was made instead is available."""
        least = (self.spec["updateStrategy"].get("rollingUpdate") or {}).get("partition", 0)
        for place in reversed(places[least:]):
            pod = place.pod
            if pod is None:
                break
            if pod.labels.get(REVISION) != self.update["metadata"]["name"] and not pod.deleting:
                self._delete(pod)
                self.gone_for_update = 1
                break
            if pod.deleting or not self._available(pod):
                break
        return True

    def _available(self, pod: PodFacts) -> bool:
        return pod.phase == "Running" and pod.available_after(self.now, self.wait) == 0

    def _revision_for(self, number: int) -> Obj:
        """The current revision below the partition (or, without one, below the count of current pods), else the new."""
        strategy = self.spec["updateStrategy"]
        rolling = strategy.get("rollingUpdate")
        if rolling is not None:
            below = number < self.start + rolling.get("partition", 0)
        else:
            count = (self.owner.get("status") or {}).get("currentReplicas", 0)
            below = strategy.get("type") == "RollingUpdate" and number < self.start + count
        return self.current if below else self.update

    def _create(self, number: int) -> None:
        revision, meta = self._revision_for(number), self.owner["metadata"]
        name = f"{meta['name']}-{number}"
        if claims.stale(self.owner, name, number, self.world):
            return
        self.changes += claims.missing(self.owner, name, number, self.world)
        problem = claims.going(self.owner, number, self.world)
        if problem:
            self.changes.append(
                Emit(self.owner, "FailedCreate", self._told_failure("Create", name, problem), "Warning")
            )
            self.failed = True
            return
        pod = pod_from_template(template_of(self.owner, revision), self.owner, self.reference)
        made: Obj = {**pod["metadata"], "name": name}
        made["labels"] = {
            **made.get("labels", {}),
            **_identity(name, number),
            REVISION: revision["metadata"]["name"],
        }
        spec = {**pod["spec"], "hostname": name, **sparse({"subdomain": self.spec.get("serviceName")})}
        volumes = claims.volumes(self.owner, number, spec.get("volumes") or [])
        if volumes:
            spec["volumes"] = volumes
        made_pod = {**pod, "metadata": made, "spec": spec}
        done = Emit(self.owner, "SuccessfulCreate", self._told("Create", name))
        self.changes.append(Create("pods", made_pod, then=lambda _: [done], refused=self._refused("Create", name)))

    def _restore(self, pod: PodFacts, number: int) -> None:
        """Give a pod that was adopted the labels and volumes of its number, and see to whose its claims are."""
        names_itself = pod.labels.get(POD_NAME) == pod.name
        if names_itself and not self.has_claims:
            return
        ownership = claims.Ownership(self.owner, pod, scaled_down=False)
        stored = claims.has_volumes(self.owner, pod, number)
        if names_itself and stored and ownership.settled(number, self.world):
            return
        self.changes += ownership.changes(number, self.world)
        changed = pod.view
        if not names_itself:
            labels = {**pod.labels, **_identity(pod.name, number)}
            changed = {**changed, "metadata": {**changed["metadata"], "labels": labels}}
        if not stored:
            self.changes += claims.missing(self.owner, pod.name, number, self.world)
            volumes = claims.volumes(self.owner, number, changed["spec"].get("volumes") or [])
            changed = {**changed, "spec": {**changed["spec"], "volumes": volumes}}
        done = Emit(self.owner, "SuccessfulUpdate", self._told("Update", pod.name))
        self.changes.append(Update("pods", changed, then=lambda _: [done], refused=self._refused("Update", pod.name)))

    def _told(self, verb: str, name: str) -> str:
        return f"{verb} Pod {name} in StatefulSet {self.owner['metadata']['name']} successful"

    def _told_failure(self, verb: str, name: str, why: str) -> str:
        return f"{verb} Pod {name} in StatefulSet {self.owner['metadata']['name']} failed error: {why}"

    def _delete(self, pod: PodFacts) -> None:
        done = Emit(self.owner, "SuccessfulDelete", self._told("Delete", pod.name))
        self.changes.append(Delete(pod.key, pod.uid, then=lambda _: [done], refused=self._refused("Delete", pod.name)))

    def _refused(self, verb: str, name: str) -> Refused:
        def refused(error: StatusError) -> Plan | None:
            if error.reason in ("AlreadyExists", "NotFound", "Conflict"):
                return Plan()
            return Plan([Emit(self.owner, f"Failed{verb}", self._told_failure(verb, name, error.message), "Warning")])

        return refused

    def _status(self) -> Obj:
        old, current, update = (
            self.owner.get("status") or {},
            self.current["metadata"]["name"],
            self.update["metadata"]["name"],
        )
        ready = [pod for pod in self.pods if pod.phase == "Running" and pod.ready]
        staying = [pod.labels.get(REVISION) for pod in self.pods if not pod.deleting]
        replicas, updated = len(self.pods), staying.count(update)
        currents = staying.count(current) - self.gone_for_update
        rolling = self.spec["updateStrategy"].get("type") == "RollingUpdate"
        if rolling and self.spec["replicas"] == updated == len(ready) == replicas:
            currents, current = updated, update
        counts = sparse({"readyReplicas": len(ready), "currentReplicas": max(0, currents), "updatedReplicas": updated})
        status: Obj = sparse({"observedGeneration": self.owner["metadata"].get("generation")}) | {"replicas": replicas}
        status |= counts | {"currentRevision": current, "updateRevision": update}
        status["collisionCount"] = old.get("collisionCount", 0)
        status["availableReplicas"] = sum(1 for pod in ready if self._available(pod))
        return status

    def _until_available(self) -> float | None:
        if not self.wait:
            return None
        waits = [after for pod in self.pods if (after := pod.available_after(self.now, self.wait))]
        return min(waits, default=None)
