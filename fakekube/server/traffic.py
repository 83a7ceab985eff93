"""What clients do, for those who wait until they are silent: requests on their way, and when the last one was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from fakekube.server.watches import Streams

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Message, Receive, Send], Awaitable[None]]

COUNTED = "/api"
"""How the paths of the API begin; probes and the control page are nobody's traffic."""


class Observer(Protocol):
    """Who wants to know what clients ask, beside that they do."""

    def asked(self) -> None:
        """Something was written, or a watch begun or ended."""
        ...

    def looked(self, target: bytes, answer: int) -> None:
        """`target` was read; `answer` is the same number for the same answer."""
        ...


class Traffic:
    """An application, and who is being answered by it."""

    def __init__(self, application: Asgi, streams: Streams) -> None:
        self._application = application
        self._streams = streams
        self._count = 0
        self._last = float("-inf")
        self._begun = 0
        self.observer: Observer | None = None
        self.turn: Callable[[], Awaitable[None]] | None = None
        """What a request waits for before it is looked at."""

    @property
    def busy(self) -> bool:
        """Whether a request is on its way; a watch is none, once it is open."""
        return self._count > len(self._streams)

    @property
    def mark(self) -> tuple[int, int]:
        """Another one whenever something was asked or told since."""
        return self._begun, self._streams.sent

    def note(self) -> None:
        """Something was asked by another way than this."""
        self._begun += 1

    @property
    def silent_since(self) -> float:
        """Since when, by the loop's time, no client has asked or been told anything."""
        if self.busy:
            return asyncio.get_running_loop().time()
        return max(self._last, self._streams.sent_at)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(COUNTED):
            await self._application(scope, receive, send)
            return
        now = asyncio.get_running_loop().time
        self._count += 1
        self._begun += 1
        self._last = now()
        try:
            if self.turn is not None:
                await self.turn()
            if self.observer is None:
                await self._application(scope, receive, send)
            else:
                await self._observed(scope, receive, send, self.observer)
        finally:
            self._count -= 1
            self._last = now()

    async def _observed(self, scope: Message, receive: Receive, send: Send, observer: Observer) -> None:
        if scope["method"] != "GET" or b"watch=" in scope["query_string"]:
            observer.asked()
            await self._application(scope, receive, send)
            observer.asked()
            return
        answer = 0

        async def noting(message: Message) -> None:
            nonlocal answer
            answer = hash((answer, message.get("status"), message.get("body")))
            await send(message)

        await self._application(scope, receive, noting)
        observer.looked(scope["raw_path"] + b"?" + scope["query_string"], answer)
