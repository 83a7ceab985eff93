"""What expressions of admission may name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from fakekube.schema.cel import library, types
from fakekube.schema.cel.checking import Environment
from fakekube.schema.cel.declarations import Functions, declared
from fakekube.schema.cel.library.rights import AUTHORIZER
from fakekube.schema.cel.types import BOOL, DYN, INT, STRING, TIMESTAMP, Field, Type, list_of, map_of

VARIABLES = ("object", "oldObject", "request", "namespaceObject", "params", "authorizer", "variables")
"""Everything that some expression may name."""
OBJECT = "Object"
JSON_PATCH = "JSONPatch"


def struct(called: str, /, **fields: Type) -> Type:
    """An object type with these fields."""
    return Type("struct", called, fields={each: Field(type, each) for each, type in fields.items()})


_KIND = struct("kubernetes.GroupVersionKind", group=STRING, version=STRING, kind=STRING)
_RESOURCE = struct("kubernetes.GroupVersionResource", group=STRING, version=STRING, resource=STRING)
_USER = struct(
    "kubernetes.UserInfo",
    username=STRING,
    uid=STRING,
    groups=list_of(STRING),
    extra=map_of(STRING, list_of(STRING)),
)
REQUEST = struct(
    "kubernetes.AdmissionRequest",
    kind=_KIND,
    resource=_RESOURCE,
    subResource=STRING,
    requestKind=_KIND,
    requestResource=_RESOURCE,
    requestSubResource=STRING,
    name=STRING,
    namespace=STRING,
    operation=STRING,
    userInfo=_USER,
    dryRun=BOOL,
    options=DYN,
)
_CONDITION = struct(
    "kubernetes.NamespaceCondition",
    status=STRING,
    type=STRING,
    lastTransitionTime=TIMESTAMP,
    message=STRING,
    reason=STRING,
)
NAMESPACE_METADATA: Mapping[str, Type] = {
    "name": STRING,
    "generateName": STRING,
    "namespace": STRING,
    "labels": map_of(STRING, STRING),
    "annotations": map_of(STRING, STRING),
    "UID": STRING,
    "creationTimestamp": TIMESTAMP,
    "deletionGracePeriodSeconds": INT,
    "deletionTimestamp": TIMESTAMP,
    "generation": INT,
    "resourceVersion": STRING,
    "finalizers": list_of(STRING),
}
NAMESPACE = struct(
    "kubernetes.Namespace",
    metadata=struct("kubernetes.NamespaceMetadata", **NAMESPACE_METADATA),
    spec=struct("kubernetes.NamespaceSpec", finalizers=list_of(STRING)),
    status=struct("kubernetes.NamespaceStatus", conditions=list_of(_CONDITION), phase=STRING),
)


class AnyField(Mapping[str, Field]):
    """The fields of an object of which nothing is known: every name is one."""

    def __getitem__(self, name: str) -> Field:
        return Field(DYN, name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1


ANY_FIELD = AnyField()
PATCH = struct(JSON_PATCH, op=STRING, path=STRING, value=DYN, **{"from": STRING})


def made(name: str) -> Type | None:
    """The type of what mutations make: JSONPatch, Object, and Object.spec and the like for what is within."""
    if name == JSON_PATCH:
        return PATCH
    if name == OBJECT or name.startswith(f"{OBJECT}."):
        return Type("struct", name, fields=ANY_FIELD)
    return None


def _escaped(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")


@cache
def _functions(patches: bool) -> Functions:
    found = library.functions()
    if not patches:
        return found
    row = ("jsonpatch.escapeKey", "string_jsonpatch_escapeKey_string", "(string) -> string", _escaped)
    more = declared([row])
    more.update(found)
    return more


@dataclass(frozen=True, slots=True)
class Scope:
    """What the expressions of one webhook or policy may name, beside the request and its objects."""

    params: bool = False
    authorizer: bool = True
    patches: bool = False
    variables: Mapping[str, Type] | None = None
    """The types of the policy's variables; None: there are none to be named."""
    object: Type = DYN
    """The type of `object` and `oldObject`, and of `params`, where expressions are held to a schema."""
    param: Type = DYN

    def environment(self) -> Environment:
        """As the compiler has it; all variables have a place, those that may not be named last."""
        known = {"object": self.object, "oldObject": self.object, "request": REQUEST, "namespaceObject": NAMESPACE}
        if self.params:
            known["params"] = self.param
        if self.authorizer:
            known["authorizer"] = AUTHORIZER
        if self.variables is not None:
            fields = {name: Field(type, name) for name, type in self.variables.items()}
            known["variables"] = Type("struct", "kubernetes.variables", fields=fields)
        messages = made if self.patches else _nothing
        return Environment(_functions(self.patches), known, messages)


def _nothing(name: str) -> Type | None:
    return None


OBJECT_TYPE = Type("struct", OBJECT, fields=ANY_FIELD)

OUTPUT_NAMES = {
    "null": "null_type",
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
    "any": "google.protobuf.Any",
}


def output_name(type: types.Type) -> str:
    """The type as cel-go names it where it tells what an expression comes to."""
    return OUTPUT_NAMES.get(type.kind, str(type))
