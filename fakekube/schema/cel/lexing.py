"""The words of an expression."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from fakekube.schema.cel.faults import Fault

_ESC = r"\\(?:[abfnrtv\"'\\?`]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"
_STRING = (
    rf'"""(?:{_ESC}|[^\\])*?"""|\'\'\'(?:{_ESC}|[^\\])*?\'\'\''
    rf'|"(?:{_ESC}|[^\\"\n\r])*"|\'(?:{_ESC}|[^\\\'\n\r])*\''
    r'|[rR](?:"""(?s:.*?)"""|\'\'\'(?s:.*?)\'\'\'|"[^"\n\r]*"|\'[^\'\n\r]*\')'
)
KEYWORDS = frozenset({"in", "true", "false", "null"})
END = "<EOF>"
_SPACE = re.compile(r"(?:[\t \r\n\f]+|//[^\n]*)*+")
_NEXT = re.compile(
    rf"""
    (?:[\t\ \r\n\f]+|//[^\n]*)*+
    (?:
      (?P<IDENTIFIER>(?![bBrR]{{1,2}}['"])[A-Za-z_][A-Za-z0-9_]*)
    | (?P<STRING>[bB]?(?:{_STRING}))
    | (?P<NUM_FLOAT>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    | (?P<sign>==|!=|<=|>=|&&|\|\||[<>\[\]{{}}().,\-!?:+*/%])
    | (?P<NUM_UINT>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])
    | (?P<NUM_INT>0x[0-9a-fA-F]+|[0-9]+)
    | (?P<ESC_IDENTIFIER>`[A-Za-z0-9_./ -]+`)
    | (?P<PREFIX>[A-Za-z_][A-Za-z0-9_]*)
    | \Z
    )
    """,
    re.VERBOSE | re.DOTALL,
)
"""One word and what may stand before it."""
_HALF = r"(?:\\(?:[0-3][0-7]?|[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7})?)?"


@cache
def _partial() -> re.Pattern[str]:
    """What could have become a word, and the letter that it could not go on with."""
    texts = rf"'(?:{_ESC}|[^\\'\n\r])*{_HALF}|\"(?:{_ESC}|[^\\\"\n\r])*{_HALF}"
    return re.compile(rf"(?:{texts}|[=&|]|`[A-Za-z0-9_./ -]*)?(?:.|\Z)", re.DOTALL)


class Word(NamedTuple):
    """A word: its kind (signs and keywords are their own), its text and where it begins."""

    kind: str
    text: str
    offset: int


class Read(NamedTuple):
    """The words, ended by END, and what is none: what is told of it, and from where to where it stands."""

    words: list[Word]
    faults: list[Fault]
    gaps: list[tuple[int, int]]


def tokens(source: str) -> Read:
    """The words of a text, whatever else there is."""
    found: list[Word] = []
    faults: list[Fault] = []
    gaps: list[tuple[int, int]] = []
    place = 0
    while True:
        kinds, texts, places, end = _scanned(source, place)
        found += map(Word, kinds, texts, places)
        if kinds and kinds[-1] == END:
            return Read(found, faults, gaps)
        match = _partial().match(source, end)
        assert match is not None, "any letter matches"
        faults.append(Fault(end, f"Syntax error: token recognition error at: '{escaped(match.group())}'"))
        gaps.append(match.span())
        place = match.end()


def escaped(text: str) -> str:
    """A text as messages show it."""
    return text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


Words = tuple[list[str], list[str], list[int]]
"""Of each word its kind (signs and keywords are their own), its text and where it begins; the last is END."""


def words(source: str) -> Words | None:
    """The words; None if there is something that is none."""
    kinds, texts, places, _ = _scanned(source, 0)
    if not kinds or kinds[-1] != END:
        return None
    kinds.append(END)  # looking one word ahead goes past no end
    return kinds, texts, places


def _scanned(source: str, place: int) -> tuple[list[str], list[str], list[int], int]:
    """The words from a place on, and where something stands that is none."""
    kinds: list[str] = []
    texts: list[str] = []
    places: list[int] = []
    scan = _NEXT.match
    while (match := scan(source, place)) is not None:
        kind = match.lastgroup
        if kind is None:
            kinds.append(END)
            texts.append(END)
            places.append(len(source))
            return kinds, texts, places, len(source)
        text = match[kind]
        if kind == "STRING" and text[0] in "bB":
            kind = "BYTES"
        kinds.append(text if kind == "sign" or text in KEYWORDS else "IDENTIFIER" if kind == "PREFIX" else kind)
        texts.append(text)
        place = match.end()
        places.append(place - len(text))
    skipped = _SPACE.match(source, place)
    return kinds, texts, places, place if skipped is None else skipped.end()


class LiteralError(Exception):
    """A string that cannot be unescaped."""


_SHORT = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "`": "`",
    "?": "?",
}
_ESCAPE = re.compile(
    r"\\(?:([xX])([0-9a-fA-F]{2})|(u)([0-9a-fA-F]{4})|(U)([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.?))", re.DOTALL
)


def text_of(literal: str) -> str:
    """The string that a literal stands for."""
    return _unescaped(literal, _letter)


def bytes_of(literal: str) -> bytes:
    """The bytes that a literal stands for; `b` before the string is left out."""
    return _unescaped(literal, _byte).encode("utf-8", "surrogateescape")


def _unescaped(literal: str, read: Callable[[re.Match[str]], str]) -> str:
    literal = literal.replace("\r\n", "\n").replace("\r", "\n")
    raw = literal[:1] in "rR"
    literal = literal[1:] if raw else literal
    quotes = 3 if len(literal) >= 6 and literal[:3] in ("'''", '"""') else 1
    inner = literal[quotes:-quotes]
    return inner if raw or "\\" not in inner else _ESCAPE.sub(read, inner)


def _letter(match: re.Match[str]) -> str:
    if (short := match.group(8)) is not None:
        if short in _SHORT and short:
            return _SHORT[short]
        if short and short in "0123":
            raise LiteralError("unable to unescape octal sequence in string")
        raise LiteralError("unable to unescape string")
    code = int(match.group(7), 8) if match.group(7) else int(match.group(2) or match.group(4) or match.group(6), 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise LiteralError("invalid unicode code point")
    return chr(code)


def _byte(match: re.Match[str]) -> str:
    if match.group(3) or match.group(5):
        raise LiteralError("unable to unescape string")
    if match.group(8) is not None:
        return _letter(match)
    code = int(match.group(7), 8) if match.group(7) else int(match.group(2), 16)
    return bytes((code & 0xFF,)).decode("utf-8", "surrogateescape")
