"""Protobuf's wire format: tags, varints, and the scalars that Kubernetes' messages use."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_WIDTHS = {FIXED64: 8, FIXED32: 4}


@lru_cache(maxsize=1024)
def varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first; negative ones as 64 bits."""
    number &= 0xFFFFFFFFFFFFFFFF
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def tag(number: int, wire: int) -> bytes:
    """What stands before a field."""
    return varint(number << 3 | wire)


def read_varint(data: bytes, place: int) -> tuple[int, int]:
    """The number at `place`, and where the next thing begins; IndexError at the end of the data."""
    byte = data[place]
    place += 1
    if byte < 0x80:
        return byte, place
    found, shift = byte & 0x7F, 7
    while True:
        byte = data[place]
        place += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found & 0xFFFFFFFFFFFFFFFF, place
        shift += 7


def members(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """The fields of a message: number, wire type, value (a number, or bytes)."""
    place, end = 0, len(data)
    while place < end:
        head, place = read_varint(data, place)
        wire = head & 7
        if wire == VARINT:
            value, place = read_varint(data, place)
            yield head >> 3, wire, value
            continue
        if wire == LENGTH:
            width, place = read_varint(data, place)
        elif wire in _WIDTHS:
            width = _WIDTHS[wire]
        else:
            raise IndexError(f"illegal wireType {wire}")
        if place + width > end:
            raise IndexError("unexpected EOF")
        yield head >> 3, wire, data[place : place + width]
        place += width


def whole(wire: int, value: Any) -> bytes:
    """The bytes of a field that must have a length."""
    if wire != LENGTH:
        raise IndexError(f"wrong wireType = {wire}")
    found: bytes = value
    return found


class ScalarForm(NamedTuple):
    """How one kind of scalar is read and written; `wire` is its wire type."""

    wire: int
    take: Callable[[Any], Any]
    write: Callable[[Any], bytes]

    def read(self, wire: int, value: Any) -> Any:
        """The value of a field."""
        if wire != self.wire:
            raise IndexError(f"wrong wireType = {wire}")
        return self.take(value)

    def unpack(self, data: bytes) -> Iterator[Any]:
        """The values of a repeated field that stand in one piece."""
        place = 0
        while place < len(data):
            if self.wire == VARINT:
                value, place = read_varint(data, place)
                yield self.take(value)
            else:
                yield self.take(data[place : place + 8])
                place += 8

    def empty(self) -> Any:
        """What Go has where nothing was sent."""
        return self.take(0 if self.wire == VARINT else bytes(8) if self.wire == FIXED64 else b"")


def _signed(bits: int) -> Callable[[int], int]:
    sign, mask = 1 << (bits - 1), (1 << bits) - 1
    return lambda number: ((number & mask) ^ sign) - sign


def _text(data: bytes) -> bytes:
    return varint(len(data)) + data


SCALARS = {
    "string": ScalarForm(LENGTH, bytes.decode, lambda text: _text(text.encode())),
    "bytes": ScalarForm(LENGTH, lambda data: base64.b64encode(data).decode(), lambda t: _text(base64.b64decode(t))),
    "bool": ScalarForm(VARINT, bool, lambda value: b"\1" if value else b"\0"),
    "int32": ScalarForm(VARINT, _signed(32), varint),
    "int64": ScalarForm(VARINT, _signed(64), varint),
    "double": ScalarForm(FIXED64, lambda data: struct.unpack("<d", data)[0], struct.Struct("<d").pack),
}
