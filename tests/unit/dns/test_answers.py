"""What CoreDNS's kubernetes plugin answers, row by row."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fakekube_dns import COREDNS, KUBEADM, MemoryView, Profile, Resolver

from .conftest import Ask, ask_of, endpoint_slice, external, fill, pod, rcode, records, service, texts

SOA = "cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1700000000 7200 1800 86400 5"
HEADLESS_TARGETS = ["172-0-0-2", "172-0-0-3", "5678-abcd--1", "5678-abcd--2", "dup-name"]

ANSWERED = [
    ("svc1.testns.svc", "A", ["10.0.0.1"]),
    ("svcempty.testns.svc", "A", ["10.0.0.2"]),
    ("svc6.testns.svc", "AAAA", ["1234:abcd::1"]),
    ("svc-dual-stack.testns.svc", "A", ["10.0.0.3"]),
    ("svc-dual-stack.testns.svc", "AAAA", ["10::3"]),
    ("twoports.testns.svc", "A", ["10.0.0.4"]),
    ("portless.testns.svc", "A", ["10.0.0.5"]),
    ("_http._tcp.svc1.testns.svc", "A", ["10.0.0.1"]),
    ("hdls1.testns.svc", "A", ["172.0.0.2", "172.0.0.3", "172.0.0.4", "172.0.0.5"]),
    ("hdls1.testns.svc", "AAAA", ["5678:abcd::1", "5678:abcd::2"]),
    ("172-0-0-2.hdls1.testns.svc", "A", ["172.0.0.2"]),
    ("172-0-0-3.hdls1.testns.svc", "A", ["172.0.0.3"]),
    ("dup-name.hdls1.testns.svc", "A", ["172.0.0.4", "172.0.0.5"]),
    ("5678-abcd--1.hdls1.testns.svc", "AAAA", ["5678:abcd::1"]),
    ("hdlsprtls.testns.svc", "A", ["172.0.0.20"]),
    ("172-0-0-20.hdlsprtls.testns.svc", "A", ["172.0.0.20"]),
    ("ep1a.svc1.testns.svc", "A", ["172.0.0.1"]),
    ("external.testns.svc", "CNAME", ["ext.interwebs.test."]),
    ("external.testns.svc", "A", ["ext.interwebs.test."]),
    ("external-to-service.testns.svc", "CNAME", ["svc1.testns.svc.cluster.local."]),
    ("external-to-service.testns.svc", "A", ["10.0.0.1", "svc1.testns.svc.cluster.local."]),
    ("ns.dns", "A", ["127.0.0.1"]),
]

NO_DATA = [
    *[
        ("svc1.testns.svc", qtype)
        for qtype in ("AAAA", "TXT", "SOA", "PTR", "CNAME", "MX", "NS", "HINFO", "HTTPS", "DS")
    ],
    ("svc6.testns.svc", "A"),
    ("portless.testns.svc", "SRV"),
    ("hdlsprtls.testns.svc", "SRV"),
    ("external.testns.svc", "SRV"),
    ("external.testns.svc", "TXT"),
    ("external-to-service.testns.svc", "AAAA"),
    ("172-0-0-2.hdls1.testns.svc", "AAAA"),
    *[(name, qtype) for name in ("svc", "pod", "testns.svc", "podns.svc") for qtype in ("A", "NS", "PTR", "MX")],
    *[("", qtype) for qtype in ("A", "AAAA", "SRV", "HINFO", "MX", "CNAME", "PTR")],
    ("missing.testns.svc", "SOA"),  # asked for the SOA of any name but the apex
    ("ns.dns", "AAAA"),
    ("ns.dns", "SRV"),
]

MISSING = [
    *[("svc0.testns.svc", qtype) for qtype in ("A", "AAAA", "SRV", "TXT", "MX", "CNAME", "PTR", "NS", "HINFO")],
    ("bogusendpoint.hdls1.testns.svc", "A"),
    ("bogusendpoint.svc0.testns.svc", "A"),
    ("_https._tcp.svc1.testns.svc", "SRV"),
    ("_http._udp.svc1.testns.svc", "SRV"),
    ("a.b.c.svc1.testns.svc", "A"),
    ("endpoint.external.testns.svc", "CNAME"),
    ("a.b.external.testns.svc", "CNAME"),
    ("_http._tcp.external.testns.svc", "SRV"),
    ("svc0.svc-nons.svc", "A"),
    ("svc0.svc-nons.svc", "TXT"),
    ("svc-nons.svc", "A"),
    ("_http._tcp.svc0.svc-nons.svc", "SRV"),
    ("foo", "NS"),
    ("foo", "A"),
    ("foo.svc", "NS"),
    *[(name, "TXT") for name in ("", "svc", "testns.svc")],
    ("100.0.0.10", "PTR"),
    ("*.testns.svc", "A"),
    ("any.testns.svc", "A"),
    ("*.*.svc", "A"),
]

SERVED = [
    ("svc1.testns.svc", ["0 100 80 svc1"], ["svc1 A 10.0.0.1"]),
    ("_http._tcp.svc1.testns.svc", ["0 100 80 svc1"], ["svc1 A 10.0.0.1"]),
    ("http.tcp.svc1.testns.svc", ["0 100 80 svc1"], ["svc1 A 10.0.0.1"]),
    ("_http._tcp.svcempty.testns.svc", ["0 100 80 svcempty"], ["svcempty A 10.0.0.2"]),
    ("svc6.testns.svc", ["0 100 80 svc6"], ["svc6 AAAA 1234:abcd::1"]),
    (
        "svc-dual-stack.testns.svc",
        ["0 50 80 svc-dual-stack"],
        ["svc-dual-stack A 10.0.0.3", "svc-dual-stack AAAA 10::3"],
    ),
    ("twoports.testns.svc", ["0 50 53 twoports", "0 50 80 twoports"], ["twoports A 10.0.0.4"]),
    ("_dns._udp.twoports.testns.svc", ["0 100 53 twoports"], ["twoports A 10.0.0.4"]),
    (
        "_http._tcp.hdls1.testns.svc",
        [f"0 16 80 {label}.hdls1" for label in HEADLESS_TARGETS],
        [
            "172-0-0-2.hdls1 A 172.0.0.2",
            "172-0-0-3.hdls1 A 172.0.0.3",
            "5678-abcd--1.hdls1 AAAA 5678:abcd::1",
            "5678-abcd--2.hdls1 AAAA 5678:abcd::2",
            "dup-name.hdls1 A 172.0.0.4",
            "dup-name.hdls1 A 172.0.0.5",
        ],
    ),
    ("ep1a.svc1.testns.svc", ["0 100 80 ep1a.svc1"], ["ep1a.svc1 A 172.0.0.1"]),
]


@pytest.mark.parametrize(("name", "qtype", "expected"), ANSWERED)
def test_names_with_records(ask: Ask, name: str, qtype: str, expected: list[str]) -> None:
    reply = ask(name, qtype)
    assert (rcode(reply), texts(reply.answer)) == ("NOERROR", expected)
    assert {rrset.ttl for rrset in reply.answer} == {5}
    assert reply.authority == reply.additional == []


@pytest.mark.parametrize(("name", "qtype"), NO_DATA)
def test_names_without_records_of_the_type(ask: Ask, name: str, qtype: str) -> None:
    reply = ask(name, qtype)
    assert (rcode(reply), reply.answer, reply.additional) == ("NOERROR", [], [])
    assert records(reply.authority) == [SOA]


@pytest.mark.parametrize(("name", "qtype"), MISSING)
def test_names_that_do_not_exist(ask: Ask, name: str, qtype: str) -> None:
    reply = ask(name, qtype)
    assert (rcode(reply), reply.answer, reply.additional) == ("NXDOMAIN", [], [])
    assert records(reply.authority) == [SOA]


@pytest.mark.parametrize(("name", "places", "glue"), SERVED)
def test_ports_of_services(ask: Ask, name: str, places: list[str], glue: list[str]) -> None:
    reply = ask(name, "SRV")
    assert rcode(reply) == "NOERROR"
    assert texts(reply.answer) == [f"{place}.testns.svc.cluster.local." for place in places]
    whole = [line.replace(" ", ".testns.svc.cluster.local. 5 ", 1) for line in glue]
    assert records(reply.additional) == whole


def test_the_apex_has_a_soa(ask: Ask) -> None:
    assert records(ask("", "SOA").answer) == [SOA]


def test_the_server_is_named_at_the_apex(ask: Ask) -> None:
    reply = ask("", "NS")
    assert texts(reply.answer) == ["ns.dns.cluster.local."]
    assert records(reply.additional) == ["ns.dns.cluster.local. 5 A 127.0.0.1"]


@pytest.mark.parametrize(
    ("objects", "addresses", "name", "glue"),
    [
        (
            [service("kube-dns", "10.96.0.10", namespace="kube-system")],
            ["127.0.0.1"],
            "kube-dns.kube-system",
            "10.96.0.10",
        ),
        (
            [service("mine", "10.96.0.11"), endpoint_slice("mine-1", "mine", "10.0.1.1")],
            ["10.0.1.1"],
            "mine.testns",
            "10.96.0.11",
        ),
    ],
)
def test_a_server_with_a_service_goes_by_its_name(
    view: MemoryView, objects: list[dict[str, str]], addresses: list[str], name: str, glue: str
) -> None:
    for obj in objects:
        view.apply("Service" if "spec" in obj else "EndpointSlice", obj)
    reply = ask_of(Resolver(view, COREDNS, server_addresses=addresses))("", "NS")
    assert texts(reply.answer) == [f"{name}.svc.cluster.local."]
    assert records(reply.additional) == [f"{name}.svc.cluster.local. 5 A {glue}"]


def test_the_schema_version_is_text(ask: Ask) -> None:
    assert records(ask("dns-version", "TXT").answer) == ['dns-version.cluster.local. 28800 TXT "1.1.0"']


CASED = [
    ("SvC1.TeStNs.SvC.cLuStEr.LoCaL.", "A", "answer", "SvC1.TeStNs.SvC.cLuStEr.LoCaL. 5 A 10.0.0.1"),
    (
        "_HtTp._TcP.sVc1.TeStNs.SvC.cLuStEr.LoCaL.",
        "SRV",
        "answer",
        "_HtTp._TcP.sVc1.TeStNs.SvC.cLuStEr.LoCaL. 5 SRV 0 100 80 svc1.testns.svc.cLuStEr.LoCaL.",
    ),
    ("_HtTp._TcP.sVc1.TeStNs.SvC.cLuStEr.LoCaL.", "SRV", "additional", "svc1.testns.svc.cLuStEr.LoCaL. 5 A 10.0.0.1"),
    (
        "not-a-service.testns.svc.ClUsTeR.lOcAl.",
        "A",
        "authority",
        SOA.replace("cluster.local", "ClUsTeR.lOcAl"),
    ),
]


@pytest.mark.parametrize(("name", "qtype", "section", "record"), CASED)
def test_the_letter_case_of_the_query_is_kept(ask: Ask, name: str, qtype: str, section: str, record: str) -> None:
    assert records(getattr(ask(name, qtype), section)) == [record]


PODS = [
    ("10-240-0-1.podns.pod", "A", "NXDOMAIN", "10.240.0.1", "10.240.0.1"),
    ("172-0-0-2.podns.pod", "A", "NXDOMAIN", "172.0.0.2", "NXDOMAIN"),
    ("10-240-0-1.testns.pod", "A", "NXDOMAIN", "10.240.0.1", "NXDOMAIN"),
    ("any.label.10-240-0-1.podns.pod", "A", "NXDOMAIN", "10.240.0.1", "10.240.0.1"),
    ("1234--1.podns.pod", "AAAA", "NXDOMAIN", "1234::1", "NXDOMAIN"),
    ("10-240-0-1.podns.pod", "AAAA", "NXDOMAIN", "NODATA", "NODATA"),
    ("blah.podns.pod", "A", "NXDOMAIN", "NXDOMAIN", "NXDOMAIN"),
    ("blah.podns.pod", "AAAA", "NXDOMAIN", "NXDOMAIN", "NXDOMAIN"),
    ("blah.podns.pod", "HINFO", "NXDOMAIN", "NXDOMAIN", "NXDOMAIN"),
    ("blah.pod-nons.pod", "A", "NXDOMAIN", "NXDOMAIN", "NXDOMAIN"),
    ("pod-nons.pod", "A", "NXDOMAIN", "NXDOMAIN", "NXDOMAIN"),
    ("podns.pod", "A", "NXDOMAIN", "NODATA", "NODATA"),
    ("pod", "A", "NODATA", "NODATA", "NODATA"),
]


@pytest.mark.parametrize("mode", ["disabled", "insecure", "verified"])
@pytest.mark.parametrize(("name", "qtype", "disabled", "insecure", "verified"), PODS)
def test_pods(view: MemoryView, mode: str, name: str, qtype: str, disabled: str, insecure: str, verified: str) -> None:
    expected = {"disabled": disabled, "insecure": insecure, "verified": verified}[mode]
    reply = ask_of(Resolver(view, Profile(pods=mode)))(name, qtype)  # type: ignore[arg-type]
    found = texts(reply.answer)
    assert (found or [{"NOERROR": "NODATA"}.get(rcode(reply), rcode(reply))]) == [expected]


def test_a_verified_pod_goes_with_its_deletion(view: MemoryView) -> None:
    ask = ask_of(Resolver(view, Profile(pods="verified")))
    view.apply("Pod", pod("web", "10.240.0.1", deletionTimestamp="2026-01-01T00:00:00Z"))
    assert rcode(ask("10-240-0-1.podns.pod")) == "NXDOMAIN"


REVERSE = [
    ("1.0.0.10.in-addr.arpa.", ["svc1.testns.svc.cluster.local."]),
    ("1.0.0.172.in-addr.arpa.", ["ep1a.svc1.testns.svc.cluster.local."]),
    ("2.0.0.172.in-addr.arpa.", ["172-0-0-2.hdls1.testns.svc.cluster.local.", "fast.other.testns.svc.cluster.local."]),
    (
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.c.b.a.8.7.6.5.ip6.arpa.",
        ["5678-abcd--1.hdls1.testns.svc.cluster.local."],
    ),
    ("7.0.0.10.in-addr.arpa.", ["winner.testns.svc.cluster.local."]),
]


@pytest.mark.parametrize(("name", "expected"), REVERSE)
def test_addresses_have_names(view: MemoryView, name: str, expected: list[str]) -> None:
    view.apply("Service", service("winner", "10.0.0.7"))
    view.apply("EndpointSlice", endpoint_slice("other-1", "other", ("172.0.0.2", "fast"), "10.0.0.7"))
    view.apply("EndpointSlice", endpoint_slice("other-2", "other", ("172.0.0.2", "fast")))
    reply = ask_of(Resolver(view))(name, "PTR")
    assert (rcode(reply), texts(reply.answer)) == ("NOERROR", expected)


@pytest.mark.parametrize(
    ("name", "qtype", "code", "zone"),
    [
        ("99.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN", "in-addr.arpa."),
        ("0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN", "in-addr.arpa."),
        ("1.0.0.10.in-addr.arpa.", "A", "NXDOMAIN", "in-addr.arpa."),
        ("svc1.testns.svc.in-addr.arpa.", "A", "NXDOMAIN", "in-addr.arpa."),
        ("in-addr.arpa.", "A", "NOERROR", "in-addr.arpa."),
        ("in-addr.arpa.", "PTR", "NOERROR", "in-addr.arpa."),
        ("1.ip6.arpa.", "PTR", "NXDOMAIN", "ip6.arpa."),
    ],
)
def test_reverse_zones_hold_nothing_else(view: MemoryView, name: str, qtype: str, code: str, zone: str) -> None:
    reply = ask_of(Resolver(view))(name, qtype)
    assert (rcode(reply), reply.answer) == (code, [])
    assert [str(rrset.name) for rrset in reply.authority] == [zone]


def test_a_reverse_zone_may_be_a_cidr(view: MemoryView) -> None:
    ask = ask_of(Resolver(view, Profile(zones=("10.0.0.0/16", "cluster.local"))))
    assert texts(ask("1.0.0.10.in-addr.arpa.", "PTR").answer) == ["svc1.testns.svc.cluster.local."]
    assert rcode(ask("1.0.0.172.in-addr.arpa.", "PTR")) == "REFUSED"


def test_kubeadm_keeps_answers_longer(view: MemoryView) -> None:
    ask = ask_of(Resolver(view, KUBEADM))
    assert ask("svc1.testns.svc").answer[0].ttl == 30
    assert records(ask("x.testns.svc").authority) == [SOA.replace(" 5", " 30")]


def test_a_long_ttl_does_not_lengthen_denials(view: MemoryView) -> None:
    reply = ask_of(Resolver(view, Profile(ttl=3600)))("x.testns.svc")
    assert records(reply.authority) == [SOA.replace(" 5 ", " 300 ").replace("86400 5", "86400 3600")]


def test_what_is_not_known_yet_is_a_failure(view: MemoryView) -> None:
    ask = ask_of(Resolver(view, COREDNS))
    view.synced = False
    assert rcode(ask("svc1.testns.svc")) == "NOERROR"
    reply = ask("svc0.testns.svc")
    assert (rcode(reply), records(reply.authority)) == ("SERVFAIL", [SOA])
    view.synced = True
    assert rcode(ask("svc0.testns.svc")) == "NXDOMAIN"


def test_services_without_endpoints_can_be_left_out(view: MemoryView) -> None:
    ask = ask_of(Resolver(view, Profile(ignore_empty_service=True)))
    assert rcode(ask("svcempty.testns.svc")) == "NXDOMAIN"
    assert texts(ask("svc1.testns.svc").answer) == ["10.0.0.1"]
    assert rcode(ask("external.testns.svc", "CNAME")) == "NOERROR"


def test_namespaces_can_be_chosen(view: MemoryView) -> None:
    view.apply("Service", service("hidden", "10.0.0.8", namespace="podns"))
    ask = ask_of(Resolver(view, Profile(namespaces=frozenset({"testns"}))))
    assert rcode(ask("svc1.testns.svc")) == "NOERROR"
    assert {rcode(ask(name)) for name in ("hidden.podns.svc", "podns.svc")} == {"NXDOMAIN"}
    assert rcode(ask("8.0.0.10.in-addr.arpa.", "PTR")) == "NXDOMAIN"


@pytest.mark.parametrize(
    ("pod_name", "label"), [("web-0", "web-0"), ("p" * 63, "p" * 63), ("p" * 64, "10-1-0-1"), ("", "10-1-0-1")]
)
def test_endpoints_can_be_named_after_their_pods(view: MemoryView, pod_name: str, label: str) -> None:
    view.apply("Service", service("named"))
    endpoint = {"addresses": ["10.1.0.1"], "targetRef": {"kind": "Pod", "name": pod_name}}
    view.apply("EndpointSlice", endpoint_slice("named-1", "named", endpoint))
    ask = ask_of(Resolver(view, Profile(endpoint_pod_names=True)))
    assert texts(ask("named.testns.svc", "SRV").answer) == [f"0 100 80 {label}.named.testns.svc.cluster.local."]


@pytest.mark.parametrize(
    ("conditions", "code"), [({}, "NOERROR"), ({"ready": None}, "NOERROR"), ({"ready": False}, "NXDOMAIN")]
)
def test_only_endpoints_known_to_be_unready_are_left_out(
    view: MemoryView, ask: Ask, conditions: dict[str, bool], code: str
) -> None:
    view.apply("Service", service("one"))
    view.apply("EndpointSlice", endpoint_slice("one-1", "one", {"addresses": ["10.1.0.1"], "conditions": conditions}))
    assert rcode(ask("one.testns.svc")) == code


def test_weights_never_fall_to_nothing(view: MemoryView, ask: Ask) -> None:
    view.apply("Service", service("many"))
    view.apply("EndpointSlice", endpoint_slice("many-1", "many", *(f"10.1.{i // 250}.{i % 250}" for i in range(300))))
    reply = ask("many.testns.svc", "SRV", stream=True)
    assert len(texts(reply.answer)) == len(texts(reply.additional)) == 300
    assert {text.split()[1] for text in texts(reply.answer)} == {"1"}


ALIASES = [
    ("to-missing", "svc0.testns.svc.cluster.local", "NOERROR", []),
    ("to-other-family", "svc6.testns.svc.cluster.local", "NOERROR", []),
    ("to-pod", "10-9-8-7.podns.pod.cluster.local", "NOERROR", ["10-9-8-7.podns.pod.cluster.local.", "10.9.8.7"]),
    (
        "to-alias",
        "external-to-service.testns.svc.cluster.local",
        "NOERROR",
        ["10.0.0.1", "external-to-service.testns.svc.cluster.local.", "svc1.testns.svc.cluster.local."],
    ),
    (
        "to-outside",
        "external.testns.svc.cluster.local",
        "NOERROR",
        ["ext.interwebs.test.", "external.testns.svc.cluster.local."],
    ),
    ("to-itself", "to-itself.testns.svc.cluster.local", "NOERROR", []),
    ("to-address", "192.0.2.1", "NXDOMAIN", []),
]


@pytest.mark.parametrize(("name", "target", "code", "expected"), ALIASES)
def test_aliases_are_followed_within_the_zone(
    view: MemoryView, name: str, target: str, code: str, expected: list[str]
) -> None:
    view.apply("Service", external(name, target))
    reply = ask_of(Resolver(view))(f"{name}.testns.svc")
    assert (rcode(reply), texts(reply.answer)) == (code, expected)


def test_a_ring_of_aliases_ends(view: MemoryView, ask: Ask) -> None:
    for here, there in (("a", "b"), ("b", "c"), ("c", "a")):
        view.apply("Service", external(here, f"{there}.testns.svc.cluster.local"))
    assert (rcode(ask("a.testns.svc")), ask("a.testns.svc").answer) == ("NOERROR", [])


def test_a_long_chain_of_aliases_is_cut(view: MemoryView, ask: Ask) -> None:
    for i in range(20):
        view.apply("Service", external(f"link{i}", f"link{i + 1}.testns.svc.cluster.local"))
    view.apply("Service", service("link20", "10.0.0.6"))
    assert ask("link0.testns.svc").answer == []
    assert "10.0.0.6" in texts(ask("link12.testns.svc").answer)


@pytest.mark.parametrize(
    ("change", "name", "before", "after"),
    [
        (lambda view: view.apply("Service", service("late", "10.0.0.7")), "late.testns.svc", "NXDOMAIN", "NOERROR"),
        (lambda view: view.remove("Service", "testns", "svc1"), "svc1.testns.svc", "NOERROR", "NXDOMAIN"),
        (lambda view: view.remove("EndpointSlice", "testns", "hdls1-4"), "hdls1.testns.svc", "NOERROR", "NOERROR"),
        (
            lambda view: view.remove("EndpointSlice", "testns", "hdlsprtls-1"),
            "hdlsprtls.testns.svc",
            "NOERROR",
            "NXDOMAIN",
        ),
        (lambda view: view.remove("Namespace", "", "testns"), "svc1.testns.svc", "NOERROR", "NXDOMAIN"),
        (lambda view: view.clear(), "svc1.testns.svc", "NOERROR", "NXDOMAIN"),
    ],
)
def test_changes_are_seen_at_once(
    view: MemoryView, ask: Ask, change: Callable[[MemoryView], None], name: str, before: str, after: str
) -> None:
    assert rcode(ask(name)) == before
    change(view)
    assert rcode(ask(name)) == after


def test_the_serial_is_the_time_of_the_last_visible_change() -> None:
    now = 1_700_000_000.0
    view = fill(MemoryView(lambda: now))
    ask = ask_of(Resolver(view, COREDNS))
    now += 60
    view.apply("Service", service("svc1", "10.0.0.1") | {"status": {"loadBalancer": {}}})
    assert records(ask("", "SOA").answer) == [SOA]
    view.apply("Service", service("svc1", "10.0.0.77"))
    assert records(ask("", "SOA").answer) == [SOA.replace("1700000000", "1700000060")]
