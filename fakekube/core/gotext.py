"""Values as Go's fmt package prints them, for messages that quote them."""

from __future__ import annotations

import math
from typing import Any

_KINDS = {dict: "map[string]interface {}", list: "[]interface {}", str: "string", bool: "bool", int: "int64"}


def go_kind(value: Any) -> str:
    """The Go type of a decoded JSON value."""
    return _KINDS.get(type(value), "float64") if value is not None else "<nil>"


def go_text(value: Any) -> str:
    """%v: maps sorted by key, text without quotes."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(go_text, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return go_float(value)
    return "<nil>" if value is None else str(value)


def go_string(value: Any) -> str:
    """%s, which tells of values that are no text what they are."""
    return "%!s(<nil>)" if value is None else _part_string(value)


def _part_string(value: Any) -> str:
    """%s of a part of a value, where nil is plain."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_part_string(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_part_string, value)) + "]"
    return "<nil>" if value is None else f"%!s({go_kind(value)}={go_text(value)})"


def go_float(value: float) -> str:
    """%v of a float64: the shortest digits that read back, with an exponent from the seventh place on."""
    if math.isinf(value) or math.isnan(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    digits, exponent = _shortest(abs(value))
    sign = "-" if math.copysign(1, value) < 0 else ""
    if exponent < -4 or exponent >= 6:
        mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return sign + whole + ("." + digits[exponent + 1 :] if len(digits) > exponent + 1 else "")


def _shortest(value: float) -> tuple[str, int]:
    """The digits, without zeros at the end, and the power of ten of the first."""
    mantissa, _, exponent = f"{value!r}e0".partition("e")
    power = int(exponent.removesuffix("e0") or 0)
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    power += len(whole) - 1 - (len(whole + part) - len(digits)) if digits else 0
    return digits.rstrip("0") or "0", power if digits else 0
