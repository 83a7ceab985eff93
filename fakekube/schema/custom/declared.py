"""The types that rules see values as: made from a schema, with how JSON is converted and how long it can get."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from fakekube.schema.cel import types
from fakekube.schema.cel.types import Convert, Field, Type
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
EMBEDS = "x-kubernetes-embedded-resource"
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


@lru_cache(4096)
def escaped(name: str) -> str | None:
    """The name of a field in expressions; None if it has none."""
    if name in RESERVED:
        return f"__{name}__"
    if not _ALLOWED(name):
        return None
    return _TO_ESCAPE.sub(lambda match: _ESCAPED[match.group()], name)


def declared(schema: Schema, *, root: bool = False, name: str = "selfType0") -> Type | None:
    """The type of the schema's values; None if rules cannot see them. `root`: of an object with kind and name."""
    if schema.get("x-kubernetes-int-or-string"):
        most = schema.get("maxLength")
        return types.DYN.sized(LARGEST_REQUEST - 2 if most is None else _four_times(most), 1)
    match schema.get("type"):
        case "array":
            return _list(schema, name)
        case "object":
            return _object(schema, root, name)
        case "string":
            return _string(schema)
        case "boolean":
            return _BOOL
        case "number":
            return _NUMBER
        case "integer":
            return _INTEGER
    return _object(schema, True, name) if root else None


_BOOL, _NUMBER, _INTEGER = types.BOOL.sized(0, 4), types.DOUBLE.sized(0, 1, float), types.INT.sized(0, 1)


def _below(schema: Schema, name: str) -> Type | None:
    return declared(schema, root=bool(schema.get(EMBEDS)), name=name)


def _four_times(count: int) -> int:
    """Letters may take four bytes."""
    return max(count, 0) * 4


def _list(schema: Schema, name: str) -> Type | None:
    items = schema.get("items")
    if not isinstance(items, dict):
        return None
    item = _below(items, f"{name}.@idx")
    if item is None:
        return None
    most = schema.get("maxItems")
    return Type(
        "list",
        "list",
        (item,),
        most=(LARGEST_REQUEST - 2) // (item.least_bytes + 1) if most is None else max(most, 0),
        least_bytes=2,
        find=lambda: _list_converter(schema, item),
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


class _Fields(Mapping[str, Field]):
    """The fields of an object; their types are made when they are first asked for."""

    __slots__ = ("_found", "_name", "_raw")

    def __init__(self, properties: Mapping[str, Schema], name: str) -> None:
        self._name = name
        self._raw = {key: (raw, part) for raw, part in properties.items() if (key := escaped(raw)) is not None}
        self._found: dict[str, Field | None] = {}

    def get(self, key: str, default: Any = None) -> Any:
        """The field, or else the default."""
        found = self.found(key)
        return default if found is None else found

    def found(self, key: str) -> Field | None:
        """The field; None if there is none, or rules cannot see its values."""
        if key not in self._found:
            if key not in self._raw:
                return None
            raw, part = self._raw[key]
            type = _below(part, f"{self._name}.{key}")
            self._found[key] = None if type is None else Field(type, raw)
        return self._found[key]

    def __getitem__(self, key: str) -> Field:
        found = self.found(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.found(key) is not None

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._raw if self.found(key) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _object(schema: Schema, root: bool, name: str) -> Type | None:
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        return _map(schema, additional, name)
    properties = schema.get("properties") or {}
    if root:
        properties = {**properties, **_ROOT}
    fields = _Fields(properties, name)
    return Type(
        "struct",
        name,
        fields=fields,
        least_bytes=_least(schema, properties, fields, name),
        find=lambda: _object_converter(fields),
    )


def _object_converter(fields: _Fields) -> Convert | None:
    """None if objects can be seen as they are."""
    found = dict(fields.items())
    if all(key == field.name and field.type.convert is None for key, field in found.items()):
        return None
    return lambda value: Struct(found, value)


def _least(schema: Schema, properties: Mapping[str, Schema], fields: _Fields, name: str) -> int:
    """What the shortest object takes: its required members that have no default."""
    least = 2
    for raw in dict.fromkeys(schema.get("required") or ()):
        part = properties.get(raw)
        if part is None or part.get("default") is not None:
            continue
        key = escaped(raw)
        field = None if key is None else fields.found(key)
        type = _below(part, f"{name}.{raw}") if key is None else None if field is None else field.type
        if type is not None:
            least += len(raw.encode()) + type.least_bytes + 4
    return least


def _map(schema: Schema, additional: Schema, name: str) -> Type | None:
    value = _below(additional, f"{name}.@elem")
    if value is None:
        return None
    most = schema.get("maxProperties")
    return Type(
        "map",
        "map",
        (types.STRING, value),
        most=(LARGEST_REQUEST - 2) // (value.least_bytes + 6) if most is None else max(most, 0),
        least_bytes=2,
        find=lambda: _map_converter(value.convert),
    )


def _map_converter(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    return lambda value: {key: each if each is None else convert(each) for key, each in value.items()}


def _string(schema: Schema) -> Type:
    length = schema.get("maxLength")
    match schema.get("format"):
        case "byte":
            return types.BYTES.sized(LARGEST_REQUEST - 2 if length is None else max(length, 0), 2, _to_bytes)
        case "duration":
            return types.DURATION.sized(LONGEST_TIME, 3, _to_duration)
        case "date":
            return types.TIMESTAMP.sized(LONGEST_DATE, LONGEST_DATE, _to_date)
        case "date-time":
            return types.TIMESTAMP.sized(LONGEST_TIME, 21, _to_time)
    most = LARGEST_REQUEST - 2
    if length is not None:
        most = _four_times(length)
    elif enum := schema.get("enum"):
        most = max((len(each.encode()) for each in enum if isinstance(each, str)), default=0)
    return types.STRING.sized(most, 2)


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
        raise EvaluationError(f"Invalid duration {text}: unable to parse {text} as duration")
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
