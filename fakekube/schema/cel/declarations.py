"""Functions: what types they take, and what carries them out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from fakekube.core.quantity import Quantity
from fakekube.schema.cel import types
from fakekube.schema.cel.types import Type
from fakekube.schema.cel.values import Duration, Optional, Struct, Timestamp, TypeValue, Uint

Implementation = Callable[..., Any]


class Overload:
    """One way to call a function; `generic` are the type parameters in it."""

    __slots__ = ("function", "generic", "id", "implementation", "method", "parameters", "result")

    def __init__(
        self,
        id: str,
        function: str,
        parameters: tuple[Type, ...],
        result: Type,
        method: bool,
        generic: tuple[str, ...],
        implementation: Implementation,
    ) -> None:
        self.id = id
        self.function = function
        self.parameters = parameters
        self.result = result
        self.method = method
        self.generic = generic
        self.implementation = implementation


_NAMED: dict[str, Type] = {
    "bool": types.BOOL,
    "bytes": types.BYTES,
    "double": types.DOUBLE,
    "int": types.INT,
    "string": types.STRING,
    "uint": types.UINT,
    "null": types.NULL,
    "timestamp": types.TIMESTAMP,
    "duration": types.DURATION,
    "dyn": types.DYN,
    "Quantity": Type("struct", "kubernetes.Quantity"),
    "URL": Type("struct", "kubernetes.URL"),
    "Semver": Type("struct", "kubernetes.Semver"),
    "Format": Type("struct", "kubernetes.NamedFormat"),
    "IP": Type("opaque", "net.IP"),
    "CIDR": Type("opaque", "net.CIDR"),
}
_GENERIC = frozenset("ABKTV")  # the names of type parameters
_WORD = re.compile(r"\w+|[(),.>-]")


def signature(text: str) -> tuple[bool, tuple[Type, ...], Type]:
    """`string.(int) -> string` is a method, `(string) -> int` a function."""
    head, _, result = text.partition(" -> ")
    target, _, rest = head.partition("(")
    parameters = _listed(rest.removesuffix(")"))
    if target:
        parameters = [_type(target.removesuffix(".")), *parameters]
    return bool(target), tuple(parameters), _type(result)


def _listed(text: str) -> list[Type]:
    found, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        depth += (letter == "<") - (letter == ">")
        if letter == "," and not depth:
            found.append(text[start:index])
            start = index + 1
    return [_type(part) for part in (*found, text[start:]) if part.strip()]


def _type(text: str) -> Type:
    text = text.strip()
    name, _, inner = text.partition("<")
    if inner:
        parts = _listed(inner[:-1])
        match name:
            case "list":
                return types.list_of(parts[0])
            case "map":
                return types.map_of(parts[0], parts[1])
            case "optional":
                return types.optional_of(parts[0])
        return types.type_of(parts[0])
    return types.parameter(name) if name in _GENERIC else _NAMED[name]


Row = tuple[str, str, str, Implementation]
"""Function, overload, signature and what carries it out."""


class Functions(dict[str, list[Overload]]):
    """Overloads by the name of their function."""

    def __init__(self) -> None:
        super().__init__()
        self.resolved: dict[tuple[object, ...], tuple[list[Overload], Type | None]] = {}
        """Calls with types of which nothing is to be found out: how they were understood before (checking)."""


def declared(rows: Iterable[Row]) -> Functions:
    """The functions of a library by name."""
    found = Functions()
    for function, name, text, implementation in rows:
        method, parameters, result = signature(text)
        generic = tuple(sorted({param for part in (*parameters, result) for param in _parameters(part)}))
        overload = Overload(name, function, parameters, result, method, generic, implementation)
        found.setdefault(function, []).append(overload)
    return found


def _parameters(type: Type) -> list[str]:
    if type.kind == "param":
        return [type.name]
    return [name for part in type.parameters for name in _parameters(part)]


_MATCHES: dict[str, Callable[[Any], bool]] = {
    "bool": lambda value: isinstance(value, bool),
    "bytes": lambda value: isinstance(value, bytes),
    "double": lambda value: isinstance(value, float),
    "int": lambda value: isinstance(value, int) and not isinstance(value, (bool, Uint)),
    "uint": lambda value: isinstance(value, Uint),
    "string": lambda value: isinstance(value, str),
    "null": lambda value: value is None,
    "timestamp": lambda value: isinstance(value, Timestamp),
    "duration": lambda value: isinstance(value, Duration),
    "list": lambda value: isinstance(value, list),
    "map": lambda value: isinstance(value, (dict, Struct)),
    "type": lambda value: isinstance(value, TypeValue),
    "optional_type": lambda value: isinstance(value, Optional),
    "kubernetes.Quantity": lambda value: isinstance(value, Quantity),
}


def fits(type: Type, value: Any) -> bool:
    """Whether a value may be passed for the type."""
    if type.kind in ("dyn", "param", "any"):
        return True
    match = _MATCHES.get(type.name)
    if type.parameters and value and isinstance(value, (list, dict)):
        return bool(match and match(value)) and _first_fits(type, value)
    return match(value) if match else getattr(value, "type_name", "") == type.name


def _first_fits(type: Type, value: list[Any] | dict[Any, Any]) -> bool:
    """Whether the first item or entry does: the others are taken on trust."""
    if isinstance(value, list):
        return fits(type.parameters[0], value[0])
    key, held = next(iter(value.items()))
    return fits(type.parameters[0], key) and fits(type.parameters[1], held)
