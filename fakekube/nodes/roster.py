"""Which nodes the cluster plays the kubelet of: those it was born with, and those added, less those that are silent.

A Node that somebody makes has no kubelet behind it, unless it carries the annotation by which KWOK's users ask for one.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from fakekube.core.meta import Obj, annotations_of
from fakekube.nodes import bootstrap
from fakekube.storage.values import Event, Stored

KWOK = "kwok.x-k8s.io/node"
"""The annotation of nodes that are to be played, whatever its value."""


class Roster:
    """The names of the nodes whose kubelets speak, and of those that were told to be silent.

    `speaking` is what controllers are given as World's settings.nodes; it changes in place.
    """

    def __init__(self, count: int) -> None:
        self._born = bootstrap.names(count)
        self.speaking: set[str] = set(self._born)
        self.silent: set[str] = set()

    def reset(self, nodes: Iterable[Stored] = ()) -> None:
        """Back to the nodes that the cluster was born with, and those of these that ask to be played."""
        self.speaking.clear()
        self.speaking.update(self._born)
        self.speaking.update(each.key.name for each in nodes if KWOK in annotations_of(each.view))
        self.silent.clear()

    def follow(self, event: Event) -> None:
        """Take note of nodes that ask to be played, and of those that go."""
        if event.key.resource != "nodes":
            return
        name = event.key.name
        if event.after is None:
            if name not in self._born:
                self.remove(name)
        elif name not in self.silent and KWOK in annotations_of(event.after.view):
            self.speaking.add(name)

    def add(self, name: str) -> None:
        """A new node; ValueError if there is one of this name."""
        if name in self.speaking | self.silent:
            raise ValueError(f"there is a node {name!r} already")
        self.speaking.add(name)

    def remove(self, name: str) -> None:
        """The node is no more."""
        self.speaking.discard(name)
        self.silent.discard(name)

    def stop(self, name: str) -> None:
        """Its kubelet falls silent; ValueError if it is none of the cluster's own."""
        self.check(name)
        self.speaking.discard(name)
        self.silent.add(name)

    def start(self, name: str) -> None:
        """Its kubelet speaks again; ValueError as above."""
        self.check(name)
        self.silent.discard(name)
        self.speaking.add(name)

    def check(self, name: str) -> None:
        """ValueError if it is none of the cluster's own."""
        known = self.speaking | self.silent
        if name not in known:
            told = ", ".join(sorted(known)) or "none"
            raise ValueError(f"{name!r} is not a node that this cluster plays the kubelet of; those are: {told}")


def free_number(nodes: Iterable[Obj], count: int) -> int:
    """The first number from `count` + 1 on whose name and pod addresses no node has."""
    names, networks = set(), set()
    for node in nodes:
        names.add(node["metadata"]["name"])
        networks.add((node.get("spec") or {}).get("podCIDR"))
    number = count + 1
    while f"node-{number}" in names or bootstrap.pod_cidr(number) in networks:
        number += 1
    return number


def new_node(
    number: int,
    now: str,
    version: str,
    name: str | None = None,
    labels: dict[str, str] | None = None,
    capacity: dict[str, str] | None = None,
    taints: list[Obj] | None = None,
) -> Obj:
    """A Node object like those of the start, but with these differences."""
    node = bootstrap.node(number, now, version)
    name = name or node["metadata"]["name"]
    node["metadata"]["name"] = name
    node["metadata"]["labels"] |= {"kubernetes.io/hostname": name, **(labels or {})}
    for field in ("capacity", "allocatable"):
        node["status"][field] |= {key: str(amount) for key, amount in (capacity or {}).items()}
    node["status"]["addresses"][-1]["address"] = name
    node["status"]["nodeInfo"] = bootstrap.node_info(name, version)
    if taints:
        node["spec"]["taints"] = deepcopy(taints)
    return node
