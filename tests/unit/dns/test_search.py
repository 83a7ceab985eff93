"""Looking names up as a pod does."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube_dns import COREDNS, MemoryView
from fakekube_dns.resolvconf import ResolvConf, for_namespace, for_pod, hostname_and_domain
from fakekube_dns.search import Srv, StubResolver, candidates


@pytest.fixture
def stub(view: MemoryView) -> StubResolver:
    """The library of a pod."""
    return StubResolver(view)


FOUND = [
    ("svc1", "A", "testns", ["10.0.0.1"], "svc1.testns.svc.cluster.local."),
    ("svc1.testns", "A", "other", ["10.0.0.1"], "svc1.testns.svc.cluster.local."),
    ("svc1.testns.svc", "a", "other", ["10.0.0.1"], "svc1.testns.svc.cluster.local."),
    ("svc1.testns.svc.cluster.local", "A", "other", ["10.0.0.1"], "svc1.testns.svc.cluster.local."),
    ("svc1.testns.svc.cluster.local.", "A", "other", ["10.0.0.1"], "svc1.testns.svc.cluster.local."),
    ("svc6", "AAAA", "testns", ["1234:abcd::1"], "svc6.testns.svc.cluster.local."),
    ("external", "CNAME", "testns", ["ext.interwebs.test."], "external.testns.svc.cluster.local."),
    ("dns-version", "TXT", "testns", ["1.1.0"], "dns-version.cluster.local."),
    ("10-1-2-3.podns.pod", "A", "testns", ["10.1.2.3"], "10-1-2-3.podns.pod.cluster.local."),
    (
        "_http._tcp.svc1",
        "SRV",
        "testns",
        [Srv(0, 100, 80, "svc1.testns.svc.cluster.local.")],
        "_http._tcp.svc1.testns.svc.cluster.local.",
    ),
]


@pytest.mark.parametrize(("name", "qtype", "namespace", "values", "whole"), FOUND)
def test_names_are_found_along_the_search_path(
    stub: StubResolver, name: str, qtype: str, namespace: str, values: list[Any], whole: str
) -> None:
    found = stub.resolve(name, qtype, namespace=namespace)
    assert (list(found), found.name, found.rcode) == (values, whole, "NOERROR")


@pytest.mark.parametrize(
    ("name", "qtype", "namespace", "rcode"),
    [
        ("svc1", "A", "other", "NXDOMAIN"),
        ("svc1.", "A", "testns", "REFUSED"),
        ("svc1", "AAAA", "testns", "NOERROR"),
        ("example.com", "A", "testns", "NXDOMAIN"),
        ("example.com.", "A", "testns", "REFUSED"),
    ],
)
def test_names_that_are_not_found(stub: StubResolver, name: str, qtype: str, namespace: str, rcode: str) -> None:
    found = stub.resolve(name, qtype, namespace=namespace)
    assert not found
    assert found.rcode == rcode


def test_aliases_are_told(stub: StubResolver) -> None:
    found = stub.resolve("external-to-service", namespace="testns")
    assert (found.values, found.aliases) == (("10.0.0.1",), ("svc1.testns.svc.cluster.local.",))
    outside = stub.resolve("external", namespace="testns")
    assert (outside.values, outside.aliases) == ((), ("ext.interwebs.test.",))


def test_addresses_have_names(stub: StubResolver) -> None:
    assert list(stub.reverse("10.0.0.1")) == ["svc1.testns.svc.cluster.local."]
    assert list(stub.reverse("5678:abcd:0::1")) == ["5678-abcd--1.hdls1.testns.svc.cluster.local."]
    assert stub.reverse("10.99.99.99").rcode == "NXDOMAIN"


@pytest.mark.parametrize(("name", "qtype"), [("a..b", "A"), ("x" * 64, "A"), ("svc1", "NONSENSE")])
def test_what_cannot_be_asked_is_an_error(stub: StubResolver, name: str, qtype: str) -> None:
    with pytest.raises(ValueError):
        stub.resolve(name, qtype)


def test_a_profile_and_settings_can_be_chosen(view: MemoryView) -> None:
    stub = StubResolver(view, COREDNS)
    assert stub.resolve("10-1-2-3.podns.pod").rcode == "NXDOMAIN"
    conf = ResolvConf(searches=("testns.svc.cluster.local",))
    assert list(stub.resolve("svc1", conf=conf)) == ["10.0.0.1"]
    assert stub.resolve("svc1.testns", conf=conf).rcode == "NXDOMAIN"


def test_a_name_with_enough_dots_is_tried_as_it_is() -> None:
    conf = for_namespace("one")
    assert candidates("a.b.c.d.e", conf)[0] == "a.b.c.d.e.one.svc.cluster.local."
    assert candidates("a.b.c.d.e.f", conf)[0] == "a.b.c.d.e.f."
    assert candidates("a", conf)[-1] == "a."
    assert candidates("a.", conf) == ["a."]
    assert candidates("x.y", ResolvConf(searches=("z", ".", "w."))) == ["x.y.", "x.y.z.", "x.y.", "x.y.w."]


def test_the_file_of_an_ordinary_pod() -> None:
    host = ResolvConf(("192.0.2.1",), ("corp.test", "svc.cluster.local"), ("timeout:1",))
    assert for_namespace("shop", ["10.96.0.10"], host=host).text() == (
        "search shop.svc.cluster.local svc.cluster.local cluster.local corp.test\n"
        "nameserver 10.96.0.10\n"
        "options ndots:5\n"
    )


HOST = ResolvConf(("192.0.2.1",), ("corp.test",), ("timeout:1",))
CLUSTER = (
    "search one.svc.cluster.local svc.cluster.local cluster.local corp.test\nnameserver 10.96.0.10\noptions ndots:5\n"
)
OF_HOST = "search corp.test\nnameserver 192.0.2.1\noptions timeout:1\n"
CONFIG = {
    "nameservers": ["192.0.2.9", "192.0.2.1"],
    "searches": ["more.test", "corp.test"],
    "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
}


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({}, CLUSTER),
        ({"dnsPolicy": "ClusterFirst"}, CLUSTER),
        ({"dnsPolicy": "ClusterFirst", "hostNetwork": True}, OF_HOST),
        ({"dnsPolicy": "ClusterFirstWithHostNet", "hostNetwork": True}, CLUSTER),
        ({"dnsPolicy": "Default"}, OF_HOST),
        ({"dnsPolicy": "None"}, ""),
        (
            {"dnsPolicy": "None", "dnsConfig": CONFIG},
            "search more.test corp.test\nnameserver 192.0.2.9\nnameserver 192.0.2.1\noptions ndots:2 edns0\n",
        ),
        (
            {"dnsPolicy": "Default", "dnsConfig": CONFIG},
            "search corp.test more.test\nnameserver 192.0.2.1\nnameserver 192.0.2.9\noptions timeout:1 ndots:2 edns0\n",
        ),
        (
            {"dnsConfig": {"options": [{"name": "ndots", "value": "2"}]}},
            CLUSTER.replace("ndots:5", "ndots:2"),
        ),
    ],
)
def test_the_file_of_a_pod_follows_its_policy(spec: dict[str, Any], text: str) -> None:
    pod = {"metadata": {"name": "web", "namespace": "one"}, "spec": spec}
    assert for_pod(pod, ["10.96.0.10"], host=HOST).text() == text


def test_too_much_is_cut_with_a_warning() -> None:
    config = {"nameservers": [f"192.0.2.{i}" for i in range(4)], "searches": [f"s{i}.test" for i in range(40)]}
    conf = for_pod({"metadata": {"name": "web"}, "spec": {"dnsPolicy": "None", "dnsConfig": config}})
    assert (len(conf.nameservers), len(conf.searches)) == (3, 32)
    assert [warning.split(",")[0] for warning in conf.warnings] == [
        "Nameserver limits were exceeded",
        "Search Line limits were exceeded",
    ]
    assert conf.warnings[0].endswith("the applied nameserver line is: 192.0.2.0 192.0.2.1 192.0.2.2")
    long = {"searches": ["x" * 254, *(f"{i:02}." + "y" * 247 for i in range(9))]}
    conf = for_pod({"metadata": {"name": "web"}, "spec": {"dnsPolicy": "None", "dnsConfig": long}})
    assert [search[:2] for search in conf.searches] == [f"{i:02}" for i in range(8)]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, ("web", "")),
        ({"hostname": "db", "subdomain": "sets"}, ("db", "sets.one.svc.cluster.local")),
        ({"subdomain": "sets"}, ("web", "sets.one.svc.cluster.local")),
        ({"hostnameOverride": "whole.test", "subdomain": "sets"}, ("whole.test", "")),
    ],
)
def test_the_names_of_a_pod(spec: dict[str, str], expected: tuple[str, str]) -> None:
    assert hostname_and_domain({"metadata": {"name": "web", "namespace": "one"}, "spec": spec}) == expected


def test_a_long_pod_name_makes_a_shorter_host_name() -> None:
    assert hostname_and_domain({"metadata": {"name": "a" * 61 + "-.-b"}})[0] == "a" * 61
