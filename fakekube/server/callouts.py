"""Calls out of the cluster, carried out: over TLS to where a clientConfig leads, or to what was registered here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import orjson

from fakekube.core.callouts import CalloutError, NoClientError, target
from fakekube.core.fielderrors import go_quote
from fakekube.core.meta import Obj
from fakekube.server.localhooks import Target
from fakekube.server.posting import Attempt, Destination, PostError, Response

if TYPE_CHECKING:
    from fakekube.server.http_posting import Poster

T = TypeVar("T")
Address = tuple[str, int]
Resolve = Callable[[Obj], Address]
"""The address behind the `service` of a clientConfig; PostError if there is none."""
THREADS = 128
"""More than controllers occupy while webhooks hang, so that requests come through."""
MOST_SHOWN = 2048
TEXTS = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    409: "the server reported a conflict",
    422: "the server rejected our request due to an error in our request",
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be processing the request",
}
"""What Go's client says of an HTTP code (errors.NewGenericServerResponse)."""


class Calls:
    """Carries calls out; what a clientConfig names is first looked for among what was registered."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._registered: dict[str, Target] = {}
        self._poster: Poster | None = None
        self._threads: ThreadPoolExecutor | None = None

    def register(self, where: str, found: Target) -> None:
        """Have calls to a Service ('NAMESPACE/NAME', any port, or 'NAMESPACE/NAME:PORT') or to an origin
        ('https://HOST[:PORT]') go there."""
        self._registered[where] = found

    def forget(self) -> None:
        """Nothing is registered any more, and no connection is kept."""
        self._registered.clear()
        if self._poster is not None:
            self._poster.close()

    async def post(self, client: Obj, body: bytes, timeout_seconds: int) -> bytes:
        """See fakekube.core.callouts.Callouts."""
        # In a task of its own, for who asks may go on in another task than it began in (the controllers do).
        return await asyncio.ensure_future(self._post(client, body, timeout_seconds))

    async def _post(self, client: Obj, body: bytes, timeout_seconds: int) -> bytes:
        url = target(client)
        start = f'Post "{url}?timeout={timeout_seconds}s": '
        try:
            async with asyncio.timeout(timeout_seconds):
                response = await self._send(client, url, body, timeout_seconds)
        except TimeoutError:
            raise CalloutError(start + "context deadline exceeded") from None
        except PostError as error:
            raise CalloutError(start + str(error)) from None
        if not 200 <= response.status <= 206:
            raise CalloutError(refusal(response))
        return response.body

    async def together(self, calls: Sequence[Awaitable[T]]) -> list[T]:
        """See fakekube.core.callouts.Callouts."""
        return [await calls[0]] if len(calls) == 1 else list(await asyncio.gather(*calls))

    async def _send(self, client: Obj, url: str, body: bytes, timeout_seconds: int) -> Response:
        from fakekube.core import bundles

        parts = urlsplit(url)
        path = f"{parts.path}?timeout={timeout_seconds}s"
        found = self._find(client, f"{parts.scheme}://{parts.netloc}")
        if found is not None and not isinstance(found, tuple):
            return await found.answer(url, path, body, self._pool)
        if wrong := bundles.fault(client.get("caBundle") or ""):
            raise NoClientError(wrong)
        destination, attempt = self._destination(client, found), Attempt()
        if self._poster is None:
            from fakekube.server.http_posting import Poster  # not before it is needed: it costs time to import

            self._poster = Poster()
        work = asyncio.get_running_loop().run_in_executor(
            self._pool(), self._poster.post, destination, path, body, timeout_seconds + 1, attempt
        )
        try:
            return await work
        except asyncio.CancelledError:
            attempt.break_off()
            raise

    def _find(self, client: Obj, origin: str) -> Target | None:
        if not self._registered:
            return None
        service = client.get("service")
        if service is None:
            return self._registered.get(origin)
        name = f"{service.get('namespace')}/{service.get('name')}"
        return self._registered.get(f"{name}:{service.get('port') or 443}") or self._registered.get(name)

    def _destination(self, client: Obj, found: Target | None) -> Destination:
        authorities = client.get("caBundle") or ""
        service = client.get("service")
        parts = urlsplit(target(client))
        name, authority = parts.hostname or "", parts.netloc
        if isinstance(found, tuple):
            return Destination(found[:2], name, authority, found[2], authorities)
        if service is not None:
            return Destination(self._resolve(service), name, authority, True, authorities)
        return Destination((name, parts.port or 443), name, authority, True, authorities)

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="fakekube-callout")
        return self._threads

    def close(self) -> None:
        """Close the connections that were kept, and let threads end."""
        if self._poster is not None:
            self._poster.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None


def refusal(response: Response) -> str:
    """What Go's client says of an answer with a code that is none of success."""
    stated = _status(response.body)
    if stated is not None:
        return stated
    is_text = not response.content_type or response.content_type.startswith("text/")
    message = response.body[:MOST_SHOWN].decode("utf-8", "replace").strip() if is_text else "unknown"
    code = response.status
    if code in (403, 415) or (code == 406 and message not in ("", "unknown")):
        return message
    if code == 406:
        return "the server was unable to respond with a content type that the client supports"
    if code in TEXTS:
        return TEXTS[code]
    if code >= 500:
        return f"an error on the server ({go_quote(message)}) has prevented the request from succeeding"
    return f"the server responded with the status code {code} but did not return more information"


def _status(body: bytes) -> str | None:
    """The message of a v1 Status that says Failure."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict) or found.get("kind") != "Status" or found.get("status") != "Failure":
        return None
    return str(found.get("message") or "")
