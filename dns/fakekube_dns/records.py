"""Resource records as dnslib packs them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final

from dnslib import AAAA, CLASS, CNAME, NS, PTR, QTYPE, RR, SOA, SRV, TXT, A, DNSLabel

from fakekube_dns.names import Labels
from fakekube_dns.view import Address

SCHEMA_VERSION: Final = "1.1.0"
SCHEMA_TTL: Final = 28800
DENIAL_TTL: Final = 300  # a denial is kept no longer, whatever the ttl
REFRESH, RETRY, EXPIRE = 7200, 1800, 86400


def address(owner: Labels, where: Address, ttl: int) -> Any:
    """A or AAAA, by the family of the address."""
    return RR(DNSLabel(owner), QTYPE.A if where.family == 4 else QTYPE.AAAA, CLASS.IN, ttl, _address_data(where.text))


def cname(owner: Labels, target: Labels, ttl: int) -> Any:
    """The owner is another name for the target."""
    return RR(DNSLabel(owner), QTYPE.CNAME, CLASS.IN, ttl, CNAME(DNSLabel(target)))


def ptr(owner: Labels, target: Labels, ttl: int) -> Any:
    """The owner, a reverse name, belongs to the target."""
    return RR(DNSLabel(owner), QTYPE.PTR, CLASS.IN, ttl, PTR(DNSLabel(target)))


def ns(zone: Labels, server: Labels, ttl: int) -> Any:
    """The zone is served by the server."""
    return RR(DNSLabel(zone), QTYPE.NS, CLASS.IN, ttl, NS(DNSLabel(server)))


def srv(owner: Labels, weight: int, port: int, target: Labels, ttl: int) -> Any:
    """One place where the owner's port is served; priorities are always 0."""
    return RR(DNSLabel(owner), QTYPE.SRV, CLASS.IN, ttl, SRV(0, weight, port, DNSLabel(target)))


def schema_version(owner: Labels) -> Any:
    """The version of the DNS schema that the zone follows."""
    return RR(DNSLabel(owner), QTYPE.TXT, CLASS.IN, SCHEMA_TTL, TXT(SCHEMA_VERSION))


def soa(zone: Labels, serial: int, ttl: int) -> Any:
    """The zone's own record, also the authority of each denial."""
    times = (serial & 0xFFFFFFFF, REFRESH, RETRY, EXPIRE, ttl)
    data = SOA(DNSLabel((b"ns", b"dns", *zone)), DNSLabel((b"hostmaster", *zone)), times)
    return RR(DNSLabel(zone), QTYPE.SOA, CLASS.IN, min(ttl, DENIAL_TTL), data)


def weight(places: int) -> int:
    """The weight of each of so many SRV records."""
    return max(1, 100 // places)


@lru_cache(maxsize=65536)
def _address_data(text: str) -> Any:
    where = ip_address(text)
    return A(tuple(where.packed)) if where.version == 4 else AAAA(tuple(where.packed))
