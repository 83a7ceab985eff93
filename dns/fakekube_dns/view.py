"""What the DNS server may see of a cluster, and a View that is told of each change.

The values are made once when an object changes and only read by queries. Each index entry is a tuple that is replaced
as a whole, so a thread may go on reading while another tells the view of changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from fakekube_dns import names
from fakekube_dns.names import Labels

NO_PORT: Final = -1
"""The port of a service or slice without ports: it has addresses, but nothing for SRV."""

SERVICE_NAME_LABEL: Final = "kubernetes.io/service-name"


class Port(NamedTuple):
    name: str
    protocol: str
    number: int


class Address(NamedTuple):
    """An IP address in its canonical spelling; family 0 is a name instead (slices of type FQDN)."""

    text: str
    family: int


class Service(NamedTuple):
    namespace: str
    name: str
    addresses: tuple[Address, ...]
    headless: bool
    external: bool
    external_name: Labels | None  # None too when the value cannot be a CNAME's target
    ports: tuple[Port, ...]

    @property
    def owner(self) -> Labels:
        """The labels of the service's name left of the zone."""
        return (self.name.encode(), self.namespace.encode(), b"svc")


class Endpoint(NamedTuple):
    """One address of one ready endpoint."""

    address: Address
    hostname: str
    pod_name: str  # empty if it is too long for a label

    def label(self, use_pod_names: bool) -> str:
        """The label that names this endpoint below its service."""
        return self.hostname or (use_pod_names and self.pod_name) or names.address_label(self.address.text)


class Slice(NamedTuple):
    namespace: str
    service: str
    name: str
    endpoints: tuple[Endpoint, ...]
    ports: tuple[Port, ...]

    @property
    def owner(self) -> Labels:
        """The labels of its service's name left of the zone."""
        return (self.service.encode(), self.namespace.encode(), b"svc")


class View(Protocol):
    """What the cluster holds, as far as DNS shows it. Addresses are asked for in their canonical spelling."""

    @property
    def generation(self) -> int:
        """A number that changes with anything below."""
        ...

    @property
    def changed(self) -> float:
        """When that last happened, in seconds since the epoch: the serial of the zone."""
        ...

    @property
    def synced(self) -> bool:
        """False while the view may not know everything yet."""
        ...

    def namespace(self, name: str) -> bool:
        """Whether the namespace exists."""
        ...

    def service(self, namespace: str, name: str) -> Service | None: ...

    def services(self) -> Iterable[Service]: ...

    def services_at(self, address: str) -> tuple[Service, ...]:
        """The services that have this cluster IP."""
        ...

    def slices(self, namespace: str, service: str) -> tuple[Slice, ...]: ...

    def slices_at(self, address: str) -> tuple[Slice, ...]:
        """The slices with a ready endpoint at this address."""
        ...

    def pods_at(self, address: str) -> tuple[str, ...]:
        """The namespaces of the pods with this first address."""
        ...


Obj = Mapping[str, Any]


class MemoryView:
    """A View fed with Kubernetes objects; only what DNS can show counts as a change."""

    def __init__(self, now: Callable[[], float], *, pods: bool = False) -> None:
        """`now` gives seconds since the epoch; `pods` is needed by the pod mode "verified" alone."""
        self._now = now
        self.wants: frozenset[str] = frozenset({"Namespace", "Service", "EndpointSlice"} | ({"Pod"} if pods else set()))
        """The kinds worth telling; others are ignored."""
        self.generation = 0
        self.changed = now()
        self.synced = True
        appliers: dict[str, Callable[[Obj], None]] = {
            "Namespace": self._apply_namespace,
            "Service": self._apply_service,
            "EndpointSlice": self._apply_slice,
            "Pod": self._apply_pod,
        }
        self._appliers = {kind: applier for kind, applier in appliers.items() if kind in self.wants}
        self._removers: dict[str, Callable[[str, str], None]] = {
            "Namespace": self._remove_namespace,
            "Service": self._set_service,
            "EndpointSlice": self._set_slice,
            "Pod": self._set_pod,
        }
        self._empty()

    def _empty(self) -> None:
        self._namespaces: set[str] = set()
        self._services: dict[tuple[str, str], Service] = {}
        self._services_at: dict[str, tuple[Service, ...]] = {}
        self._slices: dict[tuple[str, str], Slice] = {}
        self._slices_of: dict[tuple[str, str], tuple[Slice, ...]] = {}
        self._slice_keys_at: dict[str, tuple[tuple[str, str], ...]] = {}
        self._pods: dict[tuple[str, str], str] = {}
        self._pods_at: dict[str, tuple[str, ...]] = {}

    def apply(self, kind: str, obj: Obj) -> None:
        """The object now is like this. It is read, never kept."""
        applier = self._appliers.get(kind)
        if applier is not None:
            applier(obj)

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """The object is gone (`namespace` is empty for a Namespace); one that was never told is no change."""
        if kind in self.wants:
            self._removers[kind](namespace, name)

    def clear(self) -> None:
        """Nothing exists any more."""
        self._empty()
        self._change()

    def _change(self) -> None:
        self.changed = self._now()
        self.generation += 1  # last: whoever sees the new number finds the new content

    def _apply_namespace(self, obj: Obj) -> None:
        name = obj["metadata"]["name"]
        if name not in self._namespaces:
            self._namespaces.add(name)
            self._change()

    def _remove_namespace(self, _namespace: str, name: str) -> None:
        if name in self._namespaces:
            self._namespaces.discard(name)
            self._change()

    def _apply_service(self, obj: Obj) -> None:
        service = service_from(obj)
        self._set_service(service.namespace, service.name, service)

    def _set_service(self, namespace: str, name: str, service: Service | None = None) -> None:
        key = (namespace, name)
        before = self._services.get(key)
        if before == service:
            return
        _replace(self._services, key, service)
        for address in {address.text for part in (before, service) if part for address in part.addresses}:
            here = service if service and any(address == own.text for own in service.addresses) else None
            _exchange(self._services_at, address, before, here)
        self._change()

    def _apply_slice(self, obj: Obj) -> None:
        part = slice_from(obj)
        self._set_slice(part.namespace, part.name, part)

    def _set_slice(self, namespace: str, name: str, part: Slice | None = None) -> None:
        key = (namespace, name)
        before = self._slices.get(key)
        if before == part:
            return
        _replace(self._slices, key, part)
        for service in {each.service for each in (before, part) if each}:
            here = part if part and part.service == service else None
            _exchange(self._slices_of, (namespace, service), before, here)
        was, now = _addresses(before), _addresses(part)
        for address in was - now:
            row = tuple(other for other in self._slice_keys_at[address] if other != key)
            _replace(self._slice_keys_at, address, row or None)
        for address in now - was:
            self._slice_keys_at[address] = (*self._slice_keys_at.get(address, ()), key)
        self._change()

    def _apply_pod(self, obj: Obj) -> None:
        metadata = obj["metadata"]
        status = obj.get("status")
        address = None if metadata.get("deletionTimestamp") or not status else status.get("podIP") or None
        self._set_pod(metadata["namespace"], metadata["name"], address)

    def _set_pod(self, namespace: str, name: str, address: str | None = None) -> None:
        key = (namespace, name)
        before = self._pods.get(key)
        if before == address:
            return
        if before is not None:
            here = list(self._pods_at[before])
            here.remove(namespace)
            _replace(self._pods_at, before, tuple(here) or None)
        _replace(self._pods, key, address)
        if address is not None:
            self._pods_at[address] = (*self._pods_at.get(address, ()), namespace)
        self._change()

    def namespace(self, name: str) -> bool:
        """Whether the namespace exists."""
        return name in self._namespaces

    def service(self, namespace: str, name: str) -> Service | None:
        """The service of that name."""
        return self._services.get((namespace, name))

    def services(self) -> Iterable[Service]:
        """All services, in the order in which they came."""
        return list(self._services.values())

    def services_at(self, address: str) -> tuple[Service, ...]:
        """The services that have this cluster IP."""
        return self._services_at.get(address, ())

    def slices(self, namespace: str, service: str) -> tuple[Slice, ...]:
        """The slices of a service, in the order in which they came."""
        return self._slices_of.get((namespace, service), ())

    def slices_at(self, address: str) -> tuple[Slice, ...]:
        """The slices with a ready endpoint at this address."""
        found = [self._slices.get(key) for key in self._slice_keys_at.get(address, ())]
        return tuple(part for part in found if part is not None)

    def pods_at(self, address: str) -> tuple[str, ...]:
        """The namespaces of the pods with this first address; always empty unless the view was made with `pods`."""
        return self._pods_at.get(address, ())


def service_from(obj: Obj) -> Service:
    """The Service object as DNS sees it."""
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    texts = spec.get("clusterIPs") or [spec.get("clusterIP") or ""]
    external = spec.get("type") == "ExternalName"
    addresses = [Address(*names.canonical(text)) for text in texts]
    return Service(
        namespace=metadata["namespace"],
        name=metadata["name"],
        addresses=() if external else tuple(address for address in addresses if address.family),
        headless=texts[0] == "None",
        external=external,
        external_name=_alias(spec.get("externalName") or "") if external else None,
        ports=_ports(spec.get("ports")),
    )


def slice_from(obj: Obj) -> Slice:
    """The EndpointSlice object as DNS sees it: endpoints that are not known to be unready."""
    metadata = obj["metadata"]
    return Slice(
        namespace=metadata["namespace"],
        service=(metadata.get("labels") or {}).get(SERVICE_NAME_LABEL, ""),
        name=metadata["name"],
        endpoints=tuple(endpoint for each in obj.get("endpoints") or () for endpoint in _endpoints(each)),
        ports=_ports(obj.get("ports")),
    )


def _endpoints(each: Obj) -> Iterable[Endpoint]:
    if (each.get("conditions") or {}).get("ready") is False:
        return
    hostname = each.get("hostname") or ""
    pod_name = (each.get("targetRef") or {}).get("name") or ""
    for text in each.get("addresses") or ():
        yield Endpoint(
            Address(*names.canonical(text)), hostname, pod_name if len(pod_name) <= names.LABEL_BYTES else ""
        )


def _addresses(part: Slice | None) -> set[str]:
    return {endpoint.address.text for endpoint in part.endpoints} if part else set()


def _ports(ports: Iterable[Obj] | None) -> tuple[Port, ...]:
    found = [Port(p.get("name") or "", p.get("protocol") or "", _number(p.get("port"))) for p in ports or ()]
    return tuple(found) or (Port("", "", NO_PORT),)


def _number(port: int | None) -> int:
    return NO_PORT if port is None else port


def _alias(external_name: str) -> Labels | None:
    if names.canonical(external_name)[1]:
        return None  # an address is no name, although the API takes it
    try:
        return names.split(external_name) or None
    except ValueError:
        return None


def _replace(table: dict[Any, Any], key: Any, value: Any) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _exchange(index: dict[Any, tuple[Any, ...]], key: Any, before: Any, after: Any) -> None:
    """Put `after` in the place of `before` in one index entry; either may be None."""
    row = list(index.get(key, ()))
    place = next((at for at, each in enumerate(row) if each is before), len(row)) if before is not None else len(row)
    row[place : place + 1] = [] if after is None else [after]
    _replace(index, key, tuple(row) or None)
