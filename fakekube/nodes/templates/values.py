"""What templates know of values: which count as true, how they are printed and compared."""

from __future__ import annotations

import json
import re
from typing import Any

from fakekube.core.gotext import go_kind

NO_VALUE = "<no value>"


class TemplateError(ValueError):
    """A template that cannot be read, or not be rendered for this object."""


def truth(value: Any) -> bool:
    """Whether a value counts as true: not zero, not empty, not nil."""
    return value is not None and value is not False and value != 0 and value != "" and value != [] and value != {}


def text(value: Any) -> str:
    """A value as it is printed within text."""
    return NO_VALUE if value is None else printed(value)


def printed(value: Any) -> str:
    """%v of a value; numbers as they stand in JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{printed(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(printed, value)) + "]"
    return str(value)


def _rank(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else go_kind(value)


def equal(one: Any, *others: Any) -> bool:
    """Whether the first equals one of the others; values of different kinds cannot be compared."""
    if not others:
        raise TemplateError("missing argument for comparison")
    for other in others:
        if _rank(one) != _rank(other):
            if one is not None and other is not None:
                raise TemplateError(f"incompatible types for comparison: {go_kind(one)} and {go_kind(other)}")
        elif one == other:
            return True
    return False


def less(one: Any, other: Any) -> bool:
    """Whether one comes before the other; only numbers and texts have an order."""
    if _rank(one) != _rank(other) or _rank(one) not in ("number", "string"):
        raise TemplateError(f"incompatible types for comparison: {go_kind(one)} and {go_kind(other)}")
    return bool(one < other)


def indexed(value: Any, *keys: Any) -> Any:
    """value[key][key]...; what a map lacks is nil, what a list lacks is an error."""
    for key in keys:
        if value is None:
            raise TemplateError("index of untyped nil")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list | str) and isinstance(key, int) and not isinstance(key, bool):
            if not 0 <= key < len(value):
                raise TemplateError(f"index out of range: {key}")
            value = value[key] if isinstance(value, list) else ord(value[key])
        else:
            raise TemplateError(f"can't index item of type {go_kind(value)} by {go_kind(key)}")
    return value


def field(value: Any, name: str) -> Any:
    """value.name; nil of nil, and of a map that lacks it."""
    if value is None:
        return None
    if isinstance(value, dict):
        return value.get(name)
    raise TemplateError(f"can't evaluate field {name} in type {go_kind(value)}")


def size(value: Any) -> int:
    """len: of maps, lists and texts."""
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, list | dict):
        return len(value)
    raise TemplateError(f"len of type {go_kind(value)}")


def cut(value: Any, *bounds: int) -> Any:
    """slice: value[from:to]."""
    if not isinstance(value, list | str) or not 0 < len(bounds) <= 2:
        raise TemplateError(f"can't slice item of type {go_kind(value)}")
    begin, end = bounds[0], bounds[1] if len(bounds) > 1 else len(value)
    if not 0 <= begin <= end <= len(value):
        raise TemplateError(f"invalid slice index: {begin}:{end}")
    return value[begin:end]


def spaced(*values: Any) -> str:
    """print: spaces between operands when neither is text."""
    made: list[str] = []
    for position, value in enumerate(values):
        if position and not isinstance(value, str) and not isinstance(values[position - 1], str):
            made.append(" ")
        made.append(printed(value))
    return "".join(made)


_VERB = re.compile(r"%([-+# 0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])")


def formatted(pattern: str, *values: Any) -> str:
    """printf, with the verbs v s q d t f e g x X c %."""
    rest = list(values)

    def one(match: re.Match[str]) -> str:
        flags, width, precision, verb = match.groups()
        if verb == "%":
            return "%"
        if not rest:
            return f"%!{verb}(MISSING)"
        return _padded(_verb(verb, precision, flags, rest.pop(0)), flags, width)

    found = _VERB.sub(one, pattern)
    extra = ", ".join(f"{go_kind(each)}={printed(each)}" for each in rest)
    return f"{found}%!(EXTRA {extra})" if rest else found


def _padded(made: str, flags: str, width: str) -> str:
    if not width:
        return made
    if "-" in flags:
        return made.ljust(int(width))
    return made.rjust(int(width), "0" if "0" in flags else " ")


def _verb(verb: str, precision: str | None, flags: str, value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if verb in "vs":
        made = printed(value)
        return made[: int(precision)] if precision and verb == "s" else made
    if verb == "q":
        return json.dumps(printed(value), ensure_ascii=False)
    if verb == "t" and isinstance(value, bool):
        return printed(value)
    if verb == "x" and isinstance(value, str):
        return value.encode().hex()
    if verb in "dxXc" and number and isinstance(value, int):
        return chr(value) if verb == "c" else f"{value:{'+' if '+' in flags else ''}{verb}}"
    if verb in "feg" and number:
        return f"{value:.{precision or 6}{verb}}"
    return f"%!{verb}({go_kind(value)}={printed(value)})"
