"""What calls cost when they are evaluated, in the units of cel-go and Kubernetes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from fakekube.schema.cel.declarations import Overload
from fakekube.schema.cel.syntax import Call
from fakekube.schema.cel.values import MapList, Optional, SetList, Struct

Price = Callable[[list[Any], Any], int]
"""What a call costs by its arguments and by what it comes to."""

TRAVERSAL, REGEX = 0.1, 0.25
LIST, MAP, MESSAGE = 10, 30, 40
AUTHORIZATION = 350_000

_tenths = tuple(math.ceil(count * TRAVERSAL) for count in range(1024))


def tenth(count: int) -> int:
    """What going over so many letters costs."""
    return _tenths[count] if count < 1024 else math.ceil(count * TRAVERSAL)


_SIZED: dict[type, Callable[[Any], int]] = {
    **dict.fromkeys((str, bytes, list, dict, SetList, MapList), len),
    **dict.fromkeys((int, float, bool, type(None)), lambda value: 1),
    Optional: lambda value: size(value.value) if value.present else 1,
}


def size(value: Any) -> int:
    """Letters, bytes, items or entries; 1 for what has none."""
    sized = _SIZED.get(type(value))
    if sized is not None:
        return sized(value)
    if isinstance(value, Struct):
        return len(value.raw)
    return int(getattr(value, "bytes_held", 1))


def _traversal(value: Any) -> int:
    """What going through a value with all that is in it costs."""
    if isinstance(value, str):
        return int(len(value.encode()) * TRAVERSAL)
    if isinstance(value, bytes):
        return int(len(value) * TRAVERSAL)
    if isinstance(value, list):
        return sum(map(_traversal, value))
    if isinstance(value, (dict, Struct)):
        return sum(_traversal(key) + _traversal(each) for key, each in value.items())
    return 1


def _first(factor: float) -> Price:
    return lambda args, result: math.ceil(size(args[0]) * factor)


def first_letters(args: list[Any], result: Any) -> int:
    """What going over the first argument costs."""
    return tenth(size(args[0]))


def _matching(args: list[Any], result: Any) -> int:
    return math.ceil((1.0 + size(args[0])) * TRAVERSAL) * math.ceil(size(args[1]) * REGEX)


def _smaller(args: list[Any], result: Any) -> int:
    return tenth(min(size(args[0]), size(args[1])))


def _both(args: list[Any], result: Any) -> int:
    return tenth(size(args[0]) + size(args[1]))


def _containing(args: list[Any], result: Any) -> int:
    return tenth(size(args[0])) * tenth(size(args[1]))


def _selector(args: list[Any], result: Any) -> int:
    letters = size(args[1])
    return LIST + tenth(letters) + math.ceil(letters * 0.5) * (LIST + MESSAGE)


def _network(args: list[Any], result: Any) -> int:
    cost = tenth(2 * size(args[0]))
    return cost + tenth(size(args[1])) if isinstance(args[1], str) else cost


def _networks(args: list[Any], result: Any) -> int:
    return _network(args, result) + tenth(size(args[0])) + 1


def _validation(args: list[Any], result: Any) -> int:
    pattern = getattr(args[0], "longest_pattern", 0)
    return math.ceil((1.0 + size(args[1])) * TRAVERSAL) * math.ceil(pattern * REGEX)


def _made(args: list[Any], result: Any) -> int:
    return size(result) + 1 + LIST


def _flattened(args: list[Any], result: Any) -> int:
    return int(size(args[0]) * float(args[1] if len(args) > 1 else 1)) + 1 + LIST


def _compared(place: int) -> Price:
    """Each item with each."""

    def price(args: list[Any], result: Any) -> int:
        items = args[place]
        factor = 2.0 + (TRAVERSAL if items and isinstance(items[0], (str, bytes)) else 0)
        return int(len(items) * len(items) * factor) + 1 + LIST

    return price


def _sets(factor: int) -> Price:
    return lambda args, result: 1 + size(args[0]) * size(args[1]) * factor


_SMALLER = ("less", "greater", "less_equals", "greater_equals")
_BY_OVERLOAD: dict[str, Price] = {
    **dict.fromkeys(("list_slice", "lists_range", "list_reverse"), _made),
    **dict.fromkeys(("list_flatten", "list_flatten_int"), _flattened),
    "list_distinct": _compared(0),
    **dict.fromkeys(("list_sets_contains_list", "list_sets_intersects_list"), _sets(1)),
    "list_sets_equivalent_list": _sets(2),
}
_BY_FUNCTION: dict[str, Price | int] = {
    "check": AUTHORIZATION,
    **dict.fromkeys(("fieldSelector", "labelSelector"), _selector),
    **dict.fromkeys(
        ("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), lambda args, result: _traversal(args[0])
    ),
    **dict.fromkeys(
        (
            *("url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey", "cidr", "isIP", "isCIDR"),
            *("quantity", "isQuantity", "semver", "isSemver"),
        ),
        first_letters,
    ),
    **dict.fromkeys(("replace", "split", "ip.isCanonical"), _first(2 * TRAVERSAL)),
    "join": lambda args, result: math.ceil(size(result) * 2 * TRAVERSAL),
    **dict.fromkeys(("find", "findAll"), _matching),
    "containsIP": _network,
    "containsCIDR": _networks,
    "validate": _validation,
}
_BY_OVERLOAD_LAST: dict[str, Price] = {
    **dict.fromkeys(
        (
            *("starts_with_string", "ends_with_string", "string_to_bytes", "bytes_to_string"),
            *("strings_quote", "string_format", "string_to_ip"),
        ),
        first_letters,
    ),
    "in_list": lambda args, result: size(args[1]),
    **dict.fromkeys((f"{word}_{kind}" for word in _SMALLER for kind in ("string", "bytes")), _smaller),
    **dict.fromkeys(("equals", "not_equals"), _smaller),
    **dict.fromkeys(("add_string", "add_bytes"), _both),
    "matches_string": _matching,
    "contains_string": _containing,
}
_FIXED_SIZE = frozenset(("bool", "int", "uint", "double", "timestamp", "duration", "null"))


def price(node: Call) -> Price | int:
    """What the call costs; a number if that does not depend on values."""
    overload: Overload | None = node.overloads[0] if len(node.overloads) == 1 else None
    if overload is None:
        return _BY_FUNCTION.get(node.function, 1)
    if overload.id in ("equals", "not_equals") and _is_fixed(node):
        return 1
    if overload.id in _BY_OVERLOAD:
        return _BY_OVERLOAD[overload.id]
    if overload.function == "sort":
        return _compared(0)
    if overload.function == "@sortByAssociatedKeys":
        return _compared(1)
    if overload.function in _BY_FUNCTION:
        return _BY_FUNCTION[overload.function]
    return _BY_OVERLOAD_LAST.get(overload.id, 1)


def _is_fixed(node: Call) -> bool:
    """Whether values are compared that have no size, or one that does not count."""
    return any(operand.type.kind in _FIXED_SIZE or operand.type.name == "net.IP" for operand in node.args)
