"""The names of images: which a container runtime can read (the grammar of github.com/distribution/reference)."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?:{_DOMAIN}/)?{_WORD}(?:/{_WORD})*"
    r"(?::\w[\w.-]{0,127})?"
    r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")


@lru_cache(maxsize=1024)
def fault(image: str) -> str:
    """Why the image cannot be named so, in the kubelet's words; '' if it can."""
    why = _why(image)
    return f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": {why}' if why else ""


def _why(image: str) -> str:
    if _IDENTIFIER.fullmatch(image):
        return f"invalid repository name ({image}), cannot specify 64-byte hexadecimal strings"
    first, slash, rest = image.partition("/")
    named = slash and (any(sign in first for sign in ".:[") or first == "localhost" or first != first.lower())
    remainder = rest if named else (image if slash else f"library/{image}")
    path = remainder.partition("@")[0]
    name = path.rpartition(":")[0] if ":" in path.rpartition("/")[2] else path
    if name != name.lower():
        return f"invalid reference format: repository name ({name}) must be lowercase"
    return "" if _REFERENCE.fullmatch(image) else "invalid reference format"
