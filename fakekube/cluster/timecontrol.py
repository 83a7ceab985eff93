"""The time of a cluster in the test's hands: stopped, stepped, leapt, or running ahead by itself whenever nothing
happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fakekube.cluster.running import Runner
from fakekube.core.timers import VirtualClock
from fakekube.machinery.manager import Manager

VIRTUAL_START = 1_767_225_600.0
"""When a virtual clock begins: 2026-01-01T00:00:00Z, always the same, so that a run can be repeated to the second."""
PAUSE_SECONDS = 0.02
"""How long (by the machine's time) nothing must happen before an automatic clock leaps."""


class TimeControl:
    """Moves a virtual clock; every timer on the way is met in its order, and settled before the next."""

    def __init__(
        self, clock: VirtualClock, manager: Manager, runner: Runner, settle: Callable[[], Awaitable[None]]
    ) -> None:
        self._clock = clock
        self._manager = manager
        self._runner = runner
        self._settle = settle
        self._leaping: asyncio.TimerHandle | None = None
        runner.stands_still = True

    def next_due(self) -> float | None:
        """When the next timer of a controller, a watch or a wait is due."""
        dues = [due for due in (self._manager.next_due(holding=True), self._clock.next_due()) if due is not None]
        return min(dues, default=None)

    async def advance(self, seconds: float) -> float:
        """Let so much time pass; the time it is then."""
        if seconds < 0:
            raise ValueError(f"time does not run backwards: {seconds}")
        target = self._clock.now() + seconds
        await self._settle()
        while (due := self.next_due()) is not None and due <= target:
            self._move(due)
            await self._settle()
        self._move(target)
        await self._settle()
        return target

    async def leap(self) -> float | None:
        """On to the next timer; the time it is then, None if there is none."""
        await self._settle()
        due = self.next_due()
        if due is None:
            return None
        self._move(due)
        await self._settle()
        return self._clock.now()

    def _move(self, moment: float) -> None:
        self._clock.set(max(moment, self._clock.now()))
        self._runner.wake()

    def run_ahead(self) -> None:
        """From now on leap by itself whenever the controllers rest; requests and writes put the leap off."""
        self._runner.on_idle = self._put_off

    def stop(self) -> None:
        """Leap no more."""
        self._runner.on_idle = None
        if self._leaping is not None:
            self._leaping.cancel()

    def _put_off(self) -> None:
        if self._leaping is not None:
            self._leaping.cancel()
        self._leaping = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._leap_alone)

    def _leap_alone(self) -> None:
        self._leaping = None
        due = self.next_due()
        if due is not None:
            self._move(due)
            self._put_off()  # what was due may have been a watch's, which wakes no controller
