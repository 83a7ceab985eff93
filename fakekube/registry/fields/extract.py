"""The fields of a value under its type: those that come or go with it, and those that an applied one mentions."""

from __future__ import annotations

from typing import Any

from fakekube.registry.fields.nodes import DEDUCED, DEDUCED_RECORD, Items, Node, Record
from fakekube.registry.fields.sets import MEMBER, SELF, Set, arranged_items


def whole(node: Node, value: Any) -> Set:
    """What is below the element of a value that comes or goes altogether: every part of it is a member, itself too."""
    if node.leaf or not value:
        return MEMBER
    if value.__class__ is dict:
        if node.__class__ is not Record:
            if node is not DEDUCED:
                return MEMBER
            node = DEDUCED_RECORD
        plan = node.plans.get(tuple(value)) or node.plan(value)
        if not plan.deeper:
            return plan.every
        found = plan.every.copy()
        for element, name, child in plan.deeper:
            below = value[name]
            if below:
                found[element] = whole(child, below)
        return found
    if value.__class__ is list and node.__class__ is Items:
        return _whole_items(node, value)
    return MEMBER


def _whole_items(node: Items, value: list[Any]) -> Set:
    """The elements of a granular list; an item that is there more than once is a member and nothing below it is."""
    spell, inner = node.element, node.item
    if len(value) == 1:
        return {SELF: MEMBER, spell(value[0]): whole(inner, value[0])}
    found: Set = {}
    for item in value:
        element = spell(item)
        found[element] = MEMBER if element in found else whole(inner, item)
    found[SELF] = MEMBER
    return arranged_items(found)


def created(node: Record, value: dict[str, Any]) -> Set:
    """What a new object owns: whatever differs from Go's zero value of its type."""
    plan = node.plans.get(tuple(value)) or node.plan(value)
    found = plan.bare.copy()
    for element, name, child in plan.optional:
        if value[name]:
            found[element] = whole(child, value[name])
    for element, name, child, empty in plan.always:
        _beside_zero(found, element, child, value[name], empty)
    return found


def _beside_zero(found: Set, element: str, child: Node, value: Any, empty: Any) -> None:
    """Put right the element of a member that Go always writes: what it holds is owned, itself is not."""
    if value == empty and value.__class__ is empty.__class__:
        del found[element]
    elif child.__class__ is Record and isinstance(empty, dict) and isinstance(value, dict) and not child.leaf:
        below = created(child, value)
        if below:
            found[element] = below
        else:
            del found[element]
    elif not child.leaf and value:
        found[element] = {inner: below for inner, below in whole(child, value).items() if inner != SELF}


def mentioned(node: Node, value: Any) -> Set:
    """The fields that an applied configuration claims: leaves, items of lists, members of maps, but not structs."""
    return _mentioned(node, value) or {}


def _mentioned(node: Node, value: Any) -> Set | None:
    """What is below; None if the value mentions nothing."""
    if node.leaf:
        return MEMBER
    if isinstance(value, dict):
        return _mentioned_members(node if isinstance(node, Record) else DEDUCED_RECORD, value)
    if isinstance(node, Items):
        return _mentioned_items(node, value or []) or None
    return None if value is None else MEMBER


def _mentioned_members(node: Record, value: dict[str, Any]) -> Set | None:
    plan = node.plan(value)
    found = plan.bare.copy()
    for element, name, child in plan.deeper:
        part = value[name]
        if part is None or part == {}:
            continue
        below = _mentioned(child, part)
        if name not in node.fields:
            found[element] = _with_self(below)
        elif below is None:
            del found[element]
        else:
            found[element] = below
    return found or None


def _mentioned_items(node: Items, value: list[Any]) -> Set:
    found: Set = {}
    for item in value:
        element = node.element(item)
        found[element] = MEMBER if element in found else _with_self(_mentioned(node.item, item))
    return arranged_items(found)


def _with_self(below: Set | None) -> Set:
    return {SELF: MEMBER, **below} if below else MEMBER


def named(node: Node, fields: Set) -> Set:
    """The set, and with a.b.c also a.b if b is a member of a struct (but not if it is a key of a map)."""
    found: Set = {}
    for element, below in fields.items():
        child = _child(node, element)
        inner = named(child, below) if below and child is not None else below
        if inner and SELF not in inner and _is_own(node, element):
            inner = {SELF: MEMBER, **inner}
        found[element] = inner
    return found


def _is_own(node: Node, element: str) -> bool:
    return isinstance(node, Record) and element[0] == "f" and element[2:] in node.fields


def _child(node: Node, element: str) -> Node | None:
    match element[0], node:
        case "f", Record():
            return node.child(element[2:])
        case "k", Items():
            return node.item
    return None


def reconciled(node: Node, fields: Set) -> Set:
    """The set where what has become atomic since it was written is owned as a whole; itself if nothing has."""
    found: Set | None = None
    for element, below in fields.items():
        child = _child(node, element) if below else None
        if child is None:
            continue
        inner = MEMBER if child.leaf and isinstance(child, (Record, Items)) else reconciled(child, below)
        if inner is not below:
            found = dict(fields) if found is None else found
            found[element] = inner
    return fields if found is None else found
