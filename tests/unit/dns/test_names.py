"""Names: what their labels say, and addresses spelled as names."""

from __future__ import annotations

import pytest

from fakekube_dns import names
from fakekube_dns.names import ParsedName


@pytest.mark.parametrize(
    ("below", "parsed"),
    [
        ("", ParsedName()),
        ("svc", ParsedName("svc")),
        ("pod", ParsedName("pod")),
        ("ns1.svc", ParsedName("svc", "ns1")),
        ("web.ns1.svc", ParsedName("svc", "ns1", "web")),
        ("ep.web.ns1.svc", ParsedName("svc", "ns1", "web", endpoint="ep")),
        ("_http._tcp.web.ns1.svc", ParsedName("svc", "ns1", "web", port="http", protocol="tcp")),
        ("http.tcp.web.ns1.svc", ParsedName("svc", "ns1", "web", port="http", protocol="tcp")),
        ("__http._tcp.web.ns1.svc", ParsedName("svc", "ns1", "web", port="_http", protocol="tcp")),
        ("1-2-3-4.ns1.pod", ParsedName("pod", "ns1", "1-2-3-4")),
        ("a.b.c.web.ns1.svc", None),
        ("foo", None),
        ("web.ns1.svcs", None),
    ],
)
def test_labels_are_read_right_to_left(below: str, parsed: ParsedName | None) -> None:
    assert names.parse(names.split(below)) == parsed


@pytest.mark.parametrize("text", ["a..b", "x" * 64, ".".join(["x" * 63] * 5), "ä.test"])
def test_what_no_packet_can_hold_is_no_name(text: str) -> None:
    with pytest.raises(ValueError):
        names.split(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", ("10.0.0.1", 4)),
        ("10.0.0.01", ("10.0.0.01", 0)),
        ("2001:DB8:0::1", ("2001:db8::1", 6)),
        ("::ffff:10.0.0.1", ("10.0.0.1", 4)),
        ("fe80::1%eth0", ("fe80::1%eth0", 0)),
        ("None", ("None", 0)),
        ("", ("", 0)),
    ],
)
def test_an_address_has_one_spelling(text: str, expected: tuple[str, int]) -> None:
    assert names.canonical(text) == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("10-240-0-1", ("10.240.0.1", 4)),
        ("5678-abcd--1", ("5678:abcd::1", 6)),
        ("--1", ("::1", 6)),
        ("blah", ("blah", 0)),
    ],
)
def test_exactly_three_single_dashes_are_ipv4(label: str, expected: tuple[str, int]) -> None:
    assert names.pod_address(label) == expected


@pytest.mark.parametrize(
    ("address", "label"),
    [("172.0.0.2", "172-0-0-2"), ("5678:abcd::1", "5678-abcd--1"), ("5678:abcd::", "5678-abcd--0")],
)
def test_an_endpoint_without_hostname_is_named_by_its_address(address: str, label: str) -> None:
    assert names.address_label(address) == label


@pytest.mark.parametrize("address", ["10.0.0.100", "1234:abcd::1", "::"])
def test_a_reverse_name_gives_its_address_back(address: str) -> None:
    assert names.reversed_address(names.reverse_name(address)) == address


@pytest.mark.parametrize(
    "name", ["0.0.10.in-addr.arpa", "256.0.0.10.in-addr.arpa", "in-addr.arpa", "1.ip6.arpa", "a.test"]
)
def test_only_a_whole_reverse_name_is_an_address(name: str) -> None:
    assert names.reversed_address(names.split(name)) is None


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("Cluster.Local.", ["cluster.local."]),
        ("10.0.0.0/8", ["10.in-addr.arpa."]),
        ("10.96.0.0/15", ["96.10.in-addr.arpa.", "97.10.in-addr.arpa."]),
        ("0.0.0.0/0", ["in-addr.arpa."]),
        ("2001:db8::/32", ["8.b.d.0.1.0.0.2.ip6.arpa."]),
    ],
)
def test_a_zone_may_be_written_as_a_cidr(text: str, zones: list[str]) -> None:
    assert [names.join(zone) for zone in names.zones(text)] == zones
