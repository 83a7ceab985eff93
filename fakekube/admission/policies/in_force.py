"""Which policies are for a request, by which bindings, with what parameters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from fakekube.admission.chain import Attributes, Context
from fakekube.admission.forms import Forms
from fakekube.admission.matching import Equivalents, missing_namespace
from fakekube.admission.policies.configured import Binding, ConfigurationError, Policies, Policy
from fakekube.admission.policies.params import collect, param_resource
from fakekube.admission.reading import lookup
from fakekube.core.meta import Obj

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource

P = TypeVar("P", bound=Policy)


@dataclass(frozen=True, slots=True)
class InForce(Generic[P]):
    """A policy that is for the request by a binding; `resource` is what the policy knows its object as."""

    policy: P
    binding: Binding
    resource: Resource
    params: list[Obj | None]


@dataclass(frozen=True, slots=True)
class Misconfigured(Generic[P]):
    """A policy that may be for the request; without a binding it is the policy itself that cannot be used."""

    policy: P
    binding: str
    message: str


async def in_force(
    policies: Policies[P], attributes: Attributes, context: Context, forms: Forms, equivalents: Equivalents
) -> AsyncIterator[InForce[P] | Misconfigured[P]]:
    """What is for the request, in the order of names."""
    for policy, bindings in policies:
        try:
            resource = policy.constraints.matches(attributes, context.store, equivalents)
            if resource is None:
                continue
            params = param_resource(policy, context)
        except ConfigurationError as error:
            yield Misconfigured(policy, "", f"failed to configure policy: {error}")
            continue
        for binding in bindings:
            try:
                if binding.matches(attributes, context.store, equivalents):
                    given = await collect(params, binding, attributes, context, forms)
                    yield InForce(policy, binding, resource, given)
            except ConfigurationError as error:
                yield Misconfigured(policy, binding.name, f"failed to configure binding: {error}")


def namespace_object(attributes: Attributes, context: Context) -> Obj | None:
    """The namespace of the request as expressions are shown it; that of a Namespace is none."""
    if not attributes.namespace or attributes.resource.id == "namespaces":
        return None
    found = lookup(context.store, "namespaces", "", attributes.namespace)
    if found is None:
        raise missing_namespace(attributes)
    return found
