"""managedFields of objects whose versions differ: each manager's fields stay those of the version it wrote in."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(tls=False, seed=1, controllers=[])
FIELDS = {"v1": "host", "v2": "address"}
Send = Callable[..., Any]


@pytest.fixture
def send(kube: FakeCluster) -> Send:
    """Sends a patch: the object that results, or the code and message of the refusal."""

    def send(path: str, body: Any, kind: str = "apply-patch+yaml") -> Any:
        headers = {"Content-Type": f"application/{kind}", "Authorization": f"Bearer {kube.token}"}
        request = urllib.request.Request(kube.url + path, json.dumps(body).encode(), headers, method="PATCH")
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)["message"]

    return send


def define(kube: FakeCluster, plural: str, conversion: dict[str, Any], fields: dict[str, str]) -> None:
    def version(name: str, field: str) -> dict[str, Any]:
        properties = {field: {"type": "string"}, "n": {"type": "integer"}}
        spec = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
        return {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": spec}}

    spec = {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": plural, "kind": plural.capitalize()},
        "versions": [version(*item) for item in fields.items()],
        "conversion": conversion,
    }
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    kube.create({**head, "metadata": {"name": f"{plural}.example.com"}, "spec": spec})


def path(version: str, plural: str, manager: str, more: str = "") -> str:
    return f"/apis/example.com/{version}/namespaces/default/{plural}/p{more}?fieldManager={manager}"


def config(version: str, plural: str, **spec: Any) -> dict[str, Any]:
    head = {"apiVersion": f"example.com/{version}", "kind": plural.capitalize()}
    return {**head, "metadata": {"name": "p"}, "spec": spec}


def owners(obj: Any) -> dict[tuple[str, str], list[str]]:
    return {
        (entry["manager"], entry["apiVersion"].rpartition("/")[2]): sorted(entry["fieldsV1"].get("f:spec", ()))
        for entry in obj["metadata"].get("managedFields", ())
    }


def test_a_webhook_shows_what_others_own(kube: FakeCluster, send: Send) -> None:
    fails: list[bool] = []

    def convert(request: dict[str, Any]) -> list[dict[str, Any]]:
        if fails:
            raise RuntimeError("no")
        wanted = FIELDS[request["desiredAPIVersion"].rpartition("/")[2]]
        made = [{**obj, "apiVersion": request["desiredAPIVersion"]} for obj in request["objects"]]
        for obj in made:
            spec = obj.get("spec", {})
            obj["spec"] = {wanted if name in FIELDS.values() else name: value for name, value in spec.items()}
        return made

    kube.webhooks.serve("https://convert.example.com", convert)
    webhook = {"conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://convert.example.com"}}
    define(kube, "posts", {"strategy": "Webhook", "webhook": webhook}, FIELDS)
    send(path("v1", "posts", "a"), config("v1", "posts", host="x", n=1))
    conflict = 'Apply failed with 1 conflict: conflict with "a": .spec.host'
    assert send(path("v2", "posts", "b"), config("v2", "posts", address="y")) == (409, conflict)
    changed = send(path("v2", "posts", "c"), {"spec": {"address": "z"}}, "merge-patch+json")
    assert owners(changed) == {("a", "v1"): ["f:n"], ("c", "v2"): ["f:address"]}
    moved = send(path("v2", "posts", "a"), config("v2", "posts"))  # gives up n, which it owned in the other version
    assert moved["spec"] == {"address": "z"}
    fails.append(True)
    code, message = send(path("v1", "posts", "b"), config("v1", "posts", n=2))
    assert code == 500
    assert message.startswith("conversion webhook for example.com/v1, Kind=Posts failed: ")
    assert owners(send(path("v1", "posts", "d"), {"spec": {"n": 3}}, "merge-patch+json")) == {}


def test_without_a_webhook_a_field_that_another_version_lacks_ends_all_ownership(kube: FakeCluster, send: Send) -> None:
    define(kube, "notes", {"strategy": "None"}, FIELDS)
    send(path("v2", "notes", "a"), config("v2", "notes", n=1))
    code, message = send(path("v1", "notes", "b"), config("v1", "notes", host="x"))
    assert (code, message) == (500, "failed to convert new object: .spec.host: field not declared in schema")
    assert owners(send(path("v1", "notes", "b"), {"spec": {"host": "x"}}, "merge-patch+json")) == {}


def test_a_version_that_is_gone_refuses_applies_and_ends_all_ownership(kube: FakeCluster, send: Send) -> None:
    define(kube, "toys", {"strategy": "None"}, {"v1": "host", "v2": "host"})
    send(path("v2", "toys", "a"), config("v2", "toys", n=1))
    versions = kube.get("customresourcedefinitions.apiextensions.k8s.io", "toys.example.com")["spec"]["versions"]
    kube.patch(
        "customresourcedefinitions.apiextensions.k8s.io", "toys.example.com", {"spec": {"versions": versions[:1]}}
    )
    refused = 500, "request to convert CR to an invalid group/version: example.com/v2"
    assert send(path("v1", "toys", "b"), config("v1", "toys", n=1)) == refused
    assert owners(send(path("v1", "toys", "b"), {"spec": {"n": 2}}, "merge-patch+json")) == {}


def test_built_in_kinds_are_converted_and_versions_that_are_not_served_are_dropped(
    kube: FakeCluster, send: Send
) -> None:
    place = "/apis/autoscaling/{}/namespaces/default/horizontalpodautoscalers/h?fieldManager={}"
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3, "targetCPUUtilizationPercentage": 50}
    head = {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}}
    send(place.format("v1", "a"), {**head, "spec": spec})
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    patch = {"spec": {"metrics": [{"type": "Resource", "resource": cpu}]}}
    changed = send(place.format("v2", "b"), patch, "merge-patch+json")
    assert owners(changed) == {("a", "v1"): ["f:maxReplicas", "f:scaleTargetRef"], ("b", "v2"): ["f:metrics"]}
    entry = {"manager": "m", "operation": "Update", "apiVersion": "gone/v1", "fieldsType": "FieldsV1"}
    patch = {"metadata": {"managedFields": [{**entry, "fieldsV1": {"f:spec": {"f:minReplicas": {}}}}]}}
    assert owners(send(place.format("v2", "b"), patch, "merge-patch+json")) == {}


def test_the_scale_of_a_built_in_kind_takes_applies(kube: FakeCluster, send: Send) -> None:
    place = "/apis/apps/v1/namespaces/default/deployments/d{}?fieldManager={}"
    labels = {"matchLabels": {"a": "b"}}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "c"}]}}
    head = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}}
    send(place.format("", "a"), {**head, "spec": {"replicas": 1, "selector": labels, "template": template}})
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "d"}, "spec": {"replicas": 2}}
    conflict = 409, 'Apply failed with 1 conflict: conflict with "a": .spec.replicas'
    assert send(place.format("/scale", "b"), scale) == conflict
    assert send(place.format("/scale", "b") + "&force=true", scale)["spec"] == {"replicas": 2}
    booked = kube.get("deployments.apps", "d")["metadata"]["managedFields"]
    assert [entry["manager"] for entry in booked if "f:replicas" in entry["fieldsV1"]["f:spec"]] == ["b"]
