"""The rules of one schema node as programs, and what is wrong with those that are none.

A definition is judged, and its objects are, by the same programs: rules are known by their text and by the schema of
the values that they are for, wherever that stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import orjson

from fakekube.schema.cel import types
from fakekube.schema.cel.checking import Environment
from fakekube.schema.cel.compiling import Compiled, compile
from fakekube.schema.cel.costs import highest_cost
from fakekube.schema.cel.faults import CompileError
from fakekube.schema.cel.library import functions
from fakekube.schema.cel.types import Type
from fakekube.schema.custom.declared import declared

SELF, OLD_SELF = "self", "oldSelf"
RULES = "x-kubernetes-validations"
KEPT_NODES = 4096
"""How many schema nodes keep the programs of their rules."""

Schema = Mapping[str, Any]


class Program:
    """A rule: what it says, and why it cannot be judged, if so."""

    def __init__(
        self,
        rule: Mapping[str, Any],
        type: Type,
        test: Compiled | None = None,
        message: Compiled | None = None,
        error: str = "",
        message_error: str = "",
    ) -> None:
        self.rule, self.test, self.message = rule, test, message
        self.error, self.message_error = error, message_error
        self.uses_old = test is not None and OLD_SELF in test.names
        self.optional_old = bool(rule.get("optionalOldSelf"))
        """Whether the rule is judged without an old value too."""
        self._type = type

    @cached_property
    def cost(self) -> int:
        """The most that the rule may cost."""
        return 0 if self.test is None else highest_cost(self.test.tree, self._type)

    @cached_property
    def message_cost(self) -> int:
        """The most that its message may cost."""
        return 0 if self.message is None else highest_cost(self.message.tree, self._type)


class Ruled(NamedTuple):
    """A schema node with rules: what they see its values as, and their programs."""

    type: Type
    programs: list[Program]


def ruled(schema: Schema, rules: Sequence[Mapping[str, Any]], *, root: bool) -> Ruled | None:
    """The rules as those of the schema's values; None if rules cannot see these. `root`: of a whole object."""
    stated = b"" if rules is schema.get(RULES) else orjson.dumps(rules)
    return _ruled(orjson.dumps(schema), stated, root)


@lru_cache(maxsize=KEPT_NODES)
def _ruled(node: bytes, stated: bytes, root: bool) -> Ruled | None:
    schema = orjson.loads(node)
    type = declared(schema, root=root)
    return None if type is None else Ruled(type, programs(orjson.loads(stated) if stated else schema[RULES], type))


def programs(rules: Sequence[Mapping[str, Any]], type: Type) -> list[Program]:
    """The programs of the rules, for values of that type."""
    plain = Environment(functions(), {SELF: type, OLD_SELF: type})
    optional = Environment(functions(), {SELF: type, OLD_SELF: types.optional_of(type)})
    return [_program(rule, type, optional if rule.get("optionalOldSelf") else plain) for rule in rules]


def _program(rule: Mapping[str, Any], type: Type, environment: Environment) -> Program:
    text, expression = rule.get("rule") or "", rule.get("messageExpression") or ""
    if not text.strip():
        return Program(rule, type)
    try:
        test = compile(text, environment)
    except CompileError as error:
        return Program(rule, type, error=f"{error.what}: {error}")
    if test.type != types.BOOL:
        return Program(rule, type, error="cel expression must evaluate to a bool")
    if not expression:
        return Program(rule, type, test)
    try:
        message = compile(expression, environment)
    except CompileError as error:
        return Program(
            rule, type, test, message_error=f"messageExpression {error.what.removeprefix('program ')}: {error}"
        )
    if message.type != types.STRING:
        return Program(rule, type, test, message_error="messageExpression must evaluate to a string")
    return Program(rule, type, test, message)
