"""Endpoints: the addresses behind a service in one object of its name, as older clients read them."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Any

from fakekube.controllers.podports import PodPorts
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, labels_of
from fakekube.machinery import serving
from fakekube.machinery.committer import namespace_terminating
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Create, Delete, Emit, Plan, Update
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.subsets import repacked
from fakekube.machinery.workloads import copied, sparse
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
NAME = "endpoint-controller"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
CAPACITY = 1000
"""The most addresses that one Endpoints object holds."""
LEADER = "control-plane.alpha.kubernetes.io/leader"


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bring the service's Endpoints to what its pods are."""
    present = world.get("endpoints", *key)
    if world.get("services", *key) is None:
        return Plan([Delete(Key("endpoints", *key))]) if present is not None and not _is_lock(present) else NOTHING
    service = serving.service_at(key, world)
    if service is None:
        return NOTHING
    pods = world.pods_in(key.namespace, {"matchLabels": service["spec"]["selector"]})
    subsets, over = _cut(_subsets(service, pods))
    if present is not None and _same(present, service, subsets, over):
        return NOTHING
    return _write(service, present, subsets, serving.trigger_time(service, pods), over)


def _is_lock(endpoints: Obj) -> bool:
    """Whether it is no service's Endpoints but a lock by which leaders were elected of old."""
    return LEADER in (endpoints["metadata"].get("annotations") or {})


def _subsets(service: Obj, pods: list[PodFacts]) -> list[Obj]:
    publish = bool(service["spec"].get("publishNotReadyAddresses"))
    family = (service["spec"].get("ipFamilies") or ["IPv4"])[0]
    ports = PodPorts(service, _ports)
    alone = not service["spec"].get("ports")
    if alone and not serving.is_headless(service):
        return []
    pieces: list[tuple[Obj, bool, Obj | None]] = []
    for pod in pods:
        if not serving.in_endpoints(pod, with_terminating=publish):
            continue
        address = _address(service, pod, family)
        if address is None:
            continue
        ready = publish or pod.ready
        if alone:
            pieces.append((address, ready, None))
        else:
            pieces += [(address, ready, port) for port in ports.of(pod)]
    return repacked(pieces)


def _address(service: Obj, pod: PodFacts, family: str) -> Obj | None:
    for ip in pod.ips:
        if serving.family(ip) == family:
            break
    else:
        return None
    address: Obj = {"ip": ip}
    if name := serving.hostname(pod, service):
        address["hostname"] = name
    if pod.node:
        address["nodeName"] = pod.node
    address["targetRef"] = serving.target_reference(pod)
    return address


def _ports(ports: list[Obj]) -> list[Obj]:
    """EndpointPorts of v1, which leave an empty name out."""
    return [sparse(port) for port in ports]


def _cut(subsets: list[Obj]) -> tuple[list[Obj], bool]:
    """No more than the capacity: ready addresses before others, each subset its part."""
    ready = sum(len(each.get("addresses", ())) for each in subsets)
    others = sum(len(each.get("notReadyAddresses", ())) for each in subsets)
    if ready + others <= CAPACITY:
        return subsets, False
    kind, total, room = ("addresses", ready, CAPACITY)
    if ready <= CAPACITY:
        kind, total, room = ("notReadyAddresses", others, CAPACITY - ready)
    left = room
    found: list[Obj] = []
    for each in subsets:
        listed: list[Any] = each.get(kind, [])
        count = min(left, ceil(len(listed) / total * room))
        left -= min(count, len(listed))
        kept = {**each, kind: listed[:count]}
        if kind == "addresses":
            kept.pop("notReadyAddresses", None)
        found.append({name: value for name, value in kept.items() if value})
    return [each for each in found if "addresses" in each or "notReadyAddresses" in each], True


def _labels(service: Obj) -> dict[str, str]:
    labels = {name: value for name, value in labels_of(service).items() if name != serving.HEADLESS}
    if serving.is_headless(service):
        labels[serving.HEADLESS] = ""
    return labels | {MANAGED_BY: NAME}


def _same(present: Obj, service: Obj, subsets: list[Obj], over: bool) -> bool:
    annotations = present["metadata"].get("annotations") or {}
    if over or OVER_CAPACITY in annotations or labels_of(present) != _labels(service):
        return False
    known: list[Obj] = present.get("subsets") or []
    return known == subsets or (_tells_versions(known) and _without_versions(known) == subsets)


def _tells_versions(subsets: list[Obj]) -> bool:
    listed = (subset.get(kind) or () for subset in subsets for kind in ("addresses", "notReadyAddresses"))
    return any("resourceVersion" in (address.get("targetRef") or ()) for addresses in listed for address in addresses)


def _without_versions(subsets: list[Obj]) -> list[Obj]:
    """Subsets to compare by, without the versions that references may hold."""
    copy: list[Obj] = copied(subsets)
    for subset in copy:
        for kind in ("addresses", "notReadyAddresses"):
            for address in subset.get(kind, ()):
                address.get("targetRef", {}).pop("resourceVersion", None)
    return copy


def _write(service: Obj, present: Obj | None, subsets: list[Obj], trigger: str, over: bool) -> Plan:
    meta = service["metadata"]
    base: Obj = {"name": meta["name"], "namespace": meta["namespace"]} if present is None else present["metadata"]
    annotations = dict(base.get("annotations") or {})
    if trigger > annotations.pop(serving.TRIGGER_TIME, ""):
        annotations[serving.TRIGGER_TIME] = trigger
    annotations.pop(OVER_CAPACITY, None)
    if over:
        annotations[OVER_CAPACITY] = "truncated"
    made = {**base, "labels": _labels(service), "annotations": annotations}
    if not annotations:
        del made["annotations"]
    endpoints: Obj = {"kind": "Endpoints", "apiVersion": "v1", "metadata": made}
    if subsets:
        endpoints["subsets"] = subsets
    told = f"{meta['namespace']}/{meta['name']}"

    def refused(error: StatusError) -> Plan | None:
        if namespace_terminating(error):
            return None
        if present is None:
            reason, text = "FailedToCreateEndpoint", f"Failed to create endpoint for service {told}: {error.message}"
        else:
            reason, text = "FailedToUpdateEndpoint", f"Failed to update endpoint {told}: {error.message}"
        return Plan([Emit(endpoints, reason, text, "Warning")], retry=True)

    change = Create if present is None else Update
    return Plan([change("endpoints", endpoints, refused=refused)])


def _lost(event: Event, world: World) -> Iterable[NamedKey]:
    """Endpoints that were taken away are made anew; those that somebody writes without a service are none of ours."""
    if event.after is None or world.get("services", event.key.namespace, event.key.name) is not None:
        return itself(event, world)
    return ()


CONTROLLER = Controller(
    name="endpoints",
    reconcile=reconcile,
    watches=(
        Watch("services", itself),
        Watch("pods", serving.concerned_services),
        Watch("endpoints", _lost),
    ),
    user=service_account("endpoint-controller"),
    component="endpoint-controller",
)
