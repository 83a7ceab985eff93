"""Makes nodes of the types of `fakekube.schema.typed`, once for each type."""

from __future__ import annotations

from typing import Any

from fakekube.registry.fields.nodes import DEDUCED, WHOLE, Items, Leaf, Node, Record
from fakekube.schema.typed import MISSING, Field, List, Map, Scalar, Struct, Type, key_default

MOST_STRUCTS = 4096
"""Structs whose nodes are kept; past that (custom resources come and go) all are forgotten, and made when asked for."""

_STRING, _NUMERIC, _BOOLEAN, _UNTYPED = (Leaf(kind) for kind in ("string", "numeric", "boolean", "untyped"))

_NODES: dict[str, Node] = {
    "string": _STRING,
    "bytes": _STRING,
    "duration": _STRING,
    "bool": _BOOLEAN,
    "int32": _NUMERIC,
    "int64": _NUMERIC,
    "double": _NUMERIC,
    "quantity": _UNTYPED,
    "intOrString": _UNTYPED,
    "time": _UNTYPED,
    "microTime": _UNTYPED,
    "raw": WHOLE,
}
"""Kinds of scalars; the others may hold any JSON, and are deduced."""

_ZEROS: dict[str, Any] = {
    "string": "",
    "bool": False,
    "int32": 0,
    "int64": 0,
    "double": 0,
    "quantity": "0",
    "intOrString": 0,
    "duration": "0s",
}
"""What Go holds before anything is set, for the kinds where that is not null."""

_NEVER_EMPTY = frozenset({"quantity", "intOrString", "duration", "time", "microTime", "raw"})
"""Kinds that are structs in Go: omitempty never leaves them out."""

_records: dict[Struct, Record] = {}


def record(struct: Struct) -> Record:
    """The node of a resource's type."""
    found = _records.get(struct)
    if found is None:
        if len(_records) > MOST_STRUCTS:
            _records.clear()
        found = _make_record(struct)
    return found


def _make_record(struct: Struct) -> Record:
    made = _records[struct] = Record(struct.atomic)
    made.fields = {name: node(field.type) for name, field in struct.fields.items()}
    made.item = node(struct.extra) if struct.extra is not None else None
    made.zero = _zero_members(struct)
    return made


def node(of: Type) -> Node:
    """The node of any type."""
    match of:
        case Struct():
            return _records.get(of) or _make_record(of)
        case Map():
            made = Record(of.atomic)
            made.item = node(of.item)
            return made
        case List():
            return _items(of)
        case Scalar():
            return _NODES.get(of.kind, DEDUCED)
    raise TypeError(f"no such type: {of!r}")


def _items(of: List) -> Items:
    made = Items(of.list_type == "atomic", of.keys)
    made.item = node(of.item)
    defaults = ((key, key_default(of, key)) for key in of.keys)
    made.defaults = {key: default for key, default in defaults if default is not MISSING}
    return made


def _zero_members(struct: Struct) -> dict[str, Any]:
    return {name: _zero(field) for name, field in struct.fields.items() if _always_written(field)}


def _always_written(field: Field) -> bool:
    if field.omitzero:
        return False
    never_empty = isinstance(field.type, Struct) or (isinstance(field.type, Scalar) and field.type.kind in _NEVER_EMPTY)
    return not field.omitempty or (never_empty and not field.pointer)


def _zero(field: Field) -> Any:
    if field.pointer:
        return None
    if isinstance(field.type, Struct):
        return _zero_members(field.type)
    return _ZEROS.get(field.type.kind) if isinstance(field.type, Scalar) else None
