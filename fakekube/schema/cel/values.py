"""Values while expressions are evaluated: Python's own where they do, and a few types that Python lacks.

int, float, bool, str, bytes, None, lists and dictionaries (of JSON, seen as they are) stand for themselves.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from fakekube.core.quantity import Quantity
from fakekube.schema.cel.types import Field, Type

INT_LOW, INT_HIGH = -(1 << 63), (1 << 63) - 1
NANOS = 1_000_000_000


Frame = list[Any]
"""What may still be spent, and the values of variables."""
Run = Callable[[Frame], Any]


class EvaluationError(Exception):
    """An expression that has no value."""

    def __init__(self, message: str, cost: int = 0) -> None:
        super().__init__(message)
        self.cost = cost
        """What finding that out cost."""


class Exceeded(Exception):
    """More was spent than may be."""


def no_overload() -> EvaluationError:
    """The arguments are of types that nothing takes."""
    return EvaluationError("no such overload")


def is_true(value: Any) -> bool:
    """The value, which is true or false."""
    if value is True or value is False:
        return bool(value)
    raise no_overload()


class Uint(int):
    """An unsigned integer."""

    __slots__ = ()


class Timestamp(NamedTuple):
    """Nanoseconds since 1970."""

    nanos: int

    def moment(self) -> datetime:
        """In UTC, to the microsecond."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.nanos // 1000)


class Duration(NamedTuple):
    """Nanoseconds."""

    nanos: int


class TypeValue(NamedTuple):
    """A type as a value, by its name."""

    name: str


class Optional(NamedTuple):
    """A value that may not be there."""

    present: bool
    value: Any = None

    def get(self) -> Any:
        """The value; an error if there is none."""
        if not self.present:
            raise EvaluationError("optional.none() dereference")
        return self.value


NOTHING = Optional(False)


class Struct:
    """A JSON object, seen as its schema says; fields are converted when asked for."""

    __slots__ = ("fields", "raw")

    def __init__(self, fields: Mapping[str, Field], raw: Mapping[str, Any]) -> None:
        self.fields, self.raw = fields, raw

    def has(self, name: str) -> bool:
        """Whether the field is there."""
        field = self.fields.get(name)
        return field is not None and field.name in self.raw

    def get(self, name: str) -> Any:
        """The field's value."""
        field = self.fields.get(name)
        if field is None or field.name not in self.raw:
            raise EvaluationError(f"no such key: {name}")
        value = self.raw[field.name]
        return value if field.type.convert is None or value is None else field.type.convert(value)

    def items(self) -> Iterator[tuple[str, Any]]:
        """The fields that are there."""
        return ((name, self.get(name)) for name in self.fields if self.has(name))


class Made(Struct):
    """A message that an expression made; its fields are values already."""

    __slots__ = ("type_name",)

    def __init__(self, type: Type, members: dict[str, Any]) -> None:
        super().__init__(type.fields, members)
        self.type_name = type.name

    def get(self, name: str) -> Any:
        """The field's value."""
        if name not in self.raw:
            raise EvaluationError(f"no such key: {name}")
        return self.raw[name]

    def items(self) -> Iterator[tuple[str, Any]]:
        """The fields that are there."""
        return iter(self.raw.items())


class SetList(list[Any]):
    """A list whose order does not count (x-kubernetes-list-type: set)."""


class MapList(list[Any]):
    """A list of objects told apart by keys (x-kubernetes-list-type: map)."""

    def __init__(self, items: list[Any], keys: tuple[str, ...]) -> None:
        super().__init__(items)
        self.keys = keys

    def identity(self, item: Any) -> tuple[Any, ...]:
        """What tells the item from others."""
        return tuple(member(item, key) if has(item, key) else None for key in self.keys)


def has(value: Any, name: str) -> bool:
    """Whether a map or object has the member."""
    if isinstance(value, dict):
        return name in value
    if isinstance(value, Struct):
        return value.has(name)
    if isinstance(value, Optional):
        return value.present and has(value.value, name)
    if isinstance(value, list):
        raise wrong_index(name)
    return False


def wrong_index(key: Any) -> EvaluationError:
    """The value is no index of a list."""
    if isinstance(key, float):
        return EvaluationError(f"unsupported index value {plain_number(key)} in list")
    return EvaluationError(f"unsupported index type '{type_name(key)}' in list")


def member(value: Any, name: str) -> Any:
    """A member of a map or object."""
    if isinstance(value, dict):
        if name not in value:
            raise EvaluationError(f"no such key: {name}")
        return value[name]
    if isinstance(value, Struct):
        return value.get(name)
    if isinstance(value, Optional):
        if not value.present:
            return value
        return Optional(True, member(value.value, name)) if has(value.value, name) else NOTHING
    raise wrong_index(name) if isinstance(value, list) else EvaluationError(f"no such key: {name}")


# --- equality and order


def equal(one: Any, other: Any) -> bool:
    """Whether two values are equal; those of different types are not, but numbers may be."""
    kind = type(one)
    if kind is type(other):
        compare = _EQUALITIES.get(kind)
        return one == other if compare is None else compare(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return _equal_lists(one, other)
    if isinstance(one, (dict, Struct)) and isinstance(other, (dict, Struct)):
        return _equal_maps(one, other)
    if is_number(one) and is_number(other):
        return bool(one == other)
    return False


def is_number(value: Any) -> bool:
    """Whether it is an int, uint or double."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _equal_lists(one: list[Any], other: list[Any]) -> bool:
    if len(one) != len(other):
        return False
    if isinstance(one, SetList) and isinstance(other, list):
        return all(contains(other, item) for item in one)
    if isinstance(one, MapList):
        items = {repr(one.identity(item)): item for item in other}
        return all(equal(item, items.get(repr(one.identity(item)))) for item in one)
    return all(map(equal, one, other))


def _equal_maps(one: dict[Any, Any] | Struct, other: dict[Any, Any] | Struct) -> bool:
    theirs = dict(other.items())
    mine = dict(one.items())
    return len(mine) == len(theirs) and all(key in theirs and equal(value, theirs[key]) for key, value in mine.items())


_EQUALITIES: dict[type, Callable[[Any, Any], bool]] = {
    list: _equal_lists,
    SetList: _equal_lists,
    MapList: _equal_lists,
    dict: _equal_maps,
    Struct: _equal_maps,
    Made: lambda one, other: one.type_name == other.type_name and _equal_maps(one, other),
    Optional: lambda one, other: one.present == other.present and equal(one.value, other.value),
}


def contains(items: list[Any], wanted: Any) -> bool:
    """Whether the list has such an item."""
    if type(wanted) is str:
        return wanted in items
    return any(equal(item, wanted) for item in items)


def compare(one: Any, other: Any) -> int:
    """-1, 0 or 1."""
    if is_number(one) and is_number(other):
        if one != one or other != other:
            raise EvaluationError("NaN values cannot be ordered")
    elif type(one) is not type(other) or not isinstance(one, (str, bytes, bool, Timestamp, Duration)):
        raise no_overload()
    return int(one > other) - int(one < other)


def key_of(key: Any) -> Any:
    """A key as dictionaries have it: whole numbers are one whatever their type."""
    if isinstance(key, float):
        return int(key) if key.is_integer() else key
    if key is None or isinstance(key, (str, int)):
        return key
    raise EvaluationError(f"unsupported key type: {type_name(key)}")


def has_key(values: Mapping[Any, Any], key: Any) -> bool:
    """Whether the map has the key; true is not 1."""
    if key not in values:
        return False
    if isinstance(key, str):
        return True
    return any(one == key and isinstance(one, bool) == isinstance(key, bool) for one in values)


# --- types and texts

_NAMES: dict[type, str] = {
    bool: "bool",
    int: "int",
    Uint: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    type(None): "null_type",
    list: "list",
    SetList: "list",
    MapList: "list",
    dict: "map",
    Struct: "object",
    Timestamp: "google.protobuf.Timestamp",
    Duration: "google.protobuf.Duration",
    TypeValue: "type",
    Optional: "optional_type",
    Quantity: "kubernetes.Quantity",
}


def type_name(value: Any) -> str:
    """The name of the value's type."""
    found = _NAMES.get(type(value))
    return found if found is not None else str(getattr(value, "type_name", "dyn"))


def conversion_error(value: Any, wanted: str) -> EvaluationError:
    """The value is no such thing."""
    return EvaluationError(f"type conversion error from '{type_name(value)}' to '{wanted}'")


_UNITS = {
    "ns": 1,
    "us": 1000,
    "\u00b5s": 1000,
    "\u03bcs": 1000,
    "ms": 1_000_000,
    "s": NANOS,
    "m": 60 * NANOS,
    "h": 3600 * NANOS,
}
_DURATION = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)")


def parse_duration(text: str) -> Duration | None:
    """Go's time.ParseDuration; None if it is none."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest == "0":
        return Duration(0)
    if not rest:
        return None
    nanos, place = 0, 0
    while place < len(rest):
        match = _DURATION.match(rest, place)
        if match is None or not (match.group(1) or match.group(2)):
            return None
        unit = _UNITS[match.group(3)]
        part = match.group(2) or ""
        nanos += int(match.group(1) or 0) * unit + int(part or 0) * unit // 10 ** len(part)
        place = match.end()
    return Duration(sign * nanos) if nanos <= INT_HIGH else None


_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_YEAR_ONE, _YEAR_LAST = -62135596800, 253402300799


def parse_timestamp(text: str) -> Timestamp | None:
    """An RFC 3339 time; None if it is none."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(match.group(index)) for index in (2, 3, 4))
    zone = match.group(6)
    shift = 0
    if zone != "Z":
        zone_hours, zone_minutes = int(zone[1:3]), int(zone[4:6])
        if zone_hours > 24 or zone_minutes >= 60:
            return None
        shift = (zone_hours * 3600 + zone_minutes * 60) * (-1 if zone[0] == "-" else 1)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    try:
        days = date.fromisoformat(match.group(1)).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return None
    total = days * 86400 + hours * 3600 + minutes * 60 + seconds - shift
    return Timestamp(total * NANOS + int((match.group(5) or "0").ljust(9, "0")[:9]))


def check_timestamp(value: Timestamp) -> Timestamp:
    """The time, if it is between the years 1 and 9999."""
    if not _YEAR_ONE <= value.nanos // NANOS <= _YEAR_LAST:
        raise EvaluationError("timestamp overflow")
    return value


def check_duration(value: Duration) -> Duration:
    """The duration, if it fits."""
    if not INT_LOW <= value.nanos <= INT_HIGH:
        raise EvaluationError("integer overflow")
    return value


def timestamp_text(value: Timestamp) -> str:
    """RFC 3339, with as many decimals as there are."""
    seconds, nanos = divmod(value.nanos, NANOS)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    part = f".{nanos:09}".rstrip("0") if nanos else ""
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}{part}Z"


def duration_text(value: Duration) -> str:
    """Seconds, as few digits as tell them."""
    return plain_number(value.nanos / NANOS) + "s"


def plain_number(value: float) -> str:
    """A number without exponent, with as few digits as tell it."""
    if not math.isfinite(value):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN")
    text = repr(value)
    if "e" in text:
        from decimal import Decimal  # numbers so large or small are few

        text = format(Decimal(text), "f")
    return text.removesuffix(".0")
