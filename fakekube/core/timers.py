"""Something to be called at a moment of a Clock: what waits for time without knowing whose."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Protocol

from fakekube.core.clock import Clock

Call = Callable[[], None]


class Timers(Clock, Protocol):
    """A Clock that also calls back."""

    def call_at(self, moment: float, call: Call) -> Call:
        """Have `call` called once when it is `moment` (seconds since the epoch); the result takes that back."""
        ...


class VirtualClock:
    """A time that stands still until it is set. Calls that fall due are made in the order of their moments."""

    def __init__(self, start: float) -> None:
        self._now = start
        self._calls: list[tuple[float, int, Call]] = []
        self._dropped: set[int] = set()
        self._count = 0

    def now(self) -> float:
        return self._now

    def call_at(self, moment: float, call: Call) -> Call:
        self._count += 1
        number = self._count
        heapq.heappush(self._calls, (moment, number, call))
        return lambda: self._dropped.add(number)

    def next_due(self) -> float | None:
        """The moment of the next call; None if nobody waits."""
        while self._calls and self._calls[0][1] in self._dropped:
            self._dropped.discard(heapq.heappop(self._calls)[1])
        return self._calls[0][0] if self._calls else None

    def rewind(self, moment: float) -> None:
        """It is `moment` again: another life begins. Whoever still waits does so for the moment that was told."""
        self._now = moment

    def set(self, moment: float) -> None:
        """It is `moment` now (never earlier than before): the calls due by then are made."""
        assert moment >= self._now, "time does not run backwards"
        self._now = moment
        while (due := self.next_due()) is not None and due <= moment:
            _, _, call = heapq.heappop(self._calls)
            call()
