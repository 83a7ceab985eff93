"""The objects that are written; @N@ becomes a number."""

from __future__ import annotations

import json
from typing import Any

_CONTAINER: dict[str, Any] = {
    "name": "web",
    "image": "registry.example.com/shop/web:1.2.3",
    "args": ["--listen", ":8080"],
    "ports": [{"name": "http", "containerPort": 8080}],
    "env": [{"name": "LEVEL", "value": "info"}, {"name": "REGION", "value": "north"}],
    "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
    "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
}


def pod() -> str:
    """A pod as people write them: one container with ports, environment, resources and a probe."""
    metadata = {"name": "web-@N@", "labels": {"app": "web", "tier": "front"}, "annotations": {"team": "shop"}}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [_CONTAINER]}})


def config_map() -> str:
    """A small ConfigMap."""
    return json.dumps(
        {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c-@N@"}, "data": {"key": "value"}}
    )


def deployment(replicas: int) -> dict[str, Any]:
    """A Deployment of such pods."""
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [_CONTAINER]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
