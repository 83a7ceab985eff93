"""What holds of server-side apply whatever is applied: once is enough, and disjoint appliers come in any order.

Lists and maps are not empty here: those are nobody's, and go with whatever else is below the same field.
"""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from fakekube.registry.fields import apply
from fakekube.schema.resources import Resource
from tests.unit.registry.fields.conftest import custom, widget

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"
WIDGETS: Resource = custom()

NAMES = st.sampled_from(["a", "b", "c", "d"])
NUMBERS = st.integers(0, 2)
TEXTS = st.dictionaries(NAMES, st.sampled_from(["1", "2"]), min_size=1)
ITEMS = st.dictionaries(NAMES, st.fixed_dictionaries({}, optional={"v": NUMBERS, "w": NUMBERS}), min_size=1).map(
    lambda items: [{"name": name, **item} for name, item in items.items()]
)
ANYTHING = st.recursive(
    NUMBERS,
    lambda inner: st.dictionaries(NAMES, inner, min_size=1) | st.lists(inner, min_size=1, max_size=2),
    max_leaves=4,
)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "size": NUMBERS,
        "map": ITEMS,
        "set": st.lists(NAMES, unique=True, min_size=1),
        "atomic": ITEMS,
        "options": TEXTS,
        "fixed": TEXTS,
        "any": ANYTHING,
    },
).filter(bool)


def applied(live: Any, manager: str, spec: dict[str, Any], now: str = NOW) -> dict[str, Any]:
    """By force, with everything copied, so that nothing is shared by accident."""
    copies = orjson.loads(orjson.dumps([live, widget(**spec)]))
    return orjson.loads(orjson.dumps(apply(WIDGETS, *copies, manager, "", True, now)))  # type: ignore[no-any-return]


@given(SPECS, SPECS, SPECS)
def test_apply_twice_is_apply_once(before: dict[str, Any], other: dict[str, Any], spec: dict[str, Any]) -> None:
    live = applied(applied(None, "one", before), "two", other)
    once = applied(live, "one", spec)
    assert applied(once, "one", spec, LATER) == once


@given(SPECS, SPECS)
def test_what_is_applied_is_there(before: dict[str, Any], spec: dict[str, Any]) -> None:
    found = applied(applied(None, "one", before), "two", spec)["spec"]
    for name in ("size", "atomic", "fixed"):
        assert name not in spec or found[name] == spec[name]
    for name in ("options", "set"):
        assert set(spec.get(name, ())) <= set(found.get(name, ()))


@given(SPECS, SPECS)
def test_what_is_given_up_is_gone(first: dict[str, Any], second: dict[str, Any]) -> None:
    once = applied(None, "one", second)
    moved = applied(applied(None, "one", first), "one", second)
    assert moved["metadata"] == once["metadata"]
    assert moved["spec"] == once["spec"]


@given(TEXTS, TEXTS, TEXTS)
def test_disjoint_appliers_commute(start: dict[str, str], left: dict[str, str], right: dict[str, str]) -> None:
    one = {f"one-{name}": value for name, value in left.items()}
    two = {f"two-{name}": value for name, value in right.items()}
    live = applied(None, "zero", {"options": start, "size": 1})
    ways = [
        applied(applied(live, "one", {"options": one}), "two", {"options": two}),
        applied(applied(live, "two", {"options": two}), "one", {"options": one}),
    ]
    assert ways[0]["spec"] == ways[1]["spec"]
    assert _owners(ways[0]) == _owners(ways[1])


def _owners(obj: dict[str, Any]) -> list[Any]:
    return [(entry["manager"], entry["fieldsV1"]) for entry in obj["metadata"]["managedFields"]]
