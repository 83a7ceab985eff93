"""The time of a cluster in the test's hands: stopped, stepped or leapt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fakekube.cluster.companions import Companions
from fakekube.cluster.running import Runner
from fakekube.core.timers import VirtualClock
from fakekube.machinery.manager import Manager

VIRTUAL_START = 1_767_225_600.0
"""When a virtual clock begins: 2026-01-01T00:00:00Z, always the same, so that a run can be repeated to the second."""

BOOKMARKS_MISSED_SECONDS = 600.0
"""A companion that is to wake so soon may do so because bookmarks fail to come; so they do come."""


class TimeControl:
    """Moves a virtual clock; every timer on the way is met in its order, and settled before the next."""

    def __init__(
        self,
        clock: VirtualClock,
        manager: Manager,
        runner: Runner,
        companions: Companions,
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        self._clock = clock
        self._companions = companions
        self._manager = manager
        self._runner = runner
        self._settle = settle
        self._moving = asyncio.Lock()
        runner.stands_still = True

    def next_due(self) -> float | None:
        """When the next timer of a controller, a watch or a companion is due."""
        first = _first(self._manager.next_due(holding=True), self._clock.next_due())
        theirs = self._companions.next_due()
        if theirs is None or (first is not None and first < theirs):
            return first
        if theirs - self._clock.now() > BOOKMARKS_MISSED_SECONDS:
            return theirs
        return _first(theirs, self._clock.next_due(all=True))

    async def advance(self, seconds: float) -> float:
        """Let so much time pass; the time it is then."""
        if seconds < 0:
            raise ValueError(f"time does not run backwards: {seconds}")
        async with self._moving:
            await self._settle()
            target = self._clock.now() + seconds
            await self._pass(target)
            return target

    async def leap(self) -> float | None:
        """On to the next timer; the time it is then, None if there is none."""
        async with self._moving:
            await self._settle()
            due = self.next_due()
            if due is None:
                return None
            await self._pass(due)
            return self._clock.now()

    async def leap_ahead(self, longest: float, written: Callable[[], int]) -> bool | None:
        """On to the next timer of a controller or a companion, but no further than so many seconds, and only until
        something is `written` (a number that grows); whether it was. None: they wait for nothing."""
        async with self._moving:
            await self._settle()
            due = _first(self._manager.next_due(holding=True), self._companions.next_due())
            if due is None:
                return None
            before = written()
            return await self._pass(min(due, self._clock.now() + longest), lambda: written() != before)

    async def _pass(self, target: float, enough: Callable[[], bool] = lambda: False) -> bool:
        """From timer to timer until it is `target`, or enough; what need not be on the dot is done in the end."""
        self._manager.pass_over(True)
        try:
            while not enough() and (due := self.next_due()) is not None and due <= target:
                await self._move(due)
            if not enough():
                await self._move(target)
            return enough()
        finally:
            self._manager.pass_over(False)
            self._runner.wake()
            await self._settle()

    async def _move(self, moment: float) -> None:
        self._clock.set(max(moment, self._clock.now()))
        self._runner.wake()
        await self._settle()


def _first(*moments: float | None) -> float | None:
    return min((moment for moment in moments if moment is not None), default=None)
