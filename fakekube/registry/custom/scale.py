"""The scale of a custom resource: numbers and a selector at the paths that the definition names."""

from __future__ import annotations

from typing import Any

from fakekube.core.fielderrors import FieldError, invalid
from fakekube.core.gotext import go_kind, go_text
from fakekube.core.meta import Obj
from fakekube.schema.crds import ScalePaths

MOST_REPLICAS = (1 << 31) - 1


class PlaceError(ValueError):
    """What stands at a path, or on the way there, is not of the type it should be."""


def names_of(path: str) -> tuple[str, ...]:
    """'.spec.replicas' -> ('spec', 'replicas')."""
    return tuple(path.removeprefix(".").split("."))


def number_at(obj: Obj, path: str) -> int | None:
    """The integer at the path; None if there is none. PlaceError."""
    value = _at(obj, path)
    if value is None:
        return None
    if type(value) is not int:
        raise PlaceError(_mismatch(path, value, "int64"))
    return value


def text_at(obj: Obj, path: str) -> str:
    """The text at the path, '' if there is none. PlaceError."""
    value = _at(obj, path) if path else None
    if value is not None and not isinstance(value, str):
        raise PlaceError(_mismatch(path, value, "string"))
    return value or ""


def _at(obj: Obj, path: str) -> Any:
    value: Any = obj
    names = names_of(path)
    for index, name in enumerate(names):
        if value is None:
            return None
        if not isinstance(value, dict):
            raise PlaceError(_mismatch("." + ".".join(names[: index + 1]), value, "map[string]interface{}"))
        value = value.get(name)
    return value


def _mismatch(path: str, value: Any, wanted: str) -> str:
    return f"{path} accessor error: {go_text(value)} is of the type {go_kind(value)}, expected {wanted}"


def put(obj: Obj, path: str, value: Any) -> None:
    """Set the value at the path, making the objects on the way."""
    *above, last = names_of(path)
    for name in above:
        found = obj.get(name)
        obj[name] = obj = dict(found) if isinstance(found, dict) else {}
    obj[last] = value


def spec_errors(paths: ScalePaths | None, obj: Obj) -> list[FieldError]:
    """What is wrong with the wanted number of replicas."""
    return [] if paths is None else _number_errors(paths.replicas, obj)


def status_errors(paths: ScalePaths | None, obj: Obj) -> list[FieldError]:
    """What is wrong with the present number of replicas, and with the selector."""
    if paths is None:
        return []
    found = _number_errors(paths.status, obj)
    try:
        text_at(obj, paths.selector)
    except PlaceError as error:
        found.append(invalid(paths.selector, "", str(error)))
    return found


def _number_errors(path: str, obj: Obj) -> list[FieldError]:
    try:
        number = number_at(obj, path) or 0
    except PlaceError as error:
        return [invalid(path, 0, str(error))]
    if number < 0:
        return [invalid(path, number, "should be a non-negative integer")]
    if number > MOST_REPLICAS:
        return [invalid(path, number, f"should be less than or equal to {MOST_REPLICAS}")]
    return []
