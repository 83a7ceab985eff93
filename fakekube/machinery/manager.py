"""Turns writes into keys, and keys into reconciles, one at a time and fairly."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable

from fakekube.machinery.committer import Committer, Execution
from fakekube.machinery.controller import ANY, Controller, Keys
from fakekube.machinery.queue import WorkQueue
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

log = logging.getLogger("fakekube.controllers")

CHANGES_PER_STEP = 5
"""A longer plan is carried out over several steps, so that clients get answers in between."""
READS_PER_CHANGE = 25
"""To look at so many objects counts as one write. It costs less; so who looks at much comes up less often."""


class _Line:
    """A controller with its queue. `place` is its row; `spent` the work it has had: who has had least is next.

    `running` are plans that take several steps, `dirty` the keys of those whose world has changed since they were made;
    `busy` are the keys whose step waits for an answer from outside, `missed` those of them that came up meanwhile.
    """

    __slots__ = ("busy", "controller", "dirty", "missed", "place", "queue", "running", "spent")

    def __init__(self, place: int, controller: Controller, queue: WorkQueue) -> None:
        self.place = place
        self.controller = controller
        self.queue = queue
        self.running: dict[Hashable, Execution] = {}
        self.dirty: set[Hashable] = set()
        self.busy: set[Hashable] = set()
        self.missed: set[Hashable] = set()
        self.spent = 0.0

    def is_ready(self, now: float) -> bool:
        """Whether a step would find something to do here."""
        return self.queue.has_ready(now) and not (self.busy and self.controller.alone)


class Manager:
    """Holds the controllers. `wake` is called when work appears; `step` does a piece of it.

    A step may wait for an answer from outside the cluster (a webhook's); others may then be begun before it ends.

    Fairness is by cost, not by turns: a reconcile that looks at ten thousand pods does not come up as often as one
    that looks at one, so that pods are started while their ReplicaSet is still being counted.
    """

    def __init__(
        self, world: World, committer: Committer, controllers: Iterable[Controller], wake: Callable[[], None]
    ) -> None:
        self.world = world
        self.committer = committer
        self._wake = wake
        self._lines = [_Line(place, each, WorkQueue(world.clock)) for place, each in enumerate(controllers)]
        self._occupied: dict[_Line, None] = {}
        self._routes: dict[str, list[tuple[_Line, Keys]]] = {}
        for line in self._lines:
            for resource, keys in line.controller.watches:
                self._routes.setdefault(resource, []).append((line, keys))
        everything = self._routes.pop(ANY, [])
        for routes in self._routes.values():
            routes += everything
        self._everything = everything
        self._spent = 0.0
        self.steps = 0

    @property
    def names(self) -> list[str]:
        """The controllers held, in order."""
        return [line.controller.name for line in self._lines]

    def start(self) -> None:
        """Follow the store from now on, and look at everything that is there."""
        self.world.store.listen(self._on_event)
        self._sync()

    def reset(self) -> None:
        """Forget queues, timers and lookups, and look at everything anew: the store holds another state."""
        self.world.reset()
        self.committer.reset()
        self._occupied.clear()
        for line in self._lines:
            line.queue.clear()
            line.running.clear()
            line.dirty.clear()
            line.busy.clear()
            line.missed.clear()
            line.spent = 0.0
        self._spent = 0.0
        self._sync()

    def level(self) -> None:
        """What was done until now counts for nobody and against nobody."""
        self._spent = 0.0
        for line in self._lines:
            line.spent = 0.0

    def _sync(self) -> None:
        for event in self.world.present():
            self._route(event)
        for line in self._lines:
            if line.controller.begin is not None:
                self._add(line, line.controller.begin(self.world))

    def _on_event(self, event: Event) -> None:
        self.world.apply(event)
        self._route(event)

    def _route(self, event: Event) -> None:
        world = self.world
        for line, keys in self._routes.get(event.key.resource, self._everything):
            if found := keys(event, world):
                self._add(line, found)

    def _add(self, line: _Line, keys: Iterable[Hashable]) -> None:
        queue = line.queue
        for key in keys:
            if not len(queue):
                line.spent = max(line.spent, self._spent)  # who was idle saves nothing up
            if line.running and key in line.running:
                line.dirty.add(key)
            if queue.add(key):
                self._occupied[line] = None
                self._wake()

    def pass_over(self, on: bool) -> None:
        """Whether what does not hold time is left waiting: time passes over it."""
        for line in self._lines:
            if not line.controller.holds_time:
                line.queue.rests = on

    def revisit(self, keys: Iterable[Key]) -> None:
        """Look at these objects again, as if they had been written: what is asked of them has changed."""
        for key in keys:
            stored = self.world.store.get(key)
            if stored is not None:
                self._route(Event(stored.revision, key, stored, stored))

    def ready(self) -> bool:
        """Whether a step would find something to do now."""
        now = self.world.now()
        return any(line.is_ready(now) for line in self._occupied)

    def next_due(self, *, holding: bool = False) -> float | None:
        """When the first key that waits for its time is due, in seconds since the epoch; `holding`: of those that
        hold time."""
        lines = (line for line in self._occupied if line.controller.holds_time or not holding)
        dues = [due for line in lines if (due := line.queue.next_due()) is not None]
        return min(dues, default=None)

    async def step(self) -> bool:
        """Look at one key, or go on with its plan; False if there is nothing to do."""
        line = self._next()
        if line is None:
            return False
        self.steps += 1
        key = line.queue.pop()
        if key in line.busy:
            line.missed.add(key)
            return True
        line.busy.add(key)
        try:
            cost = await self._work(line, key)
        finally:
            line.busy.discard(key)
            if key in line.missed:
                line.missed.discard(key)
                self._add(line, (key,))
        line.spent += cost
        if line.queue.is_empty():
            self._occupied.pop(line, None)
        else:
            self._occupied[line] = None
        return True

    def _next(self) -> _Line | None:
        """The line that is ready and has had least work, the upper of two that had the same."""
        chosen: _Line | None = None
        least, place, now = 0.0, 0, self.world.now()
        for line in self._occupied:
            spent = line.spent
            first = chosen is None or spent < least or (spent == least and line.place < place)
            if first and line.is_ready(now):
                chosen, least, place = line, spent, line.place
        if chosen is not None:
            self._spent = max(self._spent, least)
        return chosen

    async def _work(self, line: _Line, key: Hashable) -> float:
        execution = line.running.get(key)
        again = execution is not None
        cost = 1.0
        self.world.reads = 0
        try:
            if execution is None:
                plan = line.controller.reconcile(key, self.world)
                execution = Execution(line.controller, key, plan)
                cost += self.world.reads / READS_PER_CHANGE
            cost += await self.committer.carry_out(execution, CHANGES_PER_STEP)
        except Exception:
            log.exception("%s failed at %s; it is tried again", line.controller.name, key)
            line.running.pop(key, None)
            line.queue.retry(key)
            return cost
        if not execution.done:
            line.running[key] = execution
            if not line.queue.add(key):
                line.dirty.add(key)
            return cost
        line.running.pop(key, None)
        self._settle(line, key, execution, again)
        return cost

    def _settle(self, line: _Line, key: Hashable, execution: Execution, again: bool) -> None:
        if execution.failed:
            if execution.raced:
                line.queue.retry_at_once(key)
            else:
                line.queue.retry(key)
            if key in line.dirty:
                line.dirty.discard(key)
                line.queue.add(key)  # what has changed meanwhile is looked at without waiting, as any change is
            return
        line.dirty.discard(key)
        line.queue.forget(key)
        if execution.after is not None:
            line.queue.add_after(key, execution.after)
        if again:
            line.queue.add(key)  # writes of the meantime may have been taken for the plan's turn
