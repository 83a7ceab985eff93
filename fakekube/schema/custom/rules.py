"""The rules of a schema (x-kubernetes-validations), judged on objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from fakekube.core.fielderrors import FieldError
from fakekube.core.meta import Obj
from fakekube.schema.custom.correlation import Correlated
from fakekube.schema.custom.judging import bad_value

if TYPE_CHECKING:
    from fakekube.schema.custom.applying import Budget
    from fakekube.schema.custom.programs import Ruled

Schema = Mapping[str, Any]
Warn = Callable[[str], None]

RULES = "x-kubernetes-validations"
EMBEDS = "x-kubernetes-embedded-resource"


class _Change(NamedTuple):
    """What a value was before: found by place for ratcheting, as rules find it for oldSelf."""

    old: Any
    correlated: Correlated | None
    above: Correlated | None
    """The nearest value around that has an old one."""

    def member(self, name: str, *, is_top: bool) -> _Change:
        old = self.old.get(name) if isinstance(self.old, dict) else None
        if self.correlated is None:
            return self._replace(old=old)
        if is_top and name in ("apiVersion", "kind"):
            return _Change(old, None, None)
        return _Change(old, self.correlated.member(name), self.correlated)

    def item(self, index: int, old: Any) -> _Change:
        if self.correlated is None:
            return self._replace(old=old)
        return _Change(old, self.correlated.item(index), self.correlated)

    @property
    def unchanged(self) -> bool:
        """Whether faults are as old as the value."""
        found = self.correlated or self.above
        return found is not None and found.same


class Rules:
    """The rules of a schema and of what is below it; they are compiled when they are first needed."""

    __slots__ = ("_order", "_root", "_ruled", "additional", "all_of", "items", "properties", "schema", "stated")

    def __init__(self, schema: Schema, stated: Schema, root: bool) -> None:
        """`stated`: where rules are written, which is the schema itself or a part of its allOf."""
        self.schema, self.stated, self._root = schema, stated, root
        self._ruled: Ruled | None = None
        self._order: dict[str, int] | None = None
        self.properties: dict[str, Rules] = {}
        self.items: Rules | None = None
        self.additional: Rules | None = None
        self.all_of: list[Rules] = []

    @property
    def is_empty(self) -> bool:
        """Whether there are none, here and below."""
        below = self.properties or self.items or self.additional or self.all_of
        return not below and not self.stated.get(RULES)

    def errors(self, obj: Obj, old: Obj | None, correlated: Correlated | None, warn: Warn) -> list[FieldError]:
        """The rules that do not hold; those that did not before are warned of."""
        judging = _Judging(warn)
        judging.judge(self, obj, "", _Change(old, correlated, None))
        return judging.found

    def errors_of_default(self, value: Any, path: str) -> list[FieldError]:
        """The rules that a default does not keep, as a value that was there before and as a new one."""
        for old in (value, None):
            judging = _Judging(lambda text: None)
            judging.judge(self, value, path, _Change(old, None, None))
            if judging.found:
                return judging.found
        return []

    def stated_in(self, value: Obj) -> list[str]:
        """The members that have rules, in the order of the schema."""
        if len(value) >= len(self.properties):
            return [name for name in self.properties if name in value]
        found = [name for name in value if name in self.properties]
        if len(found) > 1:
            if self._order is None:
                self._order = {name: index for index, name in enumerate(self.properties)}
            found.sort(key=self._order.__getitem__)
        return found

    def ruled(self) -> Ruled | None:
        """The programs of the rules that are stated here; None if they cannot see values."""
        if self._ruled is None:
            from fakekube.schema.custom.programs import ruled  # only objects with rules need the engine

            self._ruled = ruled(self.schema, self.stated[RULES], root=self._root)
        return self._ruled


class _Judging:
    """One object on its way through the rules."""

    __slots__ = ("_budget", "_warn", "found")

    def __init__(self, warn: Warn) -> None:
        self.found: list[FieldError] = []
        self._warn = warn
        self._budget: Budget | None = None

    def judge(self, rules: Rules, value: Any, path: str, change: _Change) -> None:
        """The value, and what is in it."""
        if value is None or self._is_over:
            return
        if rules.stated.get(RULES):
            self._apply(rules, value, path, change)
        for part in rules.all_of:
            self.judge(part, value, path, change._replace(correlated=None))
        if isinstance(value, list):
            if rules.items is not None:
                self._judge_items(rules, rules.items, value, path, change)
        elif isinstance(value, dict):
            self._judge_members(rules, value, path, change)

    @property
    def _is_over(self) -> bool:
        return self._budget is not None and self._budget.left < 0

    def _judge_members(self, rules: Rules, value: Obj, path: str, change: _Change) -> None:
        is_top = change.above is None
        if rules.additional is not None:
            for name, each in value.items():
                deeper = change.member(name, is_top=is_top)
                self.judge(rules.additional, each, f"{path}[{name}]", deeper)
        for name in rules.stated_in(value):
            deeper = change.member(name, is_top=is_top)
            self.judge(rules.properties[name], value[name], f"{path}.{name}" if path else name, deeper)

    def _judge_items(self, rules: Rules, below: Rules, value: list[Any], path: str, change: _Change) -> None:
        before: dict[str, Any] = {}
        keys = rules.schema.get("x-kubernetes-list-map-keys") or ()
        if rules.schema.get("x-kubernetes-list-type") == "map" and isinstance(change.old, list):
            before = {_identity(item, keys): item for item in change.old}
        for index, item in enumerate(value):
            old = before.get(_identity(item, keys)) if before else None
            self.judge(below, item, f"{path}[{index}]", change.item(index, old))

    def _apply(self, rules: Rules, value: Any, path: str, change: _Change) -> None:
        from fakekube.schema.custom import applying  # only objects with rules need the engine

        kind, ruled = rules.schema.get("type") or "", rules.ruled()
        if ruled is None:
            text = "rule compiler initialization error: failed to convert to declType for CEL validation rules"
            self.found.append(applying.invalid(path, bad_value(kind), text))
            return

        def tell(error: FieldError, may_ratchet: bool) -> None:
            if may_ratchet and change.unchanged:
                self._warn(f"{error.field}: {error.message}")
            else:
                self.found.append(error)

        if self._budget is None:
            self._budget = applying.Budget()
        applying.apply(ruled, value, change.old, path, kind, self._budget, tell)


def _identity(item: Any, keys: Any) -> str:
    return repr([item.get(key) for key in keys] if isinstance(item, dict) else item)


# --- making


def rules_of(schema: Schema, *, root: bool = True) -> Rules | None:
    """The rules of a schema; None if it has none. `root`: it is that of a whole object."""
    return _made(schema, schema, root)


def _has_rules(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    if schema.get(RULES):
        return True
    parts = [schema.get("items"), schema.get("additionalProperties"), *(schema.get("allOf") or ())]
    return any(map(_has_rules, (*parts, *(schema.get("properties") or {}).values())))


def _made(stated: Schema, schema: Schema, root: bool) -> Rules | None:
    """The rules that are stated somewhere, of values of a schema; None if there are none."""
    found = Rules(schema, stated, root)
    for word in ("items", "additionalProperties"):
        part, node = stated.get(word), schema.get(word)
        if isinstance(part, dict) and isinstance(node, dict):
            rules = _made(part, node, bool(node.get(EMBEDS)))
            if word == "items":
                found.items = rules
            else:
                found.additional = rules
    properties = schema.get("properties") or {}
    for name, part in (stated.get("properties") or {}).items():
        node = properties.get(name)
        if node is None:
            continue
        rules = _made(part, node, bool(node.get(EMBEDS)))
        if rules is not None and _can_be_seen(node):
            found.properties[name] = rules
    parts = [_made(part, schema, root) for part in stated.get("allOf") or () if _has_rules(part)]
    found.all_of = [part for part in parts if part is not None]
    return None if found.is_empty else found


def _can_be_seen(schema: Schema) -> bool:
    """Whether rules can see the schema's values."""
    from fakekube.schema.custom.declared import declared

    return declared(schema, root=bool(schema.get(EMBEDS))) is not None
