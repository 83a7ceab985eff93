"""The kept window of events: what a watch that begins in the past is told, and how a list looks at an older
revision."""

from __future__ import annotations

from bisect import bisect_right

from fakekube.storage.values import Event, Key, Stored

HISTORY_EVENTS = 10_000
"""Events kept at the least, over all resources; up to a quarter more before the older ones are dropped."""
HISTORY_BYTES = 128 * 2**20
"""What the kept events may hold of objects as they were; past that the older ones are dropped, down to three quarters.
What is there at present is held anyway and does not count."""
FRAMES_KEPT = 1_000
"""Youngest events that keep what was made of them for watchers; who comes later has it made anew."""


class History:
    """Events in the order of their revisions; `oldest` is the lowest revision from which all later events are known."""

    def __init__(self, kept: int = HISTORY_EVENTS, held: int = HISTORY_BYTES) -> None:
        self._kept = kept
        self._most_bytes = held
        self._bytes = 0
        self._events: list[Event] = []
        self.oldest = 0

    def append(self, event: Event) -> None:
        events = self._events
        events.append(event)
        if len(events) > FRAMES_KEPT:
            events[-FRAMES_KEPT - 1].forget()
        self._bytes += _size(event)
        if len(events) >= self._kept + self._kept // 4 + 1:
            self._drop(len(events) - self._kept)
        if self._bytes > self._most_bytes:
            self._drop(self._too_large())

    def _too_large(self) -> int:
        """How many of the oldest events must go; the youngest stays, however large."""
        left, count = self._bytes, 0
        while left > self._most_bytes * 3 // 4 and count < len(self._events) - 1:
            left -= _size(self._events[count])
            count += 1
        return count

    def _drop(self, count: int) -> None:
        """Forget so many of the oldest events."""
        if count:
            self.oldest = max(self.oldest, self._events[count - 1].revision)
            self._bytes -= sum(map(_size, self._events[:count]))
            del self._events[:count]

    def since(self, revision: int) -> list[Event]:
        """The events after this revision, which must not be below `oldest`."""
        assert revision >= self.oldest, "the caller checks the lower end"
        return self._events[bisect_right(self._events, revision, key=_revision) :]

    def changed_since(self, revision: int, resource: str) -> dict[Key, Stored | None]:
        """How each object of the resource that was written after `revision` looked at it (None: was not there)."""
        found: dict[Key, Stored | None] = {}
        for event in self.since(revision):
            if event.key.resource == resource and event.key not in found:
                found[event.key] = event.before
        return found

    def compact(self, revision: int) -> None:
        """Forget the events up to and including this revision."""
        self._drop(bisect_right(self._events, revision, key=_revision))
        self.oldest = max(self.oldest, revision)


def _size(event: Event) -> int:
    return len(event.before.raw) if event.before is not None else 0


def _revision(event: Event) -> int:
    return event.revision
