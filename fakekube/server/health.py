"""/healthz, /livez and /readyz: as plain text, with the single checks below them."""

from __future__ import annotations

from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

CHECKS = ("ping", "log", "etcd", "informer-sync", "poststarthook/start-fakekube-controllers")
PATHS = ("/healthz", "/livez", "/readyz")


async def _whole(request: HttpRequest) -> Response:
    if "verbose" not in request.query_params:
        return PlainTextResponse("ok")
    name = request.url.path.strip("/")
    excluded = request.query_params.getlist("exclude")
    lines = [f"[+]{check} " + ("excluded: ok" if check in excluded else "ok") for check in CHECKS]
    unknown = [
        f'warn: some health checks cannot be excluded: no matches for "{e}"' for e in excluded if e not in CHECKS
    ]
    return PlainTextResponse("\n".join([*lines, *unknown, f"{name} check passed", ""]))


async def _single(request: HttpRequest) -> Response:
    if request.path_params["check"] in CHECKS:
        return PlainTextResponse("ok")
    return PlainTextResponse("404 page not found\n", 404)


ROUTES = [route for path in PATHS for route in (Route(path, _whole), Route(path + "/{check:path}", _single))]
