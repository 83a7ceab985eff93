"""From what a client sent to an object of the kind that the path names: kind and version, JSON types, unknown
fields, defaults."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from fakekube.core import errors
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, split_api_version
from fakekube.registry import custom
from fakekube.registry.request import Request
from fakekube.schema import decoding
from fakekube.schema.crds import CustomResource
from fakekube.schema.decoding import DecodeError
from fakekube.schema.defaults import default
from fakekube.schema.resources import Resource, kept_with_resource
from fakekube.schema.scheme import Scheme
from fakekube.schema.typed import Struct

LEGACY_SCHEME = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"
SUMMARY_BYTES = 30

OLDER_VERSIONS: dict[str, frozenset[str]] = {
    "apps": frozenset({"v1beta1", "v1beta2"}),
    "extensions": frozenset({"v1beta1"}),
    "autoscaling": frozenset({"v2beta1", "v2beta2"}),
    "batch": frozenset({"v1beta1"}),
    "policy": frozenset({"v1beta1"}),
    "networking.k8s.io": frozenset({"v1beta1", "v1alpha1"}),
    "rbac.authorization.k8s.io": frozenset({"v1beta1", "v1alpha1"}),
    "storage.k8s.io": frozenset({"v1beta1", "v1alpha1"}),
    "scheduling.k8s.io": frozenset({"v1beta1", "v1alpha1"}),
    "coordination.k8s.io": frozenset({"v1beta1"}),
    "discovery.k8s.io": frozenset({"v1beta1"}),
    "events.k8s.io": frozenset({"v1beta1"}),
    "node.k8s.io": frozenset({"v1beta1", "v1alpha1"}),
    "certificates.k8s.io": frozenset({"v1beta1", "v1alpha1"}),
    "admissionregistration.k8s.io": frozenset({"v1beta1", "v1alpha1"}),
    "authentication.k8s.io": frozenset({"v1beta1", "v1alpha1"}),
    "authorization.k8s.io": frozenset({"v1beta1"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"v1beta1", "v1beta2", "v1beta3"}),
}
"""Versions that the real server knows how to read but no longer serves: a body in one of them is told apart from
nonsense."""


class Expected(NamedTuple):
    """What the path takes: of a resource, or of a subresource with a kind of its own."""

    group: str
    version: str
    kind: str
    api_version: str
    type: Struct
    custom: CustomResource | None = None


def expected_of(request: Request) -> Expected:
    """What the request's path takes."""
    return _expected(request.resource, request.subresource)


@kept_with_resource
def _expected(resource: Resource, subresource: str) -> Expected:
    below = resource.subresources.get(subresource) if subresource else None
    if below is not None and (below.group, below.version, below.kind) != resource.gvk:
        return Expected(below.group, below.version, below.kind, below.api_version, below.type)
    defined = resource if isinstance(resource, CustomResource) else None
    return Expected(resource.group, resource.version, resource.kind, resource.api_version, resource.type, defined)


class Body:
    """A parsed body: its value, its text (for what JSON parsers do not tell), and what the parser complained of.

    partial: of the value nothing but metadata and status is meant; it is a stored object with another status.
    """

    __slots__ = ("is_json", "partial", "problems", "raw", "value")

    def __init__(
        self,
        value: Any,
        raw: bytes,
        is_json: bool = True,
        problems: list[str] | None = None,
        partial: bool = False,
    ) -> None:
        self.value = value
        self.raw = raw
        self.is_json = is_json
        self.problems = problems or []
        self.partial = partial


def summary(raw: bytes) -> str:
    """The beginning of a body as error messages show it: text if it looks like an object, else hexadecimal."""
    if not raw:
        return "<empty>"
    part = raw[:SUMMARY_BYTES]
    shown = part.decode("utf-8", "replace") if raw.startswith(b"{") else part.hex()
    return shown + (" ..." if len(raw) > SUMMARY_BYTES else "")


def unrecognized(kind: str, why: str, raw: bytes) -> StatusError:
    """400 for a body that is no object at all."""
    return errors.bad_request(f"the object provided is unrecognized (must be of type {kind}): {why} ({summary(raw)})")


YAML_PROBLEMS = "yaml: unmarshal errors:\n"
"""Stands before what is wrong with a YAML document where it is refused; where it is only warned of, each line is."""

_NO_TYPE = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
_GO_KINDS = {bool: "bool", int: "number", float: "number", str: "string", list: "array"}


def decode(scheme: Scheme, request: Request, body: Body) -> Obj:
    """The body as a canonical object of the path's kind, with its warnings told; 400 for what cannot be read as one."""
    expected = expected_of(request)
    if body.partial:
        obj = _of_status(expected, body.value)
        if obj is not None:
            return obj
    value = {} if body.value is None else body.value
    if not isinstance(value, dict):
        why = f"json: cannot unmarshal {_GO_KINDS[type(value)]} into Go value of type {_NO_TYPE}"
        raise unrecognized(expected.kind, f"couldn't get version/kind; json parse error: {why}", body.raw)
    api_version, kind = _stated(expected, value, body)
    if expected.custom is not None:
        if body.raw:
            custom.check_stated(expected.custom, value)
        custom.check_kind(expected.custom, api_version, kind, value)
    else:
        check_kind(scheme, expected, api_version, kind)
    try:
        decoded, problems = _typed(expected, value, body, request.field_validation)
    except DecodeError as error:
        raise _unhandled(expected, kind, api_version, str(error)) from None
    if problems:
        if request.field_validation == "Strict":
            raise _unhandled(expected, kind, api_version, "strict decoding error: " + ", ".join(problems))
        if request.field_validation in ("Warn", ""):
            for problem in problems:
                for line in problem.removeprefix(YAML_PROBLEMS).splitlines():
                    request.warn(line.strip())
    return keep_reset(value, complete(expected, decoded))


def _stated(expected: Expected, value: Obj, body: Body) -> tuple[str, str]:
    for name in ("apiVersion", "kind"):
        stated = value.get(name)
        if stated is not None and not isinstance(stated, str):
            kind = "object" if isinstance(stated, dict) else _GO_KINDS[type(stated)]
            why = f"json: cannot unmarshal {kind} into Go struct field .{name} of type string"
            raise unrecognized(expected.kind, f"couldn't get version/kind; json parse error: {why}", body.raw)
    return value.get("apiVersion") or expected.api_version, value.get("kind") or expected.kind


def check_kind(scheme: Scheme, expected: Expected, api_version: str, kind: str) -> None:
    """400 for a body of another kind or version than the path's."""
    if (api_version, kind) == (expected.api_version, expected.kind):
        return
    group, version = split_api_version(api_version)
    registered = is_registered(scheme, group, version, kind)
    if group == expected.group and kind == expected.kind and registered:
        wanted = expected.api_version
        raise errors.wrong_version(api_version, wanted)
    if registered:
        inner = (expected.group or "core").partition(".")[0]
        why = f"converting ({version}.{kind}) to ({inner}.{expected.kind}): unknown conversion"
    else:
        why = f'no kind "{kind}" is registered for version "{api_version}" in scheme "{LEGACY_SCHEME}"'
    raise _unhandled(expected, kind, api_version, why)


def is_registered(scheme: Scheme, group: str, version: str, kind: str) -> bool:
    """Whether the real server could read a built-in object of this kind, served or not."""
    if scheme.by_kind(group, version, kind) or scheme.by_list_kind(group, version, kind):
        return True
    if scheme.struct(group, version, kind) is not None:
        return True
    if version not in OLDER_VERSIONS.get(group, ()):
        return False
    return any(scheme.by_kind(group, each, kind) for each in scheme.versions(group)) or group == "extensions"


def _unhandled(expected: Expected, kind: str, api_version: str, why: str) -> StatusError:
    version = split_api_version(api_version)[1]
    return errors.bad_request(f'{kind} in version "{version}" cannot be handled as a {expected.kind}: {why}')


def _typed(expected: Expected, value: Obj, body: Body, validation: str) -> tuple[Obj, list[str]]:
    strict = validation != "Ignore"
    if expected.custom is not None:
        raw = body.raw if body.is_json and strict else b""
        obj, problems = custom.decode(expected.custom, value, raw, parsed=body.is_json)
        return obj, [*body.problems, *problems] if strict else []
    decoded = decoding.decode(expected.type, value, body.raw if body.is_json and strict else b"")
    return decoded.value, [*body.problems, *decoded.strict] if strict else []


def keep_reset(sent: Obj, obj: Obj) -> Obj:
    """`obj` with the empty managedFields that a client sent to have them cleared: decoding drops what is empty."""
    if (sent.get("metadata") or {}).get("managedFields") == []:
        obj["metadata"]["managedFields"] = []
    return obj


def complete(expected: Expected, obj: Obj) -> Obj:
    """The decoded object with its kind, version, metadata and the defaults that its type states."""
    obj["kind"], obj["apiVersion"] = expected.kind, expected.api_version
    obj.setdefault("metadata", {})
    if expected.custom is None:
        default(expected.type, obj)
    return obj


def status_alone(resource: Resource, obj: Obj) -> Body:
    """The body of a status write for a stored object that was given another status, by one who can be trusted.

    Such a write takes the rest from what is stored, so the rest is not read at all.
    """
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    value: Obj = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
    if "status" in obj:
        value["status"] = obj["status"]
    return Body(value, b"", partial=True)


def _of_status(expected: Expected, value: Obj) -> Obj | None:
    """The object of such a body, whose metadata are canonical as they were stored; None if it has to be looked at
    closer."""
    member, metadata = expected.type.fields["status"], value["metadata"]
    if type(value.get("status")) is not dict or member.omitzero or not all(metadata.values()):
        return None
    try:
        status = decoding.decoder_of(member.type)(value["status"])
    except decoding.Odd:
        return None
    default(member.type, status)
    return {"kind": expected.kind, "apiVersion": expected.api_version, "metadata": metadata, "status": status}


def plain(obj: Obj) -> str:
    """The object as JSON text, as it stands in messages about patches."""
    return orjson.dumps(obj).decode()
