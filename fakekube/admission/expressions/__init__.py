"""CEL expressions of admission: what they may name, whether they compile, and what they come to for a request."""

from fakekube.admission.expressions.compiled import Expression, ExpressionError, OutOfBudget
from fakekube.admission.expressions.environments import Scope
from fakekube.admission.expressions.inputs import Inputs

__all__ = ["Expression", "ExpressionError", "Inputs", "OutOfBudget", "Scope"]
