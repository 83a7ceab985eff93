"""Settling with clients: it lasts until they are silent, and watches that are merely open are."""

import asyncio
from typing import Any

import pytest

from fakekube.cluster.companions import Companions
from fakekube.cluster.settling import Settling
from fakekube.core.clock import FixedClock
from fakekube.core.errors import StatusError
from fakekube.server.traffic import Traffic
from fakekube.server.watches import Streams


class AtRest:
    """Controllers without work."""

    async def until_idle(self) -> None:
        return


async def application(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(scope.get("takes", 0))


class Lab:
    def __init__(self) -> None:
        self.streams = Streams()
        self.traffic = Traffic(application, self.streams)
        self.settling = Settling(AtRest(), self.streams, self.traffic, Companions(FixedClock()))  # type: ignore[arg-type]
        self.asked = 0

    async def ask(self, path: str = "/api/v1/pods", takes: float = 0.0) -> None:
        scope = {"type": "http", "method": "GET", "path": path, "takes": takes}
        await self.traffic(scope, _nothing, _nothing)
        self.asked += 1

    async def ask_often(self, path: str = "/api/v1/pods") -> None:
        for _ in range(5):
            await self.ask(path)
            await asyncio.sleep(0.01)


async def _nothing(*_: Any) -> Any: ...


async def settled(lab: Lab, quiet: float, timeout: float = 5.0) -> float:
    before = asyncio.get_running_loop().time()
    await lab.settling.settle_with_clients(quiet, timeout)
    return asyncio.get_running_loop().time() - before


async def test_silence_lasts_as_long_as_asked() -> None:
    assert await settled(Lab(), 0.05) >= 0.05


async def test_requests_begin_the_silence_anew() -> None:
    lab = Lab()
    asking = asyncio.create_task(lab.ask_often())
    await settled(lab, 0.05)
    assert lab.asked == 5
    await asking


async def test_a_request_on_its_way_is_no_silence() -> None:
    lab = Lab()
    asking = asyncio.create_task(lab.ask(takes=0.1))
    await settled(lab, 0.03)
    assert lab.asked == 1
    await asking


async def test_probes_and_the_control_page_are_no_traffic() -> None:
    lab = Lab()
    for path in ("/readyz", "/fakekube/clock"):
        asking = asyncio.create_task(lab.ask(path, takes=0.2))
        await settled(lab, 0.01)
        assert not asking.done()
        await asking


async def test_who_never_stops_is_told_of() -> None:
    lab = Lab()
    asking = asyncio.create_task(lab.ask(takes=1))
    await asyncio.sleep(0)
    with pytest.raises(StatusError, match=r"not silent for 0.05 s within 0.1 s"):
        await settled(lab, 0.05, 0.1)
    asking.cancel()
