"""string.format() as cel-go's extension has it, and what can be told of its calls before they are evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from fakekube.core.fielderrors import go_quote
from fakekube.schema.cel import values
from fakekube.schema.cel.library.standard import to_text
from fakekube.schema.cel.values import Duration, EvaluationError, Struct, Timestamp, TypeValue, Uint

DEFAULT_PRECISION = 6
_CLAUSES = frozenset("sdfebxXo")
_START = "error during formatting: "
_NO_CLAUSE = "could not parse formatting clause: "


class FormatError(Exception):
    """A text that does not go with its arguments."""


class Clause(NamedTuple):
    """How the next argument is shown."""

    letter: str
    precision: int


def clauses(text: str, arguments: int, *, at_run_time: bool) -> Iterator[str | Clause]:
    """The parts of a text: what stands as it is, and clauses; FormatError where they cannot be."""
    place = taken = 0
    while (found := text.find("%", place)) >= 0:
        yield text[place:found]
        if text[found + 1 : found + 2] == "%":
            yield "%"
            place = found + 2
            continue
        if at_run_time and taken >= arguments:
            raise FormatError(f"index {taken} out of range")
        if found + 1 >= len(text):
            raise FormatError("unexpected end of string")
        if taken >= arguments:
            raise FormatError(f"index {taken} out of range")
        clause, place = _clause(text, found + 1)
        taken += 1
        yield clause
    yield text[place:]


def _clause(text: str, place: int) -> tuple[Clause, int]:
    precision = DEFAULT_PRECISION
    if text[place] == ".":
        end = place + 1
        while end < len(text) and text[end] in "0123456789":
            end += 1
        if end >= len(text):
            raise FormatError(f"{_NO_CLAUSE}error while parsing precision: could not find end of precision specifier")
        digits, place = text[place + 1 : end], end
        if not digits:
            why = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax'
            raise FormatError(f"{_NO_CLAUSE}error while parsing precision: {why}")
        precision = int(digits)
    letter = text[place]
    if letter not in _CLAUSES:
        raise FormatError(f'{_NO_CLAUSE}unrecognized formatting clause "{letter}"')
    return Clause(letter, precision), place + 1


# --- at work


def formatted(text: str, arguments: list[Any]) -> str:
    """string.format()"""
    rest = iter(arguments)
    parts = clauses(text, len(arguments), at_run_time=True)
    try:
        return "".join(
            part if isinstance(part, str) else _SHOWN[part.letter](next(rest), part.precision) for part in parts
        )
    except FormatError as error:
        raise EvaluationError(str(error)) from None


def unfit(letter: str, type_name: str) -> FormatError:
    """The clause cannot show values of the type."""
    return FormatError(f"{_START}{_REFUSED[letter.lower()]}, was given {type_name}")


_REFUSED = {
    "b": "only integers and bools can be formatted as binary",
    "d": "decimal clause can only be used on integers",
    "f": "fixed-point clause can only be used on doubles",
    "x": "only integers, byte buffers, and strings can be formatted as hex",
    "o": "octal clause can only be used on integers",
    "e": "scientific clause can only be used on doubles",
    "s": (
        "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and "
        "timestamps"
    ),
}


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: Any, precision: int) -> str:
    match value:
        case None:
            return "null"
        case list():
            return "[" + ", ".join(map(_within, value)) + "]"
        case dict() | Struct():
            pairs = sorted((_key(key), _within(each)) for key, each in value.items())
            return "{" + ", ".join(f"{key}:{each}" for key, each in pairs) + "}"
        case TypeValue():
            return value.name
        case bool() | int() | float() | str() | bytes() | Timestamp() | Duration() | Uint():
            return to_text(value)
    raise unfit("s", values.type_name(value))


def _key(value: Any) -> str:
    if isinstance(value, float):
        raise FormatError(f"{_START}no formatting function for map key of type {values.type_name(value)}")
    return go_quote(value) if isinstance(value, str) else to_text(value)


def _within(value: Any) -> str:
    """A value within a list or map, as it could stand in an expression."""
    match value:
        case str():
            return go_quote(value)
        case bytes():
            return f"b{go_quote(to_text(value))}"
        case float():
            if not math.isfinite(value):
                return go_quote({math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN"))
            return f"{value:.{DEFAULT_PRECISION}f}"
        case Timestamp():
            return f'timestamp("{values.timestamp_text(value)}")'
        case Duration():
            return f'duration("{values.duration_text(value)}")'
        case TypeValue():
            return value.name
        case None | bool() | int() | list() | dict() | Struct():
            return _text(value, 0)
    raise FormatError(f"{_START}no formatting function for {values.type_name(value)}")


def _decimal(value: Any, precision: int) -> str:
    if not _is_whole(value):
        raise unfit("d", values.type_name(value))
    return str(int(value))


_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _number(letter: str, value: Any) -> float:
    found = _SPECIAL.get(value) if isinstance(value, str) else value
    if not isinstance(found, float):
        raise unfit(letter, values.type_name(value))
    return found


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return ("∞" if value > 0 else "-∞") if math.isinf(value) else ""


def _fixed(value: Any, precision: int) -> str:
    number = _number("f", value)
    return _not_finite(number) or format(number, f",.{precision}f")


_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _scientific(value: Any, precision: int) -> str:
    number = _number("e", value)
    if special := _not_finite(number):
        return special.rjust(DEFAULT_PRECISION)
    mantissa, _, exponent = format(number, f".{DEFAULT_PRECISION}e").partition("e")
    return f"{mantissa}\u00d710{exponent.removeprefix('+').translate(_RAISED)}"


def _binary(value: Any, precision: int) -> str:
    if not isinstance(value, int):
        raise unfit("b", values.type_name(value))
    return format(int(value), "b")


def _octal(value: Any, precision: int) -> str:
    if not _is_whole(value):
        raise unfit("o", values.type_name(value))
    return format(int(value), "o")


def _hexadecimal(value: Any, precision: int) -> str:
    if _is_whole(value):
        return format(int(value), "x")
    if isinstance(value, (str, bytes)):
        return (value.encode() if isinstance(value, str) else value).hex()
    raise unfit("x", values.type_name(value))


_SHOWN: dict[str, Callable[[Any, int], str]] = {
    "s": _text,
    "d": _decimal,
    "f": _fixed,
    "e": _scientific,
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": lambda value, precision: _hexadecimal(value, precision).upper(),
}
