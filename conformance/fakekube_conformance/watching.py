"""One watch: events are read off the stream as they come, each with a limit of time."""

from __future__ import annotations

import http.client
import json
import time
from types import TracebackType
from typing import Any, Self

from fakekube_conformance.failures import Failure, brief, equal, look
from fakekube_conformance.wire import Answer, Client, Headers

SECONDS = 10.0
Event = dict[str, Any]


class Watch:
    """The stream of a watch, as a context manager that hangs up at its end."""

    def __init__(self, connection: http.client.HTTPConnection, path: str, headers: Headers) -> None:
        self._connection = connection
        connection.request("GET", path, None, dict(headers))
        self._socket = connection.sock  # the connection lets go of it where the server says that it will close
        self._response = response = connection.getresponse()
        self.status = response.status
        self.request = f"WATCH {path}"
        self.type = response.getheader("Content-Type") or ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._response.close()
        self._connection.close()

    def line(self, seconds: float = SECONDS) -> bytes:
        """The next line; empty at the end of the stream."""
        self._socket.settimeout(seconds)
        try:
            return self._response.readline()
        except TimeoutError:
            raise Failure(f"{self.request}: nothing came within {seconds:g} s") from None
        except (http.client.HTTPException, ConnectionError) as error:
            raise Failure(f"{self.request}: the stream broke off: {error!r}") from None

    def read(self, length: int, seconds: float = SECONDS) -> bytes:
        """The next bytes, as many as wanted."""
        self._socket.settimeout(seconds)
        try:
            return self._response.read(length)
        except TimeoutError:
            raise Failure(f"{self.request}: no {length} bytes came within {seconds:g} s") from None

    def next(self, kind: str | None = None, name: str | None = None, seconds: float = SECONDS) -> Event:
        """The next event, which must be of this kind ("ADDED") and about the object of this name."""
        line = self.line(seconds)
        if not line:
            raise Failure(f"{self.request}: the stream ended where {kind or 'an event'} was expected")
        event: Event = json.loads(line)
        if kind is not None:
            equal(f"{self.request}: type of the event {brief(event)}", event["type"], kind)
        if name is not None:
            equal(f"{self.request}: object of the {event['type']} event", look(event, "object.metadata.name"), name)
        return event

    def take(self, number: int, seconds: float = SECONDS) -> list[tuple[str, str]]:
        """The next events, as pairs of type and name."""
        events = [self.next(seconds=seconds) for _ in range(number)]
        return [(event["type"], look(event, "object.metadata.name")) for event in events]

    def until(self, kind: str, name: str, seconds: float = SECONDS) -> Event:
        """The first event of this kind about this name, whatever comes before it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            event = self.next(seconds=left)
            if event["type"] == kind and look(event, "object.metadata.name") == name:
                return event
        raise Failure(f"{self.request}: no {kind} of {name} within {seconds:g} s")

    def rest(self, seconds: float = SECONDS) -> list[Event]:
        """All that comes until the server ends the stream."""
        events, end = [], time.monotonic() + seconds
        while line := self.line(max(0.01, end - time.monotonic())):
            events.append(json.loads(line))
        return events

    def refusal(self) -> Answer:
        """The whole answer, where the watch was not accepted."""
        raw = self._response.read()
        return Answer(self.request, self.status, self._response.getheaders(), raw)


def open_watch(client: Client, path: str, headers: Headers, seconds: float = SECONDS) -> Watch:
    """Ask for a watch; whether it was accepted its status tells."""
    return Watch(client.connect(seconds), path, headers)
