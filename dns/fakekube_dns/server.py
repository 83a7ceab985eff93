"""The sockets: a Resolver behind UDP and TCP of one port, on the running event loop."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from fakekube_dns.resolve import Forward, Reply, Resolver

log = logging.getLogger(__name__)

Upstream = Callable[[bytes], Awaitable[bytes]]
"""Asks another server: a query's packet in, its reply's packet out. OSError and TimeoutError mean that none came."""

PACKETS_PER_WAKE_UP: Final = 64  # then the rest of the loop has its turn
QUERY_BYTES: Final = 4096  # of a datagram; no query is longer
IDLE_SECONDS: Final = 10.0
CONNECTIONS: Final = 1024
FORWARDS: Final = 1024  # that wait for the upstream at a time; a query beyond is told SERVFAIL
PORT_ATTEMPTS: Final = 64
SOCKET_BUFFER_BYTES: Final = 2**20


class DNSServer:
    """Serves until stopped. Everything is bound to the loop that ran `start`, and nothing of it outlives `stop`."""

    def __init__(
        self,
        resolver: Resolver | Callable[[], Resolver],
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        upstream: Upstream | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Port 0 is any port that is free for both protocols. With an upstream, make the resolver with `forwards`;
        one that is made by a call is made when the first query comes."""
        self._resolver = resolver
        self.host = host
        self.port = port
        self.idle_seconds = idle_seconds
        self.connections: set[Connection] = set()
        self._upstream = upstream
        self._tasks: set[asyncio.Task[None]] = set()
        self._datagrams: socket.socket | None = None
        self._listener: asyncio.Server | None = None

    @cached_property
    def resolver(self) -> Resolver:
        """What answers."""
        return self._resolver() if callable(self._resolver) else self._resolver

    @property
    def running(self) -> bool:
        """Whether it is between `start` and `stop`."""
        return self._datagrams is not None

    async def start(self) -> DNSServer:
        """Bind both sockets and answer; `port` then is the number in use."""
        if self.running:
            raise RuntimeError("the DNS server is running")
        loop = asyncio.get_running_loop()
        datagrams, stream = bind_both(self.host, self.port)
        self._datagrams = datagrams
        try:
            self._listener = await loop.create_server(lambda: Connection(self), sock=stream)
        except BaseException:
            self._datagrams = None
            datagrams.close()
            stream.close()
            raise
        self.port = datagrams.getsockname()[1]
        loop.add_reader(datagrams.fileno(), self._drain, datagrams)
        return self

    async def stop(self) -> None:
        """Close sockets and connections and end what waits for the upstream; a second call does nothing."""
        datagrams, self._datagrams = self._datagrams, None
        listener, self._listener = self._listener, None
        if datagrams is not None:
            asyncio.get_running_loop().remove_reader(datagrams.fileno())
            datagrams.close()
        if listener is not None:
            listener.close()
        closing = [connection.abort() for connection in tuple(self.connections)]
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*closing, *tasks, return_exceptions=True)
        if listener is not None:
            await listener.wait_closed()

    async def __aenter__(self) -> DNSServer:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def answer(self, packet: bytes, *, stream: bool) -> Reply:
        """The resolver's reply; a fault of ours is SERVFAIL to the client and a log entry to us."""
        try:
            return self.resolver.resolve(packet, stream=stream)
        except Exception:
            from dnslib import RCODE

            from fakekube_dns import message

            log.exception("no answer to the packet %s", packet.hex())
            return message.rejection(packet, RCODE.SERVFAIL) if len(packet) >= message.HEADER_BYTES else None

    def forward(self, wanted: Forward, send: Callable[[bytes], None]) -> None:
        """Ask the upstream and send on what comes of it."""
        if len(self._tasks) >= FORWARDS:
            send(wanted.finish(None))
            return
        task = asyncio.get_running_loop().create_task(self._ask(wanted, send))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, wanted: Forward, send: Callable[[bytes], None]) -> None:
        reply = None
        if self._upstream is not None:
            try:
                reply = await self._upstream(wanted.packet)
            except (OSError, TimeoutError) as reason:
                log.info("the upstream did not answer: %s", reason)
            except Exception:
                log.exception("the upstream failed")
        try:
            send(wanted.finish(reply))
        except Exception:
            log.exception("no answer from what the upstream sent")

    def _drain(self, datagrams: socket.socket) -> None:
        """Answer what has come: asyncio's own transport would read one datagram per turn of the loop."""
        from fakekube_dns.resolve import Forward

        receive, send, resolve = datagrams.recvfrom, datagrams.sendto, self.answer
        for _ in range(PACKETS_PER_WAKE_UP):
            try:
                packet, client = receive(QUERY_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # word of an earlier reply that its client was not there for
            reply = resolve(packet, stream=False)
            try:
                if isinstance(reply, bytes):
                    send(reply, client)
                elif isinstance(reply, Forward):
                    self.forward(reply, partial(self._send_late, client))
            except OSError as reason:  # a full buffer loses the reply, as a network may
                log.debug("reply to %s lost: %s", client, reason)

    def _send_late(self, client: Any, reply: bytes) -> None:
        if self._datagrams is not None:
            with suppress(OSError):
                self._datagrams.sendto(reply, client)


class Connection(asyncio.Protocol):
    """One client over TCP: any number of queries, each after its length in two bytes, until it has been silent long."""

    def __init__(self, server: DNSServer) -> None:
        self.server = server
        self.loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self.loop.create_future()
        self.transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._paused = False
        self._last_query = self.loop.time()
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the client, unless there are too many."""
        self.transport = cast("asyncio.Transport", transport)
        self.server.connections.add(self)
        self._idle = self.loop.call_later(self.server.idle_seconds, self._close_if_idle)
        if len(self.server.connections) > CONNECTIONS or not self.server.running:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self.server.connections.discard(self)
        if self._idle is not None:
            self._idle.cancel()
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Answer each query that is whole by now."""
        self._received += data
        self._answer_received()

    def pause_writing(self) -> None:
        """The client does not read: stop answering it."""
        self._paused = True
        if self.transport is not None:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._paused = False
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()
            self._answer_received()

    def abort(self) -> Coroutine[Any, Any, None]:
        """Drop the client at once; await the result to see it gone."""
        if self.transport is not None:
            self.transport.abort()
        return self._wait_closed()

    async def _wait_closed(self) -> None:
        await self.closed

    def _answer_received(self) -> None:
        received = self._received
        while not self._paused and len(received) >= 2:
            end = 2 + int.from_bytes(received[:2])
            if len(received) < end:
                return
            packet = bytes(received[2:end])
            del received[:end]
            self._last_query = self.loop.time()
            self._send(self.server.answer(packet, stream=True))

    def _send(self, reply: Reply) -> None:
        from fakekube_dns.resolve import Forward

        if isinstance(reply, Forward):
            self.server.forward(reply, self._send)
        elif reply is not None and self.transport is not None and not self.transport.is_closing():
            packets = [reply] if isinstance(reply, bytes) else reply
            self.transport.write(b"".join(len(packet).to_bytes(2) + packet for packet in packets))

    def _close_if_idle(self) -> None:
        left = self._last_query + self.server.idle_seconds - self.loop.time()
        if left > 0:
            self._idle = self.loop.call_later(left, self._close_if_idle)
        elif self.transport is not None:
            self.transport.abort()


def bind_both(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A datagram and a listening stream socket on one port; port 0 looks for one that is free for both."""
    named = host.encode() if host.isascii() else host  # of bytes it does not ask whether they are an international name
    family, _, _, _, address = socket.getaddrinfo(named, port, type=socket.SOCK_DGRAM)[0]
    for attempt in range(PORT_ATTEMPTS):
        datagrams = _bind(family, socket.SOCK_DGRAM, address)
        try:
            return datagrams, _bind(family, socket.SOCK_STREAM, datagrams.getsockname())
        except OSError as reason:
            datagrams.close()
            if port or reason.errno != errno.EADDRINUSE or attempt == PORT_ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt raises")


def _bind(family: int, kind: int, address: Any) -> socket.socket:
    made = socket.socket(family, kind)
    try:
        made.setblocking(False)
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a stopped server linger
        else:
            for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                made.setsockopt(socket.SOL_SOCKET, buffer, SOCKET_BUFFER_BYTES)
        made.bind(address)
    except OSError as reason:
        made.close()
        raise OSError(reason.errno, f"cannot listen on {address[0]}:{address[1]}: {reason.strerror}") from reason
    return made
