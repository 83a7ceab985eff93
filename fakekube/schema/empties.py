"""Lists that Go always writes: an empty one is told from none while it is written, and comes back from storage as
null."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakekube.schema.typed import Field, List, Map, Struct, Type

Visit = Callable[[Any], None]

_VISITS: dict[int, tuple[Type, Visit | None]] = {}


def null_empty_lists(of: Type, value: Any) -> None:
    """Set the empty lists among such members of a canonical object to null, in place."""
    visit = _visit_of(of, ())
    if visit is not None:
        visit(value)


def _visit_of(of: Type, above: tuple[Type, ...]) -> Visit | None:
    """What looks through values of a type; None if there is nothing to look for. A type within itself is not looked
    into."""
    found = _VISITS.get(id(of))
    if found is None:
        visit = None if any(each is of for each in above) else _made(of, (*above, of))
        if any(each is of for each in above):
            return None
        found = _VISITS[id(of)] = (of, visit)
    return found[1]


def _made(of: Type, above: tuple[Type, ...]) -> Visit | None:
    match of:
        case Struct():
            return _struct(of, above)
        case List():
            below = _visit_of(of.item, above)
            return None if below is None else _each(below)
        case Map():
            below = _visit_of(of.item, above)
            return None if below is None else lambda value: _each(below)(value.values())
    return None


def _each(below: Visit) -> Visit:
    def visit(values: Any) -> None:
        for value in values:
            if value is not None:
                below(value)

    return visit


def _struct(of: Struct, above: tuple[Type, ...]) -> Visit | None:
    always = [field.name for field in of.fields.values() if _is_always_written(field)]
    below = [(name, visit) for name, field in of.fields.items() if (visit := _visit_of(field.type, above)) is not None]
    if not always and not below:
        return None

    def visit_struct(value: Any) -> None:
        for name in always:
            if value.get(name) == []:
                value[name] = None
        for name, visit in below:
            part = value.get(name)
            if part:
                visit(part)

    return visit_struct


def _is_always_written(field: Field) -> bool:
    return isinstance(field.type, List) and not field.omitempty and not field.omitzero and not field.pointer
