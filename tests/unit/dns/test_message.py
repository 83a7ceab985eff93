"""Packets: which are answered, which are refused, and what of a long reply is kept."""

from __future__ import annotations

import struct

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakekube_dns import COREDNS, MemoryView, Resolver
from fakekube_dns.resolve import CACHED_BYTES

from .conftest import Ask, endpoint_slice, fill, rcode, service

QUESTION = b"\x04svc1\x06testns\x03svc\x07cluster\x05local\x00\x00\x01\x00\x01"
NAME = QUESTION[:-4]
OPT = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
LONG_LABEL = b"\x40" + b"x" * 64


def packet(body: bytes = QUESTION, *, flags: int = 0x0100, counts: tuple[int, int, int, int] = (1, 0, 0, 0)) -> bytes:
    """A header and what follows it."""
    return struct.pack("!HHHHHH", 0xBEEF, flags, *counts) + body


@pytest.mark.parametrize("broken", [b"", b"\x00" * 11, packet(flags=0x8100)])
def test_what_is_no_query_gets_no_reply(resolver: Resolver, broken: bytes) -> None:
    assert resolver.resolve(broken) is None


MALFORMED = [
    packet(counts=(0, 0, 0, 0)),
    packet(QUESTION * 2, counts=(2, 0, 0, 0)),
    packet(counts=(1, 2, 0, 0)),
    packet(counts=(1, 0, 2, 0)),
    packet(QUESTION + OPT * 3, counts=(1, 0, 0, 3)),
    packet(b""),
    packet(QUESTION[:-1]),
    packet(counts=(1, 0, 0, 1)),  # promises a record that is not there
    packet(b"\xc0\x0c\x00\x01\x00\x01"),  # points at itself
    packet(b"\x01a\xc0\x0c\x00\x01\x00\x01"),  # comes back to itself
    packet(b"\xc0\x0e\xc0\x0c\x00\x01\x00\x01"),  # two that point at each other
    packet(b"\xc0"),
    packet(b"\xff\xff\x00\x01\x00\x01"),  # points out of the packet
    packet(b"\x80abc\x00\x00\x01\x00\x01"),
    packet(LONG_LABEL + b"\x00\x00\x01\x00\x01"),
    packet(b"\x3f" * 4 + b"x" * 300),
    packet((b"\x3f" + b"x" * 63) * 4 + b"\x00\x00\x01\x00\x01"),
    packet(QUESTION + OPT[:-1] + b"\x09", counts=(1, 0, 0, 1)),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("broken", MALFORMED)
def test_what_cannot_be_read_is_a_format_error(resolver: Resolver, broken: bytes, stream: bool) -> None:
    reply = resolver.resolve(broken, stream=stream)
    assert reply == struct.pack("!HHHHHH", 0xBEEF, 0x8101, 0, 0, 0, 0)


def test_a_long_chain_of_pointers_is_a_format_error(resolver: Resolver) -> None:
    chain = b"".join(struct.pack("!H", 0xC000 | 12 + 2 * i) for i in range(4000))
    body = b"\x00\x00" + chain
    question = struct.pack("!H", 0xC000 | 12 + len(body) - 2) + b"\x00\x01\x00\x01"
    assert resolver.resolve(packet(question, counts=(1, 0, 0, 0)) + body, stream=True) is not None


@pytest.mark.parametrize("opcode", [1, 2, 5, 15])
def test_other_operations_are_not_implemented(resolver: Resolver, opcode: int) -> None:
    flags = opcode << 11
    assert resolver.resolve(packet(flags=flags)) == struct.pack("!HHHHHH", 0xBEEF, 0x8004 | flags, 0, 0, 0, 0)


def test_names_may_hold_any_byte(resolver: Resolver) -> None:
    label = b"\xff\x00.\\"
    reply = resolver.resolve(packet(bytes((len(label),)) + label + QUESTION[5:]))
    assert isinstance(reply, bytes)
    assert reply[3] & 0xF == 3
    assert reply[12 : 12 + 5] == b"\x04" + label


def test_a_compressed_question_is_read(resolver: Resolver) -> None:
    """The name's end may stand in a record behind it."""
    opt = NAME + OPT[1:]
    question = b"\xc0" + bytes((12 + 6,)) + b"\x00\x01\x00\x01"
    reply = resolver.resolve(packet(question + opt, counts=(1, 0, 0, 1)))
    assert isinstance(reply, bytes)
    assert dns.message.from_wire(reply).answer[0][0].to_text() == "10.0.0.1"


FLAGS = [
    ("", "QR AA"),
    ("RD", "QR AA RD"),
    ("RD CD", "QR AA RD CD"),
    ("RD AD", "QR AA RD"),
    ("RD RA", "QR AA RD"),
]


@pytest.mark.parametrize(("sent", "received"), FLAGS)
def test_flags(resolver: Resolver, sent: str, received: str) -> None:
    query = dns.message.make_query("svc1.testns.svc.cluster.local.", "A")
    query.flags = dns.flags.from_text(sent)
    reply = resolver.resolve(query.to_wire())
    assert isinstance(reply, bytes)
    assert dns.flags.to_text(dns.message.from_wire(reply).flags) == received


@pytest.mark.parametrize(("name", "rdclass"), [("example.com.", "IN"), ("svc1.testns.svc", "CH"), ("local.", "IN")])
def test_what_is_not_served_is_refused(ask: Ask, name: str, rdclass: str) -> None:
    reply = ask(name, "A", rdclass=rdclass)
    assert (rcode(reply), reply.flags & dns.flags.AA, reply.authority) == ("REFUSED", 0, [])


@pytest.mark.parametrize("name", ["svc1.testns.svc", "svc0.testns.svc", "example.com."])
def test_edns_is_echoed(ask: Ask, name: str) -> None:
    cookie = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"12345678")
    subnet = dns.edns.ECSOption("192.0.2.0")
    reply = ask(name, "A", use_edns=0, payload=1232, want_dnssec=True, options=[cookie, subnet])
    assert (reply.edns, reply.payload, reply.ednsflags) == (0, 1232, dns.flags.DO)
    assert [option.otype for option in reply.options] == [dns.edns.OptionType.COOKIE]
    assert ask(name, "A").edns == -1


def test_other_versions_of_edns_are_bad(ask: Ask) -> None:
    reply = ask("svc1.testns.svc", "A", use_edns=1)
    assert (rcode(reply), reply.edns, reply.answer) == ("BADVERS", 0, [])


@pytest.fixture
def crowded(view: MemoryView) -> MemoryView:
    """A headless service with more endpoints than a datagram holds."""
    view.apply("Service", service("crowd"))
    view.apply("EndpointSlice", endpoint_slice("crowd-1", "crowd", *(f"10.3.0.{i}" for i in range(100))))
    return view


@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize(
    ("qtype", "payload", "answers", "additional", "truncated"),
    [
        ("A", None, 29, 0, True),  # 12 + 37 + 16 each
        ("A", 512, 28, 0, True),  # OPT takes 11
        ("A", 100, 28, 0, True),
        ("A", 1232, 73, 0, True),
        ("A", 4096, 100, 0, False),
        ("SRV", 4096, 67, 0, True),
        ("SRV", 6200, 100, 9, True),  # cut in the additional section alone
        ("SRV", 65535, 100, 100, False),
    ],
)
def test_a_long_reply_is_cut_between_records(
    resolver: Resolver, qtype: str, payload: int | None, answers: int, additional: int, truncated: bool
) -> None:
    query = dns.message.make_query("crowd.testns.svc.cluster.local.", qtype)
    if payload is not None:
        query.use_edns(0, payload=payload)
    wire = resolver.resolve(query.to_wire())
    assert isinstance(wire, bytes)
    assert len(wire) <= max(512, payload or 0)
    reply = dns.message.from_wire(wire)
    assert sum(map(len, reply.answer)) == answers
    assert sum(map(len, reply.additional)) == additional
    assert bool(reply.flags & dns.flags.TC) is truncated
    assert reply.question
    assert reply.edns == (-1 if payload is None else 0)


@pytest.mark.usefixtures("crowded")
def test_a_stream_holds_all(ask: Ask) -> None:
    reply = ask("crowd.testns.svc", "SRV", stream=True)
    assert (len(reply.answer[0]), len(reply.additional), reply.flags & dns.flags.TC) == (100, 100, 0)


def test_a_known_answer_carries_the_id_of_its_query(resolver: Resolver) -> None:
    first, second = resolver.resolve(packet()), resolver.resolve(b"\x12\x34" + packet()[2:])
    assert isinstance(first, bytes)
    assert second == b"\x12\x34" + first[2:]


def test_what_is_remembered_is_bounded(resolver: Resolver) -> None:
    padding = 20_000  # is sent back, so that each reply is long
    opt = OPT[:-2] + struct.pack("!HHH", padding + 4, 12, padding) + bytes(padding)
    most = 0
    for i in range(CACHED_BYTES // padding):
        body = struct.pack("!BI", 4, i) + QUESTION[5:] + opt
        assert resolver.resolve(packet(body, counts=(1, 0, 0, 1)), stream=True)
        most = max(most, resolver._cached_bytes)
    assert resolver._cached_bytes < most <= CACHED_BYTES


RESOLVER = Resolver(fill(MemoryView(lambda: 0.0)), COREDNS)


@settings(deadline=None)
@given(st.binary(max_size=600), st.booleans())
def test_no_packet_is_too_odd(body: bytes, stream: bool) -> None:
    for whole in (body, packet(body, counts=(1, 1, 1, 2)), packet(QUESTION + body, counts=(1, 1, 1, 2))):
        reply = RESOLVER.resolve(whole, stream=stream)
        assert reply is None or (isinstance(reply, bytes) and reply[:2] == whole[:2])


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=40), st.sampled_from([1, 2, 5, 6, 12, 15, 16, 28, 33, 65, 251, 252, 255, 65280]))
def test_no_name_is_too_odd(label: bytes, qtype: int) -> None:
    for tail in (
        b"\x03svc\x07cluster\x05local\x00",
        b"\x06testns\x03pod\x07cluster\x05local\x00",
        b"\x03ip6\x04arpa\x00",
    ):
        reply = RESOLVER.resolve(packet(bytes((len(label),)) + label + tail + struct.pack("!HH", qtype, 1)))
        assert isinstance(reply, bytes)
        assert reply[3] & 0xF in (0, 3, 5)
