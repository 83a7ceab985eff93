"""Types as field ownership sees them: where a value is owned as a whole, and where part by part.

Made once from the type of a resource (`fakekube.schema.typed`) and kept beside it. A `Leaf` is a scalar; a `Record` is
a struct or map, owned member by member; `Items` is a list, owned item by item; either may be atomic, owned as a whole.
`DEDUCED`, for what no schema describes, is a map member by member, and a whole otherwise.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

from fakekube.core.fielderrors import go_quote
from fakekube.registry.fields import elements
from fakekube.registry.fields.sets import MEMBER, SELF, Set

Row = tuple[str, str, "Node"]
"""A member: its element, its name and its node."""
Pair = tuple[str, str, "Node", int]
"""A member of two objects: as above, and -1 if it is in the first alone, 1 if in the second alone, else 0."""

MOST_SHAPES = 512
"""Plans kept for one record; objects of further shapes are planned each time."""
MOST_KEYS = 8192
"""Spelled keys kept for one list."""


_PLAIN = frozenset({str, int})
"""Types of keys by which items can be known: values of others may be equal and not the same, as 1 and true."""


class UnkeyedError(ValueError):
    """An item of a list by keys (or a set) that cannot be told from others."""


class MistypedError(ValueError):
    """A value that is not of its type, as an object has that was stored before its definition changed."""


class Node:
    """What all have: whether values are owned as a whole."""

    __slots__ = ("leaf",)

    def __init__(self, leaf: bool) -> None:
        self.leaf = leaf


class Leaf(Node):
    """A scalar of this kind: string, numeric, boolean, or untyped (any of them)."""

    __slots__ = ("kind",)

    def __init__(self, kind: str) -> None:
        super().__init__(True)
        self.kind = kind


class Record(Node):
    """A struct (its members are `fields`), a map (they are all like `item`), or both; atomic: owned as a whole.

    `zero` is the value that Go has before anything is set: the members that it always writes.
    """

    __slots__ = ("fields", "item", "pairings", "plans", "zero")

    def __init__(self, atomic: bool = False) -> None:
        super().__init__(atomic)
        self.fields: Mapping[str, Node] = {}
        self.item: Node | None = None
        self.zero: dict[str, Any] = {}
        self.plans: dict[tuple[str, ...], Plan] = {}
        self.pairings: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Pair]] = {}

    def child(self, name: str) -> Node:
        """The node of a member; what no schema describes is deduced."""
        return self.fields.get(name) or self.item or DEDUCED

    def zero_value(self) -> dict[str, Any]:
        """A copy of `zero` of one's own."""
        return copy.deepcopy(self.zero)

    def plan(self, value: Mapping[str, Any]) -> Plan:
        """How to walk objects of this one's shape."""
        shape = tuple(value)
        found = self.plans.get(shape)
        if found is None:
            found = self._planned(shape)
            if len(self.plans) < MOST_SHAPES:
                self.plans[shape] = found
        return found

    def pairing(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Pair]:
        """How to walk two objects of these ones' shapes side by side: the members of both in order."""
        shapes = tuple(old), tuple(new)
        found = self.pairings.get(shapes)
        if found is None:
            rows = ((elements.field(name), name, self.child(name)) for name in sorted({*old, *new}))
            found = [(*row, (row[1] in new) - (row[1] in old)) for row in rows]
            if self.fields and len(self.pairings) < MOST_SHAPES:  # maps come in any shape
                self.pairings[shapes] = found
        return found

    def _planned(self, shape: tuple[str, ...]) -> Plan:
        names = sorted(shape)
        bare = {elements.field(name): MEMBER for name in names}
        rows = [(elements.field(name), name, self.child(name)) for name in names]
        deeper = [row for row in rows if not row[2].leaf]
        optional = [row for row in deeper if row[1] not in self.zero]
        always = [(*row, self.zero[row[1]]) for row in rows if row[1] in self.zero]
        return Plan({SELF: MEMBER, **bare}, bare, deeper, optional, always)


class Plan(NamedTuple):
    """How to walk objects of one shape."""

    every: Set
    """All their elements, and SELF."""
    bare: Set
    """All their elements."""
    deeper: list[Row]
    """Members that are not owned as a whole."""
    optional: list[Row]
    """Those of `deeper` that Go does not always write."""
    always: list[tuple[str, str, Node, Any]]
    """Members that Go always writes, with what it writes where nothing is set."""


class Items(Node):
    """A list; unless atomic a set of scalars (no keys) or a list of records that are told apart by `keys`."""

    __slots__ = ("defaults", "item", "keys", "only_key", "spelled")

    def __init__(self, atomic: bool = False, keys: tuple[str, ...] = ()) -> None:
        super().__init__(atomic)
        self.item: Node = DEDUCED
        self.keys = keys
        self.only_key = keys[0] if len(keys) == 1 else ""
        self.defaults: dict[str, Any] = {}
        self.spelled: dict[Any, str] = {}

    def element(self, item: Any) -> str:
        """The element of an item; UnkeyedError if it has none."""
        if self.only_key and item.__class__ is dict:
            known = item.get(self.only_key)
            if known.__class__ not in _PLAIN:
                known = None
        else:
            known = self._known(item) if self.keys else item if item.__class__ is str else None
        if known is None:
            return self._spell(item)
        found = self.spelled.get(known)
        if found is None:
            found = self._spell(item)
            if len(self.spelled) < MOST_KEYS:
                self.spelled[known] = found
        return found

    def _spell(self, item: Any) -> str:
        return self._element_of_keys(item) if self.keys else _element_of_value(item)

    def _known(self, item: Any) -> Any:
        """What `spelled` knows an item by: the values of its keys, if they are text and integers."""
        if item.__class__ is not dict:
            return None
        values = tuple(map(item.get, self.keys))
        for value in values:
            if value.__class__ not in _PLAIN:
                return None
        return values

    def _element_of_keys(self, item: Any) -> str:
        if item is None:
            raise UnkeyedError("associative list with keys may not have a null element")
        if not isinstance(item, dict):
            raise UnkeyedError("associative list with keys may not have non-map elements")
        fields = [(key, item[key] if key in item else self.defaults[key]) for key in self.keys if self._has(item, key)]
        if not fields:
            names = " ".join(go_quote(key) for key in self.keys)
            raise UnkeyedError(
                f"associative list with keys has an element that omits all key fields [{names}] "
                "(and doesn't have default values for any key fields)"
            )
        return elements.key(fields)

    def _has(self, item: dict[str, Any], key: str) -> bool:
        return key in item or key in self.defaults


def _element_of_value(item: Any) -> str:
    match item:
        case dict():
            raise UnkeyedError("associative list without keys has an element that's a map type")
        case list():
            raise UnkeyedError("not supported: associative list with lists as elements")
        case None:
            raise UnkeyedError("associative list without keys has an element that's an explicit null")
    return elements.value(item)


class Deduced(Node):
    """What no schema describes, to be judged by the value; atomic below a list."""

    __slots__ = ()


DEDUCED = Deduced(False)
WHOLE = Deduced(True)
"""What no schema describes and is owned as a whole."""

DEDUCED_RECORD = Record()
"""What DEDUCED is for a map."""
DEDUCED_RECORD.item = DEDUCED
