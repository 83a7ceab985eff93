"""What an autoscaler's metrics come to: the most that one of them asks for, or why that is not known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from fakekube.controllers.horizontalpodautoscaler import RESOURCE, metrics
from fakekube.controllers.horizontalpodautoscaler import replicas as counting
from fakekube.controllers.horizontalpodautoscaler.metrics import Unknown
from fakekube.controllers.horizontalpodautoscaler.replicas import Proposal, Tolerance
from fakekube.core import selectors
from fakekube.core.meta import Obj, split_api_version
from fakekube.core.quantity import BINARY, DECIMAL, from_milli, parse
from fakekube.machinery.plan import Change, Emit
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.scales import Scale, scale_of
from fakekube.machinery.world import World
from fakekube.storage.values import Key

UNABLE = "the HPA was unable to compute the replica count: "


@dataclass(slots=True)
class Found:
    """The replicas asked for and by what; or the reason and message of the failure, and the error in full."""

    replicas: int = 0
    name: str = ""
    metrics: list[Obj] = field(default_factory=list)
    told: list[Change] = field(default_factory=list)
    failure: tuple[str, str] | None = None
    error: str = ""


class Target(NamedTuple):
    """What metrics are measured of."""

    scaler: Obj
    scale: Scale
    pods: list[PodFacts]
    tolerance: Tolerance
    world: World


class Measured(NamedTuple):
    """One metric: what it asks for, what it is called, and its status."""

    proposal: Proposal
    name: str
    status: Obj


def measure(scaler: Obj, scale: Scale, world: World) -> Found:
    """Ask all metrics; if some fail, the others count only for more replicas."""
    found = Found()
    pods = _pods(found, scaler, scale, world)
    if pods is None:
        return found
    target = Target(scaler, scale, pods, _tolerance(scaler), world)
    failures: list[tuple[str, str, str]] = []
    specs: list[Obj] = scaler["spec"].get("metrics") or []
    for spec in specs:
        row = _KINDS[spec["type"]]
        about = spec.get(row.field) or {}
        try:
            measured = row.measure(about, target)
        except Unknown as error:
            why = str(error)
            found.told.append(Emit(scaler, row.reason, why, "Warning"))
            failures.append(
                (row.reason, UNABLE + why, f"failed to get {row.called(about)} metric value: {row.error(about, why)}")
            )
            found.metrics.append({"type": ""})
            continue
        found.metrics.append({"type": spec["type"], row.field: measured.status})
        if not found.replicas or measured.proposal.replicas > found.replicas:
            found.replicas, found.name = measured.proposal.replicas, measured.name
    if failures and (len(failures) >= len(specs) or found.replicas < scale.wanted):
        reason, message, first = failures[0]
        found.failure = (reason, message)
        found.error = f"invalid metrics ({len(failures)} invalid out of {len(specs)}), first error is: {first}"
    return found


def _pods(found: Found, scaler: Obj, scale: Scale, world: World) -> list[PodFacts] | None:
    """The pods of the target; None if its selector does not tell them, or they have another autoscaler too."""
    namespace, text = scaler["metadata"]["namespace"], scale.selector
    if not text:
        why = "the HPA target's scale is missing a selector"
        _refuse(found, scaler, "SelectorRequired", "selector is required", ("InvalidSelector", why))
        return None
    try:
        matches = selectors.parse(text).matches
    except selectors.SelectorError as error:
        why = f"couldn't convert selector into a corresponding internal selector object: {error}"
        _refuse(found, scaler, "InvalidSelector", why, ("InvalidSelector", why))
        return None
    pods = [pod for pod in world.pods_in(namespace) if matches(pod.labels)]
    rivals = _rivals(scaler, pods, world) if pods else []
    if rivals:
        why = f"pods by selector {text} are controlled by multiple HPAs: [{' '.join(rivals)}]"
        _refuse(found, scaler, "AmbiguousSelector", why, ("AmbiguousSelector", why))
        return None
    return pods


def _refuse(found: Found, scaler: Obj, reason: str, why: str, failure: tuple[str, str]) -> None:
    found.told.append(Emit(scaler, reason, why, "Warning"))
    found.failure, found.error = failure, why


def _rivals(scaler: Obj, pods: list[PodFacts], world: World) -> list[str]:
    """All autoscalers that select one of the pods, if there are several."""
    namespace = scaler["metadata"]["namespace"]
    found = []
    for stored in world.store.list(RESOURCE, namespace):
        text = _selector_of(stored.view, world)
        if text and any(selectors.parse(text).matches(pod.labels) for pod in pods):
            found.append(f"{namespace}/{stored.key.name}")
    return found if len(found) > 1 else []


def _selector_of(scaler: Obj, world: World) -> str:
    reference = scaler["spec"]["scaleTargetRef"]
    group, version = split_api_version(reference.get("apiVersion") or "")
    resource = world.scheme.by_kind(group, version, reference["kind"])
    if resource is None:
        return ""
    target = world.at(Key(resource.storage.id, scaler["metadata"]["namespace"], reference["name"]))
    scale = scale_of(target, resource) if target is not None else None
    return scale.selector if scale is not None else ""


def _tolerance(scaler: Obj) -> Tolerance:
    behavior = scaler["spec"].get("behavior") or {}
    usual = Tolerance()
    down, up = ((behavior.get(name) or {}).get("tolerance") for name in ("scaleDown", "scaleUp"))
    return Tolerance(
        usual.down if down is None else parse(down).milli() / 1000, usual.up if up is None else parse(up).milli() / 1000
    )


def _of_resource(about: Obj, target: Target) -> Measured:
    name, container, wanted = about["name"], about.get("container", ""), about["target"]
    names = (f"{container}.{name}", name) if container else (name,)
    what = "usage" if wanted.get("averageValue") is not None else "utilization"
    try:
        measured = metrics.of_pods(names, target.pods, target.scaler, metrics.NO_RESOURCES)
    except Unknown as error:
        raise Unknown(f"failed to get {name} {what}: unable to get metrics for resource {name}: {error}") from None
    try:
        proposal = _resource_proposal(name, container, wanted, measured, target)
    except Unknown as error:
        raise Unknown(f"failed to get {name} {what}: {error}") from None
    used = str(from_milli(proposal.used, BINARY if name == "memory" else DECIMAL))
    status: Obj = {"name": name, "current": {"averageValue": used}}
    if container:
        status["container"] = container
    if proposal.percent is None:
        return Measured(proposal, f"{name} resource", status)
    status["current"]["averageUtilization"] = proposal.percent
    kind = "container resource" if container else "resource"
    return Measured(proposal, f"{name} {kind} utilization (percentage of request)", status)


def _resource_proposal(name: str, container: str, wanted: Obj, measured: dict[str, int], target: Target) -> Proposal:
    if wanted.get("averageValue") is not None:
        return _averaged(parse(wanted["averageValue"]).milli(), measured, target, cpu=name == "cpu")
    if not target.pods:
        raise Unknown(counting.NO_PODS)
    percent = wanted["averageUtilization"]
    requests = counting.requests_of(target.pods, name, container)
    return counting.from_pods(
        target.pods,
        measured,
        target.scale.wanted,
        target.tolerance,
        counting.by_share(percent, requests),
        lambda pod: requests[pod] * max(100, percent) // 100,
        cpu=name == "cpu",
        now=target.world.now(),
    )


def _averaged(amount: int, measured: dict[str, int], target: Target, *, cpu: bool) -> Proposal:
    return counting.from_pods(
        target.pods,
        measured,
        target.scale.wanted,
        target.tolerance,
        counting.by_average(amount),
        lambda pod: amount,
        cpu=cpu,
        now=target.world.now(),
    )


def _of_pods(about: Obj, target: Target) -> Measured:
    name = about["metric"]["name"]
    missing = f"unable to get metric {name}: {metrics.NO_CUSTOM}"
    measured = metrics.of_pods((name,), target.pods, target.scaler, missing)
    proposal = _averaged(parse(about["target"]["averageValue"]).milli(), measured, target, cpu=False)
    status = {"metric": about["metric"], "current": {"averageValue": str(from_milli(proposal.used))}}
    return Measured(proposal, f"pods metric {name}", status)


def _of_object(about: Obj, target: Target) -> Measured:
    name, described, wanted = about["metric"]["name"], about["describedObject"], about["target"]
    try:
        used = metrics.of_object(name, described, target.scaler, target.world)
    except Unknown as error:
        raise Unknown(f"unable to get metric {name}: {error}") from None
    proposal, current = _shared(used, wanted, target, by_average=wanted["type"] == "AverageValue")
    status = {"describedObject": described, "metric": about["metric"], "current": current}
    if "value" in current:
        return Measured(proposal, f"{described['kind']} metric {name}", status)
    return Measured(proposal, f"external metric {name}({metrics.selector_text(about['metric'])})", status)


def _of_outside(about: Obj, target: Target) -> Measured:
    metric, wanted = about["metric"], about["target"]
    used = metrics.of_outside(metric, target.scaler, target.world)
    proposal, current = _shared(used, wanted, target, by_average=wanted.get("averageValue") is not None)
    name = f"external metric {metric['name']}({metrics.selector_text(metric)})"
    return Measured(proposal, name, {"metric": metric, "current": current})


def _shared(used: int, wanted: Obj, target: Target, *, by_average: bool) -> tuple[Proposal, Obj]:
    """Of a value that all pods share: as a whole, or each pod's part of it."""
    if by_average:
        proposal = counting.from_part(
            used, parse(wanted["averageValue"]).milli(), target.scale.present, target.tolerance
        )
        return proposal, {"averageValue": str(from_milli(proposal.used))}
    whole = parse(wanted["value"]).milli()
    proposal = counting.from_total(used, whole, target.scale.wanted, target.pods, target.tolerance)
    return proposal, {"value": str(from_milli(proposal.used))}


def _plain(about: Obj, why: str) -> str:
    return why


def _outside_error(about: Obj, why: str) -> str:
    name = about["metric"]["name"]
    by_average = about["target"].get("averageValue") is not None
    return (
        f"failed to get {name} external metric: {why}" if by_average else f"failed to get external metric {name}: {why}"
    )


def _object_error(about: Obj, why: str) -> str:
    by_average = about["target"]["type"] == "AverageValue"
    return f"failed to get {about['metric']['name']} object metric: {why}" if by_average else why


class _Kind(NamedTuple):
    """A type of metric: its field, how it is measured, and the words of its failure."""

    field: str
    measure: Callable[[Obj, Target], Measured]
    reason: str
    called: Callable[[Obj], str]
    error: Callable[[Obj, str], str] = _plain


_KINDS = {
    "Resource": _Kind("resource", _of_resource, "FailedGetResourceMetric", lambda about: f"{about['name']} resource"),
    "ContainerResource": _Kind(
        "containerResource",
        _of_resource,
        "FailedGetContainerResourceMetric",
        lambda about: f"{about['container']} container",
    ),
    "Pods": _Kind("pods", _of_pods, "FailedGetPodsMetric", lambda about: "pods"),
    "Object": _Kind("object", _of_object, "FailedGetObjectMetric", lambda about: "object", _object_error),
    "External": _Kind(
        "external",
        _of_outside,
        "FailedGetExternalMetric",
        lambda about: f"{about['metric']['name']} external",
        _outside_error,
    ),
}
