"""Which form of an answer a client accepts: JSON or YAML; the object, a Table of it, or its metadata alone."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from fakekube.core import errors
from fakekube.core.errors import StatusError

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
SUPPORTED = (JSON, YAML, PROTOBUF)
STREAMED = (f"{JSON};stream=watch", f"{PROTOBUF};stream=watch")
CUSTOM = (JSON, YAML)

PARTIAL, PARTIAL_LIST, TABLE = "PartialObjectMetadata", "PartialObjectMetadataList", "Table"
TRANSFORMS = {
    (PARTIAL, "v1"),
    (PARTIAL, "v1beta1"),
    (PARTIAL_LIST, "v1"),
    (PARTIAL_LIST, "v1beta1"),
    (TABLE, "v1"),
    (TABLE, "v1beta1"),
}


class Form(NamedTuple):
    """How to answer: media type, and what of the object ('' is the object itself) in which version of meta.k8s.io."""

    media: str = JSON
    transform: str = ""
    version: str = ""
    pretty: bool = False


class Clause(NamedTuple):
    """One entry of an Accept header."""

    media: str
    parameters: dict[str, str]
    quality: float


@lru_cache(maxsize=1024)
def clauses(header: str) -> tuple[Clause, ...]:
    """The entries of an Accept header, the best first; equal ones in their order."""
    found = []
    for text in header.split(","):
        media, *options = (part.strip() for part in text.split(";"))
        if not media:
            continue
        parameters = {}
        for option in options:
            key, _, value = option.partition("=")
            parameters[key.strip().lower()] = value.strip().strip('"')
        found.append(Clause(media.lower(), parameters, _quality(parameters.pop("q", ""))))
    return tuple(sorted(found, key=lambda clause: -clause.quality))


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 1.0


@lru_cache(maxsize=4096)
def negotiate(header: str, *, custom: bool = False, stream: bool = False) -> Form:
    """The first acceptable entry as a Form; 406 if there is none."""
    entries = clauses(header)
    available = CUSTOM if custom else SUPPORTED
    if not entries:
        return Form()
    if not any(_matches(clause.media, SUPPORTED) for clause in entries):
        if custom:
            raise errors.not_acceptable(", ".join(SUPPORTED))
        raise unavailable((*SUPPORTED, *STREAMED) if stream else SUPPORTED)
    for clause in entries:
        media = _media(clause.media, available)
        if media and (transform := _transform(clause)) is not None:
            if stream and media == YAML:
                break  # what was asked for first cannot be streamed, and the real server looks no further
            return Form(media, *transform)
    listed = tuple(f"{media};stream=watch" for media in available if media != YAML) if stream else available
    raise errors.not_acceptable(", ".join(listed))


def unavailable(listed: tuple[str, ...]) -> StatusError:
    """406 as the real server's web framework words it, for a request that nothing here can answer."""
    message = "406: Not Acceptable\n\nAvailable representations: " + ", ".join(listed)
    return StatusError(406, "NotAcceptable", message, {})


def _matches(media: str, available: tuple[str, ...]) -> bool:
    return bool(_media(media, available))


def _media(media: str, available: tuple[str, ...]) -> str:
    if media in available:
        return media
    if media in ("*/*", "application/*"):
        return JSON
    return ""


def _transform(clause: Clause) -> tuple[str, str] | None:
    """('', '') for the plain object, None for a form that there is not."""
    kind = clause.parameters.get("as", "")
    if not kind:
        return "", ""
    version = clause.parameters.get("v", "")
    if clause.parameters.get("g") != "meta.k8s.io" or (kind, version) not in TRANSFORMS:
        return None
    return kind, version
