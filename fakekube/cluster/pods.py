"""How pods are to behave, told by a test, and what their containers would see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from fakekube.cluster import staging
from fakekube.cluster.behaving import Behaving, Selector, behaviour_of, matcher
from fakekube.core.meta import Obj, labels_of
from fakekube.nodes.behaviour import Rule, Rules

if TYPE_CHECKING:
    from fakekube.cluster.composition import Cluster
    from fakekube.cluster.fake import FakeCluster


class Told:
    """What was told and can be taken back, on the cluster's loop."""

    def __init__(self, undo: Callable[[], None]) -> None:
        self._undo = undo

    async def remove(self) -> None:
        """It counts no more. Doing so again does nothing."""
        self._undo()


class PodVerbs:
    """What can be done with pods, as coroutines that run on the cluster's loop."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def behave(
        self,
        selector: Selector,
        *,
        namespace: str | None = None,
        name: str | None = None,
        container: str | None = None,
        **behaviour: Unpack[Behaving],
    ) -> Told:
        rule = Rule(behaviour_of(behaviour), matcher(selector), namespace, name, container)
        self._cluster.world.follower(Rules).add(rule)
        self._revisit(rule)

        def undo() -> None:
            self._cluster.world.follower(Rules).remove(rule)
            self._revisit(rule)

        return Told(undo)

    async def stages(self, *sources: str | Path | Obj, beside: bool = False) -> Told:
        lot = staging.give(self._cluster, sources, beside=beside)
        return Told(lambda: staging.take(self._cluster, lot))

    async def environment(
        self, name: str, namespace: str | None = None, *, container: str | None = None
    ) -> dict[str, str]:
        return (await self._seen(name, namespace, container))[1]

    async def command(
        self, name: str, namespace: str | None = None, *, container: str | None = None
    ) -> tuple[list[str], list[str]]:
        from fakekube.nodes.environment import expand

        spec, variables = await self._seen(name, namespace, container)
        command, args = ([expand(text, [variables]) for text in spec.get(field) or ()] for field in ("command", "args"))
        return command, args

    async def _seen(self, name: str, namespace: str | None, container: str | None) -> tuple[Obj, dict[str, str]]:
        """The container, and the variables that it would see."""
        from fakekube.nodes.environment import Surroundings, container_environment

        world, namespace = self._cluster.world, namespace or "default"
        pod = await self._cluster.client.get("pods", namespace, name)
        spec = _container(pod, container)

        def lookup(resource: str, of: str) -> Obj | None:
            return world.get(resource, namespace, of)

        node = world.get("nodes", "", pod["spec"].get("nodeName") or "")
        return spec, container_environment(pod, spec, Surroundings(world.list("services"), lookup, node))

    def _revisit(self, rule: Rule) -> None:
        found = self._cluster.store.list("pods", rule.namespace)
        keys = [stored.key for stored in found if rule.matches(labels_of(stored.view))]
        self._cluster.manager.revisit(keys)


def _container(pod: Obj, name: str | None) -> Obj:
    """The container of this name, or the first; ValueError if there is none."""
    listed: list[Obj] = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]
    if name is None:
        return listed[0]
    for each in listed:
        if each["name"] == name:
            return each
    raise ValueError(f"the pod has no container {name!r}; it has {', '.join(each['name'] for each in listed)}")


class Handle:
    """What was told of pods, to be taken back: by `remove()`, or at the end of a `with`. A reset does so, too."""

    def __init__(self, owner: FakeCluster, told: Told) -> None:
        self._owner = owner
        self._told = told

    def remove(self) -> None:
        """It counts no more. Doing so again does nothing."""
        self._owner._call(self._told.remove())

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Pods:
    """How pods behave. Nothing runs in them; what is said here is what the kubelet reports."""

    def __init__(self, owner: FakeCluster) -> None:
        self._owner = owner

    @property
    def _verbs(self) -> PodVerbs:
        return self._owner._verbs.pods

    def behave(
        self,
        selector: Selector,
        *,
        namespace: str | None = None,
        name: str | None = None,
        container: str | None = None,
        **behaviour: Unpack[Behaving],
    ) -> Handle:
        """From now on the pods that the selector selects (of a namespace; None: of all) behave like this.

        It holds for pods that are there and for those to come, until it is removed or the cluster reset. What was told
        last counts over what was told before, and over annotations. `container` names the one that it is about; without
        it, it is about all but init containers.
        """
        told = self._verbs.behave(selector, namespace=namespace, name=name, container=container, **behaviour)
        return Handle(self._owner, self._owner._call(told))

    def stages(self, *sources: str | Path | Obj, beside: bool = False) -> Handle:
        """Play these Stages of KWOK (objects, YAML text, files or folders) until they are removed or the cluster reset.

        Stages for pods take the place of the usual life of pods, unless they are to count `beside` it. ValueError says
        what is wrong with a stage, or not supported.
        """
        return Handle(self._owner, self._owner._call(self._verbs.stages(*sources, beside=beside)))

    def environment(self, name: str, namespace: str | None = None, *, container: str | None = None) -> dict[str, str]:
        """The environment variables that the pod's container (the first, if none is named) would see if it began now.

        Those of services, envFrom and env, with $(NAME) expanded. StatusError 404 without the pod;
        fakekube.nodes.environment.ContainerConfigError where the kubelet could not start it.
        """
        return self._owner._call(self._verbs.environment(name, namespace, container=container))

    def command(
        self, name: str, namespace: str | None = None, *, container: str | None = None
    ) -> tuple[list[str], list[str]]:
        """The command and the arguments of the container as it would get them: $(NAME) expanded by its environment."""
        return self._owner._call(self._verbs.command(name, namespace, container=container))
