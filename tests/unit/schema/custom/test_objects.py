"""What schemas do to objects: unknown fields go, defaults come, lists have no doubles."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.schema.custom import formats
from fakekube.schema.custom.model import Model

TEXT, INT = {"type": "string"}, {"type": "integer"}


def model(**properties: Any) -> Model:
    return Model({"type": "object", "properties": properties})


def test_unknown_fields_are_dropped_and_told_in_order() -> None:
    known = {"type": "object", "properties": {"a": INT}}
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": known}}
    of = model(spec={"type": "object", "properties": {"o": known, "l": {"type": "array", "items": known}, "f": free}})
    obj: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "K",
        "metadata": {"x": 1},
        "z": 1,
        "spec": {"o": {"a": 1, "b": 2}, "l": [{"a": 1}, {"c": 3}], "f": {"any": {"b": 1}, "a": {"b": 1}}},
    }
    assert of.prune(obj) == ["spec.f.a.b", "spec.l[1].c", "spec.o.b", "z"]
    assert obj["spec"] == {"o": {"a": 1}, "l": [{"a": 1}, {}], "f": {"any": {"b": 1}, "a": {}}}
    assert obj["metadata"] == {"x": 1}


def test_defaults_are_filled_in_below_what_is_there() -> None:
    inner = {"type": "object", "default": {}, "properties": {"p": {**INT, "default": 80}}}
    of = model(spec={"type": "object", "properties": {"i": inner, "l": {"type": "array", "items": inner}}})
    obj: dict[str, Any] = {"spec": {"l": [{}, {"p": 1}]}}
    of.default(obj)
    of.default(obj)
    assert obj == {"spec": {"i": {"p": 80}, "l": [{"p": 80}, {"p": 1}]}}
    nothing: dict[str, Any] = {}
    of.default(nothing)
    assert nothing == {}


def test_null_is_dropped_where_there_is_a_default() -> None:
    of = model(a={**INT, "default": 1}, b={**INT, "default": 1, "nullable": True})
    obj: dict[str, Any] = {"a": None, "b": None}
    of.default(obj)
    assert obj == {"a": 1, "b": None}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (INT, "x", [("a", 'Invalid value: "string": a in body must be of type integer: "string"')]),
        (
            INT,
            1.5,
            [
                ("a", 'Invalid value: "number": a in body must be of type integer: "number"'),
                ("<nil>", 'Invalid value: "": Checked value must be of type integer (default format) in a'),
            ],
        ),
        ({**INT, "minimum": 2}, 1, [("a", "Invalid value: 1: a in body should be greater than or equal to 2")]),
        ({**TEXT, "enum": ["x", "y"]}, "z", [("a", 'Unsupported value: "z": supported values: "x", "y"')]),
        ({**TEXT, "pattern": "^x"}, "y", [("a", "Invalid value: \"y\": a in body should match '^x'")]),
        ({**TEXT, "maxLength": 2}, "abc", [("a", "Too long: may not be more than 2 bytes")]),
        (
            {**TEXT, "format": "ipv4"},
            "x",
            [("a", 'Invalid value: "x": a in body must be of type ipv4: "x"')],
        ),
        ({"type": "object", "required": ["b"]}, {}, [("a.b", "Required value")]),
        ({"x-kubernetes-int-or-string": True}, "5%", []),
        (
            {"x-kubernetes-int-or-string": True},
            True,
            [("a", 'Invalid value: "boolean": a in body must be of type integer,string: "boolean"')],
        ),
        ({**INT, "nullable": True}, None, []),
    ],
)
def test_faults(schema: dict[str, Any], value: Any, expected: list[tuple[str, str]]) -> None:
    assert [(error.field, error.message) for error in model(a=schema).errors({"a": value})] == expected


def test_doubles_in_lists() -> None:
    of = model(
        s={"type": "array", "x-kubernetes-list-type": "set", "items": TEXT},
        m={
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {"type": "object", "properties": {"k": TEXT}},
        },
    )
    found = of.duplicates({"s": ["a", "b", "a"], "m": [{"k": "1"}, {"k": "1"}]})
    assert {(error.field, error.message) for error in found} == {
        ("s[2]", 'Duplicate value: "a"'),
        ("m[1]", 'Duplicate value: {"k":"1"}'),
    }


@pytest.mark.parametrize(
    ("format", "good", "bad"),
    [
        ("ipv4", "1.2.3.4", "1.2.3"),
        ("ipv6", "::1", "1.2.3.4"),
        ("cidr", "10.0.0.0/8", "10.0.0.0"),
        ("date", "2026-02-28", "2026-02-30"),
        ("date-time", "2026-02-28T10:00:00Z", "2026-02-28"),
        ("duration", "1h30m", "soon"),
        ("email", "a@b.example", "a"),
        ("hostname", "a.example", "a_b"),
        ("uri", "https://a.example/x", "a b"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123"),
        ("byte", "aGk=", "a"),
    ],
)
def test_formats(format: str, good: str, bad: str) -> None:
    check = formats.check_of(format)
    assert check is not None
    assert check(good)
    assert not check(bad)


def test_formats_that_nobody_knows() -> None:
    assert formats.known("date-time", "string")
    assert not formats.known("colour", "string")
    assert not formats.known("int32", "string")
    assert formats.check_of("colour") is None
