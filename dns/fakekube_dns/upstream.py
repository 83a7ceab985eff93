"""Other name servers, asked for what is outside the zones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Final, cast

from fakekube_dns.message import HEADER_BYTES, TC

SECONDS: Final = 2.0
DNS_PORT: Final = 53
Server = tuple[str, int]


class Forwarder:
    """An Upstream that asks name servers in turn until one replies: over UDP, and over TCP what came truncated."""

    def __init__(self, servers: Iterable[Server], *, seconds: float = SECONDS) -> None:
        self.servers = tuple(servers)
        self.seconds = seconds

    async def __call__(self, packet: bytes) -> bytes:
        """The first reply; TimeoutError or OSError if no server gives one."""
        failure: OSError = OSError("there is no name server to ask")
        for server in self.servers:
            try:
                async with asyncio.timeout(self.seconds):
                    reply = await _datagram(server, packet)
                    return await _stream(server, packet) if int.from_bytes(reply[2:4]) & TC else reply
            except OSError as reason:  # TimeoutError is one
                failure = reason
        raise failure


def server_from(text: str) -> Server:
    """A name server written as `ADDRESS`, `ADDRESS:PORT` or `[ADDRESS]:PORT`."""
    address, colon, port = text.rpartition(":")
    if not colon or (address.count(":") and not address.endswith("]")):
        return text.strip("[]"), DNS_PORT
    return address.strip("[]"), int(port)


def servers_of(resolv_conf: str | Path) -> list[Server]:
    """The name servers that a resolv.conf lists."""
    lines = [line.split() for line in Path(resolv_conf).read_text().splitlines()]
    return [(line[1], DNS_PORT) for line in lines if len(line) > 1 and line[0] == "nameserver"]


class _Exchange(asyncio.DatagramProtocol):
    """One query and the first datagram with its id."""

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.DatagramTransport", transport).sendto(self.packet)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if len(data) >= HEADER_BYTES and data[:2] == self.packet[:2] and not self.reply.done():
            self.reply.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(exc)


async def _datagram(server: Server, packet: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    transport, exchange = await loop.create_datagram_endpoint(lambda: _Exchange(packet), remote_addr=server)
    try:
        return await exchange.reply
    finally:
        transport.close()


async def _stream(server: Server, packet: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(len(packet).to_bytes(2) + packet)
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
    except asyncio.IncompleteReadError as reason:
        raise ConnectionError("the name server closed the connection") from reason
    finally:
        writer.close()
