"""Semantic versions and what is asked of them, as github.com/Masterminds/semver reads both."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_VERSION = re.compile(
    r"v?(0|[1-9]\d*|\d+)(?:\.(\d+))?(?:\.(\d+))?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)
_PART = r"[0-9|x|X|*]+"
_ASKED = re.compile(
    r"\s*(=\||!=|>=|=>|<=|=<|~>|=|>|<|~|\^|)\s*"
    r"(v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?)\s*"
)
_HYPHEN = re.compile(r"\s*(\S+)\s+-\s+(\S+)\s*")


@dataclass(frozen=True, slots=True)
class Version:
    """A version and how it was written."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""
    metadata: str = ""
    original: str = ""

    @classmethod
    def parse(cls, text: str) -> Version:
        """The version; ValueError if it is none. Parts that are missing are 0."""
        match = _VERSION.fullmatch(text)
        if match is None:
            raise ValueError("invalid semantic version")
        major, minor, patch = (int(part or 0) for part in match.group(1, 2, 3))
        return cls(major, minor, patch, match[4] or "", match[5] or "", text)

    @property
    def order(self) -> tuple[tuple[int, int, int], bool, list[tuple[bool, int, str]]]:
        """What orders versions: one that is not released yet comes before it is."""
        parts = self.prerelease.split(".") if self.prerelease else []
        ranked = [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
        return (self.major, self.minor, self.patch), not self.prerelease, ranked

    def __str__(self) -> str:
        made = f"{self.major}.{self.minor}.{self.patch}"
        made += f"-{self.prerelease}" if self.prerelease else ""
        return made + (f"+{self.metadata}" if self.metadata else "")


METHODS: dict[str, Callable[..., object]] = {
    "Major": lambda version: version.major,
    "Minor": lambda version: version.minor,
    "Patch": lambda version: version.patch,
    "Prerelease": lambda version: version.prerelease,
    "Metadata": lambda version: version.metadata,
    "Original": lambda version: version.original,
    "String": str,
    "Compare": lambda version, other: (version.order > other.order) - (version.order < other.order),
    "Equal": lambda version, other: version.order == other.order,
    "GreaterThan": lambda version, other: version.order > other.order,
    "LessThan": lambda version, other: version.order < other.order,
}
"""What can be asked of a version."""


def satisfies(version: Version, constraint: str) -> bool:
    """Whether one of the alternatives (||) holds, of which all parts must; ValueError if the constraint is none."""
    alternatives = [_parts(each) for each in constraint.split("||")]
    return any(all(_holds(version, *part) for part in parts) for parts in alternatives)


_Asked = tuple[str, Version, int]
"""An operator, a version, and how many of its parts were written."""


def _parts(text: str) -> list[_Asked]:
    hyphen = _HYPHEN.fullmatch(text)
    text = f">={hyphen[1]}, <={hyphen[2]}" if hyphen else text
    found, at = [], 0
    text = text.replace(",", " ")
    if not text.strip():
        text = "*"
    while at < len(text.rstrip()):
        match = _ASKED.match(text, at)
        if match is None:
            raise ValueError(f"improper constraint: {text.strip()}")
        written = [part for part in match.group(3, 4, 5) if part is not None]
        known = next((place for place, part in enumerate(written) if part in "xX*"), len(written))
        major, minor, patch = [int(part) for part in written[:known]] + [0] * (3 - known)
        found.append((match[1], Version(major, minor, patch, match[6] or ""), known))
        at = match.end()
    return found


def _holds(version: Version, operator: str, wanted: Version, known: int) -> bool:
    if version.prerelease and not wanted.prerelease:
        return operator == "!=" and False
    place, asked = (version.major, version.minor, version.patch), (wanted.major, wanted.minor, wanted.patch)
    if not known:
        return operator not in ("!=", ">", "<")
    shared = place[:known] == asked[:known]
    match operator:
        case "" | "=":
            return shared if known < 3 else version.order == wanted.order
        case "!=":
            return not (shared if known < 3 else version.order == wanted.order)
        case ">":
            return place[:known] > asked[:known] if known < 3 else version.order > wanted.order
        case "<":
            return version.order < wanted.order
        case ">=" | "=>":
            return version.order >= wanted.order
        case "<=" | "=<":
            return place[:known] <= asked[:known] if known < 3 else version.order <= wanted.order
    if version.order < wanted.order:
        return False
    if operator == "^":
        first = next((at for at, part in enumerate(asked[:known]) if part), known - 1)
        return place[: first + 1] == asked[: first + 1]
    return place[: min(known, 2)] == asked[: min(known, 2)]
