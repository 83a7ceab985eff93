"""What a schema does not know of, and nulls that it does not allow, are dropped as an object comes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

IMPLIED = frozenset({"apiVersion", "kind", "metadata"})
"""What every whole object has, whatever its schema says."""

PRESERVES = "x-kubernetes-preserve-unknown-fields"

_NOTHING: Schema = {}


def prune(obj: dict[str, Any], schema: Schema, unknown: list[str]) -> None:
    """Drop from a whole object, in place, unknown fields and nulls that may not be; `unknown` gets the paths."""
    found: list[str] = []
    _whole(obj, schema, "", found, embedded=True)
    unknown += sorted(found)


def prune_value(value: Any, schema: Schema, unknown: list[str]) -> None:
    """The same for a part of an object, such as a default."""
    _prune(value, schema, "", unknown)


def _prune(value: Any, schema: Schema | None, path: str, unknown: list[str], *, keeps: bool = False) -> None:
    """`keeps`: what is not told of stays, as in a list that preserves unknown fields."""
    if type(value) is dict:
        if schema is not None:
            embedded = bool(schema.get("x-kubernetes-embedded-resource"))
            _whole(value, schema, path, unknown, embedded=embedded, keeps=keeps)
        elif not keeps:
            unknown += [_child(path, name) for name in value]
            value.clear()
    elif type(value) is list:
        items = schema.get("items") if schema is not None else None
        keeps = keeps or bool(schema and schema.get(PRESERVES))
        for index, each in enumerate(value):
            if type(each) is dict or type(each) is list:
                _prune(each, items, f"{path}[{index}]", unknown, keeps=keeps)


def _child(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _whole(
    value: dict[str, Any], schema: Schema, path: str, unknown: list[str], *, embedded: bool, keeps: bool = False
) -> None:
    properties = schema.get("properties") or _NOTHING
    additional = schema.get("additionalProperties")
    keeps = keeps or bool(schema.get(PRESERVES))
    dropped: list[str] = []
    for name, each in value.items():
        if embedded and name in IMPLIED:
            continue
        below = properties.get(name)
        if below is None:
            if additional is None:
                if not keeps:
                    unknown.append(_child(path, name))
                    dropped.append(name)
                continue
            below = additional if isinstance(additional, dict) else None
        if each is None:
            if below is not None and not below.get("nullable") and below.get("default") is None:
                dropped.append(name)
        elif type(each) is dict or type(each) is list:
            _prune(each, below, _child(path, name), unknown)
    for name in dropped:
        del value[name]
