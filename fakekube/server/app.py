"""The application: API requests go straight to their handler, everything else to Starlette's routes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from fakekube.access.authentication import Authenticator
from fakekube.access.authorization import Authorizer
from fakekube.core.errors import StatusError
from fakekube.schema.scheme import Scheme
from fakekube.server import discovery_routes, responses
from fakekube.server.handlers import ApiHandler, Receive, Scope, headers_of
from fakekube.server.paths import ApiPath, parse
from fakekube.server.responses import Send

if TYPE_CHECKING:
    from fakekube.server.control import Control
    from fakekube.server.pages import Pages


class Application:
    """A short way to the API, and Starlette for the pages beside it."""

    def __init__(
        self,
        api: ApiHandler,
        discovery: discovery_routes.Discovery,
        scheme: Scheme,
        authenticator: Authenticator,
        authorizer: Authorizer,
        version: dict[str, str],
        control: Control,
    ) -> None:
        self._api = api
        self._discovery = discovery
        self._scheme = scheme
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._version = version
        self._control = control

    @cached_property
    def _pages(self) -> Pages:
        """Made when first asked for: a cluster comes up faster without Starlette, and many tests never need it."""
        from fakekube.server.pages import Pages

        return Pages(self._discovery, self._scheme, self._version, self._control)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
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
        await self._pages(scope, receive, send)

    async def _discover(self, scope: Scope, receive: Receive, send: Send, path: ApiPath) -> None:
        try:
            user = self._authenticator.user_of(headers_of(scope))
            self._authorizer.check_path(user, scope["method"].lower(), scope["path"])
            await self._discovery.serve(scope, send, path)
        except StatusError as error:
            await responses.send_error(send, error)
