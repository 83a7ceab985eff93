"""OpenAPI schemas of the table's types, in the dialect of version 3 or of version 2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from fakekube.core.meta import Obj
from fakekube.schema.table import Table
from fakekube.schema.typed import MISSING, Field, List, Map, Scalar, Struct, Type

GROUP_VERSION_KIND = "x-kubernetes-group-version-kind"

MACHINERY = "io.k8s.apimachinery.pkg."
META = MACHINERY + "apis.meta.v1."
_APIEXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."

PATCH = META + "Patch"
STATUS = META + "Status"
OBJECT_META, LIST_META = META + "ObjectMeta", META + "ListMeta"
DELETE_OPTIONS = META + "DeleteOptions"
WATCH_EVENT = META + "WatchEvent"

CONVENTIONS = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md"
METADATA_TEXT = f"Standard object's metadata. More info: {CONVENTIONS}#metadata"
LIST_METADATA_TEXT = f"Standard list metadata. More info: {CONVENTIONS}#types-kinds"
_METADATA_TEXTS = {OBJECT_META: METADATA_TEXT, LIST_META: LIST_METADATA_TEXT}
_PART_TEXTS = {
    "spec": f"Specification of the desired behavior of the {{}}. More info: {CONVENTIONS}#spec-and-status",
    "status": f"Most recently observed status of the {{}}. More info: {CONVENTIONS}#spec-and-status",
}

EVERYWHERE = frozenset({DELETE_OPTIONS, WATCH_EVENT})
"""Kinds that belong to the core group, and to each group version that uses them."""

_NAMES = {
    "quantity": MACHINERY + "api.resource.Quantity",
    "intOrString": MACHINERY + "util.intstr.IntOrString",
    "raw": MACHINERY + "runtime.RawExtension",
    "time": META + "Time",
    "microTime": META + "MicroTime",
    "fieldsV1": META + "FieldsV1",
    "any": _APIEXTENSIONS + "JSON",
    "schemaOrBool": _APIEXTENSIONS + "JSONSchemaPropsOrBool",
    "schemaOrArray": _APIEXTENSIONS + "JSONSchemaPropsOrArray",
    "schemaOrStringArray": _APIEXTENSIONS + "JSONSchemaPropsOrStringArray",
}
"""Kinds of scalars that have a schema of their own name."""

_PLAIN: Mapping[str, Obj] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "double": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
}

_NAMED: Mapping[str, Obj] = {
    _NAMES["quantity"]: {"oneOf": [{"type": "string"}, {"type": "number"}]},
    _NAMES["intOrString"]: {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    _NAMES["raw"]: {"type": "object"},
    _NAMES["time"]: {"type": "string", "format": "date-time"},
    _NAMES["microTime"]: {"type": "string", "format": "date-time"},
    _NAMES["fieldsV1"]: {"type": "object"},
    PATCH: {"type": "object"},
    **{_NAMES[kind]: {} for kind in ("any", "schemaOrBool", "schemaOrArray", "schemaOrStringArray")},
}

_NAMED_2: Mapping[str, Obj] = {
    **_NAMED,
    _NAMES["quantity"]: {"type": "string"},
    _NAMES["intOrString"]: {"type": "string", "format": "int-or-string"},
}


class Dialect(NamedTuple):
    """Where the versions of OpenAPI differ in how a schema is written."""

    prefix: str
    named: Mapping[str, Obj]
    wraps: bool
    """A reference that has company stands in allOf."""
    defaults: bool

    def reference(self, name: str) -> Obj:
        return {"$ref": self.prefix + name}


V3 = Dialect("#/components/schemas/", _NAMED, wraps=True, defaults=True)
V2 = Dialect("#/definitions/", _NAMED_2, wraps=False, defaults=False)


class Prose(Protocol):
    """Where descriptions come from; '' where there is none."""

    def kind(self, name: str) -> str:
        """Of a schema, by its OpenAPI name."""

    def field(self, name: str, field: str) -> str:
        """Of a property."""

    def parameter(self, name: str) -> str:
        """Of a query parameter."""


class NoProse:
    """Documents without descriptions."""

    def kind(self, name: str) -> str:
        return ""

    def field(self, name: str, field: str) -> str:
        return ""

    def parameter(self, name: str) -> str:
        return ""


class Schemas:
    """Makes the schemas of one document; `versions` are the (group, version) pairs that it tells of."""

    def __init__(
        self, table: Table, versions: Iterable[tuple[str, str]], dialect: Dialect = V3, prose: Prose | None = None
    ) -> None:
        self._table = table
        self._versions = sorted({("", "v1"), *versions})
        self._dialect = dialect
        self._prose = prose or NoProse()
        self._facts = table.openapi()
        self._kinds = table.kinds_by_struct()

    def closure(self, names: Iterable[str]) -> dict[str, Obj]:
        """The schemas of these names and of all that they refer to, sorted by name."""
        found: dict[str, Obj] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            struct = self._table.struct_named(name)
            if struct is None:
                found[name] = self._described(name, self._dialect.named[name])
            else:
                found[name] = self.struct(struct)
                waiting += referred(struct)
        return dict(sorted(found.items()))

    def struct(self, struct: Struct) -> Obj:
        """The schema of a struct."""
        name, fields = struct.name, struct.fields
        beside = self._facts["fields"].get(name, {})
        found = self._described(name, {"type": "object"})
        if required := [field for field in fields if fields[field].required]:
            found["required"] = required
        if fields:
            found["properties"] = {
                field: self._property(name, fields[field], beside.get(field)) for field in sorted(fields)
            }
        if kinds := self._kinds_of(name):
            found[GROUP_VERSION_KIND] = kinds
        if struct.atomic:
            found["x-kubernetes-map-type"] = "atomic"
        if struct.unions:
            found["x-kubernetes-unions"] = list(struct.unions)
        return found

    def _described(self, name: str, schema: Obj) -> Obj:
        text = self._prose.kind(name)
        return {"description": text, **schema} if text else dict(schema)

    def _kinds_of(self, name: str) -> list[Obj]:
        if name in EVERYWHERE:
            kind = name.removeprefix(META)
            gvks = [(group, version, kind) for group, version in self._versions]
        else:
            gvks = self._kinds.get(name, [])
        return [{"group": group, "kind": kind, "version": version} for group, version, kind in gvks]

    def _property(self, owner: str, field: Field, beside: Obj | None) -> Obj:
        of = field.type
        found: Obj = {}
        text = self._prose.field(owner, field.name)
        if isinstance(of, Struct):
            text = text or self._said_of_reference(owner, field.name, of)
        if isinstance(of, Scalar) and of.enum and text:
            text += possible_values(of.enum)
        if text:
            found["description"] = text
        if field.default is not MISSING and self._dialect.defaults:
            found["default"] = field.default
        found |= self._type(of)
        if isinstance(of, Struct) and of.atomic and of is not self._table.struct_named(of.name):
            found["x-kubernetes-map-type"] = "atomic"  # said of the field, not of the struct
        if field.merge_key:
            found["x-kubernetes-patch-merge-key"] = field.merge_key
        if field.patch_strategies:
            found["x-kubernetes-patch-strategy"] = ",".join(sorted(field.patch_strategies))
        alone = False
        if beside:
            alone = beside.get("alone", False)
            found |= beside.get("says", {})
            for name in beside.get("lacks", ()):
                del found[name]
        if self._dialect.wraps and not alone and "$ref" in found:
            found["allOf"] = [{"$ref": found.pop("$ref")}]
        return found

    def _said_of_reference(self, owner: str, field: str, of: Struct) -> str:
        """What stands for the description of a field that refers to a struct: clients are generated without it."""
        text = self._prose.kind(of.name)
        if not text or of.name in _METADATA_TEXTS:
            return text and _METADATA_TEXTS[of.name]
        kinds = self._kinds.get(owner)
        return _PART_TEXTS[field].format(kinds[0][2]) if kinds and field in _PART_TEXTS else text

    def _type(self, of: Type) -> Obj:
        if isinstance(of, Struct):
            return self._dialect.reference(of.name)
        if isinstance(of, List):
            return self._list(of)
        if isinstance(of, Map):
            found: Obj = {"type": "object", "additionalProperties": self._type(of.item)}
            return {**found, "x-kubernetes-map-type": "atomic"} if of.atomic else found
        assert isinstance(of, Scalar)
        if of.kind in _NAMES:
            return self._dialect.reference(_NAMES[of.kind])
        return {**_PLAIN[of.kind], "enum": list(of.enum)} if of.enum else dict(_PLAIN[of.kind])

    def _list(self, of: List) -> Obj:
        found: Obj = {"type": "array", "items": self._type(of.item)}
        if of.keys:
            found["x-kubernetes-list-map-keys"] = list(of.keys)
        found["x-kubernetes-list-type"] = of.list_type
        return found


def possible_values(enum: Iterable[Any]) -> str:
    """What descriptions say of an enumeration."""
    return "\n\nPossible enum values:" + "".join(f'\n - `"{value}"`' for value in enum)


def referred(struct: Struct) -> Iterator[str]:
    """The names of the schemas that a struct's own refers to."""
    for field in struct.fields.values():
        of = field.type
        while isinstance(of, List | Map):
            of = of.item
        if isinstance(of, Struct):
            yield of.name
        elif isinstance(of, Scalar) and of.kind in _NAMES:
            yield _NAMES[of.kind]
