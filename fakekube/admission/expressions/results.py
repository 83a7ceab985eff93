"""What expressions make, as JSON."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from fakekube.schema.cel import values
from fakekube.schema.cel.values import Duration, Made, Optional, Struct, Timestamp


class NotJson(Exception):
    """A value that JSON has no form for."""


def as_json(value: Any) -> Any:
    """The value as JSON."""
    match value:
        case Made() | Struct():
            return {name: as_json(each) for name, each in value.items()}
        case list():
            return [as_json(each) for each in value]
        case dict():
            return {_key(name): as_json(each) for name, each in value.items()}
        case bytes():
            return base64.b64encode(value).decode()
        case Timestamp():
            return values.timestamp_text(value)
        case Duration():
            return values.duration_text(value)
        case Optional():
            return as_json(value.value) if value.present else None
        case None | bool() | int() | float() | str():
            return value
    raise NotJson(f"no such thing in JSON: {values.type_name(value)}")


def _key(name: Any) -> str:
    if not isinstance(name, str):
        raise NotJson(f"map key {name!r} is of type {values.type_name(name)}, not string")
    return name


def misnamed(value: Any, path: str) -> Iterator[str]:
    """The messages within that are not called by their place: Object.spec belongs in the field spec of Object."""
    match value:
        case Made():
            if value.type_name != path:
                expected = f'expected "{path}", which matches field name path from root Object type'
                yield f'unexpected type name "{value.type_name}", {expected}'
            for name, each in value.items():
                yield from misnamed(each, f"{path}.{name}")
        case list():
            for each in value:
                yield from misnamed(each, path)
        case dict():
            for each in value.values():
                yield from misnamed(each, path)
