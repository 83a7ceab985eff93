"""The sockets, on each kind of event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import dns.flags
import dns.message
import dns.query
import pytest
import uvloop

from fakekube_dns import KUBEADM, DNSServer, MemoryView, Resolver

from .conftest import endpoint_slice, rcode, service, texts

Scenario = Callable[[], Awaitable[None]]
LOOPS = {"asyncio": asyncio.SelectorEventLoop, "uvloop": uvloop.new_event_loop}
SVC1 = "svc1.testns.svc.cluster.local."


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[[Scenario], None]:
    """Runs a scenario and sees to it that no task outlives it."""

    async def whole(scenario: Scenario) -> None:
        await asyncio.wait_for(scenario(), 20)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    def runner(scenario: Scenario) -> None:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as loop:
            loop.run(whole(scenario))

    return runner


@pytest.fixture
def resolver(view: MemoryView) -> Resolver:
    """The cluster as kubeadm sets it up."""
    return Resolver(view)


@pytest.fixture
def forwarding(view: MemoryView) -> Resolver:
    """The same with another server to ask."""
    return Resolver(view, KUBEADM, forwards=True)


async def ask(server: DNSServer, name: str, qtype: str = "A", *, tcp: bool = False) -> dns.message.Message:
    """Ask in a thread, as a client of another process would."""
    query = dns.message.make_query(name, qtype)
    method = dns.query.tcp if tcp else dns.query.udp
    return await asyncio.to_thread(method, query, server.host, port=server.port, timeout=10)


async def connect(server: DNSServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(server.host, server.port)


def framed(name: str, identity: int = 0) -> bytes:
    """A query as it is sent over TCP."""
    query = dns.message.make_query(name, "A")
    query.id = identity
    return query.to_wire(prepend_length=True)


async def next_reply(reader: asyncio.StreamReader) -> dns.message.Message:
    return dns.message.from_wire(await reader.readexactly(int.from_bytes(await reader.readexactly(2))))


def test_one_port_serves_both_protocols(run: Any, resolver: Resolver) -> None:
    async def scenario() -> None:
        async with DNSServer(resolver) as server:
            for tcp in (False, True):
                assert texts((await ask(server, SVC1, tcp=tcp)).answer) == ["10.0.0.1"]
                assert rcode(await ask(server, "x." + SVC1, tcp=tcp)) == "NXDOMAIN"

    run(scenario)


def test_it_serves_on_ipv6(run: Any, resolver: Resolver) -> None:
    async def scenario() -> None:
        async with DNSServer(resolver, "::1") as server:
            for tcp in (False, True):
                assert texts((await ask(server, SVC1, tcp=tcp)).answer) == ["10.0.0.1"]

    run(scenario)


def test_a_connection_takes_many_queries(run: Any, resolver: Resolver) -> None:
    async def scenario() -> None:
        async with DNSServer(resolver) as server:
            reader, writer = await connect(server)
            sent = b"".join(framed(SVC1, i) for i in range(500))
            for start in range(0, len(sent), 997):  # cut anywhere
                writer.write(sent[start : start + 997])
            assert [(await next_reply(reader)).id for _ in range(500)] == list(range(500))
            writer.write(b"\x00")
            await writer.drain()
            writer.write(framed(SVC1, 7)[1:])
            assert (await next_reply(reader)).id == 7
            writer.close()

    run(scenario)


def test_a_client_that_does_not_read_is_not_answered_without_end(
    run: Any, view: MemoryView, resolver: Resolver
) -> None:
    view.apply("Service", service("crowd"))
    view.apply(
        "EndpointSlice", endpoint_slice("crowd-1", "crowd", *(f"10.3.{i // 250}.{i % 250}" for i in range(1000)))
    )
    query = framed("crowd.testns.svc.cluster.local.")

    async def scenario() -> None:
        async with DNSServer(resolver) as server:
            reader, writer = await connect(server)
            sent = asyncio.ensure_future(_send(writer, query * 100, 30))
            for _ in range(1_000_000):
                if any(connection._paused for connection in server.connections):
                    break
                await asyncio.sleep(0)
            else:
                pytest.fail("the server never paused")
            for _ in range(3000):
                await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            await sent
            writer.close()

    run(scenario)


async def _send(writer: asyncio.StreamWriter, data: bytes, times: int) -> None:
    for _ in range(times):
        writer.write(data)
        await writer.drain()


def test_a_silent_connection_is_closed(run: Any, resolver: Resolver) -> None:
    async def scenario() -> None:
        async with DNSServer(resolver, idle_seconds=0.05) as server:
            reader, writer = await connect(server)
            writer.write(framed(SVC1))
            await next_reply(reader)
            assert await _rest(reader) == b""
            writer.close()

    run(scenario)


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


def test_stop_leaves_nothing_behind(run: Any, resolver: Resolver) -> None:
    async def scenario() -> None:
        server = await DNSServer(resolver).start()
        reader, writer = await connect(server)
        writer.write(framed(SVC1))
        await next_reply(reader)
        port = server.port
        await server.stop()
        assert await _rest(reader) == b""
        assert server.connections == set()
        writer.close()
        await server.stop()
        async with DNSServer(resolver, port=port) as again:  # the port is free at once
            assert again.port == port

    run(scenario)


def test_a_running_server_is_not_started_again(run: Any, resolver: Resolver) -> None:
    async def scenario() -> None:
        async with DNSServer(resolver) as server:
            with pytest.raises(RuntimeError):
                await server.start()

    run(scenario)


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_taken_port_is_an_error(run: Any, resolver: Resolver, kind: int) -> None:
    async def scenario() -> None:
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("127.0.0.1", 0))
            if kind == socket.SOCK_STREAM:
                taken.listen()
            with pytest.raises(OSError, match="in use"):
                await DNSServer(resolver, port=taken.getsockname()[1]).start()

    run(scenario)


def test_broken_packets_do_no_harm(run: Any, resolver: Resolver) -> None:
    async def scenario() -> None:
        async with DNSServer(resolver) as server:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                for packet in (b"", b"\x00" * 5, b"\xff" * 4000, b"\x00\x01" + b"\xc0\x0c" * 30, bytes(12)):
                    client.sendto(packet, (server.host, server.port))
            reader, writer = await connect(server)
            writer.write(b"\x00\x00" + b"\x00\x03abc" + b"\x00\x0c" + bytes(12) + framed(SVC1, 9))
            assert [(await next_reply(reader)).id for _ in range(2)] == [0, 9]
            writer.close()
            assert texts((await ask(server, SVC1)).answer) == ["10.0.0.1"]

    run(scenario)


def test_a_fault_of_ours_is_a_failure_for_the_client(
    run: Any, resolver: Resolver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with DNSServer(resolver) as server:
            assert rcode(await ask(server, SVC1)) == "SERVFAIL"

    monkeypatch.setattr(resolver.lookup, "find", lambda *_, **__: 1 / 0)
    run(scenario)
    assert "ZeroDivisionError" in caplog.text


class Elsewhere:
    """Another DNS server: it knows one name."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.flags = 0

    async def __call__(self, packet: bytes) -> bytes:
        query = dns.message.from_wire(packet)
        name = query.question[0].name
        self.asked.append(str(name))
        reply = dns.message.make_response(query)
        reply.flags |= self.flags
        if str(name) == "ext.interwebs.test.":
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "1.2.3.4"))
        else:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()


@pytest.mark.parametrize("tcp", [False, True])
def test_names_outside_are_asked_of_the_upstream(run: Any, forwarding: Resolver, tcp: bool) -> None:
    async def scenario() -> None:
        elsewhere = Elsewhere()
        async with DNSServer(forwarding, upstream=elsewhere) as server:
            assert texts((await ask(server, "ext.interwebs.test.", tcp=tcp)).answer) == ["1.2.3.4"]
            assert rcode(await ask(server, "other.test.", tcp=tcp)) == "NXDOMAIN"
            assert rcode(await ask(server, "9.9.9.9.in-addr.arpa.", "PTR", tcp=tcp)) == "NXDOMAIN"
            assert rcode(await ask(server, "svc0.testns.svc.cluster.local.", tcp=tcp)) == "NXDOMAIN"
        assert elsewhere.asked == ["ext.interwebs.test.", "other.test.", "9.9.9.9.in-addr.arpa."]

    run(scenario)


def test_an_alias_is_completed_by_the_upstream(run: Any, forwarding: Resolver) -> None:
    async def scenario() -> None:
        elsewhere = Elsewhere()
        async with DNSServer(forwarding, upstream=elsewhere) as server:
            reply = await ask(server, "external.testns.svc.cluster.local.")
            assert texts(reply.answer) == ["1.2.3.4", "ext.interwebs.test."]
            elsewhere.flags = dns.flags.TC
            reply = await ask(server, "external.testns.svc.cluster.local.", tcp=True)
            assert reply.flags & dns.flags.TC
            assert rcode(await ask(server, "ext.interwebs.test.", tcp=True)) == "NOERROR"

    run(scenario)


async def _unreachable(_packet: bytes) -> bytes:
    raise ConnectionRefusedError


async def _babbling(packet: bytes) -> bytes:
    return b"\x00\x00" + packet[2:]


@pytest.mark.parametrize(("upstream", "code"), [(_unreachable, "SERVFAIL"), (None, "SERVFAIL"), (_babbling, "FORMERR")])
def test_an_upstream_may_fail(run: Any, forwarding: Resolver, upstream: Any, code: str) -> None:
    async def scenario() -> None:
        async with DNSServer(forwarding, upstream=upstream) as server:
            assert rcode(await ask(server, "ext.interwebs.test.")) == code
            reply = await ask(server, "external.testns.svc.cluster.local.")
            assert (rcode(reply), texts(reply.answer)) == ("NOERROR", ["ext.interwebs.test."])

    run(scenario)


def test_stop_does_not_wait_for_the_upstream(run: Any, forwarding: Resolver) -> None:
    async def scenario() -> None:
        asked = asyncio.Event()

        async def silent(_packet: bytes) -> bytes:
            asked.set()
            await asyncio.Event().wait()
            return b""

        async with DNSServer(forwarding, upstream=silent) as server:
            _, writer = await connect(server)
            writer.write(framed("ext.interwebs.test."))
            await asked.wait()
        writer.close()

    run(scenario)
