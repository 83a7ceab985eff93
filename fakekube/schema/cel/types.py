"""The types of expressions, as cel-go checks and words them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

KINDS = ("bool", "bytes", "double", "int", "string", "uint", "null", "timestamp", "duration", "dyn", "any", "error")


class Field:
    """A field of an object: its type, and its name in the object (that of the expression may be escaped)."""

    __slots__ = ("name", "type")

    def __init__(self, type: Type, name: str) -> None:
        self.type = type
        self.name = name


Convert = Callable[[Any], Any]


class Type:
    """A type. Those made from a schema know their fields, how a JSON value is seen as one, and their sizes.

    Types are equal by kind, name and parameters; the rest goes along.
    """

    __slots__ = ("_convert", "_find", "fields", "key", "kind", "least_bytes", "most", "name", "parameters")

    def __init__(
        self,
        kind: str,
        name: str,
        parameters: tuple[Type, ...] = (),
        fields: Mapping[str, Field] | None = None,
        convert: Convert | None = None,
        most: int = 0,
        least_bytes: int = 0,
        find: Callable[[], Convert | None] | None = None,
    ) -> None:
        """`find` is asked for `convert` when that is first needed."""
        self.kind, self.name, self.parameters = kind, name, parameters
        self.fields: Mapping[str, Field] = _NO_FIELDS if fields is None else fields
        self._convert, self._find = convert, find
        self.most = most
        """The most elements or characters there can be."""
        self.least_bytes = least_bytes
        """The bytes that the shortest JSON text of it takes."""
        self.key: str | None = _key(kind, name, parameters)
        """What it is told apart by where nothing is to be found out about it; None: it holds parameters or objects."""

    @property
    def convert(self) -> Convert | None:
        """How JSON becomes a value of it; None: it is one."""
        if self._find is not None:
            self._convert, self._find = self._find(), None
        return self._convert

    def sized(self, most: int, least_bytes: int, convert: Convert | None = None) -> Type:
        """The same with sizes."""
        return Type(self.kind, self.name, self.parameters, self.fields, convert, most, least_bytes)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Type) or self.kind != other.kind or self.name != other.name:
            return False
        return self.parameters == other.parameters

    def __hash__(self) -> int:
        return hash((self.kind, self.name, self.parameters))

    def __str__(self) -> str:
        if self.kind == "error":
            return "!error!"
        if not self.parameters:
            return self.name
        return f"{self.name}({', '.join(map(str, self.parameters))})"

    __repr__ = __str__


_NO_FIELDS: Mapping[str, Field] = {}


def _key(kind: str, name: str, parameters: tuple[Type, ...]) -> str | None:
    if kind in ("param", "struct", "error", "type"):
        return None
    if not parameters:
        return name
    keys = [each.key for each in parameters]
    return None if None in keys else f"{name}({','.join(map(str, keys))})"


BOOL, BYTES, DOUBLE, INT, STRING, UINT, NULL, TIMESTAMP, DURATION, DYN, ANY, ERROR = (
    Type(kind, kind) for kind in KINDS
)
TYPE = Type("type", "type")


def list_of(item: Type) -> Type:
    """list(item)"""
    return Type("list", "list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """map(key, value)"""
    return Type("map", "map", (key, value))


def type_of(type: Type) -> Type:
    """type(type)"""
    return Type("type", "type", (type,))


def optional_of(type: Type) -> Type:
    """optional_type(type)"""
    return Type("opaque", "optional_type", (type,))


def parameter(name: str) -> Type:
    """A type that is to be found."""
    return Type("param", name)


def is_optional(type: Type) -> bool:
    """Whether it is an optional value's."""
    return type.kind == "opaque" and type.name == "optional_type"


def unwrapped(type: Type) -> tuple[Type, bool]:
    """The type of the value in an optional, and whether it is one."""
    return (type.parameters[0], True) if is_optional(type) else (type, False)


def is_dyn(type: Type) -> bool:
    """Whether anything goes."""
    return type.kind in ("dyn", "any")


def is_loose(type: Type) -> bool:
    """Whether nothing is known of it, or nothing good."""
    return type.kind in ("dyn", "any", "error")


class Found:
    """What type parameters were found to be."""

    __slots__ = ("types",)

    def __init__(self, types: dict[str, Type] | None = None) -> None:
        self.types: dict[str, Type] = types or {}

    def assignable(self, one: Type, other: Type) -> bool:
        """Whether the two agree; what that says of parameters is kept if they do."""
        return self.assignable_all((one,), (other,))

    def assignable_all(self, ones: tuple[Type, ...], others: tuple[Type, ...]) -> bool:
        """Whether all agree, one by one."""
        before = dict(self.types) if self.types else None
        if self._all(ones, others):
            return True
        self.types = before or {}
        return False

    def _all(self, ones: tuple[Type, ...], others: tuple[Type, ...]) -> bool:
        return len(ones) == len(others) and all(map(self._agree, ones, others))

    def _agree(self, one: Type, other: Type) -> bool:
        if other.kind == "param":
            valid, known = self._substitutes(one, other)
            if valid:
                return True
            if known:
                return False
        if one.kind == "param":
            return self._substitutes(other, one)[0]
        if is_loose(one) or is_loose(other):
            return True
        if one.kind == "null" or other.kind == "null":
            rest = other if one.kind == "null" else one
            return rest.kind in ("null", "opaque", "struct", "any", "duration", "timestamp")
        if one.kind in ("opaque", "list", "map"):
            return (one.kind, one.name) == (other.kind, other.name) and self._all(one.parameters, other.parameters)
        if one.kind == "type":
            return other.kind == "type"
        return (one.kind, one.name) == (other.kind, other.name)

    def _substitutes(self, one: Type, param: Type) -> tuple[bool, bool]:
        """Whether the parameter can be that type, and whether it was something before."""
        if one == param:
            return True, True
        known = self.types.get(param.name) if param.kind == "param" else None
        if known is not None:
            if one == known:
                return True, True
            if self._agree(one, known):
                general = most_general(one, known)
                if self._free(param, general):
                    self.types[param.name] = general
                return True, True
            return False, True
        if param.kind == "param" and self._free(param, one):
            self.types[param.name] = one
            return True, False
        return False, False

    def _free(self, param: Type, within: Type) -> bool:
        """Whether the parameter is no part of the type."""
        if param == within:
            return False
        if within.kind == "param":
            known = self.types.get(within.name)
            return known is None or self._free(param, known)
        return all(self._free(param, part) for part in within.parameters)

    def put_in(self, type: Type, *, rest_is_dyn: bool = False) -> Type:
        """The type with its parameters replaced."""
        if type.key is not None:
            return type
        if type.kind == "param":
            known = self.types.get(type.name)
            if known is not None:
                return self.put_in(known, rest_is_dyn=rest_is_dyn)
            return DYN if rest_is_dyn else type
        if not type.parameters:
            return type
        parameters = tuple(self.put_in(part, rest_is_dyn=rest_is_dyn) for part in type.parameters)
        return type if parameters == type.parameters else Type(type.kind, type.name, parameters)


def most_general(one: Type, other: Type) -> Type:
    """The one that says less."""
    return one if _says_less(one, other) else other


def _says_less(one: Type, other: Type) -> bool:
    if is_dyn(one) or one.kind == "param":
        return True
    if is_dyn(other) or other.kind == "param" or one.kind != other.kind:
        return False
    if one.kind == "type":
        return True
    if one.kind in ("opaque", "list", "map"):
        same = one.name == other.name and len(one.parameters) == len(other.parameters)
        return same and all(map(_says_less, one.parameters, other.parameters))
    return one == other
