"""MutatingAdmissionPolicy: expressions that make apply configurations or JSON patches of an object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from fakekube.admission.chain import Attributes, Context, Plugin
from fakekube.admission.conditions import ConditionError
from fakekube.admission.expressions import Expression, ExpressionError, Inputs, Scope
from fakekube.admission.expressions.authorizing import Authorizer
from fakekube.admission.expressions.environments import OBJECT, OBJECT_TYPE, PATCH
from fakekube.admission.expressions.results import NotJson, as_json, misnamed
from fakekube.admission.forms import Forms, Versioned
from fakekube.admission.matching import Equivalents
from fakekube.admission.policies.configured import Binding, Policies, Policy
from fakekube.admission.policies.in_force import InForce, in_force, namespace_object
from fakekube.admission.reading import refused
from fakekube.core import errors
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, name_of, namespace_of
from fakekube.core.patches import PatchRefused, TestFailed, patched
from fakekube.schema.cel.types import list_of

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource
    from fakekube.storage.store import Store

POLICIES = "mutatingadmissionpolicies.admissionregistration.k8s.io"
BINDINGS = "mutatingadmissionpolicybindings.admissionregistration.k8s.io"
MEMBERS = ("op", "path", "from", "value")


class MutationError(Exception):
    """A mutation could not be made."""


class Mutation:
    """One expression and what its value means."""

    def __init__(self, mutation: Obj, scope: Scope) -> None:
        self._is_patch = mutation.get("patchType") == "JSONPatch"
        source = (mutation.get("jsonPatch" if self._is_patch else "applyConfiguration") or {}).get("expression") or ""
        wanted = list_of(PATCH) if self._is_patch else OBJECT_TYPE
        patching = Scope(params=scope.params, patches=True, variables=scope.variables)
        self._expression = Expression(source, patching, wanted)

    def apply(self, inputs: Inputs, resource: Resource, subresource: str, obj: Obj, forms: Forms) -> Obj:
        """What becomes of the object (which stays); MutationError, or StatusError for what no policy excuses."""
        if self._expression.fault:
            raise MutationError(self._expression.fault)
        try:
            value = self._expression.value(inputs)
            if self._is_patch:
                return self._patched(value, resource, subresource, obj, forms)
            return forms.read(resource, subresource, self._merged(value, resource, subresource, obj, forms))
        except (ExpressionError, NotJson) as error:
            raise MutationError(str(error)) from None

    @staticmethod
    def _merged(value: Any, resource: Resource, subresource: str, obj: Obj, forms: Forms) -> Obj:
        _check_names(value)
        configuration = {**as_json(value), "kind": obj["kind"], "apiVersion": obj["apiVersion"]}
        try:
            return forms.merge(resource, subresource, obj, configuration)
        except ValueError as error:
            raise MutationError(f"error applying patch: {error}") from None

    @staticmethod
    def _patched(value: list[Any], resource: Resource, subresource: str, obj: Obj, forms: Forms) -> Obj:
        operations = [_operation(each) for each in value]
        try:
            changed = patched(forms.copy(obj), operations)
        except TestFailed:
            return obj
        except PatchRefused as error:
            raise MutationError(f"JSON Patch: {error}") from None
        try:
            return forms.read(resource, subresource, changed, strict=True)
        except ValueError as error:
            raise errors.internal(str(error)) from None


def _check_names(value: Any) -> None:
    found = list(misnamed(value, OBJECT))
    if found:
        raise MutationError("type mismatch: " + "\n".join(found))


def _operation(value: Any) -> Obj:
    members = dict(value.items())
    if getattr(members.get("value"), "type_name", "").startswith(OBJECT):
        _check_names(members["value"])
    found = {name: as_json(members[name]) for name in MEMBERS if name in members}
    return {"op": "", "path": "", **found}


class MutatingPolicy(Policy):
    """A policy with its mutations."""

    def __init__(self, policy: Obj) -> None:
        super().__init__(policy)
        spec = policy["spec"]
        self.mutations = [Mutation(each, self.scope) for each in spec.get("mutations") or ()]
        self.reinvoked = spec.get("reinvocationPolicy") == "IfNeeded"


@dataclass(frozen=True, slots=True)
class Invocation:
    """A policy with a binding and a parameter, for a request that both are for."""

    policy: MutatingPolicy
    binding: Binding
    resource: Resource
    param: Obj | None

    @property
    def id(self) -> tuple[str, ...]:
        """Tells it from all others."""
        param = () if self.param is None else (namespace_of(self.param), name_of(self.param))
        return (self.policy.name, self.binding.name, *param)


@dataclass(slots=True)
class _Rounds:
    """Which policies are to be invoked again in the second round."""

    invoked: set[tuple[str, ...]] = field(default_factory=set)
    again: set[tuple[str, ...]] = field(default_factory=set)
    last: bytes = b""

    def need_another(self) -> None:
        self.again |= self.invoked
        self.invoked = set()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a policy refuses a request."""

    policy: str
    binding: str
    message: str
    reason: str = ""

    def __str__(self) -> str:
        if not self.binding:
            return f'policy "{self.policy}" denied request: {self.message}'
        return f"policy '{self.policy}' with binding '{self.binding}' denied request: {self.message}"


class MutatingPolicies(Plugin):
    name = "MutatingAdmissionPolicy"

    def __init__(self, store: Store, forms: Forms, rights: Authorizer) -> None:
        self._policies = Policies(store, POLICIES, BINDINGS, MutatingPolicy)
        self._forms = forms
        self._rights = rights
        self._equivalents: Equivalents | None = None

    async def admit(self, attributes: Attributes, context: Context) -> None:
        if self._equivalents is None:
            self._equivalents = Equivalents(context.scheme)
        faults: list[Fault] = []
        invocations: list[Invocation] = []
        async for found in in_force(self._policies, attributes, context, self._forms, self._equivalents):
            if not isinstance(found, InForce):
                faults += [Fault(found.policy.name, found.binding, found.message)] if found.policy.fails else []
                continue
            try:
                await Versioned(attributes, self._forms).show_as(found.resource)
            except StatusError as error:
                why = f"failed to configure policy: {error.message}"
                faults += [Fault(found.policy.name, "", why)] if found.policy.fails else []
                continue
            invocations += [Invocation(found.policy, found.binding, found.resource, each) for each in found.params]
        if invocations:
            faults += await self._invoke(invocations, attributes, context)
        if faults:
            raise _refusal(attributes, faults)

    async def _invoke(self, invocations: list[Invocation], attributes: Attributes, context: Context) -> list[Fault]:
        """Invoke one after the other: each sees what those before it changed."""
        faults: list[Fault] = []
        rounds: _Rounds = attributes.kept.setdefault(self.name, _Rounds())
        if attributes.again and rounds.last != _image(attributes.obj):
            rounds.need_another()
        shown = Versioned(attributes, self._forms)
        namespace = namespace_object(attributes, context)
        mutated = False
        for invocation in invocations:
            await shown.show_as(invocation.resource)
            before, policy = shown.obj, invocation.policy
            run = _Run(invocation, attributes, shown, self._rights, namespace, self._forms)
            try:
                if not policy.conditions.are_met(run.inputs(with_namespace=False)):
                    continue
            except ConditionError as error:
                faults.append(Fault(policy.name, invocation.binding.name, str(error), "Invalid"))
                continue
            if attributes.again and invocation.id not in rounds.again:
                continue
            told = run.mutate()
            faults += told if policy.fails else []
            mutated = mutated or run.mutated
            if shown.obj != before:
                rounds.need_another()
                attributes.wants_another_round = True
            if policy.reinvoked:
                rounds.invoked.add(invocation.id)
        if mutated:  # whatever came of it; so those that ask for it are invoked again for their own sake
            rounds.need_another()
            attributes.wants_another_round = True
        await shown.give_back()
        rounds.last = _image(attributes.obj)
        return faults


def _image(obj: Obj | None) -> bytes:
    return b"" if obj is None else orjson.dumps(obj, option=orjson.OPT_SORT_KEYS)


class _Run:
    """One invocation for one request."""

    def __init__(
        self,
        invocation: Invocation,
        attributes: Attributes,
        shown: Versioned,
        rights: Authorizer,
        namespace: Obj | None,
        forms: Forms,
    ) -> None:
        self._invocation = invocation
        self._attributes = attributes
        self._shown = shown
        self._rights = rights
        self._namespace = namespace
        self._forms = forms
        self.mutated = False
        """Whether a mutation could be made."""

    def inputs(self, *, with_namespace: bool = True) -> Inputs:
        """What expressions see now."""
        return Inputs(
            self._attributes,
            self._invocation.resource,
            self._shown,
            self._rights,
            namespace=self._namespace if with_namespace else None,
            params=self._invocation.param,
            variables=self._invocation.policy.variables,
        )

    def mutate(self) -> list[Fault]:
        """Make the mutations in their order."""
        policy, resource, faults = self._invocation.policy, self._invocation.resource, []
        for mutation in policy.mutations:
            obj = self._shown.obj
            if obj is None:
                continue
            try:
                found = mutation.apply(self.inputs(), resource, self._attributes.subresource, obj, self._forms)
            except MutationError as error:
                faults.append(Fault(policy.name, self._invocation.binding.name, str(error), "Invalid"))
                continue
            self.mutated = True
            if found != obj:
                self._shown.put(found)
        return faults


def _refusal(attributes: Attributes, faults: list[Fault]) -> StatusError:
    found = refused(attributes, "", [{"message": str(fault)} for fault in faults])
    found.message = str(faults[0])
    found.reason = faults[0].reason or "Forbidden"
    return found
