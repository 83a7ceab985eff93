"""sprig's functions on numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from typing import Any

from fakekube.nodes.templates.functions.signatures import Rows
from fakekube.nodes.templates.values import Long, Number, printed

SIXTY_FOUR = 1 << 64


def whole(value: Any) -> int:
    """A value as an integer, as Go's package cast has it; what is none counts as 0."""
    if isinstance(value, str):
        return _parsed(value)
    if isinstance(value, float):
        return math.trunc(value) if math.isfinite(value) else 0
    return int(value) if isinstance(value, int) else 0


def _parsed(text: str) -> int:
    head, dot, tail = text.rpartition(".")
    if dot and tail and not tail.strip("0"):
        text = head
    digits = text.lstrip("+-")
    try:
        if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
            found = int(digits, 8)
        else:
            found = int(digits, 0) if digits[:1].isdigit() and digits.isascii() else 0
    except ValueError:
        return 0
    found = -found if text.startswith("-") else found
    return found if -(1 << 63) <= found < 1 << 63 and len(text) - len(digits) < 2 else 0


def real(value: Any) -> float:
    """A value as a float; what is none counts as 0."""
    try:
        return float(value) if isinstance(value, str | int | float) else 0.0
    except ValueError:
        return 0.0


def long(value: int) -> Long:
    """An int64, which wraps around."""
    return Long((value + (1 << 63)) % SIXTY_FOUR - (1 << 63))


def _quotient(one: Any, other: Any) -> Long:
    return long(_divided(whole(one), whole(other))[0])


def _remainder(one: Any, other: Any) -> Long:
    return long(_divided(whole(one), whole(other))[1])


def _divided(one: int, other: int) -> tuple[int, int]:
    if not other:
        raise ValueError("runtime error: integer divide by zero")
    quotient = abs(one) // abs(other)
    quotient = quotient if (one < 0) == (other < 0) else -quotient
    return quotient, one - quotient * other


def numbers(begin: int, end: int, step: int) -> list[int]:
    """untilStep: from `begin` up or down to, not including, `end`."""
    return list(range(begin, end, step)) if step and (end >= begin) == (step > 0) else []


def _sequence(*bounds: int) -> str:
    if not 0 < len(bounds) < 4:
        return ""
    begin, end = (1, bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[-1])
    edge = -1 if end < begin else 1
    step = bounds[1] if len(bounds) == 3 else edge
    if len(bounds) == 3 and end < begin and step > 0:
        return ""
    return " ".join(map(str, numbers(begin, end + edge, step)))


def _rounded(value: Any, places: int, least: float = 0.5) -> float:
    power = math.pow(10, places)
    digit = power * real(value)
    part = math.modf(digit)[0]
    return (math.ceil(digit) if part >= least else math.floor(digit)) / power


def _exact(step: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., float]:
    """A function that reckons with decimals and gives a float."""

    def call(first: Any, *others: Any) -> float:
        return float(reduce(step, [Decimal(repr(real(each))) for each in (first, *others)]))

    return call


def _octal(value: Any) -> Long:
    try:
        return long(int(printed(value), 8))
    except ValueError:
        return long(0)


def _plain(value: str) -> int:
    try:
        return int(value) if value.strip() == value and "_" not in value else 0
    except ValueError:
        return 0


_add = _exact(lambda one, other: one + other)
_divide = _exact(lambda one, other: one / other)

ROWS: Rows = {
    "int": (".", whole),
    "int64": (".", lambda value: long(whole(value))),
    "float64": (".", real),
    "atoi": ("s", _plain),
    "toDecimal": (".", _octal),
    "add": (".*", lambda *values: long(sum(map(whole, values)))),
    "add1": (".", lambda value: long(whole(value) + 1)),
    "sub": ("..", lambda one, other: long(whole(one) - whole(other))),
    "mul": ("..*", lambda *values: long(math.prod(map(whole, values)))),
    "div": ("..", _quotient),
    "mod": ("..", _remainder),
    "max": ("..*", lambda *values: long(max(map(whole, values)))),
    "biggest": ("..*", lambda *values: long(max(map(whole, values)))),
    "min": ("..*", lambda *values: long(min(map(whole, values)))),
    "addf": (".*", lambda *values: _add(0.0, *values)),
    "add1f": (".", lambda value: _add(value, 1)),
    "subf": ("..*", _exact(lambda one, other: one - other)),
    "mulf": ("..*", _exact(lambda one, other: one * other)),
    "divf": ("..*", _divide),
    "maxf": ("..*", lambda *values: max(map(real, values))),
    "minf": ("..*", lambda *values: min(map(real, values))),
    "floor": (".", lambda value: float(math.floor(real(value)))),
    "ceil": (".", lambda value: float(math.ceil(real(value)))),
    "round": (".if?", _rounded),
    "until": ("i", lambda count: numbers(0, count, -1 if count < 0 else 1)),
    "untilStep": ("iii", numbers),
    "seq": ("i*", _sequence),
}
__all__ = ["ROWS", "Number", "long", "numbers", "real", "whole"]
