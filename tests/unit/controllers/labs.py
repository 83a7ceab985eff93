"""Labs with nodes, and objects as the API stores them, for tests of controllers."""

from __future__ import annotations

from typing import Any

from fakekube import nodes
from fakekube.controllers import select
from fakekube.core.meta import Obj, time_text
from fakekube.nodes import bootstrap
from tests.unit.machinery.fakeapi import Lab

TEMPLATE_LABELS = {"app": "a"}


async def lab(*controllers: str, count: int = 2, kubelets: bool = True) -> Lab:
    """A lab with these controllers, so many ready nodes and, unless told otherwise, the scheduler and kubelets."""
    more = ("kubelet", "scheduler") if kubelets else ()
    names = tuple(bootstrap.names(count)) if kubelets else ()
    made = Lab(*select([*controllers, *more], nodes.CONTROLLERS), nodes=names)
    for node in bootstrap.nodes(count, time_text(made.clock.now()), "v1.36.0"):
        await made.api.create("nodes", "", node)
    return made


def pod_spec(**more: Any) -> Obj:
    """The spec of a pod with one container; `container` adds to that."""
    container = {"name": "c", "image": "app:1", **more.pop("container", {})}
    return {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "containers": [container], **more}


def template(labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None, **spec: Any) -> Obj:
    """A pod template."""
    meta: Obj = {"labels": TEMPLATE_LABELS if labels is None else labels}
    if annotations:
        meta["annotations"] = annotations
    return {"metadata": meta, "spec": pod_spec(**spec)}


def selector() -> Obj:
    """The selector of `template`."""
    return {"matchLabels": dict(TEMPLATE_LABELS)}


async def pod(made: Lab, name: str, node: str = "", *, metadata: Obj | None = None, **spec: Any) -> Obj:
    """A pod, bound to the node if one is given."""
    spec = pod_spec(**spec, **({"nodeName": node} if node else {}))
    return await made.make("pods", "Pod", name, metadata=metadata or {"labels": TEMPLATE_LABELS}, spec=spec)


async def change(made: Lab, resource: str, name: str, body: Obj, subresource: str = "") -> Obj:
    """A merge patch in the default namespace."""
    return await made.api.patch(resource, "default", name, body, type="merge", subresource=subresource)


def names(made: Lab, resource: str = "pods") -> list[str]:
    """The names of what is there."""
    return [each["metadata"]["name"] for each in made.all(resource)]


def phases(made: Lab) -> dict[str, str]:
    """The phase of each pod."""
    return {each["metadata"]["name"]: each["status"]["phase"] for each in made.all("pods")}


def condition(obj: Obj | None, kind: str) -> Obj:
    """The condition of this type; an empty one if there is none."""
    assert obj is not None
    listed = (obj.get("status") or {}).get("conditions") or ()
    return next((each for each in listed if each["type"] == kind), {})
