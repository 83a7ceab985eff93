"""What a pod asks of a node, and which room from or near other pods."""

from __future__ import annotations

from typing import Any

import orjson

from fakekube.core.meta import Obj
from fakekube.machinery.amounts import host_ports, requested

UNASKED = {"cpu": 100 * 10**6, "memory": 200 * 2**20 * 10**9}
"""What a pod that does not ask for these is thought to use, when nodes are compared."""


class Placed:
    """What of a pod matters to others when it is on a node. It is kept as long as the pod is there, so it is small."""

    __slots__ = ("amounts", "anti_affinity", "attraction", "deleting", "labels", "namespace", "ports", "priority")

    def __init__(self, namespace: str, labels: dict[str, str], spec: Obj, *, deleting: bool = False) -> None:
        self.namespace = namespace
        self.labels = labels
        self.deleting = deleting
        self.priority: int = spec.get("priority") or 0
        self.amounts = requested(spec)
        self.ports = host_ports(spec)
        affinity = spec.get("affinity")
        self.anti_affinity: tuple[Obj, ...] = tuple(terms(affinity, "podAntiAffinity")) if affinity else ()
        self.attraction = attraction(affinity) if affinity else ()


class Request(Placed):
    """A pod's demands, read once. `shape` is equal for pods that look for the same kind of node."""

    __slots__ = ("key", "shape", "spec")

    def __init__(self, pod: Obj) -> None:
        meta, spec = pod["metadata"], pod["spec"]
        super().__init__(meta["namespace"], meta.get("labels") or {}, spec)
        self.spec: Obj = spec
        self.key = (meta["namespace"], meta["name"])
        affinity = spec.get("affinity")
        near = affinity.get("nodeAffinity") if affinity else None
        place: Any = (spec.get("nodeSelector"), near, spec.get("tolerations"))
        self.shape = orjson.dumps(place) if any(place) else b""


def terms(affinity: Obj, kind: str) -> list[Obj]:
    """The required terms of podAffinity or podAntiAffinity."""
    found: list[Obj] = (affinity.get(kind) or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or []
    return found


HARD_WEIGHT = 1
"""What a required affinity counts as a preference of the other side."""


def attraction(affinity: Obj) -> tuple[tuple[int, Obj], ...]:
    """Whom the pod would have near it, as terms with weights: of those it must be near, and those it prefers (with
    negative weights: to be away from)."""
    near, away = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
    if not near and not away:
        return ()
    return (
        *((HARD_WEIGHT, term) for term in near.get("requiredDuringSchedulingIgnoredDuringExecution") or ()),
        *preferences(affinity),
    )


def preferences(affinity: Obj) -> tuple[tuple[int, Obj], ...]:
    """The preferred terms of podAffinity, and those of podAntiAffinity with negative weights."""
    field = "preferredDuringSchedulingIgnoredDuringExecution"
    return tuple(
        (sign * each["weight"], each["podAffinityTerm"])
        for kind, sign in (("podAffinity", 1), ("podAntiAffinity", -1))
        for each in (affinity.get(kind) or {}).get(field) or ()
    )
