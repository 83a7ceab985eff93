"""Expressions over a few variables."""

from __future__ import annotations

from typing import Any

from fakekube.schema.cel import types
from fakekube.schema.cel.checking import Environment
from fakekube.schema.cel.compiling import compile
from fakekube.schema.cel.faults import CompileError
from fakekube.schema.cel.library import functions
from fakekube.schema.cel.types import Type, list_of, map_of

VARIABLES: dict[str, tuple[Type, Any]] = {
    "self": (types.DYN, {"a": 1, "l": [1, 2], "s": "x"}),
    "i": (types.INT, 5),
    "s": (types.STRING, "abc"),
    "l": (list_of(types.INT), [1, 2, 3]),
    "m": (map_of(types.STRING, types.INT), {"k": 1}),
}
ENVIRONMENT = Environment(functions(), {name: type for name, (type, _) in VARIABLES.items()})


def value(text: str) -> Any:
    """The value of an expression."""
    return compile(text, ENVIRONMENT).program(*(given for _, given in VARIABLES.values()))


def complaint(text: str) -> str:
    """What is told of an expression that is none."""
    try:
        compile(text, ENVIRONMENT)
    except CompileError as error:
        return str(error)
    raise AssertionError(f"{text} compiles")
