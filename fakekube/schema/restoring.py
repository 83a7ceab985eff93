"""What is wrong with a value that a strategic merge patch made, in the words of the converter that restores Go
structs from maps.

The real server decodes the result of a strategic patch not from JSON but by apimachinery's unstructured converter,
which names
Go kinds and no fields.
"""

from __future__ import annotations

from typing import Any

from fakekube.schema.typed import List, Map, Scalar, Struct, Type

_INTEGERS = frozenset({"int32", "int64"})
_KINDS: dict[type, str] = {bool: "bool", int: "int64", float: "float64", str: "string", list: "slice", dict: "map"}


def fault(of: Type, value: Any) -> str:
    """The first fault in Go's order of fields; '' if there is none that the converter finds."""
    if value is None:
        return ""
    match of:
        case Struct():
            return _struct_fault(of, value)
        case Map():
            if not isinstance(value, dict):
                return f"cannot restore map from {_KINDS[type(value)]}"
            return next((found for item in value.values() if (found := fault(of.item, item))), "")
        case List():
            if not isinstance(value, list):
                return f"cannot restore slice from {_KINDS[type(value)]}"
            return next((found for item in value if (found := fault(of.item, item))), "")
        case Scalar():
            return _scalar_fault(of, value)
    return ""


def _struct_fault(of: Struct, value: Any) -> str:
    if not isinstance(value, dict):
        return f"cannot restore struct from: {_KINDS[type(value)]}"
    for name, field in of.fields.items():
        found = fault(field.type, value.get(name))
        if found:
            return found
    return ""


def _scalar_fault(of: Scalar, value: Any) -> str:
    kind, sent = of.kind, type(value)
    if kind == "bool":
        return "" if sent is bool else "unrecognized type: bool"
    if kind == "string":
        if sent is str:
            return ""
        return f"cannot convert int64 to {of.go}" if sent is int else "unrecognized type: string"
    if kind in _INTEGERS:
        if sent is int or (sent is float and value.is_integer()):
            return ""
        return f"cannot convert float64 to {of.go}" if sent is float else f"unrecognized type: {kind}"
    return ""
