"""The processes of a measurement: fakekube and the bare application as servers, and the load generator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
TOKEN = "T"
HOST = "127.0.0.1"
CONNECTIONS = 16
_BYTECODE = tempfile.TemporaryDirectory(prefix="fakekube-bench-")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
ENVIRONMENT["PYTHONPYCACHEPREFIX"] = _BYTECODE.name  # a start is measured with bytecode written, as every but the first


class Server(NamedTuple):
    """A server that runs: its port, its process id, and how long it took until it answered."""

    port: int
    pid: int
    seconds: float

    def call(self, method: str, path: str, body: Any = None, media: str = "application/json") -> Any:
        """One request of fakekube's API: the parsed answer."""
        connection = HTTPConnection(HOST, self.port, timeout=30)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": media}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        found = json.loads(answer.read())
        connection.close()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {found.get('message')}")
        return found

    def memory(self) -> float:
        """Resident megabytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def cpu(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _serving(command: list[str], port_of: Any, path: str) -> Iterator[Server]:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        assert process.stdout is not None, "it was asked for"
        port = port_of(process.stdout.readline())
        connection = HTTPConnection(HOST, port, timeout=30)
        connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        connection.getresponse().read()
        seconds = time.perf_counter() - start
        connection.close()
        yield Server(port, process.pid, seconds)
    finally:
        process.terminate()
        process.wait(20)


def fakekube(*options: str) -> Any:
    """`fakekube up` without TLS, as a context."""
    command = [sys.executable, "-m", "fakekube", "up", "--port", "0", "--no-tls", "--token", TOKEN]
    command += ["--dns-port", "0", "--output", "json", *options]
    return _serving(command, lambda line: int(json.loads(line)["url"].rpartition(":")[2]), "/api/v1/namespaces")


def bare() -> Any:
    """The bare application, as a context."""
    return _serving([sys.executable, str(HERE / "bare.py")], int, "/1")


def generate(server: Server, **job: Any) -> dict[str, Any]:
    """Have the generator do a job; every answer must be good."""
    job = {"host": HOST, "port": server.port, "connections": CONNECTIONS, **job}
    command = [sys.executable, str(HERE / "generator.py")]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, env=ENVIRONMENT, check=False)
    if done.returncode:
        raise SystemExit(f"the generator failed: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    if found["faults"]:
        raise SystemExit(f"{found['faults']} requests were not answered well: {job['request'][:80]!r}")
    return found


def message(method: str, path: str, body: str = "") -> str:
    """An HTTP request as text."""
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", f"authorization: Bearer {TOKEN}"]
    lines += ["accept: application/json", "user-agent: bench/1"]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body.replace('@N@', '000000'))}"]
    return "\r\n".join([*lines, "", body])
