"""Event loops in the cluster's time: what sleeps in them holds time, and is met in its order."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed=1)

Obj = dict[str, Any]


def config_map(name: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


class Companion:
    """Something that runs in such a loop, in a thread of its own."""

    def __init__(self, kube: FakeCluster, work: Callable[[], Awaitable[None]]) -> None:
        self.ready = threading.Event()
        self.work = work
        self.loop = kube.clock.loop
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        assert self.ready.wait(10)

    def run(self) -> None:
        with asyncio.Runner(loop_factory=self.loop) as runner:
            runner.run(self.main())

    async def main(self) -> None:
        self.ready.set()
        await self.work()


Start = Callable[[Callable[[], Awaitable[None]]], Companion]


@pytest.fixture
def start(kube: FakeCluster) -> Iterator[Start]:
    begun: list[Companion] = []

    def begin(work: Callable[[], Awaitable[None]]) -> Companion:
        begun.append(Companion(kube, work))
        return begun[-1]

    yield begin
    for each in begun:
        each.thread.join(10)
        assert not each.thread.is_alive()


def test_who_sleeps_wakes_by_the_clusters_time(kube: FakeCluster, start: Start) -> None:
    woken: list[float] = []

    async def work() -> None:
        for seconds in (1, 0.1, 3600, 1e-9, 86_400):
            await asyncio.sleep(seconds)
            woken.append(asyncio.get_running_loop().time())

    start(work)
    begin = kube.clock.now().timestamp()
    kube.clock.advance(days=2)
    assert [round(moment - begin, 3) for moment in woken] == [1, 1.1, 3601.1, 3601.1, 90001.1]


def test_a_leap_goes_to_the_next_who_sleeps(kube: FakeCluster, start: Start) -> None:
    async def work() -> None:
        await asyncio.sleep(1234)

    start(work)
    before = kube.clock.now()
    kube.settle()
    kube.clock.leap()
    assert (kube.clock.now() - before).total_seconds() == 1234


def test_what_it_asks_is_done_before_time_goes_on(kube: FakeCluster, start: Start) -> None:
    async def work() -> None:
        for number in range(20):
            await asyncio.sleep(60)
            await kube.aio.create(config_map(f"c{number}"))
            await asyncio.to_thread(time.sleep, 0.01)
            await kube.aio.patch("configmaps", f"c{number}", {"data": {"seen": "yes"}})

    start(work)
    kube.clock.advance(minutes=10)
    maps = [each for each in kube.list("configmaps", "default") if each["metadata"]["name"].startswith("c")]
    assert [each["data"] for each in maps] == [{"seen": "yes"}] * 10
    times = [each["metadata"]["creationTimestamp"][14:16] for each in maps]
    assert sorted(times) == [f"{minute:02}" for minute in range(1, 11)]
    kube.clock.advance(minutes=10)


def test_it_may_move_the_time_itself_but_not_wait_for_itself(kube: FakeCluster, start: Start) -> None:
    seen: list[str] = []

    async def work() -> None:
        sleeper = asyncio.create_task(asyncio.sleep(30))
        await kube.aio.advance(minutes=1)
        seen.append(f"done: {sleeper.done()}")
        try:
            kube.clock.advance(1)
        except RuntimeError as error:
            seen.append(str(error))

    start(work).thread.join(10)
    assert seen[0] == "done: True"
    assert "kube.aio" in seen[1]


@pytest.mark.fakekube(clock="auto", tls=False)
def test_an_automatic_clock_leaps_for_who_sleeps(kube: FakeCluster, start: Start) -> None:
    begin = time.monotonic()

    async def work() -> None:
        await asyncio.sleep(3600)

    start(work).thread.join(20)
    assert time.monotonic() - begin < 20


@pytest.mark.fakekube(clock="wall", tls=False)
def test_with_the_machines_time_it_is_an_ordinary_loop(kube: FakeCluster, start: Start) -> None:
    async def work() -> None:
        await asyncio.sleep(0.01)

    start(work)


def test_when_the_cluster_is_gone_the_machines_time_goes_on() -> None:
    from fakekube import FakeCluster

    async def work() -> None:
        await asyncio.sleep(0.05)

    with FakeCluster(clock="virtual", tls=False, dns_port=None) as kube:
        companion = Companion(kube, work)
    companion.thread.join(10)
    assert not companion.thread.is_alive()
