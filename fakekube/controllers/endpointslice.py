"""EndpointSlices: the addresses behind a service, a hundred to an object, by address family and set of ports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakekube.core.meta import Obj, is_deleting, labels_of
from fakekube.machinery import serving, slices
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Change, Emit, Plan, controller_reference
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.serving import BY_SERVICE, HEADLESS, MANAGED_BY, SERVICE_NAME, SLICES
from fakekube.machinery.slices import Packing
from fakekube.machinery.world import World
from fakekube.storage.values import Event

NAME = "endpointslice-controller.k8s.io"
ZONE = "topology.kubernetes.io/zone"
_OWN = frozenset({SERVICE_NAME, MANAGED_BY, HEADLESS})
_CLOSE = frozenset({"PreferClose", "PreferSameZone", "PreferSameNode"})


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bring the service's slices to what its pods are."""
    service = serving.service_at(key, world)
    if service is None:
        return NOTHING
    existing = world.indexed(BY_SERVICE, (key.namespace, key.name, NAME))
    existing = [each for each in existing if not is_deleting(each)]
    families = service["spec"].get("ipFamilies") or ["IPv4"]
    pods = world.pods_in(key.namespace, {"matchLabels": service["spec"]["selector"]})
    trigger = serving.trigger_time(service, pods)
    changes: list[Change] = []
    missing: list[str] = []
    for family in families:
        mine = [each for each in existing if each["addressType"] == family]
        packing = _of_family(service, pods, mine, family, world, missing)
        if is_deleting(service):
            packing.create = []  # the garbage collector takes away what this would put in its place
        changes += packing.changes(trigger)
    changes += Packing(delete=[each for each in existing if each["addressType"] not in families]).changes()
    return Plan(changes + _told(service, missing, len(families)))


def _told(service: Obj, missing: list[str], families: int) -> list[Change]:
    """A warning about pods that are left out because their nodes are not there."""
    if not missing:
        return []
    text = missing[0] if len(missing) == 1 else "[" + ", ".join(dict.fromkeys(missing)) + "]"
    meta = service["metadata"]
    where = f"{meta['namespace']}/{meta['name']}"
    message = f"Error updating Endpoint Slices for Service {where}: {text}"
    return [Emit(service, "FailedToUpdateEndpointSlices", message, "Warning")]


def _of_family(
    service: Obj, pods: list[PodFacts], existing: list[Obj], family: str, world: World, missing: list[str]
) -> Packing:
    wanted: dict[bytes, dict[tuple[Any, ...], Obj]] = {}
    ports_by_key: dict[bytes, list[Obj]] = {}
    for pod in pods:
        if not serving.in_endpoints(pod, with_terminating=True):
            continue
        ports = list(serving.ports_of(service, pod))
        place = slices.port_key(ports)
        ports_by_key[place] = ports
        group = wanted.setdefault(place, {})
        node = world.get("nodes", "", pod.node) if pod.node else None
        if node is None and not service["spec"].get("publishNotReadyAddresses"):
            meta = service["metadata"]
            text = f"skipping Pod {pod.name} for Service {meta['namespace']}/{meta['name']}: Node {pod.node} Not Found"
            missing.append(text)
            continue
        endpoint = _endpoint(service, pod, node, family)
        if endpoint is not None:
            group[slices.endpoint_key(endpoint)] = endpoint
    return _packed(service, existing, wanted, ports_by_key, family)


def _packed(
    service: Obj,
    existing: list[Obj],
    wanted: dict[bytes, dict[tuple[Any, ...], Obj]],
    ports_by_key: dict[bytes, list[Obj]],
    family: str,
) -> Packing:
    labels = _labels(service)
    total = Packing()
    for place, endpoints in wanted.items():
        old = [each for each in existing if slices.port_key(each.get("ports")) == place]
        new = _new(service, labels, ports_by_key[place], family)
        part = slices.pack(old, endpoints, labels, new, slices.ENDPOINTS_PER_SLICE)
        total.create += part.create
        total.update += part.update
        total.delete += part.delete
    total.delete += [each for each in existing if slices.port_key(each.get("ports")) not in wanted]
    if len(existing) == len(total.delete) and not total.create:
        _keep_place(total, _new(service, labels, [], family))
    total.recycle()
    return total


def _keep_place(packing: Packing, placeholder: Obj) -> None:
    """A service without endpoints has one empty slice."""
    if len(packing.delete) == 1:
        only = packing.delete[0]
        empty = not only.get("endpoints") and not only.get("ports")
        if empty and labels_of(only) == labels_of(placeholder):
            packing.delete = []
            return
    packing.create.append(placeholder)


def _labels(service: Obj) -> dict[str, str]:
    labels = {name: value for name, value in labels_of(service).items() if name not in _OWN}
    if serving.is_headless(service):
        labels[HEADLESS] = ""
    return labels | {SERVICE_NAME: service["metadata"]["name"], MANAGED_BY: NAME}


def _new(service: Obj, labels: dict[str, str], ports: list[Obj], family: str) -> Obj:
    meta = service["metadata"]
    return {
        "kind": "EndpointSlice",
        "apiVersion": "discovery.k8s.io/v1",
        "metadata": {
            "generateName": f"{meta['name']}-",
            "namespace": meta["namespace"],
            "labels": labels,
            "ownerReferences": [controller_reference(service, "", "v1", "Service")],
        },
        "addressType": family,
        "endpoints": None,
        "ports": ports or None,
    }


def _endpoint(service: Obj, pod: PodFacts, node: Obj | None, family: str) -> Obj | None:
    addresses = [each for each in pod.ips if serving.family(each) == family]
    if not addresses:
        return None
    ready = bool(service["spec"].get("publishNotReadyAddresses")) or (pod.ready and not pod.deleting)
    conditions = {"ready": ready, "serving": pod.ready, "terminating": pod.deleting}
    endpoint: Obj = {"addresses": addresses, "conditions": conditions}
    if name := serving.hostname(pod, service):
        endpoint["hostname"] = name
    endpoint["targetRef"] = serving.target_reference(pod)
    if pod.node:
        endpoint["nodeName"] = pod.node
    if node is not None and (zone := labels_of(node).get(ZONE)):
        endpoint["zone"] = zone
    hints = _hints(service, endpoint)
    return {**endpoint, "hints": hints} if hints else endpoint


def _hints(service: Obj, endpoint: Obj) -> Obj:
    """For whom the endpoint is meant, if the service prefers what is close."""
    close = service["spec"].get("trafficDistribution")
    if close not in _CLOSE or not endpoint["conditions"]["ready"] or _by_topology(service):
        return {}
    hints: Obj = {"forZones": [{"name": endpoint["zone"]}]} if "zone" in endpoint else {}
    if close == "PreferSameNode" and "nodeName" in endpoint:
        hints["forNodes"] = [{"name": endpoint["nodeName"]}]
    return hints


def _by_topology(service: Obj) -> bool:
    annotations = service["metadata"].get("annotations") or {}
    mode = annotations.get(
        "service.kubernetes.io/topology-aware-hints", annotations.get("service.kubernetes.io/topology-mode")
    )
    return mode in ("Auto", "auto")


def _of_slice(event: Event, world: World) -> Iterable[NamedKey]:
    """The service of a slice that this controller manages, or managed."""
    for stored in (event.before, event.after):
        if stored is not None and stored.labels.get(MANAGED_BY) == NAME and SERVICE_NAME in stored.labels:
            yield NamedKey(event.key.namespace, stored.labels[SERVICE_NAME])


def _of_node(event: Event, world: World) -> Iterable[NamedKey]:
    """A node that comes brings in the endpoints of the pods that are bound to it already."""
    if event.before is not None or event.after is None:
        return
    for pod in world.pods_on(event.key.name):
        for stored in world.store.list("services", pod.namespace):
            selector = stored.view["spec"].get("selector")
            if selector and selector.items() <= pod.labels.items():
                yield NamedKey(stored.key.namespace, stored.key.name)


CONTROLLER = Controller(
    name="endpointslice",
    reconcile=reconcile,
    watches=(
        Watch("services", itself),
        Watch("pods", serving.concerned_services),
        Watch(SLICES, _of_slice),
        Watch("nodes", _of_node),
    ),
    user=service_account("endpointslice-controller"),
    component="endpoint-slice-controller",
)
