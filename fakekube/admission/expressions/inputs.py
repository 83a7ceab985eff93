"""The values of what expressions name, for one request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fakekube.admission.chain import Attributes
from fakekube.admission.expressions.authorizing import Authorizer, AuthorizerValue, ResourceCheck
from fakekube.admission.expressions.environments import NAMESPACE_METADATA
from fakekube.admission.forms import Versioned
from fakekube.admission.matching import namespace_of
from fakekube.admission.requests import request_of
from fakekube.core.meta import Obj
from fakekube.schema.cel.values import EvaluationError, Struct

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource

Evaluate = Callable[["Inputs"], Any]
BUDGET, CONDITIONS_BUDGET = 10_000_000, 2_500_000
"""What expressions may cost together: those of a policy for one object, and conditions."""
UNSEEN = ("uid", "object", "oldObject")
"""Parts of an AdmissionRequest that `request` does not have."""


class Inputs:
    """What expressions are shown of one request, made when first asked for."""

    def __init__(
        self,
        attributes: Attributes,
        resource: Resource,
        shown: Versioned,
        rights: Authorizer,
        *,
        namespace: Obj | None = None,
        params: Obj | None = None,
        variables: Mapping[str, Evaluate] | None = None,
    ) -> None:
        self._attributes = attributes
        self._resource = resource
        self._rights = rights
        self._variables = variables or {}
        self._values: dict[str, Any] = {
            "object": shown.obj,
            "oldObject": shown.old,
            "namespaceObject": None if namespace is None else _seen(namespace),
            "params": params,
        }
        self._shown = shown
        self.budget = BUDGET
        """What expressions may still cost."""

    def values(self, names: Sequence[str]) -> list[Any]:
        """The values of these variables."""
        found = self._values
        for name in names:
            if name not in found:
                found[name] = _MADE[name](self)
        return [found[name] for name in names]

    def _request(self) -> Obj:
        request = request_of(self._attributes, self._resource, self._shown, "")
        return {name: value for name, value in request.items() if name not in UNSEEN}

    def _authorizer(self) -> AuthorizerValue:
        attributes, resource = self._attributes, self._attributes.asked
        found = AuthorizerValue(self._rights, attributes.user, None)
        found.raw = {
            "requestResource": ResourceCheck(
                found,
                resource.group,
                resource.plural,
                attributes.subresource,
                namespace_of(attributes),
                attributes.name,
            )
        }
        return found

    def _lazily(self) -> Variables:
        return Variables(self, self._variables)


_MADE: dict[str, Callable[[Inputs], Any]] = {
    "request": Inputs._request,
    "authorizer": Inputs._authorizer,
    "variables": Inputs._lazily,
}


class Variables(Struct):
    """The variables of a policy: each is evaluated when first asked for."""

    __slots__ = ("_evaluate", "_inputs", "_known")
    type_name = "kubernetes.variables"

    def __init__(self, inputs: Inputs, evaluate: Mapping[str, Evaluate]) -> None:
        super().__init__({}, {})
        self._inputs = inputs
        self._evaluate = evaluate
        self._known: dict[str, Any] = {}

    def has(self, name: str) -> bool:
        """Whether there is such a variable."""
        return name in self._evaluate

    def get(self, name: str) -> Any:
        """The variable's value."""
        if name not in self._known:
            if name not in self._evaluate:
                raise EvaluationError(f"no such key: {name}")
            self._known[name] = self._evaluate[name](self._inputs)
        return self._known[name]

    def items(self) -> Iterator[tuple[str, Any]]:
        """All of them."""
        return ((name, self.get(name)) for name in self._evaluate)


def _seen(namespace: Obj) -> Obj:
    """A Namespace as expressions see it."""
    metadata = namespace["metadata"]
    return {
        **namespace,
        "metadata": {name: metadata[name] for name in (*NAMESPACE_METADATA, "uid") if name in metadata},
    }
