"""Protobuf over the wire: bodies, objects, lists, watches and refusals, and the forms that there are not."""

from __future__ import annotations

import gzip
import http.client
from collections.abc import Iterator
from typing import Any

import pytest

from fakekube import FakeCluster
from fakekube.schema.protobuf import codec

pytestmark = pytest.mark.fakekube(tls=False)
MEDIA = "application/vnd.kubernetes.protobuf"
MAPS = "/api/v1/namespaces/default/configmaps"
Obj = dict[str, Any]


class Client:
    """Sends and accepts protobuf."""

    def __init__(self, kube: FakeCluster) -> None:
        self.connection = http.client.HTTPConnection(kube.url.rpartition("/")[2], timeout=20)
        self.headers = {"Authorization": f"Bearer {kube.token}", "Content-Type": MEDIA, "Accept": MEDIA}

    def ask(self, method: str, path: str, obj: Obj | None = None, **headers: str) -> http.client.HTTPResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = None if obj is None else codec().write(obj)
        self.connection.request(method, path, body, self.headers | named)
        return self.connection.getresponse()

    def __call__(self, method: str, path: str, obj: Obj | None = None, **headers: str) -> tuple[int, Obj]:
        response = self.ask(method, path, obj, **headers)
        assert response.headers["content-type"] == MEDIA
        body = response.read()
        return response.status, codec().read(gzip.decompress(body) if response.headers["content-encoding"] else body)


@pytest.fixture
def client(kube: FakeCluster) -> Iterator[Client]:
    found = Client(kube)
    yield found
    found.connection.close()


def config_map(name: str, **data: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_an_object_lives_its_whole_life(client: Client, kube: FakeCluster) -> None:
    code, made = client("POST", MAPS, config_map("c", k="1"))
    assert (code, made["data"], made["kind"]) == (201, {"k": "1"}, "ConfigMap")
    assert made == kube.get("cm", "c") | {"metadata": made["metadata"]}
    code, changed = client("PUT", f"{MAPS}/c", made | {"data": {"k": "2"}})
    assert (code, client("GET", f"{MAPS}/c")[1]) == (200, changed)
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "other"}}
    code, refusal = client("DELETE", f"{MAPS}/c", options)
    assert (code, refusal["reason"]) == (409, "Conflict")
    code, gone = client("DELETE", f"{MAPS}/c", options | {"preconditions": {"uid": made["metadata"]["uid"]}})
    assert (code, gone["status"], gone["details"]["uid"]) == (200, "Success", made["metadata"]["uid"])


def test_long_lists_are_compressed(client: Client, kube: FakeCluster) -> None:
    for number in range(300):
        kube.create(config_map(f"c{number:03}", text="x" * 600))
    _, plain = client("GET", MAPS)
    assert client("GET", MAPS, Accept_Encoding="gzip")[1] == plain
    assert [obj["metadata"]["name"] for obj in plain["items"]][:3] == ["c000", "c001", "c002"]
    partial = f"{MEDIA};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    assert [set(item) for item in client("GET", f"{MAPS}?limit=2", Accept=partial)[1]["items"]] == [{"metadata"}] * 2


def test_watches_come_in_frames(client: Client, kube: FakeCluster) -> None:
    kube.create(config_map("a", k="1"))
    response = client.ask("GET", f"{MAPS}?watch=1&resourceVersion=0&fieldSelector=metadata.name%3Da")
    assert response.headers["content-type"] == f"{MEDIA};stream=watch"
    kinds = []
    for _ in range(2):
        size = int.from_bytes(response.read(4), "big")
        event = response.read(size)
        kind, _, envelope = event.partition(b"k8s\0")
        kinds.append(kind[2 : 2 + kind[1]].decode())
        assert codec().read(b"k8s\0" + envelope)["data"] == {"k": "1"}
        if len(kinds) == 1:
            kube.delete("cm", "a")
    assert kinds == ["ADDED", "DELETED"]


@pytest.mark.parametrize(
    ("method", "path", "accept", "code", "message"),
    [
        ("GET", f"{MAPS}/none", MEDIA, 404, 'configmaps "none" not found'),
        ("GET", MAPS, f"{MEDIA};as=Table;g=meta.k8s.io;v=v1", 406, "object *v1.Table does not implement the protobuf"),
        ("POST", MAPS, MEDIA, 400, "the object provided is unrecognized (must be of type ConfigMap)"),
    ],
)
def test_refusals(method: str, path: str, accept: str, code: int, message: str, client: Client) -> None:
    found, status = client(method, path, Accept=accept)
    assert (found, status["code"]) == (code, code)
    assert status["message"].startswith(message)


def test_custom_resources_are_json_alone(client: Client, kube: FakeCluster) -> None:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    names = {"plural": "tables", "singular": "table", "kind": "Table"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    assert (
        client(
            "POST",
            f"/apis/{kind['apiVersion']}/customresourcedefinitions",
            {
                **kind,
                "metadata": {"name": "tables.example.com"},
                "spec": spec,
            },
        )[0]
        == 201
    )
    kube.wait_for("crd/tables.example.com", "condition=Established")
    path = "/apis/example.com/v1/namespaces/default/tables"
    for accept, code, media in ((MEDIA, 406, MEDIA), (f"{MEDIA},application/json", 200, "application/json")):
        response = client.ask("GET", path, Accept=accept)
        response.read()
        assert (response.status, response.headers["content-type"]) == (code, media)
