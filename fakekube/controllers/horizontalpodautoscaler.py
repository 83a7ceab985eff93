"""HorizontalPodAutoscaler: keeps its target within bounds. There is no metrics API here, so no load is ever known."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, parse_time, split_api_version, time_text
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Change, Emit, Patch, Plan, UpdateStatus
from fakekube.machinery.scales import replicas_of
from fakekube.machinery.workloads import set_condition, sparse, status_update
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

RESOURCE = "horizontalpodautoscalers.autoscaling"
EVERY_SECONDS = 15.0
GOT_SCALE = "the HPA controller was able to get the target's current scale"
NO_SCALE = "the HPA controller was unable to get the target's current scale: "
NOT_SERVED = "the server could not find the requested resource (get pods.metrics.k8s.io)"
NO_RESOURCE_METRICS = f"unable to fetch metrics from resource metrics API: {NOT_SERVED}"
NO_CUSTOM_METRICS = (
    "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered"
)
NO_EXTERNAL_METRICS = (
    "unable to fetch metrics from external metrics API: the server could not find the requested resource "
    "(get {}.external.metrics.k8s.io)"
)


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
    key, current = found
    status = _state(scaler, "AbleToScale", "True", "SucceededGetScale", GOT_SCALE, world)
    least, most = scaler["spec"].get("minReplicas", 1), scaler["spec"]["maxReplicas"]
    if current == 0 and least != 0:
        text = "scaling is disabled since the replica count of the target is zero"
        status = _with(status, "ScalingActive", "False", "ScalingDisabled", text, world)
        return _write(scaler, _counted(scaler, status, current, 0), [])
    if current > most:
        return _rescale(scaler, key, current, most, "Current number of replicas above Spec.MaxReplicas", world)
    if current < least:
        return _rescale(scaler, key, current, least, "Current number of replicas below Spec.MinReplicas", world)
    return _without_metrics(scaler, status, current, world)


def _target(scaler: Obj, world: World) -> tuple[Key, int] | str:
    """The target's key and replica count, or why they cannot be had."""
    reference = scaler["spec"]["scaleTargetRef"]
    group, version = split_api_version(reference.get("apiVersion") or "")
    resource = world.scheme.by_kind(group, version, reference["kind"])
    if resource is None:
        return f'no matches for kind "{reference["kind"]}" in group "{group}"'
    key = Key(resource.storage.id, scaler["metadata"]["namespace"], reference["name"])
    target = world.at(key)
    if target is None:
        return f'{resource.id} "{key.name}" not found'
    count = replicas_of(target, resource, world)
    return (key, count) if count is not None else "the server could not find the requested resource"


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


def _counted(scaler: Obj, status: Obj, current: int, desired: int) -> Obj:
    """With the replica counts; desiredReplicas is always told."""
    found = {**status, **sparse({"currentReplicas": current}), "desiredReplicas": desired}
    if not current:
        found.pop("currentReplicas", None)
    if not found.get("currentMetrics"):
        found["currentMetrics"] = None
    return found


def _rescale(scaler: Obj, key: Key, current: int, wanted: int, why: str, world: World) -> Plan:
    text = f"the HPA controller was able to update the target scale to {wanted}"
    status = _state(scaler, "AbleToScale", "True", "SucceededRescale", text, world)
    status = _counted(scaler, {**status, "lastScaleTime": time_text(world.now())}, current, wanted)
    told = Emit(scaler, "SuccessfulRescale", f"New size: {wanted}; reason: {why}")

    def refused(error: StatusError) -> Plan:
        failed = Emit(scaler, "FailedRescale", f"New size: {wanted}; reason: {why}; error: {error.message}", "Warning")
        reason = f"the HPA controller was unable to update the target scale: {error.message}"
        return _write(scaler, _state(scaler, "AbleToScale", "False", "FailedUpdateScale", reason, world), [failed])

    write = Patch(key, {"spec": {"replicas": wanted}}, "merge", "scale", refused=refused)
    return _write(scaler, status, [write, told])


def _failure(metric: Obj) -> tuple[str, str, str]:
    """Why a metric is not known: the reason, what it is called, and the words."""
    kind = metric["type"]
    about = metric.get(kind[0].lower() + kind[1:]) or {}
    return _FAILURES[kind](about)


def _of_resource(about: Obj) -> tuple[str, str, str]:
    name, target = about.get("name", ""), about.get("target") or {}
    what = "usage" if target.get("averageValue") is not None else "utilization"
    why = f"failed to get {name} {what}: unable to get metrics for resource {name}: {NO_RESOURCE_METRICS}"
    return "FailedGetResourceMetric", f"{name} resource", why


def _of_container(about: Obj) -> tuple[str, str, str]:
    _, _, why = _of_resource(about)
    return "FailedGetContainerResourceMetric", f"{about.get('container', '')} container", why


def _of_pods(about: Obj) -> tuple[str, str, str]:
    name = (about.get("metric") or {}).get("name", "")
    return "FailedGetPodsMetric", "pods", f"unable to get metric {name}: {NO_CUSTOM_METRICS}"


def _of_object(about: Obj) -> tuple[str, str, str]:
    name, described = (about.get("metric") or {}).get("name", ""), about.get("describedObject") or {}
    where = f"{described.get('kind', '')} {described.get('name', '')}"
    return "FailedGetObjectMetric", "object", f"unable to get metric {name}: {NO_CUSTOM_METRICS} on {where}"


def _of_external(about: Obj) -> tuple[str, str, str]:
    name = (about.get("metric") or {}).get("name", "")
    return "FailedGetExternalMetric", f"{name} external", NO_EXTERNAL_METRICS.format(name)


_FAILURES: dict[str, Callable[[Obj], tuple[str, str, str]]] = {
    "Resource": _of_resource,
    "ContainerResource": _of_container,
    "Pods": _of_pods,
    "Object": _of_object,
    "External": _of_external,
}


def _without_metrics(scaler: Obj, status: Obj, current: int, world: World) -> Plan:
    """No load is known: the replicas stay, and the first failure is told in condition and events."""
    failures = [_failure(metric) for metric in scaler["spec"].get("metrics") or ()]
    desired = (scaler.get("status") or {}).get("desiredReplicas", 0)
    if not failures:
        return _write(scaler, _counted(scaler, status, current, desired), [])
    reason, name, why = failures[0]
    text = f"the HPA was unable to compute the replica count: {why}"
    status = _with(status, "ScalingActive", "False", reason, text, world)
    count = len(failures)
    invalid = (
        f"invalid metrics ({count} invalid out of {count}), first error is: failed to get {name} metric value: {why}"
    )
    told: list[Change] = [Emit(scaler, each[0], each[2], "Warning") for each in failures]
    told.append(Emit(scaler, "FailedComputeMetricsReplicas", invalid, "Warning"))
    return _write(scaler, _counted(scaler, status, current, desired), told)


def _write(scaler: Obj, status: Obj, changes: list[Change]) -> Plan:
    if status == (scaler.get("status") or {}):
        return Plan(changes)
    return Plan([*changes, UpdateStatus(RESOURCE, status_update(scaler, status))])


def _of_scaler(event: Event, world: World) -> Iterable[NamedKey]:
    """A scaler that is made or changed; not when only its status was written, which happens here."""
    before, after = event.before, event.after
    if after is None or (before is not None and before.view["spec"] == after.view["spec"]):
        return ()
    return itself(event, world)


CONTROLLER = Controller(
    name="horizontalpodautoscaler",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, _of_scaler),),
    user=service_account("horizontal-pod-autoscaler"),
    component="horizontal-pod-autoscaler",
)
