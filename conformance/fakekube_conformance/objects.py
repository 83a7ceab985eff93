"""Small objects for the checks: as little as the API takes, and what a check adds."""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]
PAUSE = "registry.k8s.io/pause:3.10"
"""An image that every cluster can run."""


def config_map(name: str, data: dict[str, str] | None = None, /, **metadata: Any) -> Obj:
    obj: Obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}
    return obj if data is None else obj | {"data": data}


def secret(name: str, text: dict[str, str] | None = None, /, **more: Any) -> Obj:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": text or {}, **more}


def lease(name: str, holder: str | None = None, /, **metadata: Any) -> Obj:
    spec = {} if holder is None else {"holderIdentity": holder}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


def container(name: str = "main", **more: Any) -> Obj:
    return {"name": name, "image": PAUSE, **more}


def pod(name: str, labels: dict[str, str] | None = None, /, **spec: Any) -> Obj:
    """A pod that no scheduler takes, so that it stays as it is."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"schedulerName": "nobody", "containers": [container()], **spec},
    }


def running_pod(name: str, labels: dict[str, str] | None = None, /, **spec: Any) -> Obj:
    """A pod for the cluster's own scheduler and nodes."""
    return pod(name, labels, **{"schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 1, **spec})


def template(app: str, **spec: Any) -> Obj:
    """A pod template with the label app."""
    inner = {"terminationGracePeriodSeconds": 1, "containers": [container()], **spec}
    return {"metadata": {"labels": {"app": app}}, "spec": inner}


def idle_template(app: str, **spec: Any) -> Obj:
    """A pod template whose pods no scheduler takes."""
    return template(app, schedulerName="nobody", **spec)


def workload(kind: str, name: str, pods: Obj | None = None, **spec: Any) -> Obj:
    """A Deployment, ReplicaSet, StatefulSet or DaemonSet of apps/v1 over the pods labelled with its name."""
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": pods or idle_template(name), **spec},
    }


def deployment(name: str, replicas: int | None = None, pods: Obj | None = None, **spec: Any) -> Obj:
    return workload("Deployment", name, pods, **({} if replicas is None else {"replicas": replicas}), **spec)


def job(name: str, **spec: Any) -> Obj:
    """A Job whose pods no scheduler takes."""
    pods = {"spec": {"restartPolicy": "Never", "schedulerName": "nobody", "containers": [container()]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": pods, **spec}}


def service(name: str, ports: list[Obj] | None = None, **spec: Any) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"ports": [{"port": 80}] if ports is None else ports, **spec},
    }


def claim(name: str, size: str = "1Gi", **spec: Any) -> Obj:
    """A claim of a class that nobody provisions."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "conformance-none",
            "resources": {"requests": {"storage": size}},
            **spec,
        },
    }


def ingress(name: str, **spec: Any) -> Obj:
    backend = {"service": {"name": "backend", "port": {"number": 80}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name},
        "spec": spec or {"defaultBackend": backend},
    }


def owner(obj: Obj, **more: Any) -> Obj:
    """An owner reference to an object that was answered by the server."""
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "name": obj["metadata"]["name"],
        "uid": obj["metadata"]["uid"],
        **more,
    }
