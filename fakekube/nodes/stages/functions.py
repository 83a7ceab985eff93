"""The functions that KWOK adds to the templates of stages, for an object in a cluster."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fakekube.core.ids import Ids
from fakekube.core.meta import Obj, name_of
from fakekube.machinery.world import World
from fakekube.nodes.memory import Addresses
from fakekube.nodes.templates.functions import chance
from fakekube.nodes.templates.functions.encodings import as_yaml, raw_json
from fakekube.nodes.templates.values import Number

STRANGE_NODE = "10.0.255.254"
"""The address of a node that states none."""
KUBELET_PORT = 10250
VERSION = "fakekube"


def quoted(value: Any) -> str:
    """JSON of a text; of anything else, its JSON as a text."""
    made = raw_json(value)
    return made if isinstance(value, str) and not isinstance(value, Number) else json.dumps(made, ensure_ascii=False)


def indented_yaml(value: Any, depth: int = 0) -> str:
    """YAML; with a depth on lines of their own, so many steps of two spaces in."""
    made = as_yaml(value)
    return ("\n" + made).replace("\n", "\n" + "  " * depth) if depth > 0 else made


def nano_text(moment: float) -> str:
    """A time as RFC3339Nano."""
    text = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return f"{text}Z"


def _condition(kind: str, status: str, reason: str, message: str) -> Obj:
    return {"type": kind, "status": status, "reason": reason, "message": message}


CONDITIONS = (
    _condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    _condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    _condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    _condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    _condition("NetworkUnavailable", "False", "RouteCreated", "RouteController created a route"),
)


class Surroundings:
    """The functions for one object at one moment."""

    def __init__(self, obj: Obj, world: World) -> None:
        self._obj = obj
        self._world = world
        self._given: list[str] | None = None

    def functions(self) -> dict[str, Callable[..., Any]]:
        """All by name; NAMES says which these are."""
        now = nano_text(self._world.now())
        made: dict[str, Callable[..., Any]] = {
            "Quote": quoted,
            "YAML": indented_yaml,
            "Now": lambda: now,
            "StartTime": lambda: now,
            "Version": lambda: VERSION,
            "NodeConditions": lambda: [dict(each) for each in CONDITIONS],
            "NodeIP": lambda: self.node_ips(self._node_name())[0],
            "NodeName": self._node_name,
            "NodePort": lambda: KUBELET_PORT,
            "NodeIPWith": lambda name: self.node_ips(name)[0],
            "NodeIPsWith": self.node_ips,
            "PodIP": lambda: self._pod_ips(False)[0],
            "PodIPWith": lambda name, host, uid, pod, namespace: self._pod_ips(host)[0],
            "PodIPsWith": lambda name, host, uid, pod, namespace: self._pod_ips(host),
        }
        return _Functions(made, self._by_chance)

    def _by_chance(self) -> dict[str, Callable[..., Any]]:
        """The functions of time and chance; the same version of an object meets the same chance."""
        meta = self._obj["metadata"]
        ids = Ids(f"{meta.get('uid')} {meta.get('resourceVersion')}")
        return chance.functions(self._world.now(), lambda: ids)

    def _node_name(self) -> str:
        if self._obj["kind"] == "Node":
            return name_of(self._obj)
        return (self._obj.get("spec") or {}).get("nodeName") or ""

    def node_ips(self, name: str | None) -> list[str]:
        """The internal addresses of a node."""
        node = self._world.get("nodes", "", name or "") or {}
        listed = (node.get("status") or {}).get("addresses") or ()
        return [each["address"] for each in listed if each["type"] == "InternalIP"] or [STRANGE_NODE]

    def _pod_ips(self, on_host: Any) -> list[str]:
        """The pod's address: the one that it has, or a free one of its node."""
        name = self._node_name()
        if on_host is True:
            return self.node_ips(name)
        present = (self._obj.get("status") or {}).get("podIP")
        if present:
            return [present]
        if self._given is None:
            cidr = ((self._world.get("nodes", "", name) or {}).get("spec") or {}).get("podCIDR")
            free = self._world.follower(Addresses).free(cidr) if cidr else ""
            self._given = [free] if free else self.node_ips(name)
        return self._given


class _Functions(dict[str, Callable[..., Any]]):
    """Functions by name; those of time and chance, which few templates need, are made when they are looked for."""

    def __init__(self, made: dict[str, Callable[..., Any]], more: Callable[[], dict[str, Callable[..., Any]]]) -> None:
        super().__init__(made)
        self._more = more

    def __missing__(self, name: str) -> Callable[..., Any]:
        self.update(self._more())
        return self[name]


NAMES = chance.NAMES | frozenset(
    {
        "Quote",
        "YAML",
        "Now",
        "StartTime",
        "Version",
        "NodeConditions",
        "NodeIP",
        "NodeName",
        "NodePort",
        "NodeIPWith",
        "NodeIPsWith",
        "PodIP",
        "PodIPWith",
        "PodIPsWith",
    }
)
