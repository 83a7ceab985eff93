"""PATCH: four languages that say how the new object is made of the present one; the rest of the write is an update."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import orjson

from fakekube.core import errors, patches, yamltext
from fakekube.core import fielderrors as field
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from fakekube.registry import custom, fields
from fakekube.registry.fields.versions import Convert
from fakekube.registry.incoming import Expected, complete, keep_reset
from fakekube.registry.request import Request
from fakekube.schema import decoding, inspecting, restoring, strategic
from fakekube.schema.decoding import DecodeError
from fakekube.schema.resources import Resource

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)


class Patched(NamedTuple):
    """What a patch makes of an object."""

    value: Any
    quote: Callable[[], str] | None = None
    """What messages quote instead of the value."""
    changed: Collection[str] | None = None
    """The members that the patch speaks of; None if that cannot be told."""


Patch = Callable[[Obj], Patched]
"""Makes of a private copy of the present object what the patch wants."""


def reader(media: str, raw: bytes, request: Request, expected: Expected) -> Callable[[], tuple[Patch, list[str]]]:
    """What reads the patch once the object is known to be there: the patch, and what a strict reading has against
    it."""
    checked = request.field_validation != "Ignore"

    def read() -> tuple[Patch, list[str]]:
        if media == JSON_PATCH:
            operations, problems = patches.decode_json_patch(raw, checked=checked)
            return (lambda obj: Patched(patches.apply_json_patch(obj, operations))), problems
        if media == STRATEGIC_PATCH:
            sent = strategic.decode(raw)
            problems = inspecting.duplicates(raw, sent) if sent and checked else []
            return (lambda obj: _strategic(obj, raw, expected)), problems
        patch = patches.decode_merge_patch(raw, checked=checked)
        problems = inspecting.duplicates(raw, patch) if checked else []
        changed = patch if isinstance(patch, dict) else None
        return (lambda obj: Patched(patches.apply_merge_patch(obj, patch), None, changed)), problems

    return read


def _strategic(obj: Obj, raw: bytes, expected: Expected) -> Patched:
    patch = strategic.decode(raw)
    changed = None if any(name.startswith("$") for name in patch) else tuple(patch)
    result = strategic.apply(obj, patch, expected.type)
    return Patched(result, lambda: strategic.shown(patch), changed)


def patched(request: Request, expected: Expected, current: Obj, patch: Patch, problems: list[str]) -> Obj:
    """The canonical object that the patch makes of `current` (a private copy); StatusError as the real server words
    it."""
    outcome = patch(current)
    result = outcome.value
    if not isinstance(result, dict):
        raise _unfit(outcome, "the patched object is not an object")
    stated = (result.get("apiVersion"), result.get("kind"))
    if stated != (expected.api_version, expected.kind):
        raise _unfit(outcome, _wrong_kind(expected, *stated))
    as_stored = expected.type is request.resource.storage.type  # and not converted, nor shown as another kind
    try:
        made, strict = _decoded(expected, result, outcome.changed if as_stored else None)
    except DecodeError as error:
        why = (restoring.fault(expected.type, result) if outcome.quote is not None else "") or str(error)
        raise _unfit(outcome, why) from None
    found = [*problems, *strict]
    if found and request.field_validation == "Strict":
        raise _unfit(outcome, "strict decoding error: " + ", ".join(found))
    if found and request.field_validation in ("Warn", ""):
        for problem in found:
            request.warn(problem)
    return keep_reset(result, complete(expected, made))


def _decoded(expected: Expected, value: Obj, changed: Collection[str] | None = None) -> tuple[Obj, Sequence[str]]:
    if expected.custom is not None:
        return custom.decode(expected.custom, value, b"")
    if changed is None:
        return decoding.decode(expected.type, value)
    return decoding.decode_members(expected.type, value, changed)


def _wrong_kind(expected: Expected, api_version: Any, kind: Any) -> str:
    if not kind:
        return "Object 'Kind' is missing in '{}'"
    if not api_version:
        return "Object 'apiVersion' is missing in '{}'"
    if kind != expected.kind:
        return f"{api_version}, Kind={kind} cannot be handled as a {expected.kind}"
    return f'no kind "{kind}" is registered for version "{api_version}"'


def _unfit(outcome: Patched, why: str) -> StatusError:
    """422 about the whole patched object; the real server names neither kind nor object here."""
    value = outcome.quote() if outcome.quote is not None else outcome.value
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return field.invalid_object("", "", "", [field.invalid("patch", text, why)])


def read_apply(request: Request, raw: bytes) -> Obj:
    """The configuration of an apply, YAML (which JSON is too); 400 if it is no object, or repeats keys under Strict."""
    try:
        value, repeated = yamltext.first_document(raw)
    except yamltext.YamlError as error:
        raise errors.bad_request(f"error decoding YAML: error converting YAML to JSON: {error}") from None
    if repeated and request.field_validation == "Strict":
        text = "yaml: unmarshal errors:\n  " + "\n  ".join(repeated)
        raise errors.bad_request(f"error strict decoding YAML: error converting YAML to JSON: {text}")
    if request.field_validation in ("Warn", ""):
        for text in repeated:
            request.warn(text)
    if value is None:
        return {}
    if not isinstance(value, dict):
        kind = {list: "array", str: "string", bool: "bool"}.get(type(value), "number")
        why = f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
        raise errors.bad_request(f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {why}")
    return value


def applied(
    request: Request,
    resource: Resource,
    expected: Expected,
    live: Obj | None,
    config: Obj,
    now: str,
    convert: Convert,
) -> Obj:
    """The canonical object of the resource that an apply makes, with its managedFields; Unconverted: to be called
    again."""
    manager, subresource = request.field_manager, request.subresource

    def finish(merged: Obj) -> Obj:
        return complete(expected, _decoded(expected, merged)[0])

    try:
        return fields.apply(resource, live, config, manager, subresource, request.force, now, finish, convert)
    except DecodeError as error:
        raise StatusError(500, "", str(error)) from None
