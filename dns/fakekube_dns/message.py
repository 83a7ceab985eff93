"""Packets: reading a query strictly and writing a reply that fits, on top of dnslib's own parts.

dnslib's reader takes labels longer than 63 bytes and refuses ones that are not UTF-8, its `reply` sets RA and copies
AD, its `truncate` drops the question. So names are read here, and replies are put together here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from struct import pack as pack_fields
from typing import Any, Final

from dnslib import CLASS, EDNS0, OPCODE, QTYPE, RCODE, RR, DNSHeader, DNSLabel, DNSQuestion
from dnslib.buffer import BufferError as DNSBufferError
from dnslib.label import DNSBuffer

from fakekube_dns.names import LABEL_BYTES, NAME_BYTES, Labels, lowered

HEADER_BYTES: Final = 12
UDP_BYTES: Final = 512
STREAM_BYTES: Final = 65535
POINTERS: Final = 126  # a legal name cannot have more
POINTER_BITS, POINTER_REACH = 0xC000, 0x3FFF

QR, AA, TC, RD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0010
OPCODE_BITS: Final = 0x7800
KEPT_OF_A_REJECTED: Final = 0xFFFF & ~AA & ~0x0040 & ~0xF  # all but AA, Z and the response code

ECHOED_OPTIONS: Final = frozenset({3, 9, 10, 11, 12})
"""NSID, EXPIRE, COOKIE, TCP keepalive and padding: options that are sent back as they came."""

BADVERS: Final = 16


class Malformed(Exception):
    """The packet gets an error reply without records."""

    def __init__(self, rcode: int) -> None:
        super().__init__(RCODE.get(rcode))
        self.rcode = rcode


@dataclass(frozen=True, slots=True)
class Query:
    """One question of a client and what of its packet shapes the reply."""

    id: int
    bitmap: int
    labels: Labels
    qtype: int
    qclass: int
    opt: Any = None  # the OPT record, if it came with one
    serial: int | None = None  # of the SOA that an IXFR carries

    @property
    def udp_bytes(self) -> int:
        """The longest reply over UDP."""
        return max(UDP_BYTES, self.opt.edns_len) if self.opt is not None else UDP_BYTES


class StrictBuffer(DNSBuffer):  # type: ignore[misc]  # dnslib has no types
    """A buffer whose names keep to RFC 1035 and whose compression pointers cannot loop."""

    offset: int

    def decode_name(self, last: int = -1) -> Any:
        """The name at the offset; any byte may stand in a label."""
        data: bytearray = self.data
        at, end = self.offset, -1
        labels: list[bytes] = []
        size, pointers = 1, 0
        try:
            while length := data[at]:
                if length >= 0xC0:
                    end = at + 2 if end < 0 else end
                    at = (length & 0x3F) << 8 | data[at + 1]
                    pointers += 1
                else:
                    label = bytes(data[at + 1 : at + 1 + length])
                    labels.append(label)
                    at += length + 1
                    size += length + 1
                if pointers > POINTERS or LABEL_BYTES < length < 0xC0 or size > NAME_BYTES:
                    raise DNSBufferError("not a name")
        except IndexError:
            raise DNSBufferError("name runs out of the packet") from None
        self.offset = at + 1 if end < 0 else end
        return DNSLabel(labels)


class ReplyBuffer(DNSBuffer):  # type: ignore[misc]
    """A buffer that points only where a pointer reaches, the first 16 kB; dnslib's own writes wrong ones beyond."""

    offset: int

    def encode_name(self, name: Any) -> None:
        """Write the name, its known end as a pointer."""
        self._encode(name.label, compress=True)

    def encode_name_nocompress(self, name: Any) -> None:
        """Write the whole name, as the target of an SRV must be; later names may point at it."""
        self._encode(name.label, compress=False)

    def _encode(self, labels: Labels, compress: bool) -> None:
        for at, label in enumerate(labels):
            rest = labels[at:]
            pointer = self.names.get(rest)
            if pointer is None:
                if self.offset <= POINTER_REACH:
                    self.names[rest] = self.offset
            elif compress:
                self.append(pack_fields("!H", POINTER_BITS | pointer))
                return
            if len(label) > LABEL_BYTES:
                raise ValueError(f"label too long: {label!r}")
            self.append(bytes((len(label),)) + label)
        self.append(b"\0")


def read(packet: bytes) -> Query | None:
    """The query in a packet; None if it deserves no reply, Malformed if it deserves an error."""
    if len(packet) < HEADER_BYTES:
        return None
    buffer = StrictBuffer(packet)
    header = DNSHeader.parse(buffer)
    if header.bitmap & QR:
        return None
    if header.opcode not in (OPCODE.QUERY, OPCODE.NOTIFY):
        raise Malformed(RCODE.NOTIMP)
    if header.q != 1 or header.a > 1 or header.auth > 1 or header.ar > 2:
        raise Malformed(RCODE.FORMERR)
    try:
        question = DNSQuestion.parse(buffer)
        others = [RR.parse(buffer) for _ in range(header.a + header.auth + header.ar)]
    except Exception:  # dnslib raises many things at odd records, and all mean the same
        raise Malformed(RCODE.FORMERR) from None
    opt = next((record for record in others[header.a + header.auth :] if record.rtype == QTYPE.OPT), None)
    soa = next((record for record in others[header.a : header.a + header.auth] if record.rtype == QTYPE.SOA), None)
    serial = None if soa is None else soa.rdata.times[0]
    return Query(header.id, header.bitmap, question.qname.label, question.qtype, question.qclass, opt, serial)


def rejection(packet: bytes, rcode: int) -> bytes:
    """The reply to a packet that could not be read: its header alone, with the error."""
    identity, bitmap = int.from_bytes(packet[:2]), int.from_bytes(packet[2:4])
    opcode = OPCODE_BITS if rcode == RCODE.NOTIMP else 0  # a format error is told as for a plain query
    bitmap = bitmap & KEPT_OF_A_REJECTED & ~OPCODE_BITS | bitmap & opcode | QR | rcode
    return pack_fields("!HHHHHH", identity, bitmap, 0, 0, 0, 0)


def write(
    query: Query,
    rcode: int = 0,
    *,
    sections: Iterable[list[Any]] = (),
    limit: int,
    authoritative: bool = False,
    truncated: bool = False,
) -> bytes:
    """The reply with its sections (answer, authority, additional), cut at the first record beyond `limit` bytes."""
    buffer = ReplyBuffer()
    buffer.append(bytes(HEADER_BYTES))
    DNSQuestion(DNSLabel(query.labels), query.qtype, query.qclass).pack(buffer)
    opt = _opt(query, rcode)
    room = limit - len(opt)
    counts = [0, 0, 0]
    for section, records in enumerate(sections):
        written = 0 if truncated and not room else _append(buffer, records, room)
        counts[section] = written
        if written < len(records):
            truncated, room = True, 0
    buffer.append(opt)
    counts[2] += bool(opt)
    bitmap = QR | query.bitmap & OPCODE_BITS | rcode & 0xF
    bitmap |= query.bitmap & (RD | CD) if not query.bitmap & OPCODE_BITS else 0
    bitmap |= (AA if authoritative else 0) | (TC if truncated else 0)
    buffer.update(0, "!HHHHHH", query.id, bitmap, 1, *counts)
    return bytes(buffer.data)


def question(labels: Labels, qtype: int, identity: int) -> bytes:
    """A query of our own, with recursion desired."""
    buffer = ReplyBuffer()
    DNSHeader(id=identity, bitmap=RD, q=1).pack(buffer)
    DNSQuestion(DNSLabel(labels), qtype, CLASS.IN).pack(buffer)
    return bytes(buffer.data)


def answers_to(query: Query, reply: bytes) -> bool:
    """Whether another server's packet is the reply to this query."""
    buffer = StrictBuffer(reply)
    try:
        header = DNSHeader.parse(buffer)
        asked = DNSQuestion.parse(buffer)
    except Exception:  # as in `read`
        return False
    return bool(
        header.bitmap & QR
        and header.id == query.id
        and lowered(asked.qname.label) == lowered(query.labels)
        and (asked.qtype, asked.qclass) == (query.qtype, query.qclass)
    )


def answers_in(reply: bytes) -> tuple[list[Any], bool]:
    """The answers in another server's reply, and whether it was truncated; nothing of one that cannot be read."""
    buffer = StrictBuffer(reply)
    try:
        header = DNSHeader.parse(buffer)
        for _ in range(header.q):
            DNSQuestion.parse(buffer)
        return [RR.parse(buffer) for _ in range(header.a)], bool(header.bitmap & TC)
    except Exception:  # as in `read`
        return [], False


def size_of(record: Any) -> int:
    """The bytes of a record written without compression."""
    buffer = ReplyBuffer()
    record.pack(buffer)
    return len(buffer.data)


def _append(buffer: Any, records: list[Any], room: int) -> int:
    """How many of the records fitted in; nothing is left of the one that did not."""
    for count, record in enumerate(records):
        start = buffer.offset
        record.pack(buffer)
        if buffer.offset > room:
            del buffer.data[start:]
            buffer.offset = start
            return count
    return len(records)


def _opt(query: Query, rcode: int) -> bytes:
    """The reply's OPT record as bytes, empty if the query had none."""
    if query.opt is None:
        return b""
    buffer = ReplyBuffer()
    EDNS0(
        DNSLabel(()),
        flags="do" if query.opt.edns_do else "",
        ext_rcode=rcode >> 4,
        udp_len=query.opt.edns_len,
        opts=[option for option in query.opt.rdata if option.code in ECHOED_OPTIONS],
    ).pack(buffer)
    return bytes(buffer.data)
