"""Custom objects as they come in: metadata is decoded like anyone's, the rest follows their definition's schema."""

from __future__ import annotations

import re
from typing import Any

from fakekube.core import errors
from fakekube.core.fielderrors import invalid, invalid_object
from fakekube.core.meta import Obj
from fakekube.registry.custom.embedded import coerce
from fakekube.schema import decoding, inspecting
from fakekube.schema.crds import CustomResource
from fakekube.schema.typed import Type

_MAY_BE_REWRITTEN = re.compile(rb"[0-9](\.0|[eE]|[0-9]{17})").search
_INT64 = 1 << 63


def check_stated(resource: CustomResource, value: Obj) -> None:
    """400 for a body that does not say what it is: it need not be said of built-in kinds alone."""
    if not value.get("kind"):
        raise errors.bad_request("Object 'Kind' is missing in 'unstructured object has no kind'")
    if not value.get("apiVersion"):
        raise errors.wrong_version("", resource.api_version)


def check_kind(resource: CustomResource, api_version: str, kind: str, value: Obj) -> None:
    """400 for a body of another version than the path's, 422 for one of another kind."""
    wanted = f"{resource.group}/{resource.version}"
    if api_version != wanted:
        raise errors.wrong_version(api_version, wanted)
    if kind != resource.kind:
        metadata = value.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else ""
        raise invalid_object(resource.group, kind, name or "", [invalid("kind", kind, f"must be {resource.kind}")])


def decode(resource: CustomResource, value: Obj, raw: bytes, *, parsed: bool = True) -> tuple[Obj, list[str]]:
    """The canonical object, pruned and defaulted, and what a strict reading has against it.

    `raw` is the JSON text it was parsed from, if duplicate members are to be told; `parsed` that its numbers are as
    JSON parsers give them. DecodeError for metadata that cannot be read.
    """
    problems = inspecting.duplicates(raw, value) if raw else []
    metadata = decode_metadata(resource, value.get("metadata"), "metadata")
    problems += metadata[1]
    found = dict(value)
    if not parsed or not raw or _MAY_BE_REWRITTEN(raw):
        found = numbers(found)
    problems += unknown(resource.model.prune(found))
    if resource.model.embeds:
        told: list[str] = []
        coerce(found, resource.model.schema, metadata_type(resource), "", told)
        problems += unknown(sorted(told))
    found["metadata"] = metadata[0]
    resource.model.default(found)
    return found, problems


def unknown(paths: list[str]) -> list[str]:
    """How a strict reading tells of fields that are not known."""
    return [f'unknown field "{path}"' for path in paths]


def metadata_type(resource: CustomResource) -> Type:
    """ObjectMeta."""
    return resource.type.fields["metadata"].type


def decode_metadata(resource: CustomResource, value: Any, path: str) -> tuple[Obj, list[str]]:
    """The canonical metadata, and its unknown fields by their path in the object."""
    found = decoding.decode(metadata_type(resource), value or {})
    return found.value, [problem.replace('field "', f'field "{path}.', 1) for problem in found.strict]


def numbers(value: Any) -> Any:
    """The value with numbers as Go writes them: whole ones as integers, those beyond 64 bits as floats."""
    if type(value) is dict:
        return {name: numbers(each) for name, each in value.items()}
    if type(value) is list:
        return [numbers(each) for each in value]
    if type(value) is float and value.is_integer() and -_INT64 <= value < _INT64:
        return int(value)
    if type(value) is int and not -_INT64 <= value < _INT64:
        return float(value)
    return value
