"""What tests in other languages ask of pods and nodes: pages beside /fakekube/clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fakekube.core.errors import StatusError, bad_request

BEHAVIOURS = "/fakekube/behaviours"
CREATED = 201


class Remote(Protocol):
    """The cluster's pods and nodes, as far as these pages need them. StatusError refuses."""

    async def behave(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Tell pods how to behave; what was told, with its id."""
        ...

    def behaviours(self) -> list[dict[str, Any]]:
        """What was told and counts."""
        ...

    def behaviour(self, number: str) -> dict[str, Any]:
        """One of these."""
        ...

    async def forget(self, number: str) -> dict[str, Any]:
        """Take one back."""
        ...

    async def forget_all(self) -> None:
        """Take all back."""
        ...

    async def speak(self, node: str, speaks: bool) -> None:
        """Let a node's kubelet fall silent, or speak again."""
        ...

    async def shut_down(self, node: str) -> None:
        """Shut a node down with grace."""
        ...

    async def speaking(self) -> list[str]:
        """The nodes whose kubelets speak."""
        ...

    async def environment(self, namespace: str, name: str, container: str | None) -> dict[str, str]:
        """What a container would see."""
        ...


Answer = Callable[[Request], Awaitable[tuple[int, Any]]]


class RemotePages:
    """Behaviours can be told (POST), listed, read (GET) and taken back (DELETE); kubelets stopped and started."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def routes(self) -> list[Route]:
        """The routes of these pages; who may not do everything is refused before it comes here."""
        rows: tuple[tuple[str, str, Answer], ...] = (
            (BEHAVIOURS, "GET", self._list),
            (BEHAVIOURS, "POST", self._tell),
            (BEHAVIOURS, "DELETE", self._forget_all),
            (BEHAVIOURS + "/{id}", "GET", self._read),
            (BEHAVIOURS + "/{id}", "DELETE", self._forget),
            ("/fakekube/kubelets", "GET", self._kubelets),
            ("/fakekube/kubelets/{node}/stop", "POST", self._stop),
            ("/fakekube/kubelets/{node}/start", "POST", self._start),
            ("/fakekube/kubelets/{node}/shutdown", "POST", self._shut_down),
            ("/fakekube/environment/{namespace}/{pod}", "GET", self._environment),
        )
        return [Route(path, _answering(answer), methods=[method]) for path, method, answer in rows]

    async def _list(self, request: Request) -> tuple[int, Any]:
        return 200, {"items": self._remote.behaviours()}

    async def _tell(self, request: Request) -> tuple[int, Any]:
        return CREATED, await self._remote.behave(_object(await request.body()))

    async def _read(self, request: Request) -> tuple[int, Any]:
        return 200, self._remote.behaviour(request.path_params["id"])

    async def _forget(self, request: Request) -> tuple[int, Any]:
        return 200, await self._remote.forget(request.path_params["id"])

    async def _forget_all(self, request: Request) -> tuple[int, Any]:
        await self._remote.forget_all()
        return 200, {"items": []}

    async def _kubelets(self, request: Request) -> tuple[int, Any]:
        return 200, {"speaking": await self._remote.speaking()}

    async def _stop(self, request: Request) -> tuple[int, Any]:
        await self._remote.speak(request.path_params["node"], False)
        return await self._kubelets(request)

    async def _start(self, request: Request) -> tuple[int, Any]:
        await self._remote.speak(request.path_params["node"], True)
        return await self._kubelets(request)

    async def _shut_down(self, request: Request) -> tuple[int, Any]:
        await self._remote.shut_down(request.path_params["node"])
        return await self._kubelets(request)

    async def _environment(self, request: Request) -> tuple[int, Any]:
        place, container = request.path_params, request.query_params.get("container")
        return 200, await self._remote.environment(place["namespace"], place["pod"], container)


def _answering(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            code, body = await answer(request)
        except StatusError as error:
            code, body = error.code, error.status()
        return Response(orjson.dumps(body), code, media_type="application/json")

    return respond


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the body is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise bad_request('expected an object such as {"selector": {"app": "web"}, "ready": false}')
    return found
