"""The kept window of events: its ends, and the past that it tells."""

from __future__ import annotations

import pytest

from fakekube.storage.history import History
from fakekube.storage.values import Event, Key, Stored, Views


def event(revision: int, name: str = "p", *, before: int | None = None, resource: str = "pods") -> Event:
    key = Key(resource, "a", name)
    old = None
    if before is not None:
        old = Stored(key, before, b"{}", {"kind": "Pod", "apiVersion": "v1", "metadata": {}}, Views())
    return Event(revision, key, old, None)


def test_only_so_many_are_kept() -> None:
    history = History(kept=4)
    for revision in range(1, 6):
        history.append(event(revision))
    assert history.oldest == 0
    history.append(event(6))  # a quarter more than is to be kept, and one
    assert history.oldest == 2
    assert [each.revision for each in history.since(2)] == [3, 4, 5, 6]
    with pytest.raises(AssertionError):
        history.since(1)


def test_large_objects_are_kept_for_a_shorter_time() -> None:
    history = History(held=20)
    for revision in range(1, 11):
        history.append(event(revision, before=revision - 1))  # two bytes each
    assert history.oldest == 0
    history.append(event(11, before=10))
    assert history.oldest == 4
    assert len(history.since(4)) * 2 == 14
    history.compact(10)
    for revision in range(12, 21):
        history.append(event(revision, before=revision - 1))
    assert history.oldest == 10


def test_the_youngest_event_is_kept_however_large() -> None:
    history = History(held=1)
    for revision in (1, 2):
        history.append(event(revision, before=0))
    assert [each.revision for each in history.since(1)] == [2]


@pytest.mark.parametrize(("to", "oldest", "rest"), [(0, 0, [2, 4, 6]), (3, 3, [4, 6]), (4, 4, [6]), (9, 9, [])])
def test_compaction(to: int, oldest: int, rest: list[int]) -> None:
    history = History()
    for revision in (2, 4, 6):
        history.append(event(revision))
    history.compact(to)
    assert (history.oldest, [each.revision for each in history.since(oldest)]) == (oldest, rest)
    history.compact(1)
    assert history.oldest == max(oldest, 1)


def test_how_things_were() -> None:
    history = History()
    history.append(event(1, "p"))
    history.append(event(2, "p", before=1))
    history.append(event(3, "q", before=0))
    history.append(event(4, "p", before=2))
    history.append(event(5, "c", resource="configmaps"))
    then = {key.name: None if old is None else old.revision for key, old in history.changed_since(1, "pods").items()}
    assert then == {"p": 1, "q": 0}
    assert history.changed_since(4, "pods") == {}
