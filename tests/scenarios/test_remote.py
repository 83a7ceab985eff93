"""What tests in other languages ask of pods and nodes, over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakekube import FakeCluster

pytestmark = pytest.mark.fakekube(clock="virtual", tls=False, seed="remote")
BEHAVIOURS = "/fakekube/behaviours"


def ask(kube: FakeCluster, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token or kube.token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(kube.url + path, data, headers, method=method)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def pod(name: str = "a") -> dict[str, Any]:
    spec = {"containers": [{"name": "c", "image": "i", "env": [{"name": "GREETING", "value": "hello"}]}]}
    meta = {"name": name, "labels": {"app": "web"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def ready(kube: FakeCluster, name: str = "a") -> bool:
    kube.settle()
    return bool(kube.get("pods", name)["status"]["containerStatuses"][0]["ready"])


def test_behaviours_are_told_listed_and_taken_back(kube: FakeCluster) -> None:
    code, told = ask(kube, "POST", BEHAVIOURS, {"selector": {"app": "web"}, "ready": False})
    assert (code, told) == (201, {"id": told["id"], "selector": {"app": "web"}, "ready": False})
    kube.apply(pod())
    assert not ready(kube)
    assert ask(kube, "GET", BEHAVIOURS) == (200, {"items": [told]})
    assert ask(kube, "GET", f"{BEHAVIOURS}/{told['id']}") == (200, told)
    assert ask(kube, "DELETE", f"{BEHAVIOURS}/{told['id']}") == (200, told)
    assert ready(kube)
    assert ask(kube, "DELETE", f"{BEHAVIOURS}/{told['id']}")[0] == 404
    ask(kube, "POST", BEHAVIOURS, {"selector": "app=web", "namespace": "default", "name": "a", "ready": False})
    assert not ready(kube)
    assert ask(kube, "DELETE", BEHAVIOURS) == (200, {"items": []})
    assert ready(kube)


def test_a_reset_forgets_behaviours(kube: FakeCluster) -> None:
    ask(kube, "POST", BEHAVIOURS, {"selector": {}, "crash": True})
    kube.reset()
    assert ask(kube, "GET", BEHAVIOURS) == (200, {"items": []})


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"selector": {}, "redy": False}, "unknown field 'redy'; known are: selector, namespace, name, container, "),
        ({"selector": {}}, "say how they are to behave: crash, "),
        ({"ready": False}, "selector is needed"),
        ({"selector": {"app": 1}, "ready": False}, "selector must be labels"),
        ({"selector": "app in web", "ready": False}, ""),
        ({"selector": {}, "ready": "no"}, "ready must be true or false, not 'no'"),
        ({"selector": {}, "exit_after": -1}, "exit_after must be a number of seconds, 0 or more, not -1"),
        ({"selector": {}, "exit_code": 300}, "exit_code must be an exit code from 0 to 255, not 300"),
        ({"selector": {}, "container": 1, "oom": True}, "container must be text, not 1"),
        ([], "expected an object"),
    ],
)
def test_what_cannot_be_is_refused_with_words(kube: FakeCluster, body: Any, says: str) -> None:
    code, status = ask(kube, "POST", BEHAVIOURS, body)
    assert (code, status["kind"], status["reason"]) == (400, "Status", "BadRequest")
    assert status["message"].startswith(says)


def test_who_is_not_known_is_refused(kube: FakeCluster) -> None:
    assert ask(kube, "GET", BEHAVIOURS, token="wrong")[0] == 401


def test_kubelets_fall_silent_and_speak_again(kube: FakeCluster) -> None:
    assert ask(kube, "POST", "/fakekube/kubelets/node-1/stop") == (200, {"speaking": ["node-2", "node-3"]})
    assert ask(kube, "POST", "/fakekube/kubelets/node-1/start") == (200, {"speaking": ["node-1", "node-2", "node-3"]})
    assert ask(kube, "POST", "/fakekube/kubelets/node-2/shutdown") == (200, {"speaking": ["node-1", "node-3"]})
    for what in ("stop", "start", "shutdown"):
        code, status = ask(kube, "POST", f"/fakekube/kubelets/node-9/{what}")
        assert (code, status["message"][:30]) == (400, "'node-9' is not a node that th")


def test_the_environment_of_a_container(kube: FakeCluster) -> None:
    kube.apply(pod())
    code, found = ask(kube, "GET", "/fakekube/environment/default/a")
    assert (code, found["GREETING"], found["KUBERNETES_SERVICE_PORT"]) == (200, "hello", "443")
    assert ask(kube, "GET", "/fakekube/environment/default/a?container=x")[0] == 400
    assert ask(kube, "GET", "/fakekube/environment/default/b")[0] == 404


def test_annotations_that_nobody_knows_are_warned_of(kube: FakeCluster) -> None:
    template = {"metadata": {"annotations": {"fakekube/exitcode": "3"}, "labels": {"a": "b"}}, "spec": pod()["spec"]}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}
    request = urllib.request.Request(
        f"{kube.url}/apis/apps/v1/namespaces/default/deployments",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {kube.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert "unknown annotation fakekube/exitcode" in answer.headers["Warning"]
