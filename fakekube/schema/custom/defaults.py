"""Defaults of a schema, filled in where the object around them is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

Schema = Mapping[str, Any]


Fill = Callable[[Any], None]


def filler_of(schema: Schema) -> Fill | None:
    """What fills in, in place, that which is absent, or null where that may not be; None if there is nothing to."""
    is_object = schema.get("properties") or isinstance(schema.get("additionalProperties"), dict)
    of_object = _object_filler(schema) if is_object else None
    of_list = _list_filler(schema["items"]) if isinstance(schema.get("items"), dict) else None
    if of_object is None or of_list is None:
        return of_object or of_list

    def fill(value: Any) -> None:
        of_object(value)
        of_list(value)

    return fill


def _list_filler(items: Schema) -> Fill | None:
    may_be_null, below = bool(items.get("nullable")), filler_of(items)
    if below is None and (may_be_null or items.get("default") is None):
        return None

    def fill(values: Any) -> None:
        if type(values) is not list:
            return
        for index, each in enumerate(values):
            if each is None and not may_be_null:
                values[index] = _copy(items.get("default"))
            if below is not None:
                below(values[index])

    return fill


class _Member(NamedTuple):
    """A property whose schema states a default."""

    name: str
    default: Any
    may_be_null: bool


def _object_filler(schema: Schema) -> Fill | None:
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    own = [
        _Member(name, part["default"], bool(part.get("nullable")))
        for name, part in properties.items()
        if part.get("default") is not None
    ]
    below = {name: found for name, part in properties.items() if (found := filler_of(part)) is not None}
    additional = schema.get("additionalProperties")
    others = _additional_filler(additional, properties) if isinstance(additional, dict) else None
    if not own and not below and others is None:
        return None

    def fill(value: Any) -> None:
        if type(value) is not dict:
            return
        for name, default, may_be_null in own:
            if name not in value or (value[name] is None and not may_be_null):
                value[name] = _copy(default)
        for name in value if len(value) < len(below) else below:
            if name in value and (found := below.get(name)) is not None:
                found(value[name])
        if others is not None:
            others(value)

    return fill


def _additional_filler(schema: Schema, known: Mapping[str, Schema]) -> Fill | None:
    may_be_null, below = bool(schema.get("nullable")), filler_of(schema)
    if below is None and (may_be_null or schema.get("default") is None):
        return None

    def fill(value: dict[str, Any]) -> None:
        for name, each in value.items():
            if name in known:
                continue
            if each is None and not may_be_null:
                each = value[name] = _copy(schema.get("default"))
            if below is not None:
                below(each)

    return fill


def _copy(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value)) if isinstance(value, dict | list) else value
