"""What CEL itself has: operators, conversions, and times."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from fakekube.core.gotext import go_float
from fakekube.core.patterns import PatternError, matcher
from fakekube.schema.cel import values
from fakekube.schema.cel.declarations import Row
from fakekube.schema.cel.values import (
    INT_HIGH,
    INT_LOW,
    NANOS,
    Duration,
    EvaluationError,
    MapList,
    SetList,
    Struct,
    Timestamp,
    TypeValue,
    Uint,
    check_duration,
    check_timestamp,
    compare,
    contains,
    conversion_error,
    equal,
    no_overload,
)

UINT_HIGH = (1 << 64) - 1


def fitting(value: int) -> int:
    """The number, if 64 bits hold it."""
    if not INT_LOW <= value <= INT_HIGH:
        raise EvaluationError("integer overflow")
    return value


def unsigned(value: int) -> Uint:
    """The number, if 64 bits hold it and it is not negative."""
    if not 0 <= value <= UINT_HIGH:
        raise EvaluationError("unsigned integer overflow")
    return Uint(value)


# --- arithmetic


def _ints(function: Callable[[int, int], int]) -> Callable[[int, int], int]:
    return lambda one, other: fitting(function(one, other))


def _uints(function: Callable[[int, int], int]) -> Callable[[int, int], Uint]:
    return lambda one, other: unsigned(function(one, other))


def _divided(one: int, other: int) -> int:
    if not other:
        raise EvaluationError("division by zero")
    found = abs(one) // abs(other)
    return found if (one < 0) == (other < 0) else -found


def _rest(one: int, other: int) -> int:
    if not other:
        raise EvaluationError("modulus by zero")
    return int(math.fmod(one, other)) if abs(one) < 1 << 53 > abs(other) else one - other * _divided(one, other)


def _divided_floats(one: float, other: float) -> float:
    if other:
        return one / other
    if not one or one != one:
        return math.nan
    return math.copysign(math.inf, one) * math.copysign(1.0, other)


def _joined(one: list[Any], other: list[Any]) -> list[Any]:
    if isinstance(one, SetList):
        return SetList([*one, *(item for item in other if not contains(one, item))])
    if isinstance(one, MapList):
        places = {repr(one.identity(item)): index for index, item in enumerate(one)}
        found = MapList(list(one), one.keys)
        for item in other:
            index = places.get(repr(one.identity(item)))
            if index is None:
                found.append(item)
            else:
                found[index] = item
        return found
    return [*one, *other]


def _arithmetic() -> Iterator[Row]:
    for name, word, function in (
        ("_+_", "add", operator.add),
        ("_-_", "subtract", operator.sub),
        ("_*_", "multiply", operator.mul),
    ):
        yield name, f"{word}_int64", "(int, int) -> int", _ints(function)
        yield name, f"{word}_uint64", "(uint, uint) -> uint", _uints(function)
        yield name, f"{word}_double", "(double, double) -> double", function
    yield "_/_", "divide_int64", "(int, int) -> int", _ints(_divided)
    yield "_/_", "divide_uint64", "(uint, uint) -> uint", _uints(_divided)
    yield "_/_", "divide_double", "(double, double) -> double", _divided_floats
    yield "_%_", "modulo_int64", "(int, int) -> int", _ints(_rest)
    yield "_%_", "modulo_uint64", "(uint, uint) -> uint", _uints(_rest)
    yield "-_", "negate_int64", "(int) -> int", lambda value: fitting(-value)
    yield "-_", "negate_double", "(double) -> double", operator.neg
    yield "_+_", "add_string", "(string, string) -> string", operator.add
    yield "_+_", "add_bytes", "(bytes, bytes) -> bytes", operator.add
    yield "_+_", "add_list", "(list<A>, list<A>) -> list<A>", _joined
    yield "_+_", "add_duration_duration", "(duration, duration) -> duration", lambda a, b: _span(a.nanos + b.nanos)
    yield "_+_", "add_duration_timestamp", "(duration, timestamp) -> timestamp", lambda a, b: _time(a.nanos + b.nanos)
    yield "_+_", "add_timestamp_duration", "(timestamp, duration) -> timestamp", lambda a, b: _time(a.nanos + b.nanos)
    yield (
        "_-_",
        "subtract_duration_duration",
        "(duration, duration) -> duration",
        lambda a, b: _span(a.nanos - b.nanos),
    )
    yield (
        "_-_",
        "subtract_timestamp_duration",
        "(timestamp, duration) -> timestamp",
        lambda a, b: _time(a.nanos - b.nanos),
    )
    yield (
        "_-_",
        "subtract_timestamp_timestamp",
        "(timestamp, timestamp) -> duration",
        lambda a, b: _span(a.nanos - b.nanos),
    )


def _span(nanos: int) -> Duration:
    return check_duration(Duration(nanos))


def _time(nanos: int) -> Timestamp:
    return check_timestamp(Timestamp(nanos))


# --- comparison


def _orders() -> Iterator[Row]:
    signs: tuple[tuple[str, str, Callable[[Any, Any], bool], Callable[[Any, Any], bool]], ...] = (
        ("_<_", "less", lambda a, b: compare(a, b) < 0, operator.lt),
        ("_<=_", "less_equals", lambda a, b: compare(a, b) <= 0, operator.le),
        ("_>_", "greater", lambda a, b: compare(a, b) > 0, operator.gt),
        ("_>=_", "greater_equals", lambda a, b: compare(a, b) >= 0, operator.ge),
    )
    same = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")
    mixed = [(a, b) for a in ("int", "uint", "double") for b in ("int", "uint", "double") if a != b]
    for sign, word, function, plain in signs:
        for a, b in (*((each, each) for each in same), *mixed):
            suffix = _WIDE.get(a, a) if a == b else f"{_WIDE[a]}_{_WIDE[b]}"
            carried_out = plain if a == b and a in ("int", "uint", "string") else function
            yield sign, f"{word}_{suffix}", f"({a}, {b}) -> bool", carried_out


_WIDE = {"int": "int64", "uint": "uint64", "double": "double"}


def size(value: Any) -> int:
    """Letters, bytes, items or entries."""
    if isinstance(value, Struct):
        return sum(1 for _ in value.items())
    try:
        return len(value)
    except TypeError:
        raise no_overload() from None


def matches(text: str, pattern: str) -> bool:
    """Whether some of the text matches the regular expression."""
    try:
        return matcher(pattern)(text)
    except PatternError as error:
        raise EvaluationError(str(error)) from None


def index(values_: Any, key: Any) -> Any:
    """An item of a list, a value of a map."""
    if isinstance(values_, list):
        return _item(values_, key)
    if isinstance(values_, dict):
        if values.has_key(values_, values.key_of(key)):
            return values_[values.key_of(key)]
        raise EvaluationError(f"no such key: {to_text_for_error(key)}")
    if isinstance(values_, Struct) and isinstance(key, str):
        return values_.get(key)
    if isinstance(values_, values.Optional):
        return optional_index(values_, key)
    raise EvaluationError(f"no such key: {to_text_for_error(key)}")


def optional_index(values_: Any, key: Any) -> values.Optional:
    """An item or value that may not be there."""
    if isinstance(values_, values.Optional):
        return optional_index(values_.value, key) if values_.present else values_
    if isinstance(values_, list):
        place = _place(key)
        return values.Optional(True, values_[place]) if 0 <= place < len(values_) else values.NOTHING
    if isinstance(values_, dict):
        key = values.key_of(key)
        return values.Optional(True, values_[key]) if values.has_key(values_, key) else values.NOTHING
    if isinstance(values_, Struct) and isinstance(key, str):
        return values.Optional(True, values_.get(key)) if values_.has(key) else values.NOTHING
    return values.NOTHING


def _place(key: Any) -> int:
    if isinstance(key, float) and key.is_integer():
        return int(key)
    if isinstance(key, int) and not isinstance(key, bool):
        return key
    raise values.wrong_index(key)


def _item(items: list[Any], key: Any) -> Any:
    place = _place(key)
    if not 0 <= place < len(items):
        raise EvaluationError(f"index out of bounds: {place}")
    return items[place]


def to_text_for_error(key: Any) -> str:
    """A key as messages show it."""
    return str(key).lower() if isinstance(key, bool) else str(key)


def is_in(wanted: Any, values_: Any) -> bool:
    """Whether it is an item of the list or a key of the map."""
    if isinstance(values_, list):
        return contains(values_, wanted)
    if isinstance(values_, dict):
        return isinstance(wanted, (str, int, float)) and values.has_key(values_, wanted)
    if isinstance(values_, Struct):
        return isinstance(wanted, str) and values_.has(wanted)
    raise no_overload()


# --- conversions


def to_int(value: Any) -> int:
    """int()"""
    match value:
        case bool():
            raise conversion_error(value, "int")
        case int():
            return fitting(int(value))
        case float():
            if value != value or not -(2.0**63) < value < 2.0**63:
                raise EvaluationError("integer overflow")
            return int(value)
        case str():
            return _parsed_int(value, "int", INT_LOW, INT_HIGH)
        case Timestamp():
            return value.nanos // NANOS
        case Duration():
            return value.nanos
    raise conversion_error(value, "int")


def _parsed_int(text: str, wanted: str, low: int, high: int) -> int:
    digits = text[1:] if text[:1] in "+-" and low < 0 else text
    if not (digits.isascii() and digits.isdecimal()) or not low <= int(text) <= high:
        raise conversion_error(text, wanted)
    return int(text)


def to_uint(value: Any) -> Uint:
    """uint()"""
    if isinstance(value, str):
        return Uint(_parsed_int(value, "uint", 0, UINT_HIGH))
    if isinstance(value, float) and (value != value or not 0 <= value < 2.0**64):
        raise EvaluationError("unsigned integer overflow")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return unsigned(int(value))
    raise conversion_error(value, "uint")


def to_double(value: Any) -> float:
    """double()"""
    if isinstance(value, str):
        try:
            return _parsed_float(value)
        except (ValueError, OverflowError):
            raise conversion_error(value, "double") from None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise conversion_error(value, "double")


def _parsed_float(text: str) -> float:
    """Go's strconv.ParseFloat."""
    if not text.isascii() or text != text.strip():
        raise ValueError
    digits = text.lstrip("+-").lower()
    if digits.startswith("0x"):
        if "p" not in digits:
            raise ValueError
        return float.fromhex(text.replace("_", ""))
    found = float(text)
    if math.isinf(found) and "inf" not in digits:
        raise ValueError
    return found


_TRUTHS = dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True)
_TRUTHS |= dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False)


def to_bool(value: Any) -> bool:
    """bool()"""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _TRUTHS:
        return _TRUTHS[value]
    raise conversion_error(value, "bool")


def to_text(value: Any) -> str:
    """string()"""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(int(value))
        case float():
            return go_float(value)
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise EvaluationError("invalid UTF-8 in bytes, cannot convert to string") from None
        case Timestamp():
            return values.timestamp_text(value)
        case Duration():
            return values.duration_text(value)
    raise conversion_error(value, "string")


def to_duration(text: str) -> Duration:
    """duration()"""
    found = values.parse_duration(text)
    if found is None:
        raise conversion_error(text, "google.protobuf.Duration")
    return found


def _no_duration(value: int) -> Duration:
    raise conversion_error(value, "google.protobuf.Duration")


def to_timestamp(text: str) -> Timestamp:
    """timestamp()"""
    found = values.parse_timestamp(text)
    if found is None:
        raise conversion_error(text, "google.protobuf.Timestamp")
    return check_timestamp(found)


def _same(value: Any) -> Any:
    return value


def _conversions() -> Iterator[Row]:
    yield "bool", "bool_to_bool", "(bool) -> bool", _same
    yield "bool", "string_to_bool", "(string) -> bool", to_bool
    yield "bytes", "bytes_to_bytes", "(bytes) -> bytes", _same
    yield "bytes", "string_to_bytes", "(string) -> bytes", str.encode
    for name, text in (("double", "double"), ("int", "int64"), ("string", "string"), ("uint", "uint64")):
        yield "double", f"{text}_to_double", f"({name}) -> double", to_double
    yield "duration", "duration_to_duration", "(duration) -> duration", _same
    yield "duration", "string_to_duration", "(string) -> duration", to_duration
    yield "duration", "int64_to_duration", "(int) -> duration", _no_duration
    yield "dyn", "to_dyn", "(A) -> dyn", _same
    for name, text in (("int", "int64"), ("double", "double"), ("string", "string"), ("uint", "uint64")):
        yield "int", f"{text}_to_int64", f"({name}) -> int", to_int
        yield "uint", f"{text}_to_uint64", f"({name}) -> uint", to_uint
    yield "int", "duration_to_int64", "(duration) -> int", to_int
    yield "int", "timestamp_to_int64", "(timestamp) -> int", to_int
    for name in ("string", "bool", "bytes", "double", "duration", "int", "timestamp", "uint"):
        yield "string", f"{_WIDE.get(name, name)}_to_string", f"({name}) -> string", to_text
    yield "timestamp", "timestamp_to_timestamp", "(timestamp) -> timestamp", _same
    yield "timestamp", "int64_to_timestamp", "(int) -> timestamp", lambda value: _time(value * NANOS)
    yield "timestamp", "string_to_timestamp", "(string) -> timestamp", to_timestamp
    yield "type", "type", "(A) -> type<A>", lambda value: TypeValue(values.type_name(value))


# --- times


def _zone(text: str) -> tzinfo:
    if ":" in text:
        hours, _, minutes = text.partition(":")
        try:
            shift = int(hours) * 60 + (-int(minutes) if text.startswith("-") else int(minutes))
        except ValueError:
            raise EvaluationError(f'strconv.Atoi: parsing "{hours}": invalid syntax') from None
        return timezone(timedelta(minutes=shift))
    from zoneinfo import ZoneInfo  # few expressions name a zone

    try:
        return ZoneInfo(text or "UTC")
    except (KeyError, ValueError, OSError):
        raise EvaluationError(f"unknown time zone {text}") from None


def _part(read: Callable[[datetime], int]) -> Callable[..., int]:
    def get(value: Timestamp, zone: str = "") -> int:
        moment = value.moment()
        return read(moment.astimezone(_zone(zone)) if zone else moment)

    return get


def _whole(nanos: int, unit: int) -> int:
    return _divided(nanos, unit)


def _times() -> Iterator[Row]:
    parts: tuple[tuple[str, str, Callable[[datetime], int]], ...] = (
        ("getFullYear", "year", lambda moment: moment.year),
        ("getMonth", "month", lambda moment: moment.month - 1),
        ("getDayOfYear", "day_of_year", lambda moment: moment.timetuple().tm_yday - 1),
        ("getDayOfMonth", "day_of_month", lambda moment: moment.day - 1),
        ("getDate", "day_of_month_1_based", lambda moment: moment.day),
        ("getDayOfWeek", "day_of_week", lambda moment: moment.isoweekday() % 7),
        ("getHours", "hours", lambda moment: moment.hour),
        ("getMinutes", "minutes", lambda moment: moment.minute),
        ("getSeconds", "seconds", lambda moment: moment.second),
        ("getMilliseconds", "milliseconds", lambda moment: moment.microsecond // 1000),
    )
    for name, word, read in parts:
        yield name, f"timestamp_to_{word}", "timestamp.() -> int", _part(read)
        yield name, f"timestamp_to_{word}_with_tz", "timestamp.(string) -> int", _part(read)
    units = (("Hours", 3600 * NANOS), ("Minutes", 60 * NANOS), ("Seconds", NANOS), ("Milliseconds", 1_000_000))
    for word, unit in units:
        read_span = _span_reader(unit)
        yield f"get{word}", f"duration_to_{word.lower()}", "duration.() -> int", read_span


def _span_reader(unit: int) -> Callable[[Duration], int]:
    return lambda value: _whole(value.nanos, unit)


def rows() -> Iterator[Row]:
    """The functions and operators."""
    yield "_?_:_", "conditional", "(bool, A, A) -> A", _same
    yield "_&&_", "logical_and", "(bool, bool) -> bool", _same
    yield "_||_", "logical_or", "(bool, bool) -> bool", _same
    yield "!_", "logical_not", "(bool) -> bool", operator.not_
    yield "@not_strictly_false", "not_strictly_false", "(bool) -> bool", _same
    yield "_==_", "equals", "(A, A) -> bool", equal
    yield "_!=_", "not_equals", "(A, A) -> bool", lambda one, other: not equal(one, other)
    yield "_[_]", "index_list", "(list<A>, int) -> A", index
    yield "_[_]", "index_map", "(map<A, B>, A) -> B", index
    yield "@in", "in_list", "(A, list<A>) -> bool", is_in
    yield "@in", "in_map", "(A, map<A, B>) -> bool", is_in
    for name, form in (("bytes", "bytes"), ("list", "list<A>"), ("map", "map<A, B>"), ("string", "string")):
        yield "size", f"size_{name}", f"({form}) -> int", size
        yield "size", f"{name}_size", f"{form}.() -> int", size
    yield from _arithmetic()
    yield from _orders()
    yield from _conversions()
    yield from _times()
    yield "contains", "contains_string", "string.(string) -> bool", lambda text, part: part in text
    yield "endsWith", "ends_with_string", "string.(string) -> bool", str.endswith
    yield "startsWith", "starts_with_string", "string.(string) -> bool", str.startswith
    yield "matches", "matches", "(string, string) -> bool", matches
    yield "matches", "matches_string", "string.(string) -> bool", matches
