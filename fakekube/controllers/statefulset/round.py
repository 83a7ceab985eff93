"""One look at a StatefulSet: which of its pods is made, updated or deleted now, and what its status says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fakekube.controllers.statefulset import claims
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, is_deleting
from fakekube.machinery.controller import (
    NamedKey,
)
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

RESOURCE = "statefulsets.apps"
REVISION = "controller-revision-hash"
POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"
HASH = "controller.kubernetes.io/hash"
_NUMBERED = re.compile(r"(.*)-([0-9]+)")


def reconcile(key: NamedKey, world: World) -> Plan:
    """Take the StatefulSet's pods one step nearer to what it asks for."""
    owner = world.get(RESOURCE, *key)
    if owner is None:
        return NOTHING
    reference = controller_reference(owner, "apps", "v1", "StatefulSet")
    collisions = (owner.get("status") or {}).get("collisionCount", 0)
    history = History.of(owner, reference, HASH, world)
    pending = None if is_deleting(owner) else history.pending(collisions)
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
        self.pods = self._claimed()
        self.gone_for_update = 0

    def _claimed(self) -> list[PodFacts]:
        mine = [pod for pod in self.world.pods_of(self.owner) if self._number(pod) is not None]
        loose = [
            pod for pod in self.world.loose_pods(self.owner["metadata"]["namespace"]) if self._number(pod) is not None
        ]
        claimed, changes = claim_pods(self.owner, self.reference, matcher(self.spec["selector"]), mine, loose)
        self.changes += changes
        return claimed

    def _number(self, pod: PodFacts) -> int | None:
        match = _NUMBERED.fullmatch(pod.name)
        return int(match[2]) if match is not None and match[1] == self.owner["metadata"]["name"] else None

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
        return Plan(self.changes, self._until_available())

    def _told_status(self) -> list[Change]:
        status = self._status()
        if status == (self.owner.get("status") or {}):
            return []
        return [UpdateStatus(RESOURCE, status_update(self.owner, status))]

    def _places(self) -> tuple[list[_Place], list[PodFacts]]:
        """The numbers that there should be with their pods, and the pods beyond them, the highest first."""
        numbers = range(self.start, self.start + self.spec["replicas"])
        known = {number: pod for pod in self.pods if (number := self._number(pod)) is not None}
        beyond = sorted((number for number in known if number not in numbers), reverse=True)
        return [_Place(number, known.get(number)) for number in numbers], [known[number] for number in beyond]

    def _step(self, places: list[_Place], condemned: list[PodFacts]) -> None:
        for place in places:
            if self._keep(place) and self.monotonic:
                return
        for pod in condemned:
            self.changes += claims.owned_rightly(self.owner, pod, self._number(pod) or 0, self.world, scaled_down=True)
        if self._condemn(places, condemned):
            return
        if self.spec["updateStrategy"].get("type") != "OnDelete":
            self._roll(places)

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
        waits = self.monotonic and (pod.deleting or not self._available(pod))
        if pod.phase == "Pending":
            self.changes += claims.missing(self.owner, pod.name, place.number, self.world)
        if pod.phase == "Pending" or not waits:
            self.changes += claims.owned_rightly(self.owner, pod, place.number, self.world, scaled_down=False)
        if not waits:
            self._restore_identity(pod, place.number)
        return waits

    def _condemn(self, places: list[_Place], condemned: list[PodFacts]) -> bool:
        """Delete pods beyond the count, the highest number first; whether the rest must wait."""
        first = self._first_unavailable(places, condemned)
        for pod in condemned:
            if pod.deleting:
                if self.monotonic:
                    return True
                continue
            if self.monotonic and not self._available(pod) and pod is not first:
                return True
            self._delete(pod)
            if self.monotonic:
                return True
        return False

    def _first_unavailable(self, places: list[_Place], condemned: list[PodFacts]) -> PodFacts | None:
        for pod in [place.pod for place in places] + condemned[::-1]:
            if pod is not None and (pod.deleting or not self._available(pod)):
                return pod
        return None

    def _roll(self, places: list[_Place]) -> None:
        """Delete the highest pod of an old template; wait until what was made instead is available."""
        least = (self.spec["updateStrategy"].get("rollingUpdate") or {}).get("partition", 0)
        for place in reversed(places[least:]):
            pod = place.pod
            if pod is None:
                return
            if pod.labels.get(REVISION) != self.update["metadata"]["name"] and not pod.deleting:
                self._delete(pod)
                self.gone_for_update = 1
                return
            if pod.deleting or not self._available(pod):
                return

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
        pod = pod_from_template(template_of(self.owner, revision), self.owner, self.reference)
        made: Obj = {each: value for each, value in pod["metadata"].items() if each != "generateName"}
        made["name"] = name
        made["generateName"] = f"{meta['name']}-"
        made["labels"] = {
            **made.get("labels", {}),
            **self._identity(name, number),
            REVISION: revision["metadata"]["name"],
        }
        spec = {**pod["spec"], "hostname": name, **sparse({"subdomain": self.spec.get("serviceName")})}
        volumes = claims.volumes(self.owner, number, spec.get("volumes") or [])
        if volumes:
            spec["volumes"] = volumes
        self.changes += claims.missing(self.owner, name, number, self.world)
        made_pod = {**pod, "metadata": made, "spec": spec}
        done = Emit(self.owner, "SuccessfulCreate", f"Create Pod {name} in StatefulSet {meta['name']} successful")
        self.changes.append(Create("pods", made_pod, then=lambda _: [done], refused=self._refused("Create", name)))

    def _identity(self, name: str, number: int) -> dict[str, str]:
        return {POD_NAME: name, POD_INDEX: str(number)}

    def _restore_identity(self, pod: PodFacts, number: int) -> None:
        """Give an adopted pod the labels and volumes of its number."""
        labels = {**pod.labels, **self._identity(pod.name, number)}
        if labels == pod.labels:
            return
        view = pod.view
        done = Emit(self.owner, "SuccessfulUpdate", self._told("Update", pod.name))
        changed = {**view, "metadata": {**view["metadata"], "labels": labels}}
        self.changes.append(Update("pods", changed, then=lambda _: [done]))

    def _told(self, verb: str, name: str) -> str:
        return f"{verb} Pod {name} in StatefulSet {self.owner['metadata']['name']} successful"

    def _delete(self, pod: PodFacts) -> None:
        done = Emit(self.owner, "SuccessfulDelete", self._told("Delete", pod.name))
        self.changes.append(Delete(pod.key, pod.uid, then=lambda _: [done], refused=self._refused("Delete", pod.name)))

    def _refused(self, verb: str, name: str) -> Refused:
        """The status tells what there is even so."""
        owner = self.owner

        def refused(error: StatusError) -> Plan | None:
            if error.reason in ("AlreadyExists", "NotFound"):
                return Plan(self._told_status(), retry=True)
            text = f"{verb} Pod {name} in StatefulSet {owner['metadata']['name']} failed error: {error.message}"
            return Plan([Emit(owner, f"Failed{verb}", text, "Warning"), *self._told_status()], retry=True)

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
        return status | sparse({"conditions": old.get("conditions")})

    def _until_available(self) -> float | None:
        if not self.wait:
            return None
        waits = [after for pod in self.pods if (after := pod.available_after(self.now, self.wait))]
        return min(waits, default=None)
