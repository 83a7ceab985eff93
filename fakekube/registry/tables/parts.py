"""What several printers need: parts of objects that may not be there, and the same few cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fakekube.core import human
from fakekube.core.meta import Obj, metadata

Printer = Callable[[Obj, float], list[Any]]
"""The cells of an object at a moment (seconds since the epoch)."""


def part(obj: Obj, *names: str) -> Obj:
    """A part of an object; empty if any step to it is missing."""
    for name in names:
        obj = obj.get(name) or {}
    return obj


def spec(obj: Obj) -> Obj:
    """spec or {}."""
    return obj.get("spec") or {}


def status(obj: Obj) -> Obj:
    """status or {}."""
    return obj.get("status") or {}


def name(obj: Obj) -> str:
    """metadata.name or ''."""
    return metadata(obj).get("name") or ""


def age(obj: Obj, now: float) -> str:
    """The time since its creation."""
    return human.age(metadata(obj).get("creationTimestamp"), now)


def containers(template: Obj) -> list[str]:
    """The names and the images of a pod template's containers, joined."""
    found = part(template, "spec").get("containers") or ()
    return [",".join([each.get(key) or "" for each in found]) for key in ("name", "image")]


def more(items: Sequence[str], shown: int) -> str:
    """The first items, and how many more there are."""
    text = ",".join(items[:shown])
    return f"{text} + {len(items) - shown} more..." if len(items) > shown else text


def true_false(value: bool | None) -> str:
    """'True', 'False' or '<unset>'."""
    return human.UNSET if value is None else "True" if value else "False"


def has_true(conditions: Iterable[Obj], kind: str) -> bool:
    """Whether the first condition of this type is true."""
    return next((each.get("status") == "True" for each in conditions if each.get("type") == kind), False)
