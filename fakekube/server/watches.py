"""A watch as a stream: frames from a watcher until the time is over, the client hangs up, or it is cut off."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import orjson

from fakekube.core import errors
from fakekube.core.errors import StatusError
from fakekube.core.timers import Timers
from fakekube.registry.reading import Watch
from fakekube.registry.request import Request
from fakekube.registry.verbs import Registry
from fakekube.registry.versions import farewell, presented
from fakekube.schema.decoding import encode_zero
from fakekube.server import forms
from fakekube.server.negotiation import PROTOBUF, STREAMED, Form
from fakekube.server.responses import CACHE, JSON_TYPE, Send, warning_headers
from fakekube.storage.store import TooOld
from fakekube.storage.values import Event
from fakekube.storage.watch import seen

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

LONGEST_SECONDS = 3600.0
"""How long a watch lasts that names no timeoutSeconds; the real server picks between 30 and 60 minutes."""
BOOKMARK_SECONDS = 60.0
"""The time between two bookmarks of a quiet watch."""
LAST_BOOKMARK_SECONDS = 2.0
"""How long before its end a watch tells where it stands."""
BATCH_BYTES = 256 * 1024
PATIENCE_SECONDS = 1.0
"""How long one waits for a client that does not take what it is sent, before going on without it."""
PROTOBUF_TYPE = (b"content-type", STREAMED[1].encode())


class Streams:
    """The watches that are being served now, for those who want to wait until all is sent."""

    def __init__(self) -> None:
        self._open: set[Stream] = set()
        self.sent_at = float("-inf")
        """When, by the loop's time, a client was last sent something."""
        self.sent = 0
        """How often that was."""

    def __len__(self) -> int:
        return len(self._open)

    def add(self, stream: Stream) -> None:
        self._open.add(stream)

    def discard(self, stream: Stream) -> None:
        self._open.discard(stream)

    @property
    def all_sent(self) -> bool:
        """Whether every client was sent all there is, but for those that do not take it."""
        now = asyncio.get_running_loop().time()
        return not any(stream.is_behind(now) for stream in self._open)


class Stream:
    """One client's watch."""

    def __init__(
        self,
        registry: Registry,
        request: Request,
        form: Form,
        include: str,
        clock: Timers,
        send: Send,
        streams: Streams,
    ) -> None:
        self._registry = registry
        self._request = request
        self._form = form
        self._include = include
        self._clock = clock
        self._send = send
        self._streams = streams
        self._woken = asyncio.Event()
        self._first = True
        self._told = 0  # the highest revision that the client knows of
        self._watch: Watch | None = None
        self._cancel_end: Callable[[], None] = _nothing
        self._cancel_mark: Callable[[], None] = _nothing
        self._resting = False
        self._sending_since: float | None = None

    def is_behind(self, now: float) -> bool:
        """Whether the client has to be sent something, and takes it; `now` is the loop's time."""
        if self._sending_since is not None:
            return now - self._sending_since < PATIENCE_SECONDS
        return not self._resting or self._woken.is_set()

    async def serve(self, receive: Receive) -> None:
        """Answer the request; returns when the stream has ended for whatever reason."""
        try:
            self._watch = self._registry.watch(self._request, self._woken.set)
        except TooOld as error:
            await self._start()
            await self._expired(error)
            return
        if self._request.resource.custom:
            await self._check_convertible(self._watch)
        self._streams.add(self)
        gone = asyncio.ensure_future(_until_gone(receive))
        gone.add_done_callback(lambda _: self._woken.set())
        try:
            await self._start()
            await self._initial(self._watch)
            await self._follow(self._watch, gone)
            if not gone.done():
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._streams.discard(self)
            self._cancel_end()
            self._cancel_mark()
            self._watch.watcher.close()
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone

    async def _check_convertible(self, watch: Watch) -> None:
        """429 while the conversion webhook cannot show all objects of the resource."""
        resource, backend = self._request.resource, self._registry.backend
        try:
            await backend.ready(resource, backend.store.list(resource.storage.id))
        except StatusError as error:
            watch.watcher.close()
            what = f"failed to list {resource.api_version}, Kind={resource.kind}"
            raise errors.too_many_requests(f"storage is (re)initializing: {what}: {error.message}", 1) from None

    async def _start(self) -> None:
        headers = [CACHE, PROTOBUF_TYPE if self._form.media == PROTOBUF else JSON_TYPE]
        headers += [(b"warning", each) for each in warning_headers(self._request.warnings)]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"", "more_body": True})

    async def _expired(self, error: TooOld) -> None:
        status = errors.expired(f"too old resource version: {error.asked} ({error.oldest})").status()
        frame = forms.frame(self._form, "ERROR", status)
        await self._send({"type": "http.response.body", "body": frame, "more_body": False})

    async def _initial(self, watch: Watch) -> None:
        if self._request.resource.custom:
            await self._registry.backend.ready(self._request.resource, watch.initial)
        if watch.late is not None:
            watch.initial = [stored for stored in watch.initial if watch.late(stored)]
        frames = [self._frame("ADDED", presented(self._request.resource, stored)) for stored in watch.initial]
        self._told = max(watch.revision, watch.above)
        if watch.marks_initial_end:
            frames.append(self._bookmark(ended=True))
        watch.initial = []
        await self._write(frames)

    async def _follow(self, watch: Watch, gone: asyncio.Future[None]) -> None:
        start = self._clock.now()
        end = start + (self._request.timeout_seconds or LONGEST_SECONDS)
        marks = _bookmark_times(start, end) if self._request.bookmarks else iter(())
        self._cancel_end = self._clock.call_at(end, self._woken.set)
        mark = self._next_mark(marks)
        while True:
            self._woken.clear()  # what comes while this is being sent wakes it again
            taken = watch.watcher.take()
            if self._request.resource.custom:
                try:
                    taken = await self._converted(watch, taken)
                except StatusError:  # as when the real server's cache has to begin anew
                    return
            await self._write([frame for kind, event in taken if (frame := self._told_of(kind, event))])
            if gone.done() or watch.watcher.closed:
                return
            now = self._clock.now()
            if mark is not None and now >= mark:
                while mark is not None and now >= mark:
                    mark = self._next_mark(marks)  # one is enough where time has passed over several
                self._told = max(self._told, self._registry.revision)
                await self._write([self._bookmark()])
                continue  # much may have happened meanwhile
            if now >= end:
                return
            self._resting = True
            await self._woken.wait()
            self._resting = False

    async def _converted(self, watch: Watch, taken: list[tuple[str, Event]]) -> list[tuple[str, Event]]:
        """The events, once a webhook has converted what they are about; and as they are seen through its fields."""
        ready, resource = self._registry.backend.ready, self._request.resource
        if watch.late is None:
            await ready(resource, [stored for _, event in taken if (stored := event.after or event.before)])
            return taken
        await ready(resource, [stored for _, event in taken for stored in (event.before, event.after) if stored])
        found = ((seen(watch.late, event), event) for _, event in taken)
        return [(kind, event) for kind, event in found if kind is not None]

    def _next_mark(self, marks: Iterator[float]) -> float | None:
        """When the next bookmark is due; time that is moved does not stop for it."""
        mark = next(marks, None)
        if mark is not None:
            self._cancel_mark = self._clock.call_at(mark, self._woken.set, holds=False)
        return mark

    async def _write(self, frames: list[bytes]) -> None:
        for body in frames if len(frames) < 2 else _batches(frames):
            self._streams.sent_at = self._sending_since = asyncio.get_running_loop().time()
            await self._send({"type": "http.response.body", "body": body, "more_body": True})
            self._sending_since = None
            self._streams.sent += 1

    def _told_of(self, kind: str, event: Event) -> bytes | None:
        assert self._watch is not None, "a stream follows its watch"
        if event.revision <= self._watch.above:
            return None
        self._told = max(self._told, event.revision)
        form = self._form
        if form.transform:
            return self._frame(kind, self._content(kind, event))
        name = (kind, self._request.resource, form.media)
        frame = event.forms.get(name)
        if frame is None:
            frame = event.forms[name] = self._frame(kind, self._content(kind, event))
        return frame

    def _content(self, kind: str, event: Event) -> bytes:
        resource = self._request.resource
        if kind != "DELETED":
            assert event.after is not None, "only what is there was added or changed"
            return presented(resource, event.after)
        return farewell(resource, event)

    def _frame(self, kind: str, raw: bytes) -> bytes:
        first, self._first = self._first, False
        return forms.event(self._form, self._request.resource, kind, raw, self._include, self._clock.now(), first)

    def _bookmark(self, *, ended: bool = False) -> bytes:
        resource = self._request.resource
        metadata: dict[str, Any] = {"resourceVersion": str(self._told)}
        if ended:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        obj: dict[str, Any] = {"kind": resource.kind, "apiVersion": resource.api_version}
        if not resource.custom:
            obj = {**encode_zero(resource.type), **obj}
        obj["metadata"] = metadata
        return self._frame("BOOKMARK", orjson.dumps(obj))


def _nothing() -> None: ...


def _bookmark_times(start: float, end: float) -> Iterator[float]:
    moment = start + BOOKMARK_SECONDS
    while moment < end - LAST_BOOKMARK_SECONDS:
        yield moment
        moment += BOOKMARK_SECONDS
    if end - LAST_BOOKMARK_SECONDS > start:
        yield end - LAST_BOOKMARK_SECONDS


def _batches(frames: list[bytes]) -> list[bytes]:
    found, batch, size = [], [], 0
    for frame in frames:
        batch.append(frame)
        size += len(frame)
        if size >= BATCH_BYTES:
            found.append(b"".join(batch))
            batch, size = [], 0
    if batch:
        found.append(b"".join(batch))
    return found


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
