"""The messages whose JSON form is not an object of their members: quantities, times, numbers or texts, any JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import orjson

from fakekube.schema.protobuf_scalars import SCALARS, members, tag, varint, whole

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STRING, INT64 = SCALARS["string"], SCALARS["int64"]


class Reader(Protocol):
    """A message, as seen from here."""

    def read(self, data: bytes) -> Any: ...
    def write(self, obj: Any) -> bytes: ...


class ValueForm(NamedTuple):
    """How such a message is read and written; read gives None for nothing."""

    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]


def _fields(data: bytes) -> dict[int, tuple[int, Any]]:
    return {number: (wire, value) for number, wire, value in members(data)}


def _piece(number: int, data: bytes) -> bytes:
    return tag(number, 2) + varint(len(data)) + data


def _read_quantity(data: bytes) -> str:
    found = _fields(data)
    return STRING.read(*found[1]) or "0" if 1 in found else "0"


def _write_quantity(value: Any) -> bytes:
    return tag(1, 2) + STRING.write(str(value))


def _read_int_or_string(data: bytes) -> int | str:
    found = _fields(data)
    if 1 in found and INT64.read(*found[1]):
        return STRING.read(*found[3]) if 3 in found else ""
    return SCALARS["int32"].read(*found[2]) if 2 in found else 0


def _write_int_or_string(value: int | str) -> bytes:
    if isinstance(value, str):
        return tag(1, 0) + b"\1" + tag(2, 0) + b"\0" + tag(3, 2) + STRING.write(value)
    return tag(1, 0) + b"\0" + tag(2, 0) + varint(value) + tag(3, 2) + b"\0"


def _reader_of_time(precision: str) -> Callable[[bytes], str | None]:
    def read(data: bytes) -> str | None:
        if not data:
            return None
        found = _fields(data)
        seconds = INT64.read(*found[1]) if 1 in found else 0
        nanos = SCALARS["int32"].read(*found[2]) if 2 in found else 0
        try:
            moment = EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)
        except OverflowError:
            raise IndexError(f"no time: {seconds} s") from None
        return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"

    return read


def _write_time(text: str) -> bytes:
    moment = datetime.fromisoformat(text) - EPOCH
    seconds = moment.days * 86400 + moment.seconds
    return tag(1, 0) + varint(seconds) + tag(2, 0) + varint(moment.microseconds * 1000)


def _read_json(data: bytes) -> Any:
    raw = b"".join(whole(wire, value) for number, wire, value in members(data) if number == 1)
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError as error:
        raise IndexError(str(error)) from None


def _write_json(value: Any) -> bytes:
    return _piece(1, orjson.dumps(value))


def _read_texts(data: bytes) -> list[str]:
    return [STRING.read(wire, value) for number, wire, value in members(data) if number == 1]


def _write_texts(values: list[str]) -> bytes:
    return b"".join(tag(1, 2) + STRING.write(value) for value in values)


def _schema_or_list(schema: Reader, single: int, several: int, item: Callable[[bytes], Any], write: Any) -> ValueForm:
    """One schema, or a list of something else."""

    def read(data: bytes) -> Any:
        found = [(number, whole(wire, value)) for number, wire, value in members(data)]
        for number, value in found:
            if number == single:
                return schema.read(value)
        return [item(value) for number, value in found if number == several]

    def put(value: Any) -> bytes:
        if isinstance(value, dict):
            return _piece(single, schema.write(value))
        return b"".join(_piece(several, write(each)) for each in value)

    return ValueForm(read, put)


def _schema_or_bool(schema: Reader) -> ValueForm:
    def read(data: bytes) -> Any:
        found = _fields(data)
        if 2 in found:
            return schema.read(whole(*found[2]))
        return bool(found.get(1, (0, 0))[1])

    def put(value: Any) -> bytes:
        if isinstance(value, dict):
            return tag(1, 0) + b"\1" + _piece(2, schema.write(value))
        return tag(1, 0) + (b"\1" if value else b"\0")

    return ValueForm(read, put)


Make = Callable[[Callable[[str], Reader]], ValueForm]
META = "k8s.io.apimachinery.pkg.apis.meta.v1."
SCHEMA = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON"
SCHEMA_PROPS = SCHEMA + "SchemaProps"


def _plain(read: Callable[[bytes], Any], write: Callable[[Any], bytes]) -> Make:
    form = ValueForm(read, write)
    return lambda _: form


_ANY = _plain(_read_json, _write_json)
_TEXTS = _plain(_read_texts, _write_texts)

VALUES: dict[str, Make] = {
    "k8s.io.apimachinery.pkg.api.resource.Quantity": _plain(_read_quantity, _write_quantity),
    "k8s.io.apimachinery.pkg.util.intstr.IntOrString": _plain(_read_int_or_string, _write_int_or_string),
    "k8s.io.apimachinery.pkg.runtime.RawExtension": _ANY,
    META + "Time": _plain(_reader_of_time("seconds"), _write_time),
    META + "MicroTime": _plain(_reader_of_time("microseconds"), _write_time),
    META + "FieldsV1": _ANY,
    META + "Verbs": _TEXTS,
    "k8s.io.api.authentication.v1.ExtraValue": _TEXTS,
    "k8s.io.api.authorization.v1.ExtraValue": _TEXTS,
    "k8s.io.api.certificates.v1.ExtraValue": _TEXTS,
    SCHEMA: _ANY,
    SCHEMA_PROPS + "OrArray": lambda of: _schema_or_list(
        of(SCHEMA_PROPS), 1, 2, of(SCHEMA_PROPS).read, of(SCHEMA_PROPS).write
    ),
    SCHEMA_PROPS + "OrStringArray": lambda of: _schema_or_list(of(SCHEMA_PROPS), 1, 2, bytes.decode, str.encode),
    SCHEMA_PROPS + "OrBool": lambda of: _schema_or_bool(of(SCHEMA_PROPS)),
}
"""Message -> its form, made with a function that finds other messages."""
