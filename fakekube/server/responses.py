"""Answers as ASGI messages: bytes in the form that was asked for, with the headers of the API."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from typing import Any

import orjson

from fakekube.core.errors import StatusError
from fakekube.server.negotiation import JSON, PROTOBUF, YAML

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

COMPRESSED_FROM_BYTES = 128 * 1024
GZIP_BITS = 31  # zlib's word for the gzip format with the largest window
GZIPPED = [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
WARNINGS_LETTERS, WARNING_LETTERS = 4096, 256  # of all warnings of an answer, and of each where all are more
CACHE = (b"cache-control", b"no-cache, private")
JSON_TYPE = (b"content-type", b"application/json")
_TYPES = {media: (b"content-type", media.encode()) for media in (JSON, YAML, PROTOBUF)}


async def send_bytes(
    send: Send,
    code: int,
    body: bytes,
    *,
    kind: tuple[bytes, bytes] = JSON_TYPE,
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    """One whole answer."""
    await send(
        {
            "type": "http.response.start",
            "status": code,
            "headers": [CACHE, kind, (b"content-length", b"%d" % len(body)), *headers],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def send_json(
    send: Send,
    code: int,
    body: bytes,
    *,
    media: str = JSON,
    warnings: Iterable[str] = (),
    gzipped: bool = False,
    pretty: bool = False,
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    """A JSON text, in the media type that was negotiated, with Warning headers, compressed if it is worth it."""
    if media == YAML:
        body = to_yaml(orjson.loads(body))
    elif media == PROTOBUF:
        body = to_protobuf(orjson.loads(body))
    elif pretty:
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)
    extra = [*headers, *((b"warning", each) for each in warning_headers(warnings))]
    if gzipped and len(body) > COMPRESSED_FROM_BYTES:
        body = gzip.compress(body, 1)
        extra += GZIPPED
    await send_bytes(send, code, body, kind=_TYPES[media], headers=extra)


def to_protobuf(obj: Any) -> bytes:
    """The object in protobuf's envelope; 406 for kinds that have no such form."""
    from fakekube.schema import protobuf

    try:
        return protobuf.codec().write(obj)
    except protobuf.ProtobufError as error:
        raise StatusError(406, "NotAcceptable", str(error)) from None


async def send_pieces(
    send: Send, length: int, parts: Iterable[bytes], *, warnings: Iterable[str] = (), gzipped: bool = False
) -> None:
    """A long JSON text piece by piece, so that other requests have their turn in between."""
    headers = [CACHE, JSON_TYPE, *((b"warning", each) for each in warning_headers(warnings))]
    if gzipped:
        headers += GZIPPED
        parts = _compressed(parts)
    else:
        headers.append((b"content-length", b"%d" % length))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _compressed(parts: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, wbits=GZIP_BITS)
    for part in parts:
        if packed := packer.compress(part):
            yield packed
    yield packer.flush()


def to_yaml(value: Any) -> bytes:
    """YAML as sigs.k8s.io/yaml writes it: block style, keys sorted."""
    import yaml  # few clients ask for it

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(value, Dumper=dumper, default_flow_style=False, sort_keys=True, allow_unicode=True)
    return text.encode()


def warning_headers(texts: Iterable[str]) -> list[bytes]:
    """What is sent of these warnings: once they are too long together each is cut, and the last are left out."""
    found = list(texts)
    if sum(map(len, found)) <= WARNINGS_LETTERS:
        return [warning_header(text) for text in found]
    sent, written, whole = [], 0, 0
    for text in found:
        # Those up to the one that was too much are all sent, cut; after that the limit holds.
        if whole > WARNINGS_LETTERS and written >= WARNINGS_LETTERS:
            break
        whole += len(text)
        cut = text[:WARNING_LETTERS]
        written += len(cut)
        sent.append(warning_header(cut))
    return sent


def warning_header(text: str) -> bytes:
    """RFC 7234's warn-code 299 with the text quoted."""
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    quoted = clean.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{quoted}"'.encode()


async def send_error(send: Send, error: StatusError, media: str = JSON, warnings: Iterable[str] = ()) -> None:
    """The Status of a refusal."""
    headers = [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    body = orjson.dumps(error.status())
    await send_json(send, error.code, body, media=media, headers=headers, warnings=warnings)


async def send_text(send: Send, code: int, text: str) -> None:
    """Plain text, as paths outside the API answer."""
    nosniff = (b"x-content-type-options", b"nosniff")
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send_bytes(send, code, text.encode(), kind=kind, headers=[nosniff])
