"""POST: what a client may send, what the server fills in, what it refuses."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import covers, different, equal, holds, look
from fakekube_conformance.objects import config_map, lease, pod

UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SUFFIX = "[bcdfghjklmnpqrstvwxz2456789]{5}"


@check("Creating an object answers 201 with the object as it was stored")
def created(case: Case) -> None:
    answer = case.post("configmaps", config_map("recipe", {"flour": "500g"}), status=201)
    equal("the object read afterwards", case.read("configmaps/recipe"), answer.body)


@check("A created object has a uid, a creation time of whole seconds and a resource version")
def server_fields(case: Case) -> None:
    metadata = case.create("coordination.k8s.io/v1/leases", lease("shift"))["metadata"]
    holds(f"the uid {metadata['uid']} is a random UUID", UID.fullmatch(metadata["uid"]))
    made = datetime.strptime(metadata["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    holds(f"it was made just now ({made})", abs(datetime.now(UTC) - made) < timedelta(minutes=5))
    holds("the resource version is a number above zero", int(metadata["resourceVersion"]) > 0)


@check("Objects have no selfLink")
def no_self_link(case: Case) -> None:
    made = case.create("configmaps", config_map("recipe", selfLink="/somewhere"))
    equal("metadata.selfLink", look(made, "metadata.selfLink"), None)


@check("A name that is taken is refused with AlreadyExists and names the object")
def already_exists(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    answer = case.post("configmaps", config_map("recipe"), status=409).because(
        "AlreadyExists", '"recipe" already exists'
    )
    equal("details", answer.look("details"), {"name": "recipe", "kind": "configmaps"})


@check("A uid and a creation time that a client sends on create are replaced by the server's own")
def client_identity_is_replaced(case: Case) -> None:
    sent: dict[str, Any] = {"uid": "11111111-2222-4333-8444-555555555555", "creationTimestamp": "2001-01-01T00:00:00Z"}
    metadata = case.create("configmaps", config_map("recipe", **sent))["metadata"]
    different("metadata.uid", metadata["uid"], sent["uid"])
    different("metadata.creationTimestamp", metadata["creationTimestamp"], sent["creationTimestamp"])


@check("A deletion time that a client sends on create is dropped")
def deletion_time_is_dropped(case: Case) -> None:
    made = case.create("configmaps", config_map("recipe", deletionTimestamp="2001-01-01T00:00:00Z"))
    equal("metadata.deletionTimestamp", look(made, "metadata.deletionTimestamp"), None)


@check("A null creation time, as many clients send it, is accepted on create")
def null_creation_time(case: Case) -> None:
    case.create("configmaps", config_map("recipe", creationTimestamp=None))


@check("A generated name is the prefix and five characters that read unmistakably")
def generated_name(case: Case) -> None:
    body = config_map("")
    body["metadata"] = {"generateName": "batch-"}
    made = case.create("configmaps", body)["metadata"]
    holds(f"{made['name']} is batch- and five safe characters", re.fullmatch(f"batch-{SUFFIX}", made["name"]))
    equal("metadata.generateName", made["generateName"], "batch-")


@check("Two objects of one generateName get different names")
def generated_names_differ(case: Case) -> None:
    body = {"metadata": {"generateName": "batch-"}}
    names = {case.create("configmaps", body)["metadata"]["name"] for _ in range(5)}
    equal("number of different names", len(names), 5)


@check("A name wins over generateName where both are given")
def name_wins(case: Case) -> None:
    made = case.create("configmaps", config_map("plain", generateName="batch-"))
    equal("metadata.name", made["metadata"]["name"], "plain")


@check("A very long generateName is cut so that the name keeps within its limit")
def long_prefix(case: Case) -> None:
    made = case.create("configmaps", {"metadata": {"generateName": "p" * 70}})["metadata"]["name"]
    holds(f"{made} is 63 characters long: 58 of the prefix and five", re.fullmatch(f"p{{58}}{SUFFIX}", made))


@check("An object without name and generateName is refused as Invalid")
def nameless(case: Case) -> None:
    answer = case.post("configmaps", {"metadata": {"labels": {"a": "b"}}}, status=422)
    answer.blames("metadata.name", cause="FieldValueRequired").because("Invalid", "name or generateName is required")


@check("A body may leave out kind and apiVersion: the path tells them")
def kind_from_path(case: Case) -> None:
    made = case.create("apps/v1/controllerrevisions", {"metadata": {"name": "first"}, "data": {}, "revision": 1})
    covers("answer", made, {"kind": "ControllerRevision", "apiVersion": "apps/v1"})


@check("A body of another kind than the path's is refused with BadRequest")
def other_kind(case: Case) -> None:
    body = config_map("recipe") | {"kind": "Endpoints"}
    case.post("configmaps", body, status=400).because("BadRequest", "cannot be handled as a ConfigMap")


@check("A body of another version than the path's is refused with BadRequest")
def other_version(case: Case) -> None:
    body = lease("shift") | {"apiVersion": "coordination.k8s.io/v7"}
    case.post("coordination.k8s.io/v1/leases", body, status=400).because("BadRequest")


@check("A namespace in the body must be the path's")
def other_namespace(case: Case) -> None:
    body = config_map("recipe", namespace="kube-public")
    answer = case.post("configmaps", body, status=400)
    answer.because(
        "BadRequest", "the namespace of the provided object does not match the namespace sent on the request"
    )


@check("A namespace left out of the body is taken from the path")
def namespace_from_path(case: Case) -> None:
    made = case.create("configmaps", config_map("recipe"))
    equal("metadata.namespace", made["metadata"]["namespace"], case.namespace)


@check("Nothing can be created in a namespace that does not exist")
def missing_namespace(case: Case) -> None:
    name = case.unique("nowhere")
    answer = case.post(f"/api/v1/namespaces/{name}/secrets", {"metadata": {"name": "key"}}, status=404)
    answer.because("NotFound", f'namespaces "{name}" not found')


@check("A body that is no JSON is refused with BadRequest")
def broken_json(case: Case) -> None:
    case.post("configmaps", '{"metadata": {"name": "recipe"', status=400).because("BadRequest")


@check("An empty body is refused with BadRequest")
def empty_body(case: Case) -> None:
    case.post("configmaps", "", status=400).because("BadRequest")


@check("A value of the wrong JSON type is refused with BadRequest and names the Go type it should have")
def wrong_type(case: Case) -> None:
    body = {"metadata": {"name": "recipe"}, "data": {"eggs": 3}}
    answer = case.post("configmaps", body, status=400)
    answer.because("BadRequest", "cannot unmarshal number", "of type string")


@check("POST to an object's own path is not allowed")
def post_to_object(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    case.post("configmaps/recipe", config_map("recipe"), status=405).because("MethodNotAllowed")


@check("A resource version on create is refused, for the object cannot have been read")
def resource_version_on_create(case: Case) -> None:
    answer = case.post("configmaps", config_map("recipe", resourceVersion="42"), status=500)
    holds(
        "the message says why", "resourceVersion should not be set on objects to be created" in answer.look("message")
    )


@check("A status sent on create is dropped and begins as the server says")
def status_on_create(case: Case) -> None:
    made = case.create("pods", pod("runner") | {"status": {"phase": "Failed", "message": "made up"}})
    covers("status", made["status"], {"phase": "Pending", "message": None})
