"""What a kubelet refuses: a pod that its node has no room for, does not suit, or must not run.

A pod is judged once, when it is to be taken on. Those that were taken on and have not ended count, whether they fit or
not; those that wait to be judged do not. The order of the rules and their words are the kubelet's.
"""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

from fakekube.core.meta import Obj
from fakekube.machinery.amounts import (
    PORTS_TAKEN,
    Amounts,
    HostPort,
    host_ports,
    offered,
    ports_clash,
    rank,
    requested,
)
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.selection import EVICTING, NODE_AFFINITY, pod_node_predicate, untolerated
from fakekube.machinery.world import World
from fakekube.nodes import sysctls
from fakekube.registry.kinds.resource_names import is_extended
from fakekube.registry.kinds.scheduling import SYSTEM_CLASSES
from fakekube.storage.values import Event, Key

NANO, MILLI = 10**9, 10**6
CRITICAL = SYSTEM_CLASSES["system-cluster-critical"]
"""The priority from which on a pod is one of the system's own."""
BETWEEN_SECONDS = 1.0
"""How long a kubelet waits until it refuses another pod of the same controller: such a one makes the next at once, and
would do so for ever while time stands still."""
OS = "kubernetes.io/os"
STRICT = "Strict"
NOT_STRICT = "SupplementalGroupsPolicy=Strict is not supported in this node"
OTHER_LABEL = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"
OTHER_OS = "Failed to admit pod as the OS field doesn't match node OS"


class Shortage(NamedTuple):
    """A resource of which the node has too little, in millicores of cpu and whole units of all else."""

    resource: str
    requested: int
    used: int
    capacity: int

    @property
    def missing(self) -> int:
        """How much more the pod needs than there is."""
        return self.requested - (self.capacity - self.used)

    @property
    def text(self) -> str:
        """What is said of it."""
        told = f"requested: {self.requested}, used: {self.used}, capacity: {self.capacity}"
        return f"Node didn't have enough resource: {self.resource}, {told}"


class Refusal(NamedTuple):
    """Why a pod is not taken on. `shortages`: what other pods could make room for, if nothing else is wrong."""

    reason: str
    message: str
    shortages: tuple[Shortage, ...] = ()


class Demand(NamedTuple):
    """What a pod asks of its node, and holds of it when it is taken on."""

    node: str
    amounts: Amounts
    ports: tuple[HostPort, ...]


def demand(spec: Obj) -> Demand:
    """What the pod asks for."""
    return Demand(spec["nodeName"], requested(spec), host_ports(spec))


class Room:
    """What of a node its pods hold. `refused`: by the uid of their controller when a pod was last refused."""

    __slots__ = ("_node", "_offered", "pods", "ports", "refused", "used")

    def __init__(self) -> None:
        self.pods: dict[Key, Demand] = {}
        self.ports: dict[Key, tuple[HostPort, ...]] = {}
        self.used: Amounts = {}
        self.refused: dict[str, float] = {}
        self._node: Obj | None = None
        self._offered: Amounts = {}

    def offered(self, node: Obj) -> Amounts:
        """What the node says it has for pods; read once per version of the node."""
        if node is not self._node:
            self._node, self._offered = node, offered(node)
        return self._offered

    def add(self, key: Key, held: Demand) -> None:
        """The pod was taken on."""
        self.pods[key] = held
        if held.ports:
            self.ports[key] = held.ports
        used = self.used
        for name, amount in held.amounts.items():
            used[name] = used.get(name, 0) + amount

    def wait(self, owner: str, now: float) -> float:
        """Seconds until another pod of this controller may be refused; when none, it counts as refused now."""
        left = self.refused.get(owner, now - BETWEEN_SECONDS) + BETWEEN_SECONDS - now
        if left <= 0:
            self.refused = {uid: moment for uid, moment in self.refused.items() if moment > now - BETWEEN_SECONDS}
            self.refused[owner] = now
        return max(0.0, left)

    def drop(self, key: Key) -> None:
        """The pod has ended or is gone."""
        for name, amount in self.pods.pop(key).amounts.items():
            self.used[name] -= amount
        self.ports.pop(key, None)


class Admitted:
    """The pods that kubelets have taken on and that have not ended, by node."""

    def __init__(self, world: World) -> None:
        self._rooms: dict[str, Room] = {}
        self._held: dict[Key, Demand] = {}

    def apply(self, event: Event) -> None:
        """Take note of a pod that ends or goes, and of one that has begun without having been judged."""
        key = event.key
        if key.resource != "pods":
            return
        pod = event.after.view if event.after is not None else None
        if key in self._held:
            if pod is None or (pod.get("status") or {}).get("phase") in TERMINAL:
                self._drop(key)
        elif pod is not None and _has_begun(pod):
            self.take(key, demand(pod["spec"]))

    def take(self, key: Key, asked: Demand) -> None:
        """The pod is taken on, or holds this from now on instead of what it held."""
        if key in self._held:
            self._drop(key)
        self._held[key] = asked
        self.room(asked.node).add(key, asked)

    def __contains__(self, key: Key) -> bool:
        return key in self._held

    def room(self, node: str) -> Room:
        """What is held of a node."""
        found = self._rooms.get(node)
        if found is None:
            found = self._rooms[node] = Room()
        return found

    def _drop(self, key: Key) -> None:
        self._rooms[self._held.pop(key).node].drop(key)


def _has_begun(pod: Obj) -> bool:
    status = pod.get("status") or {}
    if status.get("phase") in TERMINAL or not pod["spec"].get("nodeName"):
        return False
    return bool(status.get("containerStatuses")) or status.get("phase", "Pending") != "Pending"


def refusal(pod: Obj, asked: Demand, node: Obj, room: Room) -> Refusal | None:
    """Why the kubelet does not take the pod on; None if it does. No pod that matters to the system is refused for want
    of resources while something else is wrong with it."""
    found = _unfit(pod, node)
    if found is not None:
        return found
    short, misplaced = _shortages(asked.amounts, room.offered(node), room), _misplaced(pod["spec"], asked, node, room)
    if not short or (misplaced is not None and is_critical(pod["spec"])):
        return misplaced
    first = short[0]
    return Refusal(f"OutOf{first.resource}", first.text, short if misplaced is None else ())


def is_critical(spec: Obj) -> bool:
    """Whether the pod is one of those without which the system does not work."""
    return (spec.get("priority") or 0) >= CRITICAL


# --- the pod by itself


def _unfit(pod: Obj, node: Obj) -> Refusal | None:
    """What the kubelet could not run anywhere, or not on a node of this system."""
    spec, asked = pod["spec"], (pod["metadata"].get("labels") or {}).get(OS)
    security = spec.get("securityContext")
    if security and (wrong := sysctls.forbidden(spec)):
        return Refusal("SysctlForbidden", f"forbidden sysctl: {wrong}")
    if (asked or "os" in spec) and (found := _other_system(spec, asked, node)):
        return found
    if security and security.get("supplementalGroupsPolicy") == STRICT and not _strict(node):
        return Refusal("SupplementalGroupsPolicyNotSupported", NOT_STRICT)
    return None


def _other_system(spec: Obj, asked: str | None, node: Obj) -> Refusal | None:
    own = (node["metadata"].get("labels") or {}).get(OS, "linux")
    if asked is not None and asked != own:
        return Refusal("PodOSSelectorNodeLabelDoesNotMatch", OTHER_LABEL)
    if (spec.get("os") or {}).get("name", own) != own:
        return Refusal("PodOSNotSupported", OTHER_OS)
    return None


def _strict(node: Obj) -> bool:
    """Whether the node's runtime can keep to the groups that the pod names: so it is, unless it says otherwise."""
    features = (node.get("status") or {}).get("features") or {}
    return bool(features.get("supplementalGroupsPolicy", True))


# --- the pod on its node


def _shortages(asked: Amounts, offered: Amounts, room: Room) -> tuple[Shortage, ...]:
    """What the node has too little of; nothing of one that does not tell what it has."""
    count, most, used = len(room.pods), offered.get("pods", 0) // NANO, room.used
    lacking = [name for name, amount in asked.items() if amount > offered.get(name, 0) - used.get(name, 0)]
    if (count < most and not lacking) or not offered:
        return ()
    found = [] if count < most else [Shortage("pods", 1, count, most)]
    for name in sorted(lacking, key=rank):
        if name in offered or not is_extended(name):  # another may be the whole cluster's: nodes know nothing of it
            sums = (asked[name], used.get(name, 0), offered.get(name, 0))
            found.append(Shortage(name, *(in_units(name, each) for each in sums)))
    return tuple(found)


def in_units(name: str, amount: int) -> int:
    """Billionths in the units in which kubelets count: millicores, and whole ones of all else; parts count as one."""
    return -(-amount // (MILLI if name == "cpu" else NANO))


def _misplaced(spec: Obj, asked: Demand, node: Obj, room: Room) -> Refusal | None:
    """What else is wrong with this node for the pod: its labels, ports that are taken, or taints that evict."""
    if (spec.get("nodeSelector") or spec.get("affinity")) and not pod_node_predicate(spec)(node):
        return _predicate("NodeAffinity", NODE_AFFINITY)
    if asked.ports and room.ports and ports_clash(asked.ports, chain.from_iterable(room.ports.values())):
        return _predicate("NodePorts", PORTS_TAKEN)
    taints = (node.get("spec") or {}).get("taints")
    if taints and untolerated(spec.get("tolerations") or [], taints, EVICTING) is not None:
        return _predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate")
    return None


def _predicate(name: str, description: str) -> Refusal:
    return Refusal(name, f"Predicate {name} failed: {description}")
