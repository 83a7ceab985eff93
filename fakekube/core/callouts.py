"""Calls out of the cluster, to webhooks: what those need who make them, and what is handed in to carry them out."""

from __future__ import annotations

from typing import Protocol

from fakekube.core.meta import Obj


class CalloutError(Exception):
    """A call that brought no answer; the message is that of Go's HTTP client: `Post "https://...": dial tcp ...`."""


class Callouts(Protocol):
    """Carries calls out."""

    async def post(self, client: Obj, body: bytes, timeout_seconds: int) -> bytes:
        """The body of the answer to a POST of JSON to a webhook.

        `client` is its clientConfig (url, or service with namespace, name, path and port; caBundle). CalloutError if
        there is no answer, or none with a code of 2xx.
        """
        ...


class NoCallouts:
    """Stands where nothing was handed in: every call is refused."""

    async def post(self, client: Obj, body: bytes, timeout_seconds: int) -> bytes:
        raise CalloutError(f'Post "{target(client)}?timeout={timeout_seconds}s": calls out of the cluster are off')


def target(client: Obj) -> str:
    """The URL that a clientConfig leads to, without a query."""
    service = client.get("service")
    if service is None:
        return str(client.get("url") or "")
    host = f"{service.get('name')}.{service.get('namespace')}.svc:{service.get('port') or 443}"
    return f"https://{host}{service.get('path') or '/'}"
