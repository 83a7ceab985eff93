"""Sets of fields, in the very form that managedFields keep them: FieldsV1.

A set maps elements to what lies below them. An element with nothing below is a member itself; one with something below
is a member too if "." is among it. `{}` is the empty set. Sets are never changed in place, so results share parts with
what they were made from, and their elements are in Kubernetes' order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fakekube.registry.fields import elements
from fakekube.registry.fields.elements import Path

Set = dict[str, Any]

SELF = "."
MEMBER: Set = {}
"""What is below an element that is a member and has nothing below. Shared: never changed."""

ANY = "*"
"""In a pattern: whatever element."""
Pattern = dict[str, Any]
"""Elements (or ANY) to patterns; None below: everything."""


def is_member(below: Set) -> bool:
    """Whether the element that has this below it belongs to the set itself."""
    return not below or SELF in below


def arranged(fields: Set) -> Set:
    """The same set with its top elements in order (items of lists by what their keys are, not by their spelling)."""
    order = sorted(fields)
    if order and order[-1][0] in "kvi":  # they come after names
        order.sort(key=elements.order)
    return {element: fields[element] for element in order}


def arranged_items(fields: Set) -> Set:
    """As `arranged`, for what is directly below a list."""
    return {element: fields[element] for element in sorted(fields, key=elements.order)} if len(fields) > 1 else fields


def of(paths: Iterable[Path]) -> Set:
    """The set with these members."""
    found: Set = {}
    for path in paths:
        single: Set = MEMBER
        for element in reversed(path):
            single = {element: single}
        found = union(found, single)
    return found


def union(left: Set, right: Set) -> Set:
    """What is in either."""
    if not right:
        return left
    if not left:
        return right
    found = dict(left)
    grown = False
    for element, below in right.items():
        mine = found.get(element)
        if mine is None:
            found[element] = below
            grown = True
        elif mine is not below:
            found[element] = _joined(mine, below)
    return arranged(found) if grown else found


def _joined(left: Set, right: Set) -> Set:
    if not left:
        return right if is_member(right) else {SELF: MEMBER, **right}
    if not right:
        return left if is_member(left) else {SELF: MEMBER, **left}
    return union(left, right)


def difference(left: Set, right: Set) -> Set:
    """The members of `left` that are not members of `right`; `left` itself if there is nothing to take away."""
    found: Set | None = None
    for element in left if len(left) < len(right) else right:
        mine, other = left.get(element), right.get(element)
        if mine is None or other is None:
            continue
        rest = _less(mine, other)
        if rest is mine:
            continue
        if found is None:
            found = dict(left)
        if rest is None:
            del found[element]
        else:
            found[element] = rest
    return left if found is None else found


def _less(mine: Set, other: Set) -> Set | None:
    if not mine:
        return None if is_member(other) else mine
    if not other:
        return {element: below for element, below in mine.items() if element != SELF} if SELF in mine else mine
    rest = difference(mine, other)
    return rest if rest is mine else _folded(rest)


def _folded(below: Set) -> Set | None:
    """What is below an element in its one spelling: None if neither it nor anything below is left."""
    if not below:
        return None
    return MEMBER if len(below) == 1 and SELF in below else below


def intersection(left: Set, right: Set) -> Set:
    """What is in both."""
    found: Set = {}
    for element, below in left.items():
        other = right.get(element)
        if other is None:
            continue
        common = _common(below, other)
        if common is not None:
            found[element] = common
    return found


def _common(left: Set, right: Set) -> Set | None:
    if not left or not right:
        return MEMBER if is_member(left) and is_member(right) else None
    return _folded(intersection(left, right))


def without(fields: Set, excluded: Set) -> Set:
    """The set without the members of `excluded` and without everything below them."""
    found: Set | None = None
    for element, other in excluded.items():
        mine = fields.get(element)
        if mine is None:
            continue
        rest = None if is_member(other) else _folded(without(mine, other)) if mine else mine
        if rest is mine:
            continue
        if found is None:
            found = dict(fields)
        if rest is None:
            del found[element]
        else:
            found[element] = rest
    return fields if found is None else found


def only(fields: Set, pattern: Pattern | None) -> Set:
    """What a pattern lets through: members on the way to it, and everything below its ends."""
    if pattern is None:
        return fields
    found: Set = {}
    for element, below in fields.items():
        if element == SELF:
            found[element] = below
            continue
        if ANY not in pattern and element not in pattern:
            continue
        rest = only(below, pattern.get(ANY, pattern.get(element)))
        if rest or not below:
            found[element] = _folded(rest) or MEMBER
    return found


def has(fields: Set, path: Path) -> bool:
    """Whether the path is a member."""
    for element in path:
        if element not in fields:
            return False
        fields = fields[element]
    return bool(path) and is_member(fields)


def paths(fields: Set, start: Path = ()) -> Iterator[Path]:
    """Every member; those at one place before those below them."""
    for element, below in fields.items():
        if element != SELF and is_member(below):
            yield (*start, element)
    for element, below in fields.items():
        if below:
            yield from paths(below, (*start, element))


def read(fields: Any) -> Set:
    """A set as a client sent it, in its one spelling and order; ValueError if it cannot be read."""
    found = _read(fields)
    found.pop(SELF, None)
    return found


def _read(fields: Any) -> Set:
    if fields is None:
        return {}
    if not isinstance(fields, dict):
        raise ValueError(f"expected an object, not {fields!r}")
    found: Set = {}
    for element, below in fields.items():
        name = SELF if element == SELF else elements.canonical(element)
        if name:
            found[name] = MEMBER if name == SELF else _folded(_read(below)) or MEMBER
    return arranged(found)
