"""The least of a DNS client: one question over UDP, and the records of the answer."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import struct
from typing import NamedTuple

from fakekube_conformance.failures import Failure

TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "PTR": 12, "TXT": 16, "AAAA": 28, "SRV": 33}
NAMES = {number: name for name, number in TYPES.items()}
CODES = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}
INTERNET = 1
RECURSION_DESIRED = 0x0100
SECONDS = 3.0

Address = tuple[str, int]


class Record(NamedTuple):
    """A record: owner, type, and its data as text ("0 100 80 web.shop.svc.cluster.local." for SRV)."""

    name: str
    type: str
    data: str


class Reply(NamedTuple):
    """What a name server answered: the code by its name, the records of answer and authority."""

    code: str
    answer: list[Record]
    authority: list[Record]

    def data(self, kind: str) -> list[str]:
        """The data of the answer's records of one type, sorted."""
        return sorted(each.data for each in self.answer if each.type == kind)


def ask(server: Address, name: str, kind: str) -> Reply:
    """Put one question to a name server. Failure if nothing comes back in time."""
    number = secrets.randbelow(1 << 16)
    header = struct.pack(">6H", number, RECURSION_DESIRED, 1, 0, 0, 0)
    question = _encoded(name) + struct.pack(">2H", TYPES[kind], INTERNET)
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as channel:
        channel.settimeout(SECONDS)
        channel.sendto(header + question, server)
        try:
            while True:
                message = channel.recv(65535)
                if message[:2] == header[:2]:
                    return _read(message)
        except TimeoutError:
            raise Failure(f"{name} {kind}: the name server at {server} does not answer") from None


def _encoded(name: str) -> bytes:
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _read(message: bytes) -> Reply:
    _, flags, questions, answers, authorities, _ = struct.unpack_from(">6H", message)
    place = 12
    for _ in range(questions):
        place = _name(message, place)[1] + 4
    records = []
    for _ in range(answers + authorities):
        record, place = _record(message, place)
        records.append(record)
    return Reply(CODES.get(flags & 15, str(flags & 15)), records[:answers], records[answers:])


def _record(message: bytes, place: int) -> tuple[Record, int]:
    name, place = _name(message, place)
    kind, _, _, length = struct.unpack_from(">HHIH", message, place)
    place += 10
    return Record(name, NAMES.get(kind, str(kind)), _data(message, place, length, kind)), place + length


def _data(message: bytes, place: int, length: int, kind: int) -> str:
    raw = message[place : place + length]
    match NAMES.get(kind):
        case "A" | "AAAA":
            return str(ipaddress.ip_address(raw))
        case "CNAME" | "PTR" | "SOA":
            return _name(message, place)[0]
        case "SRV":
            return "{} {} {} ".format(*struct.unpack_from(">3H", raw)) + _name(message, place + 6)[0]
        case "TXT":
            return raw[1 : 1 + raw[0]].decode()
    return raw.hex()


def _name(message: bytes, place: int) -> tuple[str, int]:
    """The name that begins at a place, and where it ends; compressed names point back."""
    labels: list[str] = []
    end: int | None = None
    while size := message[place]:
        if size & 0xC0:
            end = place + 2 if end is None else end
            place = struct.unpack_from(">H", message, place)[0] & 0x3FFF
        else:
            labels.append(message[place + 1 : place + 1 + size].decode())
            place += 1 + size
    return ".".join([*labels, ""]), place + 1 if end is None else end
