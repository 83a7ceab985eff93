"""Functions of strings: cel-go's extensions (version 2) and the regular expressions of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakekube.core.patterns import PatternError, compiled
from fakekube.schema.cel.declarations import Row
from fakekube.schema.cel.library.formatting import formatted
from fakekube.schema.cel.values import EvaluationError

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


def check_pattern(text: Any) -> None:
    """EvaluationError for a constant that is no regular expression."""
    try:
        compiled(text)
    except PatternError as error:
        raise EvaluationError(str(error)) from None


def _find(text: str, pattern: str) -> str:
    match = _pattern(pattern).search(text)
    return match.group() if match else ""


def _find_all(text: str, pattern: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    found, end = list[str](), -1
    for match in _pattern(pattern).finditer(text):
        if match.group() or match.start() != end:  # nothing right behind something is not told
            found.append(match.group())
        end = match.end()
    return found if count < 0 else found[:count]


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
