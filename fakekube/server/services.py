"""Where a webhook's Service leads: to the endpoints that somebody wrote for it; those that are pods listen nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from fakekube.core.fielderrors import go_quote
from fakekube.core.meta import Obj, annotations_of, labels_of
from fakekube.server.posting import PostError
from fakekube.storage.store import Store
from fakekube.storage.values import Key

SLICES = "endpointslices.discovery.k8s.io"
SERVICE_NAME = "kubernetes.io/service-name"
ADDRESS = "fakekube/address"
"""The annotation of a Service that tells where on this machine its server listens."""
Address = tuple[str, int]


def resolve(store: Store, service: Obj) -> Address:
    """The address behind the `service` of a clientConfig; PostError if there is none."""
    namespace, name, port = service["namespace"], service["name"], service.get("port") or 443
    stored = store.get(Key("services", namespace, name))
    if stored is None:
        raise PostError(f"service {go_quote(name)} not found")
    stated = annotations_of(stored.view).get(ADDRESS)
    if stated is not None:
        return _address(stated, name)
    spec = stored.view["spec"]
    if spec.get("type") == "ExternalName":
        return spec.get("externalName") or "", port
    if spec.get("clusterIP") == "None":
        raise PostError('cannot route to service with ClusterIP "None"')
    found = next((each for each in spec.get("ports") or () if each["port"] == port), None)
    if found is None:
        raise PostError(f"no service port {port} found for service {go_quote(name)}")
    address = next(_written(store, namespace, name, found.get("name") or ""), None)
    if address is None:
        raise PostError(f"dial tcp {spec.get('clusterIP')}:{port}: connect: connection refused")
    return address


def _address(text: str, service: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise PostError(f"service {go_quote(service)}: the annotation {ADDRESS} is HOST:PORT, not {go_quote(text)}")
    return host.strip("[]"), int(port)


def _written(store: Store, namespace: str, name: str, port_name: str) -> Iterator[Address]:
    """The ready endpoints that are no pods."""
    for stored in store.list(SLICES, namespace):
        if labels_of(stored.view).get(SERVICE_NAME) != name:
            continue
        for port in stored.view.get("ports") or ():
            if (port.get("name") or "") == port_name and port.get("port") is not None:
                yield from ((address, port["port"]) for address in _addresses(stored.view))


def _addresses(found: Obj) -> Iterator[str]:
    for endpoint in found.get("endpoints") or ():
        ready = (endpoint.get("conditions") or {}).get("ready") is not False
        if ready and endpoint.get("targetRef") is None and endpoint.get("addresses"):
            yield endpoint["addresses"][0]
