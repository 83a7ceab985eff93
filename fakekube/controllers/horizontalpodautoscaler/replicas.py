"""How many replicas a measure asks for. Rules: kubernetes/pkg/controller/podautoscaler, replica_calculator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from fakekube.controllers.horizontalpodautoscaler.metrics import Unknown
from fakekube.core.meta import Obj, condition, parse_time
from fakekube.core.quantity import parse
from fakekube.machinery.podfacts import PodFacts

INITIALIZATION_SECONDS = 300.0
"""For so long the cpu of a starting pod counts only while the pod is ready."""
READINESS_DELAY_SECONDS = 30.0
"""A pod that turned unready within so long after its start was never really ready."""
NO_PODS = "no pods returned by selector while calculating replica count"
UNREADY = "did not receive metrics for targeted pods (pods might be unready)"


class Tolerance(NamedTuple):
    """How far use may be from its target without anything being done: as parts of the target."""

    down: float = 0.1
    up: float = 0.1

    def holds(self, ratio: float) -> bool:
        """Whether the ratio of use to target is near enough to 1."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


class Proposal(NamedTuple):
    """So many replicas, because so much is used: in thousandths, or also as a percentage of what is asked for."""

    replicas: int
    used: int
    percent: int | None = None


@dataclass(slots=True)
class Groups:
    """The pods of a target, by what their measures are worth."""

    ready: int = 0
    unready: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def grouped(pods: list[PodFacts], measured: dict[str, int], cpu: bool, now: float) -> Groups:
    """Which pods count, which have no measure, and which are not to be judged by theirs."""
    found = Groups()
    for pod in pods:
        if pod.deleting or pod.phase == "Failed":
            found.ignored.append(pod.name)
        elif pod.phase == "Pending":
            found.unready.append(pod.name)
        elif pod.name not in measured:
            found.missing.append(pod.name)
        elif cpu and _is_starting(pod.view, now):
            found.unready.append(pod.name)
        else:
            found.ready += 1
    return found


def _is_starting(pod: Obj, now: float) -> bool:
    """Whether the pod is not ready yet, or never was."""
    ready, started = condition(pod, "Ready"), (pod.get("status") or {}).get("startTime")
    if ready is None or started is None:
        return True
    if ready["status"] != "False":
        return False
    began = parse_time(started)
    if began + INITIALIZATION_SECONDS > now:
        return True
    changed = ready.get("lastTransitionTime")
    return changed is not None and began + READINESS_DELAY_SECONDS > parse_time(changed)


Judged = Callable[[dict[str, int]], tuple[float, int, int | None]]
"""Of measures by pod: the ratio of use to target, the average use, and that as a percentage."""


def from_pods(
    pods: list[PodFacts],
    measured: dict[str, int],
    current: int,
    tolerance: Tolerance,
    judge: Judged,
    when_missing: Callable[[str], int],
    *,
    cpu: bool,
    now: float,
) -> Proposal:
    """The replicas that bring the pods' use to its target. Pods without measure are thought to use what speaks
    against a change: `when_missing` when there is to be less, nothing when there is to be more."""
    if not pods:
        raise Unknown(NO_PODS)
    groups = grouped(pods, measured, cpu, now)
    out = {*groups.ignored, *groups.unready}
    kept = {name: amount for name, amount in measured.items() if name not in out}
    if not kept:
        raise Unknown(UNREADY)
    ratio, used, percent = judge(kept)
    more_while_unready = bool(groups.unready) and ratio > 1.0
    stay = Proposal(current, used, percent)
    if not more_while_unready and not groups.missing:
        return stay if tolerance.holds(ratio) else Proposal(ceil(ratio * groups.ready), used, percent)
    if ratio < 1.0:
        kept |= {name: when_missing(name) for name in groups.missing}
    elif ratio > 1.0:
        kept |= dict.fromkeys(groups.missing, 0)
    if more_while_unready:
        kept |= dict.fromkeys(groups.unready, 0)
    again, _, _ = judge(kept)
    if tolerance.holds(again) or (ratio < 1.0 < again) or (again < 1.0 < ratio):
        return stay
    wanted = ceil(again * len(kept))
    if (again < 1.0 and wanted > current) or (again > 1.0 and wanted < current):
        return stay
    return Proposal(wanted, used, percent)


def by_average(target: int) -> Judged:
    """Judges the average use of a pod."""

    def judge(measured: dict[str, int]) -> tuple[float, int, None]:
        used = sum(measured.values()) // len(measured)
        return used / target, used, None

    return judge


def by_share(percent: int, requests: dict[str, int]) -> Judged:
    """Judges use as a percentage of what the pods ask for."""

    def judge(measured: dict[str, int]) -> tuple[float, int, int]:
        known = [name for name in measured if name in requests]
        asked = sum(requests[name] for name in known)
        if not asked:
            raise Unknown("no metrics returned matched known pods")
        used = sum(measured[name] for name in known)
        share = used * 100 // asked
        return share / percent, used // len(known), share

    return judge


def requests_of(pods: list[PodFacts], resource: str, container: str) -> dict[str, int]:
    """How much of the resource each pod (or one container of it) asks for."""
    return {pod.name: _request(pod.view, resource, container) for pod in pods}


def _request(pod: Obj, resource: str, container: str) -> int:
    spec, name = pod["spec"], pod["metadata"]["name"]
    whole = (spec.get("resources") or {}).get("requests")
    if whole and not container:
        if resource not in whole:
            raise Unknown(f"missing pod-level request for {resource} in Pod {name}")
        return parse(whole[resource]).milli()
    listed = [*spec["containers"], *(each for each in spec.get("initContainers") or () if _is_sidecar(each))]
    chosen = [each for each in listed if container in ("", each["name"])]
    if not chosen:
        raise Unknown(f"container {container} not found in Pod {name}")
    total = 0
    for each in chosen:
        asked = ((each.get("resources") or {}).get("requests") or {}).get(resource)
        if asked is None:
            raise Unknown(f"missing request for {resource} in container {each['name']} of Pod {name}")
        total += parse(asked).milli()
    return total


def _is_sidecar(container: Obj) -> bool:
    return bool(container.get("restartPolicy") == "Always")


def from_total(used: int, target: int, current: int, pods: list[PodFacts], tolerance: Tolerance) -> Proposal:
    """The replicas that bring a value that all share to its target."""
    ratio = used / target
    if not current:
        return Proposal(ceil(ratio), used)
    if tolerance.holds(ratio):
        return Proposal(current, used)
    if not pods:
        raise Unknown(f"unable to calculate ready pods: {NO_PODS}")
    return Proposal(ceil(ratio * sum(1 for pod in pods if pod.phase == "Running" and pod.ready)), used)


def from_part(used: int, target: int, present: int, tolerance: Tolerance) -> Proposal:
    """The replicas among which a value is to be shared so that each has its target."""
    near = present > 0 and tolerance.holds(used / (target * present))
    return Proposal(present if near else ceil(used / target), ceil(used / present) if present else 0)
