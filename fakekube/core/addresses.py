"""IP addresses and CIDRs as the API server reads them: loosely in old fields, strictly in new ones.

Rules and words: k8s.io/apimachinery/pkg/util/validation/ip.go. "Loosely" allows leading zeros in IPv4 parts and
IPv4-mapped IPv6 addresses.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from fakekube.core.fielderrors import go_quote

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WRONG_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_WRONG_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_WRONG_INTERFACE = "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"


@lru_cache(maxsize=8192)
def _read_ip(text: str) -> Address | None:
    """The address as it is written (IPv4-mapped stays IPv6), or None."""
    head, colon, tail = text.rpartition(":")
    if "." in tail:
        parts = tail.split(".")
        if not all(part.isascii() and part.isdigit() for part in parts):
            return None
        text = head + colon + ".".join(part.lstrip("0") or "0" for part in parts)
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


_PART = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
is_plain = re.compile(rf"{_PART}(?:\.{_PART}){{3}}", re.ASCII).fullmatch
"""Matches IPv4 addresses as they should be written: nothing at all is wrong with those."""


def parse_ip(text: str) -> Address | None:
    """The address, read loosely; an IPv4-mapped one is IPv4. None if it is none."""
    found = _read_ip(text)
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


@lru_cache(maxsize=1024)
def parse_cidr(text: str) -> tuple[Address, Network] | None:
    """The address and its network, read loosely. None if it is none."""
    head, _, size = text.partition("/")
    found = _read_ip(head)
    if found is None or not (size.isascii() and size.isdigit()) or int(size) > found.max_prefixlen:
        return None
    bits = int(size)
    network = ip_network((found, bits), strict=False)
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        if bits >= 96:
            network = ip_network((found.ipv4_mapped, bits - 96), strict=False)
        return found.ipv4_mapped, network
    return found, network


def _has_leading_zeros(text: str) -> bool:
    tail = text.rpartition(":")[2]
    return "." in tail and any(len(part) > 1 and part[0] == "0" for part in tail.split("."))


def _is_mapped(text: str) -> bool:
    found = _read_ip(text)
    return isinstance(found, IPv6Address) and found.ipv4_mapped is not None


def legacy_ip(value: str, strict: bool = True) -> list[str]:
    """What is wrong with an address in a field older than the strict rules."""
    if is_plain(value):
        return []
    if parse_ip(value) is None:
        return [_WRONG_IP]
    if not strict:
        return []
    if _has_leading_zeros(value):
        return ["must not have leading 0s"]
    return ["must not be an IPv4-mapped IPv6 address"] if _is_mapped(value) else []


def ip(value: str) -> list[str]:
    """What is wrong with an address; it must be in canonical form."""
    if found := legacy_ip(value):
        return found
    text = value if is_plain(value) else str(parse_ip(value))
    return [] if value == text else [f"must be in canonical form ({go_quote(text)})"]


def legacy_cidr(value: str, strict: bool = True) -> list[str]:
    """What is wrong with a network in a field older than the strict rules."""
    found = parse_cidr(value)
    if found is None:
        return [_WRONG_CIDR]
    if not strict:
        return []
    head, _, size = value.partition("/")
    if _has_leading_zeros(head) or (len(size) > 1 and size[0] == "0"):
        return ["must not have leading 0s in IP or prefix length"]
    if _is_mapped(head):
        return ["must not have an IPv4-mapped IPv6 address"]
    return [] if found[0] == found[1].network_address else ["must not have bits set beyond the prefix length"]


def cidr(value: str) -> list[str]:
    """What is wrong with a network; it must be in canonical form."""
    if found := legacy_cidr(value):
        return found
    read = parse_cidr(value)
    text = str(read[1]) if read else ""
    return [] if value == text else [f"must be in canonical form ({go_quote(text)})"]


def interface_address(value: str) -> list[str]:
    """What is wrong with an address that tells the size of its network."""
    found = parse_cidr(value)
    if found is None:
        return [_WRONG_INTERFACE]
    text = f"{found[0]}/{found[1].prefixlen}"
    return [] if value == text else [f"must be in canonical form ({go_quote(text)})"]


def ip_warnings(field: str, value: str) -> list[str]:
    """The warnings for a valid address in an old field."""
    if is_plain(value):
        return []
    if _has_leading_zeros(value) or _is_mapped(value):
        return [f"{field}: non-standard IP address {go_quote(value)} is invalid: use {go_quote(str(parse_ip(value)))}"]
    text = str(parse_ip(value)) if ":" in value else value
    if text != value:
        return [f"{field}: IPv6 address {go_quote(value)} should be in RFC 5952 canonical format ({go_quote(text)})"]
    return []


def cidr_warnings(field: str, value: str) -> list[str]:
    """The warnings for a valid network in an old field."""
    read = parse_cidr(value)
    if read is None:
        return []
    address, network = read
    shown, text = go_quote(value), go_quote(str(network))
    found = []
    head, _, size = value.partition("/")
    if address != network.network_address:
        single = go_quote(f"{address}/{128 if ':' in head else 32}")
        found.append(f"{field}: CIDR value {shown} is ambiguous in this context (should be {text} or {single}?)")
    if _has_leading_zeros(head) or (len(size) > 1 and size[0] == "0") or _is_mapped(head):
        found.append(f"{field}: non-standard CIDR value {shown} is invalid: use {text}")
    if not found and ":" in value and str(network) != value:
        found.append(f"{field}: IPv6 CIDR value {shown} should be in RFC 5952 canonical format ({text})")
    return found
