"""What is wrong with an expression, told as cel-go tells it: with the line and a mark below the place."""

from __future__ import annotations

from typing import NamedTuple

MOST_TOLD = 100
NOWHERE = -1
"""The place of what is wrong with an expression as a whole."""
WIDE_DOT, WIDE_MARK = "．", "＾"


class Fault(NamedTuple):
    """A message and its place, in characters."""

    offset: int
    message: str


class CompileError(Exception):
    """An expression that is none."""

    what = "compilation failed"
    """What messages begin with."""

    def __init__(self, source: str, faults: list[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: fault.offset)
        told = [shown(source, fault) for fault in self.faults[:MOST_TOLD]]
        if len(self.faults) > MOST_TOLD:
            told.append(f"{len(self.faults) - MOST_TOLD} more errors were truncated")
        super().__init__("\n".join(told))


class InstantiationError(CompileError):
    """An expression of right types with a constant that cannot be converted."""

    what = "program instantiation failed"

    def __init__(self, message: str) -> None:
        self.faults = [Fault(0, message)]
        Exception.__init__(self, message)


def shown(source: str, fault: Fault) -> str:
    """The message, the line and the mark."""
    if fault.offset == NOWHERE:
        return f"ERROR: <input>:-1:0: {fault.message}"
    before = source[: fault.offset]
    line = before.count("\n")
    column = len(before) - (before.rfind("\n") + 1)
    text = source.split("\n")[line].replace("\t", " ")
    dots = "".join(WIDE_DOT if ord(letter) > 127 else "." for letter in text[:column])
    at = text[column : column + 1]
    mark = WIDE_MARK if at and ord(at) > 127 else "^"
    return f"ERROR: <input>:{line + 1}:{column + 1}: {fault.message}\n | {text}\n | {dots}{mark}"
