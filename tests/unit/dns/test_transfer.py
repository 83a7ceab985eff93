"""Zone transfers."""

from __future__ import annotations

from typing import Any

import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from fakekube_dns import MemoryView, Profile, Resolver

from .conftest import endpoint_slice, external, rcode, service

ZONE = "cluster.local."


@pytest.fixture
def small() -> MemoryView:
    """One service of each sort; their order by name is not that of their namespaces."""
    view = MemoryView(lambda: 1_700_000_000.0)
    for name in ("z", "a"):
        view.apply("Namespace", {"metadata": {"name": name}})
    view.apply("Service", service("dual", "10.0.0.1", "10::1", namespace="z", ports=[_port("HTTP", 80), _port("", 81)]))
    view.apply("Service", external("ext", "a.test", namespace="a"))
    view.apply("Service", service("head", namespace="z"))
    view.apply("Service", service("hidden", "10.0.0.2", namespace="unknown"))
    ports = [_port("http", 8080), _port("", 9)]
    view.apply("EndpointSlice", endpoint_slice("h", "head", ("10.1.0.1", "ep"), "10::9", namespace="z", ports=ports))
    return view


def _port(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "protocol": "TCP", "port": number}


def transfer(
    resolver: Resolver, qtype: str = "AXFR", serial: int | None = None, **how: Any
) -> list[dns.message.Message]:
    query = dns.message.make_query(ZONE, qtype)
    if serial is not None:
        query.authority.append(dns.rrset.from_text(ZONE, 0, "IN", "SOA", f". . {serial} 0 0 0 0"))
    replies = resolver.resolve(query.to_wire(), **({"stream": True} | how))
    assert replies is not None
    assert not hasattr(replies, "finish")
    return [
        dns.message.from_wire(reply, one_rr_per_rrset=True)
        for reply in ([replies] if isinstance(replies, bytes) else replies)
    ]


def lines(replies: list[dns.message.Message]) -> list[str]:
    """Each record in its order, names without the zone."""
    found = [
        f"{rrset.name} {dns.rdatatype.to_text(rrset.rdtype)} {rrset[0]}" for reply in replies for rrset in reply.answer
    ]
    return [line.replace(".svc.cluster.local.", "") for line in found]


def test_a_zone_is_sent_whole_and_in_order(small: MemoryView) -> None:
    found = lines(transfer(Resolver(small, Profile(transfer=True))))
    assert found[0] == found[-1]
    assert found[0].startswith("cluster.local. SOA ns.dns.cluster.local.")
    assert found[1:-1] == [
        "cluster.local. NS ns.dns.cluster.local.",
        "ns.dns.cluster.local. A 127.0.0.1",
        "dual.z A 10.0.0.1",
        "dual.z AAAA 10::1",
        "dual.z SRV 0 100 80 dual.z",
        "_http._tcp.dual.z SRV 0 100 80 dual.z",
        "dual.z SRV 0 100 81 dual.z",
        "ext.a CNAME a.test.",
        "head.z A 10.1.0.1",
        "ep.head.z A 10.1.0.1",
        "_http._tcp.head.z SRV 0 50 8080 ep.head.z",
        "head.z AAAA 10::9",
        "10--9.head.z AAAA 10::9",
        "_http._tcp.head.z SRV 0 50 8080 10--9.head.z",
    ]


@pytest.mark.parametrize(("serial", "records"), [(1_700_000_000, 1), (1_699_999_999, 16), (0, 16)])
def test_an_incremental_transfer_is_all_or_nothing(small: MemoryView, serial: int, records: int) -> None:
    assert len(lines(transfer(Resolver(small, Profile(transfer=True)), "IXFR", serial))) == records


def test_a_large_zone_takes_several_packets(small: MemoryView) -> None:
    for i in range(1000):
        small.apply("Service", service(f"svc-{i:04}", "10.2.0.1", namespace="a"))
    replies = transfer(Resolver(small, Profile(transfer=True)))
    assert len(replies) > 1
    assert len(set(lines(replies))) == 15 + 3000


@pytest.mark.parametrize(
    ("allowed", "stream", "qtype", "zone"),
    [
        (False, True, "AXFR", ZONE),
        (True, False, "AXFR", ZONE),
        (True, True, "IXFR", ZONE),  # does not say from where
        (True, True, "AXFR", "svc.cluster.local."),
        (True, True, "AXFR", "in-addr.arpa."),
        (True, True, "AXFR", "example.com."),
    ],
)
def test_a_transfer_is_refused(small: MemoryView, allowed: bool, stream: bool, qtype: str, zone: str) -> None:
    query = dns.message.make_query(zone, qtype)
    reply = Resolver(small, Profile(transfer=allowed)).resolve(query.to_wire(), stream=stream)
    assert isinstance(reply, bytes)
    assert rcode(dns.message.from_wire(reply)) == "REFUSED"
