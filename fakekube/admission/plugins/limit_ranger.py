"""LimitRanger: the LimitRanges of a namespace complete what containers ask for, and bound it."""

from __future__ import annotations

from collections.abc import Callable

from fakekube.admission.chain import CREATE, UPDATE, Attributes, Context, Plugin
from fakekube.admission.reading import aggregate, listed, refused
from fakekube.core.meta import Obj, is_deleting
from fakekube.core.podresources import Amounts, requested
from fakekube.core.quantity import ZERO, Quantity, parse

ANNOTATION = "kubernetes.io/limit-ranger"
Rule = Callable[[str, str, Quantity, Amounts, Amounts], str]


class LimitRanger(Plugin):
    name = "LimitRanger"

    def concerns(self, resource_id: str, subresource: str, operation: str) -> bool:
        if resource_id == "pods":
            # What a stored pod asks for changes through its resize subresource alone.
            return (subresource, operation) in (("", CREATE), ("resize", UPDATE))
        return resource_id == "persistentvolumeclaims" and not subresource and operation in (CREATE, UPDATE)

    def handles(self, attributes: Attributes) -> bool:
        return attributes.obj is not None and (attributes.old is None or not is_deleting(attributes.old))

    async def admit(self, attributes: Attributes, context: Context) -> None:
        if attributes.resource.id != "pods" or attributes.obj is None:
            return
        for limit_range in listed(context.store, "limitranges", attributes.namespace):
            complete(attributes.obj, limit_range)

    async def validate(self, attributes: Attributes, context: Context) -> None:
        check = _pod_faults if attributes.resource.id == "pods" else _claim_faults
        for limit_range in listed(context.store, "limitranges", attributes.namespace):
            faults = check(limit_range, attributes.obj or {})
            if faults:
                raise refused(attributes, aggregate(faults))


def _limits(limit_range: Obj, kind: str) -> list[Obj]:
    limits = (limit_range.get("spec") or {}).get("limits") or ()
    return [limit for limit in limits if limit.get("type") == kind]


def complete(pod: Obj, limit_range: Obj) -> None:
    """Give containers the defaults that they lack, and tell so in an annotation."""
    defaults: dict[str, Obj] = {"limits": {}, "requests": {}}
    for limit in _limits(limit_range, "Container"):
        defaults["limits"].update(limit.get("default") or {})
        defaults["requests"].update(limit.get("defaultRequest") or {})
    told: list[str] = []
    spec = pod.get("spec") or {}
    for field, word in (("containers", "container"), ("initContainers", "init container")):
        for container in spec.get(field) or ():
            told += _complete_container(container, defaults, word)
    if told:
        annotations = pod["metadata"].setdefault("annotations", {})
        annotations[ANNOTATION] = "LimitRanger plugin set: " + "; ".join(told)


def _complete_container(container: Obj, defaults: dict[str, Obj], word: str) -> list[str]:
    told = []
    for side, singular in (("requests", "request"), ("limits", "limit")):
        resources = container.setdefault("resources", {})
        own = resources.get(side) or {}
        added = {name: amount for name, amount in defaults[side].items() if name not in own}
        if added:
            resources[side] = {**own, **added}
            told.append(f"{', '.join(sorted(added))} {singular} for {word} {container.get('name', '')}")
    return told


def _pod_faults(limit_range: Obj, pod: Obj) -> list[str]:
    spec = pod.get("spec") or {}
    faults: list[str] = []
    for limit in (limit_range.get("spec") or {}).get("limits") or ():
        if limit.get("type") == "Container":
            for field in ("containers", "initContainers"):
                for container in spec.get(field) or ():
                    resources = container.get("resources") or {}
                    faults += _faults(limit, _amounts(resources.get("requests")), _amounts(resources.get("limits")))
        elif limit.get("type") == "Pod":
            faults += _faults(limit, requested(spec, "requests"), requested(spec, "limits"))
    return faults


def _claim_faults(limit_range: Obj, claim: Obj) -> list[str]:
    requests = _amounts(((claim.get("spec") or {}).get("resources") or {}).get("requests"))
    faults: list[str] = []
    for limit in _limits(limit_range, "PersistentVolumeClaim"):
        for name, amount in sorted((limit.get("min") or {}).items()):
            faults.append(_minimum("PersistentVolumeClaim", name, parse(amount), requests, {}))
        for name, amount in sorted((limit.get("max") or {}).items()):
            faults.append(_maximum_request("PersistentVolumeClaim", name, parse(amount), requests))
    return [fault for fault in faults if fault]


def _amounts(listed_amounts: Obj | None) -> Amounts:
    return {name: parse(amount) for name, amount in (listed_amounts or {}).items()}


def _faults(limit: Obj, requests: Amounts, limits: Amounts) -> list[str]:
    kind = limit["type"]
    found = [
        rule(kind, name, parse(amount), requests, limits)
        for field, rule in _RULES
        for name, amount in sorted((limit.get(field) or {}).items())
    ]
    return [fault for fault in found if fault]


def _minimum(kind: str, name: str, bound: Quantity, requests: Amounts, limits: Amounts) -> str:
    text, request, limit = f"minimum {name} usage per {kind} is {bound}", requests.get(name), limits.get(name)
    if request is None:
        return f"{text}.  No request is specified"
    if request < bound:
        return f"{text}, but request is {request}"
    return f"{text}, but limit is {limit}" if limit is not None and limit < bound else ""


def _maximum(kind: str, name: str, bound: Quantity, requests: Amounts, limits: Amounts) -> str:
    text, request, limit = f"maximum {name} usage per {kind} is {bound}", requests.get(name), limits.get(name)
    if limit is None:
        return f"{text}.  No limit is specified"
    if limit > bound:
        return f"{text}, but limit is {limit}"
    return f"{text}, but request is {request}" if request is not None and request > bound else ""


def _maximum_request(kind: str, name: str, bound: Quantity, requests: Amounts) -> str:
    text, request = f"maximum {name} usage per {kind} is {bound}", requests.get(name)
    if request is None:
        return f"{text}.  No request is specified"
    return f"{text}, but request is {request}" if request > bound else ""


def _ratio(kind: str, name: str, bound: Quantity, requests: Amounts, limits: Amounts) -> str:
    text = f"{name} max limit to request ratio per {kind} is {bound}"
    request, limit = requests.get(name, ZERO), limits.get(name, ZERO)
    if not request:
        return f"{text}, but no request is specified or request is 0"
    if not limit:
        return f"{text}, but no limit is specified or limit is 0"
    ratio = limit.milli() / request.milli()
    return f"{text}, but provided ratio is {ratio:f}" if ratio * 1000 > bound.milli() else ""


_RULES: tuple[tuple[str, Rule], ...] = (("min", _minimum), ("max", _maximum), ("maxLimitRequestRatio", _ratio))
