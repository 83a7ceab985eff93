"""The OpenAPI documents."""

from __future__ import annotations

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route


class OpenApi:
    """Answers /openapi/v2 and /openapi/v3."""

    def routes(self) -> list[Route]:
        """The routes of the documents."""
        return [Route("/openapi/v3", self._index)]

    async def _index(self, request: HttpRequest) -> Response:
        return Response(b'{"paths":{}}', media_type="application/json")
