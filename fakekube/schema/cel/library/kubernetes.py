"""What Kubernetes adds: quantities, addresses, URLs, versions and named formats."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from fakekube.core import gourl, names, quantity
from fakekube.core.fielderrors import go_quote
from fakekube.core.quantity import Quantity
from fakekube.schema.cel.declarations import Row
from fakekube.schema.cel.library.addresses import why_no_address, why_no_network
from fakekube.schema.cel.library.versions import Version, parsed
from fakekube.schema.cel.values import INT_HIGH, INT_LOW, NOTHING, EvaluationError, Optional, no_overload
from fakekube.schema.custom import formats

_ONE = 1_000_000_000
"""Quantities count in billionths."""


# --- quantities


def _quantity(text: str) -> Quantity:
    try:
        return quantity.parse(_spaced(text))
    except ValueError as error:
        raise EvaluationError(str(error)) from None


def _spaced(text: str) -> str:
    """The text; those with spaces around are none here."""
    if text != text.strip(" "):
        raise ValueError(quantity.FORMAT_WRONG)
    return text


def _is_quantity(text: str) -> bool:
    try:
        quantity.parse(_spaced(text))
    except ValueError:
        return False
    return True


def _sign(value: Quantity) -> int:
    return (value.nanos > 0) - (value.nanos < 0)


def _compared(one: Quantity, other: Quantity) -> int:
    return (one.nanos > other.nanos) - (one.nanos < other.nanos)


def _is_integer(value: Quantity) -> bool:
    return value.nanos % _ONE == 0 and INT_LOW <= value.nanos // _ONE <= INT_HIGH


def _integer(value: Quantity) -> int:
    if not _is_integer(value):
        raise EvaluationError("cannot convert value to integer")
    return value.nanos // _ONE


def _quantities() -> Iterator[Row]:
    yield "quantity", "string_to_quantity", "(string) -> Quantity", _quantity
    yield "isQuantity", "is_quantity_string", "(string) -> bool", _is_quantity
    yield "sign", "quantity_sign", "(Quantity) -> int", _sign
    yield "isGreaterThan", "quantity_is_greater_than", "Quantity.(Quantity) -> bool", lambda a, b: a.nanos > b.nanos
    yield "isLessThan", "quantity_is_less_than", "Quantity.(Quantity) -> bool", lambda a, b: a.nanos < b.nanos
    yield "compareTo", "quantity_compare_to", "Quantity.(Quantity) -> int", _compared
    yield "asApproximateFloat", "quantity_get_float", "Quantity.() -> double", lambda value: value.nanos / _ONE
    yield "asInteger", "quantity_get_int", "Quantity.() -> int", _integer
    yield "isInteger", "quantity_is_integer", "Quantity.() -> bool", _is_integer
    yield "add", "quantity_add", "Quantity.(Quantity) -> Quantity", lambda a, b: a + b
    yield "add", "quantity_add_int", "Quantity.(int) -> Quantity", lambda a, b: a + quantity.from_int(b)
    yield "sub", "quantity_sub", "Quantity.(Quantity) -> Quantity", lambda a, b: a - b
    yield "sub", "quantity_sub_int", "Quantity.(int) -> Quantity", lambda a, b: a - quantity.from_int(b)


# --- addresses


class Ip(NamedTuple):
    """An address."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address

    @property
    def type_name(self) -> str:
        return "net.IP"

    @property
    def bytes_held(self) -> int:
        return self.address.max_prefixlen // 8


class Cidr(NamedTuple):
    """A network, with the address it was written with."""

    interface: ipaddress.IPv4Interface | ipaddress.IPv6Interface

    @property
    def type_name(self) -> str:
        return "net.CIDR"

    @property
    def bytes_held(self) -> int:
        return self.interface.max_prefixlen // 8


def _parsed_ip(text: str) -> Ip:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        start = f"IP Address {go_quote(text)} parse error during conversion from string: "
        raise EvaluationError(start + why_no_address(text)) from None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            raise EvaluationError(f"IP address {go_quote(text)} with zone value is not allowed")
        if address.ipv4_mapped:
            raise EvaluationError(f"IPv4-mapped IPv6 address {go_quote(text)} is not allowed")
    return Ip(address)


_NETWORK = re.compile(r"[0-9a-fA-F.:]+/(?:0|[1-9][0-9]{0,2})")


def _parsed_cidr(text: str) -> Cidr:
    start = "network address parse error during conversion from string: "
    try:
        if not _NETWORK.fullmatch(text):
            raise ValueError
        interface = ipaddress.ip_interface(text)
    except ValueError:
        raise EvaluationError(f"{start}{start}{_why_no_network(text)}") from None
    if isinstance(interface, ipaddress.IPv6Interface) and interface.ip.ipv4_mapped:
        raise EvaluationError(f"{start}IPv4-mapped IPv6 address {go_quote(text)} is not allowed")
    return Cidr(interface)


def _why_no_network(text: str) -> str:
    try:
        longest = ipaddress.ip_address(text.rpartition("/")[0]).max_prefixlen
    except ValueError:
        return why_no_network(text, is_address=False, longest=0)
    return why_no_network(text, is_address=True, longest=longest)


def _parses(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def test(text: str) -> bool:
        try:
            parse(text)
        except EvaluationError:
            return False
        return True

    return test


def _contains_ip(network: Cidr, other: Any) -> bool:
    try:
        address = (_parsed_ip(other) if isinstance(other, str) else other).address
    except EvaluationError:
        raise no_overload() from None
    return address in network.interface.network


def _contains_cidr(network: Cidr, other: Any) -> bool:
    one = network.interface.network
    two = (_parsed_cidr(other) if isinstance(other, str) else other).interface.network
    return one.version == two.version and one.prefixlen <= two.prefixlen and two.network_address in one


def _is_global(value: Ip) -> bool:
    address = value.address
    broadcast = address == ipaddress.IPv4Address("255.255.255.255")
    others = (address.is_unspecified, address.is_loopback, address.is_multicast, address.is_link_local)
    return not broadcast and not any(others)


def _is_link_local_multicast(value: Ip) -> bool:
    address = value.address
    if isinstance(address, ipaddress.IPv4Address):
        return address in ipaddress.IPv4Network("224.0.0.0/24")
    return int(address) >> 112 & 0xFF0F == 0xFF02


def _masked(value: Cidr) -> Cidr:
    return Cidr(ipaddress.ip_interface(str(value.interface.network)))


def _addresses() -> Iterator[Row]:
    yield "ip", "string_to_ip", "(string) -> IP", _parsed_ip
    yield "family", "ip_family", "IP.() -> int", lambda value: value.address.version
    yield "ip.isCanonical", "ip_is_canonical", "(string) -> bool", lambda text: str(_parsed_ip(text).address) == text
    yield "isUnspecified", "ip_is_unspecified", "IP.() -> bool", lambda value: value.address.is_unspecified
    yield "isLoopback", "ip_is_loopback", "IP.() -> bool", lambda value: value.address.is_loopback
    yield "isLinkLocalMulticast", "ip_is_link_local_multicast", "IP.() -> bool", _is_link_local_multicast
    yield "isLinkLocalUnicast", "ip_is_link_local_unicast", "IP.() -> bool", lambda value: value.address.is_link_local
    yield "isGlobalUnicast", "ip_is_global_unicast", "IP.() -> bool", _is_global
    yield "isIP", "is_ip", "(string) -> bool", _parses(_parsed_ip)
    yield "string", "ip_to_string", "(IP) -> string", lambda value: str(value.address)
    yield "cidr", "string_to_cidr", "(string) -> CIDR", _parsed_cidr
    yield "containsIP", "cidr_contains_ip_string", "CIDR.(string) -> bool", _contains_ip
    yield "containsIP", "cidr_contains_ip_ip", "CIDR.(IP) -> bool", _contains_ip
    yield "containsCIDR", "cidr_contains_cidr_string", "CIDR.(string) -> bool", _contains_cidr
    yield "containsCIDR", "cidr_contains_cidr", "CIDR.(CIDR) -> bool", _contains_cidr
    yield "ip", "cidr_ip", "CIDR.() -> IP", lambda value: Ip(value.interface.ip)
    yield "prefixLength", "cidr_prefix_length", "CIDR.() -> int", lambda value: value.interface.network.prefixlen
    yield "masked", "cidr_masked", "CIDR.() -> CIDR", _masked
    yield "isCIDR", "is_cidr", "(string) -> bool", _parses(_parsed_cidr)
    yield "string", "cidr_to_string", "(CIDR) -> string", lambda value: str(value.interface)


# --- URLs


class Link(NamedTuple):
    """A URL."""

    url: gourl.Url

    @property
    def type_name(self) -> str:
        return "kubernetes.URL"


def _parsed_url(text: str) -> Link:
    try:
        gourl.parse_request(text)
        return Link(gourl.parse(text))
    except gourl.UrlError as error:
        raise EvaluationError(f"URL parse error during conversion from string: {error}") from None


_ENCODED = re.compile(r"(?:[A-Za-z0-9_.~/!$&'()*+,;=:@\[\]-]|%[0-9a-fA-F]{2})*").fullmatch


def _escaped_path(link: Link) -> str:
    stated = link.url.escaped_path
    return stated if _ENCODED(stated) else gourl.escape_path(link.url.path)


def _urls() -> Iterator[Row]:
    yield "url", "string_to_url", "(string) -> URL", _parsed_url
    yield "getScheme", "url_get_scheme", "URL.() -> string", lambda link: link.url.scheme
    yield "getHost", "url_get_host", "URL.() -> string", lambda link: link.url.host
    yield "getHostname", "url_get_hostname", "URL.() -> string", lambda link: link.url.hostname
    yield "getPort", "url_get_port", "URL.() -> string", lambda link: link.url.port
    yield "getEscapedPath", "url_get_escaped_path", "URL.() -> string", _escaped_path
    yield (
        "getQuery",
        "url_get_query",
        "URL.() -> map<string, list<string>>",
        lambda link: gourl.query_values(link.url.query),
    )
    yield "isURL", "is_url_string", "(string) -> bool", _is_url


def _is_url(text: str) -> bool:
    try:
        gourl.parse_request(text)
    except gourl.UrlError:
        return False
    return True


# --- versions


def _is_version(text: str, normalize: bool = False) -> bool:
    try:
        parsed(text, normalize)
    except EvaluationError:
        return False
    return True


def _compared_versions(one: Version, other: Version) -> int:
    return (one.rank() > other.rank()) - (one.rank() < other.rank())


def _versions() -> Iterator[Row]:
    yield "semver", "string_to_semver", "(string) -> Semver", parsed
    yield "semver", "string_bool_to_semver", "(string, bool) -> Semver", parsed
    yield "isSemver", "is_semver_string", "(string) -> bool", _is_version
    yield "isSemver", "is_semver_string_bool", "(string, bool) -> bool", _is_version
    yield "isGreaterThan", "semver_is_greater_than", "Semver.(Semver) -> bool", lambda a, b: a.rank() > b.rank()
    yield "isLessThan", "semver_is_less_than", "Semver.(Semver) -> bool", lambda a, b: a.rank() < b.rank()
    yield "compareTo", "semver_compare_to", "Semver.(Semver) -> int", _compared_versions
    yield "major", "semver_major", "Semver.() -> int", lambda version: version.numbers[0]
    yield "minor", "semver_minor", "Semver.() -> int", lambda version: version.numbers[1]
    yield "patch", "semver_patch", "Semver.() -> int", lambda version: version.numbers[2]


# --- named formats


class Format(NamedTuple):
    """A format of strings."""

    name: str
    check: Callable[[str], list[str]]

    @property
    def type_name(self) -> str:
        return "kubernetes.NamedFormat"

    @property
    def longest_pattern(self) -> int:
        """What its pattern counts as in costs."""
        return _LONGEST_PATTERNS[self.name]


def _prefix(check: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    return lambda text: check(text[:-2] + "a" if text.endswith("-") and len(text) > 1 else text)


def _of_schema(name: str, complaint: str) -> Callable[[str], list[str]]:
    def check(text: str) -> list[str]:
        test = formats.check_of(name)
        return [] if test is None or test(text) else [complaint]

    return check


def _uri(text: str) -> list[str]:
    try:
        gourl.parse_request(text)
    except gourl.UrlError as error:
        return [str(error)]
    return []


_CHECKS: dict[str, Callable[[str], list[str]]] = {
    "dns1123Label": names.dns1123_label,
    "dns1123Subdomain": names.dns1123_subdomain,
    "dns1035Label": names.dns1035_label,
    "qualifiedName": names.qualified_name,
    "dns1123LabelPrefix": _prefix(names.dns1123_label),
    "dns1123SubdomainPrefix": _prefix(names.dns1123_subdomain),
    "dns1035LabelPrefix": _prefix(names.dns1035_label),
    "labelValue": names.label_value,
    "uri": _uri,
    "uuid": _of_schema("uuid", "does not match the UUID format"),
    "byte": _of_schema("byte", "invalid base64"),
    "date": _of_schema("date", "invalid date"),
    "datetime": _of_schema("datetime", "invalid datetime"),
}


_LONGEST_PATTERNS = {
    **dict.fromkeys(("dns1123Label", "dns1123LabelPrefix", "dns1035Label", "dns1035LabelPrefix"), 30),
    **dict.fromkeys(("dns1123Subdomain", "dns1123SubdomainPrefix", "qualifiedName"), 60),
    "labelValue": 40,
    "uri": 1103,
    "uuid": 71,
    "byte": 84,
    "date": 69,
    "datetime": 69,
}


def _validate(format: Format, text: str) -> Optional:
    found = format.check(text)
    return Optional(True, found) if found else NOTHING


def _named(name: str) -> Optional:
    check = _CHECKS.get(name)
    return NOTHING if check is None else Optional(True, Format(name, check))


def _constant(format: Format) -> Callable[[], Format]:
    return lambda: format


def _formats() -> Iterator[Row]:
    for name, check in _CHECKS.items():
        yield f"format.{name}", f"format.{name}", "() -> Format", _constant(Format(name, check))
    yield "validate", "format-validate", "Format.(string) -> optional<list<string>>", _validate
    yield "format.named", "format-named", "(string) -> optional<Format>", _named


def rows() -> Iterator[Row]:
    """The functions."""
    yield from _quantities()
    yield from _addresses()
    yield from _urls()
    yield from _versions()
    yield from _formats()
