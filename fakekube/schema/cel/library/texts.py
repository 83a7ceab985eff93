"""Functions of strings: cel-go's extensions (version 2) and the regular expressions of Kubernetes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from fakekube.core.patterns import PatternError, compiled
from fakekube.schema.cel import values
from fakekube.schema.cel.declarations import Row
from fakekube.schema.cel.values import Duration, EvaluationError, Struct, Timestamp, TypeValue, Uint

_LOWER = {code: code + 32 for code in range(65, 91)}
_UPPER = {code: code - 32 for code in range(97, 123)}
SPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def _check(place: int) -> None:
    if place < 0:
        raise EvaluationError(f"index out of range: {place}")


def _char_at(text: str, place: int) -> str:
    if not 0 <= place <= len(text):
        raise EvaluationError(f"index out of range: {place}")
    return text[place : place + 1]


def _index_of(text: str, part: str, place: int = 0) -> int:
    _check(place)
    return min(place, len(text)) if not part else text.find(part, place)


def _last_index_of(text: str, part: str, place: int | None = None) -> int:
    if place is None:
        return text.rfind(part)
    _check(place)
    if not part:
        return min(place, len(text))
    return -1 if place >= len(text) else text.rfind(part, 0, place + len(part))


def _replaced(text: str, old: str, new: str, count: int = -1) -> str:
    return text.replace(old, new, max(count, -1))


def _split(text: str, separator: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if separator:
        return text.split(separator, count - 1 if count > 0 else -1)
    if count < 0 or count >= len(text):
        return list(text)
    return [*text[: count - 1], text[count - 1 :]]


def _substring(text: str, start: int, end: int | None = None) -> str:
    if end is not None and start > end:
        raise EvaluationError(f"invalid substring range. start: {start}, end: {end}")
    for place in (start,) if end is None else (start, end):
        if not 0 <= place <= len(text):
            raise EvaluationError(f"index out of range: {place}")
    return text[start:end]


_QUOTED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_QUOTED |= {"\\": "\\\\", '"': '\\"'}


def _quote(text: str) -> str:
    return '"' + "".join(_QUOTED.get(letter, letter) for letter in text) + '"'


# --- regular expressions


def _pattern(text: str) -> Any:
    try:
        return compiled(text)
    except PatternError as error:
        raise EvaluationError(f"Illegal regex: {error}") from None


def _find(text: str, pattern: str) -> str:
    match = _pattern(pattern).search(text)
    return match.group() if match else ""


def _find_all(text: str, pattern: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    found = [match.group() for match in _pattern(pattern).finditer(text)]
    return found if count < 0 else found[:count]


# --- format

_CLAUSE = re.compile(r"%(?:(%)|(?:\.([0-9]+))?(.)?)", re.DOTALL)
DEFAULT_PRECISION = 6


def formatted(text: str, args: list[Any]) -> str:
    """string.format()"""
    taken = iter(args)
    count = 0

    def put(match: re.Match[str]) -> str:
        nonlocal count
        if match.group(1):
            return "%"
        if count >= len(args):
            raise EvaluationError(f"index {count} out of range")
        count += 1
        letter = match.group(3)
        if not letter:
            raise EvaluationError("unexpected end of string")
        return _clause(letter, int(match.group(2) or DEFAULT_PRECISION), next(taken))

    return _CLAUSE.sub(put, text)


def _clause(letter: str, precision: int, value: Any) -> str:
    match letter:
        case "s":
            return shown(value)
        case "d":
            return _decimal(value)
        case "f" | "e":
            return _floating(letter, precision, value)
        case "b" | "o":
            whole = isinstance(value, int) and (letter == "b" or not isinstance(value, bool))
            if not whole:
                kind = "binary" if letter == "b" else "octal"
                allowed = "only integers and bools" if letter == "b" else "only integers"
                raise _unfit(kind, allowed, value, "bool" if letter == "b" else "")
            return format(int(value), letter)
        case "x" | "X":
            return _hexadecimal(letter, value)
    raise EvaluationError(f'unrecognized formatting clause "{letter}"')


def _unfit(clause: str, allowed: str, value: Any, extra: str = "") -> EvaluationError:
    return EvaluationError(
        f"error during formatting: {clause} clause can only be used on {allowed.removeprefix('only ')}, "
        f"was given {values.type_name(value)}"
    )


def _decimal(value: Any) -> str:
    if isinstance(value, float):
        return _special(value) or values.plain_number(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    raise _unfit("decimal", "integers", value)


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return ("Infinity" if value > 0 else "-Infinity") if math.isinf(value) else ""


def _floating(letter: str, precision: int, value: Any) -> str:
    if not values.is_number(value):
        kind = "fixed-point" if letter == "f" else "scientific"
        raise _unfit(kind, "doubles", value)
    number = float(value)
    return _special(number) or format(number, f".{precision}{letter}")


def _hexadecimal(letter: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return format(int(value), letter)
    if isinstance(value, (str, bytes)):
        text = (value.encode() if isinstance(value, str) else value).hex()
        return text.upper() if letter == "X" else text
    raise _unfit("hex", "integers, byte buffers, and strings", value)


def shown(value: Any) -> str:
    """A value as %s shows it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case Uint() | int():
            return str(int(value))
        case float():
            return _special(value) or values.plain_number(value)
        case bytes():
            return value.decode("utf-8", "replace")
        case Timestamp():
            return values.timestamp_text(value)
        case Duration():
            return values.duration_text(value)
        case TypeValue():
            return value.name
        case list():
            return "[" + ", ".join(map(shown, value)) + "]"
        case dict() | Struct():
            return "{" + ", ".join(sorted(f"{shown(key)}: {shown(each)}" for key, each in value.items())) + "}"
    kind = values.type_name(value)
    raise EvaluationError(
        "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, "
        f"types, durations, and timestamps, was given {kind}"
    )


def rows() -> Iterator[Row]:
    """The functions."""
    yield "charAt", "string_char_at_int", "string.(int) -> string", _char_at
    yield "indexOf", "string_index_of_string", "string.(string) -> int", _index_of
    yield "indexOf", "string_index_of_string_int", "string.(string, int) -> int", _index_of
    yield "lastIndexOf", "string_last_index_of_string", "string.(string) -> int", _last_index_of
    yield "lastIndexOf", "string_last_index_of_string_int", "string.(string, int) -> int", _last_index_of
    yield "lowerAscii", "string_lower_ascii", "string.() -> string", lambda text: text.translate(_LOWER)
    yield "upperAscii", "string_upper_ascii", "string.() -> string", lambda text: text.translate(_UPPER)
    yield "replace", "string_replace_string_string", "string.(string, string) -> string", _replaced
    yield "replace", "string_replace_string_string_int", "string.(string, string, int) -> string", _replaced
    yield "split", "string_split_string", "string.(string) -> list<string>", _split
    yield "split", "string_split_string_int", "string.(string, int) -> list<string>", _split
    yield "substring", "string_substring_int", "string.(int) -> string", _substring
    yield "substring", "string_substring_int_int", "string.(int, int) -> string", _substring
    yield "trim", "string_trim", "string.() -> string", lambda text: text.strip(SPACE)
    yield "format", "string_format", "string.(list<dyn>) -> string", formatted
    yield "strings.quote", "strings_quote", "(string) -> string", _quote
    yield "join", "list_join", "list<string>.() -> string", "".join
    yield "join", "list_join_string", "list<string>.(string) -> string", lambda parts, by: by.join(parts)
    yield "find", "string_find_string", "string.(string) -> string", _find
    yield "findAll", "string_find_all_string", "string.(string) -> list<string>", _find_all
    yield "findAll", "string_find_all_string_int", "string.(string, int) -> list<string>", _find_all
