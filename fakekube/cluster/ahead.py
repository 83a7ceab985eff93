"""A time that runs ahead by itself whenever everybody waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

from fakekube.cluster.pace import WAITING_SECONDS, Pace
from fakekube.cluster.running import Runner
from fakekube.cluster.timecontrol import TimeControl
from fakekube.core.timers import Call, VirtualClock
from fakekube.server.traffic import Traffic
from fakekube.server.watches import Streams
from fakekube.storage.store import Store

LONGEST_LEAP_SECONDS = 86_400.0
"""It leaps no further at once: what is to happen next year is not what a client waits for now."""
ABSENCE_SECONDS = 0.1
"""How often one looks whether somebody has come back, or wants something of time."""


class AutomaticClock(VirtualClock):
    """A virtual clock on which nobody waits longer than by the machine's: then `overdue` is told of the moment."""

    def __init__(self, start: float) -> None:
        super().__init__(start)
        self.overdue: Callable[[float], None] = lambda moment: None

    def call_at(self, moment: float, call: Call, *, holds: bool = True) -> Call:
        delay = max(moment - self.now(), 0.0)
        handle = asyncio.get_running_loop().call_later(delay, lambda: self.overdue(moment))

        def due() -> None:
            handle.cancel()
            call()

        drop = super().call_at(moment, due, holds=holds)

        def cancel() -> None:
            handle.cancel()
            drop()

        return cancel


class RunningAhead:
    """Leaps to the controllers' next timer whenever everybody waits: controllers, watchers and those who ask.

    Watches and what else waits by the clock are met on the way. They are no reason to leap; if there is no other, what
    they wait for comes when as much of the machine's time has passed.
    """

    def __init__(
        self, clock: AutomaticClock, control: TimeControl, traffic: Traffic, streams: Streams, store: Store
    ) -> None:
        self.pace = Pace(asyncio.get_running_loop().time)
        self._control = control
        self._traffic = traffic
        self._streams = streams
        self._store = store
        self._rested = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        traffic.observer = self.pace
        clock.overdue = lambda moment: self._begin(self._catch_up(moment - clock.now()))

    def start(self, runner: Runner) -> None:
        """Begin."""
        runner.on_idle = self._rested.set
        self._begin(self._run())

    async def stop(self) -> None:
        """End, between two leaps."""
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name="fakekube-time")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _catch_up(self, seconds: float) -> None:
        if seconds > 0:
            await self._control.advance(seconds)

    async def _run(self) -> None:
        while True:
            self._rested.clear()
            if self.pace.absent() and not len(self._streams):
                await asyncio.sleep(ABSENCE_SECONDS)
            elif (pause := self._pause()) > 0:
                await asyncio.sleep(pause)
            elif (shown := await self._control.leap_ahead(LONGEST_LEAP_SECONDS, self._written)) is not None:
                self.pace.leapt(shown=shown)
            else:
                with contextlib.suppress(TimeoutError):  # timers of companions come without a word
                    await asyncio.wait_for(self._rested.wait(), ABSENCE_SECONDS)

    def _pause(self) -> float:
        left = self.pace.earliest(self._streams.sent_at) - asyncio.get_running_loop().time()
        return max(left, WAITING_SECONDS) if self._traffic.busy else left

    def _written(self) -> int:
        return self._store.revision
