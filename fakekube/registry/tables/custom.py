"""The cells of custom resources, by the JSONPaths of their printer columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

from fakekube.core import human
from fakekube.core.gotext import go_text
from fakekube.core.jsonpath import JSONPath, PathError, simple
from fakekube.core.meta import Obj
from fakekube.registry.tables.parts import Printer, name
from fakekube.schema.resources import Column, Resource, kept_with_resource

Cell = Callable[[Obj, float], Any]


def columns(resource: Resource) -> tuple[Column, ...]:
    """The columns up to the first whose path cannot be read: there the real server stops."""
    return _prepared(resource)[0]


def printer(resource: Resource) -> Printer:
    """The function that makes the cells."""
    return _prepared(resource)[1]


@kept_with_resource
def _prepared(resource: Resource) -> tuple[tuple[Column, ...], Printer]:
    usable: list[Column] = []
    cells: list[Cell] = []
    for column in resource.columns:
        if not column.path:
            cells.append(_name)
        else:
            try:
                cells.append(_cell(simple(column.path), column.type))
            except PathError:
                break
        usable.append(column)
    return tuple(usable), lambda obj, now: [cell(obj, now) for cell in cells]


def _name(obj: Obj, now: float) -> str:
    return name(obj)


def _cell(path: JSONPath, kind: str) -> Cell:
    """What the path leads to, as a value of the column's type; null if there is nothing or something else."""
    show: Callable[[Any, float], Any] = _SHOWN.get(kind, _nothing)

    def cell(obj: Obj, now: float) -> Any:
        try:
            found = path.values(obj)
        except PathError:
            return None
        return show(found[0], now) if found else None

    return cell


def _nothing(value: Any, now: float) -> None:
    return None


_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def _string(value: Any, now: float) -> str:
    """Anything as text; lists and objects as the JSON that Go writes."""
    if isinstance(value, dict | list):
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
        return re.sub("[<>&]", lambda found: _HTML[found[0]], text)
    return "<no value>" if value is None else go_text(value)


def _integer(value: Any, now: float) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number(value: Any, now: float) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Any, now: float) -> bool | None:
    return value if isinstance(value, bool) else None


_is_time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII).fullmatch


def _date(value: Any, now: float) -> str | None:
    """The time since then."""
    if not isinstance(value, str):
        return None
    if value in ("", "null"):
        return human.UNKNOWN
    try:
        return human.age(value, now) if _is_time(value) else human.INVALID
    except ValueError:
        return human.INVALID


_SHOWN: dict[str, Callable[[Any, float], Any]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
}
