"""A minimal HTTP client for a Kubernetes API: one request, one answer, connections kept for the next."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import threading
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from fakekube_conformance.failures import Failure, brief, contains, equal, look

JSON = "application/json"
USER_AGENT = "conformance/1.0"
SECONDS = 30.0
BROKEN = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)

Headers = Mapping[str, str]
Query = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered to one request."""

    request: str
    status: int
    headers: list[tuple[str, str]]
    raw: bytes = field(repr=False)

    @property
    def body(self) -> Any:
        """The body, read as JSON."""
        try:
            return json.loads(self.raw)
        except ValueError:
            raise Failure(f"{self.request}: the answer is no JSON: {self.text[:300]!r}") from None

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "replace")

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return next(iter(self.all_headers(name)), None)

    def all_headers(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def type(self) -> str:
        """The media type, without its parameters."""
        return (self.header("Content-Type") or "").partition(";")[0].strip()

    @property
    def warnings(self) -> list[str]:
        """The texts of the Warning headers."""
        return [_warning(each) for each in self.all_headers("Warning")]

    def look(self, path: str) -> Any:
        """What stands in the body at a dotted path, or None."""
        return look(self.body, path)

    @property
    def names(self) -> list[str]:
        """The names of a list's items, in order."""
        return [item["metadata"]["name"] for item in self.body["items"] or []]

    def because(self, reason: str, *words: str) -> Self:
        """The body is a failure's Status with this reason, and its message holds these words."""
        status = self.body
        equal(f"{self.request}: kind of the answer", status.get("kind"), "Status")
        equal(f"{self.request}: status", status.get("status"), "Failure")
        equal(f"{self.request}: code", status.get("code"), self.status)
        equal(f"{self.request}: reason ({status.get('message')!r})", status.get("reason", ""), reason)
        for each in words:
            contains(f"{self.request}: message", status.get("message", ""), each)
        return self

    def blames(self, *fields: str, cause: str | None = None) -> Self:
        """The body is an Invalid Status that names each of these fields in its causes (all for the same `cause`)."""
        self.because("Invalid")
        causes = self.look("details.causes") or []
        for name in fields:
            reasons = [each.get("reason") for each in causes if each.get("field") == name]
            if not reasons:
                raise Failure(f"{self.request}: no cause names {name!r}: {brief(causes)}")
            if cause is not None:
                contains(f"{self.request}: reason of the cause for {name}", reasons, cause)
        return self


def _warning(header: str) -> str:
    """The quoted text of `299 - "text"`."""
    quoted = header.partition('"')[2].rpartition('"')[0]
    return quoted.replace('\\"', '"').replace("\\\\", "\\")


@dataclass(frozen=True, slots=True)
class Server:
    """Where the API is, and who asks."""

    url: str
    token: str | None = None
    ca_file: str | None = None
    insecure: bool = False


class Client:
    """Requests to one server, from any thread; idle connections wait here for the next."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._place = urllib.parse.urlsplit(server.url)
        self._context = _context(server) if self._place.scheme == "https" else None
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def connect(self, seconds: float = SECONDS) -> http.client.HTTPConnection:
        """A new connection, not opened yet."""
        host, port = self._place.hostname or "localhost", self._place.port
        if self._context is not None:
            return http.client.HTTPSConnection(host, port, timeout=seconds, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=seconds)

    def headers(self, given: Headers, *, anonymous: bool = False) -> dict[str, str]:
        """The headers of a request: what every one has, then what is given."""
        headers = {"Accept": JSON, "User-Agent": USER_AGENT}
        if self.server.token and not anonymous:
            headers["Authorization"] = f"Bearer {self.server.token}"
        headers.update(given)
        return headers

    def path(self, path: str, query: Query) -> str:
        """The request's target: the server's own prefix, the path, the query."""
        pairs = [(name, _text(each)) for name, value in query.items() for each in _each(value)]
        mark = "&" if "?" in path else "?"
        return self._place.path.rstrip("/") + path + (mark + urllib.parse.urlencode(pairs) if pairs else "")

    def send(self, method: str, path: str, body: bytes | None, headers: Headers) -> Answer:
        """One request and its whole answer. A kept connection that the server has closed meanwhile is replaced."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            try:
                return self._exchange(connection, method, path, body, headers)
            except BROKEN:
                connection.close()
        return self._exchange(self.connect(), method, path, body, headers)

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None, headers: Headers
    ) -> Answer:
        # A server that refuses a large body answers and hangs up before it has read it all.
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        raw = response.read()
        if response.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        return Answer(f"{method} {path}", response.status, response.getheaders(), raw)

    def close(self) -> None:
        """Close what waits here."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def _context(server: Server) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=server.ca_file)
    if server.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _each(value: object) -> Iterable[object]:
    """A list in a query is a parameter given several times; None is one not given."""
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
