"""Applies the rules of one schema node to a value: what it tells of it, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fakekube.core.fielderrors import FieldError, go_quote
from fakekube.schema.cel.evaluating import TOO_COSTLY
from fakekube.schema.cel.values import NOTHING, EvaluationError, Optional
from fakekube.schema.custom.judging import bad_value
from fakekube.schema.custom.programs import OLD_SELF, Program, Ruled

OBJECT_BUDGET = 10_000_000
"""The most that the rules of one object may cost together."""
LONGEST_MESSAGE = 5 * 1024
OVERLOAD = "call arguments did not match a supported operator, function or macro signature for rule: "
NO_MORE = "no further validation rules will be run"
_OUT_OF_BUDGET = f"due to running out of cost budget, {NO_MORE}"

Tell = Callable[[FieldError, bool], None]


class _Stop(Exception):
    """No further rules are applied."""


class Budget:
    """What the rules of an object may still cost; less than nothing: no more are applied."""

    __slots__ = ("left",)

    def __init__(self, left: int = OBJECT_BUDGET) -> None:
        self.left = left

    def spend(self, cost: int) -> bool:
        """Whether there was so much left."""
        if cost > self.left:
            return False
        self.left -= cost
        return True


def apply(ruled: Ruled, value: Any, old: Any, path: str, kind: str, budget: Budget, tell: Tell) -> None:
    """Tell of the rules that the value does not keep.

    Told are errors, and whether they may be put up with if the value was so before. `kind`: the schema's type.
    """
    application = _Application(ruled, value, old, path, kind, budget, tell)
    try:
        if budget.left <= 0:
            application.cannot(f"validation failed {_OUT_OF_BUDGET}")
            raise _Stop
        for program in ruled.programs:
            if program.error:
                application.cannot(f"rule compile error: {program.error}")
            elif program.test is not None and (old is not None or program.optional_old or not program.uses_old):
                application.judge(program)
    except _Stop:
        budget.left = -1


class _Application:
    def __init__(self, ruled: Ruled, value: Any, old: Any, path: str, kind: str, budget: Budget, tell: Tell) -> None:
        self._value, self._path, self._kind, self._budget, self._tell = value, path, kind, budget, tell
        self._fault: EvaluationError | None = None
        self._given: tuple[Any, Any] = (None, None)
        self._has_old = old is not None
        convert = ruled.type.convert
        if convert is None:
            self._given = (value, old)
            return
        try:
            self._given = (convert(value), None if old is None else convert(old))
        except EvaluationError as error:
            self._fault = error

    def cannot(self, text: str) -> None:
        """Tell that rules could not be judged."""
        self._tell(invalid(self._path, bad_value(self._kind), text), False)

    def judge(self, program: Program) -> None:
        """The rule, and its message if it does not hold."""
        assert program.test is not None, "asked before"
        now, then = self._given
        if program.optional_old:
            then = Optional(True, then) if self._has_old else NOTHING
        try:
            if self._fault is not None:
                raise self._fault
            holds, cost = program.test.program.evaluate((now, then))
        except EvaluationError as error:
            self._spend(error.cost)
            self.cannot(_evaluation_text(str(error), program.rule))
            if str(error).startswith(TOO_COSTLY):
                raise _Stop from None
            return
        self._spend(cost)
        if holds is not True:
            text = self._made_message(program) or _stated_message(program.rule)
            self._tell(_fault(program.rule, self._path, self._value, self._kind, text), not program.uses_old)

    def _spend(self, cost: int) -> None:
        if not self._budget.spend(cost):
            self.cannot(f"validation failed {_OUT_OF_BUDGET}")
            raise _Stop

    def _made_message(self, program: Program) -> str:
        """What the messageExpression comes to; '' if that is of no use."""
        if program.message is None or (program.optional_old and OLD_SELF in program.message.names):
            return ""
        try:
            made, cost = program.message.program.evaluate(self._given)
        except EvaluationError as error:
            self._spend_on_message(program, error.cost)
            if str(error).startswith(TOO_COSTLY):
                quoted = go_quote(program.rule["messageExpression"])
                why = f"due to call cost exceeds limit for messageExpression: {quoted}"
                self._stop_at_message(program, f"{NO_MORE} {why}")
            return ""
        self._spend_on_message(program, cost)
        text: str = made.strip() if isinstance(made, str) else ""
        return "" if "\n" in text or len(text.encode()) > LONGEST_MESSAGE else text

    def _spend_on_message(self, program: Program, cost: int) -> None:
        if not self._budget.spend(cost):
            self._stop_at_message(program, f"messageExpression evaluation failed {_OUT_OF_BUDGET}")

    def _stop_at_message(self, program: Program, text: str) -> None:
        where = _place(program.rule, self._path)
        self._tell(invalid(where, bad_value(self._kind), text), not program.uses_old)
        raise _Stop


def invalid(path: str, shown: str, text: str) -> FieldError:
    """The value there is not valid."""
    start = f"Invalid value: {shown}: " if shown else "Invalid value: "
    return FieldError("FieldValueInvalid", path or "<nil>", start + text)


def _place(rule: Mapping[str, Any], path: str) -> str:
    field = rule.get("fieldPath") or ""
    return path + (field if path else field.removeprefix("."))


def _fault(rule: Mapping[str, Any], path: str, value: Any, kind: str, text: str) -> FieldError:
    where = _place(rule, path)
    shown = "" if kind in ("object", "array") else bad_value(value)
    match rule.get("reason"):
        case "FieldValueForbidden":
            return FieldError("FieldValueForbidden", where or "<nil>", f"Forbidden: {text}")
        case "FieldValueRequired":
            return FieldError("FieldValueRequired", where or "<nil>", f"Required value: {text}")
        case "FieldValueDuplicate":
            told = f"Duplicate value: {shown}" if shown else "Duplicate value"
            return FieldError("FieldValueDuplicate", where or "<nil>", told)
    return invalid(where, shown, text)


def _said(rule: Mapping[str, Any]) -> str:
    return (rule.get("message") or "").strip() or str(rule["rule"]).strip()


def _stated_message(rule: Mapping[str, Any]) -> str:
    return (rule.get("message") or "").strip() or f"failed rule: {rule['rule'].strip()}"


def _evaluation_text(error: str, rule: Mapping[str, Any]) -> str:
    if error.startswith("no such overload"):
        return f"'{error}': {OVERLOAD}{_said(rule)}"
    if error.startswith(TOO_COSTLY):
        return f"'{error}': {NO_MORE} due to call cost exceeds limit for rule: {_said(rule)}"
    return f"{error} evaluating rule: {_said(rule)}"
