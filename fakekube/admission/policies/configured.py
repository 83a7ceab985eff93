"""Policies and their bindings, prepared once for each version of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from fakekube.admission.chain import Attributes
from fakekube.admission.conditions import Conditions
from fakekube.admission.expressions import Expression, ExpressionError, Inputs, OutOfBudget, Scope
from fakekube.admission.expressions.inputs import Evaluate
from fakekube.admission.matching import Equivalents, Rule, Selection, chosen, missing_namespace, rules_of
from fakekube.core.meta import Obj, name_of
from fakekube.schema.cel.types import Type
from fakekube.schema.cel.values import EvaluationError

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource
    from fakekube.storage.store import Store
    from fakekube.storage.values import Key


class ConfigurationError(Exception):
    """Whether a policy is for a request, or with what parameters, cannot be told."""


class Constraints:
    """matchConstraints of a policy, or matchResources of a binding."""

    def __init__(self, match: Obj) -> None:
        self._rules = rules_of(match.get("resourceRules"))
        self._excluded = rules_of(match.get("excludeResourceRules"))
        self._equivalent = match.get("matchPolicy") == "Equivalent"
        self._selection = Selection(match.get("namespaceSelector"), match.get("objectSelector"))

    def matches(self, attributes: Attributes, store: Store, equivalents: Equivalents) -> Resource | None:
        """The resource that the request's object is known as here; None if the request is not meant."""
        selected = self._selection.matches(attributes, attributes.obj, store)
        if selected is False or self._find(self._excluded, attributes, equivalents) is not None:
            return None
        found = self._find(self._rules, attributes, equivalents) if self._rules else attributes.asked
        if found is not None and selected is None:
            raise ConfigurationError(missing_namespace(attributes).message)
        return found

    def _find(self, rules: tuple[Rule, ...], attributes: Attributes, equivalents: Equivalents) -> Resource | None:
        return chosen(rules, attributes, equivalents, equivalent=self._equivalent)


class Binding:
    """Where a policy holds, and with what parameters."""

    def __init__(self, binding: Obj) -> None:
        spec = binding["spec"]
        self.name = name_of(binding)
        self.policy: str = spec["policyName"]
        self.params: Obj | None = spec.get("paramRef")
        self.actions: list[str] = spec.get("validationActions") or []
        self._constraints = Constraints(spec["matchResources"]) if spec.get("matchResources") else None

    def matches(self, attributes: Attributes, store: Store, equivalents: Equivalents) -> bool:
        """Whether the request is meant."""
        return self._constraints is None or self._constraints.matches(attributes, store, equivalents) is not None


class Policy:
    """What both kinds of policies have."""

    def __init__(self, policy: Obj) -> None:
        spec = policy["spec"]
        self.name = name_of(policy)
        self.param_kind: Obj | None = spec.get("paramKind")
        self.fails = spec.get("failurePolicy") != "Ignore"
        self.constraints = Constraints(spec.get("matchConstraints") or {})
        has_params = self.param_kind is not None
        self.variables, types = compiled_variables(spec.get("variables") or (), has_params)
        self.scope = Scope(params=has_params, variables=types)
        self.conditions = Conditions(spec.get("matchConditions") or (), self.scope, fails=self.fails)


def compiled_variables(
    variables: list[Obj] | tuple[()], has_params: bool
) -> tuple[dict[str, Evaluate], Mapping[str, Type]]:
    """How each variable is evaluated, and its type; a variable may name those before it."""
    evaluate: dict[str, Evaluate] = {}
    types: dict[str, Type] = {}
    for variable in variables:
        name = variable["name"]
        scope = Scope(params=has_params, variables=dict(types))
        expression = Expression(variable["expression"], scope)
        types[name] = expression.type
        evaluate[name] = _evaluated(name, expression)
    return evaluate, types


def _evaluated(name: str, expression: Expression) -> Evaluate:
    def evaluate(inputs: Inputs) -> object:
        if expression.fault:
            raise EvaluationError(f'composited variable "{name}" fails to compile: {expression.fault}')
        try:
            return expression.value(inputs)
        except OutOfBudget:
            raise
        except ExpressionError as error:
            why = str(error).removeprefix(f"expression '{expression.source}' resulted in error: ")
            raise EvaluationError(f'composited variable "{name}" fails to evaluate: {why}') from None

    return evaluate


P = TypeVar("P", bound=Policy)
T = TypeVar("T")


class Prepared(Generic[T]):
    """Objects of one resource, each prepared once for each of its versions."""

    def __init__(self, store: Store, resource_id: str, prepare: Callable[[Obj], T]) -> None:
        self._store = store
        self._resource_id = resource_id
        self._prepare = prepare
        self._kept: dict[Key, tuple[int, T]] = {}

    def __iter__(self) -> Iterator[T]:
        for stored in self._store.list(self._resource_id):
            kept = self._kept.get(stored.key)
            if kept is None or kept[0] != stored.revision:
                kept = self._kept[stored.key] = (stored.revision, self._prepare(stored.view))
            yield kept[1]


class Policies(Generic[P]):
    """The policies of one kind, each with its bindings; those without any are not in force."""

    def __init__(self, store: Store, policies: str, bindings: str, prepare: Callable[[Obj], P]) -> None:
        self._policies = Prepared(store, policies, prepare)
        self._bindings = Prepared(store, bindings, Binding)

    def __iter__(self) -> Iterator[tuple[P, list[Binding]]]:
        bindings: dict[str, list[Binding]] = {}
        for binding in self._bindings:
            bindings.setdefault(binding.policy, []).append(binding)
        for policy in self._policies if bindings else ():
            if policy.name in bindings:
                yield policy, bindings[policy.name]
