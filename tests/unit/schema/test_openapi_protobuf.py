from collections.abc import Iterator

import pytest

from fakekube.schema.openapi_protobuf import encode_v2, encode_v3


def number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message: number and value."""
    at = 0
    while at < len(data):
        tag, at = number(data, at)
        if tag & 7 == 0:
            value, at = number(data, at)
            yield tag >> 3, value
        elif tag & 7 == 1:
            yield tag >> 3, data[at : at + 8]
            at += 8
        else:
            assert tag & 7 == 2
            length, at = number(data, at)
            yield tag >> 3, data[at : at + length]
            at += length


def inner(data: bytes, *path: int) -> list[int | bytes]:
    """The values that stand at a path of field numbers."""
    found: list[int | bytes] = [data]
    for step in path:
        parts = [field for value in found if isinstance(value, bytes) for field in fields(value)]
        found = [value for place, value in parts if place == step]
    return found


SCHEMA = {
    "description": "long " * 40,
    "type": "object",
    "required": ["a"],
    "properties": {"a": {"type": "array", "items": {"type": "string"}, "maxItems": 300}},
    "x-kubernetes-list-type": "atomic",
}


def test_version_2_names_definitions_with_their_schemas() -> None:
    found = encode_v2({"swagger": "2.0", "definitions": {"x.Fan": SCHEMA, "x.Ref": {"$ref": "#/definitions/x.Fan"}}})
    assert inner(found, 1) == [b"2.0"]
    assert inner(found, 9, 1, 1) == [b"x.Fan", b"x.Ref"]
    assert inner(found, 9, 1, 2, 1) == [b"#/definitions/x.Fan"]
    assert inner(found, 9, 1, 2, 4) == [b"long " * 40]
    assert inner(found, 9, 1, 2, 19) == [b"a"]
    assert inner(found, 9, 1, 2, 22, 1) == [b"object"]
    assert inner(found, 9, 1, 2, 25, 1, 2, 23, 1, 22, 1) == [b"string"]
    assert inner(found, 9, 1, 2, 25, 1, 2, 14) == [300]
    assert inner(found, 9, 1, 2, 31, 1) == [b"x-kubernetes-list-type"]
    assert inner(found, 9, 1, 2, 31, 2, 2) == [b'"atomic"']


def test_version_2_tells_parameters_in_body_query_path_and_by_reference_apart() -> None:
    parameters = [
        {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/x.Fan"}},
        {"name": "dryRun", "in": "query", "type": "string", "uniqueItems": True},
        {"name": "name", "in": "path", "type": "string", "required": True},
        {"$ref": "#/parameters/pretty"},
    ]
    found = encode_v2({"paths": {"/fans": {"patch": {"operationId": "patchFan", "parameters": parameters}}}})
    operation = inner(found, 8, 2, 2, 8)
    assert len(operation) == 1
    assert isinstance(operation[0], bytes)
    assert inner(operation[0], 5) == [b"patchFan"]
    assert inner(operation[0], 8, 1, 1, 2) == [b"body"]
    assert inner(operation[0], 8, 1, 2, 3, 4) == [b"dryRun"]
    assert inner(operation[0], 8, 1, 2, 4, 4) == [b"name"]
    assert inner(operation[0], 8, 2, 1) == [b"#/parameters/pretty"]


@pytest.mark.parametrize(
    ("default", "path", "value"), [("TCP", 3, b"TCP"), (True, 2, 1), (2, 1, b"\0\0\0\0\0\0\0\x40")]
)
def test_version_3_keeps_plain_defaults(default: object, path: int, value: object) -> None:
    found = encode_v3({"components": {"schemas": {"x.Fan": {"type": "string", "default": default}}}})
    assert inner(found, 5, 1, 1, 2, 1, 33, path) == [value]


def test_version_3_tells_schemas_and_references_apart() -> None:
    parts = {"x.Fan": SCHEMA, "x.Ref": {"$ref": "#/components/schemas/x.Fan"}}
    found = encode_v3({"openapi": "3.0.0", "components": {"schemas": parts}})
    assert inner(found, 5, 1, 1, 2, 2, 1) == [b"#/components/schemas/x.Fan"]
    assert inner(found, 5, 1, 1, 2, 1, 25) == [b"object"]
    assert inner(found, 5, 1, 1, 2, 1, 31, 1, 2, 1, 18) == [300]
