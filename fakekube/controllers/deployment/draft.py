"""A Deployment and its ReplicaSets as they will be when the plan that is being made is carried out."""

from __future__ import annotations

from typing import NamedTuple

from fakekube.controllers.deployment import revisions, status
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, annotations_of, condition
from fakekube.machinery.committer import namespace_terminating
from fakekube.machinery.plan import Change, Create, Emit, Plan, Refused, Update, UpdateStatus, controller_reference
from fakekube.machinery.workloads import content_hash, status_update

RESOURCE = "deployments.apps"
REPLICA_SETS = "replicasets.apps"


class _Step(NamedTuple):
    """One change of a ReplicaSet's size, and of what it is told of the Deployment's."""

    annotations: dict[str, str]
    size: int
    events: list[Change]

    def taken(self, replica_set: Obj) -> Obj:
        """The ReplicaSet after it."""
        meta, spec = replica_set["metadata"], replica_set["spec"]
        return {
            **replica_set,
            "metadata": {**meta, "annotations": self.annotations},
            "spec": {**spec, "replicas": self.size},
        }


class Draft:
    """Working copy of one reconcile: it collects changes, and answers as if they were made already."""

    def __init__(self, deployment: Obj, replica_sets: list[Obj], now: float) -> None:
        self.deployment = deployment
        self.replicas: int = deployment["spec"]["replicas"]
        self.now = now
        self.changes: list[Change] = []
        self._steps: dict[str, list[_Step]] = {}
        self._sets = {each["metadata"]["name"]: each for each in revisions.by_age(replica_sets)}
        self._before = dict(self._sets)
        new = revisions.current(deployment, replica_sets)
        self._new_name: str | None = None if new is None else new["metadata"]["name"]

    @property
    def new(self) -> Obj | None:
        """The ReplicaSet of the present template."""
        return None if self._new_name is None else self._sets[self._new_name]

    @property
    def old(self) -> list[Obj]:
        """The others, oldest first."""
        return [each for name, each in self._sets.items() if name != self._new_name]

    @property
    def all(self) -> list[Obj]:
        """All ReplicaSets, oldest first."""
        return list(self._sets.values())

    def latest(self, replica_set: Obj) -> Obj:
        """The ReplicaSet as it will be."""
        return self._sets[replica_set["metadata"]["name"]]

    def active(self) -> list[Obj]:
        """Those that are to have pods."""
        return [each for each in self._sets.values() if each["spec"]["replicas"] > 0]

    def active_old(self) -> list[Obj]:
        """Those of old templates that are to have pods."""
        return [each for each in self.old if each["spec"]["replicas"] > 0]

    def scale(self, replica_set: Obj, size: int, *, annotate: bool = False) -> bool:
        """Change its size (and what it knows of the Deployment's); whether the size changes."""
        was: int = replica_set["spec"]["replicas"]
        meta = replica_set["metadata"]
        told = {**annotations_of(replica_set), **revisions.size_annotations(self.deployment)}
        if was == size and not (annotate and told != annotations_of(replica_set)):
            return False
        name = meta["name"]
        way = "up" if was < size else "down"
        text = f"Scaled {way} replica set {name} from {was} to {size}"
        step = _Step(told, size, [Emit(self.deployment, "ScalingReplicaSet", text)] if was != size else [])
        self._steps.setdefault(name, []).append(step)
        self._sets[name] = step.taken(replica_set)
        return was != size

    def new_size(self, present: int) -> int:
        """To what size the new ReplicaSet may grow now."""
        if self.deployment["spec"]["strategy"]["type"] == "Recreate":
            return self.replicas
        total = sum(each["spec"]["replicas"] for each in self._sets.values())
        room = self.replicas + revisions.surge(self.deployment) - total
        return present if room <= 0 else present + min(room, self.replicas - present)

    def number_present(self) -> bool:
        """Give the present ReplicaSet its revision; False if that has to be written first."""
        new = self.new
        if new is None:
            return True
        number = max([revisions.revision(each) for each in self.old], default=0) + 1
        told = revisions.present_annotations(self.deployment, new, number, exists=True)
        wait = self.deployment["spec"].get("minReadySeconds") or 0
        if told != annotations_of(new) or wait != (new["spec"].get("minReadySeconds") or 0):
            spec = {name: value for name, value in new["spec"].items() if name != "minReadySeconds"}
            if wait:
                spec["minReadySeconds"] = wait
            changed = {**new, "metadata": {**new["metadata"], "annotations": told}, "spec": spec}
            self.changes.append(Update(REPLICA_SETS, changed))
            return False
        found = self._status_with_progress(
            "FoundNewReplicaSet", f'Found new replica set "{new["metadata"]["name"]}"', once=True
        )
        return not self._write_revision(told.get(revisions.REVISION, ""), found)

    def _status_with_progress(self, reason: str, message: str, *, once: bool) -> Obj:
        present: Obj = self.deployment.get("status") or {}
        known = once and condition(self.deployment, "Progressing") is not None
        if known or not status.has_deadline(self.deployment):
            return present
        return status.with_progress(present, "True", reason, message, self.now)

    def _write_revision(self, number: str, wanted: Obj) -> bool:
        same_number = annotations_of(self.deployment).get(revisions.REVISION) == number
        if same_number and wanted == (self.deployment.get("status") or {}):
            return False
        self.changes.append(self._status_change(number, wanted))
        return True

    def _status_change(self, number: str, wanted: Obj) -> Change:
        meta = self.deployment["metadata"]
        told = {**(meta.get("annotations") or {}), revisions.REVISION: number}
        return UpdateStatus(RESOURCE, {**self.deployment, "metadata": {**meta, "annotations": told}, "status": wanted})

    def create(self) -> Plan:
        """Make the ReplicaSet of the present template, as large as it may be now."""
        template, meta = self.deployment["spec"]["template"], self.deployment["metadata"]
        collisions = (self.deployment.get("status") or {}).get("collisionCount")
        marked, selector, labels = revisions.hashed(self.deployment, content_hash(template, collisions))
        number = max([revisions.revision(each) for each in self.old], default=0) + 1
        size = self.new_size(0)
        name = f"{meta['name'][: 252 - len(labels[revisions.HASH])]}-{labels[revisions.HASH]}"
        spec = {"replicas": size, "selector": selector, "template": marked}
        if self.deployment["spec"].get("minReadySeconds"):
            spec["minReadySeconds"] = self.deployment["spec"]["minReadySeconds"]
        made: Obj = {
            "kind": "ReplicaSet",
            "apiVersion": "apps/v1",
            "metadata": {
                "name": name,
                "namespace": meta["namespace"],
                "labels": labels,
                "ownerReferences": [controller_reference(self.deployment, "apps", "v1", "Deployment")],
            },
            "spec": spec,
        }
        made["metadata"]["annotations"] = revisions.present_annotations(self.deployment, made, number, exists=False)
        text = f'Created new replica set "{name}"'
        wanted = self._status_with_progress("NewReplicaSetCreated", text, once=False)
        told = Emit(self.deployment, "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {size}")
        self.changes.append(
            Create(REPLICA_SETS, made, then=lambda _: [told] if size else [], refused=self._not_created(name))
        )
        self.changes.append(self._status_change(str(number), wanted))
        return self.plan()

    def _not_created(self, name: str) -> Refused:
        def refused(error: StatusError) -> Plan | None:
            present = self.deployment.get("status") or {}
            if error.reason == "AlreadyExists":
                raised = {**present, "collisionCount": present.get("collisionCount", 0) + 1}
                return Plan([UpdateStatus(RESOURCE, status_update(self.deployment, raised))], retry=True)
            if namespace_terminating(error):
                return None
            text = f'Failed to create new replica set "{name}": {error.message}'
            told: list[Change] = [Emit(self.deployment, "ReplicaSetCreateError", text, "Warning")]
            if status.has_deadline(self.deployment):
                failed = status.with_progress(present, "False", "ReplicaSetCreateError", text, self.now)
                if failed != present:
                    told.insert(0, UpdateStatus(RESOURCE, status_update(self.deployment, failed)))
            return Plan(told, retry=True)

        return refused

    def status(self) -> Obj:
        """The status by counting, with the condition Available."""
        return status.counted(self.deployment, self.all, self.new, self.now)

    def rollout_status(self) -> Obj:
        """The status with what it tells of progress."""
        return status.progress_status(self.deployment, self.all, self.new, self.now)

    def complete(self) -> bool:
        """Whether all pods are of the present template and available, as the status says that is written."""
        return status.complete(self.deployment, self.deployment.get("status") or {})

    def plan(self, after: float | None = None) -> Plan:
        """What was collected."""
        updates = [_resizing(self._before[name], steps) for name, steps in self._steps.items()]
        return Plan([*self.changes, *updates], after)

    def finish(self, wanted: Obj, after: float | None = None) -> Plan:
        """What was collected, and the status last."""
        plan = self.plan(after)
        if wanted != (self.deployment.get("status") or {}):
            plan.changes.append(UpdateStatus(RESOURCE, status_update(self.deployment, wanted)))
        return plan


def _resizing(replica_set: Obj, steps: list[_Step]) -> Update:
    """The changes of one ReplicaSet's size one after the other, each told when it is done."""
    step, *later = steps

    def then(answer: Obj) -> list[Change]:
        return [*step.events, *([_resizing(answer, later)] if later else [])]

    return Update(REPLICA_SETS, step.taken(replica_set), then=then)
