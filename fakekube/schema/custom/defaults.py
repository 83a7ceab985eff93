"""Defaults of a schema, filled in where the object around them is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

Schema = Mapping[str, Any]


def has_defaults(schema: Schema) -> bool:
    """Whether there is any default in or below the schema."""
    if schema.get("default") is not None:
        return True
    parts: list[Any] = list((schema.get("properties") or {}).values())
    parts += [schema.get("items"), schema.get("additionalProperties")]
    return any(has_defaults(part) for part in parts if isinstance(part, dict))


def fill(value: Any, schema: Schema) -> None:
    """Fill in, in place, what is absent, or null where that may not be."""
    if type(value) is dict:
        _fill_object(value, schema)
    elif type(value) is list:
        items = schema.get("items")
        if not isinstance(items, dict):
            return
        for index, each in enumerate(value):
            if each is None and not items.get("nullable"):
                value[index] = _copy(items.get("default"))
            fill(value[index], items)


def _fill_object(value: dict[str, Any], schema: Schema) -> None:
    properties = schema.get("properties") or {}
    for name, below in properties.items():
        default = below.get("default")
        if default is not None and (name not in value or (value[name] is None and not below.get("nullable"))):
            value[name] = _copy(default)
    additional = schema.get("additionalProperties")
    for name, each in value.items():
        below = properties.get(name)
        if below is None and isinstance(additional, dict):
            below = additional
            if each is None and not below.get("nullable"):
                each = value[name] = _copy(below.get("default"))
        if below is not None and (type(each) is dict or type(each) is list):
            fill(each, below)


def _copy(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value)) if isinstance(value, dict | list) else value
