"""Objects as protobuf, the form that kubectl's and client-go's typed clients prefer: from and to the same dictionaries
that JSON makes.

A message is walked beside the struct that tells its members' JSON names; a member that the struct does not have is one
that Go embeds, and its own members stand among the struct's. Field numbers never change from version to version, so
the newest facts serve for all.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from fakekube.core.meta import Obj, split_api_version
from fakekube.schema.protobuf_scalars import SCALARS, ScalarForm, members, tag, varint, whole
from fakekube.schema.protobuf_values import VALUES, ValueForm
from fakekube.schema.table import Table, table

PREFIX = b"k8s\0"
META = "k8s.io.apimachinery.pkg.apis.meta.v1."
_LENGTH = struct.Struct(">I")


class ProtobufError(ValueError):
    """What is no protobuf message of the kind it should be, or a kind that has no message."""


class Member(NamedTuple):
    """One field of a message. `name` is its JSON name, '' of what Go embeds; `key` is the form of a map's keys."""

    name: str
    number: int
    repeated: bool
    key: ScalarForm | None
    form: ScalarForm | ValueForm | Message


class Message:
    """A message beside its struct; its members are made when first asked for, as messages may hold themselves."""

    def __init__(self, make: Callable[[], list[Member]]) -> None:
        self._make = make
        self._members: list[Member] | None = None
        self._numbers: dict[int, Member] = {}

    @property
    def members(self) -> list[Member]:
        """In the order of their numbers."""
        if self._members is None:
            self._members = self._make()
            self._numbers = {member.number: member for member in self._members}
        return self._members

    def read(self, data: bytes) -> Obj:
        """The members that are in `data`; fields of unknown numbers are passed over."""
        found: Obj = {}
        self._read_into(found, data)
        return found

    def _read_into(self, found: Obj, data: bytes) -> None:
        numbers = self._numbers if self._members is not None else {each.number: each for each in self.members}
        for number, wire, value in members(data):
            member = numbers.get(number)
            if member is None:
                continue
            name, _, repeated, key, form = member
            if not name:
                assert isinstance(form, Message), "only messages are embedded"
                form._read_into(found, whole(wire, value))
            elif key is not None:
                _read_entry(found.setdefault(name, {}), whole(wire, value), key, form)
            elif repeated:
                found.setdefault(name, []).extend(_read_items(form, wire, value))
            elif isinstance(form, ScalarForm):
                found[name] = form.read(wire, value)
            elif (made := form.read(whole(wire, value))) is not None:
                found[name] = made

    def write(self, obj: Mapping[str, Any]) -> bytes:
        """The members that `obj` has; null is nothing."""
        parts: list[bytes] = []
        for name, number, repeated, key, form in self.members:
            if not name:
                assert isinstance(form, Message), "only messages are embedded"
                if inner := form.write(obj):
                    parts += (tag(number, 2), varint(len(inner)), inner)
                continue
            value = obj.get(name)
            if value is None:
                continue
            if key is not None:
                for each, item in sorted(value.items()):
                    entry = _field(key, 1, each) + (b"" if item is None else _field(form, 2, item))
                    parts += (tag(number, 2), varint(len(entry)), entry)
            elif repeated:
                parts += [_field(form, number, item) for item in value]
            else:
                parts.append(_field(form, number, value))
        return b"".join(parts)


def _field(form: ScalarForm | ValueForm | Message, number: int, value: Any) -> bytes:
    if isinstance(form, ScalarForm):
        return tag(number, form.wire) + form.write(value)
    inner = form.write(value)
    return tag(number, 2) + varint(len(inner)) + inner


def _read_items(form: ScalarForm | ValueForm | Message, wire: int, value: Any) -> Iterator[Any]:
    if not isinstance(form, ScalarForm):
        yield form.read(whole(wire, value))
    elif wire == 2 and form.wire != 2:
        yield from form.unpack(value)
    else:
        yield form.read(wire, value)


def _read_entry(found: dict[str, Any], data: bytes, key: ScalarForm, form: ScalarForm | ValueForm | Message) -> None:
    name: Any = ""
    item: Any = form.empty() if isinstance(form, ScalarForm) else form.read(b"")
    for number, wire, value in members(data):
        if number == 1:
            name = key.read(wire, value)
        elif number == 2:
            item = form.read(wire, value) if isinstance(form, ScalarForm) else form.read(whole(wire, value))
    found[name] = item


class Codec:
    """The messages of one table of kinds."""

    def __init__(self, facts: Table) -> None:
        self._table = facts
        self._fields = facts.protobuf()
        self._messages: dict[tuple[str, str], Message] = {}
        self._structs = {_message_name(name): name for name in facts.struct_names()}

    def read(self, data: bytes, expected: tuple[str, str] = ("", "")) -> Obj:
        """The object in an envelope, with its apiVersion and kind, or those expected if it does not say them."""
        if not data.startswith(PREFIX):
            shown = " ".join(str(byte) for byte in PREFIX)
            raise ProtobufError(f"provided data does not appear to be a protobuf message, expected prefix [{shown}]")
        try:
            envelope = {number: whole(wire, value) for number, wire, value in members(data[len(PREFIX) :])}
            stated = {number: whole(wire, value).decode() for number, wire, value in members(envelope.get(1, b""))}
            api_version, kind = stated.get(1) or expected[0], stated.get(2) or expected[1]
            message = self._of_kind(api_version, kind)
            obj = None if message is None else message.read(envelope.get(2, b""))
        except (IndexError, struct.error, UnicodeDecodeError, RecursionError, TypeError) as error:
            raise ProtobufError(f"proto: {error}") from None
        if obj is None:
            raise ProtobufError(f'no kind "{kind}" is registered for version "{api_version}"')
        return {"apiVersion": api_version, "kind": kind, **obj}

    def write(self, obj: Obj) -> bytes:
        """The object in an envelope; ProtobufError if its kind has no message."""
        api_version, kind = obj["apiVersion"], obj["kind"]
        message = self._of_kind(api_version, kind)
        if message is None:
            go = "*v1" if api_version.startswith("meta.k8s.io/") else api_version
            what = "does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message"
            raise ProtobufError(f"object {go}.{kind} {what}")
        raw = message.write(obj)
        stated = b"".join(_field(SCALARS["string"], number, text) for number, text in ((1, api_version), (2, kind)))
        inner = [tag(1, 2), varint(len(stated)), stated, tag(2, 2), varint(len(raw)), raw]
        return b"".join([PREFIX, *inner, tag(3, 2), b"\0", tag(4, 2), b"\0"])

    def write_event(self, kind: str, obj: Obj) -> bytes:
        """One frame of a watch: its length in four bytes, and a WatchEvent whose object is in an envelope."""
        inner = self.write(obj)
        raw = tag(1, 2) + varint(len(inner)) + inner
        event = _field(SCALARS["string"], 1, kind) + tag(2, 2) + varint(len(raw)) + raw
        return _LENGTH.pack(len(event)) + event

    def _of_kind(self, api_version: str, kind: str) -> Message | None:
        group, version = split_api_version(api_version)
        name = _message_name(self._table.name_of(group, version, kind))
        if name not in self._fields:
            name = META + kind  # of any group (DeleteOptions), or of an older version of meta.k8s.io
        return self._message(name, name) if name in self._fields else None

    def _message(self, name: str, beside: str) -> Message:
        """The message called `name`; the JSON names are those of the struct of the message `beside`."""
        found = self._messages.get((name, beside))
        if found is None:
            found = self._messages[name, beside] = Message(lambda: self._members(name, beside))
        return found

    def _members(self, name: str, beside: str) -> list[Member]:
        struct_name = self._structs.get(beside)
        known = self._table.struct_named(struct_name) if struct_name else None
        names = None if known is None else {_plain(each): each for each in known.fields}
        package = name.rpartition(".")[0]
        found = []
        for field, (number, text) in self._fields[name].items():
            shown = field if names is None else names.get(_plain(field), "")
            found.append(self._member(shown, number, text, package, beside))
        return sorted(found, key=lambda member: member.number)

    def _member(self, name: str, number: int, text: str, package: str, beside: str) -> Member:
        repeated = text.startswith("repeated ")
        if text.startswith("map<"):
            key, _, item = text[4:-1].partition(", ")
            return Member(name, number, False, SCALARS[key], self._form(item, package))
        item = text.removeprefix("repeated ")
        return Member(name, number, repeated, None, self._form(item, package, "" if name else beside))

    def _form(self, text: str, package: str, beside: str = "") -> ScalarForm | ValueForm | Message:
        """The form of a type; `beside` is the message that an embedded one stands in."""
        if text in SCALARS:
            return SCALARS[text]
        full = text.removeprefix(".")
        full = full if "." in full else f"{package}.{full}"
        if full in VALUES:
            return VALUES[full](lambda inner: self._message(inner, inner))
        return self._message(full, beside or full)


def _message_name(openapi_name: str) -> str:
    return openapi_name.replace("io.k8s.", "k8s.io.", 1).replace("-", "_")


def _plain(name: str) -> str:
    """A member's name without what JSON and protobuf write differently: case, `$`, `-`."""
    return name.lower().replace("-", "").replace("$", "")


@cache
def codec() -> Codec:
    """The codec of the newest facts."""
    return Codec(table())
