"""Structural schemas of CustomResourceDefinitions as types of the common model, for apply and whoever walks objects.

Custom objects are not decoded as Go types: their pruning, defaulting and validation follow the schema itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakekube.schema.typed import ANY, MISSING, Field, List, Map, Scalar, Struct, Type

_SCALARS = {"string": "string", "integer": "int64", "number": "double", "boolean": "bool"}

_PRESERVES = "x-kubernetes-preserve-unknown-fields"
_EMBEDS = "x-kubernetes-embedded-resource"

Schema = Mapping[str, Any]


def custom_type(name: str, schema: Schema, metadata: Struct) -> Struct:
    """The type of a custom resource's objects: `schema` with apiVersion, kind and metadata."""
    found = from_openapi({"type": "object", **schema, _EMBEDS: True}, metadata, name)
    assert isinstance(found, Struct)
    return found


def from_openapi(schema: Schema, metadata: Struct, name: str = "") -> Type:
    """The type of a structural schema; `metadata` is ObjectMeta, for the objects embedded in it."""
    nullable = bool(schema.get("nullable"))
    if schema.get("x-kubernetes-int-or-string"):
        return Scalar("intOrString", nullable=nullable)
    match schema.get("type"):
        case "object":
            return _object(schema, metadata, name, nullable)
        case "array":
            return _list(schema, metadata, name, nullable)
        case str() as kind if kind in _SCALARS:
            return Scalar(_SCALARS[kind], enum=tuple(schema.get("enum", ())), nullable=nullable)
    return ANY


def _object(schema: Schema, metadata: Struct, name: str, nullable: bool) -> Type:
    atomic = schema.get("x-kubernetes-map-type") == "atomic"
    additional = schema.get("additionalProperties")
    if additional and not schema.get(_EMBEDS):
        item = from_openapi(additional, metadata, f"{name}.*") if isinstance(additional, Mapping) else ANY
        return Map(item, "map[string]interface {}", atomic=atomic, nullable=nullable)
    return Struct(
        name,
        lambda: _fields(schema, metadata, name),
        atomic=atomic,
        extra=ANY if schema.get(_PRESERVES) else None,
        embedded=bool(schema.get(_EMBEDS)),
        nullable=nullable,
    )


def _fields(schema: Schema, metadata: Struct, name: str) -> dict[str, Field]:
    required = set(schema.get("required", ()))
    found = {
        key: Field(
            key,
            from_openapi(part, metadata, f"{name}.{key}"),
            required=key in required,
            default=part.get("default", MISSING),
        )
        for key, part in schema.get("properties", {}).items()
    }
    if schema.get(_EMBEDS):
        own = {"apiVersion": Scalar("string"), "kind": Scalar("string"), "metadata": metadata}
        found |= {key: Field(key, of) for key, of in own.items()}
    return found


def _list(schema: Schema, metadata: Struct, name: str, nullable: bool) -> Type:
    items = schema.get("items")
    return List(
        from_openapi(items, metadata, f"{name}[]") if items else ANY,
        "[]interface {}",
        list_type=schema.get("x-kubernetes-list-type", "atomic"),
        keys=tuple(schema.get("x-kubernetes-list-map-keys", ())),
        nullable=nullable,
    )
