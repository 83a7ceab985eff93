"""The types of objects as expressions are held to them, where it is known of what kind the objects are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from fakekube.schema import typed
from fakekube.schema.cel import types
from fakekube.schema.cel.types import DYN, Field, Type, list_of, map_of

_SCALARS = {
    "string": types.STRING,
    "bool": types.BOOL,
    "int32": types.INT,
    "int64": types.INT,
    "double": types.DOUBLE,
    "bytes": types.BYTES,
    "duration": types.DURATION,
    "time": types.TIMESTAMP,
    "microTime": types.TIMESTAMP,
}
"""Kinds of scalars; others may be anything."""
RESERVED = frozenset(
    (
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"),
        *("import", "let", "loop", "package", "namespace", "return"),
    )
)
_SPELLED = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_odd = re.compile(r"__|[.\-/]")


def escaped(name: str) -> str:
    """The name of a member as expressions may have to write it."""
    return f"__{name}__" if name in RESERVED else _odd.sub(lambda match: _SPELLED[match[0]], name)


class _Fields(Mapping[str, Field]):
    """The fields of a struct, made when first asked for: types may hold themselves."""

    def __init__(self, struct: typed.Struct) -> None:
        self._struct = struct
        self._found: dict[str, Field] | None = None

    @property
    def _made(self) -> dict[str, Field]:
        if self._found is None:
            self._found = {}
            for name, member in self._struct.fields.items():
                field = Field(type_of(member.type), name)
                self._found[escaped(name)] = field
                if name in RESERVED:  # a keyword is understood after a dot
                    self._found[name] = field
        return self._found

    def __getitem__(self, name: str) -> Field:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def type_of(of: typed.Type) -> Type:
    """The type of an expression that is such a value."""
    match of:
        case typed.Struct() if of.fields and of.extra is None:
            return Type("struct", of.go, fields=_Fields(of))
        case typed.List():
            return list_of(type_of(of.item))
        case typed.Map():
            return map_of(types.STRING, type_of(of.item))
        case typed.Scalar():
            return _SCALARS.get(of.kind, DYN)
    return DYN
