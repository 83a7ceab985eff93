"""A template's text as pieces: text to print, and actions as tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fakekube.nodes.templates.values import TemplateError


@dataclass(frozen=True, slots=True)
class Token:
    """A word of an action. `glued`: no space stands before it."""

    kind: str
    text: str
    glued: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """Text, or the tokens of an action that begins in this line."""

    text: str
    tokens: list[Token] | None
    line: int


_OPENING = re.compile(r"\{\{(-(?=\s))?")
_STRINGS = r'"(?:\\.|[^"\\\n])*"|`[^`]*`|\'(?:\\.|[^\'\\\n])+\''
_CLOSING = re.compile(rf"(?:{_STRINGS}|(?!\s-\}}\}}|\}}\}}).)*?(?P<trim>\s-)?\}}\}}", re.DOTALL)
_COMMENT = re.compile(r"\s*/\*.*?\*/(?P<trim>\s-)?\}\}", re.DOTALL)
_TOKEN = re.compile(
    rf"(?P<string>{_STRINGS})"
    r"|(?P<number>[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+))"
    r"|(?P<variable>\$\w*)"
    r"|(?P<field>\.[A-Za-z_]\w*)"
    r"|(?P<dot>\.)"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign>:=|[=|(),])"
)


def pieces(text: str) -> Iterator[Piece]:
    """The pieces, with the space that dashes ask to be trimmed gone."""
    position, trimming = 0, False
    while True:
        opening = _OPENING.search(text, position)
        plain = text[position : opening.start() if opening else len(text)]
        plain = plain.lstrip() if trimming else plain
        if opening is not None and opening[1]:
            plain = plain.rstrip()
        if plain:
            yield Piece(plain, None, text.count("\n", 0, position) + 1)
        if opening is None:
            return
        line = text.count("\n", 0, opening.start()) + 1
        comment = _COMMENT.match(text, opening.end())
        closing = comment or _CLOSING.match(text, opening.end())
        if closing is None:
            raise TemplateError(f"line {line}: unclosed action")
        trimming = closing["trim"] is not None
        if comment is None:
            inner = text[opening.end() : closing.end() - 2 - (2 if trimming else 0)]
            yield Piece("", list(_tokens(inner, line)), line)
        position = closing.end()


def _tokens(inner: str, line: int) -> Iterator[Token]:
    position = 0
    while position < len(inner):
        space = len(inner) - position - len(inner[position:].lstrip())
        position += space
        if position == len(inner):
            return
        match = _TOKEN.match(inner, position)
        if match is None:
            raise TemplateError(f"line {line}: unexpected {inner[position]!r} in action")
        yield Token(str(match.lastgroup), match[0], glued=space == 0 and position > 0)
        position = match.end()
