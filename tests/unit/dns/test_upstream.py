"""Asking other name servers, and the server as a process beside a cluster."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from pathlib import Path

import dns.message
import dns.query
import pytest
from click.testing import CliRunner

from fakekube_dns import DNSServer, MemoryView, Resolver
from fakekube_dns.__main__ import main
from fakekube_dns.upstream import Forwarder, server_from, servers_of

from .conftest import endpoint_slice, rcode, service, texts
from .fake_api import FakeAPI

SVC1 = "svc1.testns.svc.cluster.local."


async def ask(forwarder: Forwarder, name: str) -> dns.message.Message:
    return dns.message.from_wire(await forwarder(dns.message.make_query(name, "A").to_wire()))


async def test_another_server_is_asked(view: MemoryView) -> None:
    async with DNSServer(Resolver(view)) as elsewhere:
        forwarder = Forwarder([(elsewhere.host, elsewhere.port)])
        assert texts((await ask(forwarder, SVC1)).answer) == ["10.0.0.1"]
        assert rcode(await ask(forwarder, "example.com.")) == "REFUSED"


async def test_what_comes_truncated_is_asked_again_over_tcp(view: MemoryView) -> None:
    view.apply("Service", service("crowd"))
    view.apply("EndpointSlice", endpoint_slice("crowd-1", "crowd", *(f"10.3.0.{i}" for i in range(100))))
    async with DNSServer(Resolver(view)) as elsewhere:
        reply = await ask(Forwarder([(elsewhere.host, elsewhere.port)]), "crowd.testns.svc.cluster.local.")
    assert len(reply.answer[0]) == 100


async def test_the_next_server_is_asked_when_one_is_silent(view: MemoryView) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        async with DNSServer(Resolver(view)) as elsewhere:
            forwarder = Forwarder([silent.getsockname(), (elsewhere.host, elsewhere.port)], seconds=0.05)
            assert texts((await ask(forwarder, SVC1)).answer) == ["10.0.0.1"]
        with pytest.raises(OSError):
            await ask(forwarder, SVC1)
    with pytest.raises(OSError, match="no name server"):
        await ask(Forwarder([]), SVC1)


async def test_one_server_forwards_to_another(view: MemoryView) -> None:
    async with DNSServer(Resolver(view)) as elsewhere:
        upstream = Forwarder([(elsewhere.host, elsewhere.port)])
        empty = Resolver(MemoryView(lambda: 0.0), forwards=True)
        async with DNSServer(empty, upstream=upstream) as server:
            query = dns.message.make_query("1.0.0.10.in-addr.arpa.", "PTR")
            reply = await asyncio.to_thread(dns.query.udp, query, server.host, port=server.port, timeout=10)
            assert texts(reply.answer) == [SVC1]


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_a_server_is_written_with_or_without_port(text: str, server: tuple[str, int]) -> None:
    assert server_from(text) == server


def test_servers_are_read_from_a_resolv_conf(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# comment\nsearch a.test\nnameserver 192.0.2.1\nnameserver\nnameserver 2001:db8::1\n")
    assert servers_of(file) == [("192.0.2.1", 53), ("2001:db8::1", 53)]


def test_the_command_serves_a_cluster_until_told_to_end(api: FakeAPI) -> None:
    api.objects["Namespace"] = [{"metadata": {"name": "testns"}}]
    api.objects["Service"] = [service("svc1", "10.0.0.1")]
    command = [
        sys.executable,
        "-m",
        "fakekube_dns",
        "--kubeconfig",
        str(api.kubeconfig),
        "--zone",
        "k8s.test",
        "--ttl",
        "7",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("DNS of k8s.test on 127.0.0.1:")
        query = dns.message.make_query("svc1.testns.svc.k8s.test.", "A")
        reply = dns.query.udp(query, "127.0.0.1", port=int(line.split(":")[1].split()[0]), timeout=10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert (texts(reply.answer), reply.answer[0].ttl) == (["10.0.0.1"], 7)


def test_the_command_tells_what_is_wrong_with_a_kubeconfig(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--kubeconfig", str(tmp_path / "none")])
    assert (result.exit_code, result.output.startswith("Error: ")) == (1, True)
