"""Something to be called at a moment of a Clock: what waits for time without knowing whose."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Protocol

from fakekube.core.clock import Clock

Call = Callable[[], None]


class Timers(Clock, Protocol):
    """A Clock that also calls back."""

    def call_at(self, moment: float, call: Call, *, holds: bool = True) -> Call:
        """Have `call` called once when it is `moment` (seconds since the epoch); the result takes that back.

        `holds`: a time that is moved stops here. What need not be on the dot is called at the next stop after it.
        """
        ...


class _Waiting:
    """Calls that wait for their moments."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._calls: dict[int, Call] = {}

    def add(self, moment: float, number: int, call: Call) -> Call:
        """Let it wait; the result takes that back."""
        heapq.heappush(self._heap, (moment, number))
        self._calls[number] = call

        def drop() -> None:
            self._calls.pop(number, None)

        return drop

    def first(self) -> tuple[float, int] | None:
        """The moment and number of the one that is called next."""
        while self._heap and self._heap[0][1] not in self._calls:
            heapq.heappop(self._heap)
        return self._heap[0] if self._heap else None

    def take(self) -> Call:
        """The one that is called next, which no longer waits."""
        return self._calls.pop(heapq.heappop(self._heap)[1])


class VirtualClock:
    """A time that stands still until it is set. Calls that fall due are made in the order of their moments."""

    def __init__(self, start: float) -> None:
        self._now = start
        self._holding = _Waiting()
        self._passed_over = _Waiting()
        self._count = 0

    def now(self) -> float:
        return self._now

    def call_at(self, moment: float, call: Call, *, holds: bool = True) -> Call:
        self._count += 1
        return (self._holding if holds else self._passed_over).add(moment, self._count, call)

    def next_due(self, *, all: bool = False) -> float | None:
        """The moment of the next call that holds time, or of the next of all; None if nobody waits."""
        waiting = (self._holding, self._passed_over) if all else (self._holding,)
        return min((first[0] for each in waiting if (first := each.first()) is not None), default=None)

    def rewind(self, moment: float) -> None:
        """It is `moment` again: another life begins. Whoever still waits does so for the moment that was told."""
        self._now = moment

    def set(self, moment: float) -> None:
        """It is `moment` now (never earlier than before): the calls due by then are made."""
        assert moment >= self._now, "time does not run backwards"
        self._now = moment
        while (waiting := self._next(moment)) is not None:
            waiting.take()()

    def _next(self, moment: float) -> _Waiting | None:
        """Those among whom the first call is that is due by then."""
        dues = [(first, each) for each in (self._holding, self._passed_over) if (first := each.first()) is not None]
        first, waiting = min(dues, key=lambda due: due[0], default=((float("inf"), 0), None))
        return waiting if first[0] <= moment else None
