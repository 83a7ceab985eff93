"""Protobuf: the wire format by hand-made bytes, every kind by there-and-back, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fakekube.schema import decoding, protobuf
from fakekube.schema.protobuf import ProtobufError
from fakekube.schema.table import table
from fakekube.schema.typed import Struct

MAP = b"".join(
    [
        b"k8s\0",
        b"\x0a\x0f" + b"\x0a\x02v1" + b"\x12\x09ConfigMap",  # apiVersion, kind
        b"\x12\x17",
        b"\x0a\x09" + b"\x0a\x01a" + b"\x1a\x02ns" + b"\x42\x00",  # metadata: name, namespace, no creationTimestamp
        b"\x12\x0a" + b"\x0a\x01k" + b"\x12\x05value",  # data
        b"\x1a\x00\x22\x00",  # no encoding, no type
    ]
)
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "p",
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "generation": 3,
        "labels": {"a": "b", "c": ""},
        "managedFields": [{"manager": "m", "fieldsV1": {"f:spec": {"k:{}": {".": {}}}}}],
    },
    "spec": {
        "containers": [
            {
                "name": "c",
                "resources": {"limits": {"cpu": "100m", "memory": "1Gi"}},
                "livenessProbe": {"httpGet": {"path": "/", "port": "http"}, "failureThreshold": 3},
                "readinessProbe": {"tcpSocket": {"port": 80}},
                "envFrom": [{"configMapRef": {"name": "settings", "optional": True}}],
            }
        ],
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "key", "secret": {"secretName": "s"}}],
        "securityContext": {"runAsUser": -1, "supplementalGroups": [1, 2**40]},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "$ref": "#",
    "x-kubernetes-preserve-unknown-fields": True,
    "default": {"a": [1, None]},
    "maximum": 1.5,
    "additionalProperties": False,
    "properties": {"one": {"items": {"type": "string"}}, "more": {"additionalProperties": {"type": "integer"}}},
}
OBJECTS = [
    POD,
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"key": "AP8="}},
    {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {},
        "spec": {"renewTime": "2026-01-02T03:04:05.000006Z"},
    },
    {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {},
        "spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": SCHEMA}}]},
    },
    {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {}, "data": {"any": ["thing"]}, "revision": 2},
    {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "metadata": {},
        "status": {"user": {"extra": {"k": ["a", "b"]}}},
    },
    {"apiVersion": "v1", "kind": "Status", "metadata": {}, "code": 404, "details": {"causes": [{"reason": "r"}]}},
    {"apiVersion": "v1", "kind": "PodList", "metadata": {"resourceVersion": "7"}, "items": [{"metadata": {}}]},
]


def test_an_envelope_is_read_by_its_bytes() -> None:
    assert protobuf.codec().read(MAP) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "ns"},
        "data": {"k": "value"},
    }


def test_what_is_written_is_what_was_meant() -> None:
    obj = protobuf.codec().read(MAP)
    shorter = MAP.replace(b"\x42\x00", b"").replace(b"\x12\x17\x0a\x09", b"\x12\x15\x0a\x07")
    assert protobuf.codec().write(obj) == shorter


@pytest.mark.parametrize("obj", OBJECTS, ids=lambda obj: obj["kind"])
def test_there_and_back(obj: dict[str, Any]) -> None:
    assert protobuf.codec().read(protobuf.codec().write(obj)) == obj


def test_every_served_kind_has_a_message_and_every_member_a_name() -> None:
    codec = protobuf.codec()
    for resource in table().resources:
        obj = {**decoding.encode_zero(resource.type), "kind": resource.kind, "apiVersion": resource.api_version}
        back = decoding.decode(resource.type, codec.read(codec.write(obj)))
        assert back.strict == ()
        message = codec._of_kind(resource.api_version, resource.kind)
        known: Struct = resource.type
        assert message is not None
        assert {member.name for member in message.members} | {"kind", "apiVersion"} == set(known.fields)


def test_options_of_any_group_are_read() -> None:
    options = {"apiVersion": "apps/v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "dryRun": ["All"]}
    assert protobuf.codec().read(protobuf.codec().write(options)) == options


def test_a_watch_frame_has_its_length_in_front() -> None:
    frame = protobuf.codec().write_event("ADDED", protobuf.codec().read(MAP))
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    assert frame[4:].startswith(b"\x0a\x05ADDED\x12")
    assert b"k8s\0" in frame


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{}", r"expected prefix \[107 56 115 0\]"),
        (MAP[:-30], "unexpected EOF"),
        (MAP[:21] + b"\x0f" + MAP[22:], "proto: illegal wireType 7"),
        (b"k8s\0\x0a\xff", "proto: "),
        (b"k8s\0\x0a\x04\x12\x02No", 'no kind "No" is registered'),
    ],
)
def test_nonsense_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ProtobufError, match=why):
        protobuf.codec().read(data)


def test_a_table_has_no_such_form() -> None:
    with pytest.raises(ProtobufError, match=r"^object \*v1.Table does not implement the protobuf marshalling"):
        protobuf.codec().write({"apiVersion": "meta.k8s.io/v1", "kind": "Table"})
