"""The words of an expression, one after the other."""

from __future__ import annotations

import re

from fakekube.nodes.jq.values import JqError

_SPACE = re.compile(r"(?:\s|#[^\n]*)*")
_TOKEN = re.compile(
    r"(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<field>\.[A-Za-z_]\w*)"
    r"|(?P<variable>\$[A-Za-z_]\w*)"
    r"|(?P<format>@[A-Za-z0-9_]+)"
    r"|(?P<word>[A-Za-z_]\w*)"
    r'|(?P<string>")'
    r"|(?P<sign>\.\.|\?//|//=|\|=|\+=|-=|\*=|/=|%=|//|==|!=|<=|>=|[.\[\]()|,?:;<>+*/%={}$-])"
)


class Tokens:
    """A place in a text, and what stands there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def _fault(self, message: str) -> JqError:
        return JqError(f"{self._text!r}: {message}")

    def _peek(self) -> tuple[str, str]:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            if self._at < len(self._text):
                raise self._fault(f"unexpected {self._text[self._at]!r}")
            return "end", ""
        return str(match.lastgroup), match[0]

    def _next(self) -> tuple[str, str]:
        kind, text = self._peek()
        self._at += len(text)
        return kind, text

    def _take(self, *texts: str) -> str:
        """The next token if it is one of these signs or words, which is then gone; else ''."""
        kind, text = self._peek()
        if kind in ("sign", "word") and text in texts:
            self._at += len(text)
            return text
        return ""

    def _want(self, text: str) -> None:
        if not self._take(text):
            raise self._fault(f"expected {text!r} instead of {self._peek()[1]!r}")

    def _variable(self) -> str:
        kind, text = self._next()
        if kind != "variable":
            raise self._fault(f"expected a variable instead of {text!r}")
        return text
