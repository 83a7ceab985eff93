"""NetworkPolicies: kept and judged, not enforced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fakekube.core import addresses, names
from fakekube.core.fielderrors import FieldError, forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import has_odd_selector_value, invalids, label_selector, legacy_cidr
from fakekube.registry.kinds.filling import fill
from fakekube.registry.strategy import Context, Strategy

PROTOCOLS = ("TCP", "UDP", "SCTP")
TYPES = ("Ingress", "Egress")
SIDES = (("ingress", "from"), ("egress", "to"))


def _port_faults(field: str, port: Obj) -> list[FieldError]:
    protocol, number, end = port.get("protocol"), port.get("port"), port.get("endPort")
    faults: list[FieldError] = []
    if protocol is not None and protocol not in PROTOCOLS:
        faults.append(not_supported(f"{field}.protocol", protocol, PROTOCOLS))
    at = f"{field}.endPort"
    if number is None:
        why = "may not be specified when `port` is not specified"
        return faults if end is None else [*faults, invalid(at, end, why)]
    if isinstance(number, str):
        if end is not None:
            faults.append(invalid(at, end, "may not be specified when `port` is non-numeric"))
        return faults + invalids(f"{field}.port", number, names.port_name(number))
    faults += invalids(f"{field}.port", number, names.port_number(number))
    if end is not None:
        if end < number:
            faults.append(invalid(at, number, "must be greater than or equal to `port`"))
        faults += invalids(at, end, names.port_number(end))
    return faults


def _block_faults(field: str, block: Obj, old: Sequence[str]) -> list[FieldError]:
    text = block.get("cidr") or ""
    if not text:
        return [required(f"{field}.cidr")]
    faults = legacy_cidr(f"{field}.cidr", text, old)
    outer = addresses.parse_cidr(text)
    if outer is None:
        return faults
    for index, each in enumerate(block.get("except") or ()):
        at = f"{field}.except[{index}]"
        faults += legacy_cidr(at, each, old)
        inner = addresses.parse_cidr(each)
        if inner is None:
            continue
        within = inner[1].network_address in outer[1]
        if not within or outer[1].prefixlen >= inner[1].prefixlen:
            faults.append(invalid(at, each, "must be a strict subset of `cidr`"))
    return faults


def _peer_faults(field: str, peer: Obj, old: Sequence[str], *, any_value: bool) -> list[FieldError]:
    faults: list[FieldError] = []
    for part in ("podSelector", "namespaceSelector"):
        faults += label_selector(f"{field}.{part}", peer.get(part), any_value=any_value)
    block = peer.get("ipBlock")
    if block is not None:
        faults += _block_faults(f"{field}.ipBlock", block, old)
    given = [part for part in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(part) is not None]
    if not given:
        faults.append(required(field, "must specify a peer"))
    elif len(given) > 1 and block is not None:
        faults.append(forbidden(field, "may not specify both ipBlock and another peer"))
    return faults


def _spec_faults(spec: Obj, old: Sequence[str] = (), *, any_value: bool = False) -> list[FieldError]:
    faults = label_selector("spec.podSelector", spec.get("podSelector"), any_value=any_value)
    for side, peers in SIDES:
        for index, rule in enumerate(spec.get(side) or ()):
            field = f"spec.{side}[{index}]"
            for number, port in enumerate(rule.get("ports") or ()):
                faults += _port_faults(f"{field}.ports[{number}]", port)
            for number, peer in enumerate(rule.get(peers) or ()):
                faults += _peer_faults(f"{field}.{peers}[{number}]", peer, old, any_value=any_value)
    types = spec.get("policyTypes") or []
    if len(types) > len(TYPES):
        return [*faults, invalid("spec.policyTypes", types, "may not specify more than two policyTypes")]
    for index, kind in enumerate(types):
        if kind not in TYPES:
            faults.append(not_supported(f"spec.policyTypes[{index}]", kind, TYPES))
    return faults


def _blocks(spec: Obj) -> Iterator[tuple[str, str]]:
    """Every CIDR with its field."""
    for side, peers in SIDES:
        for index, rule in enumerate(spec.get(side) or ()):
            for number, peer in enumerate(rule.get(peers) or ()):
                block = peer.get("ipBlock")
                if block is None:
                    continue
                field = f"spec.{side}[{index}].{peers}[{number}].ipBlock"
                yield f"{field}.cidr", block.get("cidr", "")
                for place, each in enumerate(block.get("except") or ()):
                    yield f"{field}.except[{place}]", each


class NetworkPolicyStrategy(Strategy):
    """Which pods may talk to which."""

    def default(self, obj: Obj) -> None:
        """Ports are TCP; a policy is for ingress, and for egress if it has such rules."""
        spec = obj.setdefault("spec", {})
        for side, _ in SIDES:
            for rule in spec.get(side) or ():
                for port in rule.get("ports") or ():
                    fill(port, "protocol", "TCP")
        if not spec.get("policyTypes"):
            spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Selectors, ports, peers and types."""
        return _spec_faults(obj.get("spec") or {})

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same; what was spelt oddly may stay."""
        then = old.get("spec") or {}
        known = [text for _, text in _blocks(then)]
        return _spec_faults(obj.get("spec") or {}, known, any_value=has_odd_selector_value(then.get("podSelector")))

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """CIDRs that are spelt oddly."""
        found = _blocks(obj.get("spec") or {})
        return [warning for field, text in found for warning in addresses.cidr_warnings(field, text)]


ROWS = {"networkpolicies.networking.k8s.io": NetworkPolicyStrategy()}
