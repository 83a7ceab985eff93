"""Addresses and node ports of services: what is held follows from what is stored, what is next follows from the seed.

A store's ranges are those of its ServiceCIDR objects; the one named `kubernetes` says which address families the
cluster has, the primary one first. Nothing is kept that could not be built anew: after a store was set back the sets
are read from it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_network
from weakref import WeakKeyDictionary

from fakekube.core.addresses import Network, parse_ip
from fakekube.core.ids import Ids
from fakekube.core.meta import Obj, condition
from fakekube.storage.store import Store
from fakekube.storage.values import Event, Key, Stored

SERVICES, ADDRESSES, RANGES = "services", "ipaddresses.networking.k8s.io", "servicecidrs.networking.k8s.io"
MAIN_RANGE = "kubernetes"
DEFAULT_CIDRS = ("10.96.0.0/16",)
"""The range of a cluster whose store holds no ServiceCIDR named kubernetes."""

FIRST_PORT, LAST_PORT = 30000, 32767
STATIC_PORTS = 86
"""Ports at the low end that are given away last, so that they can be asked for by number."""
DRY_RUN_PORT = 32769
NONE = "None"

ALLOCATED = "provided IP is already allocated"
PORT_ALLOCATED = "provided port is already allocated"
PORT_RANGE = f"provided port is not in the valid range. The range of valid ports is {FIRST_PORT}-{LAST_PORT}"
MISMATCHED = "the provided network does not match the current range"
FULL = "range is full"


def addresses_of(service: Obj) -> list[str]:
    """The cluster IPs that a service holds."""
    return [text for text in (service.get("spec") or {}).get("clusterIPs") or () if text and text != NONE]


def ports_of(service: Obj) -> set[int]:
    """The node ports that a service holds, the one of its health check included."""
    spec = service.get("spec") or {}
    found = {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}
    return found | {spec["healthCheckNodePort"]} if spec.get("healthCheckNodePort") else found


class Holdings:
    """Who holds which address and port, at one revision of the store."""

    __slots__ = ("addresses", "ports", "revision")

    def __init__(self) -> None:
        self.revision = -1
        self.addresses: dict[str, Key] = {}
        self.ports: dict[int, Key] = {}

    def fresh(self, store: Store) -> Holdings:
        """The same, read anew if the store moved without telling."""
        if self.revision != store.revision:
            self.addresses, self.ports = {}, {}
            for resource in (ADDRESSES, SERVICES):
                for stored in store.list(resource):
                    self._take(stored.key, stored)
            self.revision = store.revision
        return self

    def note(self, event: Event) -> None:
        """Follow one write."""
        if self.revision != event.revision - 1:
            return  # read anew when next asked
        self.revision = event.revision
        if event.key.resource in (SERVICES, ADDRESSES):
            self._give(event.key, event.before)
            self._take(event.key, event.after)

    def _take(self, key: Key, stored: Stored | None) -> None:
        if stored is None:
            return
        if key.resource == ADDRESSES:
            self.addresses.setdefault(key.name, key)
            return
        self.addresses.update(dict.fromkeys(addresses_of(stored.view), key))
        self.ports.update(dict.fromkeys(ports_of(stored.view), key))

    def _give(self, key: Key, stored: Stored | None) -> None:
        if stored is None:
            return
        held = [key.name] if key.resource == ADDRESSES else addresses_of(stored.view)
        for address in held:
            if self.addresses.get(address) == key:
                del self.addresses[address]
        if key.resource == SERVICES:
            for port in ports_of(stored.view):
                if self.ports.get(port) == key:
                    del self.ports[port]


_HOLDINGS: WeakKeyDictionary[Store, Holdings] = WeakKeyDictionary()


def holdings_of(store: Store) -> Holdings:
    """What the services of this store hold at present."""
    found = _HOLDINGS.get(store)
    if found is None:
        found = _HOLDINGS[store] = Holdings()
        store.listen(found.note)
    return found.fresh(store)


def _networks(stored: Stored) -> list[Network]:
    texts = (stored.view.get("spec") or {}).get("cidrs") or ()
    return [ip_network(text, strict=False) for text in texts]


def _is_ready(stored: Stored) -> bool:
    found = condition(stored.view, "Ready")
    return found is None or found.get("status") == "True"


def networks(store: Store) -> list[Network]:
    """The ranges that services may have addresses of, the cluster's own first."""
    main = store.get(Key(RANGES, "", MAIN_RANGE))
    found = [ip_network(text) for text in DEFAULT_CIDRS] if main is None else _networks(main)
    for stored in store.list(RANGES):
        if stored.key.name != MAIN_RANGE and _is_ready(stored):
            found += _networks(stored)
    return found


def families(store: Store) -> tuple[str, ...]:
    """The address families of the cluster, the primary one first."""
    main = store.get(Key(RANGES, "", MAIN_RANGE))
    own = [ip_network(text) for text in DEFAULT_CIDRS] if main is None else _networks(main)
    return tuple(dict.fromkeys(f"IPv{network.version}" for network in own))


def _bounds(network: Network) -> tuple[int, int]:
    """The first and the last usable address as numbers: the network's own and IPv4's broadcast address are not."""
    first, last = int(network.network_address), int(network.broadcast_address)
    return first + 1, last - 1 if isinstance(network, IPv4Network) else last


def static_size(size: int) -> int:
    """How many addresses at the low end are given away last."""
    return 0 if size <= 16 else min(max(size // 16, 16), 256)


def address_fault(store: Store, text: str, owner: Key, *, dry_run: bool = False) -> str:
    """Why a service cannot have this address; '' if it can. A dry run looks at the range alone."""
    wanted = parse_ip(text)
    fitting = [network for network in networks(store) if wanted is not None and wanted in network]
    if dry_run and not fitting and wanted is not None:
        fitting = [network for network in networks(store) if network.version == wanted.version][:1]
    if wanted is None or not fitting:
        return MISMATCHED
    low, high = _bounds(fitting[0])
    if not low <= int(wanted) <= high:
        return f"the provided IP ({wanted}) is not in the valid range. The range of valid IPs is {fitting[0]}"
    holder = None if dry_run else holdings_of(store).addresses.get(str(wanted))
    return ALLOCATED if holder is not None and holder != owner else ""


def next_address(store: Store, family: str, ids: Ids, *, dry_run: bool = False) -> str | None:
    """A free address: anywhere above the static band first, then in it; None if all are taken."""
    held = holdings_of(store).addresses
    for network in networks(store):
        if f"IPv{network.version}" != family:
            continue
        if dry_run:
            return str(network.network_address)
        low, high = _bounds(network)
        middle = low + static_size(network.num_addresses)
        for start, end in ((middle, high), (low, min(middle - 1, high))):
            for number in _round(start, end, ids):
                text = str(network[number - int(network.network_address)])
                if text not in held:
                    return text
    return None


def port_fault(store: Store, port: int, owner: Key) -> str:
    """Why a service cannot have this node port; '' if it can."""
    if not FIRST_PORT <= port <= LAST_PORT:
        return PORT_RANGE
    holder = holdings_of(store).ports.get(port)
    return PORT_ALLOCATED if holder is not None and holder != owner else ""


def next_port(store: Store, ids: Ids, taken: set[int]) -> int | None:
    """A free node port that is not in `taken` either: above the static band first; None if there is none."""
    held = holdings_of(store).ports
    middle = FIRST_PORT + STATIC_PORTS
    for start, end in ((middle, LAST_PORT), (FIRST_PORT, middle - 1)):
        for port in _round(start, end, ids):
            if port not in held and port not in taken:
                return port
    return None


def dry_run_port(taken: set[int]) -> int:
    """What a dry run shows for a node port that would be chosen."""
    return max(taken, default=DRY_RUN_PORT - 1) + 1


def _round(start: int, end: int, ids: Ids) -> Iterator[int]:
    """All numbers from start to end, beginning anywhere."""
    size = end - start + 1
    if size <= 0:
        return
    offset = ids.number(min(size, 2**62))
    for step in range(size):
        yield start + (offset + step) % size
