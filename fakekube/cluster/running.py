"""Keeps the controllers at work on the event loop, in small pieces between the requests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from fakekube.core.timers import Timers
from fakekube.machinery.manager import Manager

SLICE_SECONDS = 0.002
"""How long controllers work before requests get their turn."""


class Runner:
    """One task that steps the manager whenever there is something to do."""

    def __init__(self, manager: Manager, clock: Timers) -> None:
        self._manager = manager
        self._clock = clock
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.stands_still = False
        """Time is moved by somebody who wakes this runner afterwards; it need not wait for timers."""
        self.on_idle: Callable[[], None] | None = None
        """Called each time the controllers have come to rest."""

    def wake(self) -> None:
        """Work has appeared."""
        self._work.set()
        self._idle.clear()

    def start(self) -> None:
        """Begin; work that is there already is taken up."""
        self.wake()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="fakekube-controllers")

    async def stop(self) -> None:
        """End, between two steps."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._work.clear()
            end = loop.time() + SLICE_SECONDS
            while await self._manager.step():
                if loop.time() >= end:
                    await asyncio.sleep(0)
                    end = loop.time() + SLICE_SECONDS
            if self._manager.ready():
                continue
            self._idle.set()
            if self.on_idle is not None:
                self.on_idle()
            await self._rest()

    async def _rest(self) -> None:
        due = None if self.stands_still else self._manager.next_due()
        if due is None:
            await self._work.wait()
            return
        cancel = self._clock.call_at(due, self._work.set)
        try:
            await self._work.wait()
        finally:
            cancel()

    async def until_idle(self) -> None:
        """Returns when no controller has anything to do now."""
        while self._manager.ready() or not self._idle.is_set():
            self._idle.clear()
            self._work.set()
            await self._idle.wait()
