"""What a value was before an update: old and new values found together, so that unchanged faults are tolerated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakekube.core.meta import Obj

Schema = Mapping[str, Any]


class Correlated:
    """A value with the one that it takes the place of, beside their schema."""

    __slots__ = ("_by_key", "_children", "_same", "old", "schema", "value")

    def __init__(self, value: Any, old: Any, schema: Schema) -> None:
        self.value = value
        self.old = old
        self.schema = schema
        self._children: dict[str | int, Correlated | None] = {}
        self._same: bool | None = None
        self._by_key: dict[str, Any] | None = None

    def member(self, name: str) -> Correlated | None:
        """The member of both objects; None if one lacks it, or the schema does not tell of it."""
        if name not in self._children:
            self._children[name] = self._member(name)
        return self._children[name]

    def _member(self, name: str) -> Correlated | None:
        old, new = self.old, self.value
        if not isinstance(old, dict) or not isinstance(new, dict) or name not in old or name not in new:
            return None
        schema = member_schema(self.schema, name)
        return None if schema is None else Correlated(new[name], old[name], schema)

    def item(self, index: int) -> Correlated | None:
        """The item of the new list with the one of the same keys in the old list; only lists of type map have such."""
        if index not in self._children:
            self._children[index] = self._item(index)
        return self._children[index]

    def _item(self, index: int) -> Correlated | None:
        old, new, items = self.old, self.value, self.schema.get("items")
        if not isinstance(old, list) or not isinstance(new, list) or not isinstance(items, dict):
            return None
        if self.schema.get("x-kubernetes-list-type") != "map" or index >= len(new):
            return None
        if self._by_key is None:
            keys = self.schema.get("x-kubernetes-list-map-keys") or ()
            self._by_key = {key: item for item in old if (key := _key_of(item, keys)) is not None}
        key = _key_of(new[index], self.schema.get("x-kubernetes-list-map-keys") or ())
        found = None if key is None else self._by_key.get(key)
        return None if found is None else Correlated(new[index], found, items)

    @property
    def same(self) -> bool:
        """Whether nothing was changed; lists of type map are compared by key, whatever their order."""
        if self._same is None:
            self._same = self._compare()
        return self._same

    def _compare(self) -> bool:
        old, new = self.old, self.value
        if isinstance(old, list) and isinstance(new, list):
            return self._same_lists(old, new)
        if isinstance(old, dict) and isinstance(new, dict):
            return self._same_objects(old, new)
        return type(old) is type(new) and bool(old == new)

    def _same_lists(self, old: list[Any], new: list[Any]) -> bool:
        if len(old) != len(new):
            return False
        for index in range(len(new)):
            child = self.item(index)
            if child is None:
                return self._by_key is None and old == new
            if not child.same:
                return False
        return True

    def _same_objects(self, old: Obj, new: Obj) -> bool:
        if len(old) != len(new):
            return False
        return all((child := self.member(name)) is not None and child.same for name in new)


def member_schema(schema: Schema, name: str) -> Schema | None:
    """The schema of a member: a property's, or that of all additional ones."""
    found = (schema.get("properties") or {}).get(name)
    if found is not None:
        return found  # type: ignore[no-any-return]
    additional = schema.get("additionalProperties")
    return additional if isinstance(additional, dict) else None


def _key_of(item: Any, keys: Any) -> str | None:
    if not isinstance(item, dict):
        return None
    return repr([item.get(key) for key in keys])
