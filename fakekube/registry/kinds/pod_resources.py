"""What a pod asks for as a whole: sums over its containers, pod-level defaults and the quality of service class."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.core.quantity import Quantity, parse

QOS_RESOURCES = ("cpu", "memory")
POD_LEVEL_RESOURCES = ("cpu", "memory")
HUGE_PAGES = "hugepages-"

Amounts = dict[str, Quantity]


def is_sidecar(container: Obj) -> bool:
    """Whether an init container keeps running beside the main ones."""
    return container.get("restartPolicy") == "Always"


def is_pod_level(name: str) -> bool:
    """Whether the amount may be given for the pod as a whole."""
    return name in POD_LEVEL_RESOURCES or name.startswith(HUGE_PAGES)


def amounts_of(container: Obj, side: str) -> Amounts:
    """`side` is requests or limits."""
    listed = (container.get("resources") or {}).get(side) or {}
    return {name: parse(amount) for name, amount in listed.items()}


def aggregate(spec: Obj, side: str) -> Amounts:
    """The sum over the containers, raised to what the init containers need one after the other."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, amounts_of(container, side))
    sidecars: Amounts = {}
    highest: Amounts = {}
    for container in spec.get("initContainers") or ():
        own = amounts_of(container, side)
        if is_sidecar(container):
            _add(total, own)
            _add(sidecars, own)
            _raise(highest, sidecars)
        else:
            _add(own, sidecars)
            _raise(highest, own)
    _raise(total, highest)
    return total


def _add(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def _raise(total: Amounts, floor: Amounts) -> None:
    for name, amount in floor.items():
        if name not in total or total[name] < amount:
            total[name] = amount


def default_pod_level(spec: Obj) -> None:
    """Requests for the pod as a whole follow from its limits and its containers; hugepage limits from the containers."""
    resources = spec["resources"]
    limits, requests = dict(resources.get("limits") or {}), dict(resources.get("requests") or {})
    if not limits and not requests:
        return
    for name, amount in aggregate(spec, "limits").items():
        if name.startswith(HUGE_PAGES) and name not in requests:
            limits.setdefault(name, str(amount))
    if limits:
        for name, amount in aggregate(spec, "requests").items():
            if name in POD_LEVEL_RESOURCES:
                requests.setdefault(name, str(amount))
        for name, text in limits.items():
            if is_pod_level(name):
                requests.setdefault(name, text)
    for side, amounts in (("limits", limits), ("requests", requests)):
        if amounts:
            resources[side] = amounts


def qos_class(spec: Obj) -> str:
    """Guaranteed, Burstable or BestEffort, by cpu and memory alone."""
    level = spec.get("resources")
    parts = [{"resources": level}] if level else [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    requests: Amounts = {}
    limits: Amounts = {}
    guaranteed = True
    for part in parts:
        resources = part.get("resources")
        if not resources:
            guaranteed = False
            continue
        own_limits = _counted(amounts_of(part, "limits"))
        _add(requests, _counted(amounts_of(part, "requests")))
        _add(limits, own_limits)
        guaranteed = guaranteed and len(own_limits) == len(QOS_RESOURCES)
    if not requests and not limits:
        return "BestEffort"
    return "Guaranteed" if guaranteed and requests == limits else "Burstable"


def _counted(amounts: Amounts) -> Amounts:
    return {name: amounts[name] for name in QOS_RESOURCES if name in amounts and amounts[name].nanos > 0}
