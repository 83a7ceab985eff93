"""OpenAPI documents as protocol buffers, in gnostic's messages (openapi.v2.Document and openapi.v3.Document).

The tables below are the messages: JSON key -> writer of that field. Field numbers are those of gnostic's .proto files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from fakekube.core.meta import Obj
from fakekube.schema.protobuf_scalars import FIXED64, LENGTH, SCALARS, VARINT, tag, varint

Writer = Callable[[Any], bytes]
"""From a JSON value to the bytes of the field, its tag included; of a message, to its content."""


_double = SCALARS["double"].write


def delimited(mark: bytes, content: bytes) -> bytes:
    """A field that is a string, bytes or a message, after its tag."""
    return mark + varint(len(content)) + content


class Message:
    """A JSON object as a message; keys that begin with x- are its extensions, others that it lacks are left out."""

    def __init__(self, extensions: int) -> None:
        self.fields: dict[str, Writer] = {}
        self._extensions = named(extensions, _any)

    def __call__(self, value: Mapping[str, Any]) -> bytes:
        found = []
        for key, part in value.items():
            if writer := self.fields.get(key):
                found.append(writer(part))
            elif key.startswith("x-"):
                found.append(self._extensions({key: part}))
        return b"".join(found)


def string(number: int) -> Writer:
    mark = tag(number, LENGTH)
    return lambda value: delimited(mark, value.encode())


def boolean(number: int) -> Writer:
    mark = tag(number, VARINT)
    return lambda value: mark + b"\x01" if value else b""


def integer(number: int) -> Writer:
    mark = tag(number, VARINT)
    return lambda value: mark + varint(value)


def double(number: int) -> Writer:
    mark = tag(number, FIXED64)
    return lambda value: mark + _double(value)


def message(number: int, content: Writer) -> Writer:
    mark = tag(number, LENGTH)
    return lambda value: delimited(mark, content(value))


def repeated(writer: Writer) -> Writer:
    return lambda values: b"".join([writer(value) for value in values])


def named(number: int, content: Writer) -> Writer:
    """A JSON object as a repeated message of name (1) and value (2)."""
    mark, name, value = tag(number, LENGTH), string(1), message(2, content)
    return lambda parts: b"".join([delimited(mark, name(key) + value(part)) for key, part in parts.items()])


def either(is_first: Callable[[Any], bool], first: Writer, second: Writer) -> Writer:
    """One of two fields of a oneof."""
    return lambda value: first(value) if is_first(value) else second(value)


def _any(value: Any) -> bytes:
    """Any JSON: message Any keeps it as YAML (2), which JSON is."""
    return _YAML(orjson.dumps(value).decode())


def _reference(value: Any) -> bytes:
    return _REF(value["$ref"])


_YAML, _REF = string(2), string(1)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_reference(value: Any) -> bool:
    return "$ref" in value


def _as_list(writer: Writer) -> Writer:
    """For fields that hold one value or several."""
    return lambda value: writer(value if isinstance(value, list) else [value])


def _set(of: Message, writer: Callable[[int], Writer], **numbers: int) -> None:
    """Fields of one kind; `in_` is the field `in`."""
    of.fields |= {key.rstrip("_"): writer(number) for key, number in numbers.items()}


_COUNTS = ("maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties")
_BOUNDS = ("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum")
_LIMIT_WRITERS = {
    "pattern": string,
    "multipleOf": double,
    "maximum": double,
    "minimum": double,
    "uniqueItems": boolean,
    "exclusiveMaximum": boolean,
    "exclusiveMinimum": boolean,
}


def _limits(of: Message, counts_from: int, bounds_from: int) -> None:
    """The restrictions of a schema: two runs of fields, in both versions in the same order."""
    for names, first in ((_COUNTS, counts_from), (_BOUNDS, bounds_from)):
        of.fields |= {name: _LIMIT_WRITERS.get(name, integer)(first + place) for place, name in enumerate(names)}


def _strings(number: int) -> Writer:
    return repeated(string(number))


_METHODS_2 = {"get": 2, "put": 3, "post": 4, "delete": 5, "options": 6, "head": 7, "patch": 8}
_METHODS_3 = {method: number + 2 for method, number in _METHODS_2.items()}


def _version_2() -> Message:
    schema = Message(31)
    _set(schema, string, format=2, title=3, description=4)
    _limits(schema, 11, 6)
    schema.fields |= {
        "$ref": string(1),
        "default": message(5, _any),
        "required": _strings(19),
        "enum": repeated(message(20, _any)),
        "additionalProperties": message(21, either(_is_object, message(1, schema), boolean(2))),
        "type": message(22, _as_list(_strings(1))),
        "items": message(23, _as_list(repeated(message(1, schema)))),
        "allOf": repeated(message(24, schema)),
        "properties": message(25, named(1, schema)),
        "example": message(30, _any),
    }

    in_body = Message(6)
    _set(in_body, string, description=1, name=2, in_=3)
    in_body.fields |= {"required": boolean(4), "schema": message(5, schema)}
    in_query, in_path = Message(23), Message(22)
    for kind, extra in ((in_query, 1), (in_path, 0)):
        kind.fields["required"] = boolean(1)
        _set(kind, string, in_=2, description=3, name=4, type=5 + extra, format=6 + extra)
        kind.fields["uniqueItems"] = boolean(19 + extra)
    elsewhere = either(lambda value: value["in"] == "query", message(3, in_query), message(4, in_path))
    parameter = either(lambda value: value["in"] == "body", message(1, in_body), message(2, elsewhere))
    parameter_item = either(_is_reference, message(2, _reference), message(1, parameter))

    response = Message(5)
    response.fields |= {"description": string(1), "schema": message(2, message(1, schema))}
    operation = Message(13)
    _set(operation, string, summary=2, description=3, operationId=5)
    _set(operation, _strings, tags=1, produces=6, consumes=7, schemes=10)
    operation.fields["parameters"] = repeated(message(8, parameter_item))
    operation.fields["responses"] = message(9, named(1, message(1, response)))
    item = Message(10)
    item.fields |= {method: message(number, operation) for method, number in _METHODS_2.items()}
    item.fields["parameters"] = repeated(message(9, parameter_item))

    api_key = Message(5)
    _set(api_key, string, type=1, name=2, in_=3, description=4)
    document = Message(16)
    document.fields |= {
        "swagger": string(1),
        "info": message(2, _info(7, 2)),
        "paths": message(8, named(2, item)),
        "definitions": message(9, named(1, schema)),
        "parameters": message(10, named(1, parameter)),
        "security": repeated(message(12, named(1, _strings(1)))),
        "securityDefinitions": message(13, named(1, message(2, api_key))),
    }
    return document


def _version_3() -> Message:
    schema = Message(36)
    schema_item = either(_is_reference, message(2, _reference), message(1, schema))

    _set(schema, boolean, nullable=1, readOnly=3, writeOnly=4, deprecated=8)
    _set(schema, string, title=9, type=25, description=34, format=35)
    _limits(schema, 15, 10)
    schema.fields |= {
        "example": message(7, _any),
        "required": _strings(23),
        "enum": repeated(message(24, _any)),
        "allOf": repeated(message(26, schema_item)),
        "oneOf": repeated(message(27, schema_item)),
        "anyOf": repeated(message(28, schema_item)),
        "not": message(29, schema),
        "items": message(30, _as_list(repeated(message(1, schema_item)))),
        "properties": message(31, named(1, schema_item)),
        "additionalProperties": message(32, either(_is_object, message(1, schema_item), boolean(2))),
        "default": message(33, _default),
    }

    media = Message(5)
    media.fields["schema"] = message(1, schema_item)
    content = named(1, media)
    parameter = Message(14)
    _set(parameter, string, name=1, in_=2, description=3)
    parameter.fields |= {"required": boolean(4), "schema": message(10, schema_item)}
    response = Message(5)
    response.fields |= {"description": string(1), "content": message(3, content)}
    body = Message(4)
    body.fields |= {"description": string(1), "content": message(2, content), "required": boolean(3)}
    operation = Message(13)
    _set(operation, string, summary=2, description=3, operationId=5)
    operation.fields |= {
        "tags": _strings(1),
        "parameters": repeated(message(6, message(1, parameter))),
        "requestBody": message(7, message(1, body)),
        "responses": message(8, named(2, message(1, response))),
    }
    item = Message(14)
    item.fields |= {method: message(number, operation) for method, number in _METHODS_3.items()}
    item.fields["parameters"] = repeated(message(13, message(1, parameter)))

    security = Message(9)
    _set(security, string, type=1, description=2, name=3, in_=4)
    components = Message(10)
    components.fields |= {
        "schemas": message(1, named(1, schema_item)),
        "securitySchemes": message(7, named(1, message(1, security))),
    }
    document = Message(9)
    document.fields |= {
        "openapi": string(1),
        "info": message(2, _info(7, 6)),
        "paths": message(4, named(1, item)),
        "components": message(5, components),
    }
    return document


def _info(extensions: int, version: int) -> Message:
    found = Message(extensions)
    found.fields |= {"title": string(1), "version": string(version)}
    return found


def _default(value: Any) -> bytes:
    """Version 3 keeps a default that is a number (1), a boolean (2) or a string (3); no others."""
    match value:
        case bool():
            return tag(2, VARINT) + (b"\x01" if value else b"\x00")
        case int() | float():
            return tag(1, FIXED64) + _double(value)
        case str():
            return delimited(tag(3, LENGTH), value.encode())
    return b""


_DOCUMENT_2, _DOCUMENT_3 = _version_2(), _version_3()


def encode_v2(document: Obj) -> bytes:
    """openapi.v2.Document."""
    return _DOCUMENT_2(document)


def encode_v3(document: Obj) -> bytes:
    """openapi.v3.Document."""
    return _DOCUMENT_3(document)
