"""Strategic merge patches merge as the types say."""

import copy

import pytest

from fakekube.core.errors import StatusError
from fakekube.schema import strategic
from fakekube.schema.typed import Field, List, Map, Scalar, Struct

TEXT = Scalar("string")
MERGE = frozenset({"merge"})


def struct(go_name, /, **types):
    return Struct(go_name, {key: Field(key, of) if not isinstance(of, Field) else of for key, of in types.items()})


def merged_list(name, item, merge_key=""):
    return Field(name, List(item), patch_strategies=MERGE, merge_key=merge_key)


ENV = struct("EnvVar", name=TEXT, value=TEXT)
ITEM = struct("Item", name=TEXT, image=TEXT, args=List(TEXT), env=merged_list("env", ENV, "name"))
ROOT = struct(
    "Root",
    labels=Map(TEXT),
    tags=merged_list("tags", TEXT),
    items=merged_list("items", ITEM, "name"),
    rules=List(TEXT),
    whole=Field("whole", ITEM, patch_strategies=frozenset({"replace"})),
    part=Field("part", ITEM, patch_strategies=frozenset({"retainKeys"})),
    maps=Map(Map(TEXT)),
)


def apply(document, patch):
    return strategic.apply(copy.deepcopy(document), copy.deepcopy(patch), ROOT)


def named(*names):
    return [{"name": name} for name in names]


@pytest.mark.parametrize(
    ("document", "patch", "expected"),
    [
        pytest.param({"labels": {"a": "1"}}, {"labels": {"b": "2"}}, {"labels": {"a": "1", "b": "2"}}, id="maps merge"),
        pytest.param({"labels": {"a": "1"}}, {"labels": {"a": None}}, {"labels": {}}, id="null removes"),
        pytest.param({}, {"labels": {"a": None, "b": "1"}}, {"labels": {"b": "1"}}, id="unmatched nulls are dropped"),
        pytest.param({"rules": ["a"]}, {"rules": ["b"]}, {"rules": ["b"]}, id="lists are replaced"),
        pytest.param({"tags": ["a", "b"]}, {"tags": ["c", "b"]}, {"tags": ["c", "a", "b"]}, id="sets merge"),
        pytest.param(
            {"items": [{"name": "a", "args": ["x"]}, {"name": "b"}]},
            {"items": [{"name": "b", "image": "i"}, {"name": "c"}]},
            {"items": [{"name": "a", "args": ["x"]}, {"name": "b", "image": "i"}, {"name": "c"}]},
            id="items merge by key",
        ),
        pytest.param(
            {"items": named("a")}, {"items": named("n")}, {"items": named("n", "a")}, id="a new item is first"
        ),
        pytest.param(
            {"items": named("a", "b")},
            {"items": [{"name": "a", "$patch": "delete"}]},
            {"items": named("b")},
            id="an item is deleted",
        ),
        pytest.param(
            {"items": named("a", "b")},
            {"items": [*named("c"), {"$patch": "replace"}]},
            {"items": named("c")},
            id="a list is replaced",
        ),
        pytest.param(
            {"labels": {"a": "1"}}, {"labels": {"$patch": "replace", "b": "2"}}, {"labels": {"b": "2"}}, id="replace"
        ),
        pytest.param({"labels": {"a": "1"}}, {"labels": {"$patch": "delete"}}, {"labels": {}}, id="delete"),
        pytest.param({}, {"labels": {"$patch": "delete"}}, {}, id="a directive for nothing"),
        pytest.param(
            {"whole": {"name": "a", "image": "i"}}, {"whole": {"name": "b"}}, {"whole": {"name": "b"}}, id="by strategy"
        ),
        pytest.param(
            {"tags": ["a", "b"]}, {"$deleteFromPrimitiveList/tags": ["a", "z"]}, {"tags": ["b"]}, id="out of a set"
        ),
        pytest.param(
            {"tags": ["a", "b", "s"]},
            {"$setElementOrder/tags": ["b", "c", "a"], "tags": ["c"]},
            {"tags": ["b", "c", "a", "s"]},
            id="the order of a set",
        ),
        pytest.param(
            {"items": named("a", "b", "s")},
            {"$setElementOrder/items": named("b", "a")},
            {"items": named("b", "a", "s")},
            id="the order of items",
        ),
        pytest.param(
            {"part": {"name": "a", "image": "i", "args": []}},
            {"part": {"$retainKeys": ["name", "args"], "name": "b"}},
            {"part": {"name": "b", "args": []}},
            id="retained keys",
        ),
        pytest.param(
            {"items": [{"name": "a", "env": named("x", "y")}]},
            {"items": [{"name": "a", "$setElementOrder/env": named("y", "x"), "env": [{"name": "x", "value": "1"}]}]},
            {"items": [{"name": "a", "env": [{"name": "y"}, {"name": "x", "value": "1"}]}]},
            id="deep down",
        ),
    ],
)
def test_merging(document, patch, expected):
    assert apply(document, patch) == expected


@pytest.mark.parametrize(
    ("document", "patch", "code", "message"),
    [
        (
            {"items": named("a")},
            {"items": [{"image": "x"}]},
            500,
            "map: map[image:x] does not contain declared merge key: name",
        ),
        (
            {"items": named("a")},
            {"items": ["x"]},
            500,
            "list element types are not identical: [[map[name:a]] [x]]",
        ),
        (
            {"items": named("a")},
            {"items": [{"name": "a", "$patch": 1}]},
            500,
            "unknown patch type: %!s(int64=1) in map: map[$patch:1 name:a]",
        ),
        ({"tags": ["a"]}, {"$setElementOrder/tags": 1}, 500, "expected a []interface {}, but received a int64"),
        (
            {"tags": ["a"]},
            {"$setElementOrder/tags": ["b"], "tags": ["c"]},
            500,
            "The order in patch list:\n[c]\n doesn't match $setElementOrder list:\n[b]\n",
        ),
        ({"part": {}}, {"part": {"$retainKeys": [], "name": "a"}}, 400, "invalid patch format of retainKeys"),
        (
            {"maps": {"a": {}}},
            {"maps": {"a": {}}},
            500,
            "merging an object in json but data type is not struct, instead is: map",
        ),
        ({"tags": [["a"]]}, {"tags": []}, 422, "the server rejected our request due to an error in our request"),
    ],
)
def test_refusals(document, patch, code, message):
    with pytest.raises(StatusError) as caught:
        apply(document, patch)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_what_is_no_patch():
    with pytest.raises(StatusError, match="cannot unmarshal array into Go value of type map"):
        strategic.decode(b"[]")
    assert strategic.decode(b"null") == {}
