"""A definition's spec as the API server judges it: what all versions have in common stands above them, once.

Its messages show parts of the spec in this form, with the names of Go's fields.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from fakekube.core.meta import Obj

COMMON = ("schema", "subresources", "additionalPrinterColumns", "selectableFields")
"""Parts of a version that stand above the versions if all have the same."""


class Spec(NamedTuple):
    """The spec, its versions without what is common to all, and the common parts (None: differing, or absent)."""

    stated: Obj
    versions: list[Obj]
    version: str
    common: dict[str, Any]

    @property
    def schema(self) -> Obj | None:
        """The schema (with openAPIV3Schema in it) of all versions."""
        return self.common.get("schema")


def internal(spec: Obj) -> Spec:
    """The spec in the judged form."""
    versions: list[Obj] = spec.get("versions") or []
    if not versions:
        return Spec(spec, [], "", {})
    first = versions[0]
    same = {
        part: first.get(part) or None if part != "schema" and part != "subresources" else first.get(part)
        for part in COMMON
        if all((each.get(part) or None) == (first.get(part) or None) for each in versions)
    }
    lifted = [{name: value for name, value in each.items() if name not in same} for each in versions]
    common = {part: value for part, value in same.items() if value is not None}
    return Spec(spec, lifted, first.get("name") or "", common)


def versions_text(versions: Iterable[Obj]) -> str:
    """The versions as messages show them."""
    return _dump([_version(each) for each in versions])


def schema_text(schema: Obj) -> str:
    """A schema as messages show it."""
    return _dump(_schema(schema))


def rule_text(rule: Obj) -> str:
    """A rule of x-kubernetes-validations as messages show it."""
    return _dump(_rule(rule))


def _dump(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _version(version: Obj) -> Obj:
    schema, subresources = version.get("schema"), version.get("subresources")
    return {
        "Name": version.get("name") or "",
        "Served": bool(version.get("served")),
        "Storage": bool(version.get("storage")),
        "Deprecated": bool(version.get("deprecated")),
        "DeprecationWarning": version.get("deprecationWarning"),
        "Schema": None if schema is None else {"OpenAPIV3Schema": _optional(schema.get("openAPIV3Schema"), _schema)},
        "Subresources": None if subresources is None else _subresources(subresources),
        "AdditionalPrinterColumns": [_column(each) for each in version.get("additionalPrinterColumns") or ()] or None,
        "SelectableFields": [{"JSONPath": each.get("jsonPath")} for each in version.get("selectableFields") or ()]
        or None,
    }


def _subresources(subresources: Obj) -> Obj:
    scale = subresources.get("scale")
    shown = None
    if scale is not None:
        shown = {
            "SpecReplicasPath": scale.get("specReplicasPath") or "",
            "StatusReplicasPath": scale.get("statusReplicasPath") or "",
            "LabelSelectorPath": scale.get("labelSelectorPath"),
        }
    return {"Status": None if subresources.get("status") is None else {}, "Scale": shown}


def _column(column: Obj) -> Obj:
    return {
        "Name": column.get("name") or "",
        "Type": column.get("type") or "",
        "Format": column.get("format") or "",
        "Description": column.get("description") or "",
        "Priority": column.get("priority") or 0,
        "JSONPath": column.get("jsonPath") or "",
    }


def _optional(value: Any, shape: Callable[[Any], Any]) -> Any:
    return None if value is None else shape(value)


def _listed(value: Any) -> Any:
    return [_schema(each) for each in value] if value else None


def _mapped(value: Any) -> Any:
    return {name: _schema(value[name]) for name in sorted(value)} if value else None


def _schema_or_bool(value: Any) -> Any:
    if isinstance(value, bool):
        return {"Allows": value, "Schema": None}
    return {"Allows": True, "Schema": _schema(value)}


def _schema_or_list(value: Any) -> Any:
    if isinstance(value, list):
        return {"Schema": None, "JSONSchemas": _listed(value)}
    return {"Schema": _schema(value), "JSONSchemas": None}


def _rule(rule: Obj) -> Obj:
    return {
        "Rule": rule.get("rule") or "",
        "Message": rule.get("message") or "",
        "MessageExpression": rule.get("messageExpression") or "",
        "Reason": rule.get("reason"),
        "FieldPath": rule.get("fieldPath") or "",
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    }


def _text(value: Any) -> Any:
    return value or ""


def _truth(value: Any) -> Any:
    return bool(value)


def _as_it_is(value: Any) -> Any:
    return value


def _some(value: Any) -> Any:
    return value or None


FIELDS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("id", "ID", _text),
    ("$schema", "Schema", _text),
    ("$ref", "Ref", _as_it_is),
    ("description", "Description", _text),
    ("type", "Type", _text),
    ("nullable", "Nullable", _truth),
    ("format", "Format", _text),
    ("title", "Title", _text),
    ("default", "Default", _as_it_is),
    ("maximum", "Maximum", _as_it_is),
    ("exclusiveMaximum", "ExclusiveMaximum", _truth),
    ("minimum", "Minimum", _as_it_is),
    ("exclusiveMinimum", "ExclusiveMinimum", _truth),
    ("maxLength", "MaxLength", _as_it_is),
    ("minLength", "MinLength", _as_it_is),
    ("pattern", "Pattern", _text),
    ("maxItems", "MaxItems", _as_it_is),
    ("minItems", "MinItems", _as_it_is),
    ("uniqueItems", "UniqueItems", _truth),
    ("multipleOf", "MultipleOf", _as_it_is),
    ("enum", "Enum", _some),
    ("maxProperties", "MaxProperties", _as_it_is),
    ("minProperties", "MinProperties", _as_it_is),
    ("required", "Required", _some),
    ("items", "Items", lambda value: _optional(value, _schema_or_list)),
    ("allOf", "AllOf", _listed),
    ("oneOf", "OneOf", _listed),
    ("anyOf", "AnyOf", _listed),
    ("not", "Not", lambda value: _optional(value, _schema)),
    ("properties", "Properties", _mapped),
    ("additionalProperties", "AdditionalProperties", lambda value: _optional(value, _schema_or_bool)),
    ("patternProperties", "PatternProperties", _mapped),
    ("dependencies", "Dependencies", _some),
    ("additionalItems", "AdditionalItems", lambda value: _optional(value, _schema_or_bool)),
    ("definitions", "Definitions", _mapped),
    ("externalDocs", "ExternalDocs", _as_it_is),
    ("example", "Example", _as_it_is),
    ("x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields", _as_it_is),
    ("x-kubernetes-embedded-resource", "XEmbeddedResource", _truth),
    ("x-kubernetes-int-or-string", "XIntOrString", _truth),
    ("x-kubernetes-list-map-keys", "XListMapKeys", _some),
    ("x-kubernetes-list-type", "XListType", _as_it_is),
    ("x-kubernetes-map-type", "XMapType", _as_it_is),
    ("x-kubernetes-validations", "XValidations", lambda value: [_rule(each) for each in value] if value else None),
)
"""The keywords of a schema in Go's order, with Go's names and what Go shows of them."""


def _schema(schema: Obj) -> Obj:
    return {go: shape(schema.get(name)) for name, go, shape in FIELDS}
