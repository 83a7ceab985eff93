"""What each node has left, kept up to date as pods are bound and end."""

from __future__ import annotations

from fakekube.controllers.scheduler.ranking import Rankings
from fakekube.controllers.scheduler.requests import UNASKED, Placed
from fakekube.core.meta import Obj
from fakekube.machinery.amounts import Amounts, offered
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key, Stored

NANO = 10**9
UNBOUND = "Unschedulable"
SOFT = frozenset({"PreferNoSchedule"})


class NodeState:
    """A node (None while only pods name it) and the pods that are bound to it."""

    __slots__ = (
        "allocatable",
        "deterring",
        "images",
        "labels",
        "most_pods",
        "name",
        "obj",
        "pods",
        "revision",
        "thought",
        "used",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.obj: Obj | None = None
        self.revision = 0
        self.labels: dict[str, str] = {}
        self.allocatable: Amounts = {}
        self.most_pods = 0
        self.used: Amounts = {}
        self.thought: Amounts = dict.fromkeys(UNASKED, 0)
        self.pods: dict[Key, Placed] = {}
        self.deterring = False
        """Whether it has a taint that only makes it less wanted."""
        self.images: dict[str, int] = {}
        """The images that it has, with their sizes in bytes."""

    def take(self, stored: Stored | None) -> None:
        """Note what the node is now."""
        self.obj = None if stored is None else stored.view
        self.revision = 0 if stored is None else stored.revision
        self.deterring = False
        self.images = {}
        if self.obj is not None:
            self.deterring = any(each.get("effect") in SOFT for each in self.obj["spec"].get("taints") or ())
            self.labels = self.obj["metadata"].get("labels") or {}
            status = self.obj.get("status") or {}
            self.allocatable = offered(self.obj)
            self.most_pods = self.allocatable.get("pods", 0) // NANO
            if status.get("images"):
                listed = status["images"]
                self.images = {name: each.get("sizeBytes", 0) for each in listed for name in each.get("names") or ()}

    def add(self, key: Key, request: Placed) -> None:
        """A pod was bound to the node."""
        self.pods[key] = request
        for name, amount in request.amounts.items():
            self.used[name] = self.used.get(name, 0) + amount
        for name, usual in UNASKED.items():
            self.thought[name] += request.amounts.get(name, usual)

    def drop(self, key: Key) -> None:
        """A pod has gone or ended."""
        gone = self.pods.pop(key).amounts
        for name, amount in gone.items():
            self.used[name] -= amount
        for name, usual in UNASKED.items():
            self.thought[name] -= gone.get(name, usual)


class Nodes:
    """All nodes by name; pods that could not be placed; pods whose affinity concerns others.

    `deterring` and `stocked`: the nodes with soft taints, and those that have images. `nominated`: by node, the pods
    that are to be there when others have left.
    """

    def __init__(self, world: World) -> None:
        self.states: dict[str, NodeState] = {}
        self.waiting: dict[Key, int] = {}
        self.nominated: dict[str, dict[Key, Placed]] = {}
        self.repelling: dict[Key, Placed] = {}
        self.attracting: dict[Key, Placed] = {}
        self.deterring: set[str] = set()
        self.stocked: set[str] = set()
        self.rankings = Rankings()
        self.freed = False
        self._places: dict[Key, tuple[str, int]] = {}
        self._fitting: dict[tuple[bytes, str], tuple[int, tuple[str, ...]]] = {}

    def apply(self, event: Event) -> None:
        """Take note of a write; `freed` tells whether it may help pods that wait."""
        self.freed = False
        if event.key.resource == "pods":
            self._pod(event)
        elif event.key.resource == "nodes":
            self._node(event)

    def _node(self, event: Event) -> None:
        name = event.key.name
        state = self._state(name)
        state.take(event.after)
        self.rankings.touch(name)
        for marked, names in ((state.deterring, self.deterring), (bool(state.images), self.stocked)):
            if marked:
                names.add(name)
            else:
                names.discard(name)
        if event.after is None and not state.pods:
            del self.states[name]
        self.freed = event.after is not None and (event.before is None or _matters(event.before.view, event.after.view))

    def _state(self, name: str) -> NodeState:
        state = self.states.get(name)
        if state is None:
            state = self.states[name] = NodeState(name)
        return state

    def _pod(self, event: Event) -> None:
        key, after = event.key, None if event.after is None else event.after.view
        self._wait(key, after)
        if self.nominated or (after is not None and (after.get("status") or {}).get("nominatedNodeName")):
            self._nominate(key, event.after)
        node = after["spec"].get("nodeName", "") if after is not None else ""
        if after is not None and (after.get("status") or {}).get("phase") in TERMINAL:
            node = ""
        old, version = self._places.get(key, ("", 0))
        generation = 0 if after is None else after["metadata"].get("generation", 0)
        if node == old and version == generation and (not node or event.after is None or self._labelled(event.after)):
            return
        if old:
            self._leave(key, old)
        if node and event.after is not None:
            self._enter(key, node, event.after, generation)
        self.freed = bool(old) or bool(node)

    def _labelled(self, stored: Stored) -> bool:
        """Whether the pod has the labels that it had."""
        state = self.node_of(stored.key)
        placed = state.pods.get(stored.key) if state is not None else None
        return placed is not None and placed.labels == stored.labels

    def in_turn(self) -> list[Key]:
        """The pods that wait, the most important first and of equals those that have waited for longest."""
        keys = list(self.waiting)
        if len(set(self.waiting.values())) > 1:
            keys.sort(key=lambda key: -self.waiting[key])
        return keys

    def _nominate(self, key: Key, stored: Stored | None) -> None:
        """Take note of where a pod that waits is to be, or that it is not to be there any more."""
        for node, pods in list(self.nominated.items()):
            if pods.pop(key, None) is not None:
                self.rankings.touch(node)
                if not pods:
                    del self.nominated[node]
        pod = stored.view if stored is not None else None
        name = (pod.get("status") or {}).get("nominatedNodeName") if pod is not None else ""
        if stored is not None and pod is not None and name and not pod["spec"].get("nodeName"):
            self.nominated.setdefault(name, {})[key] = Placed(key.namespace, stored.labels, pod["spec"])
            self.rankings.touch(name)

    def _wait(self, key: Key, pod: Obj | None) -> None:
        waits = False
        if pod is not None and not pod["spec"].get("nodeName"):
            for entry in (pod.get("status") or {}).get("conditions") or ():
                waits = waits or (entry.get("type") == "PodScheduled" and entry.get("reason") == UNBOUND)
        if waits:
            assert pod is not None, "who waits is there"
            self.waiting[key] = pod["spec"].get("priority") or 0
        elif self.waiting:
            self.waiting.pop(key, None)

    def _enter(self, key: Key, node: str, stored: Stored, generation: int) -> None:
        view = stored.view
        request = Placed(key.namespace, stored.labels, view["spec"], deleting="deletionTimestamp" in view["metadata"])
        self._state(node).add(key, request)
        self.rankings.touch(node)
        self._places[key] = (node, generation)
        if request.anti_affinity:
            self.repelling[key] = request
        if request.attraction:
            self.attracting[key] = request

    def _leave(self, key: Key, node: str) -> None:
        state = self.states[node]
        state.drop(key)
        self.rankings.touch(node)
        del self._places[key]
        self.repelling.pop(key, None)
        self.attracting.pop(key, None)
        if not state.pods and state.obj is None:
            del self.states[node]

    def node_of(self, key: Key) -> NodeState | None:
        """The node that a placed pod is on."""
        place = self._places.get(key)
        return None if place is None else self.states.get(place[0])

    def present(self) -> list[NodeState]:
        """The nodes that there are."""
        return [state for state in self.states.values() if state.obj is not None]

    def remembered(self, shape: bytes, state: NodeState) -> tuple[str, ...] | None:
        """What was found of a node for pods of this shape, if the node has not changed since."""
        found = self._fitting.get((shape, state.name))
        return found[1] if found is not None and found[0] == state.revision else None

    def remember(self, shape: bytes, state: NodeState, reasons: tuple[str, ...]) -> None:
        """Keep what was found; all is forgotten when it grows too much."""
        if len(self._fitting) > 20_000:
            self._fitting.clear()
        self._fitting[shape, state.name] = (state.revision, reasons)


def _matters(before: Obj, after: Obj) -> bool:
    """Whether a node changed in what scheduling looks at."""
    return _looked_at(before) != _looked_at(after)


def _looked_at(node: Obj) -> tuple[object, ...]:
    spec, status = node["spec"], node.get("status") or {}
    return node["metadata"].get("labels"), spec.get("taints"), spec.get("unschedulable"), status.get("allocatable")
