"""Lists of completion indexes as a Job's status and success policy write them: "0,2-4,7"."""

from __future__ import annotations

import re

from fakekube.core.fielderrors import go_quote


class IndexFault(ValueError):
    """A text that is no such list; the message is the real server's."""


def intervals(text: str, completions: int) -> list[tuple[int, int]]:
    """The first and last index of each part, in order; IndexFault if they are not increasing or too large."""
    found: list[tuple[int, int]] = []
    for part in text.split(",") if text else ():
        first, last = _interval(part, completions)
        if found and found[-1][1] >= first:
            raise IndexFault(f"non-increasing order, previous: {found[-1][1]}, current: {first}")
        found.append((first, last))
    return found


def count_indexes(text: str, completions: int) -> int:
    """How many indexes the text names."""
    return sum(last - first + 1 for first, last in intervals(text, completions))


def first_overlap(one: str, other: str, completions: int) -> int | None:
    """The first index that both name; parts that cannot be read are left out."""
    left, right = _readable(one, completions), _readable(other, completions)
    shared = [max(a, c) for a, b in left for c, d in right if a <= d and c <= b]
    return min(shared) if shared else None


def _readable(text: str, completions: int) -> list[tuple[int, int]]:
    found = []
    for part in text.split(",") if text else ():
        try:
            found.append(_interval(part, completions))
        except IndexFault:
            continue
    return found


def _interval(text: str, completions: int) -> tuple[int, int]:
    parts = text.split("-")
    if len(parts) > 2:
        raise IndexFault(
            f"the fragment {go_quote(text)} violates the requirement that an index interval can have at most two parts "
            "separated by '-'"
        )
    numbers = [_index(part, completions) for part in parts]
    if len(numbers) == 2 and numbers[0] >= numbers[1]:
        raise IndexFault(f"non-increasing order, previous: {numbers[0]}, current: {numbers[1]}")
    return numbers[0], numbers[-1]


def _index(text: str, completions: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        raise IndexFault(f"cannot convert string to integer for index: {go_quote(text)}")
    if int(text) >= completions:
        raise IndexFault(f"too large index: {go_quote(text)}")
    return int(text)
