"""The time, handed in: everything below the server asks a Clock and never the machine."""

from __future__ import annotations

from typing import Protocol

from fakekube.core.meta import micro_time_text, time_text


class Clock(Protocol):
    """Seconds since the epoch. Two calls may return the same value; none returns a smaller one than before."""

    def now(self) -> float:
        """The present moment in seconds since the epoch."""
        ...


class FixedClock:
    """A clock that moves only when told to: for unit tests and for the virtual time of a cluster."""

    def __init__(self, start: float = 1_767_225_600.0) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        """Move forward; time never runs backwards."""
        assert seconds >= 0, "time does not run backwards"
        self.time += seconds


def timestamp(clock: Clock) -> str:
    """The clock's time as metav1.Time text."""
    return time_text(clock.now())


def micro_timestamp(clock: Clock) -> str:
    """The clock's time as metav1.MicroTime text."""
    return micro_time_text(clock.now())
