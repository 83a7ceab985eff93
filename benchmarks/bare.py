"""What everything is measured beside: a bare ASGI application on the same server and loop as fakekube's.

`python benchmarks/bare.py` prints its port. GET /N and POST /N answer N bytes. GET /watch opens a stream; POST /tell/N
writes N bytes to every open stream.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import uvicorn
import uvloop

STREAMS: list[Any] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer at once, with as many headers as fakekube sends."""
    path = scope["path"]
    if path == "/watch":
        await _start(send, None)
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        STREAMS.append(send)
        await _hang_up(receive)
        STREAMS.remove(send)
        return
    body = b"x" * int(path.rpartition("/")[2])
    if scope["method"] == "POST":
        while (await receive()).get("more_body"):
            pass
    if path.startswith("/tell/"):
        frame = {"type": "http.response.body", "body": body[1:] + b"\n", "more_body": True}
        for stream in STREAMS:
            await stream(frame)
    await _start(send, len(body))
    await send({"type": "http.response.body", "body": body})


async def _start(send: Any, length: int | None) -> None:
    headers = [(b"cache-control", b"no-cache, private"), (b"content-type", b"application/json")]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _hang_up(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def main() -> None:
    """Serve until killed."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False, server_header=False
    )
    serving = asyncio.create_task(uvicorn.Server(config).serve(sockets=[listener]))
    print(listener.getsockname()[1], flush=True)
    await serving


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
