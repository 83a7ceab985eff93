"""Mirrors hand-made Endpoints of services without selector into EndpointSlices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakekube.core import addresses
from fakekube.core.meta import Obj, annotations_of, is_deleting, labels_of
from fakekube.machinery import serving, slices
from fakekube.machinery.controller import Controller, NamedKey, Watch, itself, service_account
from fakekube.machinery.plan import NOTHING, Change, Emit, Plan, controller_reference
from fakekube.machinery.serving import BY_SERVICE, MANAGED_BY, SERVICE_NAME, SLICES
from fakekube.machinery.slices import Packing
from fakekube.machinery.subsets import pieces_of, repacked
from fakekube.machinery.workloads import sparse
from fakekube.machinery.world import World
from fakekube.storage.values import Event

NAME = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
_NOT_COPIED = frozenset({serving.TRIGGER_TIME, "kubectl.kubernetes.io/last-applied-configuration"})
LONGEST_NAME = 253
MOST = 1000
"""Addresses of a subset that are mirrored."""


def reconcile(key: NamedKey, world: World) -> Plan:
    """Bring the mirror to the Endpoints; there is none when they are not to be mirrored."""
    existing = world.indexed(BY_SERVICE, (key.namespace, key.name, NAME))
    endpoints = world.get("endpoints", *key)
    service = world.get("services", *key)
    if endpoints is None or service is None or service["spec"].get("selector") or not _mirrored(endpoints):
        return Plan(Packing(delete=existing).changes()) if existing else NOTHING
    wanted: dict[tuple[str, bytes], dict[tuple[Any, ...], Obj]] = {}
    ports_by_key: dict[tuple[str, bytes], list[Obj]] = {}
    skipped = _sort(endpoints, wanted, ports_by_key)
    told: list[Change] = []
    if skipped:
        text = (
            f"A max of {MOST} addresses can be mirrored to EndpointSlices per Endpoints subset. "
            f"{skipped} addresses were skipped"
        )
        told.append(Emit(endpoints, "TooManyAddressesToMirror", text, "Warning"))
    return Plan([*_packed(endpoints, existing, wanted, ports_by_key).changes(timed=False), *told])


def _mirrored(endpoints: Obj) -> bool:
    return (
        labels_of(endpoints).get(SKIP) != "true"
        and LEADER not in annotations_of(endpoints)
        and not is_deleting(endpoints)
    )


def _sort(
    endpoints: Obj, wanted: dict[tuple[str, bytes], Any], ports_by_key: dict[tuple[str, bytes], list[Obj]]
) -> int:
    """Endpoints by address family and ports; the number of those that are too many."""
    skipped = 0
    for subset in repacked(pieces_of(endpoints.get("subsets") or ())):
        ports = [{"name": "", **port} for port in subset.get("ports") or ()]
        place = slices.port_key(ports)
        all_of_it = [(each, True) for each in subset.get("addresses") or ()]
        all_of_it += [(each, False) for each in subset.get("notReadyAddresses") or ()]
        for address, ready in all_of_it[:MOST]:
            ip = _plain(address["ip"])
            at = (serving.family(ip), place)
            ports_by_key[at] = ports
            endpoint = _endpoint(ip, address, ready)
            wanted.setdefault(at, {})[slices.endpoint_key(endpoint)] = endpoint
        skipped += max(0, len(all_of_it) - MOST)
    return skipped


def _plain(ip: str) -> str:
    """The address in its usual form: Endpoints may hold others."""
    found = addresses.parse_ip(ip)
    return ip if found is None else str(found)


def _endpoint(ip: str, address: Obj, ready: bool) -> Obj:
    endpoint: Obj = {"addresses": [ip], "conditions": {"ready": ready}}
    for field in ("hostname", "targetRef", "nodeName"):
        endpoint |= sparse({field: address.get(field)})
    return endpoint


def _packed(
    endpoints: Obj,
    existing: list[Obj],
    wanted: dict[tuple[str, bytes], dict[tuple[Any, ...], Obj]],
    ports_by_key: dict[tuple[str, bytes], list[Obj]],
) -> Packing:
    total = Packing()
    left = list(existing)
    for at, group in wanted.items():
        made = _new(endpoints, ports_by_key[at], at[0], list(group.values()))
        old = [each for each in left if (each["addressType"], slices.port_key(each.get("ports"))) == at]
        left = [each for each in left if each not in old]
        if old and _same(old[0], made):
            total.delete += old[1:]
        elif old:
            total.create.append(made)
            total.delete += old
        else:
            total.create.append(made)
    total.delete += left
    total.recycle()
    return total


def _same(present: Obj, made: Obj) -> bool:
    meta, wanted = present["metadata"], made["metadata"]
    if labels_of(present) != wanted["labels"] or annotations_of(present) != wanted.get("annotations", {}):
        return False
    old = {slices.endpoint_key(each): each for each in present.get("endpoints") or ()}
    return meta.get("ownerReferences") == wanted["ownerReferences"] and old == {
        slices.endpoint_key(each): each for each in made["endpoints"]
    }


def _new(endpoints: Obj, ports: list[Obj], family: str, listed: list[Obj]) -> Obj:
    meta = endpoints["metadata"]
    annotations = {name: text for name, text in annotations_of(endpoints).items() if name not in _NOT_COPIED}
    made: Obj = {
        "generateName": meta["name"] if len(meta["name"]) >= LONGEST_NAME else f"{meta['name']}-",
        "namespace": meta["namespace"],
        "labels": {**labels_of(endpoints), SERVICE_NAME: meta["name"], MANAGED_BY: NAME},
        "ownerReferences": [controller_reference(endpoints, "", "v1", "Endpoints")],
    }
    if annotations:
        made["annotations"] = annotations
    return {
        "kind": "EndpointSlice",
        "apiVersion": "discovery.k8s.io/v1",
        "metadata": made,
        "addressType": family,
        "endpoints": listed or None,
        "ports": ports or None,
    }


def _of_slice(event: Event, world: World) -> Iterable[NamedKey]:
    return [
        NamedKey(event.key.namespace, stored.labels[SERVICE_NAME])
        for stored in (event.before, event.after)
        if stored is not None and stored.labels.get(MANAGED_BY) == NAME and SERVICE_NAME in stored.labels
    ]


CONTROLLER = Controller(
    name="endpointslicemirroring",
    reconcile=reconcile,
    watches=(Watch("endpoints", itself), Watch("services", itself), Watch(SLICES, _of_slice)),
    user=service_account("endpointslicemirroring-controller"),
    component="endpoint-slice-mirroring-controller",
)
