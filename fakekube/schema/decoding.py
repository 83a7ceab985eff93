"""From JSON to the object that the server keeps: what decoding into Go's types and encoding again makes of it.

Go drops what is empty from optional members, writes members that are no pointers even where nothing was sent
(`resources: {}`, `rules: null`), reads null as nothing, and writes quantities and times in one form. A decoder of each
type does this; it is put together when first used. A value that is not as it should be makes it give up, and
`fakekube.schema.inspecting` then finds out, in Go's order and words, what is wrong or unknown.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from fakekube.core import quantity
from fakekube.schema import base64text, inspecting
from fakekube.schema.inspecting import DecodeError as DecodeError
from fakekube.schema.times import canonical_micro_time, canonical_time
from fakekube.schema.typed import UNTYPED, Field, List, Map, Scalar, Struct, Type

Convert = Callable[[Any], Any]
Plan = tuple[type, Convert, bool]
"""Of a field: the Python type of values taken as they are, the decoder of the others, whether empties are kept."""


class Decoded(NamedTuple):
    """`value` is new and canonical; `strict` tells unknown and duplicate fields as a strict decoder does."""

    value: Any
    strict: Sequence[str]


class Odd(Exception):
    """A value is not what its type says; found out more about elsewhere."""


class Never:
    """The type of no JSON value."""


def decode(of: Type, value: Any, raw: bytes = b"") -> Decoded:
    """The canonical object of `value` (parsed JSON), without unknown fields.

    With the text it was parsed from, duplicate fields are told too. Parts of no known type (RawExtension, FieldsV1,
    JSON) are shared with `value`. DecodeError if a value has the wrong JSON type.
    """
    decoder = decoder_of(of)
    if raw and inspecting.may_repeat_keys(raw, value):
        strict = inspecting.inspect(of, inspecting.parse_pairs(raw)).strict
        return Decoded(decoder(inspecting.inspect(of, value).known), strict)
    try:
        return Decoded(decoder(value), ())
    except Odd:
        inspection = inspecting.inspect(of, value)
    return Decoded(decoder(inspection.known), inspection.strict)


def decode_members(of: Struct, value: dict[str, Any], changed: Collection[str]) -> Decoded:
    """As `decode`, where all members but the `changed` ones are as they were decoded before: they are shared."""
    part = decode(of, {name: item for name, item in value.items() if name in changed})
    found = {}
    for name, item in value.items():
        if name not in changed:
            found[name] = item
        elif name in part.value:
            found[name] = part.value[name]
    return Decoded({**found, **{name: item for name, item in part.value.items() if name not in found}}, part.strict)


def encode_zero(of: Type) -> Any:
    """What Go writes for a value that nothing was decoded into."""
    if isinstance(of, Struct):
        return decoder_of(of)({})
    return _ZEROS.get(of.kind) if isinstance(of, Scalar) else None


def decoder_of(of: Type) -> Convert:
    """The decoder of a type; it raises Odd."""
    if of.decoder is None:
        of.decoder = _make(of)
    return of.decoder


def _make(of: Type) -> Convert:
    match of:
        case Struct():
            return _struct(of)
        case List():
            return _list(of)
        case Map():
            return _map(of)
        case Scalar():
            return _scalar(of)
    raise AssertionError(of)


class _Plans(dict[str, Plan]):
    """The plans of a struct's fields, each made when first met."""

    def __init__(self, struct: Struct) -> None:
        self.struct = struct

    def __missing__(self, name: str) -> Plan:
        field = self.struct.fields.get(name)
        if field is None:
            if self.struct.extra is None:
                raise Odd
            return Never, decoder_of(self.struct.extra), True
        plan = self[name] = _plan(field)
        return plan


def _plan(field: Field) -> Plan:
    of = field.type
    drop_empty = field.omitempty if _has_empty(of) and not field.pointer else field.omitzero
    if isinstance(of, Scalar) and of.kind in _EXACT:
        return _EXACT[of.kind], decoder_of(of), not drop_empty
    convert = decoder_of(of)
    if drop_empty and isinstance(of, Struct):
        convert = _without_zero(convert, encode_zero(of))
    return Never, convert, not drop_empty


def _has_empty(of: Type) -> bool:
    """Whether Go's omitempty can take a value of this type for empty: it never does so with structs."""
    return not isinstance(of, Struct) and not (isinstance(of, Scalar) and of.kind not in _EMPTIABLE)


def _without_zero(convert: Convert, zero: Any) -> Convert:
    def decode_unless_zero(value: Any) -> Any:
        found = convert(value)
        return None if found == zero else found

    return decode_unless_zero


def _always_written(struct: Struct) -> list[tuple[str, Convert | None, Any]]:
    """(name, decoder of {} or None, else the value) of the members that Go writes whatever was sent."""
    found: list[tuple[str, Convert | None, Any]] = []
    for field in struct.fields.values():
        optional = field.omitempty if field.pointer or _has_empty(field.type) else False
        if optional or field.omitzero:
            continue
        if field.pointer:
            found.append((field.name, None, None))
        elif isinstance(field.type, Struct):
            found.append((field.name, decoder_of(field.type), {}))
        else:
            found.append((field.name, None, encode_zero(field.type)))
    return found


def _struct(struct: Struct) -> Convert:
    plans = _Plans(struct)
    always: list[tuple[str, Convert | None, Any]] | None = None

    def decode_struct(value: Any) -> Any:
        nonlocal always
        if type(value) is not dict:
            if value is not None:
                raise Odd
            value = {}
        found = {}
        for name, item in value.items():
            exact, convert, keep = plans[name]
            if type(item) is not exact:
                if item is None:
                    continue
                item = convert(item)
            if item or keep:
                found[name] = item
        if always is None:
            always = _always_written(struct)
        for name, decoder, zero in always:
            if name not in found:
                found[name] = zero if decoder is None else decoder(zero)
        return found

    return decode_struct


def _list(of: List) -> Convert:
    item_type = of.item
    exact = _EXACT.get(item_type.kind, Never) if isinstance(item_type, Scalar) else Never

    def decode_exact(value: Any) -> Any:
        if type(value) is not list:
            raise Odd
        for item in value:
            if type(item) is not exact:
                break
        else:
            return value[:]
        return decode_list(value)

    def decode_list(value: Any) -> Any:
        if type(value) is not list:
            raise Odd
        convert = decoder_of(item_type)
        return [encode_zero(item_type) if item is None else convert(item) for item in value]

    return decode_list if exact is Never else decode_exact


def _map(of: Map) -> Convert:
    item_type = of.item
    exact = _EXACT.get(item_type.kind, Never) if isinstance(item_type, Scalar) else Never

    def decode_exact(value: Any) -> Any:
        if type(value) is not dict:
            raise Odd
        for item in value.values():
            if type(item) is not exact:
                break
        else:
            return value.copy()
        return decode_map(value)

    def decode_map(value: Any) -> Any:
        if type(value) is not dict:
            raise Odd
        convert = decoder_of(item_type)
        return {key: encode_zero(item_type) if item is None else convert(item) for key, item in value.items()}

    return decode_map if exact is Never else decode_exact


def _refuse(value: Any) -> Any:
    raise Odd


def _same(value: Any) -> Any:
    return value


def _int32(value: Any) -> Any:
    if type(value) is int and -0x80000000 <= value <= 0x7FFFFFFF:
        return value
    raise Odd


def _int64(value: Any) -> Any:
    if type(value) is int and -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        return value
    raise Odd


def _double(value: Any) -> Any:
    if type(value) is float or type(value) is int:
        return value
    raise Odd


def _bytes(value: Any) -> Any:
    if type(value) is not str:
        raise Odd
    try:
        decoded = binascii.a2b_base64(value, strict_mode=bool(value))
        return binascii.b2a_base64(decoded, newline=False).decode()
    except ValueError:
        pass
    try:
        return base64text.canonical(value)
    except ValueError:
        raise Odd from None


def _int_or_string(value: Any) -> Any:
    return value if type(value) is str else _int32(value)


@lru_cache(maxsize=4096)
def _quantity_text(value: str) -> str:
    return quantity.canonical(value)


def _quantity(value: Any) -> Any:
    try:
        return _quantity_text(value) if type(value) is str else quantity.canonical(value)
    except ValueError:
        raise Odd from None


def _time(value: Any) -> Any:
    try:
        return canonical_time(value) if type(value) is str else _refuse(value)
    except ValueError:
        raise Odd from None


def _micro_time(value: Any) -> Any:
    try:
        return canonical_micro_time(value) if type(value) is str else _refuse(value)
    except ValueError:
        raise Odd from None


def _schema_or(of: Scalar) -> Convert:
    """JSONSchemaPropsOr...: a schema, or a boolean, a list of schemas, a list of names."""
    decode_schema = decoder_of(inspecting.schema_struct(of))

    def decode_schema_or(value: Any) -> Any:
        if type(value) is dict:
            return decode_schema(value)
        if of.kind == "schemaOrBool":
            return value if type(value) is bool else _refuse(value)
        if type(value) is not list or not value:
            return None
        if of.kind == "schemaOrArray":
            return [decode_schema(item) for item in value]
        return value[:] if all(type(item) is str for item in value) else _refuse(value)

    return decode_schema_or


_EXACT: dict[str, type] = {"string": str, "bool": bool}
"""Kinds whose values are taken as they are if they are of this Python type."""

_EMPTIABLE = frozenset({"string", "bool", "int32", "int64", "double", "bytes"})

_ZEROS: dict[str, Any] = {
    "string": "",
    "bool": False,
    "int32": 0,
    "int64": 0,
    "double": 0,
    "quantity": "0",
    "intOrString": 0,
}

_SCALARS: dict[str, Convert] = {
    "string": _refuse,
    "bool": _refuse,
    "int32": _int32,
    "int64": _int64,
    "double": _double,
    "bytes": _bytes,
    "intOrString": _int_or_string,
    "quantity": _quantity,
    "time": _time,
    "microTime": _micro_time,
    "raw": _same,
    "any": _same,
    "fieldsV1": _same,
}


def _scalar(of: Scalar) -> Convert:
    convert = _SCALARS.get(of.kind)
    if convert is None:
        assert of.kind in UNTYPED, of.kind
        return _schema_or(of)
    exact = _EXACT.get(of.kind)
    if exact is None:
        return convert

    def decode_exact(value: Any) -> Any:
        if type(value) is exact:
            return value
        raise Odd

    return decode_exact
