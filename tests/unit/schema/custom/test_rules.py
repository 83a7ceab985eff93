"""Rules of schemas, judged on objects."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from fakekube.core.fielderrors import FieldError
from fakekube.schema.custom import applying
from fakekube.schema.custom.correlation import Correlated
from fakekube.schema.custom.programs import ruled
from fakekube.schema.custom.rules import rules_of


def told(schema: dict[str, Any], obj: Any, old: Any = None, warnings: list[str] | None = None) -> list[tuple[str, str]]:
    rules = rules_of(schema)
    assert rules is not None
    correlated = None if old is None else Correlated(obj, old, schema)
    warn = (lambda text: None) if warnings is None else warnings.append
    return [(error.field, error.message) for error in rules.errors(obj, old, correlated, warn)]


def root(**spec: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {"type": "object", **spec}}}


def rule(text: str, **more: Any) -> dict[str, Any]:
    return {"rule": text, **more}


INT, TEXT = {"type": "integer"}, {"type": "string"}


def test_schemas_without_rules_have_none() -> None:
    assert rules_of(root(properties={"a": INT})) is None


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "Invalid value: failed rule: self.a > 1"),
        ({"message": " too small "}, "Invalid value: too small"),
        ({"messageExpression": "'a is ' + string(self.a)", "message": "m"}, "Invalid value: a is 1"),
        ({"messageExpression": "string(1 / 0)", "message": "m"}, "Invalid value: m"),
        ({"messageExpression": "''", "message": "m"}, "Invalid value: m"),
        ({"reason": "FieldValueForbidden"}, "Forbidden: failed rule: self.a > 1"),
        ({"reason": "FieldValueRequired", "message": "m"}, "Required value: m"),
        ({"reason": "FieldValueDuplicate", "message": "m"}, "Duplicate value"),
    ],
)
def test_what_is_told_of_an_object(more: dict[str, Any], expected: str) -> None:
    schema = root(properties={"a": INT}, **{"x-kubernetes-validations": [rule("self.a > 1", **more)]})
    assert told(schema, {"spec": {"a": 2}}) == []
    assert told(schema, {"spec": {"a": 1}}) == [("spec", expected)]
    assert told(schema, {"spec": None}) == []


def test_scalars_are_shown_and_field_paths_followed() -> None:
    scalar = {**TEXT, "x-kubernetes-validations": [rule("self != 'x'")]}
    whole = [rule("self.a != 'y'", fieldPath=".a"), rule("false", fieldPath=".spec.a")]
    schema = root(properties={"a": scalar}, **{"x-kubernetes-validations": whole[:1]})
    schema["x-kubernetes-validations"] = whole[1:]
    assert told(schema, {"spec": {"a": "x"}}) == [
        ("spec.a", "Invalid value: failed rule: false"),
        ("spec.a", "Invalid value: \"x\": failed rule: self != 'x'"),
    ]
    assert told(schema, {"spec": {"a": "y"}})[1] == ("spec.a", "Invalid value: failed rule: self.a != 'y'")


def test_rules_that_have_no_value() -> None:
    wide = {"x-kubernetes-int-or-string": True}
    rules = [rule("self.b > 1", message="m"), rule("self.w > 1")]
    schema = root(properties={"b": INT, "w": wide}, **{"x-kubernetes-validations": rules})
    unfit = (
        "Invalid value: \"object\": 'no such overload': call arguments did not match a supported operator, "
        "function or macro signature for rule: self.w > 1"
    )
    absent = 'Invalid value: "object": no such key: b evaluating rule: m'
    assert told(schema, {"spec": {"w": "x"}}) == [("spec", absent), ("spec", unfit)]


def test_the_root_has_no_name_but_the_object_has() -> None:
    schema = {"type": "object", "x-kubernetes-validations": [rule("self.metadata.name == 'a' && self.kind == 'K'")]}
    assert told(schema, {"kind": "K", "metadata": {"name": "a"}}) == []
    assert told(schema, {"kind": "K", "metadata": {"name": "b"}})[0][0] == "<nil>"


def test_old_values() -> None:
    fixed = {**TEXT, "x-kubernetes-validations": [rule("self == oldSelf")]}
    first = {**TEXT, "x-kubernetes-validations": [rule("oldSelf.hasValue() || self == 'a'", optionalOldSelf=True)]}
    listed = {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
        "items": {"type": "object", "properties": {"k": TEXT, "v": fixed}},
    }
    schema = root(properties={"f": fixed, "o": first, "l": listed})
    assert told(schema, {"spec": {"f": "x", "l": [{"k": "1", "v": "a"}]}}) == []
    assert told(schema, {"spec": {"o": "b"}}) == [
        ("spec.o", "Invalid value: \"b\": failed rule: oldSelf.hasValue() || self == 'a'")
    ]
    assert told(schema, {"spec": {"o": "c"}}, {"spec": {"o": "b"}}) == []
    old = {"spec": {"f": "x", "l": [{"k": "1", "v": "a"}, {"k": "2", "v": "b"}]}}
    new = {"spec": {"f": "y", "l": [{"k": "2", "v": "c"}, {"k": "1", "v": "a"}, {"k": "3", "v": "d"}]}}
    assert [field for field, _ in told(schema, new, old)] == ["spec.f", "spec.l[0].v"]


def test_what_did_not_hold_before_is_only_warned_of() -> None:
    scalar = {**INT, "x-kubernetes-validations": [rule("self > 1", message="small")]}
    schema = root(properties={"a": scalar, "b": INT})
    old = {"spec": {"a": 1, "b": 1}}
    warnings: list[str] = []
    assert told(schema, {"spec": {"a": 1, "b": 2}}, old, warnings) == []
    assert warnings == ["spec.a: Invalid value: 1: small"]
    assert told(schema, {"spec": {"a": 0}}, old) == [("spec.a", "Invalid value: 0: small")]


def test_maps_lists_and_all_of() -> None:
    scalar = {**INT, "x-kubernetes-validations": [rule("self > 1")]}
    schema = root(
        properties={
            "m": {"type": "object", "additionalProperties": scalar},
            "l": {"type": "array", "items": scalar},
            "n": INT,
        },
        allOf=[{"properties": {"n": {"x-kubernetes-validations": [rule("self > 5")]}}}],
    )
    obj = {"spec": {"m": {"a": 1, "b": 2}, "l": [1, 2, 1], "n": 3}}
    assert [field for field, _ in told(schema, obj)] == ["spec.n", "spec.m[a]", "spec.l[0]", "spec.l[2]"]


def test_values_are_seen_by_their_formats() -> None:
    fields = {
        "t": {**TEXT, "format": "date-time"},
        "d": {**TEXT, "format": "duration"},
        "day": {**TEXT, "format": "date"},
        "b": {**TEXT, "format": "byte"},
        "n": {"type": "number"},
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": TEXT},
        "a-b": INT,
        "namespace": INT,
        "nothing": {**INT, "nullable": True},
    }
    rules = [
        "self.t + self.d == timestamp('2026-01-01T01:30:00Z')",
        "self.day < self.t",
        "self.b == b'hi'",
        "type(self.n) == double && self.n / 2.0 == 1.5",
        "self.set == ['b', 'a'] && (self.set + ['a', 'c']).size() == 3",
        "self.a__dash__b == 1 && self.__namespace__ == 2",
        "self.nothing == null",
    ]
    schema = root(properties=fields, **{"x-kubernetes-validations": [rule(text) for text in rules]})
    spec = {
        "t": "2026-01-01T00:00:00Z",
        "d": "90m",
        "day": "2025-12-31",
        "b": "aGk=",
        "n": 3,
        "set": ["a", "b"],
        "a-b": 1,
        "namespace": 2,
        "nothing": None,
    }
    faults = told(schema, {"spec": spec})
    assert [message for _, message in faults if "nothing" not in message] == []


def test_defaults_are_judged_as_old_and_as_new_values() -> None:
    scalar = {**INT, "x-kubernetes-validations": [rule("self > 1"), rule("self == oldSelf")]}
    rules = rules_of(scalar, root=False)
    assert rules is not None
    assert rules.errors_of_default(2, "d") == []
    assert [error.field for error in rules.errors_of_default(1, "d")] == ["d"]


def test_rules_are_compiled_once_wherever_their_schema_stands() -> None:
    schema: dict[str, Any] = {**TEXT, "x-kubernetes-validations": [rule("self.size() < 5")]}
    found = ruled(schema, schema["x-kubernetes-validations"], root=False)
    copied = orjson.loads(orjson.dumps(schema))
    assert found is not None
    assert ruled(copied, copied["x-kubernetes-validations"], root=False) is found


def test_a_rule_that_costs_too_much_ends_the_judging() -> None:
    costly = rule("lists.range(2000).all(x, lists.range(2000).all(y, self.a >= 0))", message="big")
    schema = root(properties={"a": INT}, **{"x-kubernetes-validations": [costly, rule("false")]})
    text = "no further validation rules will be run due to call cost exceeds limit for rule: big"
    why = f"'operation cancelled: actual cost limit exceeded': {text}"
    assert told(schema, {"spec": {"a": 1}}) == [("spec", f'Invalid value: "object": {why}')]


@pytest.mark.parametrize(
    ("left", "texts"),
    [
        (100, ["failed rule: self.a > 1", "a is 1"]),
        (7, ["failed rule: self.a > 1", "messageExpression evaluation failed due to running out of cost budget"]),
        (4, ["failed rule: self.a > 1", "validation failed due to running out of cost budget"]),
        (0, ["validation failed due to running out of cost budget"]),
    ],
)
def test_the_rules_of_an_object_have_one_budget(left: int, texts: list[str]) -> None:
    schema = {"type": "object", "properties": {"a": INT}}
    stated = [rule("self.a > 1"), rule("self.a > 2", messageExpression="'a is ' + string(self.a)"), rule("true")]
    found = ruled(schema, stated, root=False)
    errors: list[FieldError] = []
    assert found is not None
    budget = applying.Budget(left)
    value = {"a": 1}
    applying.apply(found, value, None, "spec", "object", budget, lambda error, may_ratchet: errors.append(error))
    assert len(errors) == len(texts)
    assert all(text in error.message for error, text in zip(errors, texts, strict=True))
    assert (budget.left < 0) is (left != 100)
