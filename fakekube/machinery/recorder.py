"""Events about objects, told the way client-go tells them: repeated ones counted, similar ones combined, floods cut.

Figures are those of client-go/tools/record: after ten different messages within ten minutes for the same object and
reason they are combined into one; a source may tell about one object 25 events, then one more each five minutes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

from fakekube.core.clock import Clock
from fakekube.core.meta import Obj, micro_time_text, time_text
from fakekube.machinery.plan import Emit, reference

REMEMBERED = 4096
COMBINE_FROM = 10
COMBINE_WITHIN_SECONDS = 600.0
BURST = 25.0
TOKENS_PER_SECOND = 1.0 / 300.0
SERIES_END_SECONDS = 360.0

V = TypeVar("V")


class Recent(Generic[V]):
    """A mapping that forgets what was used longest ago."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._items: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        """The value, which counts as used now."""
        found = self._items.get(key)
        if found is not None:
            self._items.move_to_end(key)
        return found

    def put(self, key: Hashable, value: V) -> None:
        """Remember the value."""
        self._items[key] = value
        self._items.move_to_end(key)
        if len(self._items) > self._size:
            self._items.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        self._items.clear()


class _Similar:
    """Messages that differ in nothing else, and when the last of them was told."""

    __slots__ = ("last", "messages")

    def __init__(self, last: float) -> None:
        self.last = last
        self.messages: dict[str, None] = {}


class _Told(NamedTuple):
    name: str
    times: int
    first: str
    last: float = 0.0


class _Bucket:
    """How many events may be told yet, as of when."""

    __slots__ = ("filled", "tokens")

    def __init__(self, tokens: float, filled: float) -> None:
        self.tokens = tokens
        self.filled = filled


class Recorded(NamedTuple):
    """What is to be written: an Event; with a patch, the change of the one of this name, if that is there still."""

    obj: Obj
    patch: Obj | None


class Recorder:
    """Turns an Emit into what is written, remembering what was told before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._similar: Recent[_Similar] = Recent()
        self._told: Recent[_Told] = Recent()
        self._buckets: Recent[_Bucket] = Recent()
        self._last_stamp = 0

    def record(self, emit: Emit, component: str) -> Recorded | None:
        """The write for this event; None if it is one too many."""
        return self._series(emit, component) if emit.action else self._correlated(emit, component)

    def clear(self) -> None:
        """Forget what was told, and when: time may begin anew."""
        self._last_stamp = 0
        for each in (self._similar, self._told, self._buckets):
            each.clear()

    def _stamp(self) -> int:
        """Nanoseconds for an Event's name; no two are equal."""
        self._last_stamp = max(self._last_stamp + 1, int(self._clock.now() * 1_000_000) * 1000)
        return self._last_stamp

    def _frame(self, emit: Emit) -> tuple[Obj, Obj]:
        involved = reference(emit.obj)
        namespace = involved.get("namespace") or "default"
        return involved, {"name": f"{involved.get('name', '')}.{self._stamp():x}", "namespace": namespace}

    def _correlated(self, emit: Emit, component: str) -> Recorded | None:
        """Combined, then counted, and only then judged to be one too many: what is not written counts all the same."""
        now = self._clock.now()
        about = emit.obj["metadata"]
        place = (
            component,
            emit.obj.get("apiVersion"),
            emit.obj.get("kind"),
            about.get("namespace"),
            about.get("name"),
            about.get("uid"),
            emit.type,
        )
        message, key = self._combined(emit, (*place, emit.reason), now)
        recorded = self._counted(emit, component, message, key, now)
        return recorded if self._accept(place, now) else None

    def _counted(self, emit: Emit, component: str, message: str, key: tuple[Hashable, ...], now: float) -> Recorded:
        involved, meta = self._frame(emit)
        text = time_text(now)
        told = self._told.get(key)
        count, first = 1, text
        patch: Obj | None = None
        if told is not None:
            meta["name"], first, count = told.name, told.first, told.times + 1
            patch = {"count": count, "lastTimestamp": text, "message": message}
        self._told.put(key, _Told(meta["name"], count, first))
        event: Obj = {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": meta,
            "involvedObject": involved,
            "reason": emit.reason,
            "message": message,
            "source": {"component": component},
            "firstTimestamp": first,
            "lastTimestamp": text,
            "count": count,
            "type": emit.type,
            "eventTime": None,
            "reportingComponent": component if message is emit.message else "",
            "reportingInstance": "",
        }
        return Recorded(event, patch)

    def _combined(self, emit: Emit, key: tuple[Hashable, ...], now: float) -> tuple[str, tuple[Hashable, ...]]:
        similar = self._similar.get(key)
        if similar is None or now - similar.last > COMBINE_WITHIN_SECONDS:
            similar = _Similar(now)
        similar.messages[emit.message] = None
        similar.last = now
        self._similar.put(key, similar)
        if len(similar.messages) < COMBINE_FROM:
            return emit.message, (*key, emit.message)
        del similar.messages[next(iter(similar.messages))]
        return f"(combined from similar events): {emit.message}", key

    def _accept(self, place: Hashable, now: float) -> bool:
        bucket = self._buckets.get(place) or _Bucket(BURST, now)
        bucket.tokens = min(BURST, bucket.tokens + (now - bucket.filled) * TOKENS_PER_SECOND)
        bucket.filled = now
        accepted = bucket.tokens >= 1.0
        if accepted:
            bucket.tokens -= 1.0
        self._buckets.put(place, bucket)
        return accepted

    def _series(self, emit: Emit, component: str) -> Recorded:
        """The newer form: told again within six minutes it becomes a series of the first."""
        now = self._clock.now()
        involved, meta = self._frame(emit)
        about = (
            component,
            involved.get("uid"),
            involved.get("name"),
            emit.type,
            emit.reason,
            emit.action,
            emit.message,
        )
        key = ("series", *about)
        told = self._told.get(key)
        moment = micro_time_text(now)
        event: Obj = {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": meta,
            "involvedObject": involved,
            "reason": emit.reason,
            "message": emit.message,
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "type": emit.type,
            "eventTime": moment,
            "action": emit.action,
            **({"related": reference(emit.related)} if emit.related is not None else {}),
            "reportingComponent": component,
            "reportingInstance": f"{component}-fakekube",
        }
        if told is None or now - told.last > SERIES_END_SECONDS:
            self._told.put(key, _Told(meta["name"], 1, moment, now))
            return Recorded(event, None)
        count = told.times + 1
        self._told.put(key, _Told(told.name, count, told.first, now))
        series = {"count": count, "lastObservedTime": moment}
        again = {**event, "metadata": {**meta, "name": told.name}, "eventTime": told.first, "series": series}
        return Recorded(again, {"series": series})
