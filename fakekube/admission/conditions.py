"""matchConditions: CEL expressions that keep requests away from a webhook or a policy."""

from __future__ import annotations

from collections.abc import Sequence

from fakekube.admission.expressions import Expression, ExpressionError, Inputs, OutOfBudget, Scope
from fakekube.admission.expressions.inputs import CONDITIONS_BUDGET
from fakekube.admission.reading import aggregate
from fakekube.core.meta import Obj
from fakekube.schema.cel.types import BOOL


class ConditionError(Exception):
    """The conditions could not be evaluated, and that is to refuse the request."""


class Conditions:
    """The conditions of one webhook or policy; `fails`: what cannot be evaluated refuses the request."""

    def __init__(self, conditions: Sequence[Obj], scope: Scope, *, fails: bool) -> None:
        self._expressions = [Expression(each.get("expression") or "", scope, BOOL) for each in conditions]
        self._fails = fails

    def __bool__(self) -> bool:
        return bool(self._expressions)

    def are_met(self, inputs: Inputs) -> bool:
        """Whether all hold; one that does not hold decides, whatever is wrong with others."""
        faults: list[str] = []
        inputs.budget = CONDITIONS_BUDGET
        try:
            values = [self._value(expression, inputs, faults) for expression in self._expressions]
        except OutOfBudget as error:
            if self._fails:
                raise ConditionError(str(error)) from None
            return False
        if False in values:
            return False
        if faults and self._fails:
            raise ConditionError(aggregate(faults))
        return not faults

    @staticmethod
    def _value(expression: Expression, inputs: Inputs, faults: list[str]) -> object:
        try:
            return expression.value(inputs)
        except OutOfBudget:
            raise
        except ExpressionError as error:
            faults.append(str(error))
            return None
