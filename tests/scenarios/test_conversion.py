"""Custom resources whose versions a webhook converts, seen through the version that is not stored."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from fakekube.core.errors import StatusError

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(tls=False, seed=1, controllers=[])
POSTS = "/apis/example.com/v2/namespaces/default/posts"
FIELDS = {"v1": "host", "v2": "address"}
Open = Callable[[str], Any]


@pytest.fixture
def fails(kube: FakeCluster) -> list[bool]:
    """Filled, the webhook fails. Posts are stored in v1, where `address` is called `host`."""
    fails: list[bool] = []

    def convert(request: dict[str, Any]) -> list[dict[str, Any]]:
        if fails:
            raise RuntimeError("no")
        field = FIELDS[request["desiredAPIVersion"].rpartition("/")[2]]
        return [
            {**obj, "apiVersion": request["desiredAPIVersion"], "spec": {field: next(iter(obj["spec"].values()))}}
            for obj in request["objects"]
        ]

    def version(name: str, field: str) -> dict[str, Any]:
        spec = {"type": "object", "properties": {field: {"type": "string"}}}
        schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
        selectable = [{"jsonPath": f".spec.{field}"}]
        stated = {"name": name, "served": True, "storage": name == "v1"}
        return {**stated, "schema": schema, "selectableFields": selectable}

    kube.webhooks.serve("https://convert.example.com", convert)
    webhook = {"conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://convert.example.com"}}
    spec = {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "posts", "kind": "Post"},
        "versions": [version(*item) for item in FIELDS.items()],
        "conversion": {"strategy": "Webhook", "webhook": webhook},
    }
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    kube.create({**head, "metadata": {"name": "posts.example.com"}, "spec": spec})
    for name, host in (("a", "here"), ("b", "there")):
        head = {"apiVersion": "example.com/v1", "kind": "Post"}
        kube.create({**head, "metadata": {"name": name}, "spec": {"host": host}})
    return fails


@pytest.fixture
def ask(kube: FakeCluster) -> Iterator[Open]:
    opened = []

    def ask(path: str) -> Any:
        headers = {"Authorization": f"Bearer {kube.token}"}
        opened.append(urllib.request.urlopen(urllib.request.Request(kube.url + path, headers=headers), timeout=5))
        return opened[-1]

    yield ask
    for each in opened:
        each.close()


def move(kube: FakeCluster, name: str, host: str) -> None:
    kube.patch("posts.example.com", name, {"spec": {"host": host}})


def told(stream: Any) -> tuple[str, str, str]:
    event = json.loads(stream.readline())
    return event["type"], event["object"]["metadata"]["name"], event["object"]["spec"]["address"]


def test_lists_select_by_fields_of_their_own_version(kube: FakeCluster, fails: list[bool], ask: Open) -> None:
    found = json.load(ask(f"{POSTS}?fieldSelector=spec.address%3Dthere"))
    assert [each["metadata"]["name"] for each in found["items"]] == ["b"]


def test_watches_select_by_fields_of_their_own_version(kube: FakeCluster, fails: list[bool], ask: Open) -> None:
    stream = ask(f"{POSTS}?watch=1&fieldSelector=spec.address%3Dthere")
    assert told(stream) == ("ADDED", "b", "there")
    move(kube, "a", "elsewhere")
    move(kube, "a", "there")
    assert told(stream) == ("ADDED", "a", "there")
    move(kube, "b", "here")
    assert told(stream) == ("DELETED", "b", "there")


def test_a_watch_shows_several_writes_of_one_object(kube: FakeCluster, fails: list[bool], ask: Open) -> None:
    stream = ask(f"{POSTS}?watch=1")
    assert {told(stream), told(stream)} == {("ADDED", "a", "here"), ("ADDED", "b", "there")}
    for place in "xyz":
        move(kube, "a", place)
    assert [told(stream) for _ in "xyz"] == [("MODIFIED", "a", place) for place in "xyz"]


def test_a_watch_is_put_off_while_the_webhook_fails(kube: FakeCluster, fails: list[bool], ask: Open) -> None:
    stream = ask(f"{POSTS}?watch=1")
    told(stream), told(stream)
    fails.append(True)
    move(kube, "a", "x")
    assert stream.read() == b""
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(f"{POSTS}?watch=1")
    status = json.load(refused.value)
    assert (status["code"], status["reason"]) == (429, "TooManyRequests")
    assert refused.value.headers["Retry-After"] == "1"
    assert "conversion webhook for example.com/v1, Kind=Post failed: " in status["message"]


def test_admission_that_cannot_see_the_object_in_its_version_refuses(kube: FakeCluster, fails: list[bool]) -> None:
    rule = {"apiGroups": ["example.com"], "apiVersions": ["v2"], "operations": ["*"], "resources": ["posts"]}
    kube.webhooks.serve("https://judge.example.com", lambda request: None)
    hook = {
        "name": "a.example.com",
        "rules": [rule],
        "clientConfig": {"url": "https://judge.example.com"},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
    }
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": "p"}}
    kube.create({**head, "kind": "ValidatingWebhookConfiguration", "webhooks": [hook]})
    fails.append(True)
    failed = "conversion webhook for example.com/v1, Kind=Post failed: "
    with pytest.raises(StatusError, match=f"Internal error occurred: {failed}"):
        move(kube, "a", "x")
    kube.delete("validatingwebhookconfigurations.admissionregistration.k8s.io", "p")
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": "true"}]}
    kube.create({**head, "kind": "ValidatingAdmissionPolicy", "spec": spec})
    binding = {"policyName": "p", "validationActions": ["Deny"]}
    kube.create({**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding})
    with pytest.raises(StatusError, match=f"failed to configure binding: failed to convert object version: {failed}"):
        move(kube, "a", "x")


def test_a_deletion_that_only_marks_answers_in_the_version_of_the_request(kube: FakeCluster, fails: list[bool]) -> None:
    kube.patch("posts.example.com", "a", {"metadata": {"finalizers": ["example.com/keep"]}})
    headers = {"Authorization": f"Bearer {kube.token}"}
    request = urllib.request.Request(f"{kube.url}{POSTS}/a", headers=headers, method="DELETE")
    with urllib.request.urlopen(request) as answer:
        found = json.load(answer)
    assert found["metadata"]["deletionTimestamp"]
    assert (found["apiVersion"], found["spec"]) == ("example.com/v2", {"address": "here"})


def test_a_version_is_asked_for_by_name(kube: FakeCluster, fails: list[bool]) -> None:
    """As with kubectl: PLURAL.VERSION.GROUP; without a version it is the one that is stored."""
    assert kube.get("posts.v2.example.com", "a")["spec"] == {"address": "here"}
    assert [post["spec"]["address"] for post in kube.list("posts.v2.example.com")] == ["here", "there"]
    assert kube.patch("posts.v2.example.com", "a", {"spec": {"address": "x"}})["spec"] == {"address": "x"}
    assert kube.get("posts.example.com", "a")["spec"] == {"host": "x"}
    with pytest.raises(ValueError, match=r"as it is stored, in example\.com/v1: say 'posts\.example\.com/a'"):
        kube.wait_for("posts.v2.example.com/a", "create")
