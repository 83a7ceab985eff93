"""Functions of lists, sets, maps and optional values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from fakekube.schema.cel import values
from fakekube.schema.cel.declarations import Row
from fakekube.schema.cel.library.standard import fitting, optional_index, unsigned
from fakekube.schema.cel.values import (
    NOTHING,
    Duration,
    EvaluationError,
    Optional,
    Struct,
    Timestamp,
    Uint,
    check_duration,
    compare,
    contains,
    equal,
)

LONGEST_RANGE = 1_000_000
COMPARABLE = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
_ZEROS: dict[str, Any] = {"int": 0, "uint": Uint(0), "double": 0.0, "duration": Duration(0)}


def _is_sorted(items: list[Any]) -> bool:
    return all(compare(one, other) <= 0 for one, other in pairwise(items))


def _best(name: str, sign: int) -> Callable[[list[Any]], Any]:
    def find(items: list[Any]) -> Any:
        if not items:
            raise EvaluationError(f"{name} called on empty list")
        best = items[0]
        for item in items[1:]:
            if compare(item, best) * sign > 0:
                best = item
        return best

    return find


def _sum(kind: str) -> Callable[[list[Any]], Any]:
    def add(items: list[Any]) -> Any:
        total = _ZEROS[kind]
        for item in items:
            match kind:
                case "int":
                    total = fitting(total + item)
                case "uint":
                    total = unsigned(total + item)
                case "double":
                    total += item
                case _:
                    total = check_duration(Duration(total.nanos + item.nanos))
        return total

    return add


def _index_of(items: list[Any], wanted: Any) -> int:
    return next((index for index, item in enumerate(items) if equal(item, wanted)), -1)


def _last_index_of(items: list[Any], wanted: Any) -> int:
    return next((index for index in reversed(range(len(items))) if equal(items[index], wanted)), -1)


def _range(count: int) -> list[int]:
    if count > LONGEST_RANGE:
        raise EvaluationError("operation cancelled: actual cost limit exceeded")
    return list(range(count))


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    asked = f"cannot slice({start}, {end}), "
    if start < 0 or end < 0:
        raise EvaluationError(asked + "negative indexes not supported")
    if start > end:
        raise EvaluationError(asked + "start index must be less than or equal to end index")
    if end > len(items):
        raise EvaluationError(asked + f"list is length {len(items)}")
    return items[start:end]


def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise EvaluationError("level must be non-negative")
    found: list[Any] = []
    for item in items:
        if isinstance(item, list) and depth:
            found += _flatten(item, depth - 1)
        else:
            found.append(item)
    return found


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not contains(found, item):
            found.append(item)
    return found


_SORTABLE = (bool, int, float, str, bytes, Timestamp, Duration)


def _sorted(items: list[Any]) -> list[Any]:
    if items and not isinstance(items[0], _SORTABLE):
        raise EvaluationError("list elements must be comparable")
    if items and not all(type(item) is type(items[0]) for item in items):
        raise EvaluationError("list elements must have the same type")
    return sorted(items, key=cmp_to_key(compare))


def _sorted_by(items: list[Any], keys: list[Any]) -> list[Any]:
    if keys and not all(type(key) is type(keys[0]) for key in keys):
        raise EvaluationError("list elements must have the same type")
    by_key = cmp_to_key(compare)
    return [items[index] for index in sorted(range(len(items)), key=lambda index: by_key(keys[index]))]


def inserted(values_: dict[Any, Any], *added: Any) -> dict[Any, Any]:
    """The map with a key and value, or with all of another map."""
    entries = [added] if len(added) == 2 else list(added[0].items())
    found = dict(values_)
    for key, value in entries:
        if values.has_key(found, key):
            raise EvaluationError(f"insert failed: key {key} already exists")
        found[values.key_of(key)] = value
    return found


# --- optional values


def _is_zero(value: Any) -> bool:
    if isinstance(value, Struct):
        return not any(True for _ in value.items())
    if isinstance(value, Duration):
        return value.nanos == 0
    if isinstance(value, Optional):
        return not value.present
    return value is None or (isinstance(value, (bool, int, float, str, bytes, list, dict)) and not value)


def _of_non_zero(value: Any) -> Optional:
    return NOTHING if _is_zero(value) else Optional(True, value)


def _optionals() -> Iterator[Row]:
    yield "optional.of", "optional_of", "(V) -> optional<V>", lambda value: Optional(True, value)
    yield "optional.ofNonZeroValue", "optional_ofNonZeroValue", "(V) -> optional<V>", _of_non_zero
    yield "optional.none", "optional_none", "() -> optional<V>", lambda: NOTHING
    yield "value", "optional_value", "optional<V>.() -> V", Optional.get
    yield "hasValue", "optional_hasValue", "optional<V>.() -> bool", lambda value: value.present
    yield "or", "optional_or_optional", "optional<V>.(optional<V>) -> optional<V>", lambda a, b: a if a.present else b
    yield "orValue", "optional_orValue_value", "optional<V>.(V) -> V", lambda a, b: a.value if a.present else b
    for name, optional in (("_[?_]", True), ("_[_]", False)):
        prefix = "optindex_optional" if optional else "index"
        if optional:
            yield name, "list_optindex_optional_int", "(list<V>, int) -> optional<V>", optional_index
            yield name, "map_optindex_optional_value", "(map<K, V>, K) -> optional<V>", optional_index
        yield name, f"optional_list_{prefix}_int", "(optional<list<V>>, int) -> optional<V>", optional_index
        yield name, f"optional_map_{prefix}_value", "(optional<map<K, V>>, K) -> optional<V>", optional_index
    yield "first", "list_first", "list<V>.() -> optional<V>", lambda items: optional_index(items, 0)
    yield "last", "list_last", "list<V>.() -> optional<V>", lambda items: optional_index(items, len(items) - 1)
    unwrap = _unwrapped
    yield "optional.unwrap", "optional_unwrap", "(list<optional<V>>) -> list<V>", unwrap
    yield "unwrapOpt", "optional_unwrapOpt", "list<optional<V>>.() -> list<V>", unwrap


def _unwrapped(items: list[Optional]) -> list[Any]:
    return [item.value for item in items if item.present]


def rows() -> Iterator[Row]:
    """The functions."""
    for kind in COMPARABLE:
        listed = f"list<{kind}>"
        yield "isSorted", f"list_{kind}_is_sorted_bool", f"{listed}.() -> bool", _is_sorted
        yield "max", f"list_{kind}_max_{kind}", f"{listed}.() -> {kind}", _best("max", 1)
        yield "min", f"list_{kind}_min_{kind}", f"{listed}.() -> {kind}", _best("min", -1)
        yield "sort", f"list_{kind}_sort", f"{listed}.() -> {listed}", _sorted
        by_keys = f"list_{kind}_sortByAssociatedKeys"
        yield "@sortByAssociatedKeys", by_keys, f"list<T>.({listed}) -> list<T>", _sorted_by
    for kind in _ZEROS:
        yield "sum", f"list_{kind}_sum_{kind}", f"list<{kind}>.() -> {kind}", _sum(kind)
    yield "indexOf", "list_a_index_of_int", "list<A>.(A) -> int", _index_of
    yield "lastIndexOf", "list_a_last_index_of_int", "list<A>.(A) -> int", _last_index_of
    yield "slice", "list_slice", "list<T>.(int, int) -> list<T>", _slice
    yield "flatten", "list_flatten", "list<list<T>>.() -> list<T>", _flatten
    yield "flatten", "list_flatten_int", "list<dyn>.(int) -> list<dyn>", _flatten
    yield "lists.range", "lists_range", "(int) -> list<int>", _range
    yield "reverse", "list_reverse", "list<T>.() -> list<T>", lambda items: items[::-1]
    yield "distinct", "list_distinct", "list<T>.() -> list<T>", _distinct
    yield "sets.contains", "list_sets_contains_list", "(list<T>, list<T>) -> bool", _holds_all
    yield "sets.equivalent", "list_sets_equivalent_list", "(list<T>, list<T>) -> bool", _equivalent
    yield "sets.intersects", "list_sets_intersects_list", "(list<T>, list<T>) -> bool", _intersects
    yield "cel.@mapInsert", "@mapInsert_map_key_value", "(map<K, V>, K, V) -> map<K, V>", inserted
    yield "cel.@mapInsert", "@mapInsert_map_map", "(map<K, V>, map<K, V>) -> map<K, V>", inserted
    yield from _optionals()


def _holds_all(one: list[Any], other: list[Any]) -> bool:
    return all(contains(one, item) for item in other)


def _equivalent(one: list[Any], other: list[Any]) -> bool:
    return _holds_all(one, other) and _holds_all(other, one)


def _intersects(one: list[Any], other: list[Any]) -> bool:
    return any(contains(other, item) for item in one)
