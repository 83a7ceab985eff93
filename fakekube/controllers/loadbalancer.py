"""Load balancers: Services of that type get an address of the ranges that the cluster was given, as from a cloud.

Without ranges nothing is done, as in a cluster without a cloud provider. What was given is read from the Services
themselves. Rules and words: k8s.io/cloud-provider/controllers/service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address
from itertools import islice
from typing import NamedTuple

from fakekube.core.meta import Obj, annotations_of, is_deleting, labels_of
from fakekube.machinery.controller import Controller, NamedKey, Watch, service_account
from fakekube.machinery.plan import NOTHING, Change, Emit, Patch, Plan
from fakekube.machinery.world import Index, World
from fakekube.storage.values import Event, Key

Network = IPv4Network | IPv6Network

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
GOING = "ToBeDeletedByClusterAutoscaler"
RETRY_SECONDS = 60.0
"""How often it is tried again to give an address; one that is given back is given at once."""
MOST_LOOKED_AT = 1 << 20
"""Addresses of a range that are tried; ranges of IPv6 have more than anybody can count."""
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


class Hosts(NamedTuple):
    """A key: the nodes behind the Service's load balancer have changed."""

    namespace: str
    name: str


class NoAddress(Exception):
    """There is no address for the Service; the text says why."""


def reconcile(key: NamedKey | Hosts, world: World) -> Plan:
    """Give the Service its addresses, or take them back."""
    service = world.get("services", *key)
    if service is None:
        return NOTHING
    if isinstance(key, Hosts):
        return Plan(_new_hosts(service, world)) if _is_wanted(service) and not is_deleting(service) else NOTHING
    if not _is_wanted(service) or _is_to_be_released(service):
        return Plan(_release(service))
    return NOTHING if is_deleting(service) else _ensure(service, world)


def _is_wanted(service: Obj) -> bool:
    """Whether the Service asks for the cluster's own load balancer: one with a class is somebody else's."""
    spec = service["spec"]
    return spec.get("type") == "LoadBalancer" and spec.get("loadBalancerClass") is None


def _is_to_be_released(service: Obj) -> bool:
    held = FINALIZER in (service["metadata"].get("finalizers") or ())
    return held and (is_deleting(service) or service["spec"].get("type") != "LoadBalancer")


def _ensure(service: Obj, world: World) -> Plan:
    changes: list[Change] = [Emit(service, "EnsuringLoadBalancer", "Ensuring load balancer")]
    finalizers = service["metadata"].get("finalizers") or []
    if FINALIZER not in finalizers:
        changes.append(_with_finalizers(service, [*finalizers, FINALIZER]))
    if not _hosts(world):
        text = "There are no available nodes for LoadBalancer"
        changes.append(Emit(service, "UnAvailableLoadBalancer", text, "Warning"))
    try:
        given = [{"ip": address, "ipMode": "VIP"} for address in _addresses(service, world)]
    except NoAddress as error:
        text = f"Error syncing load balancer: failed to ensure load balancer: {error}"
        return Plan([*changes, Emit(service, "SyncLoadBalancerFailed", text, "Warning")], RETRY_SECONDS)
    changes.append(Emit(service, "EnsuredLoadBalancer", "Ensured load balancer"))
    if [each.get("ip") for each in _ingress(service)] != [each["ip"] for each in given]:
        changes.append(Patch(_key(service), {"status": {"loadBalancer": {"ingress": given}}}, "merge", "status"))
    return Plan(changes)


def _release(service: Obj) -> list[Change]:
    """The Service no longer wants an address, or goes."""
    finalizers = service["metadata"].get("finalizers") or []
    changes: list[Change] = []
    if FINALIZER in finalizers:
        changes.append(Emit(service, "DeletingLoadBalancer", "Deleting load balancer"))
        changes.append(_with_finalizers(service, [each for each in finalizers if each != FINALIZER]))
    changes.append(Emit(service, "DeletedLoadBalancer", "Deleted load balancer"))
    if _ingress(service) and not is_deleting(service):
        changes.append(Patch(_key(service), {"status": {"loadBalancer": {"ingress": None}}}, "merge", "status"))
    return changes


def _with_finalizers(service: Obj, finalizers: list[str]) -> Patch:
    return Patch(_key(service), {"metadata": {"finalizers": finalizers or None}}, "merge", "status")


def _key(service: Obj) -> Key:
    return Key("services", service["metadata"]["namespace"], service["metadata"]["name"])


def _ingress(service: Obj) -> list[Obj]:
    found: list[Obj] = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    return found


BY_ADDRESS = Index("services", lambda service: [each["ip"] for each in _ingress(service) if each.get("ip")])


def _addresses(service: Obj, world: World) -> Iterator[str]:
    """An address for each of the Service's families that there is a range of: the one that it has, asks for, or the
    first that is free."""
    wanted = service["spec"].get("loadBalancerIP")
    if wanted:
        yield _asked_for(wanted, service, world)
        return
    have = {ip_address(each["ip"]).version: each["ip"] for each in _ingress(service) if each.get("ip")}
    families = service["spec"].get("ipFamilies") or ["IPv4"]
    ranges = world.settings.load_balancers
    served = [family for family in families if any(f"IPv{network.version}" == family for network in ranges)]
    if not served:
        raise NoAddress(f"no addresses of family {families[0]} are given out")
    for family in served:
        mine = [network for network in ranges if f"IPv{network.version}" == family]
        old = have.get(mine[0].version)
        kept = old is not None and any(ip_address(old) in network for network in mine)
        yield old if kept and old is not None else _free(mine, world)


def _asked_for(address: str, service: Obj, world: World) -> str:
    for other in world.indexed(BY_ADDRESS, address):
        meta = other["metadata"]
        if meta["uid"] != service["metadata"]["uid"]:
            raise NoAddress(f"address {address} is in use by service {meta['namespace']}/{meta['name']}")
    return address


def _free(ranges: list[Network], world: World) -> str:
    for network in ranges:
        for address in islice(network.hosts(), MOST_LOOKED_AT):
            if not world.indexed(BY_ADDRESS, str(address)):
                return str(address)
    raise NoAddress(f"no address of {', '.join(map(str, ranges))} is free")


def _new_hosts(service: Obj, world: World) -> list[Change]:
    if not _hosts(world):
        return [Emit(service, "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer", "Warning")]
    return [Emit(service, "UpdatedLoadBalancer", "Updated load balancer with new hosts")]


def _hosts(world: World) -> frozenset[str]:
    return frozenset(world.follower(Balanced).nodes)


def _is_host(node: Obj) -> bool:
    """Whether load balancers send traffic to the node."""
    label = labels_of(node).get(EXCLUDED)
    if is_deleting(node) or (label is not None and label not in _FALSE):
        return False
    return all(each["key"] != GOING for each in node["spec"].get("taints") or ())


class Balanced:
    """The nodes that load balancers send traffic to; `last`: the write that changed them, if the last one did."""

    def __init__(self, world: World) -> None:
        self.nodes: dict[str, None] = {}
        self.last: Event | None = None

    def apply(self, event: Event) -> None:
        """Take note of nodes."""
        if event.key.resource != "nodes":
            return
        name, known = event.key.name, event.key.name in self.nodes
        wanted = event.after is not None and _is_host(event.after.view)
        self.last = event if known != wanted else None
        if wanted:
            self.nodes[name] = None
        else:
            self.nodes.pop(name, None)


_LOOKED_AT = (
    "type",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "ports",
    "sessionAffinity",
    "sessionAffinityConfig",
    "externalIPs",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "ipFamilies",
)


def _of_service(event: Event, world: World) -> Iterable[NamedKey]:
    """A Service that wants an address and changed, or has one to give back; when one is given back, all that wait."""
    if not world.settings.load_balancers:
        return
    before, after = event.before, event.after
    if before is not None and _ingress(before.view) and (after is None or not _ingress(after.view)):
        yield from _waiting(world)
    if after is None:
        return
    service = after.view
    if _is_to_be_released(service):
        yield NamedKey(event.key.namespace, event.key.name)
    elif before is None:
        if _is_wanted(service):
            yield NamedKey(event.key.namespace, event.key.name)
    elif (_is_wanted(service) or _is_wanted(before.view)) and _differs(before.view, service):
        yield NamedKey(event.key.namespace, event.key.name)


def _differs(before: Obj, after: Obj) -> bool:
    old, new = before["spec"], after["spec"]
    return annotations_of(before) != annotations_of(after) or any(old.get(name) != new.get(name) for name in _LOOKED_AT)


def _waiting(world: World) -> Iterator[NamedKey]:
    for stored in world.store.list("services"):
        if _is_wanted(stored.view) and not _ingress(stored.view):
            yield NamedKey(stored.key.namespace, stored.key.name)


def _of_node(event: Event, world: World) -> Iterable[Hosts]:
    """When the nodes behind load balancers change, all Services that have one."""
    if not world.settings.load_balancers or world.follower(Balanced).last is not event:
        return
    for stored in world.store.list("services"):
        if _is_wanted(stored.view) and _ingress(stored.view):
            yield Hosts(stored.key.namespace, stored.key.name)


def _begin(world: World) -> Iterable[NamedKey]:
    """Nodes are followed from the start."""
    world.follower(Balanced)
    return ()


CONTROLLER = Controller(
    name="service-lb-controller",
    reconcile=reconcile,
    watches=(Watch("services", _of_service), Watch("nodes", _of_node)),
    user=service_account("service-controller"),
    component="service-controller",
    field_manager="cloud-controller-manager",
    begin=_begin,
    alone=True,
)
