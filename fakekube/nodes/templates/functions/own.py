"""The functions of text/template itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from fakekube.nodes.templates.functions.signatures import Rows
from fakekube.nodes.templates.values import equal, formatted, indexed, less, printed, size, spaced, truth

_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "\0": "\ufffd"})
_JS = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def _script(*values: Any) -> str:
    made = (_JS.get(sign, f"\\u{ord(sign):04X}" if ord(sign) < 32 else sign) for sign in spaced(*values))
    return "".join(made)


ROWS: Rows = {
    "not": (".", lambda value: not truth(value)),
    "eq": ("..*", equal),
    "ne": ("..", lambda one, other: not equal(one, other)),
    "lt": ("..", less),
    "le": ("..", lambda one, other: less(one, other) or equal(one, other)),
    "gt": ("..", lambda one, other: not (less(one, other) or equal(one, other))),
    "ge": ("..", lambda one, other: not less(one, other)),
    "index": ("..*", indexed),
    "len": (".", size),
    "print": (".*", spaced),
    "println": (".*", lambda *values: " ".join(map(printed, values)) + "\n"),
    "printf": ("s.*", formatted),
    "html": (".*", lambda *values: spaced(*values).translate(_HTML)),
    "js": (".*", _script),
    "urlquery": (".*", lambda *values: quote_plus(spaced(*values))),
}
