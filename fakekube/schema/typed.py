"""The model of types: an object is walked beside its type, and every fact about a field is told by the type.

Go's, OpenAPI's and the custom resources' facts are one model. Types of one table are shared and may be recursive (a
struct makes its fields when first asked for them), so they are compared by identity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

MISSING: Final = object()
"""Stands for "no default", as null is one."""

GO_NAMES: Final = {
    "string": "string",
    "bool": "bool",
    "int32": "int32",
    "int64": "int64",
    "double": "float64",
    "bytes": "[]uint8",
    "quantity": "resource.Quantity",
    "intOrString": "intstr.IntOrString",
    "time": "v1.Time",
    "microTime": "v1.MicroTime",
    "fieldsV1": "v1.FieldsV1",
    "raw": "runtime.RawExtension",
    "any": "interface {}",
    "schemaOrBool": "v1.JSONSchemaPropsOrBool",
    "schemaOrArray": "v1.JSONSchemaPropsOrArray",
    "schemaOrStringArray": "v1.JSONSchemaPropsOrStringArray",
}
"""The kinds of scalars, with the Go type each has when nothing else is said.

raw is a whole object of any kind; any is any JSON; the three schemaOr... are any JSON to everyone but the decoder.
"""

UNTYPED: Final = frozenset({"raw", "any", "fieldsV1", "schemaOrBool", "schemaOrArray", "schemaOrStringArray"})
"""Kinds of scalars whose value may be any JSON."""


class Type:
    """What a JSON value may be. `go` is the Go type as messages name it; `nullable` lets null stand (custom ones)."""

    __slots__ = ("decoder", "go", "nullable")

    def __init__(self, go: str, *, nullable: bool = False) -> None:
        self.go = go
        self.nullable = nullable
        self.decoder: Callable[[Any], Any] | None = None
        """Filled by fakekube.schema.decoding when first needed."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.go}>"


class Scalar(Type):
    """A value without parts that the API knows of; `kind` is a key of GO_NAMES, `enum` is empty if anything goes."""

    __slots__ = ("enum", "kind", "structs")

    def __init__(
        self,
        kind: str,
        go: str = "",
        enum: tuple[Any, ...] = (),
        *,
        nullable: bool = False,
        structs: Callable[[str], Struct | None] | None = None,
    ) -> None:
        super().__init__(go or GO_NAMES[kind], nullable=nullable)
        self.kind = kind
        self.enum = enum
        self.structs = structs
        """Finds a struct by its Go type, for kinds that hold one (schemaOr...)."""


class List(Type):
    """A list: `list_type` is atomic, set or map (then `keys` name the fields that tell its items apart).

    `merge_key` and `patch_strategies` are strategic merge's, as the field says that holds the list.
    """

    __slots__ = ("item", "keys", "list_type", "merge_key", "patch_strategies")

    def __init__(
        self,
        item: Type,
        go: str = "",
        *,
        list_type: str = "atomic",
        keys: tuple[str, ...] = (),
        merge_key: str = "",
        patch_strategies: frozenset[str] = frozenset(),
        nullable: bool = False,
    ) -> None:
        super().__init__(go or f"[]{item.go}", nullable=nullable)
        self.item = item
        self.list_type = list_type
        self.keys = keys
        self.merge_key = merge_key
        self.patch_strategies = patch_strategies


class Map(Type):
    """An object with any keys, whose values are all of one type; an atomic one has one owner under apply."""

    __slots__ = ("atomic", "item")

    def __init__(self, item: Type, go: str = "", *, atomic: bool = False, nullable: bool = False) -> None:
        super().__init__(go or f"map[string]{item.go}", nullable=nullable)
        self.item = item
        self.atomic = atomic


class Field:
    """A member of a struct, with what Go (pointer, omitempty, omitzero, path) and OpenAPI (the rest) say of it.

    `path` is what Go's messages put before the name: the embedded structs that hold it. `default` is MISSING if it has
    none.
    """

    __slots__ = (
        "default",
        "merge_key",
        "name",
        "omitempty",
        "omitzero",
        "patch_strategies",
        "path",
        "pointer",
        "required",
        "type",
    )

    def __init__(
        self,
        name: str,
        type: Type,
        *,
        pointer: bool = False,
        omitempty: bool = True,
        omitzero: bool = False,
        required: bool = False,
        default: Any = MISSING,
        patch_strategies: frozenset[str] = frozenset(),
        merge_key: str = "",
        path: str = "",
    ) -> None:
        self.name = name
        self.type = type
        self.pointer = pointer
        self.omitempty = omitempty
        self.omitzero = omitzero
        self.required = required
        self.default = default
        self.patch_strategies = patch_strategies
        self.merge_key = merge_key
        self.path = path

    @property
    def enum(self) -> tuple[Any, ...]:
        """The values it may have; empty if anything goes."""
        return self.type.enum if isinstance(self.type, Scalar) else ()

    def __repr__(self) -> str:
        return f"<Field {self.name} {self.type.go}>"


class Struct(Type):
    """An object with known members. `name` is its OpenAPI name; `atomic`: one owner under apply.

    `extra` is the type of members that are not among `fields` (custom resources that preserve unknown fields), None if
    such are unknown. `embedded`: a whole object, with apiVersion, kind and metadata. `defaulted`: it holds defaults.
    """

    __slots__ = (
        "_fields",
        "_make_fields",
        "atomic",
        "defaulted",
        "defaulter",
        "embedded",
        "extra",
        "name",
        "unions",
    )

    def __init__(
        self,
        name: str,
        fields: Mapping[str, Field] | Callable[[], Mapping[str, Field]],
        go: str = "",
        *,
        atomic: bool = False,
        unions: tuple[Mapping[str, Any], ...] = (),
        extra: Type | None = None,
        embedded: bool = False,
        defaulted: bool = False,
        nullable: bool = False,
    ) -> None:
        super().__init__(go or name, nullable=nullable)
        self.name = name
        self.atomic = atomic
        self.unions = unions
        self.extra = extra
        self.embedded = embedded
        self.defaulted = defaulted
        self.defaulter: Callable[[Any], None] | None = None
        """Filled by fakekube.schema.defaults when first needed."""
        self._fields = None if callable(fields) else fields
        self._make_fields = fields if callable(fields) else None

    @property
    def fields(self) -> Mapping[str, Field]:
        """Its members by name, in Go's order."""
        if self._fields is None:
            assert self._make_fields is not None
            self._fields, self._make_fields = self._make_fields(), None
        return self._fields

    @property
    def go_name(self) -> str:
        """The Go struct's bare name, as in "Go struct field PodSpec.containers"."""
        return self.go.rpartition(".")[2]


ANY: Final = Scalar("any")


def child(of: Type, name: str) -> Type | None:
    """The type of the member `name` of an object of this type; None if there can be none."""
    if isinstance(of, Struct):
        field = of.fields.get(name)
        return field.type if field is not None else of.extra
    if isinstance(of, Map):
        return of.item
    return ANY if isinstance(of, Scalar) and of.kind in UNTYPED else None


def item_key(of: List, item: Any) -> tuple[tuple[str, Any], ...]:
    """What tells an item of an associative list from the others: (key, value) pairs in the order of the keys.

    A key that the item lacks has its default; ValueError if it has none.
    """
    if not isinstance(item, dict):
        raise ValueError("associative list with keys may not have non-map elements")
    found = []
    for key in of.keys:
        value = item.get(key)
        if value is None:
            value = key_default(of, key)
            if value is MISSING:
                continue
        found.append((key, value))
    if not found:
        key = of.keys[0]
        raise ValueError(
            f'associative list with keys has an element that omits key field "{key}" (and doesn\'t have default value)'
        )
    return tuple(found)


def key_default(of: List, key: str) -> Any:
    """The default of a key of an associative list; MISSING if it has none."""
    field = of.item.fields.get(key) if isinstance(of.item, Struct) else None
    return MISSING if field is None else field.default
