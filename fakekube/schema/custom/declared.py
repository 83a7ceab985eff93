"""The types that rules see values as: made from a schema, with how JSON is converted and how long it can get."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fakekube.schema.cel import types
from fakekube.schema.cel.types import Field, Type
from fakekube.schema.cel.values import (
    Duration,
    EvaluationError,
    MapList,
    SetList,
    Struct,
    Timestamp,
    parse_duration,
    parse_timestamp,
)

Schema = Mapping[str, Any]

LARGEST_REQUEST = 3 * 1024 * 1024
LONGEST_TIME, LONGEST_DATE = 32, 12
RESERVED = frozenset(
    [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)
_STRING = {"type": "string"}
_ROOT = {
    "kind": _STRING,
    "apiVersion": _STRING,
    "metadata": {"type": "object", "properties": {"name": _STRING, "generateName": _STRING}},
}
_ESCAPED = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_TO_ESCAPE = re.compile(r"__|[-./]")
_ALLOWED = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*").fullmatch

Convert = Callable[[Any], Any]


def escaped(name: str) -> str | None:
    """The name of a field in expressions; None if it has none."""
    if name in RESERVED:
        return f"__{name}__"
    if not _ALLOWED(name):
        return None
    return _TO_ESCAPE.sub(lambda match: _ESCAPED[match.group()], name)


def declared(schema: Schema, *, root: bool = False, name: str = "selfType") -> Type | None:
    """The type of the schema's values; None if rules cannot see them. `root`: of an object with kind and name."""
    if schema.get("x-kubernetes-int-or-string"):
        most = schema.get("maxLength")
        return replace(types.DYN, most=LARGEST_REQUEST - 2 if most is None else _four_times(most), least_bytes=1)
    match schema.get("type"):
        case "array":
            return _list(schema, name)
        case "object":
            return _object(schema, root, name)
        case "string":
            return _string(schema)
        case "boolean":
            return replace(types.BOOL, least_bytes=4)
        case "number":
            return replace(types.DOUBLE, convert=float, least_bytes=1)
        case "integer":
            return replace(types.INT, least_bytes=1)
    return _object(schema, True, name) if root else None


def _four_times(count: int) -> int:
    """Letters may take four bytes."""
    return max(count, 0) * 4


def _list(schema: Schema, name: str) -> Type | None:
    items = schema.get("items")
    if not isinstance(items, dict):
        return None
    item = declared(items, root=bool(items.get("x-kubernetes-embedded-resource")), name=f"{name}.@elem")
    if item is None:
        return None
    most = schema.get("maxItems")
    return replace(
        types.list_of(item),
        most=(LARGEST_REQUEST - 2) // (item.least_bytes + 1) if most is None else max(most, 0),
        least_bytes=2,
        convert=_list_converter(schema, item),
    )


def _list_converter(schema: Schema, item: Type) -> Convert | None:
    convert, kind = item.convert, schema.get("x-kubernetes-list-type")
    keys = tuple(escaped(key) or key for key in schema.get("x-kubernetes-list-map-keys") or ())

    def items(value: list[Any]) -> list[Any]:
        if convert is None:
            return value
        return [each if each is None else convert(each) for each in value]

    match kind:
        case "set":
            return lambda value: SetList(items(value))
        case "map":
            return lambda value: MapList(items(value), keys)
    return None if convert is None else items


def _object(schema: Schema, root: bool, name: str) -> Type | None:
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        return _map(schema, additional, name)
    properties = schema.get("properties") or {}
    if root:
        properties = {**properties, **_ROOT}
    required = schema.get("required") or ()
    fields: dict[str, Field] = {}
    least = 2
    for raw, part in properties.items():
        key = escaped(raw)
        embedded = bool(part.get("x-kubernetes-embedded-resource"))
        type = declared(part, root=embedded, name=f"{name}.{key or raw}")
        if type is None:
            continue
        if key is not None:
            fields[key] = Field(type, raw)
        if raw in required and part.get("default") is None:
            least += len(raw.encode()) + type.least_bytes + 4
    is_plain = all(field.type.convert is None and key == field.name for key, field in fields.items())
    convert = None if is_plain else lambda value: Struct(fields, value)
    return Type("struct", name, fields=fields, least_bytes=least, convert=convert)


def _map(schema: Schema, additional: Schema, name: str) -> Type | None:
    embedded = bool(additional.get("x-kubernetes-embedded-resource"))
    value = declared(additional, root=embedded, name=f"{name}.@elem")
    if value is None:
        return None
    most = schema.get("maxProperties")
    convert = value.convert
    return replace(
        types.map_of(types.STRING, value),
        most=(LARGEST_REQUEST - 2) // (value.least_bytes + 6) if most is None else max(most, 0),
        least_bytes=2,
        convert=None if convert is None else _map_converter(convert),
    )


def _map_converter(convert: Convert) -> Convert:
    return lambda value: {key: each if each is None else convert(each) for key, each in value.items()}


def _string(schema: Schema) -> Type:
    length = schema.get("maxLength")
    match schema.get("format"):
        case "byte":
            most = LARGEST_REQUEST - 2 if length is None else max(length, 0)
            return replace(types.BYTES, most=most, least_bytes=2, convert=_to_bytes)
        case "duration":
            return replace(types.DURATION, most=LONGEST_TIME, least_bytes=3, convert=_to_duration)
        case "date":
            return replace(types.TIMESTAMP, most=LONGEST_DATE, least_bytes=LONGEST_DATE, convert=_to_date)
        case "date-time":
            return replace(types.TIMESTAMP, most=LONGEST_TIME, least_bytes=21, convert=_to_time)
    most = LARGEST_REQUEST - 2
    if length is not None:
        most = _four_times(length)
    elif enum := schema.get("enum"):
        most = max((len(each.encode()) for each in enum if isinstance(each, str)), default=0)
    return replace(types.STRING, most=most, least_bytes=2)


# --- from JSON


def _to_bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EvaluationError(f"Invalid byte formatted string {text}: {error}") from None


_LONG_UNITS = {
    **dict.fromkeys(("ns", "nano", "nanos", "nanosecond", "nanoseconds"), 1),
    **dict.fromkeys(("us", "\u00b5s", "micro", "micros", "microsecond", "microseconds"), 1000),
    **dict.fromkeys(("ms", "milli", "millis", "millisecond", "milliseconds"), 1_000_000),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1_000_000_000),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60_000_000_000),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3_600_000_000_000),
    **dict.fromkeys(("d", "day", "days"), 86_400_000_000_000),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 604_800_000_000_000),
}
_LONG = re.compile(r"(\d+)\s*([A-Za-z\u00b5]+)")


def _to_duration(text: str) -> Duration:
    found = parse_duration(text)
    if found is not None:
        return found
    parts = [(int(count), _LONG_UNITS.get(unit.lower())) for count, unit in _LONG.findall(text)]
    if not parts or any(unit is None for _, unit in parts):
        raise EvaluationError(f'Invalid duration {text}: unable to parse "{text}" as duration')
    return Duration(sum(count * (unit or 0) for count, unit in parts))


def _to_date(text: str) -> Timestamp:
    found = parse_timestamp(f"{text}T00:00:00Z")
    if found is None:
        raise EvaluationError(f'Invalid date formatted string {text}: parsing time "{text}"')
    return found


def _to_time(text: str) -> Timestamp:
    found = parse_timestamp(text.replace("t", "T").replace("z", "Z").replace(" ", "T", 1))
    if found is None:
        raise EvaluationError(f'Invalid date-time formatted string {text}: parsing time "{text}"')
    return found
