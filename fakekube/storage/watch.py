"""A watcher: the events that one subscriber has not taken yet, in a queue with a limit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from fakekube.storage.values import Event, Stored

QUEUE_EVENTS = 10_000
"""Events that may wait for a watcher; one that falls further behind is cut off, as the real server does."""

Accept = Callable[[Stored], bool]


def seen(accept: Accept | None, event: Event) -> str | None:
    """What the event is to who sees only a selection: ADDED, MODIFIED, DELETED, or None: nothing."""
    before = event.before is not None and (accept is None or accept(event.before))
    after = event.after is not None and (accept is None or accept(event.after))
    match before, after:
        case False, False:
            return None
        case False, True:
            return "ADDED"
        case True, True:
            return "MODIFIED"
    return "DELETED"


class Watcher:
    """One subscriber of a resource. `accept` (None: all) is asked for the object before and after each event."""

    __slots__ = ("_close", "_limit", "_wake", "accept", "closed", "namespace", "queue")

    def __init__(
        self, namespace: str | None, accept: Accept | None, wake: Callable[[], None], limit: int = QUEUE_EVENTS
    ) -> None:
        self.namespace = namespace
        self.accept = accept
        self.queue: deque[tuple[str, Event]] = deque()
        self.closed = False
        self._wake = wake
        self._limit = limit
        self._close: Callable[[Watcher], None] | None = None

    def attach(self, close: Callable[[Watcher], None]) -> None:
        """What `close` tells the hub."""
        self._close = close

    def offer(self, event: Event) -> None:
        """Queue the event if this watcher is to see it."""
        kind = self.kind_of(event)
        if kind is None:
            return
        if len(self.queue) >= self._limit:
            self.close()
            return
        self.queue.append((kind, event))
        if len(self.queue) == 1:
            self._wake()

    def kind_of(self, event: Event) -> str | None:
        """What the event is to a watcher that sees only its selection: ADDED, MODIFIED, DELETED, or None: nothing."""
        if self.namespace is not None and event.key.namespace != self.namespace:
            return None
        return seen(self.accept, event)

    def take(self) -> list[tuple[str, Event]]:
        """All that waits, which is then gone from the queue."""
        found = list(self.queue)
        self.queue.clear()
        return found

    def close(self) -> None:
        """End the subscription; what is queued may still be taken. Closing again does nothing."""
        if self.closed:
            return
        self.closed = True
        if self._close is not None:
            self._close(self)
        self._wake()
