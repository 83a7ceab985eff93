"""An operator, written with kopf: a Cache becomes a Deployment of memcached and a headless Service in front of it."""

from typing import Any

import kopf
from kubernetes import client, config

APP = "caches.example.com/name"


@kopf.on.startup()
def connect(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Reach the cluster that KUBECONFIG names."""
    config.load_kube_config()
    settings.posting.enabled = False


@kopf.on.create("caches.example.com")
def create(spec: kopf.Spec, name: str, namespace: str, **_: Any) -> None:
    """Make what belongs to a new Cache; Kubernetes removes it together with its owner."""
    children = (deployment(name, spec), service(name))
    kopf.adopt(children)
    client.AppsV1Api().create_namespaced_deployment(namespace, children[0])
    client.CoreV1Api().create_namespaced_service(namespace, children[1])


@kopf.on.update("caches.example.com", field="spec.servers")
def scale(new: int, name: str, namespace: str, **_: Any) -> None:
    """Run as many servers as the Cache now asks for."""
    client.AppsV1Api().patch_namespaced_deployment_scale(name, namespace, {"spec": {"replicas": new}})


@kopf.on.event("apps", "v1", "deployments", labels={APP: kopf.PRESENT})
def report(body: kopf.Body, name: str, namespace: str, type: str | None, **_: Any) -> None:
    """Tell in the Cache's status how many of its servers are ready."""
    if type == "DELETED":
        return
    ready, wanted = body.status.get("readyReplicas", 0), body.spec.get("replicas", 1)
    status = {
        "phase": "Ready" if ready == wanted else "Starting",
        "ready": ready,
        "address": f"{name}.{namespace}.svc.cluster.local:11211",
    }
    try:
        client.CustomObjectsApi().patch_namespaced_custom_object_status(
            "example.com", "v1", namespace, "caches", name, {"status": status}
        )
    except client.ApiException as error:
        if error.status != 404:  # the Cache is gone, and its Deployment is about to follow
            raise


def deployment(name: str, spec: kopf.Spec) -> dict[str, Any]:
    """The Deployment that runs the servers of a Cache."""
    container = {
        "name": "memcached",
        "image": "memcached:1.6",
        "ports": [{"name": "memcached", "containerPort": 11211}],
        "resources": {"requests": {"memory": spec["memory"]}},
    }
    template = {"metadata": {"labels": {APP: name}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {APP: name}},
        "spec": {"replicas": spec["servers"], "selector": {"matchLabels": {APP: name}}, "template": template},
    }


def service(name: str) -> dict[str, Any]:
    """The headless Service under which clients find every server."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {APP: name}},
        "spec": {"clusterIP": "None", "selector": {APP: name}, "ports": [{"name": "memcached", "port": 11211}]},
    }
