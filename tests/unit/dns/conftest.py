"""The cluster that most DNS tests ask about, and short ways to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from fakekube_dns import COREDNS, MemoryView, Resolver

from .fake_api import api

__all__ = ["api"]  # a fixture

ZONE = "cluster.local."
HTTP = {"name": "http", "protocol": "TCP", "port": 80}


def service(
    name: str, *addresses: str, namespace: str = "testns", ports: Iterable[Any] = (HTTP,), **spec: Any
) -> dict[str, Any]:
    """A Service; without an address it is headless."""
    texts = list(addresses) or ["None"]
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": "ClusterIP", "clusterIP": texts[0], "clusterIPs": texts, "ports": list(ports)} | spec,
    }


def external(name: str, target: str, namespace: str = "testns") -> dict[str, Any]:
    """An ExternalName Service."""
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": "ExternalName", "externalName": target},
    }


def endpoint_slice(
    name: str, service: str, *endpoints: Any, namespace: str = "testns", ports: Iterable[Any] = (HTTP,)
) -> dict[str, Any]:
    """An EndpointSlice of ready endpoints: addresses, pairs of address and hostname, or whole endpoints."""
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": {"kubernetes.io/service-name": service}},
        "ports": list(ports),
        "endpoints": [each if isinstance(each, dict) else _endpoint(each) for each in endpoints],
    }


def _endpoint(each: str | tuple[str, str]) -> dict[str, Any]:
    address, *hostname = (each,) if isinstance(each, str) else each
    return {"addresses": [address], "conditions": {"ready": True}} | ({"hostname": hostname[0]} if hostname else {})


def pod(name: str, address: str, namespace: str = "podns", **metadata: Any) -> dict[str, Any]:
    """A Pod with an address."""
    return {"metadata": {"name": name, "namespace": namespace} | metadata, "status": {"podIP": address}}


OBJECTS = [
    ("Namespace", {"metadata": {"name": "testns"}}),
    ("Namespace", {"metadata": {"name": "podns"}}),
    ("Service", service("svc1", "10.0.0.1")),
    ("EndpointSlice", endpoint_slice("svc1-1", "svc1", ("172.0.0.1", "ep1a"))),
    ("Service", service("svcempty", "10.0.0.2")),
    ("EndpointSlice", endpoint_slice("svcempty-1", "svcempty")),
    ("Service", service("svc6", "1234:abcd::1")),
    ("Service", service("svc-dual-stack", "10.0.0.3", "10::3")),
    ("Service", service("twoports", "10.0.0.4", ports=[HTTP, {"name": "dns", "protocol": "UDP", "port": 53}])),
    ("Service", service("portless", "10.0.0.5", ports=[])),
    ("Service", service("hdls1")),
    (
        "EndpointSlice",
        endpoint_slice(
            "hdls1-4", "hdls1", "172.0.0.2", "172.0.0.3", ("172.0.0.4", "dup-name"), ("172.0.0.5", "dup-name")
        ),
    ),
    ("EndpointSlice", endpoint_slice("hdls1-6", "hdls1", "5678:abcd::1", "5678:abcd::2")),
    ("Service", service("hdlsprtls", ports=[])),
    ("EndpointSlice", endpoint_slice("hdlsprtls-1", "hdlsprtls", "172.0.0.20", ports=[])),
    ("Service", external("external", "ext.interwebs.test")),
    ("Service", external("external-to-service", "svc1.testns.svc.cluster.local.")),
    ("Service", service("svc0", "10.0.0.9", namespace="svc-nons")),
    ("Pod", pod("web", "10.240.0.1")),
]


def fill(view: MemoryView) -> MemoryView:
    """Tell a view of the whole cluster."""
    for kind, obj in OBJECTS:
        view.apply(kind, obj)
    return view


@pytest.fixture
def view() -> MemoryView:
    """The cluster, last changed at second 1700000000, pods included."""
    return fill(MemoryView(lambda: 1_700_000_000.0, pods=True))


@pytest.fixture
def resolver(view: MemoryView) -> Resolver:
    """The cluster under the profile of CoreDNS's own tests."""
    return Resolver(view, COREDNS)


Ask = Callable[..., dns.message.Message]


def ask_of(resolver: Resolver) -> Ask:
    """Ask it for a name (relative to the zone unless it ends in a dot) and a type; the reply is read with dnspython."""

    def ask(name: str, qtype: str = "A", *, stream: bool = False, **options: Any) -> dns.message.Message:
        whole = name if name.endswith(".") else f"{name}.{ZONE}" if name else ZONE
        query = dns.message.make_query(whole, qtype, **options)
        reply = resolver.resolve(query.to_wire(), stream=stream)
        assert isinstance(reply, bytes)
        parsed = dns.message.from_wire(reply)
        assert query.is_response(parsed)
        return parsed

    return ask


@pytest.fixture
def ask(resolver: Resolver) -> Ask:
    """Ask the `resolver` fixture."""
    return ask_of(resolver)


def texts(section: Iterable[Any]) -> list[str]:
    """The data of each record in a section, sorted."""
    return sorted(item.to_text() for rrset in section for item in rrset)


def records(section: Iterable[Any]) -> list[str]:
    """Owner, TTL, type and data of each record in a section, sorted."""
    return sorted(
        f"{rrset.name} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {item.to_text()}"
        for rrset in section
        for item in rrset
    )


def rcode(message: dns.message.Message) -> str:
    """The response code's name."""
    return dns.rcode.to_text(message.rcode())
