"""Semantic versions, with why a text is none."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from fakekube.core.fielderrors import go_quote
from fakekube.schema.cel.values import EvaluationError

_NUMBER = re.compile(r"[0-9]+").fullmatch
_NAME = re.compile(r"[0-9A-Za-z-]+").fullmatch
_MOST = (1 << 64) - 1


class Version(NamedTuple):
    """A semantic version."""

    numbers: tuple[int, int, int]
    before: tuple[str, ...] = ()
    """The parts of what marks it as before a release."""

    @property
    def type_name(self) -> str:
        return "kubernetes.Semver"

    def rank(self) -> tuple[Any, ...]:
        """By which versions are compared."""
        parts = tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in self.before)
        return (self.numbers, not self.before, parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.rank() == other.rank()

    def __hash__(self) -> int:
        return hash(self.rank())


def parsed(text: str, normalize: bool = False) -> Version:
    """The version; EvaluationError if it is none."""
    text = _normalized(text) if normalize else text
    if not text:
        raise EvaluationError("Version string empty")
    parts = text.split(".", 2)
    if len(parts) != 3:
        raise EvaluationError("No Major.Minor.Patch elements found")
    major, minor = _number("major", parts[0]), _number("minor", parts[1])
    rest, plus, build = parts[2].partition("+")
    patch, dash, before = rest.partition("-")
    numbers = (major, minor, _number("patch", patch))
    marks = tuple(map(_mark, before.split("."))) if dash else ()
    for name in build.split(".") if plus else ():
        if not name:
            raise EvaluationError("Build meta data is empty")
        if not _NAME(name):
            raise EvaluationError(f"Invalid character(s) found in build meta data {go_quote(name)}")
    return Version(numbers, marks)


def _number(which: str, text: str) -> int:
    if not _NUMBER(text):
        raise EvaluationError(f"Invalid character(s) found in {which} number {go_quote(text)}")
    if len(text) > 1 and text[0] == "0":
        raise EvaluationError(f"{which.capitalize()} number must not contain leading zeroes {go_quote(text)}")
    if int(text) > _MOST:
        raise EvaluationError(f"strconv.ParseUint: parsing {go_quote(text)}: value out of range")
    return int(text)


def _mark(text: str) -> str:
    if not text:
        raise EvaluationError("Prerelease is empty")
    if _NUMBER(text):
        if len(text) > 1 and text[0] == "0":
            why = "Numeric PreRelease version must not contain leading zeroes"
            raise EvaluationError(f"{why} {go_quote(text)}")
    elif not _NAME(text):
        raise EvaluationError(f"Invalid character(s) found in prerelease {go_quote(text)}")
    return text


def _normalized(text: str) -> str:
    parts = text.removeprefix("v").split(".", 2)
    for index, part in enumerate(parts):
        if len(part) > 1:
            short = part.lstrip("0")
            parts[index] = short if short[:1].isdecimal() else "0" + short
    if len(parts) < 3:
        if re.search(r"[+-]", parts[-1]):
            raise EvaluationError("short version cannot contain PreRelease/Build meta data")
        parts += ["0"] * (3 - len(parts))
    return ".".join(parts)
