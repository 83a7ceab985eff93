"""Image references as the container world reads them: only as much as the pull policy's default needs."""

from __future__ import annotations

import re
from functools import lru_cache

_DOMAIN_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_PATH_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = rf"(?:{_DOMAIN}/)?{_PATH_PART}(?:/{_PATH_PART})*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"({_NAME})(?::([A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?(?:@({_DIGEST}))?", re.ASCII)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")
_LONGEST_NAME = 255


@lru_cache(maxsize=4096)
def default_pull_policy(image: str) -> str:
    """Always for the tag `latest`, said or implied; IfNotPresent for every other image and for what is no reference."""
    return "Always" if _tag(image) == "latest" else "IfNotPresent"


def _tag(image: str) -> str:
    """The tag of a reference, `latest` where neither tag nor digest is given, '' where it cannot be read."""
    if _IDENTIFIER.fullmatch(image):
        return ""
    found = _REFERENCE.fullmatch(_with_domain(image))
    if found is None or len(found[1]) > _LONGEST_NAME:
        return ""
    return found[2] or ("" if found[3] else "latest")


def _with_domain(image: str) -> str:
    """The reference with its registry: Docker's own where the first part does not look like a host."""
    first, slash, rest = image.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost" or first.lower() != first)
    if not is_host:
        return f"docker.io/{image}" if slash else f"docker.io/library/{image}"
    return image if first != "docker.io" or "/" in rest else f"docker.io/library/{rest}"
