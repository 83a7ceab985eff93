"""Keeps the controllers at work on the event loop, in small pieces between the requests."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import types
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any

from fakekube.core.timers import Timers
from fakekube.machinery.manager import Manager

log = logging.getLogger("fakekube.controllers")

SLICE_SECONDS = 0.002
"""How long controllers work before requests get their turn."""
PATIENCE_SECONDS = 1.0
"""How long, by the machine's time, others wait for the controllers to be done where time stands still."""
MOST_WAITING = 64
"""Steps that may wait for webhooks at a time; past that no other is begun."""

_Step = Coroutine[Any, Any, bool]


@types.coroutine
def _continued(step: _Step, awaited: Any) -> Generator[Any, Any, None]:
    """Goes on with a step that has been begun and waits for `awaited`."""
    while True:
        try:
            sent = yield awaited
        except BaseException as error:
            resume = partial(step.throw, error)
        else:
            resume = partial(step.send, sent)
        try:
            awaited = resume()
        except StopIteration:
            return


async def _go_on(step: _Step, awaited: Any) -> None:
    await _continued(step, awaited)


class Runner:
    """One task that steps the manager whenever there is something to do.

    A step that waits for a webhook goes on in a task of its own, and the others meanwhile.
    """

    def __init__(self, manager: Manager, clock: Timers) -> None:
        self._manager = manager
        self._clock = clock
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._free = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._waiting: set[asyncio.Task[None]] = set()
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
        await self.abandon()

    async def abandon(self) -> None:
        """Break off the steps that wait for webhooks."""
        waiting = list(self._waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._work.clear()
            end = loop.time() + SLICE_SECONDS
            while self._step():
                if loop.time() >= end:
                    await asyncio.sleep(0)
                    end = loop.time() + SLICE_SECONDS
            self._free.set()
            if not self._waiting:
                if self._manager.ready():
                    continue
                self._idle.set()
                if self.on_idle is not None:
                    self.on_idle()
            await self._rest()

    def _step(self) -> bool:
        """Begin a step, and end it unless it waits for something; False if there is nothing to do."""
        if self._is_full:
            return False
        step = self._manager.step()
        try:
            awaited = step.send(None)
        except StopIteration as ended:
            return bool(ended.value)
        task = asyncio.get_running_loop().create_task(_go_on(step, awaited), name="fakekube-step")
        self._waiting.add(task)
        task.add_done_callback(self._ended)
        return True

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._waiting.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a step of the controllers failed", exc_info=task.exception())
        self.wake()

    @property
    def _is_full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING

    async def _rest(self) -> None:
        due = None if self.stands_still or self._is_full else self._manager.next_due()
        if due is None:
            await self._work.wait()
            return
        cancel = self._clock.call_at(due, self._work.set)
        try:
            await self._work.wait()
        finally:
            cancel()

    async def until_free(self) -> None:
        """Returns when nothing can be done now but wait for webhooks, or after a while."""
        if self._manager.ready() and not self._is_full:
            self._free.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._free.wait(), PATIENCE_SECONDS)

    async def until_idle(self) -> None:
        """Returns when no controller has anything to do now."""
        while self._manager.ready() or self._waiting or not self._idle.is_set():
            self._idle.clear()
            self._work.set()
            await self._idle.wait()
