"""Makes nodes of the types of `fakekube.schema.typed`, once for each type."""

from __future__ import annotations

from fakekube.registry.fields.nodes import DEDUCED, WHOLE, Items, Leaf, Node, Record
from fakekube.schema.decoding import encode_zero
from fakekube.schema.typed import MISSING, List, Map, Scalar, Struct, Type, key_default

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
    made.zero = encode_zero(struct)
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
