"""ServiceCIDRs: ready as soon as they are there; one that is deleted stays as long as addresses would be left without a
range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from fakekube.core.meta import Obj, condition, is_deleting, labels_of, parse_time, time_text
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Change, Patch, Plan
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

RESOURCE, ADDRESSES = "servicecidrs.networking.k8s.io", "ipaddresses.networking.k8s.io"
FINALIZER = "networking.k8s.io/service-cidr-finalizer"
NAME = "service-cidr-controller"
MANAGED_BY, ALLOCATOR = "ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io"
DELETION_SECONDS = 10.0
"""So long the allocators have to learn that the range is going."""
READY = ("True", "", "Kubernetes Service CIDR is ready")
IN_USE = (
    "False",
    "Terminating",
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
)

Network = IPv4Network | IPv6Network


def reconcile(key: NamedKey, world: World) -> Plan:
    """Keep the range's finalizer and condition."""
    found = world.get(RESOURCE, "", key.name)
    if found is None:
        return NOTHING
    at, finalizers = Key(RESOURCE, "", key.name), found["metadata"].get("finalizers") or []
    if not is_deleting(found):
        guard = [] if FINALIZER in finalizers else [Patch(at, {"metadata": {"finalizers": [FINALIZER]}})]
        return Plan([*guard, *_told(at, found, READY, world)])
    if not _is_free(found, world):
        return Plan(_told(at, found, IN_USE, world))
    wait = parse_time(found["metadata"]["deletionTimestamp"]) + DELETION_SECONDS - world.now()
    if wait > 0:
        return Plan(after=wait)
    if FINALIZER not in finalizers:
        return NOTHING
    return Plan([Patch(at, {"metadata": {"$deleteFromPrimitiveList/finalizers": [FINALIZER]}})])


def _told(at: Key, found: Obj, state: tuple[str, str, str], world: World) -> list[Change]:
    old = condition(found, "Ready") or {}
    if (old.get("status"), old.get("reason", ""), old.get("message", "")) == state:
        return []
    entry = dict(zip(("status", "reason", "message"), state, strict=True))
    entry |= {"type": "Ready", "lastTransitionTime": time_text(world.now())}
    applied = {"kind": "ServiceCIDR", "apiVersion": "networking.k8s.io/v1", "metadata": {"name": at.name}}
    return [Patch(at, {**applied, "status": {"conditions": [entry]}}, "apply", "status")]


def _is_free(found: Obj, world: World) -> bool:
    """Whether every address of the range is in another range as well, or there is another that holds the whole."""
    name = found["metadata"]["name"]
    others = [each for other in world.list(RESOURCE) if other["metadata"]["name"] != name for each in _ranges(other)]
    mine = list(_ranges(found))
    if all(any(_holds(other, each) for other in others) for each in mine):
        return True
    for address in world.list(ADDRESSES):
        if labels_of(address).get(MANAGED_BY) == ALLOCATOR:
            ip = ip_address(address["metadata"]["name"])
            if any(ip in each for each in mine) and not any(ip in other for other in others):
                return False
    return True


def _ranges(found: Obj) -> Iterator[Network]:
    return (ip_network(text, strict=False) for text in found["spec"].get("cidrs") or ())


def _holds(outer: Network, inner: Network) -> bool:
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def _of_address(event: Event, world: World) -> Iterable[NamedKey]:
    """The ranges that wait to go, when an address went."""
    if event.after is None:
        yield from _all(event, world)


def _all(event: Event, world: World) -> Iterable[NamedKey]:
    return [NamedKey("", stored.key.name) for stored in world.store.list(RESOURCE) if is_deleting(stored.view)]


CONTROLLER = Controller(
    name="service-cidr",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, itself), Watch(RESOURCE, _all), Watch(ADDRESSES, _of_address)),
    user=service_account("service-cidrs-controller"),
    component=NAME,
    field_manager=NAME,
)
