"""The store: everything the cluster holds, one primitive that writes, and all who follow the writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import orjson

from fakekube.core.meta import Obj
from fakekube.storage.engine import Engine, MemoryEngine
from fakekube.storage.history import HISTORY_EVENTS, History
from fakekube.storage.shelves import Shelves
from fakekube.storage.values import Event, Key, Stored, Views, encode
from fakekube.storage.watch import QUEUE_EVENTS, Accept, Watcher

Listener = Callable[[Event], None]
Objects = list[Stored]
Names = list[str]


class Moved(Exception):
    """The key is not at the revision that the writer expected; `current` is what is there."""

    def __init__(self, key: Key, current: Stored | None) -> None:
        super().__init__(f"{key} is at {current.revision if current else 'no revision'}")
        self.current = current


class TooOld(Exception):
    """The revision asked for is older than the history kept."""

    def __init__(self, asked: int, oldest: int) -> None:
        super().__init__(f"{asked} is older than {oldest}")
        self.asked = asked
        self.oldest = oldest


class Snapshot(NamedTuple):
    """The present objects at one revision; it shares their bytes with the store."""

    shelves: Shelves
    revision: int


class Store:
    """Present objects, history and watchers over one engine."""

    def __init__(
        self, engine: Engine | None = None, *, history: int = HISTORY_EVENTS, queue: int = QUEUE_EVENTS
    ) -> None:
        self._engine: Engine = engine or MemoryEngine()
        self._shelves = Shelves()
        self._views = Views()
        self._history = History(history)
        self._queue = queue
        self._listeners: list[Listener] = []
        self._watchers: dict[str, list[Watcher]] = {}

    def __len__(self) -> int:
        return len(self._shelves)

    @property
    def revision(self) -> int:
        """The revision of the last write."""
        return self._engine.revision

    @property
    def oldest(self) -> int:
        """The lowest revision that a watch or an exact list may ask for."""
        return self._history.oldest

    @property
    def watcher_count(self) -> int:
        """How many watchers follow at present."""
        return sum(map(len, self._watchers.values()))

    async def load(self) -> None:
        """Take over what the engine kept from an earlier process."""
        for key, revision, raw in await self._engine.load():
            self._shelves.put(key, Stored(key, revision, raw, orjson.loads(raw), self._views))
        self.compact(self.revision)

    def get(self, key: Key) -> Stored | None:
        """The present object."""
        return self._shelves.get(key)

    def list(self, resource: str, namespace: str | None = None) -> Objects:
        """The present objects of a namespace (None: of all), in the order of namespace and name."""
        return self._shelves.list(resource, namespace)

    def count(self, resource: str, namespace: str | None = None) -> int:
        """How many objects `list` would give."""
        return self._shelves.count(resource, namespace)

    def resources(self) -> Names:
        """The ids of the resources that have objects."""
        return self._shelves.resources()

    def list_at(self, resource: str, namespace: str | None, revision: int) -> Objects:
        """As `list`, as it was at an earlier revision; TooOld if the history does not reach back so far."""
        if revision < self.oldest:
            raise TooOld(revision, self.oldest)
        if revision >= self.revision:
            return self.list(resource, namespace)
        then = self._history.changed_since(revision, resource)
        found = {stored.key: stored for stored in self.list(resource, namespace)}
        for key, stored in then.items():
            if namespace is not None and key.namespace != namespace:
                continue
            if stored is None:
                found.pop(key, None)
            else:
                found[key] = stored
        return [found[key] for key in sorted(found)]

    async def commit(self, key: Key, obj: Obj | None, *, expected: int | None) -> Event:
        """Write `obj` (None removes) if `key` is still at `expected` (None: absent), else raise Moved. The store
        owns `obj` from here on."""
        before = self._shelves.get(key)
        if (before.revision if before is not None else None) != expected:
            raise Moved(key, before)
        encoder = None if obj is None else lambda revision: encode(obj, revision)
        revision, raw = await self._engine.write(key, encoder, expected)
        after = None if obj is None else Stored(key, revision, raw, obj, self._views)
        if after is None:
            assert before is not None, "what is removed was there"
            self._shelves.drop(key)
        else:
            self._shelves.put(key, after)
        event = Event(revision, key, before, after)
        self._publish(event)
        return event

    def _publish(self, event: Event) -> None:
        self._history.append(event)
        for watcher in tuple(self._watchers.get(event.key.resource, ())):
            watcher.offer(event)
        for listener in self._listeners:
            listener(event)

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every event from now on, in the order of the writes, before the write is answered."""
        self._listeners.append(listener)

    def watch(
        self,
        resource: str,
        namespace: str | None,
        *,
        since: int | None,
        accept: Accept | None,
        wake: Callable[[], None],
    ) -> Watcher:
        """Follow a resource: first what the history holds after `since` (None: nothing of it), then what comes.
        TooOld as for `list_at`.

        `wake` is called when events begin to wait or the watcher is closed.
        """
        if since is not None and since < self.oldest:
            raise TooOld(since, self.oldest)
        watcher = Watcher(namespace, accept, wake, self._queue)
        if since is not None:
            for event in self._history.since(since):
                if event.key.resource == resource:
                    watcher.offer(event)
        followers = self._watchers.setdefault(resource, [])
        followers.append(watcher)
        watcher.attach(followers.remove)
        return watcher

    def close_watchers(self, resource: str | None = None) -> None:
        """End the watches of a resource, or all."""
        groups = list(self._watchers.values()) if resource is None else [self._watchers.get(resource, [])]
        for watchers in groups:
            for watcher in tuple(watchers):
                watcher.close()

    def compact(self, revision: int) -> None:
        """Forget the history up to this revision: to ask below it is TooOld from now on."""
        self._history.compact(min(revision, self.revision))

    def snapshot(self) -> Snapshot:
        """The present state, to come back to; costs a copy of the indexes and not of the objects."""
        return Snapshot(self._shelves.copy(), self.revision)

    def restore(self, snapshot: Snapshot) -> None:
        """Come back to a state: all watchers are closed, the history is forgotten, and the revision moves on, never
        back."""
        self._shelves = snapshot.shelves.copy()
        self._engine.advance(self.revision + 1)
        self._history.compact(self.revision)
        self._views.retain(lambda stored: self._shelves.get(stored.key) is stored)
        self.close_watchers()
