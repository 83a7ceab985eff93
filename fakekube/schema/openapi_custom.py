"""OpenAPI schemas of custom resources: those of their definitions, completed with what every object has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakekube.core.meta import Obj
from fakekube.schema.openapi_operations import custom_name
from fakekube.schema.openapi_schemas import (
    CONVENTIONS,
    GROUP_VERSION_KIND,
    LIST_META,
    LIST_METADATA_TEXT,
    METADATA_TEXT,
    OBJECT_META,
    Dialect,
    Prose,
)
from fakekube.schema.resources import Resource

_INT_OR_STRING = "x-kubernetes-int-or-string"
_EMBEDS = "x-kubernetes-embedded-resource"
_PRESERVES = "x-kubernetes-preserve-unknown-fields"

EITHER = [{"type": "integer"}, {"type": "string"}]
JUNCTORS = ("allOf", "oneOf", "anyOf", "not")
"""What version 2 cannot say."""

EMBEDDED_TEXTS = {
    "apiVersion": "apiVersion defines the versioned schema of this representation of an object. "
    f"More info: {CONVENTIONS}#resources",
    "kind": "kind is a string value representing the type of this object. In CamelCase. "
    f"More info: {CONVENTIONS}#types-kinds",
}


def custom_schemas(resource: Resource, dialect: Dialect, prose: Prose) -> dict[str, Obj]:
    """The schemas of a custom resource's objects and of its lists, by name."""
    name = custom_name(resource.group, resource.version, resource.kind)
    lists = custom_name(resource.group, resource.version, resource.list_kind)
    return {
        name: _object(resource, dialect, prose) | _extensions(resource, resource.kind),
        lists: _list(resource, name, dialect, prose) | _extensions(resource, resource.list_kind),
    }


def _object(resource: Resource, dialect: Dialect, prose: Prose) -> Obj:
    if resource.schema is None or (not dialect.wraps and resource.schema.get(_PRESERVES)):
        return {"type": "object"}  # with properties, kubectl would refuse all others
    found = _completed(resource.schema, dialect)
    found.setdefault("properties", {})
    found["properties"] |= {**_type_meta(prose), "metadata": _metadata(OBJECT_META, METADATA_TEXT, dialect)}
    return found


def _list(resource: Resource, name: str, dialect: Dialect, prose: Prose) -> Obj:
    text = f"List of {resource.plural}. More info: {CONVENTIONS}"
    return {
        "description": f"{resource.list_kind} is a list of {resource.kind}",
        "type": "object",
        "required": ["items"],
        "properties": {
            **_type_meta(prose),
            "items": {"description": text, "type": "array", "items": dialect.reference(name)},
            "metadata": _metadata(LIST_META, LIST_METADATA_TEXT, dialect),
        },
    }


def _extensions(resource: Resource, kind: str) -> Obj:
    found: Obj = {GROUP_VERSION_KIND: [{"group": resource.group, "kind": kind, "version": resource.version}]}
    if resource.selectable:
        paths = [{"fieldPath": path.removeprefix(".")} for path in resource.selectable]
        found["x-kubernetes-selectable-fields"] = paths
    return found


def _type_meta(prose: Prose) -> Obj:
    """apiVersion and kind, described as those of any kind are."""
    found: Obj = {}
    for field in ("apiVersion", "kind"):
        text = prose.field("io.k8s.api.core.v1.Pod", field)
        found[field] = {"description": text, "type": "string"} if text else {"type": "string"}
    return found


def _metadata(name: str, text: str, dialect: Dialect) -> Obj:
    reference = dialect.reference(name)
    return {"description": text, **({"allOf": [reference]} if dialect.wraps else reference)}


def _completed(schema: Mapping[str, Any], dialect: Dialect) -> Obj:
    """A copy of a structural schema, in the dialect, with what its extensions mean spelled out."""
    found = {key: value for key, value in schema.items() if value is not False or key == "default"}
    if not dialect.wraps:
        _simplify(found)
    if "default" in found and not dialect.defaults:
        del found["default"]
    if isinstance(found.get("properties"), Mapping):
        found["properties"] = {name: _completed(part, dialect) for name, part in sorted(found["properties"].items())}
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), Mapping):
            found[key] = _completed(found[key], dialect)
    if found.get(_INT_OR_STRING) and dialect.wraps:
        _spell_out_int_or_string(found)
    if found.get(_EMBEDS) and (dialect.wraps or not found.get(_PRESERVES)):
        _embed(found, dialect)
    return found


def _simplify(schema: Obj) -> None:
    """Take out what version 2, or its readers, do not understand."""
    for key in JUNCTORS:
        schema.pop(key, None)
    preserves = schema.get(_PRESERVES)
    if schema.pop("nullable", False) or preserves:
        if not preserves or schema.get("type") == "object":
            schema.pop("type", None)
        schema.pop("items", None)
        schema.pop("properties", None)
    if "items" not in schema and schema.get("type") == "array":
        del schema["type"]
    properties = schema.get("properties") or {}
    nullable = {name for name, part in properties.items() if part.get("nullable")}
    if nullable and "required" in schema:
        schema["required"] = [name for name in schema["required"] if name not in nullable]
    if not schema.get("required", True):
        del schema["required"]


def _spell_out_int_or_string(schema: Obj) -> None:
    """anyOf integer and string, unless it is said already."""
    every = schema.get("allOf") or [{}]
    if schema.get("anyOf") == EITHER or every[0].get("anyOf") == EITHER:
        return
    if "anyOf" in schema:
        schema["allOf"] = [{"anyOf": EITHER}, *schema.get("allOf", ())]
    else:
        schema["anyOf"] = EITHER


def _embed(schema: Obj, dialect: Dialect) -> None:
    own = {name: {"description": text, "type": "string"} for name, text in EMBEDDED_TEXTS.items()}
    metadata = _metadata(OBJECT_META, METADATA_TEXT, dialect)
    schema["properties"] = {**schema.get("properties", {}), **own, "metadata": metadata}
    required = list(schema.get("required", ()))
    schema["required"] = required + [name for name in ("kind", "apiVersion") if name not in required]
