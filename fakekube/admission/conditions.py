"""matchConditions: CEL expressions that keep requests away from a webhook or a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fakekube.admission.chain import Attributes, Context
from fakekube.admission.forms import Versioned
from fakekube.core import errors
from fakekube.core.meta import Obj

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource


class ConditionError(Exception):
    """The conditions could not be evaluated, and that is to refuse the request."""


class Conditions:
    """The conditions of one webhook or policy."""

    def __init__(self, conditions: Sequence[Obj], *, fails: bool) -> None:
        self._conditions = conditions
        self._fails = fails

    def __bool__(self) -> bool:
        return bool(self._conditions)

    def are_met(self, attributes: Attributes, resource: Resource, shown: Versioned, context: Context) -> bool:
        """Whether all hold."""
        raise errors.not_implemented("matchConditions", "use rules and selectors")
