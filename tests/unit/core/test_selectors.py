"""Selectors select what the real ones select, and are refused in the same words."""

import pytest

from fakekube.core import selectors
from fakekube.core.selectors import SelectorError, parse, parse_fields

LABELS = {"app": "web", "tier": "front", "size": "12", "empty": ""}
NO_INTEGER = "values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer"


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web,tier!=back", True),
        ("app = web , tier", True),
        ("app=web,!tier", False),
        ("app in (web,db),tier notin (front)", False),
        ("missing notin (a)", True),
        ("missing!=a", True),
        ("empty=", True),
        ("missing=", False),
        ("app in ()", False),
        ("size>9,size<13", True),
        ("app>1", False),
        ("in", False),
    ],
)
def test_label_selectors_match(text, selected):
    assert parse(text).matches(LABELS) is selected


def test_canonical_text_is_sorted():
    assert str(parse("z in (b,a) , !y,x==1,w>2,v!=")) == "v!=,w>2,x==1,!y,z in (a,b)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("key in value", "unable to parse requirement: found 'value' expected: '('"),
        ("==a", "found '==', expected: !, identifier, or 'end of string'"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a,=", "found '=', expected: identifier after ','"),
        ("a (b)", "unable to parse requirement: found '(', expected: in, notin, =, ==, !=, gt, lt"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        (
            "a<b",
            "unable to parse requirement: " + NO_INTEGER,
        ),
    ],
)
def test_label_selector_errors(text, message):
    with pytest.raises(SelectorError) as caught:
        parse(text)
    assert str(caught.value) == message


def test_objects_select():
    selector = selectors.from_object(
        {
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["front", "back"]},
                {"key": "missing", "operator": "DoesNotExist"},
            ],
        }
    )
    assert str(selector) == "app=web,!missing,tier in (back,front)"
    assert selector.matches(LABELS)
    assert selectors.from_object({}).matches({})
    assert not selectors.from_object(None).matches({})
    assert selectors.from_object(None), "no selector is no absence of restriction"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ({"key": "a", "operator": "Is"}, '"Is" is not a valid label selector operator'),
        (
            {"key": "a", "operator": "In"},
            "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty",
        ),
        (
            {"key": "a", "operator": "Exists", "values": ["b"]},
            'values: Invalid value: ["b"]: values set must be empty for exists and does not exist',
        ),
    ],
)
def test_object_errors(expression, message):
    with pytest.raises(SelectorError) as caught:
        selectors.from_object({"matchExpressions": [expression]})
    assert str(caught.value) == message


def test_field_selectors():
    selector = parse_fields(r"metadata.name=a\,b,status.phase!=Failed,spec.nodeName==")
    assert [(each.field, each.value, each.equal) for each in selector.requirements] == [
        ("metadata.name", "a,b", True),
        ("spec.nodeName", "", True),
        ("status.phase", "Failed", False),
    ]
    assert str(selector) == r"metadata.name=a\,b,spec.nodeName=,status.phase!=Failed"
    assert selector.required_value("metadata.name") == "a,b"
    assert selector.required_value("status.phase") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a=b,c", "invalid selector: 'a=b,c'; can't understand 'c'"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        (r"a=\b", r"invalid field selector: invalid escape sequence: \b"),
        ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
    ],
)
def test_field_selector_errors(text, message):
    with pytest.raises(SelectorError) as caught:
        parse_fields(text)
    assert str(caught.value) == message
