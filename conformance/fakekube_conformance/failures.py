"""What a check says when a promise is not kept, and the comparisons that say it."""

from __future__ import annotations

import json
from typing import Any

WIDTH = 600


class Failure(AssertionError):
    """A promise that the server did not keep; its text is for people."""


class Unmet(Exception):
    """Something a check needs is not there, so that it proves nothing; its text says what."""


def brief(value: object, width: int = WIDTH) -> str:
    """A value as one line of JSON, cut where it gets long."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= width else f"{text[:width]}... ({len(text)} characters)"


def equal(what: str, actual: object, expected: object) -> None:
    """`actual` is `expected`; `what` names it in the failure."""
    if actual != expected:
        raise Failure(f"{what}: expected {brief(expected)}, got {brief(actual)}")


def different(what: str, actual: object, other: object) -> None:
    """`actual` is anything but `other`."""
    if actual == other:
        raise Failure(f"{what}: expected anything but {brief(other)}")


def holds(what: str, condition: object) -> None:
    """`condition` is true; `what` is the whole sentence."""
    if not condition:
        raise Failure(f"not so: {what}")


def contains(what: str, whole: Any, *parts: object) -> None:
    """Each of `parts` is in `whole` (a text, a list or the keys of an object)."""
    for part in parts:
        if whole is None or part not in whole:
            raise Failure(f"{what}: expected {brief(part)} in {brief(whole)}")


def lacks(what: str, whole: Any, *parts: object) -> None:
    """None of `parts` is in `whole`."""
    for part in parts:
        if whole is not None and part in whole:
            raise Failure(f"{what}: expected no {brief(part)} in {brief(whole)}")


def covers(what: str, actual: Any, expected: Any) -> None:
    """`actual` holds all that `expected` says; objects may hold more, lists may not."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            covers(f"{what}.{key}", actual.get(key), value)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for number, (mine, theirs) in enumerate(zip(actual, expected, strict=True)):
            covers(f"{what}.{number}", mine, theirs)
    else:
        equal(what, actual, expected)


def look(value: Any, path: str) -> Any:
    """What stands at a dotted path ("spec.ports.0.port"), or None. "~" stands for a dot within a name."""
    for part in path.split("."):
        name = part.replace("~", ".")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.lstrip("-").isdigit() and -len(value) <= int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
