"""What a test asks of its cluster, for tests in other languages: time, settling and resetting, outside /api and
/apis."""

from __future__ import annotations

from typing import Any, Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fakekube.core.errors import StatusError, bad_request
from fakekube.core.meta import micro_time_text
from fakekube.server.behaviours import Remote, RemotePages


class Control(Protocol):
    """The cluster, as far as this page needs it."""

    def now(self) -> float:
        """The cluster's time."""
        ...

    @property
    def clock_mode(self) -> str:
        """wall, virtual or auto."""
        ...

    @property
    def remote(self) -> Remote:
        """The cluster's pods and nodes."""
        ...

    async def advance(self, seconds: float) -> float:
        """Let time pass; StatusError if the clock is the machine's."""
        ...

    async def leap(self) -> float | None:
        """On to the next timer; StatusError as above."""
        ...

    async def settle(self, quiet: float = ..., timeout: float = ...) -> None:
        """Wait until nothing is left to do, and until clients were silent for `quiet` seconds; StatusError if they are
        not for `timeout` seconds."""
        ...

    async def reset(self) -> None:
        """Back to the state after the start."""
        ...


class ControlPage:
    """GET /fakekube/clock tells the time; POST moves it. POST /fakekube/settle and /fakekube/reset do what they say."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def routes(self) -> list[Route]:
        """The routes of the page; who may not do everything is refused before it comes here."""
        return [
            Route("/fakekube/clock", self._tell_time, methods=["GET"]),
            Route("/fakekube/clock", self._move_time, methods=["POST"]),
            Route("/fakekube/settle", self._settle, methods=["POST"]),
            Route("/fakekube/reset", self._reset, methods=["POST"]),
            *RemotePages(self._control.remote).routes(),
        ]

    async def _tell_time(self, request: Request) -> Response:
        return self._time()

    def _time(self, **more: Any) -> Response:
        body = {"mode": self._control.clock_mode, "now": micro_time_text(self._control.now()), **more}
        return Response(orjson.dumps(body), media_type="application/json")

    async def _move_time(self, request: Request) -> Response:
        try:
            asked = _asked(await request.body())
            if "leap" in asked:
                return self._time(leapt=await self._control.leap() is not None)
            await self._control.advance(asked["advance"])
            return self._time()
        except StatusError as error:
            return Response(orjson.dumps(error.status()), error.code, media_type="application/json")

    async def _settle(self, request: Request) -> Response:
        try:
            await self._control.settle(**_patience(await request.body()))
        except StatusError as error:
            return Response(orjson.dumps(error.status()), error.code, media_type="application/json")
        return self._time()

    async def _reset(self, request: Request) -> Response:
        await self._control.reset()
        return self._time()


def _asked(body: bytes) -> dict[str, Any]:
    """{"advance": seconds} or {"leap": true}; 400 for anything else."""
    found = _object(body)
    if found == {"leap": True} or (set(found) == {"advance"} and _is_span(found["advance"])):
        return found
    raise bad_request('expected {"advance": SECONDS} or {"leap": true}')


def _patience(body: bytes) -> dict[str, float]:
    """{"quiet": seconds, "timeout": seconds}, each if it was given; 400 for anything else."""
    found = _object(body) if body else {}
    if set(found) <= {"quiet", "timeout"} and all(map(_is_span, found.values())):
        return found
    raise bad_request('expected nothing, or {"quiet": SECONDS, "timeout": SECONDS}')


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object; an odd one for what is none."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {"": found}


def _is_span(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
