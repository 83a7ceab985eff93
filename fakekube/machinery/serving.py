"""What Endpoints and EndpointSlices have in common: which pods serve, on which ports, under which host name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any

from fakekube.core.meta import Obj, labels_of
from fakekube.machinery.controller import NamedKey
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.selection import equality
from fakekube.machinery.workloads import sparse
from fakekube.machinery.world import Index, World
from fakekube.storage.values import Event, Key

SLICES = "endpointslices.discovery.k8s.io"
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
HEADLESS = "service.kubernetes.io/headless"
TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"


def _service_of(piece: Obj) -> Iterable[tuple[str, str, str]]:
    labels = labels_of(piece)
    if SERVICE_NAME in labels:
        yield piece["metadata"]["namespace"], labels[SERVICE_NAME], labels.get(MANAGED_BY, "")


BY_SERVICE = Index(SLICES, _service_of)
"""EndpointSlices by (namespace, service, who manages them)."""


def in_endpoints(pod: PodFacts, *, with_terminating: bool) -> bool:
    """Whether the pod is listed at all: it has an address and has not ended."""
    if pod.terminal or not pod.ips:
        return False
    return with_terminating or not pod.deleting


def hostname(pod: PodFacts, service: Obj) -> str:
    """The host name under which DNS knows the pod of this service; only if its subdomain is the service."""
    meta = service["metadata"]
    return pod.hostname if pod.subdomain == meta["name"] and pod.namespace == meta["namespace"] else ""


def is_headless(service: Obj) -> bool:
    """Whether the service has no address of its own."""
    return service["spec"].get("clusterIP") in (None, "", "None")


def ports_of(service: Obj, pod: PodFacts) -> Iterator[Obj]:
    """The service's ports as they are on the pod, in the form of EndpointPort; without those that it does not have."""
    for port in service["spec"].get("ports") or ():
        number = target_port(port, pod)
        if number is not None:
            yield {
                "name": port.get("name", ""),
                "protocol": port.get("protocol", "TCP"),
                "port": number,
                **sparse({"appProtocol": port.get("appProtocol")}),
            }


def target_port(port: Obj, pod: PodFacts) -> int | None:
    """The number that a service port's target has on the pod."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    spec = pod.view["spec"]
    sidecars = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    for container in [*(spec.get("containers") or ()), *sidecars]:
        for offered in container.get("ports") or ():
            if offered.get("name") == target and offered.get("protocol", "TCP") == port.get("protocol", "TCP"):
                return int(offered["containerPort"])
    return None


def family(address: str) -> str:
    """IPv4 or IPv6."""
    return "IPv6" if ":" in address and ip_address(address).version == 6 else "IPv4"


def target_reference(pod: PodFacts) -> Obj:
    """The reference to a pod that endpoints carry."""
    return {"kind": "Pod", "namespace": pod.namespace, "name": pod.name, "uid": pod.uid}


def trigger_time(service: Obj, pods: Iterable[PodFacts]) -> str:
    """The latest change that the endpoints follow: of the service's making or of a pod's readiness."""
    return max([str(service["metadata"].get("creationTimestamp", "")), *(pod.ready_since for pod in pods)])


def concerned_services(event: Event, world: World) -> Iterable[NamedKey]:
    """The services that select the pod as it was or as it is, if what endpoints show of it changed."""
    before, after = event.before, event.after
    selectors = [
        (stored.key, selector)
        for stored in world.store.list("services", event.key.namespace)
        if (selector := stored.view["spec"].get("selector"))
    ]
    if not selectors or (before is not None and after is not None and not _shows(before.view, after.view)):
        return ()
    labels = [stored.labels for stored in (before, after) if stored is not None]
    if len(labels) == 2 and labels[0] == labels[1]:
        labels.pop()
    found = []
    for key, selector in selectors:
        matches = equality(selector)
        if any(matches(each) for each in labels):
            found.append(NamedKey(key.namespace, key.name))
    return found


def _shows(before: Obj, after: Obj) -> bool:
    return _shown(before) != _shown(after)


def _shown(pod: Obj) -> tuple[Any, ...]:
    meta, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    ready = [each["status"] for each in status.get("conditions") or () if each["type"] == "Ready"]
    place = (spec.get("nodeName"), spec.get("hostname"), spec.get("subdomain"))
    return meta.get("labels"), "deletionTimestamp" in meta, place, status.get("phase"), status.get("podIPs"), ready


def service_at(key: NamedKey, world: World) -> Obj | None:
    """The service, if it selects pods for itself: one of type ExternalName or without selector does not."""
    service = world.at(Key("services", *key))
    if service is None or service["spec"].get("type") == "ExternalName" or not service["spec"].get("selector"):
        return None
    return service
