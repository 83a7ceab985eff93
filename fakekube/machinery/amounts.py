"""What a pod asks of a node: amounts of resources, and host ports."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from fakekube.core.meta import Obj
from fakekube.core.quantity import parse

Amounts = dict[str, int]
"""Resource name to amount in billionths, so that all are whole numbers."""
HostPort = tuple[str, str, int]
"""Address ('0.0.0.0' is all), protocol, port."""


@lru_cache(maxsize=4096)
def _nanos(text: str) -> int:
    return parse(text).nanos


def amounts(listed: Obj | None) -> Amounts:
    """A resource list as amounts."""
    return {name: _nanos(str(text)) for name, text in (listed or {}).items()}


def offered(node: Obj) -> Amounts:
    """What a node says that it has for pods."""
    status = node.get("status") or {}
    return amounts(status.get("allocatable") or status.get("capacity"))


_FIRST = {"cpu": 0, "memory": 1, "ephemeral-storage": 2}


def rank(name: str) -> tuple[int, str]:
    """Where a resource stands among those that are lacking."""
    return _FIRST.get(name, len(_FIRST)), name


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


PORTS_TAKEN = "node(s) didn't have free ports for the requested pod ports"
"""What is said of a node where ports clash."""


def ports_clash(one: Iterable[HostPort], other: Iterable[HostPort]) -> bool:
    """Whether two pods want the same port of a node."""
    taken = list(other)
    for ip, protocol, port in one:
        for other_ip, other_protocol, other_port in taken:
            same = protocol == other_protocol and port == other_port
            if same and (ip == other_ip or "0.0.0.0" in (ip, other_ip)):
                return True
    return False
