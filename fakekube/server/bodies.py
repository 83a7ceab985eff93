"""The body of a request: read up to the limit, and parsed by its content type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from fakekube.core import errors, yamltext
from fakekube.core.errors import StatusError
from fakekube.core.gojson import syntax_error
from fakekube.core.meta import Obj
from fakekube.registry.incoming import YAML_PROBLEMS, Body, unrecognized
from fakekube.schema.decoding import DecodeError, decode
from fakekube.schema.typed import Struct
from fakekube.server.negotiation import JSON, PROTOBUF, SUPPORTED, YAML

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

KIND_OF_OPTIONS = "DeleteOptions"
LIMIT_BYTES = 3 * 1024 * 1024
UNKNOWN_FORMAT = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(
    SUPPORTED
)
YAML_TYPES = frozenset({YAML, "application/x-yaml", "text/yaml"})


class Disconnected(Exception):
    """The client hung up before its request was whole."""


async def read(receive: Receive, announced: str) -> bytes:
    """The whole body; 413 as soon as it is known to be over the limit."""
    if announced.isdecimal() and int(announced) > LIMIT_BYTES:
        raise errors.too_large(LIMIT_BYTES)
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body") and message["type"] == "http.request":
        return body
    parts, size = [body], len(body)
    while message["type"] != "http.request" or message.get("more_body"):
        if message["type"] == "http.disconnect":
            raise Disconnected
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LIMIT_BYTES:
            raise errors.too_large(LIMIT_BYTES)
    return b"".join(parts)


def media_of(content_type: str) -> str:
    """The media type without its parameters; JSON if nothing is said."""
    return content_type.partition(";")[0].strip().lower() or JSON


def parse(raw: bytes, content_type: str, kind: str) -> Body:
    """The body as a value; 415 for another format, 400 in the real server's words if it cannot be parsed."""
    media = media_of(content_type)
    if media == JSON:
        return parse_json(raw, kind)
    if media in YAML_TYPES:
        return _parse_yaml(raw, kind)
    if media == PROTOBUF:
        return _parse_protobuf(raw, kind)
    raise errors.unsupported_media_type(UNKNOWN_FORMAT)


def parse_json(raw: bytes, kind: str) -> Body:
    """A JSON body."""
    try:
        return Body(orjson.loads(raw), raw)
    except orjson.JSONDecodeError as error:
        why = syntax_error(raw) or str(error)
        raise unrecognized(kind, f"couldn't get version/kind; json parse error: {why}", raw) from None


def _parse_yaml(raw: bytes, kind: str) -> Body:
    try:
        value, repeated = yamltext.first_document(raw)
    except yamltext.YamlError as error:
        raise unrecognized(kind, str(error), raw) from None
    value = orjson.loads(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))  # as the JSON that Go makes of it
    problems = [YAML_PROBLEMS + "  " + "\n  ".join(repeated)] if repeated else []
    return Body(value, raw, is_json=False, problems=problems)


def _parse_protobuf(raw: bytes, kind: str) -> Body:
    from fakekube.schema import protobuf

    try:
        return Body(protobuf.codec().read(raw), raw, is_json=False)
    except protobuf.ProtobufError as error:
        raise unrecognized(kind, str(error), raw) from None


def parse_delete_options(raw: bytes, content_type: str, of: Struct) -> Obj | None:
    """The DeleteOptions of a body (`of` is their type); None if there is no body."""
    if not raw:
        return None
    value = _options_value(raw, media_of(content_type))
    if not isinstance(value, dict):
        raise errors.bad_request("couldn't get version/kind; json parse error: the body is not an object")
    kind, version = value.get("kind") or KIND_OF_OPTIONS, value.get("apiVersion") or "v1"
    if kind != KIND_OF_OPTIONS:
        raise _not_delete_options(kind, version)
    try:
        found: Obj = decode(of, value).value
    except DecodeError as error:
        raise errors.bad_request(str(error)) from None
    for name in ("kind", "apiVersion"):
        found.pop(name, None)
    return found


def _options_value(raw: bytes, media: str) -> Any:
    if media == JSON:
        if message := syntax_error(raw):
            raise errors.bad_request(f"couldn't get version/kind; json parse error: {message}")
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise errors.bad_request(f"couldn't get version/kind; json parse error: {error}") from None
    if media in YAML_TYPES:
        return _parse_yaml(raw, KIND_OF_OPTIONS).value
    if media == PROTOBUF:
        return _parse_protobuf(raw, KIND_OF_OPTIONS).value
    raise errors.unsupported_media_type(UNKNOWN_FORMAT)


def _not_delete_options(kind: str, version: str) -> StatusError:
    scheme = "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"
    return errors.bad_request(f'no kind "{kind}" is registered for version "{version}" in scheme "{scheme}"')
