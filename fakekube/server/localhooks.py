"""What stands for a webhook in this process: a function, an ASGI application, or a port where one listens."""

from __future__ import annotations

import asyncio
import base64
import inspect
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from fakekube.server.posting import PostError, Response

Function = Callable[[Obj], Any]
Application = Callable[[MutableMapping[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]
Pool = Callable[[], Executor]
HOST = "127.0.0.1"


class Handler(Protocol):
    """Answers calls in this process."""

    async def answer(self, url: str, path: str, body: bytes, pool: Pool) -> Response:
        """The answer to a POST; PostError if there is none. Blocking work belongs in a thread of the pool."""
        ...


Target = Handler | tuple[str, int, bool]
"""A handler, or the host and port of a listener and whether it speaks TLS."""


def target_of(found: object) -> Target:
    """What was given for a webhook: a port or 'http[s]://HOST:PORT', a function of the request, an ASGI application."""
    if isinstance(found, int):
        return HOST, found, True
    if isinstance(found, str):
        parts = urlsplit(found)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port is None:
            raise ValueError(f"a listener is told as 'http://HOST:PORT' or 'https://HOST:PORT', not {found!r}")
        return parts.hostname, parts.port, parts.scheme == "https"
    if callable(found):
        return AppHandler(found) if _takes(found) == 3 else FunctionHandler(found)
    raise TypeError(f"a webhook is a port, a URL, a function or an ASGI application, not {found!r}")


def _takes(found: Callable[..., Any]) -> int:
    """How many arguments a callable must be given."""
    given = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(found).parameters.values()
    return sum(each.kind in given and each.default is inspect.Parameter.empty for each in parameters)


class AppHandler:
    """An ASGI application, called on the cluster's loop."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def answer(self, url: str, path: str, body: bytes, pool: Pool) -> Response:
        parts = urlsplit(url)
        name, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "https",
            "path": name,
            "raw_path": name.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (b"host", parts.netloc.encode()),
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
            ],
            "client": (HOST, 0),
            "server": (parts.hostname or "", parts.port or 443),
            "state": {},
        }
        said: list[MutableMapping[str, Any]] = []

        async def receive() -> Obj:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            said.append(message)

        try:
            await self._app(scope, receive, send)
        except Exception as error:
            raise PostError(f"{type(error).__name__}: {error}") from error
        return _response(said)


def _response(said: list[MutableMapping[str, Any]]) -> Response:
    start = next((each for each in said if each["type"] == "http.response.start"), None)
    if start is None:
        raise PostError("EOF")
    headers = {bytes(name).lower(): bytes(value) for name, value in start.get("headers", ())}
    body = b"".join(each.get("body", b"") for each in said if each["type"] == "http.response.body")
    return Response(start["status"], headers.get(b"content-type", b"").decode("latin-1"), body)


class FunctionHandler:
    """A function of the request; coroutine functions run on the cluster's loop, others in a thread."""

    def __init__(self, function: Function) -> None:
        self._function = function

    async def answer(self, url: str, path: str, body: bytes, pool: Pool) -> Response:
        review = orjson.loads(body)
        request = review["request"]
        try:
            outcome = await self._call(request, pool)
            response = response_of(orjson.loads(body)["request"], request, outcome)
        except StatusError as error:
            response = _refusal(request, error)
        except Exception as error:
            raise PostError(f"{type(error).__name__}: {error}") from error
        found = {"kind": review["kind"], "apiVersion": review["apiVersion"], "response": response}
        response["uid"] = request["uid"]
        return Response(200, "application/json", orjson.dumps(found))

    async def _call(self, request: Obj, pool: Pool) -> Any:
        if inspect.iscoroutinefunction(self._function):
            return await self._function(request)
        outcome = await asyncio.get_running_loop().run_in_executor(pool(), self._function, request)
        return await outcome if inspect.isawaitable(outcome) else outcome


def response_of(before: Obj, request: Obj, outcome: Any) -> Obj:
    """The response that a function's outcome stands for; `request` is what it may have changed.

    None or True allow, with what was changed in request["object"]; False and a text (the message) deny; a list is a
    JSON patch; a dictionary is the response itself, whose patch may be a list. Of a conversion: see `_conversion`.
    """
    if "objects" in request:
        return _conversion(request, outcome)
    match outcome:
        case dict():
            return _encoded(outcome)
        case str():
            return {"allowed": False, "status": {"message": outcome}}
        case list():
            return _encoded({"allowed": True, "patch": outcome})
        case None | True:
            if request.get("object") == before.get("object"):
                return {"allowed": True}
            return _encoded({"allowed": True, "patch": [{"op": "replace", "path": "", "value": request["object"]}]})
        case False:
            return {"allowed": False}
    raise TypeError(f"a webhook returns None, a bool, a text, a list or a dictionary, not {outcome!r}")


def _conversion(request: Obj, outcome: Any) -> Obj:
    """A list is the converted objects, None those of the request, a text a failure, a dictionary the response."""
    match outcome:
        case dict():
            return dict(outcome)
        case str():
            return {"result": {"status": "Failure", "message": outcome}}
        case list() | None:
            objects = request["objects"] if outcome is None else outcome
            return {"convertedObjects": objects, "result": {"status": "Success"}}
    raise TypeError(f"a conversion webhook returns None, a list, a text or a dictionary, not {outcome!r}")


def _refusal(request: Obj, error: StatusError) -> Obj:
    if "objects" in request:
        return _conversion(request, error.message)
    return {"allowed": False, "status": error.status()}


def _encoded(response: Obj) -> Obj:
    """The response with its patch as it goes on the wire."""
    found = dict(response)
    if isinstance(found.get("patch"), list):
        found["patch"] = base64.b64encode(orjson.dumps(found["patch"])).decode()
        found.setdefault("patchType", "JSONPatch")
    if not found.get("patch"):
        found.pop("patch", None)
    return found
