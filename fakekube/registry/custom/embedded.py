"""Whole objects within custom objects (x-kubernetes-embedded-resource): their metadata is read and judged as such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, invalid, required
from fakekube.core.meta import Obj
from fakekube.registry import objectmeta
from fakekube.schema import decoding
from fakekube.schema.custom.correlation import member_schema
from fakekube.schema.custom.judging import bad_value
from fakekube.schema.custom.model import EMBEDS
from fakekube.schema.decoding import DecodeError
from fakekube.schema.typed import Type

Schema = Mapping[str, Any]

FIXED_NAME = "fakename"
"""Stands in for a name that is absent: it need not be there."""


def coerce(value: Any, schema: Schema, metadata: Type, path: str, unknown: list[str]) -> None:
    """Make the metadata of embedded objects canonical, in place; `unknown` gets the paths of fields dropped from it.

    DecodeError names the first that cannot be read.
    """
    if type(value) is list:
        items = schema.get("items")
        if isinstance(items, dict):
            for index, each in enumerate(value):
                coerce(each, items, metadata, f"{path}[{index}]", unknown)
        return
    if type(value) is not dict:
        return
    if schema.get(EMBEDS):
        _coerce_object(value, metadata, path, unknown)
    for name, each in value.items():
        below = member_schema(schema, name)
        if below is not None and isinstance(each, dict | list):
            coerce(each, below, metadata, _below(schema, path, name), unknown)


def _below(schema: Schema, path: str, name: str) -> str:
    if name not in (schema.get("properties") or {}):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else name


def _coerce_object(value: Obj, metadata: Type, path: str, unknown: list[str]) -> None:
    for name in ("apiVersion", "kind"):
        if name in value and not isinstance(value[name], str):
            raise DecodeError(f"{path}.{name}: Invalid value: {bad_value(value[name])}: must be a string")
    if "metadata" not in value:
        return
    where = f"{path}.metadata"
    try:
        found = decoding.decode(metadata, value["metadata"] or {})
    except DecodeError as error:
        raise DecodeError(f"{where}: Invalid value: {bad_value(value['metadata'])}: {error}") from None
    unknown += [f"{where}.{problem.partition(chr(34))[2].rstrip(chr(34))}" for problem in found.strict]
    value["metadata"] = {name: each for name, each in found.value.items() if each is not None}


def errors(value: Any, schema: Schema, path: str = "") -> list[FieldError]:
    """What is wrong with apiVersion, kind and metadata of embedded objects."""
    found: list[FieldError] = []
    if type(value) is list:
        items = schema.get("items")
        if isinstance(items, dict):
            for index, each in enumerate(value):
                found += errors(each, items, f"{path}[{index}]")
        return found
    if type(value) is not dict:
        return found
    if schema.get(EMBEDS):
        found += _object_errors(value, path)
    for name, each in value.items():
        below = member_schema(schema, name)
        if below is not None and isinstance(each, dict | list):
            found += errors(each, below, _below(schema, path, name))
    return found


def _object_errors(value: Obj, path: str) -> list[FieldError]:
    found = [required(f"{path}.{name}") for name in ("apiVersion", "kind") if name not in value]
    if "apiVersion" in value:
        found += _version_errors(value["apiVersion"], f"{path}.apiVersion")
    if "kind" in value:
        found += _kind_errors(value["kind"], f"{path}.kind")
    if "metadata" in value:
        found += _metadata_errors(value["metadata"], f"{path}.metadata")
    return found


def _version_errors(value: str, path: str) -> list[FieldError]:
    if not value:
        return [invalid(path, value, "must not be empty")]
    return [invalid(path, value, f"unexpected GroupVersion string: {value}")] if value.count("/") > 1 else []


def _kind_errors(value: str, path: str) -> list[FieldError]:
    if not value:
        return [invalid(path, value, "must not be empty")]
    wrong = names.dns1035_label(value.lower())
    text = "may have mixed case, but should otherwise match: " + ",".join(wrong)
    return [invalid(path, value, text)] if wrong else []


def _metadata_errors(meta: Obj, path: str) -> list[FieldError]:
    """The rules of metadata, for names that need only stand in a path."""
    found: list[FieldError] = []
    prefix, name = meta.get("generateName"), meta.get("name") or FIXED_NAME
    if prefix:
        found += [invalid(f"{path}.generateName", prefix, each) for each in names.path_segment_prefix(prefix)]
    found += [invalid(f"{path}.name", name, each) for each in names.path_segment(name)]
    namespace = meta.get("namespace")
    if namespace:
        found += [invalid(f"{path}.namespace", namespace, each) for each in names.dns1123_label(namespace)]
    for error in objectmeta.content_errors(meta):
        found.append(FieldError(error.reason, path + error.field.removeprefix("metadata"), error.message))
    return found
