"""Admission webhooks as tests use them: functions, ASGI applications and listeners that answer real admission calls."""

from __future__ import annotations

import base64
import http.server
import json
import ssl
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakekube.access.certificates import Authority
from fakekube.core.errors import StatusError

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(tls=False, seed=1, controllers=[])
API = "admissionregistration.k8s.io/v1"


def config_map(name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, **more}


def configuration(kind: str, client: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A configuration of one webhook for config maps."""
    hook = {
        "name": "a.example.com",
        "clientConfig": client,
        "rules": [{"apiGroups": [""], "apiVersions": ["*"], "operations": ["*"], "resources": ["configmaps"]}],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        **more,
    }
    return {"apiVersion": API, "kind": f"{kind}WebhookConfiguration", "metadata": {"name": "a"}, "webhooks": [hook]}


# --- functions


def test_a_function_changes_objects_and_another_denies_them(kube: FakeCluster) -> None:
    @kube.webhooks.mutating("configmaps", operations=["CREATE"])
    def paint(request: dict[str, Any]) -> None:
        request["object"]["metadata"]["labels"] = {"colour": "blue"}

    @kube.webhooks.validating("configmaps")
    async def refuse_empty(request: dict[str, Any]) -> str | None:
        return None if request["object"].get("data") else "there is nothing in it"

    made = kube.create(config_map("full", data={"a": "1"}))
    assert made["metadata"]["labels"] == {"colour": "blue"}
    assert all("f:labels" not in json.dumps(each["fieldsV1"]) for each in made["metadata"]["managedFields"])
    with pytest.raises(StatusError, match="there is nothing in it") as refused:
        kube.create(config_map("empty"))
    assert refused.value.code == 400
    assert refused.value.message.startswith('admission webhook "refuse-empty.webhooks.invalid" denied the request: ')


@pytest.mark.parametrize(
    ("outcome", "label"),
    [
        (None, None),
        (True, None),
        ([], None),
        ([{"op": "add", "path": "/metadata/labels", "value": {"a": "1"}}], "1"),
        ({"allowed": True, "patch": [{"op": "add", "path": "/metadata/labels", "value": {"a": "2"}}]}, "2"),
    ],
)
def test_what_a_function_may_answer_to_allow(kube: FakeCluster, outcome: Any, label: str | None) -> None:
    kube.webhooks.mutating("configmaps", name="any")(lambda request: outcome)
    assert kube.create(config_map("m"))["metadata"].get("labels", {}).get("a") == label


@pytest.mark.parametrize(
    ("outcome", "code", "message"),
    [
        (False, 400, "without explanation"),
        ("no", 400, "denied the request: no"),
        ({"allowed": False, "status": {"code": 409, "message": "later"}}, 409, "denied the request: later"),
        ({"allowed": False, "status": {"reason": "Because"}}, 400, "denied the request: Because"),
        (7, 500, "TypeError: a webhook returns"),
    ],
)
def test_what_a_function_may_answer_to_deny(kube: FakeCluster, outcome: Any, code: int, message: str) -> None:
    kube.webhooks.validating("configmaps", name="any")(lambda request: outcome)
    with pytest.raises(StatusError, match=message) as refused:
        kube.create(config_map("m"))
    assert refused.value.code == code


def test_a_function_that_fails_is_a_failed_call(kube: FakeCluster) -> None:
    def broken(request: dict[str, Any]) -> None:
        raise ValueError("oh no")

    kube.webhooks.validating("configmaps", name="strict")(broken)
    with pytest.raises(StatusError, match="ValueError: oh no") as refused:
        kube.create(config_map("m"))
    assert refused.value.reason == "InternalError"
    kube.patch("validatingwebhookconfigurations", "strict", patch_policy("strict", "Ignore"), type="strategic")
    assert kube.create(config_map("m"))


def patch_policy(name: str, policy: str) -> dict[str, Any]:
    return {"webhooks": [{"name": f"{name}.webhooks.invalid", "failurePolicy": policy}]}


def test_deletions_are_judged_each_of_a_collection_without_a_name(kube: FakeCluster) -> None:
    names: list[tuple[Any, str]] = []

    @kube.webhooks.validating("configmaps", operations=["DELETE"])
    def note(request: dict[str, Any]) -> None:
        names.append((request.get("name"), request["oldObject"]["metadata"]["name"]))
        assert request["object"] is None

    kube.create(config_map("m"))
    kube.delete("configmaps", "m")
    assert names == [("m", "m")]


def test_managed_fields_that_nobody_can_read_are_put_back(kube: FakeCluster) -> None:
    @kube.webhooks.mutating("configmaps")
    def spoil(request: dict[str, Any]) -> None:
        request["object"]["metadata"]["managedFields"] = [{"manager": "x", "fieldsType": "FieldsV9"}]

    made = kube.create(config_map("m", data={"a": "1"}))
    assert [each["manager"] for each in made["metadata"]["managedFields"]] == ["fakekube"]
    assert kube.patch("configmaps", "m", {"data": {"a": "2"}})["data"] == {"a": "2"}


# --- between two writes


@pytest.mark.parametrize("kind", ["merge", "strategic", "json", "apply"])
def test_a_write_that_came_while_a_webhook_was_asked_is_not_lost(kube: FakeCluster, kind: str) -> None:
    asked: list[dict[str, Any]] = []
    kube.create(config_map("m", data={"a": "1"}))

    @kube.webhooks.mutating("configmaps", operations=["UPDATE"])
    def slow(request: dict[str, Any]) -> None:
        asked.append(request["object"]["data"])
        request["object"]["data"]["seen"] = "yes"
        if len(asked) == 1:
            kube.patch("configmaps", "m", {"data": {"between": "1"}})

    patches: dict[str, Any] = {
        "merge": {"data": {"b": "2"}},
        "strategic": {"data": {"b": "2"}},
        "json": [{"op": "add", "path": "/data/b", "value": "2"}],
        "apply": config_map("m", data={"b": "2"}),
    }
    made = kube.patch("configmaps", "m", patches[kind], type=kind)
    assert made["data"] == {"a": "1", "b": "2", "between": "1", "seen": "yes"}
    assert len(asked) == 3


def test_a_replacement_is_made_again_as_it_was_sent_unless_it_names_a_version(kube: FakeCluster) -> None:
    kube.create(config_map("m", data={"a": "1"}))
    asked: list[dict[str, Any]] = []

    @kube.webhooks.mutating("configmaps", operations=["UPDATE"])
    def slow(request: dict[str, Any]) -> list[dict[str, Any]]:
        asked.append(request["object"]["data"])
        if len(asked) in (1, 4):
            kube.patch("configmaps", "m", {"data": {"between": str(len(asked))}})
        return [{"op": "add", "path": f"/data/seen{len(asked)}", "value": "yes"}]

    put(kube, config_map("m", data={"b": "2"}))
    assert asked[0] == asked[2] == {"b": "2"}
    stale = kube.get("configmaps", "m")
    with pytest.raises(StatusError) as refused:
        put(kube, stale)
    assert refused.value.code == 409


def put(kube: FakeCluster, obj: dict[str, Any]) -> None:
    client = kube._cluster.client  # the methods of a FakeCluster have no replacement
    kube._call(client.update("configmaps", "default", obj["metadata"]["name"], obj))


# --- what is asked


def test_reinvocation_runs_the_built_in_plugins_again_and_adds_nothing_twice(kube: FakeCluster) -> None:
    rounds: list[int] = []

    @kube.webhooks.mutating("pods", name="a-first", operations=["CREATE"], reinvocationPolicy="IfNeeded")
    def first(request: dict[str, Any]) -> None:
        rounds.append(len(request["object"]["spec"]["containers"]))

    @kube.webhooks.mutating("pods", name="b-second", operations=["CREATE"])
    def second(request: dict[str, Any]) -> None:
        request["object"]["spec"]["containers"].append({"name": "sidecar", "image": "i"})

    kube.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    made = kube.create(pod)
    assert rounds == [1, 2]
    assert [len(each["volumeMounts"]) for each in made["spec"]["containers"]] == [1, 1]
    assert len(made["spec"]["volumes"]) == 1


def test_a_rule_for_one_version_gets_what_is_written_in_another(kube: FakeCluster) -> None:
    seen: list[dict[str, Any]] = []

    def note(request: dict[str, Any]) -> None:
        seen.append(request)
        request["object"]["spec"]["maxReplicas"] += 1

    rule = {"apiGroups": ["autoscaling"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["*"]}
    kube.webhooks.mutating("hpa", name="note", rules=[rule])(note)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    made = kube.create(
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "h"},
            "spec": {"maxReplicas": 3, "scaleTargetRef": target, "metrics": [metric]},
        }
    )
    assert made["spec"]["maxReplicas"] == 4
    assert made["spec"]["metrics"] == [metric]
    request = seen[0]
    assert request["kind"]["version"] == "v1"
    assert request["requestKind"]["version"] == "v2"
    assert request["object"]["spec"]["targetCPUUtilizationPercentage"] == 50


def test_a_scale_is_shown_as_one(kube: FakeCluster) -> None:
    @kube.webhooks.mutating("deployments/scale", operations=["UPDATE"])
    def at_most_three(request: dict[str, Any]) -> None:
        assert request["kind"]["kind"] == "Scale"
        spec = request["object"]["spec"]
        spec["replicas"] = min(spec["replicas"], 3)

    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    kube.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec})
    assert kube.patch("deploy", "d", {"spec": {"replicas": 5}}, subresource="scale")["spec"]["replicas"] == 3
    assert kube.get("deploy", "d")["spec"]["replicas"] == 3


def test_selectors_choose_by_namespace_and_by_the_labels_before_and_after(kube: FakeCluster) -> None:
    selectors = {
        "namespaceSelector": {"matchExpressions": [{"key": "free", "operator": "DoesNotExist"}]},
        "objectSelector": {"matchLabels": {"guarded": "yes"}},
    }
    kube.webhooks.validating("configmaps", name="guard", **selectors)(lambda request: "no")
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "free", "labels": {"free": ""}}})
    guarded = config_map("m")
    guarded["metadata"]["labels"] = {"guarded": "yes"}
    with pytest.raises(StatusError):
        kube.create(guarded)
    guarded["metadata"]["namespace"] = "free"
    assert kube.create(guarded)
    assert kube.create(config_map("m"))


# --- applications and listeners


async def review(request: Request) -> Response:
    asked = (await request.json())["request"]
    answer = {"uid": asked["uid"], "allowed": asked["name"] != "bad", "status": {"message": request.url.path}}
    return JSONResponse({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer})


APP = Starlette(routes=[Route("/judge", review, methods=["POST"])])


@pytest.mark.parametrize("where", ["hooks/judge", "hooks/judge:443"])
def test_an_application_stands_for_a_service(kube: FakeCluster, where: str) -> None:
    kube.webhooks.serve(where, APP)
    client = {"service": {"namespace": "hooks", "name": "judge", "path": "/judge"}}
    kube.create(configuration("Validating", client))
    assert kube.create(config_map("good"))
    with pytest.raises(StatusError, match="denied the request: /judge"):
        kube.create(config_map("bad"))


def test_a_path_that_the_application_does_not_have_is_a_failed_call(kube: FakeCluster) -> None:
    kube.webhooks.serve("https://judge.example.com", APP)
    kube.create(configuration("Validating", {"url": "https://judge.example.com/other"}))
    with pytest.raises(StatusError, match="failed to call webhook: the server could not find the requested resource"):
        kube.create(config_map("m"))


class Listener(http.server.BaseHTTPRequestHandler):
    """Allows everything, some of it late."""

    protocol_version = "HTTP/1.1"
    connections: set[Any]

    def do_POST(self) -> None:
        self.server.connections.add(self.client_address)  # type: ignore[attr-defined]
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        if asked["name"] == "late":
            time.sleep(1.5)
        answer = {"uid": asked["uid"], "allowed": True, "warnings": [self.headers["Host"]]}
        raw = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *arguments: Any) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # callers that hang up, as some tests let them


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[tuple[int, str, set[Any]]]:
    """A TLS listener on this machine for hook.default.svc: its port, its caBundle, and who connected."""
    authority = Authority(time.time())
    credential = authority.issue_server(["hook.default.svc"], time.time())
    chain = tmp_path / "chain.pem"
    chain.write_bytes(credential.key_pem + credential.certificate_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    with Server(("127.0.0.1", 0), Listener) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.connections = set()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        bundle = base64.b64encode(authority.pem).decode()
        yield server.server_address[1], bundle, server.connections  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


SERVICE = {"namespace": "default", "name": "hook", "port": 8443}


def test_a_registered_port_answers_for_a_service_over_tls_and_is_kept_connected(
    kube: FakeCluster, listener: tuple[int, str, set[Any]]
) -> None:
    port, bundle, connections = listener
    kube.webhooks.serve("default/hook", port)
    kube.create(configuration("Validating", {"service": SERVICE, "caBundle": bundle}))
    for index in range(5):
        kube.create(config_map(f"m{index}"))
    assert len(connections) == 1


def test_what_is_wrong_with_tls_is_told_as_go_tells_it(kube: FakeCluster, listener: tuple[int, str, set[Any]]) -> None:
    port, bundle, _ = listener
    kube.create(configuration("Validating", {"url": f"https://127.0.0.1:{port}/x"}))
    with pytest.raises(StatusError, match="x509: certificate signed by unknown authority"):
        kube.create(config_map("m"))
    kube.webhooks.serve("default/other", port)
    other = configuration("Validating", {"service": {**SERVICE, "name": "other"}, "caBundle": bundle})
    kube.delete("validatingwebhookconfigurations", "a")
    kube.create(other)
    told = r'Post "https://other.default.svc:8443/\?timeout=10s": tls: failed to verify certificate: x509: certificate'
    with pytest.raises(StatusError, match=f"{told} is valid for .*, hook.default.svc, not other.default.svc"):
        kube.create(config_map("m"))


def test_a_listener_that_is_late_is_waited_for_as_long_as_configured(
    kube: FakeCluster, listener: tuple[int, str, set[Any]]
) -> None:
    port, bundle, _ = listener
    client = {"url": f"https://127.0.0.1:{port}/", "caBundle": bundle}
    kube.create(configuration("Validating", client, timeoutSeconds=1))
    told = f'Post "https://127.0.0.1:{port}/?timeout=1s": context deadline exceeded'
    with pytest.raises(StatusError) as refused:
        kube.create(config_map("late"))
    assert refused.value.message.endswith(told)
    assert kube.create(config_map("early"))


def test_a_service_leads_to_the_endpoints_that_somebody_wrote(kube: FakeCluster) -> None:
    kube.create(configuration("Validating", {"service": SERVICE}))
    steps = [
        ('service "hook" not found', None),
        ('no service port 8443 found for service "hook"', {"ports": [{"port": 443}]}),
        (r"dial tcp 10\.\d+\.\d+\.\d+:8443: connect: connection refused", {"ports": [{"port": 8443}]}),
    ]
    for told, spec in steps:
        if spec is not None:
            kube.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "hook"}, "spec": spec})
        with pytest.raises(StatusError, match=told):
            kube.create(config_map("m"))


def test_a_service_may_say_where_its_server_listens(kube: FakeCluster, listener: tuple[int, str, set[Any]]) -> None:
    port, bundle, connections = listener
    metadata = {"name": "hook", "annotations": {"fakekube/address": f"127.0.0.1:{port}"}}
    kube.apply({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 8443}]}})
    kube.create(configuration("Validating", {"service": SERVICE, "caBundle": bundle}))
    assert kube.create(config_map("m"))
    assert connections
    kube.patch("services", "hook", {"metadata": {"annotations": {"fakekube/address": "nowhere"}}})
    with pytest.raises(StatusError, match="the annotation fakekube/address is HOST:PORT"):
        kube.create(config_map("n"))


def test_a_function_converts_custom_resources(kube: FakeCluster) -> None:
    def convert(request: dict[str, Any]) -> list[dict[str, Any]]:
        wanted, other = ("host", "address") if request["desiredAPIVersion"].endswith("v1") else ("address", "host")
        made = [{**obj, "apiVersion": request["desiredAPIVersion"]} for obj in request["objects"]]
        return [{**obj, "spec": {wanted: obj["spec"][other]}} for obj in made]

    kube.webhooks.serve("https://convert.example.com", convert)

    def version(name: str, field: str, storage: bool) -> dict[str, Any]:
        spec = {"type": "object", "properties": {field: {"type": "string"}}}
        schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
        return {"name": name, "served": True, "storage": storage, "schema": schema}

    webhook = {"conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://convert.example.com"}}
    spec = {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "posts", "kind": "Post"},
        "versions": [version("v1", "host", True), version("v2", "address", False)],
        "conversion": {"strategy": "Webhook", "webhook": webhook},
    }
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    kube.create({**definition, "metadata": {"name": "posts.example.com"}, "spec": spec})
    post = {"apiVersion": "example.com/v2", "kind": "Post", "metadata": {"name": "p"}, "spec": {"address": "here"}}
    kube.create(post)
    assert kube.get("posts.example.com", "p")["spec"] == {"host": "here"}


def test_admission_sees_a_generated_name_and_version_once_they_are_known(kube: FakeCluster) -> None:
    seen: list[dict[str, Any]] = []

    @kube.webhooks.mutating("configmaps")
    def before(request: dict[str, Any]) -> None:
        seen.append(json.loads(json.dumps(request)))

    @kube.webhooks.validating("configmaps")
    def after(request: dict[str, Any]) -> None:
        seen.append(request)

    system = {"uid": "x", "creationTimestamp": "2020-01-01T00:00:00Z"}
    head = {"apiVersion": "v1", "kind": "ConfigMap"}
    made = kube.create({**head, "metadata": {"generateName": "g-", "namespace": "default", **system}})
    first, second = seen
    assert "name" not in first
    assert not system.keys() & first["object"]["metadata"].keys()
    assert second["name"] == second["object"]["metadata"]["name"] == made["metadata"]["name"]
    assert second["object"]["metadata"]["uid"] == made["metadata"]["uid"] != "x"


@pytest.mark.parametrize(("method", "when"), [("POST", ""), ("PATCH", " after mutating admission happens")])
def test_owners_that_are_named_twice_are_kept_once(kube: FakeCluster, method: str, when: str) -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u"}
    twice = {"metadata": {"name": "c", "ownerReferences": [owner, owner]}}
    path, kind = "/api/v1/namespaces/default/configmaps", "application/json"
    if method == "PATCH":
        kube.create(config_map("c"))
        path, kind = f"{path}/c", "application/merge-patch+json"
    headers = {"Content-Type": kind, "Authorization": f"Bearer {kube.token}"}
    request = urllib.request.Request(kube.url + path, json.dumps(twice).encode(), headers, method=method)
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["metadata"]["ownerReferences"] == [owner]
        (warning,) = answer.headers.get_all("Warning")
    assert f"contains duplicate entries{when}; API server dedups owner references" in warning
    assert "duplicate UID(s) observed: u" in warning


def test_a_whole_name_is_told_as_it_stands(kube: FakeCluster) -> None:
    kube.webhooks.validating("configmaps", name="rules.example.com")(lambda request: "no")
    with pytest.raises(StatusError, match=r'^admission webhook "rules\.example\.com" denied the request: no$'):
        kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})


def test_what_webhooks_do_not_have_is_refused(kube: FakeCluster) -> None:
    with pytest.raises(TypeError, match="webhooks have no failurepolicy; there are "):
        kube.webhooks.validating("configmaps", failurepolicy="Ignore")
