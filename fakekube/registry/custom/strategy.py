"""What custom resources have in common, as strategy: schema, scale, embedded objects and list types are judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from fakekube.core import errors, names
from fakekube.core.fielderrors import FieldError, go_quote
from fakekube.core.gotext import go_text
from fakekube.core.jsonpath import JSONPath, PathError, simple
from fakekube.core.meta import Obj
from fakekube.registry.custom import embedded, scale
from fakekube.registry.objectmeta import STANDARD_FINALIZERS
from fakekube.registry.strategy import Context, Strategy
from fakekube.schema.crds import CustomResource
from fakekube.schema.custom.correlation import Correlated
from fakekube.schema.custom.rules import Rules, rules_of
from fakekube.schema.resources import Resource, kept_with_resource

_WHY_QUALIFIED = "to avoid accidental conflicts with other finalizer writers"

BLOCKING = frozenset(
    {"FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"}
)
"""Faults that keep rules from being judged: these take types and presence for granted."""

NOT_JUDGED = FieldError(
    "FieldValueInvalid",
    "<nil>",
    "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing "
    "errors to complete validation",
)


@kept_with_resource
def strategy_of(resource: CustomResource) -> CustomStrategy:
    """The strategy of one version of a custom resource."""
    return CustomStrategy(resource)


class CustomStrategy(Strategy):
    """One version of a custom resource: its objects are seen, prepared and judged in this version."""

    unconditional_update = False
    standard_finalizers = False
    generation_fields = None  # everything outside metadata counts: see prepare_for_update

    def __init__(self, resource: CustomResource) -> None:
        self.resource = resource
        self.model = resource.model
        self.rules: Rules | None = rules_of(resource.model.schema)
        self.field_selectors = {path.removeprefix("."): _selector(path) for path in resource.selectable}

    def default(self, obj: Obj) -> None:
        """The defaults of the schema."""
        self.model.default(obj)

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """A first generation and no status (an apply brings one); nothing new while the definition is going."""
        if "status" in self.resource.subresources:
            obj.pop("status", None)
        if self.resource.terminating:
            why = "create not allowed while custom resource definition is terminating"
            name = obj["metadata"].get("name") or ""
            raise errors.forbidden(self.resource.group, self.resource.plural, name, why)
        obj["metadata"]["generation"] = 1

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """A new generation for any change outside metadata."""
        if _without_metadata(obj) != _without_metadata(old):
            obj["metadata"]["generation"] = (old["metadata"].get("generation") or 0) + 1

    def prepare_for_status(self, context: Context, obj: Obj, old: Obj) -> None:
        """All of metadata but the book of owners is as it was."""
        managed = obj["metadata"].get("managedFields")
        obj["metadata"] = {**old["metadata"]}
        if managed:
            obj["metadata"]["managedFields"] = managed
        else:
            obj["metadata"].pop("managedFields", None)

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        found = self.model.errors(obj)
        found += scale.spec_errors(self.resource.scale, obj) + scale.status_errors(self.resource.scale, obj)
        found += self._parts(obj) + self.model.duplicates(obj)
        return self._ruled(found, context, obj, None, None)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        correlated = Correlated(obj, old, self.model.schema)
        found = self.model.errors(obj, None, correlated)
        found += scale.spec_errors(self.resource.scale, obj) + scale.status_errors(self.resource.scale, obj)
        found += self._parts(obj) + self._new_duplicates(obj, old)
        return self._ruled(found, context, obj, old, correlated)

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        correlated = Correlated(obj, old, self.model.schema)
        found: list[FieldError] = []
        status = self.model.status
        if "status" in obj and status is not None:
            found += status.errors(obj["status"], "status", correlated.member("status"))
        found += scale.status_errors(self.resource.scale, obj)
        found += self._new_duplicates(obj, old)
        return self._ruled(found, context, obj, old, correlated)

    def _parts(self, obj: Obj) -> list[FieldError]:
        return embedded.errors(obj, self.model.schema) if self.model.embeds else []

    def _new_duplicates(self, obj: Obj, old: Obj) -> list[FieldError]:
        found = self.model.duplicates(obj)
        return found if found and not self.model.duplicates(old) else []

    def _ruled(
        self, found: list[FieldError], context: Context, obj: Obj, old: Obj | None, correlated: Correlated | None
    ) -> list[FieldError]:
        if self.rules is None:
            return found
        if any(error.reason in BLOCKING for error in found):
            return [*found, NOT_JUDGED]
        return found + self.rules.errors(obj, old, correlated, context.warn)

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """About finalizers that are new and have no domain."""
        if context.request.subresource == "status":
            return []
        before = set((old or {"metadata": {}})["metadata"].get("finalizers") or ())
        added = sorted(set(obj["metadata"].get("finalizers") or ()) - before)
        return [text for name in added for text in finalizer_warnings(name)]

    def unknown_field_message(self, resource: Resource, path: str) -> str:
        return f"field label not supported: {path}"


def _without_metadata(obj: Obj) -> Obj:
    return {name: value for name, value in obj.items() if name != "metadata"}


def finalizer_warnings(name: str) -> Iterable[str]:
    """What to be wary of in a finalizer's name."""
    start = f"metadata.finalizers: {go_quote(name)}: "
    for message in names.qualified_name(name):
        yield start + message
    if "/" in name or name in STANDARD_FINALIZERS:
        return
    path = "including a path (/) " if "." in name else ""
    yield f"{start}prefer a domain-qualified finalizer name {path}{_WHY_QUALIFIED}"


def _selector(path: str) -> Callable[[Obj], str]:
    try:
        return partial(_text_at, simple(path))
    except PathError:
        return lambda obj: ""


def _text_at(path: JSONPath, obj: Obj) -> str:
    """The value at the path as field selectors compare it; absent ones are empty."""
    try:
        values: list[Any] = path.values(obj)
    except PathError:
        return ""
    return go_text(values[0]) if values and values[0] is not None else ""
