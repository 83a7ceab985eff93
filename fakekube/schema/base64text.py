"""Base64 as encoding/json reads and writes byte fields: padded, line breaks skipped, the place of a fault told."""

from __future__ import annotations

import binascii

_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def canonical(text: str) -> str:
    """The same bytes as Go writes them; ValueError in Go's words."""
    plain = text.replace("\n", "").replace("\r", "")
    if not _is_base64(plain):
        raise ValueError(f"illegal base64 data at input byte {_fault(text)}")
    return binascii.b2a_base64(binascii.a2b_base64(plain), newline=False).decode()


def _is_base64(text: str) -> bool:
    digits = text.rstrip("=")
    return len(text) % 4 == 0 and len(text) - len(digits) <= 2 and _LETTERS.issuperset(digits)


def _fault(text: str) -> int:
    """Where Go's decoder stops: it reads groups of four, and of these only the last may be padded."""
    digits = 0
    source = text.encode()
    for place, byte in enumerate(source):
        if byte in b"\r\n":
            continue
        if chr(byte) not in _LETTERS:
            return _padding_fault(source, place, digits % 4) if byte == ord("=") else place
        digits += 1
    return len(source) - digits % 4


def _padding_fault(source: bytes, place: int, digits: int) -> int:
    """The fault at or after the first padding, with so many digits of its group before it."""
    if digits < 2:
        return place
    after = [at for at in range(place + 1, len(source)) if source[at] not in b"\r\n"]
    if digits == 2 and after:
        if source[after[0]] != ord("="):
            return after[0] - 1
        after = after[1:]
    return after[0] if after else len(source)
