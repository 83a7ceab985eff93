"""The application: API requests go straight to their handler, everything else to Starlette's routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fakekube.access.authentication import Authenticator
from fakekube.access.authorization import Authorizer
from fakekube.core.errors import StatusError
from fakekube.server import discovery_routes, health, openapi_routes, responses
from fakekube.server.handlers import PLAIN_404, ApiHandler, Receive, Scope, headers_of
from fakekube.server.paths import ApiPath, parse
from fakekube.server.responses import Send

Endpoint = Callable[[HttpRequest], Awaitable[Response]]


class Application(Starlette):
    """Starlette, with a short way to the API in front of its router."""

    def __init__(
        self,
        api: ApiHandler,
        discovery: discovery_routes.Discovery,
        openapi: openapi_routes.OpenApi,
        authenticator: Authenticator,
        authorizer: Authorizer,
        version: dict[str, str],
    ) -> None:
        self._api = api
        self._discovery = discovery
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._version = orjson.dumps(version, option=orjson.OPT_INDENT_2)
        routes = [
            Route("/", self._index),
            Route("/version", self._tell_version, methods=["GET"]),
            Route("/version/", self._tell_version, methods=["GET"]),
            *health.ROUTES,
            *openapi.routes(),
        ]
        super().__init__(routes=routes, exception_handlers={404: _not_found, 405: _not_found})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        path = parse(scope["path"])
        if path is None:
            await self._outside(scope, receive, send)
        elif path.plural:
            await self._api(scope, receive, send, path)
        else:
            await self._discover(scope, receive, send, path)

    async def _outside(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            user = self._authenticator.user_of(headers_of(scope))
            self._authorizer.check_path(user, scope["method"].lower(), scope["path"])
            if scope["path"] in ("/apis", "/apis/"):
                await self._discovery.groups(scope, send)
                return
        except StatusError as error:
            await responses.send_error(send, error)
            return
        await super().__call__(scope, receive, send)

    async def _discover(self, scope: Scope, receive: Receive, send: Send, path: ApiPath) -> None:
        try:
            user = self._authenticator.user_of(headers_of(scope))
            self._authorizer.check_path(user, scope["method"].lower(), scope["path"])
            await self._discovery.serve(scope, send, path)
        except StatusError as error:
            await responses.send_error(send, error)

    async def _index(self, request: HttpRequest) -> Response:
        paths = ["/.well-known/openid-configuration", *self._discovery.paths(), *health.PATHS]
        paths += ["/metrics", "/openapi/v2", "/openapi/v3", "/version"]
        body = orjson.dumps({"paths": sorted(paths)}, option=orjson.OPT_INDENT_2)
        return Response(body, media_type="application/json")

    async def _tell_version(self, request: HttpRequest) -> Response:
        return Response(self._version, media_type="application/json")


async def _not_found(request: HttpRequest, error: Exception) -> Response:
    return PlainTextResponse(PLAIN_404, 404, headers={"x-content-type-options": "nosniff"})
