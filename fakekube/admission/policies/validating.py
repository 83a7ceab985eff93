"""ValidatingAdmissionPolicy: expressions that must hold, and what follows if they do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from fakekube.admission.chain import Attributes, Context, Plugin
from fakekube.admission.conditions import ConditionError
from fakekube.admission.expressions import Expression, ExpressionError, Inputs, OutOfBudget, Scope
from fakekube.admission.expressions.authorizing import Authorizer
from fakekube.admission.expressions.inputs import BUDGET
from fakekube.admission.forms import Forms, Versioned
from fakekube.admission.matching import Equivalents
from fakekube.admission.policies.configured import Binding, Policies, Policy
from fakekube.admission.policies.in_force import InForce, in_force, namespace_object
from fakekube.admission.reading import refused
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from fakekube.schema.cel.types import BOOL, NULL, STRING

if TYPE_CHECKING:
    from fakekube.storage.store import Store

POLICIES = "validatingadmissionpolicies.admissionregistration.k8s.io"
BINDINGS = "validatingadmissionpolicybindings.admissionregistration.k8s.io"
KIND = "ValidatingAdmissionPolicy"
FAILURE = "validation.policy.admission.k8s.io/validation_failure"
CODES = {"Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413}
"""The HTTP codes of reasons; of others 422."""
LONGEST_MESSAGE_BYTES = 5 * 1024
LONGEST_ANNOTATION_BYTES = 10 * 1024


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a request is refused; without a binding it is the policy itself that cannot be used."""

    policy: str
    binding: str
    message: str
    reason: str = "Invalid"

    def __str__(self) -> str:
        where = f" with binding '{self.binding}'" if self.binding else ""
        return f"{KIND} '{self.policy}'{where} denied request: {self.message}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one validation came to: the message and reason of a denial."""

    index: int
    message: str
    reason: str = "Invalid"


class Validation:
    """An expression that must hold, and what is told if it does not."""

    def __init__(self, validation: Obj, policy_scope: Scope) -> None:
        self._expression = Expression(validation["expression"], policy_scope, BOOL)
        self._message = (validation.get("message") or "").strip()
        self.reason = validation.get("reason") or "Invalid"
        source = validation.get("messageExpression") or ""
        scope = Scope(params=policy_scope.params, authorizer=False, variables=policy_scope.variables)
        self._told = Expression(source, scope, STRING) if source else None

    def holds(self, inputs: Inputs) -> bool:
        """Whether the expression holds; ExpressionError if that cannot be told."""
        return self._expression.value(inputs) is True

    def message(self, inputs: Inputs) -> str:
        """What to tell: what the messageExpression comes to, the message, or the expression."""
        return self._evaluated(inputs) or self._message or f"failed expression: {self._expression.source.strip()}"

    def _evaluated(self, inputs: Inputs) -> str:
        if self._told is None:
            return ""
        try:
            found = self._told.value(inputs)
        except OutOfBudget as error:
            raise OutOfBudget(f"failed messageExpression: {error}") from None
        except ExpressionError:
            return ""
        text = found.strip() if isinstance(found, str) else ""
        return "" if "\n" in text or len(text.encode()) > LONGEST_MESSAGE_BYTES else text


class ValidatingPolicy(Policy):
    """A policy with its validations."""

    def __init__(self, policy: Obj) -> None:
        super().__init__(policy)
        spec = policy["spec"]
        self.validations = [Validation(each, self.scope) for each in spec.get("validations") or ()]
        self.annotations = [
            (each["key"], Expression(each["valueExpression"], self.scope, STRING, NULL))
            for each in spec.get("auditAnnotations") or ()
        ]


class ValidatingPolicies(Plugin):
    name = KIND

    def __init__(self, store: Store, forms: Forms, rights: Authorizer) -> None:
        self._policies = Policies(store, POLICIES, BINDINGS, ValidatingPolicy)
        self._forms = forms
        self._rights = rights
        self._equivalents: Equivalents | None = None

    async def validate(self, attributes: Attributes, context: Context) -> None:
        if self._equivalents is None:
            self._equivalents = Equivalents(context.scheme)
        judge = _Judge(attributes, context, self._rights)
        shown = Versioned(attributes, self._forms)
        denials: list[Denial] = []
        async for found in in_force(self._policies, attributes, context, self._forms, self._equivalents):
            if isinstance(found, InForce):
                fault = await self._show(shown, found)
                denials += fault if fault is not None else judge.judge(found, shown)
            elif found.policy.fails:
                denials.append(Denial(found.policy.name, found.binding, found.message))
        judge.publish()
        if denials:
            raise _refusal(attributes, denials[0])

    @staticmethod
    async def _show(shown: Versioned, found: InForce[ValidatingPolicy]) -> list[Denial] | None:
        """Have the object in the version that the policy asks for; what follows if it cannot be converted."""
        if not found.params:
            return []
        try:
            await shown.show_as(found.resource)
        except StatusError as error:
            why = f"failed to configure binding: failed to convert object version: {error.message}"
            return [Denial(found.policy.name, found.binding.name, why)] if found.policy.fails else []
        return None


def _refusal(attributes: Attributes, denial: Denial) -> StatusError:
    found = refused(attributes, str(denial), [{"message": str(denial)}])
    found.reason = denial.reason
    found.code = CODES.get(denial.reason, 422)
    return found


class _Judge:
    """Judges one request by one policy after the other; warnings and annotations are told."""

    def __init__(self, attributes: Attributes, context: Context, rights: Authorizer) -> None:
        self._attributes = attributes
        self._context = context
        self._rights = rights
        self._published: dict[str, list[str]] = {}

    def judge(self, found: InForce[ValidatingPolicy], shown: Versioned) -> Iterator[Denial]:
        """Why the policy refuses the request."""
        for param in found.params:
            yield from self._judge_one(found, shown, param)

    def _judge_one(self, found: InForce[ValidatingPolicy], shown: Versioned, param: Obj | None) -> Iterator[Denial]:
        policy, binding, variables = found.policy, found.binding, found.policy.variables
        request = (self._attributes, found.resource, shown, self._rights)
        try:
            if not policy.conditions.are_met(Inputs(*request, params=param, variables=variables)):
                return
        except ConditionError as error:
            yield from self._act(policy, binding, Decision(0, str(error)))
            return
        namespace = namespace_object(self._attributes, self._context)
        inputs = Inputs(*request, namespace=namespace, params=param, variables=variables)
        for decision in self._decisions(policy, inputs):
            yield from self._act(policy, binding, decision)
        yield from self._annotate(policy, binding, inputs)

    @staticmethod
    def _decisions(policy: ValidatingPolicy, inputs: Inputs) -> list[Decision]:
        failed: list[int] = []
        found: dict[int, Decision] = {}
        for index, validation in enumerate(policy.validations):
            try:
                if not validation.holds(inputs):
                    failed.append(index)
            except OutOfBudget as error:
                return [Decision(0, str(error))] if policy.fails else []
            except ExpressionError as error:
                if policy.fails:
                    found[index] = Decision(index, str(error))
        for index in failed:
            validation = policy.validations[index]
            try:
                found[index] = Decision(index, validation.message(inputs), validation.reason)
            except OutOfBudget as error:
                found |= {index: Decision(index, str(error))} if policy.fails else {}
        return [found[index] for index in sorted(found)]

    def _act(self, policy: Policy, binding: Binding, decision: Decision) -> Iterator[Denial]:
        """Do what the binding says is to follow."""
        for action in binding.actions:
            match action:
                case "Deny":
                    yield Denial(policy.name, binding.name, decision.message, decision.reason)
                case "Warn":
                    start = f"Validation failed for {KIND} '{policy.name}' with binding '{binding.name}'"
                    self._context.warn(f"{start}: {decision.message}")
                case "Audit":
                    failure = {
                        "message": decision.message,
                        "policy": policy.name,
                        "binding": binding.name,
                        "expressionIndex": decision.index,
                        "validationActions": binding.actions,
                    }
                    self._attributes.annotate(FAILURE, orjson.dumps([failure]).decode())

    def _annotate(self, policy: ValidatingPolicy, binding: Binding, inputs: Inputs) -> Iterator[Denial]:
        inputs.budget = BUDGET
        for key, expression in policy.annotations:
            try:
                found = expression.value(inputs)
            except ExpressionError as error:
                if policy.fails:
                    yield Denial(policy.name, binding.name, str(error))
                continue
            text: str = found.strip()[:LONGEST_ANNOTATION_BYTES] if isinstance(found, str) else ""
            if text:
                texts = self._published.setdefault(f"{policy.name}/{key}", [])
                texts += [text] if text not in texts else []

    def publish(self) -> None:
        """Tell the audit what the policies have to say, of several bindings together."""
        for key, texts in self._published.items():
            self._attributes.annotate(key, ", ".join(texts))
