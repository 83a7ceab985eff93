"""The formats of texts: @base64, @csv and the like."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

from fakekube.nodes.jq.values import JqError, compact, shown, text_of

_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def _rows(one: Callable[[Any], str], separator: str, name: str) -> Callable[[Any], str]:
    def of(value: Any) -> str:
        if not isinstance(value, list):
            raise JqError(f"{name} cannot be applied to: {shown(value)}")
        return separator.join(map(one, value))

    return of


def _comma(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return _cell(value, "csv")


def _tab(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return _cell(value, "tsv")


def _cell(value: Any, name: str) -> str:
    if isinstance(value, list | dict):
        raise JqError(f"@{name} cannot format an array including: {shown(value)}")
    return "" if value is None else compact(value)


def _shell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_shell, value))
    if isinstance(value, dict):
        raise JqError(f"@sh cannot escape: {shown(value)}")
    return "'" + value.replace("'", "'\\''") + "'" if isinstance(value, str) else compact(value)


def _decoded(value: Any) -> str:
    text = text_of(value).rstrip("=")
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8", "replace")
    except (Error, ValueError) as error:
        raise JqError(f"@base64d cannot be applied to: {shown(value)}: {error}") from error


FORMATS: dict[str, Callable[[Any], str]] = {
    "@text": text_of,
    "@json": compact,
    "@html": lambda value: text_of(value).translate(_HTML),
    "@uri": lambda value: quote(text_of(value), safe="-_.~"),
    "@urid": lambda value: unquote(text_of(value)),
    "@csv": _rows(_comma, ",", "@csv"),
    "@tsv": _rows(_tab, "\t", "@tsv"),
    "@sh": _shell,
    "@base64": lambda value: b64encode(text_of(value).encode()).decode(),
    "@base64d": _decoded,
}
