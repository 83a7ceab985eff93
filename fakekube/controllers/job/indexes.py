"""Completion indexes: sets of numbers, written as '0,2-5'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

INDEX = "batch.kubernetes.io/job-completion-index"
FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"


def parsed(text: str, completions: int) -> set[int]:
    """The indexes below the number of completions; parts that cannot be read are left out."""
    found: set[int] = set()
    for part in text.split(",") if text else ():
        first, dash, last = part.partition("-")
        if first.isdecimal() and (last.isdecimal() or not dash):
            found.update(range(int(first), min(int(last or first), completions - 1) + 1))
    return found


def written(indexes: Iterable[int]) -> str:
    """Runs of three and more as first-last, others one by one."""
    parts: list[str] = []
    for first, last in _runs(sorted(indexes)):
        parts.append(f"{first}-{last}" if last > first + 1 else str(first) if last == first else f"{first},{last}")
    return ",".join(parts)


def _runs(ordered: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in ordered:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def index_of(annotations: Mapping[str, str]) -> int | None:
    """The index that a pod has; None if it has none that can be read."""
    text = annotations.get(INDEX, "")
    return int(text) if text.isdecimal() else None


def counted(annotations: Mapping[str, str], name: str) -> int:
    """How often pods of this index failed before, by the annotation."""
    text = annotations.get(name, "")
    return int(text) if text.isdecimal() else 0
