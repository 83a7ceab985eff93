"""The defaults that the published OpenAPI documents state, such as a port's protocol.

What they state of a member that cannot be absent in Go ("" of a string that is no pointer) is a matter of encoding, and
of `fakekube.schema.decoding`. Defaults that follow from other fields are code, and the kinds' own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from fakekube.schema.typed import MISSING, Field, List, Map, Struct, Type

Defaulter = Callable[[Any], None]


def default(of: Type, value: Any) -> None:
    """Fill in, in place, what the members of a decoded object are when left out."""
    defaulter = _defaulter(of)
    if defaulter is not None:
        defaulter(value)


def applies(field: Field) -> bool:
    """Whether the stated default is one to fill in."""
    return field.default is not MISSING and bool(field.default or field.pointer)


def _defaulter(of: Type) -> Defaulter | None:
    match of:
        case Struct() if of.defaulted:
            if of.defaulter is None:
                of.defaulter = _struct(of)
            return of.defaulter
        case List():
            return _each(of.item)
        case Map():
            return _each(of.item)
    return None


def _struct(struct: Struct) -> Defaulter:
    own = [(field.name, _copier(field.default)) for field in struct.fields.values() if applies(field)]
    within: list[tuple[str, Defaulter]] | None = None

    def default_struct(value: Any) -> None:
        nonlocal within
        if within is None:  # only now, as a struct may hold itself
            found = ((field.name, _defaulter(field.type)) for field in struct.fields.values())
            within = [(name, defaulter) for name, defaulter in found if defaulter is not None]
        if type(value) is not dict:
            return
        for name, make in own:
            if name not in value:
                value[name] = make()
        for name, defaulter in within:
            item = value.get(name)
            if item is not None:
                defaulter(item)

    return default_struct


def _each(item_type: Type) -> Defaulter | None:
    defaulter = _defaulter(item_type)
    if defaulter is None:
        return None

    def default_each(value: Any) -> None:
        items = value.values() if type(value) is dict else value
        for item in items or ():
            defaulter(item)

    return default_each


def _copier(stated: Any) -> Callable[[], Any]:
    """Makes the default anew where two objects could come to share it."""
    if not isinstance(stated, dict | list):
        return lambda: stated
    raw = orjson.dumps(stated)
    return lambda: orjson.loads(raw)
