"""A View of any cluster, kept up to date by listing and watching its API server with the official client."""

from __future__ import annotations

import importlib
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple

from fakekube_dns.view import MemoryView, Obj

log = logging.getLogger(__name__)

PAGE: Final = 500
WATCH_SECONDS: Final = 300
CONNECT_SECONDS: Final = 5.0
LIST_SECONDS: Final = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


class Source(NamedTuple):
    """Where the objects of a kind are listed and watched."""

    kind: str
    api: str
    method: str


SOURCES: Final = (
    Source("Namespace", "CoreV1Api", "list_namespace"),
    Source("Service", "CoreV1Api", "list_service_for_all_namespaces"),
    Source("EndpointSlice", "DiscoveryV1Api", "list_endpoint_slice_for_all_namespaces"),
    Source("Pod", "CoreV1Api", "list_pod_for_all_namespaces"),
)


class Refused(Exception):
    """A list or watch cannot go on: all has to be listed again."""


class WatchingView(MemoryView):
    """A MemoryView with a thread per kind that tells it of changes. It is not synced until each kind was listed."""

    def __init__(self, api_client: Any, *, pods: bool = False, now: Callable[[], float] = time.time) -> None:
        """`api_client` is a kubernetes.client.ApiClient; see `client_from`."""
        super().__init__(now, pods=pods)
        self.synced = False
        self._client = api_client
        self._lock = threading.Lock()  # one writer at a time; readers need none
        self._synced = threading.Event()
        self._reflectors = [Reflector(self, source) for source in SOURCES if source.kind in self.wants]

    def start(self) -> WatchingView:
        """List and watch from now on."""
        for reflector in self._reflectors:
            reflector.thread.start()
        return self

    def stop(self) -> None:
        """End the watches; what is known stays."""
        for reflector in self._reflectors:
            reflector.stop()
        for reflector in self._reflectors:
            if reflector.thread.ident is not None:
                reflector.thread.join(CONNECT_SECONDS + 1)
        self._client.rest_client.pool_manager.clear()

    def wait_synced(self, seconds: float) -> bool:
        """Whether all was listed within that time."""
        return self._synced.wait(seconds)

    def __enter__(self) -> WatchingView:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def apply(self, kind: str, obj: Obj) -> None:
        """The object now is like this."""
        with self._lock:
            super().apply(kind, obj)

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """The object is gone."""
        with self._lock:
            super().remove(kind, namespace, name)

    def listed(self) -> None:
        """A kind was listed."""
        if not self.synced and all(reflector.listed for reflector in self._reflectors):
            self.synced = True
            self._synced.set()

    def method(self, source: Source) -> Callable[..., Any]:
        """The client's function that lists and watches a kind."""
        api: Any = getattr(_kubernetes("client"), source.api)
        found: Callable[..., Any] = getattr(api(self._client), source.method)
        return found


class Reflector:
    """Lists a kind, then watches it; lists again when the watch cannot go on."""

    def __init__(self, view: WatchingView, source: Source) -> None:
        self.view = view
        self.kind = source.kind
        self.listed = False
        self.thread = threading.Thread(target=self._run, args=(source,), name=f"dns-{source.kind}", daemon=True)
        self._known: set[tuple[str, str]] = set()
        self._stopping = threading.Event()
        self._response: Any = None

    def stop(self) -> None:
        """End at once, even while waiting for an event."""
        self._stopping.set()
        response = self._response
        if response is not None:
            with suppress(OSError, AttributeError):  # it may just have ended
                response.connection.sock.shutdown(socket.SHUT_RDWR)

    def _run(self, source: Source) -> None:
        fetch = self.view.method(source)
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                version = self._list(fetch)
                pause = FIRST_PAUSE
                while not self._stopping.is_set():
                    version = self._watch(fetch, version)
            except Exception as reason:  # of the network, of the server, or of an object that makes no sense
                if not self._stopping.is_set():
                    log.warning("listing %s again in %.1f s: %s", self.kind, pause, reason)
                    self._stopping.wait(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)

    def _list(self, fetch: Callable[..., Any]) -> str:
        """Make the view hold what the server holds; the version to watch from."""
        found: set[tuple[str, str]] = set()
        page: dict[str, Any] = {}
        while True:
            with self._request(fetch, LIST_SECONDS, limit=PAGE, **page) as response:
                body = json.loads(response.data)
            for obj in body["items"] or ():
                found.add(_key(obj))
                self.view.apply(self.kind, obj)
            if not (token := body["metadata"].get("continue")):
                break
            page = {"_continue": token}
        for namespace, name in self._known - found:
            self.view.remove(self.kind, namespace, name)
        self._known = found
        self.listed = True
        self.view.listed()
        return str(body["metadata"]["resourceVersion"])

    def _watch(self, fetch: Callable[..., Any], version: str) -> str:
        """Tell the view of changes until the server ends the watch; the version to go on from."""
        options = {"watch": True, "allow_watch_bookmarks": True, "timeout_seconds": WATCH_SECONDS}
        with self._request(fetch, WATCH_SECONDS + 30, resource_version=version, **options) as response:
            for line in _lines(response):
                version = self._tell(json.loads(line))
        return version

    def _tell(self, event: dict[str, Any]) -> str:
        obj = event["object"]
        match event["type"]:
            case "ADDED" | "MODIFIED":
                self._known.add(_key(obj))
                self.view.apply(self.kind, obj)
            case "DELETED":
                self._known.discard(_key(obj))
                self.view.remove(self.kind, *_key(obj))
            case "ERROR":
                raise Refused(obj.get("message") or obj)
        return str(obj["metadata"]["resourceVersion"])

    @contextmanager
    def _request(self, fetch: Callable[..., Any], seconds: float, **options: Any) -> Iterator[Any]:
        """A response that `stop` can interrupt; it is closed with its connection, whatever is left unread in it."""
        response = fetch(_preload_content=False, _request_timeout=(CONNECT_SECONDS, seconds), **options)
        self._response = response
        try:
            if self._stopping.is_set():
                raise Refused("stopping")
            if response.status >= 400:
                raise Refused(f"{response.status} {response.reason}")
            yield response
        finally:
            self._response = None
            response.close()
            response.release_conn()


def client_from(kubeconfig: str | None = None, context: str | None = None) -> Any:
    """The client of a kubeconfig file (the usual one by default), or of the cluster this process runs in."""
    config = _kubernetes("config")
    try:
        return config.new_client_from_config(config_file=kubeconfig, context=context)
    except config.ConfigException:
        if kubeconfig or context:
            raise
        config.load_incluster_config()
        return _kubernetes("client").ApiClient()


def _kubernetes(module: str) -> Any:
    """A module of the official client, which is slow to import and needed here alone."""
    return importlib.import_module(f"kubernetes.{module}")


def _key(obj: Obj) -> tuple[str, str]:
    metadata = obj["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def _lines(response: Any) -> Iterator[bytes]:
    """The lines of a response as they come."""
    rest = b""
    for chunk in response.stream(amt=None, decode_content=False):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from filter(None, whole)
