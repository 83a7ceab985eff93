"""Calls out of the cluster, to webhooks: what those need who make them, and what is handed in to carry them out."""

from __future__ import annotations

import posixpath
from collections.abc import Awaitable, Sequence
from typing import Protocol, TypeVar

from fakekube.core.meta import Obj

T = TypeVar("T")


class CalloutError(Exception):
    """A call that brought no answer; the message is that of Go's HTTP client: `Post "https://...": dial tcp ...`."""


class NoClientError(CalloutError):
    """A call that could not even be tried: the authorities of its clientConfig cannot be read."""


class Callouts(Protocol):
    """Carries calls out."""

    async def post(self, client: Obj, body: bytes, timeout_seconds: int) -> bytes:
        """The body of the answer to a POST of JSON to a webhook.

        `client` is its clientConfig (url, or service with namespace, name, path and port; caBundle). CalloutError if
        there is no answer, or none with a code of 2xx; NoClientError if the caBundle is none.
        """
        ...

    async def together(self, calls: Sequence[Awaitable[T]]) -> list[T]:
        """What several calls bring, made at once where that is possible; none of them may raise."""
        ...


class NoCallouts:
    """Stands where nothing was handed in: every call is refused."""

    async def post(self, client: Obj, body: bytes, timeout_seconds: int) -> bytes:
        raise CalloutError(f'Post "{target(client)}?timeout={timeout_seconds}s": calls out of the cluster are off')

    async def together(self, calls: Sequence[Awaitable[T]]) -> list[T]:
        return [await call for call in calls]


def target(client: Obj) -> str:
    """The URL that a clientConfig leads to, without a query."""
    service = client.get("service")
    if service is None:
        origin, slashes, rest = str(client.get("url") or "").partition("://")
        host, slash, path = rest.partition("/")
        return f"{origin}{slashes}{host}{_clean(slash + path)}"
    host = f"{service.get('name')}.{service.get('namespace')}.svc:{service.get('port') or 443}"
    return f"https://{host}{_clean(service.get('path') or '')}"


def _clean(path: str) -> str:
    """The path without what leads nowhere, as Go joins paths."""
    return "/" + posixpath.normpath("/" + path).lstrip("/")
