"""Rules in definitions: that they compile, what they cost, where old values are known."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.schema.definitions.test_spec import BELOW, INT, ROOT, TEXT, spec, told

PLACE = f"{BELOW}.x-kubernetes-validations[0]"


def ruled(schema: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
    return {**schema, "x-kubernetes-validations": [{"rule": text, **more}]}


def test_rules_that_do_not_compile() -> None:
    [(field, message)] = told(spec(ruled(TEXT, "self > 1")))
    shown = '{"Rule":"self \\u003e 1","Message":"","MessageExpression":"","Reason":null,"FieldPath":"",'
    assert field == f"{PLACE}.rule"
    assert message == (
        f'Invalid value: {shown}"OptionalOldSelf":null}}: compilation failed: ERROR: <input>:1:6: '
        "found no matching overload for '_>_' applied to '(string, int)'\n | self > 1\n | .....^"
    )


@pytest.mark.parametrize(
    ("rule", "field", "end"),
    [
        ({"text": "self.size()"}, "rule", "cel expression must evaluate to a bool"),
        (
            {"text": "true", "messageExpression": "1"},
            "messageExpression",
            "messageExpression must evaluate to a string",
        ),
        (
            {"text": "true", "optionalOldSelf": True},
            "optionalOldSelf",
            "may not be set if oldSelf is not used in rule",
        ),
    ],
)
def test_what_rules_must_be(rule: dict[str, Any], field: str, end: str) -> None:
    [(place, message)] = told(spec(ruled(TEXT, **rule)))
    assert place == f"{PLACE}.{field}"
    assert message.endswith(end)


def test_old_values_are_not_known_in_lists() -> None:
    items = ruled(TEXT, "self == oldSelf")
    [(place, message)] = told(spec({"type": "array", "items": {**items, "maxLength": 9}, "maxItems": 9}))
    assert place == f"{BELOW}.items.x-kubernetes-validations[0].rule"
    assert message == (
        'Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within '
        f"{BELOW}"
    )


def test_costs_are_limited_for_a_rule_and_for_all() -> None:
    nested = ruled({"type": "array", "items": TEXT}, "self.all(x, self.all(y, x == y))")
    found = told(spec(nested))
    assert [field for field, _ in found] == [f"{PLACE}.rule", f"{PLACE}.rule", ROOT]
    assert "exceeds budget by factor of more than 100x" in found[0][1]
    bounded = {**nested, "items": {**TEXT, "maxLength": 10}, "maxItems": 5}
    assert told(spec(bounded)) == []


def test_rules_are_judged_as_often_as_there_are_values() -> None:
    costly = ruled({**TEXT, "maxLength": 1000}, "self.matches('^a+$')")
    assert told(spec({"type": "array", "items": costly, "maxItems": 5})) == []
    [(_, message), *_] = told(spec({"type": "array", "items": costly, "maxItems": 200_000}))
    assert message.startswith("Forbidden: estimated rule cost exceeds budget by factor of 8.0x ")


def test_rules_of_what_cannot_be_seen() -> None:
    free = {"x-kubernetes-preserve-unknown-fields": True}
    [(place, message)] = told(spec(ruled(free, "true")))
    assert place == f"{BELOW}.x-kubernetes-validations"
    assert message.startswith("Internal error: internal error: failed to construct type information")


def test_names_that_must_be_escaped() -> None:
    schema = ruled({"type": "object", "properties": {"a-b": INT, "in": INT}}, "self.a__dash__b > self.__in__")
    assert told(spec(schema)) == []


def test_what_a_number_is_as_text_has_no_bound() -> None:
    """A known oddity of the real server: kubernetes/kubernetes#124234."""
    schema = ruled(INT, "self > 0", messageExpression="'not ' + string(self)")
    assert [field for field, _ in told(spec(schema))] == [f"{PLACE}.messageExpression"] * 2 + [ROOT]
