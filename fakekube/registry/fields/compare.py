"""What changed between two objects of one type: three sets, walked side by side past everything that is equal."""

from __future__ import annotations

from typing import Any, NamedTuple

from fakekube.registry.fields import elements
from fakekube.registry.fields.extract import whole
from fakekube.registry.fields.nodes import DEDUCED, Items, MistypedError, Node, Record
from fakekube.registry.fields.sets import MEMBER, Set, arranged, union


class Changes(NamedTuple):
    """Fields that the second object lacks, has with another value, and has alone. A path is in one of them at most."""

    removed: Set
    modified: Set
    added: Set

    def written(self) -> Set:
        """What the second object sets anew."""
        return union(self.modified, self.added)


NOTHING = Changes({}, {}, {})
OTHER = Changes({}, MEMBER, {})
"""Below an element whose value changed as a whole: `modified` is the very MEMBER; an empty set is another {}."""


def compare(node: Node, old: Any, new: Any) -> Changes:
    """What a write of `new` over `old` changes; MistypedError if a part that differs is not of its type."""
    return NOTHING if old == new else _differ(node, old, new)


class _Gathered:
    """Three sets in the making."""

    __slots__ = ("added", "modified", "removed")

    def __init__(self) -> None:
        self.removed: Set = {}
        self.modified: Set = {}
        self.added: Set = {}

    def take(self, element: str, below: Changes) -> None:
        """What changed below an element that is there before and after."""
        removed, modified, added = below
        if removed:
            self.removed[element] = removed
        if modified or modified is MEMBER:
            self.modified[element] = modified
        if added:
            self.added[element] = added

    def changes(self) -> Changes:
        return Changes(_settled(self.removed), _settled(self.modified), _settled(self.added))


def _settled(fields: Set) -> Set:
    return arranged(fields) if len(fields) > 1 else fields


def _differ(node: Node, old: Any, new: Any) -> Changes:
    """What changed below one element; the values are known to differ."""
    if node.leaf or not (old or new):
        return OTHER
    if isinstance(node, Items):
        if not (_is_list(old) and _is_list(new)):
            raise MistypedError
        return _differ_items(node, old or [], new or [])
    if not (_is_map(old) and _is_map(new)):
        if node is DEDUCED:
            return _differ_in_kind(old, new)
        raise MistypedError
    return _differ_members(node, old or {}, new or {})


def _is_map(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return value is None or isinstance(value, list)


def _differ_members(node: Node, old: dict[str, Any], new: dict[str, Any]) -> Changes:
    found = _Gathered()
    child_of = node.child if isinstance(node, Record) else _deduced
    for name, was in old.items():
        if name not in new:
            found.removed[elements.field(name)] = whole(child_of(name), was)
        elif was != new[name]:
            found.take(elements.field(name), _differ(child_of(name), was, new[name]))
    for name, value in new.items():
        if name not in old:
            found.added[elements.field(name)] = whole(child_of(name), value)
    return found.changes()


def _deduced(name: str) -> Node:
    return DEDUCED


def _differ_in_kind(old: Any, new: Any) -> Changes:
    """A map became something else or the other way round: the value is modified, and its members come or go."""
    if isinstance(old, dict) and old:
        below = _differ_members(DEDUCED, old, {})
    elif isinstance(new, dict) and new:
        below = _differ_members(DEDUCED, {}, new)
    else:
        return OTHER
    return Changes(below.removed, MEMBER, below.added)


def _differ_items(node: Items, old: list[Any], new: list[Any]) -> Changes:
    found = _Gathered()
    before, after = _by_element(node, old), _by_element(node, new)
    for element, was in before.items():
        _differ_item(found, node, element, was, after.get(element, ()))
    for element, items in after.items():
        if element not in before:
            found.added[element] = MEMBER if len(items) > 1 else whole(node.item, items[0])
    return found.changes()


def _by_element(node: Items, items: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(node.element(item), []).append(item)
    return found


def _differ_item(found: _Gathered, node: Items, element: str, old: list[Any], new: Any) -> None:
    """Items with one key: one by one; where there are several of a side, they count as one whole."""
    match len(old), len(new):
        case 1, 1:
            if old[0] != new[0]:
                found.take(element, _differ(node.item, old[0], new[0]))
        case 1, 0:
            found.removed[element] = whole(node.item, old[0])
        case 1, _:
            found.removed[element] = whole(node.item, old[0])
            found.added[element] = MEMBER
        case _, (0 | 1) as left:
            found.removed[element] = MEMBER
            if left:
                found.added[element] = whole(node.item, new[0])
        case _:
            if old != new:
                found.modified[element] = MEMBER
