"""/openapi/v2 and /openapi/v3: which document, in which form, and how long a client may keep it."""

from __future__ import annotations

import time
from email.utils import formatdate

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from fakekube.schema.scheme import Scheme
from fakekube.server.negotiation import clauses
from fakekube.server.openapi_documents import JSON, PROTOBUF, Documents

JSON_TYPE = "application/json"
PROTOBUF_TYPE = "application/com.github.proto-openapi.spec.{}.v1.0+protobuf"
PROTOBUF_TYPE_OF_OLD = "application/com.github.proto-openapi.spec.{}@v1.0+protobuf"
"""Clients ask for this one and are answered by the other: an @ is not allowed in a media type."""

YEAR_SECONDS = 365 * 24 * 3600


class OpenApi:
    """Answers /openapi/v2 and /openapi/v3 from the scheme as it is at the time."""

    def __init__(self, scheme: Scheme) -> None:
        self._documents = Documents(scheme)

    def routes(self) -> list[Route]:
        """The routes of the documents."""
        return [
            Route("/openapi/v2", self._version_2),
            Route("/openapi/v3", self._index),
            Route("/openapi/v3/{name:path}", self._version_3),
        ]

    async def _index(self, request: HttpRequest) -> Response:
        paths = {name: {"serverRelativeURL": _url(name, hash)} for name, hash in self._documents.hashes().items()}
        return Response(orjson.dumps({"paths": paths}), media_type="text/plain")

    async def _version_3(self, request: HttpRequest) -> Response:
        name = request.path_params["name"]
        hash_now = self._documents.hashes().get(name)
        if hash_now is None:
            return Response(status_code=404)
        form = _form(request, "v3")
        if form is None:
            return Response(status_code=406)
        headers = {"etag": f'"{hash_now}"', "vary": "Accept", "content-type": _media(form, "v3")}
        if asked := request.query_params.get("hash"):
            if asked != hash_now:
                return Response(status_code=301, headers={**headers, "location": _url(name, hash_now)})
            headers["cache-control"] = "public, immutable"
            headers["expires"] = formatdate(time.time() + YEAR_SECONDS, usegmt=True)
        if _has(request, hash_now):
            return Response(status_code=304, headers=headers)
        return Response(self._documents.version_3(name, form), headers=headers)

    async def _version_2(self, request: HttpRequest) -> Response:
        form = _form(request, "v2")
        if form is None:
            return Response(status_code=406)
        hash_now = self._documents.hash_of_version_2()
        headers = {"etag": f'"{hash_now}"', "vary": "Accept", "content-type": _media(form, "v2")}
        if _has(request, hash_now):
            return Response(status_code=304, headers=headers)
        return Response(self._documents.version_2(form), headers=headers)


def _url(name: str, hash: str) -> str:
    return f"/openapi/v3/{name}?hash={hash}"


def _form(request: HttpRequest, version: str) -> str | None:
    """The first form of those that the client accepts; None if it is none of ours."""
    protobuf = (PROTOBUF_TYPE.format(version), PROTOBUF_TYPE_OF_OLD.format(version))
    for clause in clauses(request.headers.get("accept") or "*/*"):
        if clause.media in (JSON_TYPE, "application/*", "*/*"):
            return JSON
        if clause.media in protobuf:
            return PROTOBUF
    return None


def _media(form: str, version: str) -> str:
    return JSON_TYPE if form == JSON else PROTOBUF_TYPE.format(version)


def _has(request: HttpRequest, hash_now: str) -> bool:
    """Whether the client says that it holds this document already."""
    held = request.headers.get("if-none-match", "")
    return any(tag.strip().removeprefix("W/") in (f'"{hash_now}"', "*") for tag in held.split(",") if held)
