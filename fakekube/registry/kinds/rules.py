"""Checks that many kinds share; each adds what it finds to a list of FieldErrors that is handed in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, invalid, not_supported, required
from fakekube.core.fielderrors import named as named
from fakekube.core.meta import Obj

Errors = list[FieldError]
IntOrString = int | str

NOT_NEGATIVE = "must be greater than or equal to 0"
IMMUTABLE = "field is immutable"
LARGEST_ID = 2**31 - 1
_PERCENT = re.compile(r"[0-9]+%", re.ASCII)


def not_negative(errors: Errors, parent: Obj, path: str, *fields: str) -> None:
    """Numbers that may be absent, but not below zero."""
    for field in fields:
        value = parent.get(field)
        if value is not None and value < 0:
            errors.append(invalid(f"{path}.{field}", value, NOT_NEGATIVE))


def within(errors: Errors, value: int, low: int, high: int, path: str) -> None:
    """A number between two bounds, both allowed."""
    if not low <= value <= high:
        errors.append(invalid(path, value, f"must be between {low} and {high}, inclusive"))


def identity(errors: Errors, parent: Obj, field: str, path: str) -> None:
    """A user or group id."""
    value = parent.get(field)
    if value is not None:
        within(errors, value, 0, LARGEST_ID, f"{path}.{field}")


def one_of(errors: Errors, value: Any, allowed: Collection[str], path: str) -> None:
    """A value out of a fixed set, told in its order."""
    if value not in allowed:
        errors.append(not_supported(path, value, list(allowed)))


def missing(errors: Errors, parent: Obj, path: str, *fields: str) -> None:
    """Fields that must not be empty."""
    for field in fields:
        if not parent.get(field):
            errors.append(required(f"{path}.{field}"))


def immutable(errors: Errors, new: Any, old: Any, path: str) -> None:
    """A value that may not change."""
    if new != old:
        errors.append(invalid(path, new, IMMUTABLE))


def percent_of(value: IntOrString) -> int | None:
    """25 for "25%"; None for what is no percentage."""
    return int(value[:-1]) if isinstance(value, str) and _PERCENT.fullmatch(value) else None


def amount_of(value: IntOrString) -> int:
    """The number of a number or a percentage; 0 for a text that is neither."""
    if isinstance(value, int):
        return value
    percent = percent_of(value)
    if percent is not None:
        return percent
    return int(value) if re.fullmatch(r"[+-]?[0-9]+", value) else 0


def int_or_percent(errors: Errors, value: IntOrString, path: str) -> None:
    """A number that is not negative, or a percentage."""
    if isinstance(value, str):
        named(errors, names.percent(value), value, path)
    elif value < 0:
        errors.append(invalid(path, value, NOT_NEGATIVE))


def at_most_all(errors: Errors, value: IntOrString, path: str) -> None:
    """No percentage above 100%."""
    if (percent_of(value) or 0) > 100:
        errors.append(invalid(path, value, "must not be greater than 100%"))


def not_above(errors: Errors, parent: Obj, path: str, fields: Iterable[str], limit: int, detail: str) -> None:
    """Counters that must not exceed another."""
    for field in fields:
        value = parent.get(field) or 0
        if value > limit:
            errors.append(invalid(f"{path}.{field}", value, detail))


def not_decremented(errors: Errors, new: Obj, old: Obj, path: str, field: str) -> None:
    """A counter that only grows; one that was there must not vanish."""
    before = old.get(field)
    after = new.get(field) or 0
    if before is not None and after < before:
        errors.append(invalid(f"{path}.{field}", after, "cannot be decremented"))


def omitted(path: str, detail: str) -> FieldError:
    """An invalid value that is not told."""
    return FieldError("FieldValueInvalid", path, f"Invalid value: {detail}")
