"""Whether the expressions of webhook configurations and policies compile, and to what they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.core.fielderrors import FieldError, invalid

if TYPE_CHECKING:
    from fakekube.schema.cel.types import Type


class Expressions:
    """Compiles the expressions of one object; each variable may be named by what comes after it.

    params: there are parameters to be named. composed: there are variables to be named.
    """

    def __init__(self, *, params: bool = False, composed: bool = False) -> None:
        from fakekube.admission.expressions import environments  # not before there are any: CEL takes time to import
        from fakekube.schema.cel import types

        self._params = params
        self._variables: dict[str, Type] | None = {} if composed else None
        self.condition = (types.BOOL,)
        self.message = (types.STRING,)
        self.annotation = (types.STRING, types.NULL)
        self.patches = {
            "jsonPatch": types.list_of(environments.PATCH),
            "applyConfiguration": environments.OBJECT_TYPE,
        }

    def faults(
        self, field: str, source: str, *wanted: Type, shown: str = "", authorizer: bool = True, patches: bool = False
    ) -> list[FieldError]:
        """What is wrong with an expression that is to be of one of these types (of any, if there are none)."""
        return self._compiled(field, source, wanted, shown or source, authorizer=authorizer, patches=patches)[1]

    def variable(self, field: str, name: str, source: str) -> list[FieldError]:
        """What is wrong with a variable, which may be named from here on."""
        type, faults = self._compiled(field, source, (), source, authorizer=True, patches=False)
        if self._variables is not None:
            self._variables = {**self._variables, name: type}
        return faults

    def _compiled(
        self, field: str, source: str, wanted: tuple[Type, ...], shown: str, *, authorizer: bool, patches: bool
    ) -> tuple[Type, list[FieldError]]:
        from fakekube.admission.expressions import Expression, Scope

        scope = Scope(params=self._params, authorizer=authorizer, patches=patches, variables=self._variables)
        found = Expression(source, scope, *wanted)
        return found.type, [invalid(field, shown, found.fault)] if found.fault else []
