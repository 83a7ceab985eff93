"""Endpoints and EndpointSlices: addresses behind services."""

from __future__ import annotations

from fakekube.core import addresses, names
from fakekube.core.fielderrors import FieldError, duplicate, invalid, required, too_many
from fakekube.core.meta import Obj, labels_of
from fakekube.registry.kinds.checks import (
    PROTOCOLS,
    dns_label,
    dns_subdomain,
    endpoint_ip,
    immutable,
    invalids,
    label_name,
    labels,
    legacy_ip,
    one_of,
    port_number,
)
from fakekube.registry.kinds.filling import fill
from fakekube.registry.strategy import Context, Strategy

MANAGED_ENDPOINTS = "endpoint-controller"
MANAGED_SLICES = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")
SLICE_MANAGER = "endpointslice.kubernetes.io/managed-by"
TYPES = ("FQDN", "IPv4", "IPv6")
MOST_PORTS, MOST_ENDPOINTS, MOST_ADDRESSES, MOST_TOPOLOGY, MOST_HINTS = 20000, 1000, 100, 16, 8


def _endpoint_address(field: str, address: Obj) -> list[FieldError]:
    ip = address.get("ip", "")
    faults = legacy_ip(f"{field}.ip", ip)
    if address.get("hostname"):
        faults += dns_label(f"{field}.hostname", address["hostname"])
    if address.get("nodeName") is not None:
        faults += dns_subdomain(f"{field}.nodeName", address["nodeName"])
    return faults + endpoint_ip(f"{field}.ip", ip)


def _endpoint_port(field: str, port: Obj, named: bool) -> list[FieldError]:
    name, protocol = port.get("name", ""), port.get("protocol", "")
    faults = dns_label(f"{field}.name", name) if name else [required(f"{field}.name")] if named else []
    faults += port_number(f"{field}.port", port.get("port", 0))
    faults += one_of(f"{field}.protocol", protocol, PROTOCOLS) if protocol else [required(f"{field}.protocol")]
    if port.get("appProtocol") is not None:
        faults += label_name(f"{field}.appProtocol", port["appProtocol"])
    return faults


def _subset_faults(subsets: list[Obj]) -> list[FieldError]:
    faults: list[FieldError] = []
    for index, subset in enumerate(subsets):
        field, ports = f"subsets[{index}]", subset.get("ports") or []
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            faults.append(required(field, "must specify `addresses` or `notReadyAddresses`"))
        for part in ("addresses", "notReadyAddresses"):
            for number, address in enumerate(subset.get(part) or ()):
                faults += _endpoint_address(f"{field}.{part}[{number}]", address)
        for number, port in enumerate(ports):
            faults += _endpoint_port(f"{field}.ports[{number}]", port, len(ports) > 1)
    return faults


class EndpointsStrategy(Strategy):
    """The old form; PUT creates."""

    create_on_update = True
    generation_fields = None

    def default(self, obj: Obj) -> None:
        """Ports are TCP."""
        for subset in obj.get("subsets") or ():
            for port in subset.get("ports") or ():
                port["protocol"] = port.get("protocol") or "TCP"

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Addresses and ports."""
        return _subset_faults(obj.get("subsets") or [])

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """What is wrong may stay as it is."""
        return [] if obj.get("subsets") == old.get("subsets") else self.validate(context, obj)

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Oddly spelt addresses, unless a controller wrote them."""
        if labels_of(obj).get("endpoints.kubernetes.io/managed-by") == MANAGED_ENDPOINTS:
            return []
        found = []
        for index, subset in enumerate(obj.get("subsets") or ()):
            for part in ("addresses", "notReadyAddresses"):
                for number, address in enumerate(subset.get(part) or ()):
                    field = f"subsets[{index}].{part}[{number}].ip"
                    found += addresses.ip_warnings(field, address.get("ip", ""))
        return found


def _slice_port_faults(ports: list[Obj]) -> list[FieldError]:
    if len(ports) > MOST_PORTS:
        return [too_many("ports", len(ports), MOST_PORTS)]
    faults: list[FieldError] = []
    seen: set[str] = set()
    for index, port in enumerate(ports):
        field, name = f"ports[{index}]", port.get("name") or ""
        if name:
            faults += dns_label(f"{field}.name", name)
        if name in seen:
            faults.append(duplicate(f"{field}.name", name))
        seen.add(name)
        faults += one_of(f"{field}.protocol", port.get("protocol", ""), PROTOCOLS)
        if port.get("appProtocol") is not None:
            faults += label_name(f"{field}.appProtocol", port["appProtocol"])
    return faults


def _slice_address(field: str, index: int, address: str, kind: str) -> list[FieldError]:
    at = f"{field}[{index}]"
    if kind == "FQDN":
        return names.fully_qualified_domain_name(at, address)
    if kind == "IPv4":
        faults = legacy_ip(at, address)
    elif kind == "IPv6":
        faults = invalids(at, address, addresses.ip(address))
    else:
        return []
    found = addresses.parse_ip(address)
    if faults or found is None:
        return faults
    if f"IPv{found.version}" != kind:
        faults.append(invalid(field, address, f"must be an {kind} address"))
    return faults + endpoint_ip(at, address)


def _endpoint_faults(endpoints: list[Obj], kind: str) -> list[FieldError]:
    if len(endpoints) > MOST_ENDPOINTS:
        return [too_many("endpoints", len(endpoints), MOST_ENDPOINTS)]
    faults: list[FieldError] = []
    for index, endpoint in enumerate(endpoints):
        field, found = f"endpoints[{index}]", endpoint.get("addresses") or []
        if not found:
            faults.append(required(f"{field}.addresses", "must contain at least 1 address"))
        elif len(found) > MOST_ADDRESSES:
            faults.append(too_many(f"{field}.addresses", len(found), MOST_ADDRESSES))
        for number, address in enumerate(found):
            faults += _slice_address(f"{field}.addresses", number, address, kind)
        if endpoint.get("nodeName") is not None:
            faults += dns_subdomain(f"{field}.nodeName", endpoint["nodeName"])
        topology = endpoint.get("deprecatedTopology") or {}
        if len(topology) > MOST_TOPOLOGY:
            faults.append(too_many(f"{field}.deprecatedTopology", len(topology), MOST_TOPOLOGY))
        faults += labels(f"{field}.deprecatedTopology", topology)
        if endpoint.get("hostname") is not None:
            faults += dns_label(f"{field}.hostname", endpoint["hostname"])
        faults += _hint_faults(f"{field}.hints", endpoint.get("hints") or {})
    return faults


def _hint_faults(field: str, hints: Obj) -> list[FieldError]:
    faults: list[FieldError] = []
    for part, check in (("forZones", names.label_value), ("forNodes", names.dns1123_subdomain)):
        found = hints.get(part) or []
        if len(found) > MOST_HINTS:
            return [*faults, too_many(f"{field}.{part}", len(found), MOST_HINTS)]
        seen: set[str] = set()
        for index, hint in enumerate(found):
            at, name = f"{field}.{part}[{index}].name", hint.get("name", "")
            if name in seen:
                faults.append(duplicate(at, name))
            seen.add(name)
            faults += invalids(at, name, check(name))
    return faults


class EndpointSliceStrategy(Strategy):
    """The generation counts changes of anything but metadata, and of labels; the type of address stays."""

    generation_fields = ("addressType", "endpoints", "ports")
    generation_counts_metadata = ("labels",)

    def default(self, obj: Obj) -> None:
        """Ports have a name, if an empty one, and are TCP."""
        for port in obj.get("ports") or ():
            fill(port, "name", "")
            fill(port, "protocol", "TCP")

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """The topology of older versions is dropped."""
        for endpoint in obj.get("endpoints") or ():
            endpoint.pop("deprecatedTopology", None)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """The same."""
        self.prepare_for_create(context, obj)

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Type, ports and endpoints."""
        kind = obj.get("addressType", "")
        faults = one_of("addressType", kind, TYPES) if kind else [required("addressType")]
        faults += _slice_port_faults(obj.get("ports") or [])
        return faults + _endpoint_faults(obj.get("endpoints") or [], kind)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same, except that faulty endpoints may stay; then the type is immutable."""
        kind = obj.get("addressType", "")
        faults = one_of("addressType", kind, TYPES) if kind else [required("addressType")]
        faults += _slice_port_faults(obj.get("ports") or [])
        if obj.get("endpoints") != old.get("endpoints"):
            faults += _endpoint_faults(obj.get("endpoints") or [], kind)
        return faults + immutable("addressType", kind, old.get("addressType"))

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """FQDNs are deprecated; oddly spelt addresses, unless a controller wrote them."""
        found = []
        if old is None and obj.get("addressType") == "FQDN":
            found.append("spec.addressType: FQDN endpoints are deprecated")
        if labels_of(obj).get(SLICE_MANAGER) in MANAGED_SLICES:
            return found
        for index, endpoint in enumerate(obj.get("endpoints") or ()):
            for number, address in enumerate(endpoint.get("addresses") or ()):
                if addresses.parse_ip(address) is not None:
                    found += addresses.ip_warnings(f"endpoints[{index}].addresses[{number}]", address)
        return found


ROWS = {"endpoints": EndpointsStrategy(), "endpointslices.discovery.k8s.io": EndpointSliceStrategy()}
