"""The rules of one schema node as programs, and what is wrong with those that are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fakekube.schema.cel import types
from fakekube.schema.cel.checking import Environment
from fakekube.schema.cel.compiling import Compiled, compile
from fakekube.schema.cel.faults import CompileError
from fakekube.schema.cel.library import functions
from fakekube.schema.cel.types import Type

SELF, OLD_SELF = "self", "oldSelf"


@dataclass(frozen=True, slots=True)
class Program:
    """A rule: what it says, and why it cannot be judged, if so."""

    rule: Mapping[str, Any]
    test: Compiled | None = None
    message: Compiled | None = None
    uses_old: bool = False
    error: str = ""
    message_error: str = ""

    @property
    def optional_old(self) -> bool:
        """Whether the rule is judged without an old value too."""
        return bool(self.rule.get("optionalOldSelf"))


def programs(rules: Sequence[Mapping[str, Any]], type: Type) -> list[Program]:
    """The programs of the rules, for values of that type."""
    plain = Environment(functions(), {SELF: type, OLD_SELF: type})
    optional = Environment(functions(), {SELF: type, OLD_SELF: types.optional_of(type)})
    return [_program(rule, optional if rule.get("optionalOldSelf") else plain) for rule in rules]


def _program(rule: Mapping[str, Any], environment: Environment) -> Program:
    text, expression = rule.get("rule") or "", rule.get("messageExpression") or ""
    if not text.strip():
        return Program(rule)
    try:
        test = compile(text, environment)
    except CompileError as error:
        return Program(rule, error=f"compilation failed: {error}")
    if test.type != types.BOOL:
        return Program(rule, error="cel expression must evaluate to a bool")
    uses_old = test.names(OLD_SELF)
    if not expression:
        return Program(rule, test, uses_old=uses_old)
    try:
        message = compile(expression, environment)
    except CompileError as error:
        why = f"messageExpression compilation failed: {error}"
        return Program(rule, test, uses_old=uses_old, message_error=why)
    if message.type != types.STRING:
        why = "messageExpression must evaluate to a string"
        return Program(rule, test, uses_old=uses_old, message_error=why)
    return Program(rule, test, message, uses_old)
