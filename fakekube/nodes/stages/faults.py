"""What is wrong with a stage, said with the place at which it is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fakekube.core.meta import Obj


class StageError(ValueError):
    """A stage that cannot be read, or asks for what is not supported here."""


def known(given: Any, fields: Collection[str], where: str) -> None:
    """StageError unless this is an object with fields of these names alone."""
    if not isinstance(given, dict):
        raise StageError(f"{where}: must be an object, not {type(given).__name__}")
    for field in given:
        if field not in fields:
            raise StageError(f"{where}.{field}: no such field is supported; those are: {', '.join(fields)}")


def mapping(given: Obj, field: str, where: str) -> Obj:
    """The object in this field; an empty one if there is none."""
    found = given.get(field)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise StageError(f"{where}.{field}: must be an object")
    return found


def listed(given: Obj, field: str, where: str) -> list[Any]:
    """The list in this field; an empty one if there is none."""
    found = given.get(field)
    if found is None:
        return []
    if not isinstance(found, list):
        raise StageError(f"{where}.{field}: must be a list")
    return found


def number(given: Obj, field: str, where: str) -> int | None:
    """The number, 0 or more, in this field; None if there is none."""
    found = given.get(field)
    if found is None:
        return None
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise StageError(f"{where}.{field}: must be a whole number, 0 or more, not {found!r}")
    return found
