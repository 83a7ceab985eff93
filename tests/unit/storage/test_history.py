"""The kept window of events has an end, and so has what is made of them."""

import pytest

from fakekube.storage.history import FRAMES_KEPT, History
from fakekube.storage.values import Event, Key

KEY = Key("pods", "default", "web")


def _filled(count: int, kept: int) -> tuple[History, list[Event]]:
    history = History(kept)
    events = [Event(revision, KEY, None, None) for revision in range(1, count + 1)]
    for event in events:
        event.forms["JSON"] = b"frame"
        history.append(event)
    return history, events


@pytest.mark.parametrize("count", [8, 9, 10, 11, 100])
def test_so_many_events_are_kept_at_the_least_and_a_quarter_more_at_most(count: int) -> None:
    history, events = _filled(count, kept=8)
    found = history.since(history.oldest)
    assert found == [event for event in events if event.revision > history.oldest]
    assert min(count, 8) <= len(found) <= 10


def test_only_the_youngest_events_keep_their_frames() -> None:
    _, events = _filled(FRAMES_KEPT + 3, kept=2 * FRAMES_KEPT)
    assert [bool(event.forms) for event in events] == [False] * 3 + [True] * FRAMES_KEPT


def test_compaction_forgets_up_to_a_revision() -> None:
    history, events = _filled(8, kept=100)
    history.compact(5)
    assert history.oldest == 5
    assert history.since(5) == events[5:]
