"""Paths of fields as definitions name them ('.spec.color', ".status['a.b']"), held against a schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

Schema = Mapping[str, Any]

_TOKEN = re.compile(r"'(?:[^'\\]|\\.|\\)*?(?<!\\)'|[.\[\]]|[^.\[\]]+", re.DOTALL)
_ESCAPES = {"\\\\": "\\", "\\'": "'", "\\a": "\a", "\\b": "\b", "\\f": "\f", "\\n": "\n", "\\r": "\r", "\\t": "\t"}


class PathError(ValueError):
    """A path that leads nowhere; the message says why."""


class Place(NamedTuple):
    """Where a path leads: its first name, its text as errors show it, and the schema there."""

    root: str
    text: str
    schema: Schema | None


def follow(path: str, schema: Schema, *, brackets: bool = True) -> Place:
    """The place that the path leads to. PathError."""
    tokens = iter(_TOKEN.findall(path))
    text, root = "", ""
    found: Schema | None = schema
    for token in tokens:
        if token == "[":
            if not brackets:
                raise PathError("array notation is not allowed")
            name = _quoted(next(tokens, None))
            named, found = _step(found, name)
            end = next(tokens, None)
            if end is None:
                raise PathError("unexpected end of JSON path")
            if end != "]":
                raise PathError(f"expected ] but got {end}")
        elif token == ".":
            name = next(tokens, "")
            if not name:
                break
            named, found = _step(found, name)
        else:
            raise PathError(f"expected [ or . but got: {token}")
        root = root or name
        text += (f".{name}" if text else name) if named else f"[{name}]"
    return Place(root, text, found)


def _quoted(token: str | None) -> str:
    if token is None:
        raise PathError("unexpected end of JSON path")
    if len(token) < 2 or token[0] != "'" or token[-1] != "'":
        raise PathError(f"expected single quoted string but got {token}")
    return re.sub(r"\\.", lambda match: _ESCAPES.get(match[0], match[0]), token[1:-1])


def _step(schema: Schema | None, name: str) -> tuple[bool, Schema | None]:
    """Whether the name is a property's, and the schema behind it."""
    if schema is None:
        raise PathError("does not refer to a valid field")
    if schema.get("properties"):
        if name not in schema["properties"]:
            raise PathError("does not refer to a valid field")
        return True, schema["properties"][name]
    additional = schema.get("additionalProperties")
    if additional is None:
        raise PathError("does not refer to a valid field")
    return False, additional if isinstance(additional, dict) else None
