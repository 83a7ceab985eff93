"""What a pod asks of a node: amounts of resources, host ports, and room from or near other pods."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import orjson

from fakekube.core.meta import Obj
from fakekube.core.quantity import parse

Amounts = dict[str, int]
"""Resource name to amount in billionths, so that all are whole numbers."""
UNASKED = {"cpu": 100 * 10**6, "memory": 200 * 2**20 * 10**9}
"""What a pod that does not ask for these is thought to use, when nodes are compared."""
HostPort = tuple[str, str, int]
"""Address ('0.0.0.0' is all), protocol, port."""


@lru_cache(maxsize=4096)
def _nanos(text: str) -> int:
    return parse(text).nanos


def amounts(listed: Obj | None) -> Amounts:
    """A resource list as amounts."""
    return {name: _nanos(str(text)) for name, text in (listed or {}).items()}


def _add(one: Amounts, other: Amounts) -> Amounts:
    return {name: one.get(name, 0) + other.get(name, 0) for name in one | other}


def _most(one: Amounts, other: Amounts) -> Amounts:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in one | other}


_MORE = frozenset({"initContainers", "overhead", "resources"})
"""What makes a pod ask for something else than its only container does."""


def requested(spec: Obj) -> Amounts:
    """What a pod asks for; what it asks nothing of is left out. Equal amounts are one object, which nobody changes."""
    containers: list[Obj] = spec.get("containers") or []
    if len(containers) == 1 and _MORE.isdisjoint(spec):
        asked: Obj = (containers[0].get("resources") or {}).get("requests") or {}
        return _of_texts(tuple(asked.items()))
    return _shared(tuple([each for each in _together(spec).items() if each[1]]))


@lru_cache(maxsize=4096)
def _of_texts(items: tuple[tuple[str, str], ...]) -> Amounts:
    return _shared(tuple([each for each in amounts(dict(items)).items() if each[1]]))


@lru_cache(maxsize=4096)
def _shared(items: tuple[tuple[str, int], ...]) -> Amounts:
    """Equal amounts as one object: most pods ask for what others ask for."""
    return dict(items)


def _together(spec: Obj) -> Amounts:
    """What a pod's containers ask for together; init containers run one by one, sidecars go on running."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        total = _add(total, _of_container(container))
    sidecars: Amounts = {}
    most: Amounts = {}
    for container in spec.get("initContainers") or ():
        asked = _of_container(container)
        if container.get("restartPolicy") == "Always":
            sidecars = _add(sidecars, asked)
            most = _most(most, sidecars)
        else:
            most = _most(most, _add(sidecars, asked))
    total = _most(_add(total, sidecars), most)
    whole = amounts((spec.get("resources") or {}).get("requests"))
    if spec.get("overhead"):
        return _add(total | whole, amounts(spec["overhead"]))
    return total | whole


def _of_container(container: Obj) -> Amounts:
    return amounts((container.get("resources") or {}).get("requests"))


def host_ports(spec: Obj) -> tuple[HostPort, ...]:
    """The ports that the pod takes of its node."""
    found: tuple[HostPort, ...] = ()
    for container in spec.get("containers") or ():
        if listed := container.get("ports"):
            found += _taken_of_host(listed)
    for container in spec.get("initContainers") or ():
        if container.get("restartPolicy") == "Always" and (listed := container.get("ports")):
            found += _taken_of_host(listed)
    return found


def _taken_of_host(ports: list[Obj]) -> tuple[HostPort, ...]:
    return tuple(
        [
            (port.get("hostIP") or "0.0.0.0", port.get("protocol", "TCP"), port["hostPort"])
            for port in ports
            if port.get("hostPort")
        ]
    )


def ports_clash(one: Iterable[HostPort], other: Iterable[HostPort]) -> bool:
    """Whether two pods want the same port of a node."""
    taken = list(other)
    for ip, protocol, port in one:
        for other_ip, other_protocol, other_port in taken:
            same = protocol == other_protocol and port == other_port
            if same and (ip == other_ip or "0.0.0.0" in (ip, other_ip)):
                return True
    return False


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
