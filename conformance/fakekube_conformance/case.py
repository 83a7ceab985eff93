"""The surroundings of one check: its namespace, requests that say what they expect, and what is undone at the end."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from fakekube_conformance import watching
from fakekube_conformance.failures import Failure, brief
from fakekube_conformance.objects import Obj
from fakekube_conformance.wire import JSON, Answer, Headers

if TYPE_CHECKING:
    from fakekube_conformance.session import Session

T = TypeVar("T")
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
DONE = {"POST": 201}
PATIENCE = 30.0
"""Seconds that a server is given for what it does after an answer, unless a check says otherwise."""


class Case:
    """What a check works with. Paths that do not begin with "/" are in the check's namespace: "configmaps/ledger",
    "apps/v1/deployments/web/scale"."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.patience = PATIENCE
        self.transcript: list[str] = []
        self._namespace: str | None = None
        self._later: list[tuple[str, str, bytes | None, Headers]] = []

    # Names and paths.

    @property
    def namespace(self) -> str:
        """The check's own namespace, made when it is first asked for."""
        if self._namespace is None:
            self._namespace = self.another_namespace(self.unique("ns"))
        return self._namespace

    def another_namespace(self, name: str | None = None, **labels: str) -> str:
        """A further namespace, gone at the end like the first; it has its default service account."""
        name = name or self.unique("more")
        metadata = {"name": name, "labels": {**self.session.labels, **labels}}
        self.later("DELETE", f"/api/v1/namespaces/{name}")
        self.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        self.session.await_account(self, name)
        return name

    def unique(self, prefix: str) -> str:
        """A name that nothing else of this run has."""
        return f"{prefix}-{self.session.number()}"

    def path(self, path: str, namespace: str | None = None) -> str:
        """The whole path of what `path` says in short."""
        if path.startswith("/"):
            return path
        first, _, rest = path.partition("/")
        version, _, resource = rest.partition("/")
        if not _is_version(version) or not resource:
            return f"/api/v1/namespaces/{namespace or self.namespace}/{path}"
        return f"/apis/{first}/{version}/namespaces/{namespace or self.namespace}/{resource}"

    # Requests.

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        status: int | tuple[int, ...] | None = None,
        type: str | None = None,
        accept: str | None = None,
        headers: Headers | None = None,
        anonymous: bool = False,
        **query: object,
    ) -> Answer:
        """One request; a Failure unless it is answered with `status` (201 to a POST, 200 to others if it is not told).

        A body of text or bytes is sent as it stands. Keywords are the query, with "_" behind a name that Python keeps.
        """
        given = dict(headers or {})
        raw = _encoded(body)
        if raw is not None and (type is None or type):
            given.setdefault("Content-Type", type or JSON)
        if accept is not None:
            given["Accept"] = accept
        target = self.session.client.path(self.path(path), {key.rstrip("_"): value for key, value in query.items()})
        answer = self.session.client.send(method, target, raw, self.session.client.headers(given, anonymous=anonymous))
        self.transcript.append(f"{answer.request} {brief(body, 200) if raw else ''} -> {answer.status}")
        expected = DONE.get(method, 200) if status is None else status
        if answer.status not in (expected if isinstance(expected, tuple) else (expected,)):
            raise Failure(f"{answer.request}: expected {expected}, got {answer.status}: {answer.text[:1000]}")
        return answer

    def get(self, path: str, **options: Any) -> Answer:
        return self.send("GET", path, **options)

    def post(self, path: str, body: object, **options: Any) -> Answer:
        return self.send("POST", path, body, **options)

    def put(self, path: str, body: object, **options: Any) -> Answer:
        return self.send("PUT", path, body, **options)

    def delete(self, path: str, body: object = None, **options: Any) -> Answer:
        return self.send("DELETE", path, body, **options)

    def merge(self, path: str, body: object, **options: Any) -> Answer:
        """A JSON merge patch."""
        return self.send("PATCH", path, body, type=MERGE, **options)

    def strategic(self, path: str, body: object, **options: Any) -> Answer:
        """A strategic merge patch."""
        return self.send("PATCH", path, body, type=STRATEGIC, **options)

    def json_patch(self, path: str, *operations: Obj, **options: Any) -> Answer:
        return self.send("PATCH", path, list(operations), type=JSON_PATCH, **options)

    def apply(self, path: str, body: object, manager: str | None = "conformance", **options: Any) -> Answer:
        """A server-side apply; 200 and 201 are both well unless `status` is told."""
        options.setdefault("status", (200, 201))
        return self.send("PATCH", path, body, type=APPLY, fieldManager=manager, **options)

    def watch(self, path: str, *, accept: str | None = None, **query: object) -> watching.Watch:
        """A watch that the server must accept."""
        watch = self.try_watch(path, accept=accept, **query)
        if watch.status != 200:
            with watch:
                raise Failure(f"{watch.request}: expected 200, got {watch.status}: {watch.refusal().text[:600]}")
        return watch

    def try_watch(self, path: str, *, accept: str | None = None, **query: object) -> watching.Watch:
        """A watch whatever the server answers to it."""
        headers = self.session.client.headers({} if accept is None else {"Accept": accept})
        named = {"watch": "1"} | {key.rstrip("_"): value for key, value in query.items()}
        target = self.session.client.path(self.path(path), named)
        watch = watching.open_watch(self.session.client, target, headers)
        self.transcript.append(f"{watch.request} -> {watch.status}")
        return watch

    # Objects.

    def create(self, path: str, body: object, **options: Any) -> Obj:
        """POST; the object as it was stored."""
        made: Obj = self.post(path, body, **options).body
        return made

    def read(self, path: str, **options: Any) -> Obj:
        found: Obj = self.get(path, **options).body
        return found

    def create_global(self, path: str, body: Obj, **options: Any) -> Obj:
        """POST of an object that is in no namespace, and is deleted at the end."""
        self.later("DELETE", f"{path}/{body['metadata']['name']}")
        return self.create(path, body, **options)

    def until(self, what: str, attempt: Callable[[], T], seconds: float | None = None) -> T:
        """The first true thing that `attempt` returns; a Failure says `what` was waited for in vain."""
        seconds = self.patience if seconds is None else seconds
        end, pause = time.monotonic() + seconds, 0.01
        while not (found := attempt()):
            if time.monotonic() > end:
                raise Failure(f"not within {seconds:g} s: {what}")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        self.transcript.append(f"waited until {what}")
        return found

    def eventually(self, path: str, what: str, test: Callable[[Obj], object], seconds: float | None = None) -> Obj:
        """Read until there is something of which `test` is true."""
        last: list[Answer] = []

        def attempt() -> Obj | None:
            last[:] = [self.session.client.send("GET", self.path(path), None, self.session.client.headers({}))]
            return last[0].body if last[0].status == 200 and test(last[0].body) else None

        try:
            found = self.until(what, attempt, seconds)
        except Failure as failure:
            raise Failure(f"{failure}; {last[0].request} answers {last[0].text[:1500]}") from None
        assert found is not None, "until returns what is true"
        return found

    def gone(self, path: str, seconds: float | None = None) -> None:
        """Wait until there is nothing at the path."""
        client = self.session.client
        target = self.path(path)
        nothing = f"there is nothing at {target}"
        self.until(nothing, lambda: client.send("GET", target, None, client.headers({})).status == 404, seconds)

    # The end.

    def later(self, method: str, path: str, body: object = None, type: str | None = None) -> None:
        """A request to make at the end, whatever it is then answered; the last told is made first."""
        headers = {} if body is None else {"Content-Type": type or JSON}
        self._later.append((method, self.path(path), _encoded(body), headers))

    def release_later(self, path: str) -> None:
        """Take the finalizers off at the end, so that the object and its namespace can go."""
        self.later("PATCH", path, {"metadata": {"finalizers": None}}, MERGE)

    def close(self) -> None:
        """Undo what was told for the end, as far as the server still answers."""
        client = self.session.client
        while self._later:
            method, path, body, headers = self._later.pop()
            with contextlib.suppress(OSError, http.client.HTTPException):
                client.send(method, path, body, client.headers(headers))


def _is_version(text: str) -> bool:
    return text[:1] == "v" and text[1:2].isdigit()


def _encoded(body: object) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
