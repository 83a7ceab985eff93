"""The load generator: HTTP/1.1 over kept-alive connections, in a process of its own, with the requests made beforehand.

It reads a job as JSON from stdin and prints what it measured as JSON. In a job's request `@N@` stands for a number of
six digits, another for each request.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvloop

NUMBER = b"@N@"
QUIET_SECONDS = 30.0
SETTLING_SECONDS = 0.3


def requests(text: str, first: int, count: int) -> Iterator[bytes]:
    """So many requests, made now."""
    raw = text.encode()
    return iter([raw.replace(NUMBER, b"%06d" % number) for number in range(first, first + count)])


class Caller(asyncio.Protocol):
    """One connection: it sends the next request when the answer to the last one is whole."""

    def __init__(self, pending: Iterator[bytes], finished: Callable[[Caller], None]) -> None:
        self._pending = pending
        self._finished = finished
        self._missing = 0  # bytes of the present answer
        self._head = b""
        self.answers = self.bytes = self.faults = 0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self._pending, None)
        if request is None:
            self._finished(self)
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        if not self._missing:
            data = self._head + data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._head = data
                return
            self._head = b""
            self.faults += data[9:10] != b"2"
            at = data.find(b"content-length: ", 0, end) + 16
            self._missing = int(data[at : data.find(b"\r", at)])
            data = data[end + 4 :]
        self._missing -= len(data)
        if not self._missing:
            self.answers += 1
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._finished(self)


class Follower(asyncio.Protocol):
    """One watch: it counts frames. JSON holds no line ends, so those without a carriage return end frames."""

    def __init__(self, request: bytes, changed: Callable[[], None]) -> None:
        self._request = request
        self._changed = changed
        self.frames = self.bytes = 0

    def connection_made(self, transport: Any) -> None:
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        self.frames += data.count(b"\n") - data.count(b"\r")
        self._changed()


async def call(host: str, port: int, job: dict[str, Any]) -> dict[str, Any]:
    """Send all requests over some connections: answers per second, and bytes of an answer with its headers."""
    loop = asyncio.get_running_loop()
    pending = requests(job["request"], job.get("first", 0), job["count"])
    connections = job["connections"]
    all_done, left = asyncio.Event(), set(range(connections))

    def finished(caller: Caller) -> None:
        left.discard(numbers[caller])
        if not left:
            all_done.set()

    callers = [Caller(pending, finished) for _ in range(connections)]
    numbers = {caller: number for number, caller in enumerate(callers)}
    start = time.perf_counter()
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, host, port)
    await all_done.wait()
    seconds = time.perf_counter() - start
    answers = sum(caller.answers for caller in callers)
    return {
        "rate": answers / seconds,
        "seconds": seconds,
        "answers": answers,
        "bytes": sum(caller.bytes for caller in callers) // max(answers, 1),
        "faults": sum(caller.faults for caller in callers) + job["count"] - answers,
    }


async def follow(host: str, port: int, job: dict[str, Any]) -> dict[str, Any]:
    """Open watches and write: frames per second over all of them, and how long a single write takes to reach all."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    followers = [Follower(job["watch"].encode(), told.set) for _ in range(job["watchers"])]
    for follower in followers:
        await loop.create_connection(lambda follower=follower: follower, host, port)
    await _until(told, lambda: all(follower.bytes for follower in followers))
    await asyncio.sleep(SETTLING_SECONDS)  # what was there before is told at first, and is not counted
    before = {follower: (follower.frames, follower.bytes) for follower in followers}

    def reached(count: int) -> Callable[[], bool]:
        return lambda: all(follower.frames - before[follower][0] >= count for follower in followers)

    delays, first, single = [], job["first"], job["single"]
    for number in range(single):
        start = time.perf_counter()
        await call(host, port, {"request": job["write"], "first": first + number, "count": 1, "connections": 1})
        await _until(told, reached(number + 1))
        delays.append(time.perf_counter() - start)
    writing = {"request": job["write"], "first": first + single, "count": job["count"]}
    start = time.perf_counter()
    written = await call(host, port, {**writing, "connections": job["connections"]})
    await _until(told, reached(single + job["count"]))
    seconds = time.perf_counter() - start
    return {
        "rate": job["count"] * job["watchers"] / seconds,
        "delay": sorted(delays)[len(delays) // 2],
        "bytes": (followers[0].bytes - before[followers[0]][1]) // (single + job["count"]),
        "faults": written["faults"],
    }


async def _until(told: asyncio.Event, reached: Callable[[], bool]) -> None:
    while not reached():
        told.clear()
        await asyncio.wait_for(told.wait(), QUIET_SECONDS)


async def main() -> None:
    """Do the job on stdin."""
    job = json.load(sys.stdin)
    work = follow if "watch" in job else call
    print(json.dumps(await work(job["host"], job["port"], job)))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
