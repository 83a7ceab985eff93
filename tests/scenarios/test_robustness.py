"""What clients do wrong, how they vanish, and what a process does with its clusters; and that nothing is left over."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dns.exception
import dns.message
import dns.query
import pytest

from fakekube import FakeCluster
from fakekube.cluster import Stats
from fakekube.core.errors import StatusError

MAPS = "/api/v1/namespaces/default/configmaps"
PLAIN = pytest.mark.fakekube(tls=False)
Obj = dict[str, Any]


def config_map(name: str, **data: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def eventually(kube: FakeCluster, holds: Callable[[Stats], bool]) -> Stats:
    """The numbers of the cluster once they are so; each look gives the cluster's loop a turn."""
    deadline = time.monotonic() + 10
    while not holds(stats := kube.stats()):
        assert time.monotonic() < deadline, stats
    return stats


def test_what_no_method_knows_is_refused(kube: FakeCluster) -> None:
    kube.create(config_map("a"))
    with pytest.raises(TypeError, match="'propagation_policy' is no option of a deletion; those are: dryRun, grace"):
        kube.delete("configmaps", "a", propagation_policy="Foreground")
    with pytest.raises(ValueError, match="a patch is of type json, merge, strategic, apply, not 'replace'"):
        kube.patch("configmaps", "a", {}, type="replace")
    assert kube.get("configmaps", "a")
    with pytest.raises(TypeError, match="'nods' is no setting of a cluster; those are: clock, controllers"):
        FakeCluster(nods=1)


@pytest.fixture
def nothing_left(kube: FakeCluster) -> Iterator[None]:
    """Whatever the test does with its clients, the cluster has nothing open after it that was not open before."""
    before = eventually(kube, lambda stats: stats.connections == 0)
    yield
    eventually(kube, lambda stats: stats[1:] == before[1:])


def address(kube: FakeCluster) -> tuple[str, int]:
    host, _, port = kube.url.rpartition("/")[2].partition(":")
    return host, int(port)


class Answer(NamedTuple):
    """What came back."""

    code: int
    media: str
    body: bytes

    @property
    def status(self) -> Obj:
        """The Status in the body."""
        found: Obj = json.loads(self.body)
        assert (found["kind"], found["code"]) == ("Status", self.code)
        return found


def ask(kube: FakeCluster, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    with contextlib.closing(http.client.HTTPConnection(*address(kube), timeout=20)) as connection:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Authorization": f"Bearer {kube.token}", **named})
        response = connection.getresponse()
        return Answer(response.status, response.headers.get("content-type", ""), response.read())


def opened(kube: FakeCluster, request: str, body: bytes = b"") -> socket.socket:
    """A connection on which a request was begun."""
    connection = socket.create_connection(address(kube), timeout=20)
    head = f"{request} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {kube.token}\r\n"
    connection.sendall(head.encode() + body)
    return connection


def watching(kube: FakeCluster, path: str = MAPS) -> socket.socket:
    """A connection on which a watch has begun to be answered."""
    connection = opened(kube, f"GET {path}?watch=1&resourceVersion=0", b"\r\n")
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


def frames(text: bytes) -> list[Obj]:
    """The events in what a watch was sent, its headers and chunk sizes aside."""
    return [json.loads(line) for line in text.split(b"\n") if line.startswith(b"{")]


def read_all(connection: socket.socket) -> bytes:
    """What is there to be read at this moment."""
    connection.setblocking(False)
    found = b""
    with contextlib.suppress(BlockingIOError):
        while part := connection.recv(1 << 20):
            found += part
    connection.setblocking(True)
    return found


# --- what is sent wrong

JSON, YAML = "application/json", "application/yaml"
BODIES: list[tuple[str, bytes, int, str]] = [
    (JSON, b"", 400, "unexpected end of JSON input"),
    (JSON, b"{", 400, "unexpected end of JSON input"),
    (JSON, b'{"kind": nonsense}', 400, "invalid character"),
    (JSON, b"[]", 400, "cannot unmarshal array"),
    (JSON, b'"text"', 400, "cannot unmarshal string"),
    (JSON, b"\xff\xfe{}", 400, "invalid character"),
    (JSON, b'{"metadata": []}', 400, "cannot unmarshal"),
    (JSON, b"[" * 100_000, 400, "exceeded max depth"),
    (JSON, b'{"data":' + b'{"a":' * 500 + b"1" + b"}" * 501, 400, "exceeded max depth"),
    (JSON, b'{"kind": "Pod", "apiVersion": "v1"}', 400, "cannot be handled as a ConfigMap"),
    (YAML, b"a: b: c", 400, "yaml"),
    (YAML, b"\t- x", 400, "yaml"),
    (YAML, b"a: &a [*a]", 400, ""),
    (YAML, b"- " * 2_000, 400, ""),
    (YAML, b"!!python/object/apply:os.system [id]", 400, ""),
    ("application/vnd.kubernetes.protobuf", b"k8s\0\xff\xff", 400, "proto"),
    ("application/vnd.kubernetes.protobuf", b"{}", 400, "does not appear to be a protobuf message"),
    ("application/x-www-form-urlencoded", b"a=b", 415, "unknown format"),
    ("text/plain; charset=nonsense", b"x", 415, "unknown format"),
]


@PLAIN
@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(("media", "body", "code", "message"), BODIES, ids=lambda value: str(value)[:24])
def test_a_body_that_cannot_be_read(media: str, body: bytes, code: int, message: str, kube: FakeCluster) -> None:
    answer = ask(kube, "POST", MAPS, body, Content_Type=media)
    assert answer.code == code
    assert message in answer.status["message"]


PATHS: list[tuple[str, str, int]] = [
    ("GET", "/nowhere", 404),
    ("GET", "/api/v2", 404),
    ("GET", "/api/v1/nonsense", 404),
    ("GET", "/apis/nowhere.example.com/v1/things", 404),
    ("GET", "/apis/apps/v7/deployments", 404),
    ("GET", "/api/v1/namespaces/default/pods/p/nonsense", 404),
    ("GET", "/api//v1///pods", 404),
    ("GET", "/api/v1/namespaces/default/pods/%2e%2e%2f", 404),
    ("GET", "/" + "x" * 8_000, 404),
    ("PATCH", MAPS, 405),
    ("PUT", MAPS, 405),
    ("POST", MAPS + "/c", 405),
]


@PLAIN
@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(("method", "path", "code"), PATHS, ids=lambda value: str(value)[:48])
def test_a_path_that_leads_nowhere(method: str, path: str, code: int, kube: FakeCluster) -> None:
    answer = ask(kube, method, path)
    assert answer.code == code, answer.body
    assert answer.media.startswith("text/plain") or answer.status["reason"] in ("NotFound", "MethodNotAllowed")


@PLAIN
@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_a_body_that_is_too_large(announced: bool, kube: FakeCluster) -> None:
    size = 4 << 20
    how = f"Content-Length: {size}\r\n\r\n" if announced else "Transfer-Encoding: chunked\r\n\r\n"
    with opened(kube, f"POST {MAPS}", f"Content-Type: {JSON}\r\n{how}".encode()) as connection:
        piece = b" " * (1 << 16)
        with contextlib.suppress(ConnectionError):  # the rest need not be listened to
            for _ in range(size // len(piece)):
                connection.sendall(piece if announced else b"10000\r\n" + piece + b"\r\n")
        answer = connection.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"reason":"RequestEntityTooLarge"' in answer


@PLAIN
@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    "sent", [b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00", b""]
)
def test_what_is_no_http(sent: bytes, kube: FakeCluster) -> None:
    with socket.create_connection(address(kube), timeout=20) as connection:
        connection.sendall(sent)
    assert ask(kube, "GET", "/readyz").code == 200


@pytest.mark.usefixtures("nothing_left")
def test_what_is_no_tls(kube: FakeCluster) -> None:
    with socket.create_connection(address(kube), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            connection.recv(100)


QUESTION = dns.message.make_query("kubernetes.default.svc.cluster.local.", "A")
PACKETS = [b"", b"x", b"\0" * 12, b"\xff" * 12, b"\xff" * 600, QUESTION.to_wire()[:-3], QUESTION.to_wire() + b"junk"]


@PLAIN
@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("packet", PACKETS, ids=lambda packet: f"{len(packet)} bytes")
def test_broken_packets_do_not_stop_the_dns(packet: bytes, kube: FakeCluster) -> None:
    assert kube.dns_address is not None
    host, port = kube.dns_address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.sendto(packet, (host, port))
    for broken in (packet, len(packet).to_bytes(2, "big") + packet, b"\xff\xff" + packet):
        with socket.create_connection((host, port), timeout=20) as stream:
            stream.sendall(broken)
    for ask_dns in (dns.query.udp, dns.query.tcp):
        assert len(ask_dns(QUESTION, host, port=port, timeout=10).answer) == 1


# --- who vanishes


@PLAIN
@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("sent", ["", "Content-Length: 1000\r\n\r\n", 'Content-Length: 1000\r\n\r\n{"kind":'])
def test_a_client_hangs_up_within_its_request(sent: str, kube: FakeCluster) -> None:
    revision = kube.list("namespaces")[0]["metadata"]["resourceVersion"]
    opened(kube, f"POST {MAPS}", sent.encode()).close()
    eventually(kube, lambda stats: stats.connections == 0)
    assert kube.list("namespaces")[0]["metadata"]["resourceVersion"] == revision


@PLAIN
@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_client_hangs_up_within_its_watch(how: str, kube: FakeCluster) -> None:
    connection = watching(kube)
    assert eventually(kube, lambda stats: stats.streams == 1).watchers == 1
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    kube.create(config_map("c"))
    assert eventually(kube, lambda stats: stats.streams == 0).watchers == 0


@PLAIN
@pytest.mark.usefixtures("nothing_left")
def test_a_client_that_does_not_read_holds_nobody_up(kube: FakeCluster) -> None:
    with watching(kube) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for number in range(40):
            kube.create(config_map(f"c{number}", text="x" * 500_000))
        assert ask(kube, "GET", f"{MAPS}/c39").code == 200
        kube.settle()


@PLAIN
@pytest.mark.usefixtures("nothing_left")
def test_a_client_that_reads_late_is_sent_everything(kube: FakeCluster) -> None:
    with watching(kube) as connection:
        for number in range(20):
            kube.create(config_map(f"c{number}", text="x" * 500_000))
        found = b""
        while b'"name":"c19"' not in found[-520_000:] or not found.endswith(b"}\n\r\n"):
            found += connection.recv(1 << 20)
    names = [frame["object"]["metadata"]["name"] for frame in frames(found)]
    assert names == ["kube-root-ca.crt", *(f"c{number}" for number in range(20))]


@PLAIN
@pytest.mark.usefixtures("nothing_left")
def test_a_client_is_killed(kube: FakeCluster) -> None:
    host, port = address(kube)
    script = f"""
import http.client
connection = http.client.HTTPConnection({host!r}, {port})
connection.request("GET", "{MAPS}?watch=1", headers={{"Authorization": "Bearer {kube.token}"}})
print(connection.getresponse().status, flush=True)
input()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "200\n"
        assert kube.stats().streams == 1
        process.send_signal(signal.SIGKILL)
        eventually(kube, lambda stats: stats.streams == stats.watchers == stats.connections == 0)


@pytest.fixture
def many_files() -> Iterator[None]:
    """Both ends of every connection are files of this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@PLAIN
@pytest.mark.usefixtures("many_files", "nothing_left")
def test_a_thousand_watches(kube: FakeCluster) -> None:
    count = 1000
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(opened(kube, f"GET {MAPS}?watch=1&fieldSelector=metadata.name%3Dc", b"\r\n"))
            for _ in range(count)
        ]
        assert eventually(kube, lambda stats: stats.streams == count).watchers == count
        kube.create(config_map("other"))
        kube.create(config_map("c"))
        kube.settle()
        for connection in connections:
            assert [frame["object"]["metadata"]["name"] for frame in frames(read_all(connection))] == ["c"]
    eventually(kube, lambda stats: stats.streams == 0)


# --- settling and waiting


@PLAIN
@pytest.mark.usefixtures("nothing_left")
def test_after_settling_every_watcher_was_sent_everything(kube: FakeCluster) -> None:
    with watching(kube, "/api/v1/pods") as pods, watching(kube, "/apis/apps/v1/deployments") as deployments:
        template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        spec = {"replicas": 5, "selector": {"matchLabels": {"a": "b"}}, "template": template}
        for turn in range(3):
            obj = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"d{turn}"}, "spec": spec}
            spec["selector"] = {"matchLabels": {"a": f"b{turn}"}}
            template["metadata"] = {"labels": {"a": f"b{turn}"}}
            kube.create(obj)
            kube.settle()
            last = {frame["object"]["metadata"]["name"]: frame["object"] for frame in frames(read_all(pods))}
            assert {pod["status"]["phase"] for pod in last.values()} == {"Running"}
            assert len(last) == 5
            told = frames(read_all(deployments))[-1]["object"]
            assert told == kube.get("deployments", f"d{turn}")
            assert told["status"]["availableReplicas"] == 5


def test_waiting_in_vain_tells_what_there_was(kube: FakeCluster) -> None:
    kube.create(config_map("c"))
    with pytest.raises(TimeoutError, match=r"waited 0\.01 s in vain for configmaps default/c: its status is None"):
        kube.wait_for("cm/c", "condition=Ready", timeout=0.01)
    with pytest.raises(TimeoutError, match=r"waited 0\.01 s in vain for pods default/p: it is not there"):
        kube.wait_for("pods/p", "condition=Ready", timeout=0.01)
    with pytest.raises(TimeoutError, match=r"nodes node-1: its status is \{.*'KubeletReady'"):
        kube.wait_for("nodes/node-1", "jsonpath={.spec.podCIDR}=nowhere", timeout=0.01)
    with pytest.raises(ValueError, match=r"cannot wait for 'Ready'; known: condition=NAME"):
        kube.wait_for("cm/c", "Ready")
    with pytest.raises(ValueError, match=r"wait for RESOURCE/NAME"):
        kube.wait_for("cm", "create")
    with pytest.raises(StatusError, match='the server doesn\'t have a resource type "nonsense"'):
        kube.wait_for("nonsense/c", "create")


def test_waiting_sees_what_happens_meanwhile(kube: FakeCluster) -> None:
    timer = threading.Timer(0.02, kube.create, [config_map("c", k="1")])
    timer.start()
    assert kube.wait_for("cm/c", lambda obj: obj["data"]["k"] == "1")
    timer.join()
    kube.delete("cm", "c")
    assert kube.wait_for("cm/c", "delete") is None


# --- back to the start

SERVICE: Obj = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {
        "type": "NodePort",
        "clusterIP": "10.96.0.77",
        "selector": {"a": "b"},
        "ports": [{"port": 80, "nodePort": 30077}],
    },
}
CRD: Obj = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "tables.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "tables", "singular": "table", "kind": "Table"},
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
        ],
    },
}


@PLAIN
def test_a_reset_restores_everything(kube: FakeCluster) -> None:
    kube.settle()
    kube.reset()
    kube.settle()
    names = {kind: [obj["metadata"]["name"] for obj in kube.list(kind)] for kind in ("ns", "svc", "nodes", "crd", "sa")}
    objects = kube.stats().objects
    for _ in range(3):
        kube.create(SERVICE)  # takes the same address and port each time
        kube.create(CRD)
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}})
        kube.delete("node", "node-1")
        kube.wait_for("crd/tables.example.com", "condition=Established")
        kube.create({"apiVersion": "example.com/v1", "kind": "Table", "metadata": {"name": "t"}})
        assert kube.dns.resolve("web")
        connection = watching(kube)
        revision = int(kube.get("svc", "web")["metadata"]["resourceVersion"])
        kube.reset()
        assert ask(kube, "GET", "/apis/example.com/v1/tables").code == 404
        assert not kube.dns.resolve("web")
        assert kube.dns.resolve("kubernetes.default")
        assert read_all_until_end(connection).endswith(b"0\r\n\r\n")
        kube.settle()
        found = {kind: [obj["metadata"]["name"] for obj in kube.list(kind)] for kind in names}
        assert found == names
        assert kube.stats().objects == objects
        assert int(kube.create(config_map("c"))["metadata"]["resourceVersion"]) > revision
        kube.delete("cm", "c")
    assert eventually(kube, lambda stats: stats.connections == 0).watchers == 0


def read_all_until_end(connection: socket.socket) -> bytes:
    """What comes until the watch ends; the connection stays open for further requests, so the last chunk tells."""
    found = b""
    with connection:
        while not found.endswith(b"0\r\n\r\n") and (part := connection.recv(1 << 16)):
            found += part
    return found


def test_a_reset_is_quick(kube: FakeCluster) -> None:
    def seconds() -> float:
        for number in range(50):
            kube.create(config_map(f"c{number}"))
        start = time.perf_counter()
        kube.reset()
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.05


# --- clusters in a process


def test_clusters_are_apart(kube: FakeCluster) -> None:
    with FakeCluster(nodes=1) as one, FakeCluster(nodes=2, tls=False) as two:
        one.create(config_map("c", of="one"))
        two.create(config_map("c", of="two"))
        assert [each.get("cm", "c")["data"]["of"] for each in (one, two)] == ["one", "two"]
        assert [len(each.list("nodes")) for each in (one, two, kube)] == [1, 2, 3]
        assert len({one.url, two.url, kube.url, one.token, two.token, kube.token}) == 6
        with pytest.raises(StatusError, match='configmaps "c" not found'):
            kube.get("cm", "c")
        one.stop()
        assert two.get("cm", "c")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


def test_starting_and_stopping_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    counts = []
    for _ in range(20):
        with FakeCluster() as cluster:
            cluster.create(config_map("c"))
            with socket.create_connection(address(cluster)):
                assert cluster.kubeconfig.exists()
        counts.append((threading.active_count(), open_files(), os.listdir(tmp_path)))
    assert counts[0] == counts[-1]
    assert counts[-1][2] == []


@PLAIN
def test_stopping_ends_what_is_open() -> None:
    with FakeCluster(tls=False) as cluster:
        watch = watching(cluster)
        idle = opened(cluster, "GET /readyz", b"\r\n")
        assert idle.recv(12) == b"HTTP/1.1 200"
        half = opened(cluster, f"POST {MAPS}", b"Content-Length: 100\r\n\r\n{")
        start = time.monotonic()
        cluster.stop()
        assert time.monotonic() - start < 1
        for connection in (watch, idle, half):
            with connection, contextlib.suppress(ConnectionError):
                while connection.recv(1 << 16):
                    pass
    cluster.stop()
    with pytest.raises(RuntimeError, match="the cluster is not running; use it as a context manager"):
        cluster.list("pods")


def test_a_taken_port_is_told(kube: FakeCluster) -> None:
    _, port = address(kube)
    threads = threading.active_count()
    with pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use"):
        FakeCluster(port=port).start()
    assert threading.active_count() == threads


# --- asynchronous tests


async def test_synchronous_calls_within_a_running_loop(kube: FakeCluster) -> None:
    kube.create(config_map("c"))
    kube.settle()
    assert kube.wait_for("cm/c", "create")
    with FakeCluster(nodes=1) as other:
        assert len(other.list("nodes")) == 1


async def test_asynchronous_use() -> None:
    async with FakeCluster(nodes=1) as cluster:
        await cluster.aio.apply(config_map("c", k="1"))
        assert (await cluster.aio.get("cm", "c"))["data"] == {"k": "1"}
        assert (await cluster.aio.patch("cm", "c", {"data": {"k": "2"}}))["data"] == {"k": "2"}
        assert [obj["metadata"]["name"] for obj in await cluster.aio.list("nodes")] == ["node-1"]
        await cluster.aio.delete("cm", "c")
        await cluster.aio.wait_for("cm/c", "delete")
        await cluster.aio.settle()
        with pytest.raises(StatusError, match="not found"):
            await cluster.aio.get("cm", "c")
        await cluster.aio.reset()
        assert (await cluster.aio.stats()).streams == 0
    with pytest.raises(RuntimeError, match="the cluster is not running"):
        await cluster.aio.list("nodes")
