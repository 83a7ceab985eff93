"""JSON patches and merge patches do what the API server's do."""

import copy

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakekube.core import patches
from fakekube.core.errors import StatusError
from fakekube.core.patches import apply_json_patch, apply_merge_patch, decode_json_patch, decode_merge_patch


def patched(document, *operations):
    return apply_json_patch(copy.deepcopy(document), list(operations))


DOCUMENT = {"data": {"a": "1", "b~/": "2"}, "list": [1, 2, 3], "none": None}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": "/list/-", "value": 4}, {"list": [1, 2, 3, 4]}),
        ({"op": "add", "path": "/list/1", "value": 4}, {"list": [1, 4, 2, 3]}),
        ({"op": "add", "path": "/list/3", "value": 4}, {"list": [1, 2, 3, 4]}),
        ({"op": "add", "path": "/list/-1", "value": 4}, {"list": [1, 2, 3, 4]}),
        ({"op": "remove", "path": "/list/-1"}, {"list": [1, 2]}),
        ({"op": "replace", "path": "/list/-3", "value": 0}, {"list": [0, 2, 3]}),
        ({"op": "replace", "path": "/data/new", "value": 0}, {"data": {"a": "1", "b~/": "2", "new": 0}}),
        ({"op": "copy", "from": "/data/nope", "path": "/data/new"}, {"data": {"a": "1", "b~/": "2", "new": None}}),
        ({"op": "move", "from": "/data/b~0~1", "path": "/moved"}, {"data": {"a": "1"}, "moved": "2"}),
        ({"op": "add", "path": "/data/a"}, {"data": {"a": None, "b~/": "2"}}),
        ({"op": "test", "path": "/none", "value": None}, {}),
        ({"op": "test", "path": "/missing"}, {}),
        ({"op": "test", "path": "", "value": DOCUMENT}, {}),
    ],
)
def test_an_operation_applies(operation, expected):
    assert patched(DOCUMENT, operation) == {**DOCUMENT, **expected}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "increment", "path": "/data/a"},
        {"path": "/data/a"},
        {"op": "remove"},
        {"op": "remove", "path": "/data/nope"},
        {"op": "remove", "path": "/list/3"},
        {"op": "remove", "path": "/list/-4"},
        {"op": "add", "path": "/list/5", "value": 0},
        {"op": "add", "path": "/list/x", "value": 0},
        {"op": "add", "path": "/nope/x", "value": 0},
        {"op": "add", "path": "/data/a/x", "value": 0},
        {"op": "add", "path": "", "value": {}},
        {"op": "replace", "path": "", "value": 5},
        {"op": "move", "from": "/data/nope", "path": "/x"},
        {"op": "test", "path": "/data/a", "value": 1},
        {"op": "test", "path": "/list/0", "value": True},
    ],
)
def test_an_operation_does_not_apply(operation):
    with pytest.raises(StatusError) as caught:
        patched(DOCUMENT, operation)
    assert caught.value.code == 422
    assert caught.value.message == "the server rejected our request due to an error in our request"


def test_objects_passed_through_are_sorted_and_others_are_not():
    result = patched({"z": {"y": 1, "x": 2}, "a": {"y": 1, "x": 2}}, {"op": "add", "path": "/a/k", "value": 0})
    assert list(result) == ["a", "z"]
    assert list(result["a"]) == ["k", "x", "y"]
    assert list(result["z"]) == ["y", "x"]


def test_a_patch_can_be_applied_twice():
    operations = [{"op": "add", "path": "/x", "value": {}}, {"op": "add", "path": "/x/y", "value": 1}]
    assert patched({}, *operations) == patched({}, *operations) == {"x": {"y": 1}}
    assert operations[0]["value"] == {}


@pytest.mark.parametrize(
    ("body", "checked", "message"),
    [
        (
            b"{}",
            True,
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
        ),
        (b"{}", False, "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        (
            b"[1]",
            True,
            "error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp",
        ),
        (
            b'[{"op": 1}]',
            True,
            "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
        ),
        (b"[", True, "error decoding patch: unexpected end of JSON input"),
        (b"", False, "unexpected end of JSON input"),
    ],
)
def test_what_is_no_json_patch(body, checked, message):
    with pytest.raises(StatusError) as caught:
        decode_json_patch(body, checked=checked)
    assert (caught.value.code, caught.value.message) == (400, message)


def test_unknown_members_are_told_when_fields_are_checked():
    body = b'[{"op": "test", "path": "", "x": 1}]'
    assert decode_json_patch(body)[1] == ['json patch unknown field "[0].x"']
    assert decode_json_patch(body, checked=False)[1] == []


def test_too_many_operations():
    with pytest.raises(StatusError) as caught:
        decode_json_patch(b"[" + b",".join([b"{}"] * 10_001) + b"]")
    assert caught.value.code == 413


@pytest.mark.parametrize(
    ("document", "patch", "expected"),
    [
        ({"a": 1, "b": {"c": 1, "d": 2}}, {"a": None, "b": {"c": None, "e": 3}}, {"b": {"d": 2, "e": 3}}),
        ({}, {"a": {"b": None, "c": {"d": None}}}, {"a": {"c": {}}}),
        ({"a": [1]}, {"a": [{"x": None}, None]}, {"a": [{}, None]}),
        ({"a": {"b": 1}}, {"a": [{"x": None}]}, {"a": [{"x": None}]}),
        ({"a": {"b": 1}}, {"a": "x"}, {"a": "x"}),
        ({"a": "x"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_merge_patches(document, patch, expected):
    assert apply_merge_patch(document, patch) == expected


@pytest.mark.parametrize(
    ("body", "checked", "message"),
    [
        (b"null", True, "Invalid JSON Patch"),
        (
            b"5",
            True,
            "error decoding patch: json: cannot unmarshal number into Go value of type map[string]interface {}",
        ),
        (b"5", False, "Invalid JSON Patch"),
        (b"{", False, "Invalid JSON Patch"),
        (b"{", True, "error decoding patch: unexpected end of JSON input"),
    ],
)
def test_what_is_no_merge_patch(body, checked, message):
    with pytest.raises(StatusError) as caught:
        decode_merge_patch(body, checked=checked)
    assert (caught.value.code, caught.value.message) == (400, message)


KEYS = st.sampled_from(["a", "b", "a/b", "~"])
SCALARS = st.sampled_from(["x", "", 1, True])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


@given(st.dictionaries(KEYS, VALUES), st.dictionaries(KEYS, VALUES))
def test_a_patch_made_by_another_library_leads_to_the_same_document(before, after):
    operations = jsonpatch.make_patch(before, after).patch
    assert apply_json_patch(copy.deepcopy(before), operations) == after


NO_SUCH_INDEX = "Unable to access invalid index: 9: invalid index referenced"
NO_SUCH_KEY = "Unable to remove nonexistent key: x: missing value"
INAPPLICABLE = "operation does not apply: doc is missing"


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"op": "remove", "path": "/x/y"}, f'remove {INAPPLICABLE} path: "/x/y": missing value'),
        ({"op": "remove", "path": "/x"}, f"error in remove for path: '/x': {NO_SUCH_KEY}"),
        ({"op": "replace", "path": "/x/y"}, f"replace {INAPPLICABLE} path: /x/y: missing value"),
        ({"op": "add", "path": "/list/9"}, f"error in add for path: '/list/9': {NO_SUCH_INDEX}"),
        ({"op": "test", "path": "/data/a", "value": "2"}, "testing value /data/a failed: test failed"),
        ({"op": "copy", "from": "/x/y", "path": "/z"}, f"copy {INAPPLICABLE} from path: /x/y: missing value"),
        ({"op": "move", "from": "/none", "path": "/x/y"}, f"move {INAPPLICABLE} destination path: /x/y: missing value"),
        ({"op": "grow", "path": "/data"}, "Unexpected kind: grow"),
    ],
)
def test_why_an_operation_does_not_apply_is_told_to_those_who_ask(operation, message):
    with pytest.raises(patches.PatchRefused) as refused:
        patches.patched(copy.deepcopy(DOCUMENT), [operation])
    assert str(refused.value) == message
