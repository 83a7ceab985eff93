"""What is wrong with a value of a type, in the order and words of the API server's JSON decoder (sigs.k8s.io/json).

The slow twin of `fakekube.schema.decoding`, which asks it only when something is odd. The decoder goes on after a
value of the wrong JSON type and tells the first such at the end, but stops at once where a type reads its JSON itself
(times, quantities).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

from fakekube.core import quantity
from fakekube.core.fielderrors import go_quote
from fakekube.schema import base64text
from fakekube.schema.times import canonical_micro_time, canonical_time
from fakekube.schema.typed import ANY, List, Map, Scalar, Struct, Type

MAXIMUM_STRICT_ERRORS = 100
"""The decoder tells no more unknown and duplicate fields than this."""

_INTEGERS = {"int32": 1 << 31, "int64": 1 << 63}


class DecodeError(ValueError):
    """A value has the wrong JSON type, or no reading; the message is the real decoder's."""


class Pairs(list[tuple[str, Any]]):
    """A JSON object as its (key, value) pairs, repeated keys included."""

    def items(self) -> Iterable[tuple[str, Any]]:
        return self


def parse_pairs(raw: bytes) -> Any:
    """JSON whose objects are Pairs."""
    return json.loads(raw, object_pairs_hook=Pairs)


def may_repeat_keys(raw: bytes, value: Any) -> bool:
    """Whether the text that `value` was parsed from may hold an object with the same key twice; surely not if False.

    Of two members with one key the first is lost in parsing, with its quotes; escaped quotes are written as read.
    """
    if b"\\" in raw and b"\\u0022" in raw:
        return True
    return raw.count(b'"') != orjson.dumps(value).count(b'"')


def duplicates(raw: bytes, value: Any = None) -> list[str]:
    """`duplicate field "spec.a"` for every key that stands twice in an object, whatever the type.

    With the parsed `value` texts without repetitions are told at once.
    """
    if value is not None and not may_repeat_keys(raw, value):
        return []
    return inspect(ANY, parse_pairs(raw)).strict


class Inspection:
    """One walk: `strict` lists unknown and duplicate fields, `known` is the value without the unknown ones."""

    def __init__(self) -> None:
        self.strict: list[str] = []
        self.known: Any = None
        self.wrong: str | None = None
        self._told: set[str] = set()

    def note(self, what: str, path: str) -> None:
        """Note an unknown or duplicate field, once."""
        message = f"{what} field {go_quote(path)}"
        if message not in self._told and len(self.strict) < MAXIMUM_STRICT_ERRORS:
            self._told.add(message)
            self.strict.append(message)

    def mismatch(self, of: Type, value: Any, where: Where) -> None:
        """Note a value of the wrong JSON type; the first is told when all is read."""
        number = isinstance(of, Scalar) and of.kind in _INTEGERS
        self.wrong = self.wrong or where.mismatch(_json_word(value, number=number), of.go)


class Where:
    """Where the walk is: the struct that holds the value and Go's path to it, and the path in the object."""

    __slots__ = ("go_path", "path", "struct")

    def __init__(self, struct: str = "", go_path: str = "", path: str = "") -> None:
        self.struct = struct
        self.go_path = go_path
        self.path = path

    def field(self, struct: Struct, name: str) -> Where:
        """At a field of a struct."""
        field = struct.fields[name]
        go_name = f"{field.path}.{name}" if field.path else name
        return Where(struct.go_name, f"{self.go_path}.{go_name}" if self.go_path else go_name, self.member(name))

    def member(self, name: str) -> str:
        """The path of a member of the object here."""
        return f"{self.path}.{name}" if self.path else name

    def key(self, name: str) -> Where:
        """At a key of a map: Go's messages name the map's field alone."""
        return Where(self.struct, self.go_path, self.member(name))

    def index(self, index: int) -> Where:
        return Where(self.struct, self.go_path, f"{self.path}[{index}]")

    def mismatch(self, word: str, go: str) -> str:
        """The message of encoding/json's UnmarshalTypeError."""
        target = f"struct field {self.struct}.{self.go_path}" if self.struct else "value"
        return f"json: cannot unmarshal {word} into Go {target} of type {go}"


def inspect(of: Type, value: Any) -> Inspection:
    """Walk `value` (whose objects are dicts or Pairs) beside its type; DecodeError if it is not of the type."""
    found = Inspection()
    found.known = _walk(of, value, Where(), found)
    if found.wrong is not None:
        raise DecodeError(found.wrong)
    return found


def _walk(of: Type, value: Any, where: Where, found: Inspection) -> Any:
    if value is None and not isinstance(of, Scalar):
        return None
    match of:
        case Struct():
            return _walk_struct(of, value, where, found)
        case Map():
            return _walk_map(of, value, where, found)
        case List():
            if type(value) is not list:
                return found.mismatch(of, value, where)
            return [_walk(of.item, item, where.index(index), found) for index, item in enumerate(value)]
        case Scalar() if of.kind == "any" and of is ANY:
            return _walk_any(value, where, found)
        case Scalar():
            return _scalar(of, value, where, found)
    raise AssertionError(of)


def _walk_struct(of: Struct, value: Any, where: Where, found: Inspection) -> Any:
    if not isinstance(value, dict | Pairs):
        return found.mismatch(of, value, where)
    known: dict[str, Any] = {}
    for name, item in value.items():
        if name in of.fields:
            if name in known:
                found.note("duplicate", where.member(name))
            known[name] = _walk(of.fields[name].type, item, where.field(of, name), found)
        elif of.extra is None:
            found.note("unknown", where.member(name))
        else:
            known[name] = item
    return known


def _walk_map(of: Map, value: Any, where: Where, found: Inspection) -> Any:
    if not isinstance(value, dict | Pairs):
        return found.mismatch(of, value, where)
    known: dict[str, Any] = {}
    for name, item in value.items():
        if name in known:
            found.note("duplicate", where.member(name))
        known[name] = _walk(of.item, item, where.key(name), found)
    return known


def _walk_any(value: Any, where: Where, found: Inspection) -> Any:
    if isinstance(value, list) and not isinstance(value, Pairs):
        return [_walk_any(item, where.index(index), found) for index, item in enumerate(value)]
    if not isinstance(value, dict | Pairs):
        return value
    known: dict[str, Any] = {}
    for name, item in value.items():
        if name in known:
            found.note("duplicate", where.member(name))
        known[name] = _walk_any(item, where.key(name), found)
    return known


def _scalar(of: Scalar, value: Any, where: Where, found: Inspection) -> Any:
    """A scalar as it stands, if its JSON type is right."""
    match of.kind, value:
        case ("string", str()) | ("bool", bool()) | ("raw" | "any" | "fieldsV1", _) | (_, None):
            return value
        case "int32" | "int64", int() if type(value) is int and _in_range(value, of.kind):
            return value
        case "double", int() | float() if type(value) is not bool:
            return value
        case "bytes", str():
            return _bytes(value, found)
        case "quantity", _:
            return _read(quantity.canonical, value)
        case "intOrString", _:
            return _int_or_string(value, where)
        case "time" | "microTime", _:
            return _time(of, value, where)
        case (("schemaOrBool" | "schemaOrArray" | "schemaOrStringArray"), _):
            return _schema_or(of, value, where)
    return found.mismatch(of, value, where)


def _bytes(value: str, found: Inspection) -> str:
    try:
        base64text.canonical(value)
    except ValueError as error:
        found.wrong = found.wrong or str(error)
    return value


def _read(reader: Any, value: Any) -> Any:
    """A value whose type reads its own JSON: an error is told before any other."""
    try:
        reader(value)
    except ValueError as error:
        raise DecodeError(str(error)) from None
    return value


def _int_or_string(value: Any, where: Where) -> Any:
    if type(value) is str or (type(value) is int and _in_range(value, "int32")):
        return value
    raise DecodeError(where.mismatch(_json_word(value, number=True), "int32"))


def _time(of: Scalar, value: Any, where: Where) -> Any:
    if type(value) is not str:
        raise DecodeError(where.mismatch(_json_word(value, number=False), "string"))
    return _read(canonical_time if of.kind == "time" else canonical_micro_time, value)


def schema_struct(of: Scalar) -> Struct:
    """JSONSchemaProps, for the kinds that hold one."""
    struct = of.structs("JSONSchemaProps") if of.structs else None
    assert struct is not None
    return struct


def _schema_or(of: Scalar, value: Any, where: Where) -> Any:
    """These read their JSON themselves, and not strictly."""
    inner, inside = Inspection(), Where("JSONSchemaProps", where.go_path)
    known = value
    if isinstance(value, dict | Pairs):
        known = _walk_struct(schema_struct(of), value, inside, inner)
    elif of.kind == "schemaOrBool" and type(value) is not bool:
        raise DecodeError("boolean or JSON schema expected")
    elif of.kind != "schemaOrBool" and type(value) is list:
        item = schema_struct(of) if of.kind == "schemaOrArray" else Scalar("string")
        known = _walk(List(item), value, where, inner)
    if inner.wrong is not None:
        raise DecodeError(_in_struct(inner.wrong, where.struct))
    return known


def _in_struct(message: str, struct: str) -> str:
    """The message of an inner decoder, with the struct that the outer one was in."""
    before, middle, rest = message.partition(" into Go struct field ")
    return f"{before}{middle}{struct}.{rest.partition('.')[2]}" if middle else message


def _in_range(value: int, kind: str) -> bool:
    return -_INTEGERS[kind] <= value < _INTEGERS[kind]


def _json_word(value: Any, *, number: bool) -> str:
    """JSON's name of the type of a value; with the number itself where a number was wanted."""
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return f"number {_literal(value)}" if number else "number"
    return "object" if isinstance(value, dict | Pairs) else "array"


def _literal(value: int | float) -> str:
    """The number as it was probably written: integers beyond 64 bits are parsed as floats."""
    return str(int(value)) if isinstance(value, float) and abs(value) >= 1 << 63 else repr(value)
