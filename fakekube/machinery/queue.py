"""Keys that wait to be looked at: each once, in the order they came, some not before their time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from heapq import heappop, heappush

from fakekube.core.clock import Clock

FIRST_RETRY_SECONDS = 0.005
LONGEST_RETRY_SECONDS = 1000.0
"""Back-off of a key that fails: doubled each time between these, as client-go's default rate limiter does."""
RACES_AT_ONCE = 5
"""So often in a row a key whose write met another's is looked at again without waiting; then it backs off, too."""


class WorkQueue:
    """De-duplicating and ordered. A key may also be due later; it then waits in the heap until the clock says so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ready: OrderedDict[Hashable, None] = OrderedDict()
        self._due: dict[Hashable, float] = {}
        self._heap: list[tuple[float, int, Hashable]] = []
        self._failures: dict[Hashable, int] = {}
        self._sequence = 0
        self.rests = False
        """Whether nothing is to be looked at for now, ready or not."""

    def __len__(self) -> int:
        return len(self._ready)

    def add(self, key: Hashable) -> bool:
        """Let the key be looked at; whether it was not waiting already."""
        if key in self._ready:
            return False
        self._ready[key] = None
        return True

    def add_after(self, key: Hashable, seconds: float) -> None:
        """Let the key be looked at in so many seconds, or earlier if that was said before."""
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock.now() + seconds
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        self._sequence += 1
        heappush(self._heap, (due, self._sequence, key))

    def retry(self, key: Hashable) -> float:
        """Let a key that failed be looked at again, later with each failure; the seconds until then."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        seconds = min(FIRST_RETRY_SECONDS * float(2 ** min(failures, 40)), LONGEST_RETRY_SECONDS)
        self.add_after(key, seconds)
        return seconds

    def retry_at_once(self, key: Hashable) -> None:
        """Let a key whose write met another's be looked at again now; it backs off when that happens too often."""
        failures = self._failures.get(key, 0)
        if failures >= RACES_AT_ONCE:
            self.retry(key)
            return
        self._failures[key] = failures + 1
        self.add(key)

    def forget(self, key: Hashable) -> None:
        """The key succeeded: its next failure is its first."""
        if self._failures:
            self._failures.pop(key, None)

    def failures(self, key: Hashable) -> int:
        """How often in a row the key has failed."""
        return self._failures.get(key, 0)

    def next_due(self) -> float | None:
        """When the first of the keys that wait for their time is due, in seconds since the epoch."""
        heap = self._heap
        while heap and self._due.get(heap[0][2]) != heap[0][0]:
            heappop(heap)  # said anew since, or looked at already
        return heap[0][0] if heap else None

    def is_empty(self) -> bool:
        """Whether no key waits, for its turn or its time."""
        return not self._ready and not self._heap

    def has_ready(self, now: float) -> bool:
        """Whether a key may be looked at by now."""
        heap = self._heap
        if heap and heap[0][0] <= now:
            self._take_due(now)
        return bool(self._ready) and not self.rests

    def _take_due(self, now: float) -> None:
        while (due := self.next_due()) is not None and due <= now:
            key = heappop(self._heap)[2]
            del self._due[key]
            self.add(key)

    def pop(self) -> Hashable:
        """The key that waits longest; what it was due for later is dropped, for who looks at it now says so anew."""
        key, _ = self._ready.popitem(last=False)
        if self._due:
            self._due.pop(key, None)
        return key

    def clear(self) -> None:
        """Forget everything."""
        self._ready.clear()
        self._due.clear()
        self._heap.clear()
        self._failures.clear()
