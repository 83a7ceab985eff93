"""Event loops that live in the cluster's time: what sleeps in them for an hour wakes when the cluster's clock has
moved by one. An operator that runs in one has its own timers, delays and back-offs met as the cluster's are."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from math import inf, nextafter
from time import monotonic
from typing import Any, TypeVar, TypeVarTuple

from fakekube.core.clock import Clock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
PATIENCE_SECONDS = 0.25
"""How long a thread that works for such a loop is waited for; one that takes longer waits for something itself."""
RESOLUTION_SECONDS = 1e-6
"""Of a time in seconds since the epoch, a float tells no more; asyncio takes what is so near for due."""
PUT_OFF = {("aiohttp.helpers", "_weakref_handle"): 3600.0}
"""Calls that look every few seconds what has become of idle connections, by the machine's time: of it, none passes."""
TURNS = 5
"""Turns of the cluster's loop in which a request that has been sent is noticed: accepted, read and begun."""


class _Selector(selectors.DefaultSelector):
    """Tells the loop before it goes to sleep; only others wake it, for its time stands still."""

    loop: ClusterLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if found or (timeout is not None and timeout <= 0):
            self.loop.worked = True
            return found
        if self.loop.left_alone:
            return super().select(timeout)
        busy = self.loop.threads_busy_for()
        if busy > 0:
            return super().select(busy)
        self.loop.rest(timeout)
        found = super().select(None)
        if any(key.fd not in self.loop.bells for key, _ in found):
            self.loop.worked = True
        return found


class ClusterLoop(asyncio.SelectorEventLoop):
    """A loop of another thread. `next_due` is when its next timer is due; it holds when the loop is at rest."""

    def __init__(self, clock: Clock, closed: Callable[[ClusterLoop], None]) -> None:
        selector = _Selector()
        selector.loop = self
        self._clock = clock
        self._closed_call = closed
        self._threads: dict[asyncio.Future[Any], float] = {}
        self._asked: list[Callable[[bool], object]] = []
        self._left_at: float | None = None
        self.next_due: float | None = None
        self.worked = False
        """Whether it has done anything since somebody was last told that it is at rest."""
        super().__init__(selector)
        self._clock_resolution = RESOLUTION_SECONDS
        self.bells = frozenset(selector.get_map())
        """The files by which other threads wake it."""

    def time(self) -> float:
        """The cluster's time; when there is no cluster any more, the machine's goes on from there."""
        return self._clock.now() + (0.0 if self._left_at is None else monotonic() - self._left_at)

    @property
    def left_alone(self) -> bool:
        """Whether nobody moves its time any more."""
        return self._left_at is not None

    def leave(self) -> None:
        """Go on by the machine's time."""
        self._left_at = monotonic()
        self._wake()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # closed
            self.call_soon_threadsafe(_nothing)

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As ever; but what is to come later never comes now, however little later that is: this time does not pass
        while one asks whether it has."""
        now = self.time()
        moment = now + delay if delay <= 0 else max(now + delay, nextafter(now, inf))
        return self.call_at(moment, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As ever, but for calls that are of no use by this time."""
        put_off = PUT_OFF.get((getattr(callback, "__module__", ""), getattr(callback, "__name__", "")), 0.0)
        return super().call_at(max(when, self.time() + put_off) if put_off else when, callback, *args, context=context)

    def rest(self, timeout: float | None) -> None:
        """There is nothing to do for so long; those who want to know are told."""
        self.next_due = None if timeout is None else self._clock.now() + timeout
        if self._asked:
            self._tell()

    def _tell(self) -> None:
        asked, self._asked = self._asked, []
        worked, self.worked = self.worked, False
        for tell in asked:
            tell(worked)

    def tell_at_rest(self, tell: Callable[[bool], object]) -> None:
        """Have `tell` called (in this loop's thread) when all that is there for it now is done, or it is closed; it is
        told whether anything was done since the last time."""
        try:
            self.call_soon_threadsafe(self._asked.append, tell)
        except RuntimeError:  # closed
            tell(False)

    def run_in_executor(self, executor: Any, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """As ever; for a while the loop is not at rest until that is done."""
        future = super().run_in_executor(executor, func, *args)
        self._threads[future] = monotonic()
        future.add_done_callback(lambda done: self._threads.pop(done, None))
        return future

    def threads_busy_for(self) -> float:
        """How long, by the machine's time, threads that work for this loop are still waited for."""
        begun = max(self._threads.values(), default=None)
        return 0.0 if begun is None else begun + PATIENCE_SECONDS - monotonic()

    def close(self) -> None:
        super().close()
        self._closed_call(self)
        self._tell()


class Companions:
    """The loops that live in a cluster's time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loops: list[ClusterLoop] = []

    def __bool__(self) -> bool:
        return bool(self._loops)

    def make(self) -> ClusterLoop:
        """A new loop. It follows the clock until it is closed."""
        made = ClusterLoop(self._clock, self._loops.remove)
        self._loops.append(made)
        return made

    def leave(self) -> None:
        """The cluster is no more."""
        for each in list(self._loops):
            each.leave()

    def next_due(self) -> float | None:
        """When the first timer of them all is due."""
        return min((due for each in self._running() if (due := each.next_due) is not None), default=None)

    def _running(self) -> list[ClusterLoop]:
        return [each for each in list(self._loops) if each.is_running()]

    async def until_at_rest(self) -> bool:
        """Returns when each has done what was there for it to do; whether one did anything. What they have sent
        meanwhile has come in."""
        here, worked = asyncio.get_running_loop(), False
        for each in self._running():
            rested: asyncio.Future[bool] = here.create_future()
            each.tell_at_rest(_telling(here, rested))
            worked = await rested or worked
        for _ in range(TURNS):
            await asyncio.sleep(0)
        return worked


def _nothing() -> None: ...


def _telling(loop: asyncio.AbstractEventLoop, future: asyncio.Future[bool]) -> Callable[[bool], object]:
    """A call from another thread that finishes the future of this loop."""

    def finish(worked: bool) -> None:
        if not future.done():
            future.set_result(worked)

    return lambda worked: loop.call_soon_threadsafe(finish, worked)
