"""The steps of a field path as FieldsV1 writes them.

f:NAME          a member of a struct or map
k:{"name":"c"}  the item of a list with these keys
v:"text"        the item of a set with this value
i:0             the item at this place
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import orjson

from fakekube.core.fielderrors import go_quote

Path = tuple[str, ...]

_ESCAPED = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_ESCAPES = str.maketrans(_ESCAPED)


def go_json(value: Any) -> str:
    """A value as Go's encoding/json writes it: compact, names sorted, the letters of HTML escaped."""
    if type(value) is str and value.isascii():  # most are: addresses and names
        return orjson.dumps(value).decode().translate(_ESCAPES)
    text = json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return text.translate(_ESCAPES)


def _plain(value: Any) -> Any:
    """Floats without a fraction as integers, as Go writes them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def field(name: str) -> str:
    return "f:" + name


def key(fields: Iterable[tuple[str, Any]]) -> str:
    """The element of the list item with these key fields, whatever their order."""
    return "k:{" + ",".join(f"{go_json(name)}:{go_json(value)}" for name, value in sorted(fields)) + "}"


def value(item: Any) -> str:
    return "v:" + go_json(item)


@lru_cache(8192)
def parse(element: str) -> tuple[str, Any]:
    """('f', name), ('k', {name: value}), ('v', value) or ('i', index); ValueError if it is none of them."""
    if len(element) < 2 or element[1] != ":":
        raise ValueError(f"missing colon: {element}")
    kind, text = element[0], element[2:]
    match kind:
        case "f":
            return kind, text
        case "v":
            return kind, json.loads(text)
        case "k":
            found = json.loads(text)
            if not isinstance(found, dict):
                raise ValueError(f"not an object: {text}")
            return kind, found
        case "i":
            return kind, int(text)
    return "", None


def canonical(element: str) -> str:
    """The one spelling of an element; '' if its kind is not known here; ValueError if it cannot be read."""
    kind, content = parse(element)
    match kind:
        case "k":
            return key(content.items())
        case "v":
            return value(content)
        case "i":
            return f"i:{content}"
    return element if kind else ""


@lru_cache(8192)
def order(element: str) -> tuple[Any, ...]:
    """The sort key of an element among its siblings: names, keys, values (numbers before text), places."""
    if element == ".":
        return (0,)
    kind, content = parse(element)
    match kind:
        case "k":
            return (2, [(name, *_rank(content[name])) for name in sorted(content)])
        case "v":
            return (3, *_rank(content))
        case "i":
            return (4, content)
    return (1, content)


def _rank(item: Any) -> tuple[int, Any]:
    match item:
        case bool():
            return 2, item
        case int() | float():
            return 0, item
        case str():
            return 1, item
        case None:
            return 4, 0
    return 3, go_json(item)


def shown(element: str) -> str:
    """An element as messages show it: .name, [name="c"], [="text"], [0]."""
    kind, content = parse(element)
    match kind:
        case "k":
            return "[" + ",".join(f"{name}={_shown_value(content[name])}" for name in sorted(content)) + "]"
        case "v":
            return f"[={_shown_value(content)}]"
        case "i":
            return f"[{content}]"
    return f".{content}"


def shown_path(path: Path) -> str:
    return "".join(map(shown, path))


def _shown_value(item: Any) -> str:
    return go_quote(item) if isinstance(item, str) else go_json(item)
