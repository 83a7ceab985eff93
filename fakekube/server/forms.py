"""What an answer shows of objects: themselves, a Table of them, or their metadata alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import orjson

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from fakekube.registry.versions import head
from fakekube.schema.resources import Resource
from fakekube.server.negotiation import JSON, PARTIAL, PARTIAL_LIST, PROTOBUF, TABLE, Form

UNKNOWN_INCLUDE = (
    'Unable to convert to Table as requested: includeObject: Invalid value: "{}": '
    "must be 'Metadata', 'Object', 'None', or empty"
)
INCLUDES = ("", "None", "Metadata", "Object")
PIECE_ITEMS = 64
"""Objects of a list that are joined and written at once."""


class Pieces(NamedTuple):
    """A body that is made while it is sent, and how long it will be."""

    length: int
    parts: Iterator[bytes]


def whole(body: bytes) -> Pieces:
    """A body that is made already."""
    return Pieces(len(body), iter((body,)))


def list_pieces(resource: Resource, metadata: bytes, items: Sequence[bytes]) -> Pieces:
    """A list of objects that are bytes already; items of built-in kinds go without their kind and apiVersion.

    It is made piece by piece while it is sent: one text of many megabytes costs more time to make than to send.
    """
    if resource.custom and b'"continue"' not in metadata:
        metadata = b'{"continue":"",' + metadata[1:]  # the real server keeps these lists as maps, and sets it always
    opening = b'{"kind":"%s","apiVersion":"%s","metadata":%s,"items":[' % (
        resource.list_kind.encode(),
        resource.api_version.encode(),
        metadata,
    )
    kept = 0 if resource.custom else len(head(resource))
    start = b"" if resource.custom else b"{"
    size = sum(map(len, items)) - kept * len(items) + len(start) * len(items) + max(len(items) - 1, 0)
    return Pieces(len(opening) + size + 2, _pieces(opening, items, kept, start))


def _pieces(opening: bytes, items: Sequence[bytes], kept: int, start: bytes) -> Iterator[bytes]:
    between = b"," + start
    for first in range(0, len(items), PIECE_ITEMS):
        part = items[first : first + PIECE_ITEMS]
        joined = between.join([memoryview(item)[kept:] for item in part] if kept else part)
        yield b"".join((opening, between if first else start, joined))
        opening = b""
    yield opening + b"]}"


def go_list_type(resource: Resource, suffix: str) -> str:
    """The Go type as the real server's messages name it."""
    if resource.custom:
        return f"*unstructured.Unstructured{suffix}"
    package = (resource.group or "core").partition(".")[0]
    return f"*{package}.{resource.kind}{suffix}"


def _mismatch(form: Form, resource: Resource, *, is_list: bool) -> StatusError:
    what = "is a list" if is_list else "is not a list"
    shown = go_list_type(resource, "List" if is_list else "")
    message = f"you requested {form.transform}, but the requested object {what} ({shown})"
    return StatusError(406, "NotAcceptable", message)


def check(form: Form, resource: Resource, *, is_list: bool) -> None:
    """406 for metadata of a list where an object is answered, and the other way round."""
    if form.transform in (PARTIAL, PARTIAL_LIST) and (form.transform == PARTIAL_LIST) is not is_list:
        raise _mismatch(form, resource, is_list=is_list)


def check_include(include: str) -> None:
    """400 for an includeObject that is none of the known ones."""
    if include not in INCLUDES:
        raise StatusError(400, "BadRequest", UNKNOWN_INCLUDE.format(include))


def _table(
    resource: Resource, objs: Sequence[Obj], now: float, form: Form, include: str, meta: Obj, **more: bool
) -> Obj:
    from fakekube.registry import tables  # many cells of many kinds, which clients other than kubectl never see

    return tables.table(resource, objs, now, form.version, include or "Metadata", meta, **more)


def one(form: Form, resource: Resource, raw: bytes, include: str, now: float) -> bytes:
    """One object in a form other than its own."""
    check(form, resource, is_list=False)
    obj = orjson.loads(raw)
    if form.transform == TABLE:
        check_include(include)
        meta = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
        return orjson.dumps(_table(resource, [obj], now, form, include, meta))
    return orjson.dumps(partial(form, obj))


def partial(form: Form, obj: Obj) -> Obj:
    """The object's metadata alone."""
    return {
        "kind": PARTIAL,
        "apiVersion": f"meta.k8s.io/{form.version}",
        "metadata": obj["metadata"],
    }


def many(form: Form, resource: Resource, metadata: bytes, items: Sequence[bytes], include: str, now: float) -> bytes:
    """A list in a form other than its own."""
    check(form, resource, is_list=True)
    objs = [orjson.loads(item) for item in items]
    meta = orjson.loads(metadata)
    if form.transform == TABLE:
        check_include(include)
        return orjson.dumps(_table(resource, objs, now, form, include, meta))
    found = {
        "kind": PARTIAL_LIST,
        "apiVersion": f"meta.k8s.io/{form.version}",
        "metadata": meta,
        "items": [partial(form, obj) for obj in objs] or None,
    }
    return orjson.dumps(found)


def event(form: Form, resource: Resource, kind: str, raw: bytes, include: str, now: float, first: bool) -> bytes:
    """One line of a watch; of Tables the column definitions come with the first alone."""
    if not form.transform and form.media == JSON:
        return b'{"type":"%s","object":%s}\n' % (kind.encode(), raw)
    if form.transform != TABLE:
        obj: Obj = partial(form, orjson.loads(raw)) if form.transform else orjson.loads(raw)
    else:
        found = orjson.loads(raw)
        meta = {"resourceVersion": found["metadata"].get("resourceVersion", "")}
        obj = _table(resource, [found], now, form, include, meta, headers=first)
    return frame(form, kind, obj)


def frame(form: Form, kind: str, obj: Obj) -> bytes:
    """The line of a watch, or with protobuf the piece, that holds an object as it stands."""
    if form.media == PROTOBUF:
        from fakekube.schema import protobuf

        return protobuf.codec().write_event(kind, obj)
    return orjson.dumps({"type": kind, "object": obj}) + b"\n"
