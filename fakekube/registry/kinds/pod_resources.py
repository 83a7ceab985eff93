"""What a pod asks for as a whole: sums over its containers, pod-level defaults and the quality of service class."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.core.podresources import Amounts, add_amounts, aggregate, amounts_of

QOS_RESOURCES = ("cpu", "memory")
POD_LEVEL_RESOURCES = ("cpu", "memory")
HUGE_PAGES = "hugepages-"


def is_sidecar(container: Obj) -> bool:
    """Whether an init container keeps running beside the main ones."""
    return container.get("restartPolicy") == "Always"


def is_pod_level(name: str) -> bool:
    """Whether the amount may be given for the pod as a whole."""
    return name in POD_LEVEL_RESOURCES or name.startswith(HUGE_PAGES)


def default_pod_level(spec: Obj) -> None:
    """Requests of the pod as a whole follow from its limits and its containers; hugepage limits from the latter."""
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
        add_amounts(requests, _counted(amounts_of(part, "requests")))
        add_amounts(limits, own_limits)
        guaranteed = guaranteed and len(own_limits) == len(QOS_RESOURCES)
    if not requests and not limits:
        return "BestEffort"
    return "Guaranteed" if guaranteed and requests == limits else "Burstable"


def _counted(amounts: Amounts) -> Amounts:
    return {name: amounts[name] for name in QOS_RESOURCES if name in amounts and amounts[name].nanos > 0}
