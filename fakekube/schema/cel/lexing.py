"""The words of an expression."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from fakekube.schema.cel.faults import Fault

_STRING = (
    r'"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^\\"\n\r])*"|\'(?:\\.|[^\\\'\n\r])*\''
    r'|[rR](?:"""(?s:.*?)"""|\'\'\'(?s:.*?)\'\'\'|"[^"\n\r]*"|\'[^\'\n\r]*\')'
)
_WORDS = re.compile(
    rf"""
      (?P<space>[\t\ \r\n\f]+|//[^\n]*)
    | (?P<BYTES>[bB](?:{_STRING}))
    | (?P<STRING>{_STRING})
    | (?P<NUM_FLOAT>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    | (?P<NUM_UINT>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])
    | (?P<NUM_INT>0x[0-9a-fA-F]+|[0-9]+)
    | (?P<IDENTIFIER>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<ESC_IDENTIFIER>`[A-Za-z0-9_./ -]+`)
    | (?P<sign>==|!=|<=|>=|&&|\|\||[<>\[\]{{}}().,\-!?:+*/%])
    """,
    re.VERBOSE | re.DOTALL,
)
KEYWORDS = frozenset({"in", "true", "false", "null"})
END = "<EOF>"
_NEXT = re.compile(
    rf"""
    (?:[\t\ \r\n\f]+|//[^\n]*)*+
    (?:
      (?P<IDENTIFIER>(?![bBrR]{{1,2}}['"])[A-Za-z_][A-Za-z0-9_]*)
    | (?P<STRING>{_STRING})
    | (?P<NUM_FLOAT>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    | (?P<sign>==|!=|<=|>=|&&|\|\||[<>\[\]{{}}().,\-!?:+*/%])
    | (?P<NUM_UINT>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])
    | (?P<NUM_INT>0x[0-9a-fA-F]+|[0-9]+)
    | (?P<BYTES>[bB](?:{_STRING}))
    | (?P<ESC_IDENTIFIER>`[A-Za-z0-9_./ -]+`)
    | \Z
    )
    """,
    re.VERBOSE | re.DOTALL,
)
"""One word and what may stand before it."""
_PARTIAL = re.compile(r"[bBrR]{0,2}['\"][^\n\r]*|[=&|].?|.", re.DOTALL)


class Token(NamedTuple):
    """A word: its kind (signs and keywords are their own), its text and where it begins."""

    kind: str
    text: str
    offset: int


def tokens(source: str) -> tuple[list[Token], list[Fault]]:
    """The words, ended by <EOF>, and what is none."""
    found: list[Token] = []
    faults: list[Fault] = []
    place = 0
    while place < len(source):
        match = _WORDS.match(source, place)
        if match is None:
            text = _unknown(source, place)
            faults.append(Fault(place, f"Syntax error: token recognition error at: '{_escaped(text)}'"))
            place += len(text)
            continue
        kind, text = match.lastgroup or "", match.group()
        if kind == "sign" or (kind == "IDENTIFIER" and text in KEYWORDS):
            kind = text
        if kind != "space":
            found.append(Token(kind, text, place))
        place = match.end()
    found.append(Token("<EOF>", "<EOF>", len(source)))
    return found, faults


def _unknown(source: str, place: int) -> str:
    """What cannot be read: a string without an end as a whole, half a sign with the letter after it."""
    match = _PARTIAL.match(source, place)
    assert match is not None, "any letter matches"
    return match.group()


def _escaped(text: str) -> str:
    return text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


Words = tuple[list[str], list[str], list[int]]
"""Of each word its kind (signs and keywords are their own), its text and where it begins; the last is END."""


def words(source: str) -> Words | None:
    """The words; None if there is something that is none."""
    kinds: list[str] = []
    texts: list[str] = []
    places: list[int] = []
    scan, place = _NEXT.match, 0
    while (match := scan(source, place)) is not None:
        kind = match.lastgroup
        if kind is None:
            kinds += (END, END)  # looking one word ahead goes past no end
            texts.append(END)
            places.append(len(source))
            return kinds, texts, places
        text = match[kind]
        kinds.append(text if kind == "sign" or text in KEYWORDS else kind)
        texts.append(text)
        place = match.end()
        places.append(place - len(text))
    return None


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
