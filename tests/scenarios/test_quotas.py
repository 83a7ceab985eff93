"""Quotas hold everyone to their limits."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from fakekube import FakeCluster


def quota(kube: FakeCluster, hard: dict[str, str], **spec: Any) -> None:
    meta = {"name": "limit", "namespace": "default"}
    kube.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": {"hard": hard, **spec}})
    kube.settle()


def claim(name: str, storage: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}, "storageClassName": "no"}
    return {"metadata": {"name": name}, "spec": spec}


def pod(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "main", "image": "app:1"}], **spec}}


def test_what_many_ask_for_at_once_is_not_more_than_the_quota(kube: FakeCluster) -> None:
    quota(kube, {"pods": "3"})
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod("")["spec"]}
    spec = {"replicas": 8, "selector": {"matchLabels": labels}, "template": template}
    meta = {"name": "web", "namespace": "default"}
    kube.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec})
    kube.settle()
    assert len(kube.list("pods")) == 3
    status = kube.get("ResourceQuota", "limit")["status"]
    assert status == {"hard": {"pods": "3"}, "used": {"pods": "3"}}
    (owner,) = kube.list("replicasets")
    condition = owner["status"]["conditions"][0]
    assert (condition["type"], condition["reason"]) == ("ReplicaFailure", "FailedCreate")
    assert condition["message"].endswith("exceeded quota: limit, requested: pods=1, used: pods=3, limited: pods=3")


def test_only_an_update_that_asks_for_more_is_refused(kube: FakeCluster) -> None:
    quota(kube, {"services.nodeports": "1", "services": "2"})
    core = client.CoreV1Api(kube.client())
    service = {"metadata": {"name": "web"}, "spec": {"ports": [{"name": "a", "port": 80}]}}
    core.create_namespaced_service("default", service)
    core.patch_namespaced_service("web", "default", {"spec": {"type": "NodePort"}})
    more = {"spec": {"ports": [{"name": "b", "port": 81}]}}
    with pytest.raises(ApiException) as refused:
        core.patch_namespaced_service("web", "default", more)
    told = "requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1"
    assert refused.value.status == 403
    assert told in refused.value.body
    core.patch_namespaced_service("web", "default", {"metadata": {"labels": {"x": "1"}}})
    core.patch_namespaced_service("web", "default", {"spec": {"type": "ClusterIP"}})
    core.patch_namespaced_service("web", "default", more)


def test_scopes_say_whom_a_quota_is_for(kube: FakeCluster) -> None:
    quota(kube, {"pods": "0"}, scopes=["Terminating"])
    core = client.CoreV1Api(kube.client())
    core.create_namespaced_pod("default", pod("stays"))
    with pytest.raises(ApiException, match="exceeded quota: limit"):
        core.create_namespaced_pod("default", pod("ends", activeDeadlineSeconds=5))


def test_a_dry_run_is_judged_and_uses_nothing(kube: FakeCluster) -> None:
    quota(kube, {"requests.storage": "3Gi"})
    core = client.CoreV1Api(kube.client())
    for _ in range(2):
        core.create_namespaced_persistent_volume_claim("default", claim("a", "2Gi"), dry_run="All")
    core.create_namespaced_persistent_volume_claim("default", claim("a", "2Gi"))
    with pytest.raises(ApiException, match=r"requests\.storage=2Gi"):
        core.create_namespaced_persistent_volume_claim("default", claim("b", "2Gi"), dry_run="All")
