"""From a name below the zone to what the cluster holds there: the rules of CoreDNS's kubernetes plugin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from fakekube_dns import names
from fakekube_dns.names import Labels, ParsedName
from fakekube_dns.profile import Profile
from fakekube_dns.view import Address, Endpoint, Port, Service, Slice, View

DEFAULT_NAME_SERVER: Final[Labels] = (b"ns", b"dns")
DNS_SERVICE: Final = ("kube-system", "kube-dns")
POD_PORT: Final = 0
ANY: Final = ParsedName()
"""Asks for nothing in particular."""


class Held(NamedTuple):
    """One address and port behind a name; `owner` is the name of that address itself, left of the zone."""

    address: Address
    port: int
    owner: Labels
    alias: Labels | None = None  # the target, when the family is 0


Found = list[Held] | None
"""None: no such name. Empty: the name exists and holds nothing."""


class Lookup:
    """The questions that records ask of a View. Names are lower case and without the zone."""

    def __init__(self, view: View, profile: Profile, server_addresses: Iterable[str]) -> None:
        self.view = view
        self.profile = profile
        self._server_addresses = [Address(*names.canonical(text)) for text in server_addresses]

    def exposed(self, namespace: str) -> bool:
        """Whether names in the namespace exist at all."""
        return self.configured(namespace) and self.view.namespace(namespace)

    def configured(self, namespace: str) -> bool:
        """Whether the profile lets the namespace be seen."""
        return not self.profile.namespaces or namespace in self.profile.namespaces

    def find(self, below: Labels, *, reverse: bool = False) -> Found:
        """What the name holds, of any family and port. Reverse zones hold no such names."""
        name = names.parse(below)
        if name is None:
            return None
        if not name.namespace:
            return []  # the apex, `svc` and `pod`: they exist, and so does no record there
        if reverse or not self.exposed(name.namespace):
            return None
        return self._pods(name) if name.kind == "pod" else self._service(name)

    def name_servers(self) -> list[Held]:
        """The names and addresses of this server: those of its Service, else `ns.dns` at its own addresses."""
        ours = [held for service in self._own_services() for held in self._addresses_of(service) if held.address.family]
        return ours or [Held(address, POD_PORT, DEFAULT_NAME_SERVER) for address in self._server_addresses]

    def reverse(self, address: str) -> list[Labels]:
        """The names of an address: a cluster IP has one, an endpoint one in each service that holds it."""
        for service in self.view.services_at(address):
            if self.configured(service.namespace):
                return [service.owner]
        parts = [part for part in self.view.slices_at(address) if self.configured(part.namespace)]
        owners = [
            self.endpoint_owner(each, part) for part in parts for each in part.endpoints if each.address.text == address
        ]
        return list(dict.fromkeys(owners))

    def endpoint_owner(self, endpoint: Endpoint, part: Service | Slice) -> Labels:
        """The name of an endpoint left of the zone."""
        return (endpoint.label(self.profile.endpoint_pod_names).encode(), *part.owner)

    def endpoints(self, service: Service, name: ParsedName = ANY) -> Iterator[Held]:
        """The endpoints of a service as addresses times ports, of those that the name asks for."""
        for part in self.view.slices(service.namespace, service.name):
            ports = [port for port in part.ports if _asked(name, port)]
            for endpoint in part.endpoints if ports else ():
                owner = self.endpoint_owner(endpoint, service)
                if name.endpoint and name.endpoint.encode("latin-1") != owner[0].lower():
                    continue
                alias = None if endpoint.address.family else names.split(endpoint.address.text)
                for port in ports:
                    yield Held(endpoint.address, port.number, owner, alias)

    def _own_services(self) -> list[Service]:
        """The services whose endpoint this server is, else the one of the usual name: a fake's pods run nowhere."""
        here = [part for address in self._server_addresses for part in self.view.slices_at(address.text)]
        found = [self.view.service(part.namespace, part.service) for part in here] or [self.view.service(*DNS_SERVICE)]
        return [service for service in found if service is not None and not service.external]

    def _addresses_of(self, service: Service) -> list[Held]:
        if service.headless:
            return list(dict.fromkeys(held._replace(port=POD_PORT) for held in self.endpoints(service)))
        return [Held(address, POD_PORT, service.owner) for address in service.addresses]

    def _pods(self, name: ParsedName) -> Found:
        mode = self.profile.pods
        if mode == "disabled":
            return None
        if not name.service:
            return []
        text, family = names.pod_address(name.service)
        held = Held(Address(text, family), POD_PORT, (name.service.encode(), name.namespace.encode(), b"pod"))
        if not family or (mode == "verified" and name.namespace not in self.view.pods_at(text)):
            return None
        return [held]

    def _service(self, name: ParsedName) -> Found:
        if not name.service:
            return []
        service = self.view.service(name.namespace, name.service)
        if service is None:
            return None
        if service.external:
            return self._external(service, name)
        if not service.headless and self.profile.ignore_empty_service and not self._has_endpoints(service):
            return None
        if service.headless or name.endpoint:
            return list(self.endpoints(service, name)) or None
        ports = [port for port in service.ports if _asked(name, port)]
        owner = service.owner
        return [Held(address, port.number, owner) for port in ports for address in service.addresses] if ports else None

    def _external(self, service: Service, name: ParsedName) -> Found:
        if name.endpoint or name.port or name.protocol or service.external_name is None:
            return None
        return [Held(Address("", 0), POD_PORT, service.owner, service.external_name)]

    def _has_endpoints(self, service: Service) -> bool:
        return any(part.endpoints for part in self.view.slices(service.namespace, service.name))


def _asked(name: ParsedName, port: Port) -> bool:
    """Whether the name asks for this port; one that names none asks for all."""
    return (not name.port or name.port == port.name.lower()) and (
        not name.protocol or name.protocol == port.protocol.lower()
    )
