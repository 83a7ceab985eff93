"""Why a text is no address or network, in the words of Go's net/netip."""

from __future__ import annotations

import re

from fakekube.core.fielderrors import go_quote

_HEXADECIMAL = re.compile(r"[0-9a-fA-F]*")
_FIELDS, _LAST_FIELDS = 8, 2


class _Reason(Exception):
    """What is wrong, and the rest of the text from where it is."""

    def __init__(self, message: str, rest: str = "") -> None:
        super().__init__(f"{message} (at {go_quote(rest)})" if rest else message)


def why_no_address(text: str) -> str:
    """Of a text that is no address."""
    try:
        mark = next((letter for letter in text if letter in ".:%"), "")
        if mark == ".":
            _four(text)
        elif mark == ":":
            _six(text)
        reason = "missing IPv6 address" if mark == "%" else "unable to parse IP"
    except _Reason as error:
        reason = str(error)
    return f"ParseAddr({go_quote(text)}): {reason}"


def why_no_network(text: str, *, is_address: bool, longest: int) -> str:
    """Of a text that is no network; `is_address`: what stands before the slash is one, with so many bits."""
    address, slash, bits = text.rpartition("/")
    if not slash:
        reason = "no '/'"
    elif not is_address:
        reason = why_no_address(address)
    elif "%" in address:
        reason = "IPv6 zones cannot be present in a prefix"
    elif not (bits.isascii() and bits.isdecimal()) or (len(bits) > 1 and bits[0] == "0"):
        reason = f"bad bits after slash: {go_quote(bits)}"
    else:
        reason = "prefix length out of range" if int(bits) > longest else "unable to parse"
    return f"netip.ParsePrefix({go_quote(text)}): {reason}"


def _four(text: str) -> None:
    fields, digits = 0, ""
    for place, letter in enumerate(text):
        if letter in "0123456789":
            if digits == "0":
                raise _Reason("IPv4 field has octet with leading zero")
            digits += letter
            if int(digits) > 255:
                raise _Reason("IPv4 field has value >255")
        elif letter == ".":
            if place in (0, len(text) - 1) or text[place - 1] == ".":
                raise _Reason("IPv4 field must have at least one digit", text[place:])
            if fields == 3:
                raise _Reason("IPv4 address too long")
            fields, digits = fields + 1, ""
        else:
            raise _Reason("unexpected character", text[place:])
    if fields < 3:
        raise _Reason("IPv4 address too short")


def _six(text: str) -> None:
    rest, percent, zone = text.partition("%")
    if percent and not zone:
        raise _Reason("zone must be a non-empty string")
    fields, shortened = 0, rest.startswith("::")
    rest = rest[2:] if shortened else rest
    while fields < _FIELDS and rest:
        match = _HEXADECIMAL.match(rest)
        digits = match.group() if match else ""
        if len(digits) > 4:
            raise _Reason("each group must have 4 or less digits", rest)
        if not digits:
            raise _Reason("each colon-separated field must have at least one digit", rest)
        if rest[len(digits) :].startswith("."):
            _embedded(rest, fields, shortened=shortened)
            return
        fields, rest = fields + 1, rest[len(digits) :]
        if not rest:
            break
        rest, doubled = _next_field(rest, shortened=shortened)
        shortened = shortened or doubled
        if not rest:
            break
    if rest:
        raise _Reason("trailing garbage after address", rest)
    if fields < _FIELDS and not shortened:
        raise _Reason("address string too short")
    if fields == _FIELDS and shortened:
        raise _Reason("the :: must expand to at least one field of zeros")


def _next_field(rest: str, *, shortened: bool) -> tuple[str, bool]:
    if rest[0] != ":":
        raise _Reason("unexpected character, want colon", rest)
    if len(rest) == 1:
        raise _Reason("colon must be followed by more characters", rest)
    rest = rest[1:]
    if rest[0] != ":":
        return rest, False
    if shortened:
        raise _Reason("multiple :: in address", rest)
    return rest[1:], True


def _embedded(rest: str, fields: int, *, shortened: bool) -> None:
    """An address of the fourth version at the end of one of the sixth."""
    if not shortened and fields != _FIELDS - _LAST_FIELDS:
        raise _Reason("embedded IPv4 address must replace the final 2 fields of the address", rest)
    if fields > _FIELDS - _LAST_FIELDS:
        raise _Reason("too many hex fields to fit an embedded IPv4 at the end of the address", rest)
    _four(rest)
