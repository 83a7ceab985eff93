"""The wire format of protocol buffers, as far as messages are written here: tags, varints, lengths."""

from __future__ import annotations

from struct import Struct as Packing

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
"""The wire types in use."""

DOUBLE = Packing("<d")

_SIGN = 1 << 64


def varint(value: int) -> bytes:
    """An integer in groups of seven bits, the lowest first; negative ones as 64 bits of two's complement."""
    if 0 <= value < 0x80:
        return _SMALL[value]
    if value < 0:
        value += _SIGN
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


_SMALL = tuple(bytes([value]) for value in range(0x80))


def tag(number: int, wire_type: int) -> bytes:
    """What stands before a field's value."""
    return varint(number << 3 | wire_type)


def delimited(tag: bytes, content: bytes) -> bytes:
    """A field that is a string, bytes or a message."""
    return tag + varint(len(content)) + content
