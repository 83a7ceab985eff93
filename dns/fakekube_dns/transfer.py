"""A whole zone as AXFR and IXFR send it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dnslib import QTYPE

from fakekube_dns import records
from fakekube_dns.lookup import Lookup
from fakekube_dns.message import Query, size_of
from fakekube_dns.names import ADDRESS_ZONES, Labels, lowered
from fakekube_dns.view import Address, Port, Service

BATCH_BYTES: Final = 63_000
CLUSTER_IP_WEIGHT: Final = 100  # of each record of a service with a cluster IP, however many it has


class Refused(Exception):
    """This client does not get this zone."""


def transfer(query: Query, lookup: Lookup, zones: frozenset[Labels], serial: int, *, stream: bool) -> list[list[Any]]:
    """The records of a zone in batches, each for one packet; an IXFR from the present serial gets the SOA alone."""
    zone = query.labels
    served = lowered(zone) in zones and zone[-2:] not in ADDRESS_ZONES
    if not (lookup.profile.transfer and stream and served):
        raise Refused
    if query.qtype == QTYPE.IXFR and query.serial is None:
        raise Refused  # it does not say from where
    soa = records.soa(zone, serial, lookup.profile.ttl)
    if query.qtype == QTYPE.IXFR and query.serial == serial & 0xFFFFFFFF:
        return [[soa]]
    return _batches([soa, *_ZoneFile(zone, lookup).records(), soa])


class _ZoneFile:
    def __init__(self, zone: Labels, lookup: Lookup) -> None:
        self.zone = zone
        self.lookup = lookup
        self.ttl = lookup.profile.ttl

    def records(self) -> Iterator[Any]:
        """All but the SOA: the name servers, then the services by name alone."""
        servers = self.lookup.name_servers()
        for owner in dict.fromkeys(server.owner for server in servers):
            yield records.ns(self.zone, owner + self.zone, self.ttl)
        yield from (self._address(server.owner, server.address) for server in servers)
        for service in sorted(self.lookup.view.services(), key=lambda service: service.name):
            if self.lookup.exposed(service.namespace):
                yield from self._service(service)

    def _service(self, service: Service) -> Iterator[Any]:
        if service.external_name is not None:
            yield records.cname(service.owner + self.zone, service.external_name, self.ttl)
        elif service.headless:
            yield from self._headless(service)
        else:
            yield from self._cluster_ip(service)

    def _cluster_ip(self, service: Service) -> Iterator[Any]:
        yield from (self._address(service.owner, address) for address in service.addresses)
        for port in service.ports if service.addresses else ():
            if port.number >= 0:
                yield self._srv(service.owner, CLUSTER_IP_WEIGHT, port, service.owner)
                if port.name:
                    yield self._srv(_port_owner(port, service), CLUSTER_IP_WEIGHT, port, service.owner)

    def _headless(self, service: Service) -> Iterator[Any]:
        """Per endpoint its address under both names, then its named ports; the weight is shared within a slice."""
        for part in self.lookup.view.slices(service.namespace, service.name):
            weight = records.weight(len(part.endpoints)) if part.endpoints else 0
            for endpoint in part.endpoints:
                owner = self.lookup.endpoint_owner(endpoint, service)
                if endpoint.address.family:
                    yield self._address(service.owner, endpoint.address)
                    yield self._address(owner, endpoint.address)
                for port in part.ports:
                    if port.name and port.number >= 0:
                        yield self._srv(_port_owner(port, service), weight, port, owner)

    def _address(self, owner: Labels, address: Address) -> Any:
        return records.address(owner + self.zone, address, self.ttl)

    def _srv(self, owner: Labels, weight: int, port: Port, target: Labels) -> Any:
        return records.srv(owner + self.zone, weight, port.number, target + self.zone, self.ttl)


def _port_owner(port: Port, service: Service) -> Labels:
    return (f"_{port.name}".lower().encode(), f"_{port.protocol}".lower().encode(), *service.owner)


def _batches(whole: list[Any]) -> list[list[Any]]:
    batches: list[list[Any]] = [[]]
    filled = 0
    for record in whole:
        size = size_of(record)
        if filled + size > BATCH_BYTES and batches[-1]:
            batches.append([])
            filled = 0
        batches[-1].append(record)
        filled += size
    return batches
