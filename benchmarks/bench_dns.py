"""Queries per second of the DNS server, cached and uncached: `python benchmarks/bench_dns.py`.

The server runs in this process. The load generator is another process with one blocking socket and many queries in
flight, so both share the machine's cores. "Uncached" means that each query asks for a name that was not asked before.
"""

from __future__ import annotations

import asyncio
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import uvloop
except ImportError:  # not on Windows
    uvloop = None

from fakekube_dns import DNSServer, MemoryView, Resolver

NAMESPACES, SERVICES = 10, 1000
IN_FLIGHT = 100  # more overflow a socket's usual buffer
CACHED, UNCACHED = 200_000, 30_000
ZONE_AND_TYPE = b"\x03svc\x07cluster\x05local\x00\x00\x01\x00\x01"


def cluster() -> MemoryView:
    """As many services as a busy test cluster has."""
    view = MemoryView(time.time)
    for n in range(NAMESPACES):
        view.apply("Namespace", {"metadata": {"name": f"ns{n}"}})
    for i in range(SERVICES):
        metadata = {"name": f"svc{i}", "namespace": f"ns{i % NAMESPACES}"}
        spec = {"clusterIP": f"10.96.{i // 250}.{i % 250}", "ports": [{"name": "http", "protocol": "TCP", "port": 80}]}
        view.apply("Service", {"metadata": metadata, "spec": spec})
    return view


def queries(count: int, repeated: bool) -> Iterator[bytes]:
    """Queries for existing services; another spelling of the name (its letter case) is another cache entry."""
    for i in range(count):
        service = f"svc{i % SERVICES}".encode()
        namespace = f"ns{i % SERVICES % NAMESPACES}".encode()
        zone = ZONE_AND_TYPE if repeated else _cased(i // SERVICES) + ZONE_AND_TYPE[18:]
        name = bytes((len(service),)) + service + bytes((len(namespace),)) + namespace
        yield struct.pack("!HHHHHH", i & 0xFFFF, 0x0100, 1, 0, 0, 0) + name + zone


def _cased(number: int) -> bytes:
    """The zone with the bits of a number as letter case."""
    letters = bytearray(ZONE_AND_TYPE[:18])
    for place in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17):
        if number & 1:
            letters[place] ^= 0x20
        number >>= 1
    return bytes(letters)


GENERATOR = """
import socket, sys, time
host, port, in_flight = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = sys.stdin.buffer.read()
packets, at = [], 0
while at < len(data):
    end = at + 2 + int.from_bytes(data[at:at + 2], "big")
    packets.append(data[at + 2:end])
    at = end
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect((host, port))
client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
client.settimeout(5)
send, receive = client.send, client.recv
good, start = 0, time.perf_counter()
for packet in packets[:in_flight]:
    send(packet)
for packet in packets[in_flight:]:
    good += receive(4096)[3] & 15 == 0
    send(packet)
for _ in packets[:in_flight]:
    good += receive(4096)[3] & 15 == 0
print(good / (time.perf_counter() - start), good)
"""


async def measure(server: DNSServer, packets: list[bytes]) -> float:
    """Answers per second that the generator got; all must be good."""
    arguments = (sys.executable, "-c", GENERATOR, server.host, str(server.port), str(IN_FLIGHT))
    generator = await asyncio.create_subprocess_exec(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    framed = b"".join(len(packet).to_bytes(2, "big") + packet for packet in packets)
    printed, _ = await generator.communicate(framed)
    rate, good = printed.split()
    if int(good) != len(packets):
        raise SystemExit(f"only {int(good)} of {len(packets)} answers were good")
    return float(rate)


async def main() -> None:
    """Print both rates."""
    async with DNSServer(Resolver(cluster())) as server:
        await measure(server, list(queries(SERVICES, repeated=True)))
        print(f"cached:   {await measure(server, list(queries(CACHED, repeated=True))):9.0f} queries/s")
        print(f"uncached: {await measure(server, list(queries(UNCACHED, repeated=False))):9.0f} queries/s")


if __name__ == "__main__":
    print(f"{Path(__file__).name}: Python {sys.version.split()[0]}, {IN_FLIGHT} queries in flight")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        runner.run(main())
