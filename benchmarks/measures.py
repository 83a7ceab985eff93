"""The measurements: each yields rows of figures, taken beside a bare application's in the same minute."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import bench_dns
import objects
import scale as scales
import uvloop
from processes import ENVIRONMENT, Server, bare, fakekube, generate, message
from rows import Row

ROUNDS = 3
PODS = "/api/v1/namespaces/default/pods"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
READS_PER_ROUND = 6_000
CREATED, CREATED_AT_ONCE = 20_000, 2_500
LISTED, LISTS = 5_000, 12
WATCHERS, WATCHED_WRITES, SINGLE_WRITES = 100, 400, 50
STARTS = 5
REPLICAS = 200
DAY_SECONDS = 86_400
CLOCK = "/fakekube/clock"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/bench.example.com/v1/namespaces/default/widgets"
PLAIN_SECTIONS, SECTIONS, SECTIONS_USED, WIDGETS_CREATED = 230, 165, 3, 1_500


@contextmanager
def _quiet() -> Iterator[Server]:
    """A cluster without controllers, where pods may be created all the same."""
    with fakekube("--controllers", "none") as server:
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        server.call("POST", "/api/v1/namespaces/default/serviceaccounts", account)
        yield server


def _calls(server: Server, request: str, count: int, **more: Any) -> dict[str, Any]:
    return generate(server, request=request, count=count, **more)


def _beside(ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[float, float, float]:
    """Medians of both and of their ratios, taken in turns."""
    pairs = [(ours(), theirs()) for _ in range(ROUNDS)]
    first, second = zip(*pairs, strict=True)
    ratios = [one / other for one, other in pairs]
    return statistics.median(first), statistics.median(second), statistics.median(ratios)


class _Cpu:
    """Microseconds of processor time per request, which tell more than rates where others use the machine too."""

    def __init__(self, *servers: Server) -> None:
        self._servers = servers
        self._before = [server.cpu() for server in servers]

    def row(self, name: str, requests: int) -> Row:
        """What the servers have used since."""
        pairs = zip(self._servers, self._before, strict=True)
        ours, theirs = ((server.cpu() - before) / requests * 1e6 for server, before in pairs)
        return Row(f"{name}, processor time each", ours, "us", theirs, ours / theirs)


def get() -> Iterator[Row]:
    """GET of one pod."""
    with _quiet() as server, bare() as beside:
        server.call("POST", PODS, json.loads(objects.pod().replace("@N@", "1")))
        read = message("GET", f"{PODS}/web-1")
        size = len(json.dumps(server.call("GET", f"{PODS}/web-1"), separators=(",", ":")))
        cpu = _Cpu(server, beside)
        value, other, ratio = _beside(
            lambda: _calls(server, read, READS_PER_ROUND)["rate"],
            lambda: _calls(beside, message("GET", f"/{size}"), READS_PER_ROUND)["rate"],
        )
        yield Row("GET one pod", value, "/s", other, ratio, ">= 0.5")
        yield cpu.row("GET one pod", ROUNDS * READS_PER_ROUND)


def create() -> Iterator[Row]:
    """Creation of pods in blocks, and the memory they take."""
    with _quiet() as server, bare() as beside:
        write = message("POST", PODS, objects.pod())
        size = _calls(server, write, 200, first=900_000)["bytes"] - 130
        empty, cpu, rates = server.memory(), _Cpu(server, beside), []
        for first in range(0, CREATED, CREATED_AT_ONCE):
            rate = _calls(server, write, CREATED_AT_ONCE, first=first)["rate"]
            other = _calls(beside, message("POST", f"/{size}", objects.pod()), CREATED_AT_ONCE)["rate"]
            rates.append((rate, other))
            yield Row(f"create pods {first + 1}-{first + CREATED_AT_ONCE}", rate, "/s", other, rate / other)
        half = len(rates) // 2
        early, late = (statistics.median(r / o for r, o in part) for part in (rates[:half], rates[half:]))
        yield Row("create pods, all", statistics.median(r for r, _ in rates), "/s", goal=">= 1200 /s")
        yield cpu.row("create pods", CREATED)
        yield Row("create pods, later half by earlier half", late / early, "x", goal="~ 1")
        yield Row("memory per 1,000 pods", (server.memory() - empty) / CREATED * 1000, "MB")


def busy() -> Iterator[Row]:
    """Creation of pods while scheduler, kubelet and the other controllers work on them."""
    with fakekube("--nodes", "30") as server, bare() as beside:
        write, plain = message("POST", PODS, objects.pod()), message("POST", "/2200", objects.pod())
        rate = _calls(server, write, CREATED_AT_ONCE)["rate"]
        other = _calls(beside, plain, CREATED_AT_ONCE)["rate"]
        yield Row("create pods, controllers at work", rate, "/s", other, rate / other)


def lists() -> Iterator[Row]:
    """LIST of many pods beside the writing of as many bytes."""
    with _quiet() as server, bare() as beside:
        _calls(server, message("POST", PODS, objects.pod()), LISTED)
        size = _calls(server, message("GET", PODS), 1, connections=1)["bytes"]

        def seconds(which: Server, path: str) -> float:
            return 1 / float(_calls(which, message("GET", path), LISTS, connections=1)["rate"])

        value, other, ratio = _beside(lambda: seconds(server, PODS), lambda: seconds(beside, f"/{size}"))
        yield Row(f"LIST {LISTED:,} pods, {size / 1e6:.1f} MB", value * 1000, "ms", other * 1000, ratio, "<= 2")
        namespaced = message("GET", f"{PODS}?labelSelector=app%3Dweb,tier%21%3Dback")
        chosen = 1 / float(_calls(server, namespaced, LISTS, connections=1)["rate"])
        yield Row("LIST with a label selector", chosen * 1000, "ms", other * 1000, chosen / other)


def watch() -> Iterator[Row]:
    """Fan-out of writes to many watchers."""
    with _quiet() as server, bare() as beside:
        opening = message("GET", f"{CONFIG_MAPS}?watch=1&allowWatchBookmarks=true")
        writing = message("POST", CONFIG_MAPS, objects.config_map())
        rounds = []
        for number in range(ROUNDS):
            jobs = {"watchers": WATCHERS, "count": WATCHED_WRITES, "single": SINGLE_WRITES, "connections": 4}
            jobs["first"] = number * 10_000
            ours = generate(server, watch=opening, request=writing, write=writing, **jobs)
            telling = message("POST", f"/tell/{ours['bytes']}", objects.config_map())
            theirs = generate(beside, watch=message("GET", "/watch"), request=telling, write=telling, **jobs)
            rounds.append((ours, theirs))
        for name, figure, factor, unit in (
            (f"watch events to {WATCHERS} watchers", "rate", 1, "/s"),
            ("one write until all have it", "delay", 1000, "ms"),
        ):
            value, other = (statistics.median(each[side][figure] for each in rounds) * factor for side in (0, 1))
            yield Row(name, value, unit, other, statistics.median(o[figure] / t[figure] for o, t in rounds))


_IN_PROCESS = """
import json, time
from fakekube.cluster import FakeCluster
starts, resets = [], []
for _ in range(6):
    begin = time.perf_counter()
    cluster = FakeCluster(tls=False).start()
    cluster.list("namespaces")
    starts.append(time.perf_counter() - begin)
    for number in range(3):
        cluster.create({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": f"c{number}"}})
        begin = time.perf_counter()
        cluster.reset()
        resets.append(time.perf_counter() - begin)
    cluster.stop()
print(json.dumps([starts[0], sorted(starts[1:])[2], sorted(resets)[len(resets) // 2]]))
"""


def start() -> Iterator[Row]:
    """Time and memory from nothing to the first answer."""
    seconds: tuple[list[float], list[float]] = [], []
    for _ in range(STARTS + 1):
        with fakekube() as server:
            seconds[0].append(server.seconds)
            memory = server.memory()
        with bare() as beside:
            seconds[1].append(beside.seconds)
            floor = beside.memory()
    ours, theirs = (statistics.median(each[1:]) for each in seconds)
    yield Row("start of `fakekube up` to its first answer", ours * 1000, "ms", theirs * 1000, ours / theirs, "< 300 ms")
    printed = subprocess.run([sys.executable, "-c", _IN_PROCESS], capture_output=True, env=ENVIRONMENT, check=True)
    first, again, reset = json.loads(printed.stdout)
    yield Row("start of the first FakeCluster in a process", first * 1000, "ms")
    yield Row("start of a further FakeCluster", again * 1000, "ms", goal="< 100 ms")
    yield Row("reset", reset * 1000, "ms", goal="< 5 ms")
    yield Row("memory when empty", memory, "MB", floor, memory / floor, "< 60 MB")


class _Echo(asyncio.DatagramProtocol):
    """The bare DNS server: every query comes back as an answer of the usual size."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        self._transport.sendto(data[:2] + b"\x84\x00" + data[4:] + b"\x00" * 16, address)


class _Port(NamedTuple):
    host: str
    port: int


async def _dns() -> list[tuple[float, float]]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(_Echo, local_addr=("127.0.0.1", 0))
    beside: Any = _Port(*transport.get_extra_info("sockname"))
    found = []
    async with bench_dns.DNSServer(bench_dns.Resolver(bench_dns.cluster())) as server:
        for count, repeated in ((bench_dns.CACHED // 2, True), (bench_dns.UNCACHED, False)):
            packets = list(bench_dns.queries(count, repeated=repeated))
            found.append((await bench_dns.measure(server, packets), await bench_dns.measure(beside, packets)))
    transport.close()
    return found


def dns() -> Iterator[Row]:
    """DNS queries."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for name, (rate, other) in zip(("asked before", "new"), runner.run(_dns()), strict=True):
            yield Row(f"DNS queries, {name}", rate, "/s", other, rate / other)


def deployment() -> Iterator[Row]:
    """From the creation of a Deployment until all its pods run, beside the creation of as many pods by a client."""
    path = "/apis/apps/v1/namespaces/default/deployments"
    with fakekube() as server:
        begin = time.perf_counter()
        server.call("POST", path, objects.deployment(REPLICAS))
        while server.call("GET", f"{path}/web").get("status", {}).get("readyReplicas", 0) < REPLICAS:
            time.sleep(0.02)
        seconds = time.perf_counter() - begin
    with _quiet() as server:
        other = _calls(server, message("POST", PODS, objects.pod()), REPLICAS)["seconds"]
    name = f"Deployment of {REPLICAS} until all run (beside: {REPLICAS} creates)"
    yield Row(name, seconds * 1000, "ms", other * 1000, seconds / other)


def _defined(definition: dict[str, Any], first: dict[str, Any]) -> tuple[float, float]:
    """How long it takes until a definition is served, and until there is an object of it."""
    served, created = [], []
    for _ in range(STARTS):
        with _quiet() as server:
            begin = time.perf_counter()
            server.call("POST", DEFINITIONS, definition)
            server.call("GET", WIDGETS)
            served.append(time.perf_counter() - begin)
            server.call("POST", WIDGETS, first)
            created.append(time.perf_counter() - begin)
    return statistics.median(served) * 1000, statistics.median(created) * 1000


def crds() -> Iterator[Row]:
    """Large definitions, without rules and with many, and the creation of objects."""
    widget = objects.widget(SECTIONS_USED)
    first = json.loads(widget.replace("@N@", "first"))
    for sections, rules in ((PLAIN_SECTIONS, False), (SECTIONS, True)):
        definition = objects.definition(sections, rules=rules)
        name = f"definition of {len(json.dumps(definition)) // 1000} kB"
        name += f" with {2 * sections} rules" if rules else " without rules"
        served, created = _defined(definition, first)
        yield Row(f"{name} until it is served", served, "ms", goal="<= 100 ms")
        yield Row("the same until its first object is there", created, "ms")
    with _quiet() as server, bare() as beside:
        server.call("POST", DEFINITIONS, definition)
        size = len(json.dumps(server.call("POST", WIDGETS, first), separators=(",", ":")))
        cpu, rates = _Cpu(server, beside), []
        for number in range(ROUNDS):
            more = {"count": WIDGETS_CREATED, "first": number * WIDGETS_CREATED}
            rate = _calls(server, message("POST", WIDGETS, widget), **more)["rate"]
            rates.append((rate, _calls(beside, message("POST", f"/{size}", widget), **more)["rate"]))
        value, other = (statistics.median(each) for each in zip(*rates, strict=True))
        yield Row("create its objects", value, "/s", other, value / other, ">= 400 /s")
        yield cpu.row("create its objects", ROUNDS * WIDGETS_CREATED)


def _lived(*schedules: str) -> tuple[float, int]:
    """How long a week with these CronJobs takes, and how many writes there were."""
    with fakekube("--clock", "virtual") as server:
        for number, schedule in enumerate(schedules):
            path = "/apis/batch/v1/namespaces/default/cronjobs"
            server.call("POST", path, objects.cron_job(f"c{number}", schedule))
        server.call("GET", CLOCK)  # the first look at a page beside the API imports Starlette
        before = int(server.call("GET", PODS)["metadata"]["resourceVersion"])
        begin = time.perf_counter()
        for _ in range(7):
            server.call("POST", CLOCK, {"advance": DAY_SECONDS})
        seconds = time.perf_counter() - begin
        return seconds, int(server.call("GET", PODS)["metadata"]["resourceVersion"]) - before


def week() -> Iterator[Row]:
    """A week of CronJobs by a clock in the test's hands."""
    for name, schedules in (("hourly", ["0 * * * *"]), ("hourly, and one each day", ["0 * * * *", "30 3 * * *"])):
        seconds, writes = _lived(*schedules)
        yield Row(f"a week of a CronJob: {name} ({writes} writes)", seconds * 1000, "ms", goal="about 1 s")
    seconds, writes = _lived("*/5 * * * *")
    yield Row(f"a week of a CronJob: every five minutes ({writes} writes)", seconds * 1000, "ms")


def growth() -> Iterator[Row]:
    """How costs grow, at sizes that do not take long."""
    yield from scales.rows(quicker=True)


def scale() -> Iterator[Row]:
    """The same at full size."""
    yield from scales.rows(quicker=False)


ALL: tuple[Callable[[], Iterator[Row]], ...] = (
    start,
    get,
    create,
    busy,
    lists,
    watch,
    dns,
    deployment,
    crds,
    week,
    growth,
)
MORE = (scale,)
"""Measured only when asked for."""
