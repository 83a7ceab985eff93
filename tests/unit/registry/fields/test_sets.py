"""Sets of fields behave as sets of paths, in FieldsV1's one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakekube.registry.fields import elements, sets

ELEMENTS = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', 'k:{"name":"y"}', "v:1", "v:10", "v:2"])
PATHS = st.sets(st.lists(ELEMENTS, min_size=1, max_size=3).map(tuple))


def members(fields: sets.Set) -> set[elements.Path]:
    return set(sets.paths(fields))


@given(PATHS, PATHS)
def test_algebra(left: set[elements.Path], right: set[elements.Path]) -> None:
    one, two = sets.of(left), sets.of(right)
    assert members(one) == left
    assert members(sets.union(one, two)) == left | right
    assert members(sets.difference(one, two)) == left - right
    assert members(sets.intersection(one, two)) == left & right
    assert all(sets.has(one, path) == (path in left) for path in left | right)


@given(PATHS, PATHS)
def test_one_spelling_whatever_the_way(left: set[elements.Path], right: set[elements.Path]) -> None:
    one, two = sets.of(left), sets.of(right)
    joined = sets.union(one, two)
    assert repr(joined) == repr(sets.union(two, one)) == repr(sets.read(joined))
    assert repr(sets.difference(joined, two)) == repr(sets.of(left - right))


@given(PATHS, PATHS)
def test_without_takes_what_is_below_too(left: set[elements.Path], right: set[elements.Path]) -> None:
    gone = {path for path in left if any(path[:depth] in right for depth in range(1, len(path) + 1))}
    assert members(sets.without(sets.of(left), sets.of(right))) == left - gone


def test_only_lets_through_what_a_pattern_names() -> None:
    fields = sets.of(
        [("f:spec", "v:1", "f:a"), ("f:spec", "v:1", "f:b", "f:c"), ("f:spec", "v:1"), ("f:status", "f:a")]
    )
    found = sets.only(fields, {"f:spec": {sets.ANY: {"f:b": None}}})
    assert members(found) == {("f:spec", "v:1"), ("f:spec", "v:1", "f:b", "f:c")}


def test_items_are_in_the_order_of_their_keys() -> None:
    ports = [f'k:{{"containerPort":{port},"protocol":"TCP"}}' for port in (443, 53, 8080)]
    found = sets.of([("f:ports", port) for port in ports])
    assert [elements.parse(item)[1]["containerPort"] for item in found["f:ports"]] == [53, 443, 8080]


def test_read_spells_keys_in_one_way_and_drops_what_it_does_not_know() -> None:
    sent = {"f:a": {'k:{ "b": 1, "a": "<" }': {".": {}}, "x:new": {}}, ".": {}}
    assert sets.read(sent) == {"f:a": {'k:{"a":"\\u003c","b":1}': {}}}


@pytest.mark.parametrize("sent", [{"a": {}}, {"k:[1]": {}}, {"i:x": {}}, {"k:{": {}}, {"f:a": 1}])
def test_read_refuses(sent: object) -> None:
    with pytest.raises(ValueError):
        sets.read(sent)


@pytest.mark.parametrize(
    ("element", "shown"),
    [("f:a.b", ".a.b"), ('k:{"name":"c","port":80}', '[name="c",port=80]'), ('v:"x"', '[="x"]'), ("i:3", "[3]")],
)
def test_elements_in_messages(element: str, shown: str) -> None:
    assert elements.shown(element) == shown
