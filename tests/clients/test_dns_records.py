"""Every kind of record that the cluster's DNS has, over UDP and TCP, as soon as the write behind it was answered."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.reversename
import pytest

from fakekube import FakeCluster

Obj = dict[str, Any]
Ask = Callable[..., dns.message.Message]
ZONE = "default.svc.cluster.local."
TRANSPORTS: dict[str, Ask] = {"udp": dns.query.udp, "tcp": dns.query.tcp}
DIG = shutil.which("dig")


def service(name: str, *ports: tuple[str, int, str], **spec: Any) -> Obj:
    shown = [{"name": port, "port": number, "protocol": protocol} for port, number, protocol in ports]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec | ({"ports": shown} if shown else {}),
    }


def stateful_set(name: str, replicas: int) -> Obj:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": "db:1"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "serviceName": name,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        },
    }


IPV6_SLICE: Obj = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "six-x", "namespace": "default", "labels": {"kubernetes.io/service-name": "six"}},
    "addressType": "IPv6",
    "ports": [{"name": "db", "port": 5432, "protocol": "TCP"}],
    "endpoints": [{"addresses": ["fd00::5"], "hostname": "one"}],
}


@pytest.fixture
def furnished(kube: FakeCluster) -> FakeCluster:
    """A service of every sort, one of them with pods behind it."""
    kube.apply(
        service("web", ("http", 80, "TCP"), ("quic", 443, "UDP"), clusterIP="10.96.0.80"),
        service("db", ("db", 5432, "TCP"), clusterIP="None", selector={"app": "db"}),
        service("six", ("db", 5432, "TCP"), clusterIP="None"),
        service("out", type="ExternalName", externalName="db.example.com"),
        service("none", clusterIP="None", selector={"app": "nobody"}),
        stateful_set("db", 2),
        IPV6_SLICE,
    )
    kube.settle()
    return kube


def asked(kube: FakeCluster, transport: str, name: str, type: str) -> dns.message.Message:
    assert kube.dns_address is not None
    host, port = kube.dns_address
    query = dns.message.make_query(name, type)
    reply = TRANSPORTS[transport](query, host, port=port, timeout=10)
    assert reply.flags & dns.flags.AA
    assert not reply.flags & dns.flags.TC
    return reply


def shown(section: list[Any]) -> list[str]:
    """The records of a section: type and data."""
    return sorted(f"{dns.rdatatype.to_text(item.rdtype)} {item.to_text()}" for rrset in section for item in rrset)


def pod_addresses(kube: FakeCluster) -> list[str]:
    return [
        pod["status"]["podIP"] for pod in sorted(kube.list("pods", "default"), key=lambda pod: pod["metadata"]["name"])
    ]


# name below the zone, type -> the answer; {0} and {1} are the addresses of the two pods
ANSWERS: list[tuple[str, str, list[str]]] = [
    ("web", "A", ["A 10.96.0.80"]),
    ("WeB", "A", ["A 10.96.0.80"]),
    ("_http._tcp.web", "SRV", [f"SRV 0 100 80 web.{ZONE}"]),
    ("_quic._udp.web", "SRV", [f"SRV 0 100 443 web.{ZONE}"]),
    ("web", "SRV", [f"SRV 0 50 443 web.{ZONE}", f"SRV 0 50 80 web.{ZONE}"]),
    ("db", "A", ["A {0}", "A {1}"]),
    ("db-0.db", "A", ["A {0}"]),
    ("db-1.db", "A", ["A {1}"]),
    ("_db._tcp.db", "SRV", [f"SRV 0 50 5432 db-0.db.{ZONE}", f"SRV 0 50 5432 db-1.db.{ZONE}"]),
    ("six", "AAAA", ["AAAA fd00::5"]),
    ("one.six", "AAAA", ["AAAA fd00::5"]),
    ("_db._tcp.six", "SRV", [f"SRV 0 100 5432 one.six.{ZONE}"]),
    ("out", "A", ["CNAME db.example.com."]),
    ("out", "CNAME", ["CNAME db.example.com."]),
]
NOTHING: list[tuple[str, str, str]] = [
    ("web", "AAAA", "NOERROR"),
    ("web", "TXT", "NOERROR"),
    ("six", "A", "NOERROR"),
    ("db-0.db", "AAAA", "NOERROR"),
    ("nobody", "A", "NXDOMAIN"),
    ("none", "A", "NXDOMAIN"),
    ("db-7.db", "A", "NXDOMAIN"),
    ("_smtp._tcp.web", "SRV", "NXDOMAIN"),
    ("_http._udp.web", "SRV", "NXDOMAIN"),
    ("too.many.labels.web", "A", "NXDOMAIN"),
]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_is_answered(transport: str, furnished: FakeCluster) -> None:
    addresses = pod_addresses(furnished)
    for name, type, wanted in ANSWERS:
        reply = asked(furnished, transport, f"{name}.{ZONE}", type)
        assert dns.rcode.to_text(reply.rcode()) == "NOERROR", (name, type)
        assert shown(reply.answer) == sorted(each.format(*addresses) for each in wanted), (name, type)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_there_is_not(transport: str, furnished: FakeCluster) -> None:
    for name, type, rcode in NOTHING:
        reply = asked(furnished, transport, f"{name}.{ZONE}", type)
        assert (dns.rcode.to_text(reply.rcode()), reply.answer) == (rcode, []), (name, type)
        (soa,) = shown(reply.authority)
        assert soa.startswith("SOA ns.dns.cluster.local. hostmaster.cluster.local. "), (name, type)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_addresses_have_names(transport: str, furnished: FakeCluster) -> None:
    for address, names in (("10.96.0.80", [f"PTR web.{ZONE}"]), (pod_addresses(furnished)[0], [f"PTR db-0.db.{ZONE}"])):
        reply = asked(furnished, transport, dns.reversename.from_address(address).to_text(), "PTR")
        assert shown(reply.answer) == names


def test_writes_are_seen_at_once(kube: FakeCluster) -> None:
    for turn in range(20):
        name = f"s{turn}"
        address = kube.create(service(name, ("http", 80, "TCP")))["spec"]["clusterIP"]
        for transport in TRANSPORTS:
            assert shown(asked(kube, transport, f"{name}.{ZONE}", "A").answer) == [f"A {address}"]
        kube.patch("svc", name, {"spec": {"ports": [{"name": "new", "port": 81}]}})
        srv = shown(asked(kube, "udp", f"_new._tcp.{name}.{ZONE}", "SRV").answer)
        assert srv == [f"SRV 0 100 81 {name}.{ZONE}"]
        kube.delete("svc", name)
        assert asked(kube, "udp", f"{name}.{ZONE}", "A").rcode() == dns.rcode.NXDOMAIN


def test_names_follow_the_pods(furnished: FakeCluster) -> None:
    furnished.patch("sts", "db", {"spec": {"replicas": 1}})
    furnished.settle()
    (address,) = pod_addresses(furnished)
    assert shown(asked(furnished, "udp", f"db.{ZONE}", "A").answer) == [f"A {address}"]
    assert asked(furnished, "udp", f"db-1.db.{ZONE}", "A").rcode() == dns.rcode.NXDOMAIN


def test_a_namespace_takes_its_names_with_it(kube: FakeCluster) -> None:
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    kube.apply(service("web", ("http", 80, "TCP")) | {"metadata": {"name": "web", "namespace": "shop"}})
    assert asked(kube, "udp", "web.shop.svc.cluster.local.", "A").answer
    kube.delete("ns", "shop")
    kube.settle()
    assert asked(kube, "udp", "web.shop.svc.cluster.local.", "A").rcode() == dns.rcode.NXDOMAIN


def test_search_paths(furnished: FakeCluster) -> None:
    resolve = furnished.dns.resolve
    assert list(resolve("web")) == ["10.96.0.80"]
    assert resolve("web", namespace="kube-system").rcode == "NXDOMAIN"
    for name in ("web.default", "web.default.svc", "web.default.svc.cluster.local", "web.default.svc.cluster.local."):
        assert list(resolve(name, namespace="kube-system")) == ["10.96.0.80"]
    assert sorted(resolve("db")) == sorted(pod_addresses(furnished))
    assert list(resolve("six", "AAAA")) == ["fd00::5"]
    assert [(srv.port, srv.target) for srv in resolve("_http._tcp.web", "SRV")] == [(80, f"web.{ZONE}")]
    out = resolve("out")
    assert (out.aliases, list(out)) == (("db.example.com.",), [])


@pytest.mark.skipif(DIG is None, reason="there is no dig on the PATH")
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_dig(transport: str, furnished: FakeCluster) -> None:
    assert DIG is not None
    assert furnished.dns_address is not None
    host, port = furnished.dns_address
    line = [DIG, f"@{host}", "-p", str(port), transport, "+short", f"web.{ZONE}", "A", f"_http._tcp.web.{ZONE}", "SRV"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.split("\n") == ["10.96.0.80", f"0 100 80 web.{ZONE}", ""]
