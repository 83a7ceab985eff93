"""Whatever is sent, wherever to: the answer is a Status or an object, never a crash; what was refused changed
nothing."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from fakekube import FakeCluster

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
pytestmark = pytest.mark.fakekube(tls=False, controllers="none", nodes=1)

RESOURCES = (
    "/api/v1/namespaces/default/pods",
    "/api/v1/namespaces/default/services",
    "/api/v1/namespaces/default/configmaps",
    "/api/v1/namespaces",
    "/api/v1/nodes",
    "/apis/apps/v1/namespaces/default/deployments",
    "/apis/apps/v1/namespaces/default/statefulsets",
    "/apis/batch/v1/namespaces/default/jobs",
    "/apis/batch/v1/namespaces/default/cronjobs",
    "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers",
    "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
    "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
    "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
    "/apis/events.k8s.io/v1/namespaces/default/events",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims",
    "/apis/storage.k8s.io/v1/storageclasses",
    "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    "/api/v1/namespaces/default/serviceaccounts/default/token",
    "/api/v1/namespaces/default/pods/p/binding",
    "/api/v1/namespaces/default/pods/p/eviction",
)
WORDS = (
    "metadata", "name", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "generateName", "uid",
    "resourceVersion", "managedFields", "spec", "status", "template", "containers", "selector", "matchLabels", "ports",
    "port", "replicas", "type", "rules", "data", "stringData", "kind", "apiVersion", "versions", "names", "schema",
    "group", "items", "limits", "resources", "requests", "cpu", "$patch", "metrics", "target", "webhooks",
    "validations", "deletionTimestamp", "creationTimestamp", "clusterIP", "addressType", "endpoints", "schedule",
    "jobTemplate",
)  # fmt: skip
MEDIA = (
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "text/plain",
    "",
)
scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=25,
)
objects = st.dictionaries(st.sampled_from(WORDS), values, max_size=6)
names = st.sampled_from(("", "/a", "/a/status", "/a/scale", "/..%2f", "/%00", "/a/b/c"))
queries = st.sampled_from(
    ("", "?dryRun=All", "?fieldManager=m&force=true", "?fieldValidation=Strict", "?limit=-1",
    "?watch=1&timeoutSeconds=1",
     "?labelSelector=a%20in%20(", "?fieldSelector=x", "?continue=%ff", "?resourceVersion=x&resourceVersionMatch=Exact")
)  # fmt: skip


POD = {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80}], "env": [{"name": "A", "value":
"b"}],
                       "resources": {"limits": {"cpu": "1"}}, "livenessProbe": {"httpGet": {"path": "/", "port": 80}}}],
       "volumes": [{"name": "v", "emptyDir": {}}], "tolerations": [{"operator": "Exists"}],
       "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
           {"matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}]}}}}  # fmt: skip
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": POD}
SCHEMA = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"n": {"type": "integer"}}}}}
VALID: dict[str, dict[str, Any]] = {
    "/api/v1/namespaces/default/pods": {"spec": POD},
    "/api/v1/namespaces/default/services": {
        "spec": {
            "type": "NodePort",
            "selector": {"a": "b"},
            "ports": [{"port": 80, "nodePort": 30001, "targetPort": "x"}],
        }
    },
    "/api/v1/nodes": {"spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}, "status": {"capacity": {"cpu": "1"}}},
    "/api/v1/persistentvolumes": {
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}
    },
    "/apis/apps/v1/namespaces/default/deployments": {
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": TEMPLATE, "strategy": {"type": "RollingUpdate"}}
    },
    "/apis/batch/v1/namespaces/default/cronjobs": {
        "spec": {
            "schedule": "* * * * *",
            "jobTemplate": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}},
        }
    },
    "/apis/networking.k8s.io/v1/namespaces/default/ingresses": {
        "spec": {
            "rules": [
                {
                    "host": "a.b",
                    "http": {
                        "paths": [
                            {
                                "path": "/",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "s", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ]
        }
    },
    "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers": {
        "spec": {
            "maxReplicas": 3,
            "scaleTargetRef": {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"},
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
                }
            ],
        }
    },
    "/apis/rbac.authorization.k8s.io/v1/clusterroles": {
        "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]
    },
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": {
        "spec": {
            "group": "fuzz.test",
            "scope": "Namespaced",
            "names": {"plural": "fuzzes", "kind": "Fuzz"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}],
        }
    },
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all parts of a value."""
    found = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        found += places(part, (*path, key))
    return found


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with another one at a path."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@st.composite
def nearly_valid(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A collection and an object for it with one or two parts replaced."""
    collection = draw(st.sampled_from(sorted(VALID)))
    obj: Any = {"metadata": {"name": "fuzzes.fuzz.test", "labels": {"a": "b"}}, **VALID[collection]}
    for _ in range(draw(st.integers(1, 2))):
        obj = changed(obj, draw(st.sampled_from([place for place in places(obj) if place])), draw(values))
    return collection, obj


class Sender:
    """One keep-alive connection; every answer is read whole."""

    def __init__(self, kube: FakeCluster) -> None:
        self._address = kube.url.removeprefix("http://")
        self._token = kube.token

    def __call__(self, method: str, path: str, body: bytes = b"", media: str = "application/json") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._address, timeout=10)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": media}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def check(code: int, answer: bytes) -> None:
    """A 500 is allowed only as the real server words it: a Status with a message, never a crash."""
    if code >= 500:
        status = json.loads(answer)
        assert status["kind"] == "Status", answer
        assert status["message"], answer
        assert "fakekube failed" not in status["message"], answer
    elif code >= 400 and not answer.startswith(b"404 page"):
        assert json.loads(answer)["code"] == code


@QUICK
@given(
    st.sampled_from(("POST", "PUT", "PATCH", "DELETE")),
    st.sampled_from(RESOURCES),
    names,
    queries,
    st.sampled_from(MEDIA),
    st.binary(max_size=60),
)
def test_random_bytes(
    kube: FakeCluster, method: str, path: str, name: str, query: str, media: str, body: bytes
) -> None:
    check(*Sender(kube)(method, path + name + query, body, media))


@QUICK
@given(
    st.sampled_from(("POST", "PUT", "PATCH")),
    st.sampled_from(RESOURCES),
    names,
    queries,
    st.sampled_from(MEDIA),
    objects,
)
def test_random_objects(
    kube: FakeCluster, method: str, path: str, name: str, query: str, media: str, body: dict[str, Any]
) -> None:
    check(*Sender(kube)(method, path + name + query, json.dumps(body).encode(), media))


@QUICK
@given(st.sampled_from(RESOURCES), values, st.sampled_from(MEDIA[3:7]))
def test_random_patches_of_a_deployment_change_it_or_nothing(
    kube: FakeCluster, path: str, patch: Any, media: str
) -> None:
    send = Sender(kube)
    place = "/apis/apps/v1/namespaces/default/deployments"
    container = {"name": "c", "image": "i"}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}}
    wanted = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    send("POST", place, json.dumps(wanted).encode())
    before = send("GET", place + "/d")
    code, answer = send("PATCH", f"{place}/d?fieldManager=fuzz", json.dumps(patch).encode(), media)
    check(code, answer)
    if code >= 400:
        assert send("GET", place + "/d") == before


@QUICK
@given(st.sampled_from(RESOURCES), st.text(max_size=20), st.sampled_from(("GET", "HEAD", "OPTIONS", "TRACE", "POST")))
def test_random_paths(kube: FakeCluster, base: str, tail: str, method: str) -> None:
    path = base + "/" + tail.encode("utf-8", "surrogatepass").hex("%", 1).replace("%", "%") if tail else base
    code, answer = Sender(kube)(method, path)
    if method != "HEAD":
        check(code, answer)


@QUICK
@given(nearly_valid(), st.sampled_from(("POST", "PUT", "apply", "merge", "strategic")))
def test_nearly_valid_objects(kube: FakeCluster, made: tuple[str, dict[str, Any]], how: str) -> None:
    collection, obj = made
    send = Sender(kube)
    body = json.dumps(obj).encode()
    if how == "POST":
        check(*send("POST", collection, body))
    elif how == "PUT":
        check(*send("PUT", f"{collection}/fuzzes.fuzz.test", body))
    else:
        media = {"apply": MEDIA[6], "merge": MEDIA[4], "strategic": MEDIA[5]}[how]
        check(*send("PATCH", f"{collection}/fuzzes.fuzz.test?fieldManager=m", body, media))
    check(*send("GET", collection))
