"""The nodes of a cluster at run time: more of them, fewer, and silent ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fakekube.core.clock import timestamp
from fakekube.core.meta import Obj
from fakekube.nodes import bootstrap, heartbeat, roster
from fakekube.nodes.behaviour import Rules
from fakekube.nodes.memory import Anew
from fakekube.registry.client import Client
from fakekube.storage.values import Key

if TYPE_CHECKING:
    from fakekube.cluster.composition import Cluster
    from fakekube.cluster.fake import FakeCluster

Labels = dict[str, str]


class NodeVerbs:
    """What can be done with nodes, as coroutines that run on the cluster's loop."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def add(
        self,
        name: str | None = None,
        *,
        labels: Labels | None = None,
        capacity: Labels | None = None,
        taints: list[Obj] | None = None,
    ) -> Obj:
        cluster = self._cluster
        if name is not None and not self._exists(name):
            cluster.roster.remove(name)
        number = roster.free_number(cluster.world.list("nodes"), cluster.settings.nodes)
        now, version = timestamp(cluster.clock), cluster.version["gitVersion"]
        node = roster.new_node(number, now, version, name, labels, capacity, taints)
        name = node["metadata"]["name"]
        cluster.roster.add(name)
        try:
            made = await self._register(node)
        except BaseException:
            cluster.roster.remove(name)
            raise
        self._take_up(name)  # what was bound to a node of this name before
        return made

    def _exists(self, name: str) -> bool:
        return self._cluster.world.get("nodes", "", name) is not None

    async def _register(self, node: Obj) -> Obj:
        user = self._cluster.node_user(node["metadata"]["name"])
        return await Client(self._cluster.registry, user, "kubelet").create("nodes", "", node)

    async def remove(self, name: str) -> None:
        self._cluster.roster.remove(name)
        await self._cluster.client.delete("nodes", "", name)

    async def stop(self, name: str) -> None:
        self._cluster.roster.stop(name)
        self._cluster.manager.revisit([Key("nodes", "", name)])

    async def shut_down(self, name: str) -> None:
        cluster = self._cluster
        cluster.roster.check(name)
        cluster.world.follower(Rules).leaving.add(name)
        now = timestamp(cluster.clock)
        ready = {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": heartbeat.SHUTTING_DOWN}
        times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
        client = Client(cluster.registry, cluster.node_user(name), "kubelet")
        body = {"status": {"conditions": [ready | times]}}
        await client.patch("nodes", "", name, body, type="strategic", subresource="status")
        cluster.manager.revisit([pod.key for pod in cluster.world.pods_on(name)])
        await cluster.settle()
        await self.stop(name)

    async def start(self, name: str) -> None:
        cluster = self._cluster
        cluster.world.follower(Rules).leaving.discard(name)
        cluster.roster.start(name)
        if not self._exists(name):  # somebody has deleted it
            number = bootstrap.number_of(name)
            await self._register(bootstrap.node(number, timestamp(cluster.clock), cluster.version["gitVersion"]))
        self._take_up(name)

    def _take_up(self, name: str) -> None:
        """The kubelet of this node looks at what it finds, the oldest first: they are judged in this order."""
        found = self._cluster.world.pods_on(name)
        pods = [pod.key for pod in sorted(found, key=lambda pod: pod.created)]
        self._cluster.world.follower(Anew).keys.update(pods)
        self._cluster.manager.revisit([Key("nodes", "", name), *pods])

    async def names(self) -> list[str]:
        return sorted(self._cluster.roster.speaking)


class Nodes:
    """The nodes that the cluster plays the kubelet of. Their kubelets renew leases and take care of pods."""

    def __init__(self, owner: FakeCluster) -> None:
        self._owner = owner

    @property
    def _verbs(self) -> NodeVerbs:
        return self._owner._verbs.nodes

    def add(
        self,
        name: str | None = None,
        *,
        labels: Labels | None = None,
        capacity: Labels | None = None,
        taints: Iterable[Obj] = (),
    ) -> Obj:
        """A new node that is ready, like those of the start but with these labels, capacities and taints besides."""
        work = self._verbs.add(name, labels=labels, capacity=capacity, taints=list(taints))
        return self._owner._call(work)

    def remove(self, name: str) -> None:
        """The node goes for ever, and its kubelet with it; its pods are taken away by the control plane in its time."""
        self._owner._call(self._verbs.remove(name))

    def stop(self, name: str) -> None:
        """The node's kubelet falls silent: its lease is renewed no more, and nothing happens to its pods.

        The control plane calls the node unknown after its grace of 50 seconds, taints it, and evicts its pods when they
        have tolerated that for long enough (300 seconds unless they say otherwise).
        """
        self._owner._call(self._verbs.stop(name))

    def shut_down(self, name: str) -> None:
        """The node is shut down with grace: it is not ready any more, its pods are ended (Failed, Terminated), and its
        kubelet falls silent. `start` brings it back."""
        self._owner._call(self._verbs.shut_down(name))

    def start(self, name: str) -> None:
        """The node's kubelet speaks again, and takes up what it finds. A Node that was deleted is made anew."""
        self._owner._call(self._verbs.start(name))

    def names(self) -> list[str]:
        """The nodes whose kubelets speak."""
        return self._owner._call(self._verbs.names())
