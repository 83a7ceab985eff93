"""The parameters that a binding gives to its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.admission.chain import Attributes, Context
from fakekube.admission.forms import Forms
from fakekube.admission.matching import namespace_of
from fakekube.admission.policies.configured import Binding, ConfigurationError, Policy
from fakekube.core import selectors
from fakekube.core.meta import Obj, labels_of, split_api_version
from fakekube.storage.values import Key, Stored

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource

NONE_FOUND = "no params found for policy binding with `Deny` parameterNotFoundAction"
NO_NAMESPACE = "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"


def param_resource(policy: Policy, context: Context) -> Resource | None:
    """The resource of the policy's parameters; None if it has none."""
    if policy.param_kind is None:
        return None
    group, version = split_api_version(policy.param_kind["apiVersion"])
    kind = policy.param_kind["kind"]
    found = context.scheme.by_kind(group, version, kind)
    if found is None:
        text = f"{group}/{version}, Kind={kind}"
        raise ConfigurationError(f"failed to find resource referenced by paramKind: '{text}'")
    return found


async def collect(
    resource: Resource | None, binding: Binding, attributes: Attributes, context: Context, forms: Forms
) -> list[Obj | None]:
    """The parameters to evaluate the policy with, one after the other; [None] if it takes none, [] if none are there
    and that is allowed."""
    wanted = binding.params
    if resource is None or wanted is None:
        return [None]
    stored = _found(resource, wanted, attributes, context)
    if not stored and wanted.get("parameterNotFoundAction") == "Deny":
        raise ConfigurationError(NONE_FOUND)
    return [await forms.show(resource, each) for each in stored]


def _found(resource: Resource, wanted: Obj, attributes: Attributes, context: Context) -> list[Stored]:
    stated = wanted.get("namespace") or ""
    if stated and not resource.namespaced:
        raise ConfigurationError("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
    namespace = (stated or namespace_of(attributes)) if resource.namespaced else ""
    if resource.namespaced and not namespace:
        raise ConfigurationError(NO_NAMESPACE)
    resource_id = resource.storage.id
    if wanted.get("name"):
        only = context.store.get(Key(resource_id, namespace, wanted["name"]))
        return [] if only is None else [only]
    selector = selectors.from_object(wanted.get("selector"))
    found = context.store.list(resource_id, namespace)
    return [each for each in found if selector.matches(labels_of(each.view))]
