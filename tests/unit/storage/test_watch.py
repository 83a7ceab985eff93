"""What a write is to a watcher that sees only a selection, and when a watcher is woken."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.storage.values import Event, Key, Stored, Views
from fakekube.storage.watch import Watcher

POD = Key("pods", "a", "p")


def stored(colour: str | None, revision: int) -> Stored | None:
    if colour is None:
        return None
    obj: dict[str, Any] = {"kind": "Pod", "apiVersion": "v1", "metadata": {"labels": {"colour": colour}}}
    return Stored(POD, revision, b"{}", obj, Views())


def event(before: str | None, after: str | None) -> Event:
    return Event(2, POD, stored(before, 1), stored(after, 2))


def watcher(namespace: str | None = None, *, selective: bool = True, limit: int = 9) -> tuple[Watcher, list[int]]:
    woken: list[int] = []
    accept = (lambda each: each.labels["colour"] == "red") if selective else None
    return Watcher(namespace, accept, lambda: woken.append(1), limit), woken


@pytest.mark.parametrize(
    ("before", "after", "selected", "all_seen"),
    [
        (None, "red", "ADDED", "ADDED"),
        (None, "blue", None, "ADDED"),
        ("red", "red", "MODIFIED", "MODIFIED"),
        ("blue", "red", "ADDED", "MODIFIED"),
        ("red", "blue", "DELETED", "MODIFIED"),
        ("blue", "blue", None, "MODIFIED"),
        ("red", None, "DELETED", "DELETED"),
        ("blue", None, None, "DELETED"),
    ],
)
def test_what_a_write_is(before: str | None, after: str | None, selected: str | None, all_seen: str) -> None:
    assert watcher()[0].kind_of(event(before, after)) == selected
    assert watcher(selective=False)[0].kind_of(event(before, after)) == all_seen
    assert watcher("a")[0].kind_of(event(before, after)) == selected
    assert watcher("b", selective=False)[0].kind_of(event(before, after)) is None


def test_it_is_woken_when_something_begins_to_wait() -> None:
    found, woken = watcher()
    found.offer(event(None, "blue"))
    assert woken == []
    found.offer(event(None, "red"))
    found.offer(event("red", "red"))
    assert woken == [1]
    assert [kind for kind, _ in found.take()] == ["ADDED", "MODIFIED"]
    assert found.take() == []
    found.offer(event("red", None))
    assert woken == [1, 1]


def test_closing_tells_once_and_leaves_what_waits() -> None:
    found, woken = watcher()
    told: list[Watcher] = []
    found.attach(told.append)
    found.offer(event(None, "red"))
    found.close()
    found.close()
    assert (told, woken, found.closed) == ([found], [1, 1], True)
    assert len(found.take()) == 1
