"""An API server made of prepared answers."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

PATHS = {
    "/api/v1/namespaces": "Namespace",
    "/api/v1/services": "Service",
    "/apis/discovery.k8s.io/v1/endpointslices": "EndpointSlice",
    "/api/v1/pods": "Pod",
}
Event = tuple[str, dict[str, Any]]


class FakeAPI:
    """What the API server holds, and the events its watches send; an event of None ends a watch."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.objects: dict[str, list[dict[str, Any]]] = {kind: [] for kind in PATHS.values()}
        self.events: dict[str, queue.Queue[Event | None]] = {kind: queue.Queue() for kind in PATHS.values()}
        self.requests: list[tuple[str, dict[str, list[str]]]] = []
        self.refusals = 0
        self.page = 2
        self.closing = threading.Event()

    def list(self, kind: str, query: dict[str, list[str]]) -> dict[str, Any]:
        start = int(query.get("continue", ["0"])[0])
        end = start + self.page
        more = {"continue": str(end)} if end < len(self.objects[kind]) else {}
        return {"metadata": {"resourceVersion": "7", **more}, "items": self.objects[kind][start:end] or None}


def handler_of(api: FakeAPI) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            kind, query = PATHS[address.path], parse_qs(address.query)
            api.requests.append((kind, query))
            if "watch" in query:
                self.watch(api.events[kind])
            elif api.refusals:
                api.refusals -= 1
                self.send_error(500)
            else:
                body = json.dumps(api.list(kind, query)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def watch(self, events: queue.Queue[Event | None]) -> None:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while not api.closing.is_set():
                try:
                    event = events.get(timeout=0.05)
                except queue.Empty:
                    continue
                if event is None:
                    break
                line = json.dumps({"type": event[0], "object": event[1]}).encode() + b"\n"
                for part in (line[:9], line[9:]):  # chunks are not lines
                    self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FakeAPI]:
    """A served FakeAPI."""
    fake = FakeAPI(tmp_path / "kubeconfig")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(fake))
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    cluster = {"name": "fake", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    user, context = {"name": "me", "user": {}}, {"name": "fake", "context": {"cluster": "fake", "user": "me"}}
    config = {"clusters": [cluster], "users": [user], "contexts": [context], "current-context": "fake"}
    fake.kubeconfig.write_text(json.dumps({"apiVersion": "v1", "kind": "Config"} | config))
    yield fake
    fake.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()
