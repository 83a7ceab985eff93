"""The discovery documents, in the form that the client accepts, kept until the kinds change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import orjson

from fakekube.core import errors
from fakekube.core.meta import Obj
from fakekube.schema import discovery
from fakekube.schema.scheme import Scheme
from fakekube.server import responses
from fakekube.server.handlers import PLAIN_404, Scope, headers_of
from fakekube.server.negotiation import JSON, PROTOBUF, Clause, clauses, negotiate
from fakekube.server.paths import ApiPath
from fakekube.server.responses import Send

AGGREGATED = "APIGroupDiscoveryList"
AGGREGATED_GROUP = "apidiscovery.k8s.io"
VERSIONS = ("v2",)


class Discovery:
    """Answers /api, /apis and what is below them down to a version."""

    def __init__(self, scheme: Scheme, address: Callable[[], str]) -> None:
        self._scheme = scheme
        self._address = address
        self._kept: dict[tuple[str, ...], bytes] = {}
        self._generation = -1

    def paths(self) -> list[str]:
        """The discovery documents there are."""
        found = ["/api", "/api/v1", "/apis"]
        for group in self._scheme.groups():
            if group:
                found.append(f"/apis/{group}")
                found += [f"/apis/{group}/{version}" for version in self._scheme.versions(group)]
        return found

    async def groups(self, scope: Scope, send: Send) -> None:
        """/apis."""
        await self._root(scope, send, core=False)

    async def serve(self, scope: Scope, send: Send, path: ApiPath) -> None:
        """/api, /api/VERSION, /apis/GROUP, /apis/GROUP/VERSION."""
        if not path.group and not path.version:
            await self._root(scope, send, core=True)
        elif not path.version:
            found = self._document(("group", path.group), lambda: discovery.group(self._scheme, path.group))
            if found == b"null":
                await responses.send_text(send, 404, PLAIN_404)
            else:
                await _send(scope, send, found)
        else:
            found = self._document(
                ("resources", path.group, path.version),
                lambda: discovery.resource_list(self._scheme, path.group, path.version),
            )
            if found != b"null":
                await _send(scope, send, found)
            elif path.group and not self._scheme.built_in(path.group):
                await responses.send_text(send, 404, PLAIN_404)
            else:
                raise errors.no_such_path()

    async def _root(self, scope: Scope, send: Send, *, core: bool) -> None:
        clause = _aggregated_clause(headers_of(scope).get(b"accept", b"").decode("latin-1"))
        if clause is None:
            name = ("versions", self._address()) if core else ("groups",)
            await _send(scope, send, self._document(name, lambda: self._plain(core)))
            return
        version = clause.parameters["v"]
        body = self._document(("aggregated", version, str(core)), lambda: self._aggregated(version, core))
        await _send_aggregated(scope, send, body, clause)

    def _plain(self, core: bool) -> Obj:
        return discovery.core_versions(self._address()) if core else discovery.group_list(self._scheme)

    def _aggregated(self, version: str, core: bool) -> Obj:
        found = discovery.aggregated(self._scheme, core=core)
        return {**found, "apiVersion": f"{AGGREGATED_GROUP}/{version}"}

    def _document(self, name: tuple[str, ...], make: Callable[[], Obj | None]) -> bytes:
        if self._generation != self._scheme.generation:
            self._generation = self._scheme.generation
            self._kept.clear()
        found = self._kept.get(name)
        if found is None:
            found = self._kept[name] = orjson.dumps(make())
        return found


def _aggregated_clause(accept: str) -> Clause | None:
    """The entry that asks for the aggregated form, if it is the first that can be had."""
    for clause in clauses(accept):
        parameters = clause.parameters
        if clause.media in (JSON, "*/*", "application/*") and "as" not in parameters:
            return None
        aggregated = parameters.get("as") == AGGREGATED and parameters.get("g") == AGGREGATED_GROUP
        if clause.media == JSON and aggregated and parameters.get("v") in VERSIONS:
            return clause
    return None


async def _send(scope: Scope, send: Send, body: bytes) -> None:
    accept = headers_of(scope).get(b"accept", b"").decode("latin-1")
    media = negotiate(accept).media if accept else JSON
    await responses.send_json(send, 200, body, media=JSON if media == PROTOBUF else media)


async def _send_aggregated(scope: Scope, send: Send, body: bytes, clause: Clause) -> None:
    tag = b'"' + hashlib.sha512(body).hexdigest().upper().encode() + b'"'
    headers = [(b"etag", tag), (b"vary", b"Accept"), (b"cache-control", b"public")]
    if headers_of(scope).get(b"if-none-match", b"") == tag:
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    shown = f"{JSON};g={AGGREGATED_GROUP};v={clause.parameters['v']};as={AGGREGATED}"
    await responses.send_bytes(send, 200, body, kind=(b"content-type", shown.encode()), headers=headers)
