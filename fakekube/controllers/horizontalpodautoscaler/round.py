"""One look at an autoscaler: what its target has, what its metrics ask for, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from fakekube.controllers.horizontalpodautoscaler import RESOURCE, measuring
from fakekube.controllers.horizontalpodautoscaler.pace import Memory, Noted, Past, decide, note_scaling
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, parse_time, split_api_version, time_text
from fakekube.machinery.controller import NamedKey
from fakekube.machinery.plan import NOTHING, Change, Emit, Patch, Plan, UpdateStatus
from fakekube.machinery.scales import Scale, scale_of
from fakekube.machinery.workloads import set_condition, status_update
from fakekube.machinery.world import World
from fakekube.storage.values import Key

EVERY_SECONDS = 15.0
GOT_SCALE = "the HPA controller was able to get the target's current scale"
NO_SCALE = "the HPA controller was unable to get the target's current scale: "


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bring the target within its bounds, or say why that cannot be judged; every fifteen seconds."""
    scaler = world.get(RESOURCE, *key)
    if scaler is None:
        return NOTHING
    wait = _first_look(scaler) - world.now()
    if wait > 0:
        return Plan(after=wait)
    plan = _look(scaler, world)
    return Plan(plan.changes, EVERY_SECONDS)


def _first_look(scaler: Obj) -> float:
    """A new autoscaler is looked at when its first period is over; 0 for others."""
    if (scaler.get("status") or {}).get("conditions"):
        return 0.0
    return parse_time(scaler["metadata"]["creationTimestamp"]) + EVERY_SECONDS


def _look(scaler: Obj, world: World) -> Plan:
    found = _target(scaler, world)
    if isinstance(found, str):
        told = Emit(scaler, "FailedGetScale", found, "Warning")
        return _write(scaler, _state(scaler, "AbleToScale", "False", "FailedGetScale", NO_SCALE + found, world), [told])
    key, scale = found
    past = world.follower(Memory).of(scaler)
    if not past.recommended:
        past.recommended.append(Noted(scale.wanted, world.now()))
    status = _state(scaler, "AbleToScale", "True", "SucceededGetScale", GOT_SCALE, world)
    least, most = scaler["spec"].get("minReplicas", 1), scaler["spec"]["maxReplicas"]
    work = Work(scaler, world, key, scale, past, status)
    if scale.wanted == 0:
        text = "scaling is disabled since the replica count of the target is zero"
        work.state("ScalingActive", "False", "ScalingDisabled", text)
        return work.finished(0, None)
    if scale.wanted > most:
        return work.rescaled(most, "Current number of replicas above Spec.MaxReplicas", None)
    if scale.wanted < least:
        return work.rescaled(least, "Current number of replicas below Spec.MinReplicas", None)
    return _by_metrics(work)


@dataclass(slots=True)
class Work:
    """One look at an autoscaler: what is known of it, the status that is to be, and what is told."""

    scaler: Obj
    world: World
    key: Key
    scale: Scale
    past: Past
    status: Obj
    told: list[Change] = field(default_factory=list)

    def state(self, kind: str, state: str, reason: str, message: str) -> None:
        """Set a condition."""
        self.status = _with(self.status, kind, state, reason, message, self.world)

    def finished(self, desired: int, metrics: list[Obj] | None) -> Plan:
        """The replicas stay; the status says what was found."""
        return _write(self.scaler, _counted(self.status, self.scale.wanted, desired, metrics), self.told)

    def rescaled(self, wanted: int, why: str, metrics: list[Obj] | None) -> Plan:
        """The target gets another number of replicas."""
        scaler, world, current = self.scaler, self.world, self.scale.wanted

        def refused(error: StatusError) -> Plan:
            text = f"New size: {wanted}; reason: {why}; error: {error.message}"
            reason = f"the HPA controller was unable to update the target scale: {error.message}"
            status = _with(self.status, "AbleToScale", "False", "FailedUpdateScale", reason, world)
            old = (scaler.get("status") or {}).get("desiredReplicas", 0)
            failed = Emit(scaler, "FailedRescale", text, "Warning")
            return _write(scaler, _counted(status, current, old, metrics), [failed])

        def done(answer: Obj) -> list[Change]:
            note_scaling(scaler, self.past, current, wanted, world.now())
            return [Emit(scaler, "SuccessfulRescale", f"New size: {wanted}; reason: {why}")]

        text = f"the HPA controller was able to update the target scale to {wanted}"
        status = _with(self.status, "AbleToScale", "True", "SucceededRescale", text, world)
        status = _counted({**status, "lastScaleTime": time_text(world.now())}, current, wanted, metrics)
        write = Patch(self.key, {"spec": {"replicas": wanted}}, "merge", "scale", then=done, refused=refused)
        return _write(scaler, status, [*self.told, write])


def _by_metrics(work: Work) -> Plan:
    """What the metrics ask for, at the pace that the autoscaler has."""
    scaler, current = work.scaler, work.scale.wanted
    found = measuring.measure(scaler, work.scale, work.world)
    work.told += found.told
    if found.failure is not None:
        work.state("ScalingActive", "False", *found.failure)
        work.told.append(Emit(scaler, "FailedComputeMetricsReplicas", found.error, "Warning"))
        return work.finished((scaler.get("status") or {}).get("desiredReplicas", 0), found.metrics)
    text = f"the HPA was able to successfully calculate a replica count from {found.name}"
    work.state("ScalingActive", "True", "ValidMetricFound", text)
    decision = decide(scaler, work.past, current, found.replicas, work.world.now())
    work.state("AbleToScale", "True", *decision.stabilized)
    work.state("ScalingLimited", "True" if decision.limited else "False", *decision.limit)
    if decision.replicas == current:
        return work.finished(current, found.metrics)
    why = f"{found.name} above target" if found.replicas > current else ""
    why = "All metrics below target" if found.replicas < current else why
    return work.rescaled(decision.replicas, why, found.metrics)


def _target(scaler: Obj, world: World) -> tuple[Key, Scale] | str:
    """The target's key and scale, or why they cannot be had."""
    reference = scaler["spec"]["scaleTargetRef"]
    group, version = split_api_version(reference.get("apiVersion") or "")
    resource = world.scheme.by_kind(group, version, reference["kind"])
    if resource is None:
        return f'no matches for kind "{reference["kind"]}" in group "{group}"'
    key = Key(resource.storage.id, scaler["metadata"]["namespace"], reference["name"])
    target = world.at(key)
    if target is None:
        return f'{resource.id} "{key.name}" not found'
    scale = scale_of(target, resource)
    return (key, scale) if scale is not None else "the server could not find the requested resource"


def _state(scaler: Obj, kind: str, state: str, reason: str, message: str, world: World) -> Obj:
    return _with(dict(scaler.get("status") or {}), kind, state, reason, message, world)


def _with(status: Obj, kind: str, state: str, reason: str, message: str, world: World) -> Obj:
    """The status with the condition, which keeps its place among the others."""
    entry = {"type": kind, "status": state, "reason": reason, "message": message}
    old: list[Obj] = status.get("conditions") or []
    made = set_condition([each for each in old if each["type"] == kind], entry, world.now())[0]
    made = {**made, "reason": reason, "message": message}
    if all(each["type"] != kind for each in old):
        return {**status, "conditions": [*old, made]}
    return {**status, "conditions": [made if each["type"] == kind else each for each in old]}


def _counted(status: Obj, current: int, desired: int, metrics: list[Obj] | None) -> Obj:
    """With the replica counts and the metrics; desiredReplicas is always told."""
    found = {**status, "currentReplicas": current, "desiredReplicas": desired, "currentMetrics": metrics or None}
    if not current:
        del found["currentReplicas"]
    return found


def _write(scaler: Obj, status: Obj, changes: list[Change]) -> Plan:
    if status == (scaler.get("status") or {}):
        return Plan(changes)
    return Plan([*changes, UpdateStatus(RESOURCE, status_update(scaler, status))])
