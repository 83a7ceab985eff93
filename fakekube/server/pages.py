"""What is served beside the API: index, version, health and OpenAPI documents, as Starlette's routes."""

from __future__ import annotations

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fakekube.schema.scheme import Scheme
from fakekube.server import discovery_routes, health
from fakekube.server.control import Control, ControlPage
from fakekube.server.handlers import PLAIN_404
from fakekube.server.openapi_routes import OpenApi


class Pages(Starlette):
    """The pages of one cluster."""

    def __init__(
        self, discovery: discovery_routes.Discovery, scheme: Scheme, version: dict[str, str], control: Control
    ) -> None:
        self._discovery = discovery
        self._version = orjson.dumps(version, option=orjson.OPT_INDENT_2)
        routes = [
            Route("/", self._index),
            Route("/version", self._tell_version, methods=["GET"]),
            Route("/version/", self._tell_version, methods=["GET"]),
            *health.ROUTES,
            *OpenApi(scheme).routes(),
            *ControlPage(control).routes(),
        ]
        super().__init__(routes=routes, exception_handlers={404: _not_found, 405: _not_found})

    async def _index(self, request: Request) -> Response:
        paths = [*self._discovery.paths(), *health.PATHS, "/openapi/v2", "/openapi/v3", "/version"]
        body = orjson.dumps({"paths": sorted(paths)}, option=orjson.OPT_INDENT_2)
        return Response(body, media_type="application/json")

    async def _tell_version(self, request: Request) -> Response:
        return Response(self._version, media_type="application/json")


async def _not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse(PLAIN_404, 404, headers={"x-content-type-options": "nosniff"})
