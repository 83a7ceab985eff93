"""What changed between two objects of one type: two sets, walked side by side past everything that is equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from fakekube.registry.fields.extract import whole
from fakekube.registry.fields.nodes import DEDUCED, DEDUCED_RECORD, Items, MistypedError, Node, Record
from fakekube.registry.fields.sets import MEMBER, SELF, Set, arranged_items

ABSENT: Final = object()
"""What a member is that is not there: equal to nothing."""


class Changes(NamedTuple):
    """Fields that the second object lacks, and those that it alone has or has with another value."""

    removed: Set
    written: Set


NOTHING = Changes({}, {})
OTHER = Changes({}, MEMBER)
"""Below an element whose value changed as a whole: `written` is the very MEMBER; an empty set is another {}."""


def compare(node: Node, old: Any, new: Any) -> Changes:
    """What a write of `new` over `old` changes; MistypedError if a part that differs is not of its type."""
    return NOTHING if old == new else _differ(node, old, new)


def _differ(node: Node, old: Any, new: Any) -> Changes:
    """What changed below one element; the values are known to differ."""
    if node.leaf or not (old or new):
        return OTHER
    if node.__class__ is Items:
        if not (_is_list(old) and _is_list(new)):
            raise MistypedError
        return _differ_items(node, old or [], new or [])
    if not (_is_map(old) and _is_map(new)):
        if node is DEDUCED:
            return _differ_in_kind(old, new)
        raise MistypedError
    return _differ_members(node if isinstance(node, Record) else DEDUCED_RECORD, old or {}, new or {})


def _is_map(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return value is None or isinstance(value, list)


def _differ_members(node: Record, old: dict[str, Any], new: dict[str, Any]) -> Changes:
    removed: Set = {}
    written: Set = {}
    for element, name, child, where in node.pairing(old, new):  # in order, so that the sets are
        if where < 0:
            removed[element] = whole(child, old[name])
        elif where > 0:
            written[element] = whole(child, new[name])
        elif old[name] == new[name]:
            continue
        elif child.leaf:
            written[element] = MEMBER
        else:
            _take(removed, written, element, _differ(child, old[name], new[name]))
    return Changes(removed, written)


def _take(removed: Set, written: Set, element: str, below: Changes) -> None:
    """What changed below an element that is there before and after."""
    gone, put = below
    if gone:
        removed[element] = gone
    if put or put is MEMBER:
        written[element] = put


def _differ_in_kind(old: Any, new: Any) -> Changes:
    """A map became something else or the other way round: the value is modified, and its members come or go."""
    if isinstance(old, dict) and old:
        below = _differ_members(DEDUCED_RECORD, old, {})
    elif isinstance(new, dict) and new:
        below = _differ_members(DEDUCED_RECORD, {}, new)
    else:
        return OTHER
    return Changes(below.removed, {SELF: MEMBER, **below.written} if below.written else MEMBER)


def _differ_items(node: Items, old: list[Any], new: list[Any]) -> Changes:
    removed: Set = {}
    written: Set = {}
    spell = node.element
    before, after = {spell(item): item for item in old}, {spell(item): item for item in new}
    if len(before) < len(old) or len(after) < len(new):
        return _differ_repeated(node, old, new)
    for element, was in before.items():
        now = after.get(element, ABSENT)
        if now is ABSENT:
            removed[element] = whole(node.item, was)
        elif was != now:
            _take(removed, written, element, _differ(node.item, was, now))
    for element, now in after.items():
        if element not in before:
            written[element] = whole(node.item, now)
    return Changes(arranged_items(removed), arranged_items(written))


def _differ_repeated(node: Items, old: list[Any], new: list[Any]) -> Changes:
    """Of lists with items that have one key: where a side has several of them, they count as one whole."""
    removed: Set = {}
    written: Set = {}
    before, after = _by_element(node, old), _by_element(node, new)
    for element in {**before, **after}:
        was, now = before.get(element, ()), after.get(element, ())
        if len(was) == len(now) == 1:
            if was[0] != now[0]:
                _take(removed, written, element, _differ(node.item, was[0], now[0]))
        elif len(was) > 1 and len(now) > 1:
            if was != now:
                written[element] = MEMBER
        else:
            if was:
                removed[element] = _whole_of(node, was)
            if now:
                written[element] = _whole_of(node, now)
    return Changes(arranged_items(removed), arranged_items(written))


def _by_element(node: Items, items: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(node.element(item), []).append(item)
    return found


def _whole_of(node: Items, items: Sequence[Any]) -> Set:
    return whole(node.item, items[0]) if len(items) == 1 else MEMBER
