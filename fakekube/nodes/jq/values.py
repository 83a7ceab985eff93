"""What jq knows of values: types, order, arithmetic, and the places within them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

Path = tuple[Any, ...]


class JqError(ValueError):
    """An expression that cannot be read, or does not fit the value; `value` is what `catch` is given."""

    def __init__(self, message: str, value: Any = None) -> None:
        super().__init__(message)
        self.value = message if value is None else value

    @classmethod
    def of(cls, value: Any) -> JqError:
        """The error that an expression raises by itself, with whatever value."""
        made = cls(value if isinstance(value, str) else f"error: {compact(value)}")
        made.value = value
        return made


_TYPES = ("null", "boolean", "number", "string", "array", "object")


def kind_of(value: Any) -> str:
    """The name of the value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for types, name in ((int | float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, types):
            return name
    return "object"


def truth(value: Any) -> bool:
    """Whether it counts as true: all but null and false."""
    return value is not None and value is not False


def order(value: Any) -> Any:
    """What values are ordered by: null, false, true, numbers, texts, lists, objects."""
    rank = _TYPES.index(kind_of(value))
    if isinstance(value, list):
        return rank, [order(each) for each in value]
    if isinstance(value, dict):
        return rank, (sorted(value), [order(value[key]) for key in sorted(value)])
    if isinstance(value, float) and math.isnan(value):
        return rank, -math.inf
    return rank, 0 if value is None else value


def same(one: Any, other: Any) -> bool:
    """Whether they are equal."""
    if type(one) is str or type(other) is str:  # what selectors compare mostly
        return bool(one == other)
    return bool(order(one) == order(other))


def compact(value: Any) -> str:
    """JSON as jq prints it in messages and texts."""
    return json.dumps(finite(value), separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def finite(value: Any) -> Any:
    """The value without numbers that JSON lacks, and with whole ones as integers."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [finite(each) for each in value]
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return math.copysign(1.7976931348623157e308, value) if math.isinf(value) else whole(value)
    return value


def whole(value: float) -> int | float:
    """A float that is a whole number as an integer."""
    return int(value) if math.isfinite(value) and value.is_integer() and abs(value) < 1e17 else value


def text_of(value: Any) -> str:
    """tostring: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else compact(value)


def shown(value: Any) -> str:
    """A value with its type, cut where it gets long."""
    text = compact(value)
    return f"{kind_of(value)} ({text if len(text) < 30 else text[:26] + '...'})"


# --- arithmetic


def plus(one: Any, other: Any) -> Any:
    """+: of null and anything, numbers, texts, lists, objects."""
    if one is None or other is None:
        return other if one is None else one
    if kind_of(one) == kind_of(other) and kind_of(one) in ("number", "string", "array"):
        return one + other
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **other}
    raise _unfit("add", one, other)


def minus(one: Any, other: Any) -> Any:
    """-: of numbers; of lists what is in both is taken away."""
    if kind_of(one) == kind_of(other) == "array":
        return [each for each in one if not any(same(each, away) for away in other)]
    return _arithmetic("subtract", one, other, lambda left, right: left - right)


def times(one: Any, other: Any) -> Any:
    """*: of numbers; a text so often; objects merged deeply."""
    if isinstance(one, dict) and isinstance(other, dict):
        return _merged(one, other)
    for text, count in ((one, other), (other, one)):
        if isinstance(text, str) and kind_of(count) == "number":
            return text * max(1, math.ceil(count) if count < 1 else int(count)) if count > 0 else None
    return _arithmetic("multiply", one, other, lambda left, right: left * right)


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    made = dict(one)
    for key, value in other.items():
        present = made.get(key)
        made[key] = _merged(present, value) if isinstance(present, dict) and isinstance(value, dict) else value
    return made


def divided(one: Any, other: Any) -> Any:
    """/: of numbers; a text split at another."""
    if isinstance(one, str) and isinstance(other, str):
        return split(one, other)
    return _arithmetic("divide", one, other, lambda left, right: left / right)


def split(text: str, separator: str) -> list[str]:
    """The parts of a text; without a separator its characters."""
    if not text:
        return []
    return text.split(separator) if separator else list(text)


def remainder(one: Any, other: Any) -> Any:
    """%: of whole numbers, with the sign of the first."""

    def of(left: Any, right: Any) -> Any:
        left, right = _cut(left), _cut(right)
        return int(math.copysign(abs(left) % abs(right), left)) if right else left / right

    return _arithmetic("modulo", one, other, of)


def _cut(value: Any) -> int:
    if isinstance(value, float) and not math.isfinite(value):
        return 0 if math.isnan(value) else int(math.copysign(1 << 62, value))
    return int(value)


def _arithmetic(what: str, one: Any, other: Any, operation: Callable[[Any, Any], Any]) -> Any:
    if kind_of(one) != "number" or kind_of(other) != "number":
        raise _unfit(what, one, other)
    try:
        found = operation(one, other)
    except ZeroDivisionError as error:
        raise JqError(f"cannot divide {shown(one)} by: {shown(other)}") from error
    except OverflowError:
        return math.inf
    return whole(found) if isinstance(found, float) else found


def _unfit(what: str, one: Any, other: Any) -> JqError:
    return JqError(f"cannot {what}: {shown(one)} and {shown(other)}")


# --- places


def got(value: Any, key: Any) -> Any:
    """value[key]: null where there is nothing; a key that is an object is a slice, a list is searched for."""
    kind = kind_of(key)
    if isinstance(key, dict):
        return _slice(value, key.get("start"), key.get("end"))
    if value is None and kind in ("string", "number", "null"):
        return None
    if isinstance(value, dict) and kind == "string":
        return value.get(key)
    if isinstance(value, list | str) and kind == "number":
        place = math.floor(key) if math.isfinite(key) else len(value)
        return value[place] if -len(value) <= place < len(value) else None
    if isinstance(value, list) and kind == "array":
        return indices(value, key)
    if kind == "string":
        raise JqError(f"expected an object but got: {shown(value)}")
    raise JqError(f"expected an array but got: {shown(value)}")


def indices(value: Any, part: Any) -> Any:
    """Where a part begins within a list or a text."""
    if value is None or part in ("", []):
        return None
    if isinstance(value, str) and isinstance(part, str):
        return [place for place in range(len(value)) if value.startswith(part, place)]
    if isinstance(value, list):
        wanted = part if isinstance(part, list) else [part]
        return [place for place in range(len(value)) if same(value[place : place + len(wanted)], wanted)]
    raise JqError(f"cannot index {shown(value)} with {shown(part)}")


def bounds(length: int, begin: Any, end: Any) -> tuple[int, int]:
    """The bounds of a slice as places from 0 to the length."""
    for bound in (begin, end):
        if kind_of(bound) not in ("null", "number"):
            raise JqError(f"expected a number for slicing but got: {shown(bound)}")
    first = 0 if begin is None else math.floor(begin)
    last = length if end is None else math.ceil(end)
    first, last = (max(0, place + length) if place < 0 else min(place, length) for place in (first, last))
    return first, max(first, last)


def _slice(value: Any, begin: Any, end: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, list | str):
        raise JqError(f"cannot slice {shown(value)}")
    first, last = bounds(len(value), begin, end)
    return value[first:last]


def at(value: Any, path: Path) -> Any:
    """What is at the path."""
    for key in path:
        value = None if value is None else got(value, key)
    return value


def put(value: Any, path: Path, new: Any) -> Any:
    """The value with another at the path; what is missing on the way is made."""
    if not path:
        return new
    key, rest = path[0], path[1:]
    inner = put(None if value is None else got(value, key), rest, new)
    if isinstance(key, dict):
        return _put_slice(value, key, inner)
    if isinstance(key, str):
        if value is not None and not isinstance(value, dict):
            raise JqError(f"expected an object but got: {shown(value)}")
        return {**(value or {}), key: inner}
    if value is not None and not isinstance(value, list):
        raise JqError(f"expected an array but got: {shown(value)}")
    made, place = list(value or []), math.floor(key)
    place = place + len(made) if place < 0 else place
    if place < 0:
        raise JqError(f"array index should not be negative: {key}")
    made.extend([None] * (place + 1 - len(made)))
    made[place] = inner
    return made


def _put_slice(value: Any, key: dict[str, Any], new: Any) -> Any:
    if not isinstance(new, list):
        raise JqError(f"expected an array but got: {shown(new)}")
    made = list(value or [])
    first, last = bounds(len(made), key.get("start"), key.get("end"))
    return [*made[:first], *new, *made[last:]]


def without(value: Any, paths: list[Path]) -> Any:
    """The value without what is at these paths."""
    for path in sorted(paths, key=lambda each: order(list(each)), reverse=True):
        value = _without(value, path)
    return value


def _without(value: Any, path: Path) -> Any:
    if value is None:
        return None
    if not path:
        return None
    key, rest = path[0], path[1:]
    if rest:
        inner = got(value, key)
        return value if inner is None else put(value, (key,), _without(inner, rest))
    if isinstance(value, dict) and isinstance(key, str):
        return {name: each for name, each in value.items() if name != key}
    if isinstance(value, list) and isinstance(key, dict):
        first, last = bounds(len(value), key.get("start"), key.get("end"))
        return [*value[:first], *value[last:]]
    if isinstance(value, list) and kind_of(key) == "number":
        place = math.floor(key)
        return [each for number, each in enumerate(value) if number != (place + len(value) if place < 0 else place)]
    raise JqError(f"cannot delete {compact(key)} of {shown(value)}")
