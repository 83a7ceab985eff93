import asyncio
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette

from fakekube.core.meta import Obj
from fakekube.schema.crds import resources_of
from fakekube.schema.scheme import Scheme
from fakekube.server.openapi_routes import OpenApi

V2 = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
V3 = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf"


class Answer:
    def __init__(self, messages: list[Any]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


def get(scheme: Scheme, url: str, **headers: str) -> Answer:
    path, _, query = url.partition("?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    asyncio.run(Starlette(routes=OpenApi(scheme).routes())(scope, receive, send))
    return Answer(messages)


def url_of(scheme: Scheme, name: str) -> str:
    url: str = get(scheme, "/openapi/v3").json["paths"][name]["serverRelativeURL"]
    return url


@pytest.fixture
def scheme() -> Scheme:
    return Scheme.for_version()


def definition(schema: Obj) -> Obj:
    names = {"kind": "Fan", "plural": "fans"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {"spec": {"group": "air.example.com", "scope": "Cluster", "names": names, "versions": [version]}}


def test_the_index_names_every_group_version_with_a_hash(scheme: Scheme) -> None:
    paths = get(scheme, "/openapi/v3").json["paths"]
    assert list(paths) == sorted(paths)
    assert {"api/v1", "apis/apps/v1", "apis/apps", "version"} <= paths.keys()
    _, _, digest = url_of(scheme, "api/v1").partition("/openapi/v3/api/v1?hash=")
    assert len(digest) == 128
    assert digest == digest.upper()


def test_a_document_by_its_hash_may_be_kept_for_ever(scheme: Scheme) -> None:
    url = url_of(scheme, "apis/coordination.k8s.io/v1")
    found = get(scheme, url)
    assert found.status == 200
    assert found.json["openapi"] == "3.0.0"
    assert found.headers["cache-control"] == "public, immutable"
    assert "expires" in found.headers
    assert found.headers["etag"].strip('"') in url
    again = get(scheme, url, if_none_match=found.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_without_a_hash_a_document_is_not_kept(scheme: Scheme) -> None:
    found = get(scheme, "/openapi/v3/version")
    assert found.status == 200
    assert "cache-control" not in found.headers


def test_a_wrong_hash_leads_to_the_right_one(scheme: Scheme) -> None:
    found = get(scheme, "/openapi/v3/apis/apps/v1?hash=00")
    assert (found.status, found.body) == (301, b"")
    assert found.headers["location"] == url_of(scheme, "apis/apps/v1")


def test_an_unknown_document_is_not_found_and_nothing_more_is_said(scheme: Scheme) -> None:
    found = get(scheme, "/openapi/v3/apis/nothing/v1")
    assert (found.status, found.body) == (404, b"")


def test_documents_come_as_protobuf_too_under_a_lawful_media_type(scheme: Scheme) -> None:
    found = get(scheme, "/openapi/v3/apis/coordination.k8s.io/v1", accept=V3)
    assert found.headers["content-type"] == V3.replace("@", ".")
    assert found.body.startswith(b"\x0a\x053.0.0")
    assert get(scheme, "/openapi/v2", accept=f"{V2},application/json").body.startswith(b"\x0a\x032.0")
    assert get(scheme, "/openapi/v2", accept="application/json").json["swagger"] == "2.0"
    assert get(scheme, "/openapi/v2", accept="text/html").status == 406


def test_a_change_of_a_custom_schema_changes_its_hash_alone(scheme: Scheme) -> None:
    scheme.add(*resources_of(definition({"type": "object"}), scheme.table))
    first, apps = url_of(scheme, "apis/air.example.com/v1"), url_of(scheme, "apis/apps/v1")
    changed = definition({"type": "object", "properties": {"speed": {"type": "integer"}}})
    scheme.add(*resources_of(changed, scheme.table))
    second = url_of(scheme, "apis/air.example.com/v1")
    assert first != second
    assert url_of(scheme, "apis/apps/v1") == apps
    schema = get(scheme, second).json["components"]["schemas"]["com.example.air.v1.Fan"]
    assert "speed" in schema["properties"]
    scheme.remove("air.example.com", "fans")
    assert "apis/air.example.com/v1" not in get(scheme, "/openapi/v3").json["paths"]
