"""The cells of the kinds of the core group (but pods and what serves traffic), of events and of leases."""

from __future__ import annotations

from typing import Any

from fakekube.core import human, quantity
from fakekube.core.meta import Obj, labels_of
from fakekube.registry.tables.parts import age, name, part, spec, status


def config_map(obj: Obj, now: float) -> list[Any]:
    """Name, Data, Age."""
    return [name(obj), len(obj.get("data") or ()) + len(obj.get("binaryData") or ()), age(obj, now)]


def secret(obj: Obj, now: float) -> list[Any]:
    """Name, Type, Data, Age."""
    return [name(obj), obj.get("type") or "", len(obj.get("data") or ()), age(obj, now)]


def namespace(obj: Obj, now: float) -> list[Any]:
    """Name, Status, Age."""
    return [name(obj), status(obj).get("phase") or "", age(obj, now)]


def name_and_age(obj: Obj, now: float) -> list[Any]:
    """Name, Age."""
    return [name(obj), age(obj, now)]


def component_status(obj: Obj, now: float) -> list[Any]:
    """Name, Status, Message, Error."""
    for condition in obj.get("conditions") or ():
        if condition.get("type") == "Healthy":
            healthy = "Healthy" if condition.get("status") == "True" else "Unhealthy"
            return [name(obj), healthy, condition.get("message") or "", condition.get("error") or ""]
    return [name(obj), "Unknown", "", ""]


_ROLE_PREFIX, _ROLE_LABEL = "node-role.kubernetes.io/", "kubernetes.io/role"


def _roles(node: Obj) -> str:
    labels = labels_of(node)
    found = {key.removeprefix(_ROLE_PREFIX) for key in labels if key.startswith(_ROLE_PREFIX)}
    return human.joined(sorted((found | {labels.get(_ROLE_LABEL, "")}) - {""}))


def _node_status(node: Obj) -> str:
    ready = [each.get("status") for each in status(node).get("conditions") or () if each.get("type") == "Ready"]
    word = ("Ready" if ready[-1] == "True" else "NotReady") if ready else "Unknown"
    return f"{word},SchedulingDisabled" if spec(node).get("unschedulable") else word


def node(obj: Obj, now: float) -> list[Any]:
    """Name, Status, Roles, Age, Version, Internal-IP, External-IP, OS-Image, Kernel-Version, Container-Runtime."""
    info = part(obj, "status", "nodeInfo")
    addresses = {each.get("type"): each.get("address") for each in reversed(status(obj).get("addresses") or ())}
    architecture = f" ({info['architecture']})" if info.get("architecture") else ""
    return [
        name(obj),
        _node_status(obj),
        _roles(obj),
        age(obj, now),
        info.get("kubeletVersion") or "",
        addresses.get("InternalIP", human.NONE),
        addresses.get("ExternalIP", human.NONE),
        info.get("osImage") or human.UNKNOWN,
        (info.get("kernelVersion") or human.UNKNOWN) + architecture,
        info.get("containerRuntimeVersion") or human.UNKNOWN,
    ]


def event(obj: Obj, now: float) -> list[Any]:
    """Last Seen, Type, Reason, Object, Subobject, Source, Message, First Seen, Count, Name."""
    first = human.age(obj.get("firstTimestamp") or obj.get("eventTime"), now)
    last = human.age(obj["lastTimestamp"], now) if obj.get("lastTimestamp") else first
    count = obj.get("count") or 1
    if obj.get("series") is not None:
        last = human.age(obj["series"].get("lastObservedTime"), now)
        count = obj["series"].get("count") or 0
    target, source = part(obj, "involvedObject"), part(obj, "source")
    kind = (target.get("kind") or "").lower()
    component = source.get("component") or obj.get("reportingComponent") or ""
    instance = source.get("host") or obj.get("reportingInstance") or ""
    return [
        last,
        obj.get("type") or "",
        obj.get("reason") or "",
        f"{kind}/{target['name']}" if target.get("name") else kind,
        target.get("fieldPath") or "",
        f"{component}, {instance}" if instance else component,
        (obj.get("message") or "").strip(),
        first,
        count,
        name(obj),
    ]


def resource_quota(obj: Obj, now: float) -> list[Any]:
    """Name, Request, Limit, Age."""
    hard, used = part(obj, "status", "hard"), part(obj, "status", "used")
    texts = {key: f"{key}: {quantity.canonical(used.get(key))}/{hard[key]}" for key in sorted(hard)}
    limits = [text for key, text in texts.items() if key.startswith("limits.")]
    requests = [text for key, text in texts.items() if not key.startswith("limits.")]
    return [name(obj), ", ".join(requests), ", ".join(limits), age(obj, now)]


def lease(obj: Obj, now: float) -> list[Any]:
    """Name, Holder, Age."""
    return [name(obj), spec(obj).get("holderIdentity") or "", age(obj, now)]
