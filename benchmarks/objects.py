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


_SECTION: dict[str, Any] = {
    "type": "object",
    "description": "What a part of the application is told. " * 6,
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 63, "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"},
        "count": {"type": "integer", "format": "int32", "default": 1, "minimum": 0, "maximum": 100},
        "mode": {"type": "string", "enum": ["Fast", "Safe"], "default": "Safe"},
        "hosts": {
            "type": "array",
            "maxItems": 8,
            "items": {"type": "string", "maxLength": 253},
            "x-kubernetes-list-type": "set",
        },
        "options": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 16},
        "limit": {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True},
    },
}


def cron_job(name: str, schedule: str) -> dict[str, Any]:
    """A CronJob whose Jobs take half a minute."""
    ends = {"fakekube/exit-code": "0", "fakekube/exit-after": "30"}
    template = {"metadata": {"annotations": ends}, "spec": {"restartPolicy": "Never", "containers": [_CONTAINER]}}
    spec = {"schedule": schedule, "jobTemplate": {"spec": {"template": template}}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "spec": spec}


def _rules(number: int) -> list[dict[str, str]]:
    """Rules that no other section has."""
    most = f"self.mode != 'Fast' || self.count <= {10 + number}"
    hosts = f"!has(self.hosts) || self.hosts.all(h, h.size() > {1 + number % 3} && h != 'no-{number}')"
    return [{"rule": most, "message": f"no more than {10 + number} where the mode is Fast"}, {"rule": hosts}]


def definition(sections: int, *, rules: bool = True) -> dict[str, Any]:
    """The definition of Widgets whose specification has so many sections, each with defaults and rules of its own."""
    parts = {f"section{number}": {**_SECTION} for number in range(sections)}
    for number, part in enumerate(parts.values() if rules else ()):
        part["x-kubernetes-validations"] = _rules(number)
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": parts}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.bench.example.com"},
        "spec": {"group": "bench.example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }


def widget(sections: int) -> str:
    """A Widget that uses so many sections."""
    section = {"name": "web", "mode": "Fast", "hosts": ["web-1", "web-2"], "options": {"a": "b"}, "limit": "10%"}
    spec = {f"section{number}": section for number in range(sections)}
    return json.dumps(
        {"apiVersion": "bench.example.com/v1", "kind": "Widget", "metadata": {"name": "w-@N@"}, "spec": spec}
    )
