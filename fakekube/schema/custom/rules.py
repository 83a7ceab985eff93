"""The rules of a schema (x-kubernetes-validations), judged on objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from fakekube.core.fielderrors import FieldError
from fakekube.core.meta import Obj
from fakekube.schema.custom.correlation import Correlated
from fakekube.schema.custom.judging import bad_value

if TYPE_CHECKING:
    from fakekube.schema.cel.types import Type
    from fakekube.schema.custom.programs import Program, Ruled

Schema = Mapping[str, Any]
Warn = Callable[[str], None]

RULES = "x-kubernetes-validations"
EMBEDS = "x-kubernetes-embedded-resource"
LONGEST_MESSAGE = 5 * 1024
OVERLOAD = "call arguments did not match a supported operator, function or macro signature for rule: "


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

    __slots__ = ("_additional", "_all_of", "_items", "_properties", "_root", "_ruled", "_schema", "_stated")

    def __init__(self, schema: Schema, stated: Schema, root: bool) -> None:
        """`stated`: where rules are written, which is the schema itself or a part of its allOf."""
        self._schema, self._stated, self._root = schema, stated, root
        self._ruled: Ruled | None = None
        self._properties: dict[str, Rules] = {}
        self._items: Rules | None = None
        self._additional: Rules | None = None
        self._all_of: list[Rules] = []

    @property
    def is_empty(self) -> bool:
        """Whether there are none, here and below."""
        below = self._properties or self._items or self._additional or self._all_of
        return not below and not self._stated.get(RULES)

    def errors(self, obj: Obj, old: Obj | None, correlated: Correlated | None, warn: Warn) -> list[FieldError]:
        """The rules that do not hold; those that did not before are warned of."""
        found: list[FieldError] = []
        self._judge(obj, "", _Change(old, correlated, None), found, warn)
        return found

    def errors_of_default(self, value: Any, path: str) -> list[FieldError]:
        """The rules that a default does not keep, as a value that was there before and as a new one."""
        found: list[FieldError] = []
        for old in (value, None):
            self._judge(value, path, _Change(old, None, None), found, lambda text: None)
            if found:
                break
        return found

    # --- walking

    def _judge(self, value: Any, path: str, change: _Change, found: list[FieldError], warn: Warn) -> None:
        if value is None:
            return
        if self._stated.get(RULES):
            self._judge_here(value, path, change, found, warn)
        for part in self._all_of:
            part._judge(value, path, change._replace(correlated=None), found, warn)
        if isinstance(value, list):
            if self._items is not None:
                self._judge_items(self._items, value, path, change, found, warn)
        elif isinstance(value, dict):
            is_top = change.above is None
            if self._additional is not None:
                for name, each in value.items():
                    deeper = change.member(name, is_top=is_top)
                    self._additional._judge(each, f"{path}[{name}]", deeper, found, warn)
            for name, rules in self._properties.items():
                if name in value:
                    deeper = change.member(name, is_top=is_top)
                    rules._judge(value[name], f"{path}.{name}" if path else name, deeper, found, warn)

    def _judge_items(
        self, rules: Rules, value: list[Any], path: str, change: _Change, found: list[FieldError], warn: Warn
    ) -> None:
        before: dict[str, Any] = {}
        keys = self._schema.get("x-kubernetes-list-map-keys") or ()
        if self._schema.get("x-kubernetes-list-type") == "map" and isinstance(change.old, list):
            before = {_identity(item, keys): item for item in change.old}
        for index, item in enumerate(value):
            old = before.get(_identity(item, keys)) if before else None
            rules._judge(item, f"{path}[{index}]", change.item(index, old), found, warn)

    # --- judging

    def _judge_here(self, value: Any, path: str, change: _Change, found: list[FieldError], warn: Warn) -> None:
        kind, ruled = self._schema.get("type") or "", self._ruled
        if ruled is None:
            from fakekube.schema.custom.programs import ruled as compiled  # only objects with rules need the engine

            ruled = self._ruled = compiled(self._schema, self._stated[RULES], root=self._root)
        if ruled is None:
            text = "rule compiler initialization error: failed to convert to declType for CEL validation rules"
            found.append(_error(path, bad_value(kind), text))
            return
        for program in ruled.programs:
            if program.test is None or (program.uses_old and change.old is None and not program.optional_old):
                continue
            fault = _fault(program, ruled.type, value, change.old, kind)
            if fault is None:
                continue
            error = fault.told(path, value, kind)
            if fault.ratchets and not program.uses_old and change.unchanged:
                warn(f"{error.field}: {error.message}")
            else:
                found.append(error)


class _Fault(NamedTuple):
    """A rule that does not hold, or (with text alone) that cannot be judged."""

    text: str
    program: Program | None = None

    @property
    def ratchets(self) -> bool:
        return self.program is not None

    def told(self, path: str, value: Any, kind: str) -> FieldError:
        if self.program is None:
            return _error(path, bad_value(kind), self.text)
        rule = self.program.rule
        if field := rule.get("fieldPath"):
            path += field if path else field.removeprefix(".")
        shown = "" if kind in ("object", "array") else bad_value(value)
        match rule.get("reason"):
            case "FieldValueForbidden":
                return FieldError("FieldValueForbidden", path or "<nil>", f"Forbidden: {self.text}")
            case "FieldValueRequired":
                return FieldError("FieldValueRequired", path or "<nil>", f"Required value: {self.text}")
            case "FieldValueDuplicate":
                text = f"Duplicate value: {shown}" if shown else "Duplicate value"
                return FieldError("FieldValueDuplicate", path or "<nil>", text)
        return _error(path, shown, self.text)


def _error(path: str, shown: str, text: str) -> FieldError:
    start = f"Invalid value: {shown}: " if shown else "Invalid value: "
    return FieldError("FieldValueInvalid", path or "<nil>", start + text)


def _fault(program: Program, type: Type, value: Any, old: Any, kind: str) -> _Fault | None:
    from fakekube.schema.cel.values import NOTHING, EvaluationError, Optional

    convert = type.convert or (lambda each: each)
    assert program.test is not None, "asked before"
    try:
        now = convert(value)
        then = None if old is None else convert(old)
        given = then
        if program.optional_old:
            given = NOTHING if old is None else Optional(True, then)
        if program.test.program(now, given) is True:
            return None
    except EvaluationError as error:
        return _Fault(_evaluation_text(str(error), program.rule))
    return _Fault(_message(program, now, then), program)


def _evaluation_text(error: str, rule: Mapping[str, Any]) -> str:
    said = (rule.get("message") or "").strip() or rule["rule"].strip()
    if error.startswith("no such overload"):
        return f"'{error}': {OVERLOAD}{said}"
    if error.startswith("operation cancelled: actual cost limit exceeded"):
        return f"'{error}': no further validation rules will be run due to call cost exceeds limit for rule: {said}"
    return f"{error} evaluating rule: {said}"


def _message(program: Program, now: Any, then: Any) -> str:
    from fakekube.schema.cel.values import EvaluationError

    stated: str = (program.rule.get("message") or "").strip()
    if program.message is not None and not (program.optional_old and "oldSelf" in program.message.names):
        try:
            made = program.message.program(now, then).strip()
        except EvaluationError:
            made = ""
        if made and len(made.encode()) <= LONGEST_MESSAGE and "\n" not in made:
            return str(made)
    return stated or f"failed rule: {program.rule['rule'].strip()}"


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
                found._items = rules
            else:
                found._additional = rules
    properties = schema.get("properties") or {}
    for name, part in (stated.get("properties") or {}).items():
        node = properties.get(name)
        if node is None:
            continue
        rules = _made(part, node, bool(node.get(EMBEDS)))
        if rules is not None and _can_be_seen(node):
            found._properties[name] = rules
    parts = [_made(part, schema, root) for part in stated.get("allOf") or () if _has_rules(part)]
    found._all_of = [part for part in parts if part is not None]
    return None if found.is_empty else found


def _can_be_seen(schema: Schema) -> bool:
    """Whether rules can see the schema's values."""
    from fakekube.schema.custom.declared import declared

    return declared(schema, root=bool(schema.get(EMBEDS))) is not None
