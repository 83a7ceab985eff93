"""Merging an applied configuration into a live object under their type, and taking fields out of an object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fakekube.registry.fields import elements
from fakekube.registry.fields.nodes import DEDUCED, Items, Node, Record
from fakekube.registry.fields.sets import Set, is_member

ABSENT: Final = object()
"""No value at all, as null is one."""

REPEATED: Final = object()
"""Stands for the items of a live list that have one key: they are not merged with, but replaced by the applied one."""


def merge(node: Node, live: Any, applied: Any) -> Any:
    """`live` with everything that `applied` states; nothing goes away. Parts of both are shared, not copied."""
    if applied is ABSENT:
        return live
    if live is ABSENT or live is REPEATED or node.leaf or not (live or applied):
        return applied
    if isinstance(node, Items):
        return _merge_lists(node, live or [], applied or [])
    if node is DEDUCED and not isinstance(applied, dict):
        return live if applied is None and live and isinstance(live, dict) else applied
    return _merge_members(node, live if isinstance(live, dict) else {}, applied or {})


def _merge_members(node: Node, live: dict[str, Any], applied: dict[str, Any]) -> dict[str, Any]:
    found = dict(live)
    for name, value in applied.items():
        child = node.child(name) if isinstance(node, Record) else DEDUCED
        found[name] = merge(child, live.get(name, ABSENT), value)
    return found


def _merge_lists(node: Items, live: list[Any], applied: list[Any]) -> list[Any]:
    """Items of both, those of `applied` in its order; live ones that it does not mention stay where they are."""
    mine = [node.element(item) for item in live]
    theirs = {node.element(item): item for item in applied}
    known: dict[str, Any] = {}
    for element, item in zip(mine, live, strict=True):
        known[element] = REPEATED if element in known else item
    found = []
    for element, place in _merged_order(mine, list(theirs)):
        if place is None:
            found.append(merge(node.item, known.get(element, ABSENT), theirs[element]))
        else:
            found.append(live[place])
    return found


def _merged_order(live: list[str], applied: list[str]) -> Iterator[tuple[str, int | None]]:
    """The elements of the merged list, with the place of what is taken from the live list unchanged.

    Two cursors: a live item that is not applied goes first; a shared one waits until it is the next shared one of the
    applied order; then comes the applied one.
    """
    stated, present = set(applied), set(live)
    shared = iter([element for element in applied if element in present])
    awaited = next(shared, None)
    done: set[str] = set()
    here = there = 0
    while here < len(live) or there < len(applied):
        if here < len(live):
            element = live[here]
            if there < len(applied):
                if element == applied[there]:
                    done.add(element)
                    yield element, None
                    here, there, awaited = here + 1, there + 1, next(shared, None)
                    continue
                if element in stated and awaited is not None and awaited != element:
                    here += 1
                    continue
            if element not in stated:
                yield element, here
                here += 1
                continue
            if element in done:
                here += 1
        if there < len(applied):
            element = applied[there]
            done.add(element)
            yield element, None
            there += 1
            if awaited == element:
                awaited = next(shared, None)


def remove(node: Node, value: Any, fields: Set) -> Any:
    """`value` without the members of `fields`; null for what is nothing without them, as atomic values are."""
    if isinstance(node, Items):
        return _remove_items(node, value, fields)
    if isinstance(value, dict):
        return _remove_members(node, value, fields)
    return value if not isinstance(value, list) else None


def _remove_members(node: Node, value: dict[str, Any], fields: Set) -> dict[str, Any] | None:
    if node.leaf or not value:
        return None
    found = {}
    touched = False
    for name, part in value.items():
        below = fields.get(elements.field(name))
        if below is None:
            found[name] = part
        elif not is_member(below):
            touched = True
            child = node.child(name) if isinstance(node, Record) else DEDUCED
            found[name] = _or_empty(remove(child, part, below), part)
    return found if found or touched else None


def _remove_items(node: Items, value: Any, fields: Set) -> list[Any] | None:
    if node.leaf or not value or not isinstance(value, list):
        return None
    found = []
    touched = False
    for item in value:
        below = fields.get(node.element(item))
        if below is None:
            found.append(item)
        elif not is_member(below):
            touched = True
            found.append(_or_empty(remove(node.item, item, below), item))
    return found if found or touched else None


def _or_empty(rest: Any, was: Any) -> Any:
    """A container whose parts were all taken out stays as an empty one."""
    if rest is None and isinstance(was, (dict, list)):
        return {} if isinstance(was, dict) else []
    return rest
