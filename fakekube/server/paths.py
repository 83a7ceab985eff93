"""The paths of the API, taken apart without a router: /api/v1/namespaces/a/pods/b/status."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class ApiPath(NamedTuple):
    """What a path below /api or /apis names; `plural` is '' for a discovery document."""

    group: str
    version: str
    namespace: str
    plural: str
    name: str
    subresource: str
    watch: bool
    rest: str = ""  # below the subresource: the path that a proxy passes on


NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})


@lru_cache(maxsize=16384)
def parse(path: str) -> ApiPath | None:
    """The parts of an API path; None if it is none."""
    parts = path.split("/")[1:] or [""]
    if parts[0] == "api":
        group, parts = "", parts[1:]
    elif parts[0] == "apis" and len(parts) > 1 and parts[1]:
        group, parts = parts[1], parts[2:]
    else:
        return None
    if parts and parts[-1] == "":
        parts = parts[:-1]
    if not parts:
        return ApiPath(group, "", "", "", "", "", False)
    version, parts = parts[0], parts[1:]
    watch = bool(parts) and parts[0] == "watch"
    if watch:
        parts = parts[1:]
    namespace = ""
    if len(parts) > 2 and parts[0] == "namespaces" and not _about_namespace(parts):
        namespace, parts = parts[1], parts[2:]
    parts = [*parts, "", "", ""]
    rest = "/".join(parts[3:]).rstrip("/") if parts[3:] else ""
    return ApiPath(group, version, namespace, parts[0], parts[1], parts[2], watch, rest)


def _about_namespace(parts: list[str]) -> bool:
    return len(parts) == 3 and parts[2] in NAMESPACE_SUBRESOURCES
