"""One expression: compiled once, evaluated for every request."""

from __future__ import annotations

from typing import Any

from fakekube.admission.expressions.environments import Scope, output_name
from fakekube.admission.expressions.inputs import Inputs
from fakekube.schema.cel.compiling import Compiled, compile
from fakekube.schema.cel.faults import CompileError
from fakekube.schema.cel.types import DYN, Type
from fakekube.schema.cel.values import EvaluationError

OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"


class ExpressionError(Exception):
    """An expression has no value; the message is the real server's."""


class OutOfBudget(ExpressionError):
    """Expressions cost more than they may together; no further ones are evaluated."""


class Expression:
    """An expression and what is wrong with it."""

    __slots__ = ("_compiled", "_names", "fault", "source")

    def __init__(self, source: str, scope: Scope, *wanted: Type) -> None:
        self.source = source
        self.fault = ""
        """Why it does not compile, or is of none of the wanted types; '' if nothing is wrong."""
        self._compiled: Compiled | None = None
        environment = scope.environment()
        self._names = tuple(environment.variables)
        try:
            self._compiled = compile(source, environment)
        except CompileError as error:
            self.fault = f"{error.what}: {error}"
            return
        if wanted and self._compiled.type not in wanted:
            self.fault = _mismatch(self._compiled.type, wanted)

    @property
    def type(self) -> Type:
        """The type of its value; dyn if it does not compile."""
        return DYN if self._compiled is None else self._compiled.type

    def value(self, inputs: Inputs) -> Any:
        """What it comes to; ExpressionError if that is nothing, OutOfBudget if that costs too much."""
        if self.fault or self._compiled is None:
            raise ExpressionError(f"compilation error: {self.fault}")
        try:
            found, cost = self._compiled.program.evaluate(inputs.values(self._names))
        except EvaluationError as error:
            _spend(inputs, error.cost)
            raise ExpressionError(f"expression '{self.source}' resulted in error: {error}") from None
        _spend(inputs, cost)
        return found


def _spend(inputs: Inputs, cost: int) -> None:
    if cost > inputs.budget:
        raise OutOfBudget(
            "validation failed due to running out of cost budget, no further validation rules will be run"
        )
    inputs.budget -= cost


def _mismatch(found: Type, wanted: tuple[Type, ...]) -> str:
    names = list(map(output_name, wanted))
    one_of = names[0] if len(names) == 1 else f"one of [{' '.join(names)}]"
    return f"must evaluate to {one_of} but got {output_name(found)}"
