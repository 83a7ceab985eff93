"""Custom resources as operators use them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from fakekube.core.errors import StatusError

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(tls=False, seed=1)

GROUP = "shop.example"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CARTS = f"/apis/{GROUP}/v1/namespaces/default/carts"
SPEC: dict[str, Any] = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1},
        "colour": {"type": "string", "default": "red"},
        "wheels": {"type": "integer", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "fixed"}]},
    },
    "x-kubernetes-validations": [{"rule": "self.size < 10", "messageExpression": "self.size > 99 ? 'no' : 'less'"}],
}


def definition(**version: Any) -> dict[str, Any]:
    status = {"type": "object", "properties": {"size": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"spec": SPEC, "status": status}}
    scale = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    stated = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}, "scale": scale},
        "selectableFields": [{"jsonPath": ".spec.colour"}],
        "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
        **version,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"carts.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": "carts", "kind": "Cart"},
            "versions": [stated],
        },
    }


def cart(name: str = "a", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": f"{GROUP}/v1", "kind": "Cart", "metadata": {"name": name}, "spec": spec}


def ask(kube: FakeCluster, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    asked = {"Authorization": f"Bearer {kube.token}", "Content-Type": "application/json", **headers}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(kube.url + path, data, asked, method=method)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def patch(kube: FakeCluster, path: str, body: Any) -> tuple[int, Any]:
    return ask(kube, "PATCH", path, body, **{"Content-Type": "application/merge-patch+json"})


@pytest.fixture
def shop(kube: FakeCluster) -> FakeCluster:
    """A cluster with carts, which are served at once."""
    assert ask(kube, "POST", DEFINITIONS, definition())[0] == 201
    return kube


def test_objects_are_defaulted_pruned_and_judged(shop: FakeCluster) -> None:
    code, made = ask(shop, "POST", CARTS, cart(size=1, extra=True))
    assert code == 201
    assert made["spec"] == {"size": 1, "colour": "red"}
    code, refused = ask(shop, "POST", CARTS, cart("b", size=0))
    assert code == 422
    assert refused["message"] == (
        f'Cart.{GROUP} "b" is invalid: spec.size: Invalid value: 0: '
        "spec.size in body should be greater than or equal to 1"
    )
    assert ask(shop, "POST", CARTS, cart("c", size=12))[1]["message"].endswith("spec: Invalid value: less")
    assert ask(shop, "POST", CARTS, cart("d"))[1]["details"]["causes"][0]["field"] == "spec.size"


def test_status_scale_and_generation(shop: FakeCluster) -> None:
    ask(shop, "POST", CARTS, cart(size=1, wheels=4))
    code, changed = patch(shop, f"{CARTS}/a/status", {"spec": {"size": 9}, "status": {"size": 1}})
    assert (code, changed["spec"]["size"], changed["status"], changed["metadata"]["generation"]) == (
        200,
        1,
        {"size": 1},
        1,
    )
    code, scale = patch(shop, f"{CARTS}/a/scale", {"spec": {"replicas": 5}})
    assert (code, scale["spec"], scale["status"]) == (200, {"replicas": 5}, {"replicas": 1})
    found = ask(shop, "GET", f"{CARTS}/a")[1]
    assert (found["spec"]["size"], found["metadata"]["generation"]) == (5, 2)
    assert patch(shop, f"{CARTS}/a", {"spec": {"wheels": 3}})[1]["details"]["causes"][0]["message"] == (
        "Invalid value: 3: fixed"
    )


def test_selection_and_columns(shop: FakeCluster) -> None:
    for name, colour in (("a", "red"), ("b", "blue")):
        ask(shop, "POST", CARTS, cart(name, size=1, colour=colour))
    listed = ask(shop, "GET", f"{CARTS}?fieldSelector=spec.colour%3Dblue")[1]
    assert [item["metadata"]["name"] for item in listed["items"]] == ["b"]
    table = ask(shop, "GET", CARTS, Accept="application/json;as=Table;v=v1;g=meta.k8s.io")[1]
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Size"]
    assert [row["cells"] for row in table["rows"]] == [["a", 1], ["b", 1]]


def test_a_changed_schema_is_seen_on_objects_that_were_there(shop: FakeCluster) -> None:
    ask(shop, "POST", CARTS, cart(size=1))
    found = ask(shop, "GET", f"{DEFINITIONS}/carts.{GROUP}")[1]
    properties = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    properties["made"] = {"type": "string", "default": "here"}
    assert ask(shop, "PUT", f"{DEFINITIONS}/carts.{GROUP}", found)[0] == 200
    assert ask(shop, "GET", f"{CARTS}/a")[1]["spec"]["made"] == "here"
    assert ask(shop, "GET", CARTS)[1]["items"][0]["spec"]["made"] == "here"


def test_a_definition_goes_with_its_objects(shop: FakeCluster) -> None:
    ask(shop, "POST", CARTS, cart(size=1))
    assert ask(shop, "DELETE", f"{DEFINITIONS}/carts.{GROUP}")[0] == 200
    shop.settle()
    assert ask(shop, "GET", f"{DEFINITIONS}/carts.{GROUP}")[0] == 404
    assert ask(shop, "POST", DEFINITIONS, definition())[0] == 201
    assert ask(shop, "GET", CARTS)[1]["items"] == []


@pytest.mark.fakekube(tls=False, seed=1, controllers="none")
def test_definitions_are_established_without_controllers_too(shop: FakeCluster) -> None:
    shop.settle()
    found = ask(shop, "GET", f"{DEFINITIONS}/carts.{GROUP}")[1]
    assert {each["type"]: each["status"] for each in found["status"]["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }


def test_the_scale_of_a_custom_object_takes_no_apply(shop: FakeCluster) -> None:
    applied = {"Content-Type": "application/apply-patch+yaml"}
    assert ask(shop, "PATCH", f"{CARTS}/a?fieldManager=one", cart(size=2), **applied)[0] == 201
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a"}, "spec": {"replicas": 5}}
    code, told = ask(shop, "PATCH", f"{CARTS}/a/scale?fieldManager=two", scale, **applied)
    assert (code, told["message"]) == (409, 'Apply failed with 1 conflict: conflict with "one": .spec.replicas')
    assert ask(shop, "PATCH", f"{CARTS}/a/scale?fieldManager=two&force=true", scale, **applied)[0] == 500


def test_authorities_that_cannot_be_read_keep_a_definition_from_being_served(kube: FakeCluster) -> None:
    client = {"url": "https://convert.example.com", "caBundle": "aGVsbG8="}
    conversion = {"strategy": "Webhook", "webhook": {"clientConfig": client, "conversionReviewVersions": ["v1"]}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    names = {"plural": "carts", "kind": "Cart"}
    spec = {"group": "shop.example", "scope": "Namespaced", "names": names, "versions": [version]}
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    kube.create({**head, "metadata": {"name": "carts.shop.example"}, "spec": {**spec, "conversion": conversion}})
    kube.settle()

    def established() -> list[str]:
        found = kube.get("customresourcedefinitions.apiextensions.k8s.io", "carts.shop.example")
        return [each["reason"] for each in found["status"]["conditions"] if each["type"] == "Established"]

    cart = {"apiVersion": "shop.example/v1", "kind": "Cart", "metadata": {"name": "c"}}
    assert established() == ["InvalidCABundle"]
    with pytest.raises(StatusError):
        kube.create(cart)
    good = {"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": None}}}}}
    kube.patch("customresourcedefinitions.apiextensions.k8s.io", "carts.shop.example", good)
    kube.settle()
    assert established() == ["InitialNamesAccepted"]
    kube.create(cart)
    bad = {"spec": {"conversion": {"webhook": {"clientConfig": client}}}}
    why = 'caBundle: Invalid value: "aGVsbG8=": unable to load root certificates: unable to parse bytes as PEM block'
    with pytest.raises(StatusError, match=why):
        kube.patch("customresourcedefinitions.apiextensions.k8s.io", "carts.shop.example", bad)


@pytest.mark.parametrize(
    ("annotation", "status", "reason", "message"),
    [
        ("https://example.com/1", "True", "ApprovedAnnotation", "approved in https://example.com/1"),
        ("unapproved, a trial", "False", "UnapprovedAnnotation", 'not approved: "unapproved, a trial"'),
    ],
)
def test_groups_of_kubernetes_tell_of_their_approval(
    kube: FakeCluster, annotation: str, status: str, reason: str, message: str
) -> None:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    names = {"plural": "carts", "kind": "Cart"}
    spec = {"group": "trial.k8s.io", "scope": "Namespaced", "names": names, "versions": [version]}
    metadata = {"name": "carts.trial.k8s.io", "annotations": {"api-approved.kubernetes.io": annotation}}
    kube.create(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": metadata,
            "spec": spec,
        }
    )
    kube.settle()
    found = kube.get("customresourcedefinitions.apiextensions.k8s.io", "carts.trial.k8s.io")["status"]["conditions"]
    assert [each["type"] for each in found] == ["KubernetesAPIApprovalPolicyConformant", "NamesAccepted", "Established"]
    assert (found[0]["status"], found[0]["reason"], found[0]["message"]) == (status, reason, message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"apiVersion": f"{GROUP}/v1"}, "Object 'Kind' is missing in 'unstructured object has no kind'"),
        ({"kind": "Cart"}, "the API version in the data () does not match the expected API version (shop.example/v1)"),
    ],
)
def test_a_custom_object_must_say_what_it_is(kube: FakeCluster, body: dict[str, Any], message: str) -> None:
    kube.create(definition())
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {kube.token}"}
    data = json.dumps({**body, "metadata": {"name": "c"}, "spec": {"size": 1}}).encode()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(kube.url + CARTS, data, headers))
    status = json.load(refused.value)
    assert (status["code"], status["message"]) == (400, message)


def test_an_object_of_a_version_that_was_taken_away_cannot_be_read(kube: FakeCluster) -> None:
    kube.create(definition())
    cart = {"apiVersion": f"{GROUP}/v1", "kind": "Cart", "metadata": {"name": "c"}, "spec": {"size": 1}}
    kube.create(cart)
    name, stored = f"carts.{GROUP}", "customresourcedefinitions.apiextensions.k8s.io"
    first = kube.get(stored, name)["spec"]["versions"][0]
    second = {**first, "name": "v2"}
    kube.patch(stored, name, {"spec": {"versions": [{**first, "storage": False}, second]}})
    kube.patch(stored, name, {"status": {"storedVersions": ["v2"]}}, subresource="status")
    kube.patch(stored, name, {"spec": {"versions": [second]}})
    path = f"{kube.url}{CARTS.replace('/v1/', '/v2/')}"
    for asked in (path, f"{path}/c"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(asked, headers={"Authorization": f"Bearer {kube.token}"}))
        told = json.load(refused.value)["message"]
        assert told == "request to convert CR from an invalid group/version: shop.example/v1"


def test_an_object_that_its_definition_does_not_allow_any_more_can_be_changed_elsewhere(kube: FakeCluster) -> None:
    made = definition(selectableFields=[])
    del made["spec"]["versions"][0]["subresources"]
    name, stored = f"carts.{GROUP}", "customresourcedefinitions.apiextensions.k8s.io"
    loose = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    made["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {"type": "object", "properties": {"spec": loose}}
    kube.create(made)
    kube.create(
        {"apiVersion": f"{GROUP}/v1", "kind": "Cart", "metadata": {"name": "c"}, "spec": {"image": "x", "n": 1}}
    )
    image = {"type": "object", "properties": {"name": {"type": "string"}}}
    tight = {"type": "object", "properties": {"spec": {**loose, "properties": {"image": image}}}}
    version = {**made["spec"]["versions"][0], "schema": {"openAPIV3Schema": tight}}
    kube.patch(stored, name, {"spec": {"versions": [version]}})
    assert kube.patch(name, "c", {"spec": {"n": 2}})["spec"] == {"image": "x", "n": 2}
    with pytest.raises(StatusError, match=r"spec\.image in body must be of type object"):
        kube.patch(name, "c", {"spec": {"image": "y"}})
    mended = kube.patch(name, "c", {"spec": {"image": {"name": "x"}}})
    assert mended["spec"]["image"] == {"name": "x"}
