"""The machine's own time, as a Clock that calls back through the running event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class WallClock:
    """Seconds since the epoch; when the machine's clock is set back, it waits until that has caught up."""

    def __init__(self) -> None:
        self._latest = 0.0

    def now(self) -> float:
        self._latest = max(self._latest, time.time())
        return self._latest

    def call_at(self, moment: float, call: Callable[[], None], *, holds: bool = True) -> Callable[[], None]:
        """Have `call` called when it is `moment`, never before; the result takes that back. Nobody holds this time."""
        return _Alarm(self, moment, call).cancel


class _Alarm:
    """A call that waits for its moment. An event loop counts in milliseconds and may be early: then it waits on."""

    __slots__ = ("_call", "_clock", "_handle", "_moment")

    def __init__(self, clock: WallClock, moment: float, call: Callable[[], None]) -> None:
        self._clock = clock
        self._moment = moment
        self._call = call
        self._handle = self._wait()

    def _wait(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(max(self._moment - self._clock.now(), 0.0), self._ring)

    def _ring(self) -> None:
        if self._clock.now() < self._moment:
            self._handle = self._wait()
        else:
            self._call()

    def cancel(self) -> None:
        """Let it be; one that has rung is over anyway."""
        self._handle.cancel()
