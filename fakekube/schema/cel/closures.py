"""The functions that expressions become, part by part: each takes a frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fakekube.schema.cel import prices, types, values
from fakekube.schema.cel.declarations import Overload, fits
from fakekube.schema.cel.prices import Price, tenth
from fakekube.schema.cel.values import (
    NOTHING,
    Duration,
    EvaluationError,
    Frame,
    Optional,
    Run,
    Timestamp,
    is_true,
    no_overload,
    type_name,
)

_ORDERED = (bool, int, float, str, bytes, Timestamp, Duration)
_ABLE: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _ORDERED),
    "_+_": (int, float, str, bytes, list, Timestamp, Duration),
    "_-_": (int, float, Timestamp, Duration),
    **dict.fromkeys(("_*_", "_/_"), (int, float)),
    "_%_": (int,),
    "-_": (bool, int, float, Duration),
    "sort": (list,),
    "size": (),
}
"""Of operators: what their first operand may be. Other operands are refused by name, those beside these are not."""
_UNNAMED = frozenset(("_[_]", "@in", "!_", "contains", "startsWith", "endsWith", "matches"))
"""Functions whose refusal of arguments does not name them."""


class Step(NamedTuple):
    """A function, and what it costs whatever the values are."""

    run: Run
    cost: int


def constant(value: Any) -> Run:
    return lambda frame: value


# --- fields


def has(operand: Run, name: str, raw: str | None) -> Run:
    def run(frame: Frame) -> bool:
        value = operand(frame)
        return raw in value if raw is not None and type(value) is dict else values.has(value, name)

    return run


def get_field(operand: Run, name: str, field: types.Field) -> Run:
    raw, convert, struct = field.name, field.type.convert, values.Struct

    def run(frame: Frame) -> Any:
        value = operand(frame)
        kind = type(value)
        found = value.get(raw) if kind is dict else value.raw.get(raw) if kind is struct else None
        if found is None:
            return values.member(value, raw if kind is dict else name)
        return found if convert is None or kind is dict else convert(found)

    return run


def member(operand: Run, name: str) -> Run:
    def run(frame: Frame) -> Any:
        value = operand(frame)
        if type(value) is dict:
            try:
                return value[name]
            except KeyError:
                raise EvaluationError(f"no such key: {name}") from None
        return values.member(value, name)

    return run


def optional_field(operand: Run, name: str) -> Run:
    """A field that need not be there; if it is, that costs 1."""

    def run(frame: Frame) -> Optional:
        value = operand(frame)
        found = values.member(value, name) if values.has(value, name) else NOTHING
        given = found if isinstance(found, Optional) else Optional(True, found)
        frame[0] -= given.present
        return given

    return run


def if_present(get: Run) -> Run:
    def run(frame: Frame) -> Any:
        found = get(frame)
        frame[0] -= found.present
        return found

    return run


# --- logic


def decided(first: Run, others: list[Step], *, stop: bool) -> Run:
    """&& and ||: one part that decides makes up for others that have no value."""

    def run(frame: Frame) -> bool:
        fault: EvaluationError | None = None
        try:
            if is_true(first(frame)) is stop:
                return stop
        except EvaluationError as error:
            fault = error
        for part, cost in others:
            frame[0] -= cost
            try:
                if is_true(part(frame)) is stop:
                    return stop
            except EvaluationError as error:
                fault = fault or error
        if fault is not None:
            raise fault
        return not stop

    return run


def chosen(test: Run, one: Run, first: int, other: Run, second: int) -> Run:
    def run(frame: Frame) -> Any:
        if is_true(test(frame)):
            frame[0] -= first
            return one(frame)
        frame[0] -= second
        return other(frame)

    return run


def alternative(one: Run, other: Step, *, value: bool) -> Run:
    def run(frame: Frame) -> Any:
        found = one(frame)
        if not isinstance(found, Optional):
            return found
        if not found.present:
            frame[0] -= other.cost
            return other.run(frame)
        return found.value if value else found

    return run


# --- calls


def direct(implementation: Callable[..., Any], operands: list[Run]) -> Run:
    if len(operands) == 1:
        only = operands[0]
        return lambda frame: implementation(only(frame))
    if len(operands) == 2:
        one, other = operands
        return lambda frame: implementation(one(frame), other(frame))
    return lambda frame: implementation(*[operand(frame) for operand in operands])


# A call whose operand has no value has none either; looking at that costs 1 where the price depends on values.


def priced(implementation: Callable[..., Any], price: Price, operands: list[Run]) -> Run:
    def run(frame: Frame) -> Any:
        try:
            given = [operand(frame) for operand in operands]
        except EvaluationError:
            frame[0] -= 1
            raise
        found = implementation(*given)
        frame[0] -= price(given, found)
        return found

    return run


def gone_over(implementation: Callable[..., Any], one: Run, other: Run) -> Run:
    """A call that goes over its first argument."""

    def run(frame: Frame) -> Any:
        try:
            first = one(frame)
        except EvaluationError:
            frame[0] -= 1
            raise
        frame[0] -= tenth(len(first) if type(first) is str else prices.size(first))
        return implementation(first, other(frame))

    return run


def compared_texts(one: Run, other: Run, wanted: bool) -> Run:
    """== and != of strings."""

    def run(frame: Frame) -> bool:
        try:
            first, second = one(frame), other(frame)
        except EvaluationError:
            frame[0] -= 1
            raise
        if type(first) is str and type(second) is str:
            frame[0] -= tenth(min(len(first), len(second)))
            return (first == second) is wanted
        frame[0] -= tenth(min(prices.size(first), prices.size(second)))
        return values.equal(first, second) is wanted

    return run


def compared_with(one: Run, text: str, wanted: bool) -> Run:
    """== and != of a string and a constant."""
    longest, most = len(text), tenth(len(text))

    def run(frame: Frame) -> bool:
        try:
            found = one(frame)
        except EvaluationError:
            frame[0] -= min(1, longest)
            raise
        if type(found) is str:
            frame[0] -= most if len(found) >= longest else tenth(len(found))
        return (found == text) is wanted

    return run


def dispatched(function: str, overloads: list[Overload], operands: list[Run], price: Price | None = None) -> Run:
    """Which function is meant is found out by the values."""

    def run(frame: Frame) -> Any:
        given = [operand(frame) for operand in operands]
        for overload in overloads:
            if all(map(fits, overload.parameters, given)):
                found = overload.implementation(*given)
                if price is not None:
                    frame[0] -= price(given, found)
                return found
        raise _refusal(function, given)

    return run


def _refusal(function: str, given: list[Any]) -> EvaluationError:
    able = _ABLE.get(function)
    if able is not None:
        first = given[0]
        if function == "sort" and isinstance(first, list):
            return EvaluationError("list elements must be comparable")
        wrong = isinstance(first, bool) and bool not in able
        if isinstance(first, (*able, str, Timestamp, Duration)) and not wrong:
            return no_overload()
        return EvaluationError(f"no such overload: {function}")
    if function in _UNNAMED:
        return no_overload()
    return EvaluationError(f"no such overload: {function}({', '.join(map(type_name, given))})")


# --- lists and maps


def with_optional(elements: list[Run], optional: frozenset[int]) -> Run:
    def run(frame: Frame) -> list[Any]:
        found = []
        for place, element in enumerate(elements):
            value = element(frame)
            if place not in optional:
                found.append(value)
            elif value.present:
                found.append(value.value)
        return found

    return run


def mapping(entries: list[tuple[Run, Run, bool]]) -> Run:
    def run(frame: Frame) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value, optional in entries:
            made, name = value(frame), values.key_of(key(frame))
            if optional:
                if not made.present:
                    continue
                made = made.value
            found[name] = made
        return found

    return run
