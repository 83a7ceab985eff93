"""EndpointSlices: the addresses behind a service, a hundred to an object, by address family and set of ports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakekube.controllers.podports import PodPorts
from fakekube.core.meta import Obj, is_deleting, labels_of
from fakekube.machinery import serving, slices, topology
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Change, Emit, Plan, controller_reference
from fakekube.machinery.podfacts import PodFacts
from fakekube.machinery.serving import BY_SERVICE, HEADLESS, MANAGED_BY, SERVICE_NAME, SLICES
from fakekube.machinery.slices import Packing
from fakekube.machinery.topology import ZONE, Hinted
from fakekube.machinery.world import World
from fakekube.storage.values import Event

NAME = "endpointslice-controller.k8s.io"
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
    told: list[Change] = []
    missing: list[str] = []
    for family in families:
        mine = [each for each in existing if each["addressType"] == family]
        packing = _of_family(service, pods, mine, family, world, missing)
        told += _hinted(service, packing, family, world)
        if is_deleting(service):
            packing.create = []  # the garbage collector takes away what this would put in its place
        changes += packing.changes(trigger)
    changes += Packing(delete=[each for each in existing if each["addressType"] not in families]).changes()
    return Plan(changes + told + _told(service, missing, len(families)))


def _hinted(service: Obj, packing: Packing, family: str, world: World) -> list[Change]:
    """Hints by topology where the Service asks for them; what is told of their coming and going."""
    hinted, place = world.follower(Hinted).services, (service["metadata"]["namespace"], service["metadata"]["name"])
    if not topology.is_automatic(service):
        known = place in hinted
        hinted.discard(place)
        return [_off(service, topology.DISABLED, family)] if known else []
    count = len(packing.create)
    try:
        pieces, kept = topology.assign([*packing.create, *packing.update], packing.keep, topology.zone_ratios(world))
    except topology.Refused as error:
        hinted.discard(place)
        packing.create = topology.without_hints(packing.create)
        packing.update = topology.without_hints([*packing.update, *filter(topology.has_hints, packing.keep)])
        return [_off(service, str(error), family)]
    packing.create, packing.update, packing.keep = pieces[:count], pieces[count:], kept
    if place in hinted:
        return []
    hinted.add(place)
    return [Emit(service, "TopologyAwareHintsEnabled", f"{topology.ENABLED}, addressType: {family}")]


def _off(service: Obj, why: str, family: str) -> Change:
    return Emit(service, "TopologyAwareHintsDisabled", f"{why}, addressType: {family}", "Warning")


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
    old = _old_hints(existing) if topology.is_automatic(service) else {}
    pod_ports = PodPorts(service, lambda ports: (ports, slices.port_key(ports)))
    publish = bool(service["spec"].get("publishNotReadyAddresses"))
    zones: dict[str, str | None] = {}
    for pod in pods:
        if not serving.in_endpoints(pod, with_terminating=True):
            continue
        ports, place = pod_ports.of(pod)
        ports_by_key[place] = ports
        group = wanted.setdefault(place, {})
        zone = _zone_of(pod.node, zones, world) if pod.node else None
        if zone is None and not publish:
            meta = service["metadata"]
            text = f"skipping Pod {pod.name} for Service {meta['namespace']}/{meta['name']}: Node {pod.node} Not Found"
            missing.append(text)
            continue
        endpoint = _endpoint(service, pod, zone, family, publish=publish)
        if endpoint is not None:
            at = slices.endpoint_key(endpoint)
            group[at] = {**endpoint, "hints": old[at]} if at in old else endpoint
    return _packed(service, existing, wanted, ports_by_key, family)


def _old_hints(existing: list[Obj]) -> dict[tuple[Any, ...], Obj]:
    """The hints that endpoints have by topology: they stay unless the whole has changed."""
    endpoints = [each for piece in existing for each in piece.get("endpoints") or ()]
    return {slices.endpoint_key(each): each["hints"] for each in endpoints if "hints" in each}


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
        total.keep += part.keep
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


def _zone_of(name: str, known: dict[str, str | None], world: World) -> str | None:
    """The zone of a node, '' if it has none; None if there is no such node. Each question counts as a look at it."""
    if name in known:
        world.reads += 1
        return known[name]
    node = world.get("nodes", "", name)
    found = known[name] = None if node is None else labels_of(node).get(ZONE) or ""
    return found


def _endpoint(service: Obj, pod: PodFacts, zone: str | None, family: str, *, publish: bool) -> Obj | None:
    addresses = [each for each in pod.ips if serving.family(each) == family]
    if not addresses:
        return None
    ready = publish or (pod.ready and not pod.deleting)
    conditions = {"ready": ready, "serving": pod.ready, "terminating": pod.deleting}
    endpoint: Obj = {"addresses": addresses, "conditions": conditions}
    if name := serving.hostname(pod, service):
        endpoint["hostname"] = name
    endpoint["targetRef"] = serving.target_reference(pod)
    if pod.node:
        endpoint["nodeName"] = pod.node
    if zone:
        endpoint["zone"] = zone
    hints = _hints(service, endpoint) if service["spec"].get("trafficDistribution") else {}
    return {**endpoint, "hints": hints} if hints else endpoint


def _hints(service: Obj, endpoint: Obj) -> Obj:
    """For whom the endpoint is meant, if the service prefers what is close."""
    close = service["spec"].get("trafficDistribution")
    if close not in _CLOSE or not endpoint["conditions"]["ready"] or topology.is_automatic(service):
        return {}
    hints: Obj = {"forZones": [{"name": endpoint["zone"]}]} if "zone" in endpoint else {}
    if close == "PreferSameNode" and "nodeName" in endpoint:
        hints["forNodes"] = [{"name": endpoint["nodeName"]}]
    return hints


def _of_slice(event: Event, world: World) -> Iterable[NamedKey]:
    """The service of a slice that this controller manages, or managed."""
    return [
        NamedKey(event.key.namespace, stored.labels[SERVICE_NAME])
        for stored in (event.before, event.after)
        if stored is not None and stored.labels.get(MANAGED_BY) == NAME and SERVICE_NAME in stored.labels
    ]


def _of_node(event: Event, world: World) -> Iterable[NamedKey]:
    """A node that comes brings in the endpoints of the pods that are bound to it already; one that changes what its
    zone carries may change hints."""
    before, after = (None if stored is None else stored.view for stored in (event.before, event.after))
    found = list(_overloaded(world)) if topology.node_facts(before) != topology.node_facts(after) else []
    if before is not None or after is None:
        return found
    for pod in world.pods_on(event.key.name):
        for stored in world.store.list("services", pod.namespace):
            selector = stored.view["spec"].get("selector")
            if selector and selector.items() <= pod.labels.items():
                found.append(NamedKey(stored.key.namespace, stored.key.name))
    return found


def _overloaded(world: World) -> Iterable[NamedKey]:
    hinted = world.follower(Hinted).services
    ratios = topology.zone_ratios(world) if hinted else {}
    for place in sorted(hinted):
        if topology.is_overloaded(world.indexed(BY_SERVICE, (*place, NAME)), ratios):
            yield NamedKey(*place)


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
