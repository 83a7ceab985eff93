"""Accept headers: what is answered to which, and what cannot be."""

from __future__ import annotations

import pytest

from fakekube.core.errors import StatusError
from fakekube.server.negotiation import JSON, PROTOBUF, YAML, Form, clauses, negotiate

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("", Form()),
        ("*/*", Form()),
        ("application/*", Form()),
        ("application/json", Form()),
        ("Application/JSON", Form()),
        ("application/json; charset=utf-8", Form()),
        ("application/yaml", Form(YAML)),
        ("text/html, application/yaml;q=0.5, */*;q=0.1", Form(YAML)),
        ("application/json;q=0.1, application/yaml;q=0.9", Form(YAML)),
        (f"{PROTOBUF},application/json", Form(PROTOBUF)),
        (TABLE, Form(JSON, "Table", "v1")),
        (f"{TABLE},application/json", Form(JSON, "Table", "v1")),
        ("application/json;as=Table;v=v7;g=meta.k8s.io, application/json", Form()),
        ("application/json;as=Chair;v=v1;g=meta.k8s.io, application/yaml", Form(YAML)),
        (PARTIAL, Form(JSON, "PartialObjectMetadata", "v1")),
        (f"{PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1", Form(PROTOBUF, "PartialObjectMetadata", "v1")),
    ],
)
def test_what_is_answered(header: str, form: Form) -> None:
    assert negotiate(header) == form


def test_custom_resources_have_no_protobuf() -> None:
    assert negotiate(f"{PROTOBUF},application/json", custom=True) == Form()
    with pytest.raises(StatusError) as refusal:
        negotiate(PROTOBUF, custom=True)
    assert refusal.value.code == 406


def test_streams_are_not_yaml() -> None:
    assert negotiate("application/json", stream=True) == Form()
    with pytest.raises(StatusError, match="only the following media types are accepted"):
        negotiate("application/yaml", stream=True)


@pytest.mark.parametrize("header", ["text/html", "application/cbor", "application/json;as=Table;v=v7;g=meta.k8s.io"])
def test_what_cannot_be_answered(header: str) -> None:
    with pytest.raises(StatusError) as refusal:
        negotiate(header)
    assert (refusal.value.code, refusal.value.reason) == (406, "NotAcceptable")


def test_clauses_come_in_the_order_of_their_quality() -> None:
    found = clauses('a/b;q=0.5, c/d;x="y z";q=1.0, e/f;q=nonsense,, g/h;q=0.7')
    assert [(clause.media, clause.parameters) for clause in found] == [
        ("c/d", {"x": "y z"}),
        ("e/f", {}),
        ("g/h", {}),
        ("a/b", {}),
    ]
