"""Topology-aware routing: which zone each endpoint of a Service is meant for, so that zones get what their nodes carry.

Rules and words: k8s.io/endpointslice/topologycache. Where that leaves the order to chance, names decide here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil

from fakekube.core.meta import Obj, is_true, labels_of
from fakekube.core.quantity import parse
from fakekube.machinery.world import World
from fakekube.storage.values import Event

ZONE = "topology.kubernetes.io/zone"
OVERLOAD = 0.2
"""By how much more than its share an endpoint may have to carry."""
_NOT_COUNTED = frozenset({"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"})
ENABLED = "Topology Aware Hints has been enabled"
DISABLED = "Topology Aware Hints has been disabled"
NO_NODE_INFO = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
FEW_ENDPOINTS = "Insufficient number of endpoints"
OVERLOADED = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"
NO_ZONE = "One or more endpoints do not have a zone specified"
NO_HINTS = "No hints allocated for zones"

Place = tuple[str, str]


class Hinted:
    """The Services whose slices have such hints at present."""

    def __init__(self, world: World) -> None:
        self.services: set[Place] = set()

    def apply(self, event: Event) -> None:
        """A Service that goes has none."""
        if event.key.resource == "services" and event.after is None:
            self.services.discard((event.key.namespace, event.key.name))


class Refused(Exception):
    """No hints can be given; the text says why."""


class Share:
    """What a zone is to have of the endpoints."""

    __slots__ = ("desired", "least", "most")

    def __init__(self, least: int, desired: float) -> None:
        self.least = least
        self.desired = desired
        self.most = 0


def is_automatic(service: Obj) -> bool:
    """Whether the Service asks for hints by its annotation."""
    annotations = service["metadata"].get("annotations") or {}
    mode = annotations.get(
        "service.kubernetes.io/topology-aware-hints", annotations.get("service.kubernetes.io/topology-mode")
    )
    return mode in ("Auto", "auto")


def zone_ratios(world: World) -> dict[str, float]:
    """Which part of all CPUs the ready nodes of each zone have; nothing if that is not known, or of one zone alone."""
    by_zone: Counter[str] = Counter()
    for node in world.list("nodes"):
        labels = labels_of(node)
        if not _NOT_COUNTED.isdisjoint(labels) or not is_true(node, "Ready"):
            continue
        zone, cpu = labels.get(ZONE), _cpu(node)
        if not zone or not cpu:
            return {}
        by_zone[zone] += cpu
    if len(by_zone) < 2:
        return {}
    total = by_zone.total()
    return {zone: by_zone[zone] / total for zone in sorted(by_zone)}


def _cpu(node: Obj) -> int:
    return parse(((node.get("status") or {}).get("allocatable") or {}).get("cpu")).milli()


def node_facts(node: Obj | None) -> object:
    """What of a node the ratios depend on."""
    if node is None:
        return None
    labels = labels_of(node)
    return labels.get(ZONE), _NOT_COUNTED.isdisjoint(labels), is_true(node, "Ready"), _cpu(node)


def _shares(endpoints: int, ratios: dict[str, float]) -> dict[str, Share]:
    if not ratios:
        raise Refused(NO_NODE_INFO)
    counts = f"({endpoints} endpoints, {len(ratios)} zones)"
    if len(ratios) > endpoints:
        raise Refused(f"{FEW_ENDPOINTS} {counts}")
    found: dict[str, Share] = {}
    for zone, ratio in ratios.items():
        desired = ratio * endpoints
        least = ceil(desired * (1 / (1 + OVERLOAD)))
        found[zone] = Share(least, max(desired, float(least)))
    total = sum(share.least for share in found.values())
    if total > endpoints:
        raise Refused(f"{OVERLOADED} {counts}")
    for share in found.values():
        share.most = share.least + endpoints - total
    return found


def assign(changed: list[Obj], unchanged: list[Obj], ratios: dict[str, float]) -> tuple[list[Obj], list[Obj]]:
    """Slices with hints: those that change anyway, and of the others those whose hints are no longer right.

    The slices are replaced, never changed. Refused says why none can be given.
    """
    total = sum(1 for piece in (*changed, *unchanged) for _ in _ready(piece))
    shares = _shares(total, ratios)
    given: Counter[str] = Counter()
    kept, also = [], []
    for piece in unchanged:
        hints = _fitting(piece, given, shares)
        if hints is None:
            also.append(piece)
        else:
            kept.append(piece)
            given.update(hints)
    pieces = [_same_zone(piece, given) for piece in (*changed, *also)]
    giving, receiving = _moves(shares, given)
    for endpoint in (each for piece in pieces for each in _ready(piece)):
        if not giving or not receiving:
            break
        if giving[endpoint["zone"]] > 0:
            to = min(receiving)
            endpoint["hints"] = {"forZones": [{"name": to}]}
            for counts, zone in ((giving, endpoint["zone"]), (receiving, to)):
                counts[zone] -= 1
                if not counts[zone]:
                    del counts[zone]
    if not given:
        raise Refused(NO_HINTS)
    return pieces, kept


def _ready(piece: Obj) -> Iterator[Obj]:
    return (each for each in piece.get("endpoints") or () if (each.get("conditions") or {}).get("ready"))


def _fitting(piece: Obj, given: Counter[str], shares: dict[str, Share]) -> Counter[str] | None:
    """The hints of a slice by zone, if all are there and no zone gets too much with them."""
    found: Counter[str] = Counter()
    for endpoint in _ready(piece):
        zones = [each["name"] for each in (endpoint.get("hints") or {}).get("forZones") or ()]
        if not zones or any(zone not in shares for zone in zones):
            return None
        found.update(zones)
    return None if any(given[zone] + count > shares[zone].most for zone, count in found.items()) else found


def _same_zone(piece: Obj, given: Counter[str]) -> Obj:
    """The slice with each ready endpoint meant for its own zone, which is counted."""
    endpoints = []
    for endpoint in piece.get("endpoints") or ():
        plain = {name: value for name, value in endpoint.items() if name != "hints"}
        if endpoint["conditions"].get("ready"):
            if not endpoint.get("zone"):
                raise Refused(NO_ZONE)
            given[endpoint["zone"]] += 1
            plain["hints"] = {"forZones": [{"name": endpoint["zone"]}]}
        endpoints.append(plain)
    return {**piece, "endpoints": endpoints or None}


def _moves(shares: dict[str, Share], given: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """How many endpoints zones give to others, and how many zones get."""
    over = {zone: given[zone] - share.desired for zone, share in shares.items() if given[zone] > share.desired}
    under = {zone: share.desired - given[zone] for zone, share in shares.items() if given[zone] < share.desired}
    giving: Counter[str] = Counter()
    receiving: Counter[str] = Counter()
    while over and under:
        giver, taker = _most(over), _most(under)
        if min(over[giver], under[taker]) < 0.5 or max(over[giver], under[taker]) < 1.0:
            break
        giving[giver] += 1
        receiving[taker] += 1
        over[giver] -= 1
        under[taker] -= 1
    return giving, receiving


def _most(amounts: dict[str, float]) -> str:
    return max(amounts, key=lambda zone: amounts[zone])


def without_hints(pieces: Iterable[Obj]) -> list[Obj]:
    """The slices without any hints."""
    return [
        {**piece, "endpoints": [_plain(endpoint) for endpoint in piece.get("endpoints") or ()] or None}
        for piece in pieces
    ]


def _plain(endpoint: Obj) -> Obj:
    return {name: value for name, value in endpoint.items() if name != "hints"}


def has_hints(piece: Obj) -> bool:
    """Whether any endpoint of the slice has hints."""
    return any("hints" in endpoint for endpoint in piece.get("endpoints") or ())


def is_overloaded(pieces: list[Obj], ratios: dict[str, float]) -> bool:
    """Whether the hints of the slices leave a zone with too few endpoints for its nodes."""
    counts = Counter(
        each["name"]
        for piece in pieces
        for endpoint in _ready(piece)
        for each in (endpoint.get("hints") or {}).get("forZones") or ()
    )
    if not counts:
        return False
    least = 1 / (1 + OVERLOAD)
    return not ratios or any(
        zone not in counts or counts[zone] < ceil(counts.total() * ratio * least) for zone, ratio in ratios.items()
    )
