"""What stages ask of objects: selectors with jq or CEL, and delays and weights that an expression tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fakekube.core.meta import Obj
from fakekube.nodes.jq import JqError, Query
from fakekube.nodes.stages.faults import StageError, known, listed, mapping
from fakekube.schema.cel.values import Duration, Timestamp, parse_duration

Matches = Callable[[Obj], bool]
Number = Callable[[Obj, float], float | None]
"""From the object and the time to a number; None if there is none."""
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def query(text: Any, where: str) -> Query:
    """The jq expression; StageError if it is none."""
    try:
        return Query(str(text))
    except JqError as error:
        raise StageError(f"{where}: {error}") from error


def cel(text: Any, where: str) -> Callable[[Obj], Any]:
    """The value of a CEL expression over `self`; StageError if it does not compile."""
    from fakekube.schema.cel import library
    from fakekube.schema.cel.checking import Environment
    from fakekube.schema.cel.compiling import compile
    from fakekube.schema.cel.faults import CompileError
    from fakekube.schema.cel.types import DYN

    try:
        return compile(str(text), Environment(library.functions(), {"self": DYN})).program
    except CompileError as error:
        raise StageError(f"{where}: {error}") from error


# --- selectors


def selector(given: Obj, where: str) -> Matches:
    """Whether an object is selected: by labels, annotations and expressions, all of which must hold."""
    known(given, ("matchLabels", "matchAnnotations", "matchExpressions"), where)
    checks: list[Matches] = []
    for field, part in (("matchLabels", "labels"), ("matchAnnotations", "annotations")):
        wanted = mapping(given, field, where)
        if wanted:
            checks.append(_equal(part, wanted))
    for at, entry in enumerate(listed(given, "matchExpressions", where)):
        checks.append(_expression(entry, f"{where}.matchExpressions[{at}]"))
    return lambda obj: all(check(obj) for check in checks)


def _equal(part: str, wanted: Obj) -> Matches:
    items = wanted.items()
    return lambda obj: items <= (obj["metadata"].get(part) or {}).items()


def _expression(entry: Obj, where: str) -> Matches:
    known(entry, ("cel", "jq", "key", "operator", "values"), where)
    if entry.get("cel"):
        return _holds(cel(entry["cel"].get("expression"), where))
    source = entry.get("jq") or entry
    operator, values = source.get("operator"), frozenset(source.get("values") or ())
    if operator not in OPERATORS:
        raise StageError(f"{where}.operator: must be one of {', '.join(OPERATORS)}, not {operator!r}")
    if bool(values) != (operator in ("In", "NotIn")):
        raise StageError(f"{where}.values: {'needed' if not values else 'not allowed'} with {operator}")
    asked = query(source.get("key", ""), f"{where}.key")
    return _OPERATIONS[operator](asked, values)


def _holds(program: Callable[[Obj], Any]) -> Matches:
    return lambda obj: program(obj) is True


def _has_value(asked: Query, values: frozenset[str]) -> Matches:
    return lambda obj: any(_text(each) in values for each in asked.present(obj) or ())


def _lacks_value(asked: Query, values: frozenset[str]) -> Matches:
    has = _has_value(asked, values)
    return lambda obj: not has(obj)


_OPERATIONS: dict[str, Callable[[Query, frozenset[str]], Matches]] = {
    "In": _has_value,
    "NotIn": _lacks_value,
    "Exists": lambda asked, values: lambda obj: bool(asked.present(obj)),
    "DoesNotExist": lambda asked, values: lambda obj: not asked.present(obj),
}


def _text(value: Any) -> str | None:
    """A value as the texts of a selector state it; lists, maps and fractions equal none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None


# --- numbers


def _source(given: Any, where: str) -> Callable[[Obj], list[Any] | None]:
    """What an ExpressionFrom tells of an object."""
    known(given, ("cel", "jq", "expressionFrom"), where)
    if given.get("cel"):
        program = cel(given["cel"].get("expression"), where)
        return lambda obj: [program(obj)]
    return query((given.get("jq") or {}).get("expression") or given.get("expressionFrom") or "", where).present


def seconds(milliseconds: int | None, source: Obj | None, where: str) -> Number:
    """A duration in seconds: what the expression tells, or else so many milliseconds."""
    plain = None if milliseconds is None else milliseconds / 1000
    if not source:
        return lambda obj, now: plain
    found = _source(source, where)

    def of(obj: Obj, now: float) -> float | None:
        told = found(obj)
        if not told:
            return plain
        return None if told[0] == "" else _seconds(told[0], now, plain)

    return of


def _seconds(value: Any, now: float, otherwise: float | None) -> float | None:
    """A moment counts from now; a duration is as Go writes it."""
    if isinstance(value, Duration):
        return value.nanos / 1e9
    if isinstance(value, Timestamp):
        return value.nanos / 1e9 - now
    if not isinstance(value, str):
        return otherwise
    duration = parse_duration(value)
    if duration is not None:
        return duration.nanos / 1e9
    try:
        return datetime.fromisoformat(value).timestamp() - now
    except ValueError:
        return otherwise


def whole(number: int, source: Obj | None, where: str) -> Callable[[Obj], int | None]:
    """A weight: what the expression tells, or else this number; None if the expression tells nonsense."""
    if not source:
        return lambda obj: number
    found = _source(source, where)

    def of(obj: Obj) -> int | None:
        told = found(obj)
        if not told:
            return number
        try:
            return int(told[0], 0) if isinstance(told[0], str) else int(told[0])
        except (ValueError, TypeError):
            return None

    return of
