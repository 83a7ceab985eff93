"""What keeps containers from starting: ConfigMaps and Secrets that are missing, of their environment or their volumes.

The words are the kubelet's, as events and statuses tell them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from fakekube.core.meta import Obj, namespace_of
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

if TYPE_CHECKING:
    from fakekube.nodes.environment import Lookup

ROOT_CA = "kube-root-ca.crt"
"""The ConfigMap that each namespace is given; a pod does not wait for it, for without controllers it never comes."""
API_ACCESS = "kube-api-access-"
"""What the names of the volumes begin with by which pods reach the API."""
_Fault = Callable[[Obj, "Lookup"], str]


class Unmounted(NamedTuple):
    """A volume that cannot be had, and why."""

    volume: str
    why: str

    @property
    def message(self) -> str:
        """As the event FailedMount tells it."""
        return f'MountVolume.SetUp failed for volume "{self.volume}" : {self.why}'


def config_fault(pod: Obj, spec: Obj, world: World) -> str:
    """Why the kubelet cannot make the container's environment; '' if it can."""
    if not spec.get("envFrom") and not any("valueFrom" in each for each in spec.get("env") or ()):
        return ""
    from fakekube.nodes.environment import ContainerConfigError, Surroundings, container_environment

    node = world.get("nodes", "", pod["spec"].get("nodeName") or "")
    try:
        container_environment(pod, spec, Surroundings((), _lookup(pod, world), node))
    except ContainerConfigError as error:
        return str(error)
    return ""


def unmounted(pod: Obj, world: World) -> Unmounted | None:
    """The first volume of the pod that cannot be had; None if all can."""
    for volume in pod["spec"].get("volumes") or ():
        if volume["name"].startswith(API_ACCESS):
            continue
        for field, fault in _VOLUMES.items():
            source = volume.get(field)
            if source is not None and (why := fault(source, _lookup(pod, world))):
                return Unmounted(volume["name"], why)
    return None


def _lookup(pod: Obj, world: World) -> Lookup:
    namespace = namespace_of(pod)
    return lambda resource, name: world.get(resource, namespace, name)


def _of_config(source: Obj, lookup: Lookup) -> str:
    return "" if source.get("name") == ROOT_CA else _missing("configmap", "config", source, source.get("name"), lookup)


def _of_secret(source: Obj, lookup: Lookup) -> str:
    return _missing("secret", "secret", source, source.get("secretName") or source.get("name"), lookup)


def _of_projected(source: Obj, lookup: Lookup) -> str:
    found = []
    for each in source.get("sources") or ():
        if each.get("configMap") is not None:
            found.append(_of_config(each["configMap"], lookup))
        if each.get("secret") is not None:
            found.append(_of_secret(each["secret"], lookup))
    told = list(dict.fromkeys(why for why in found if why))
    return told[0] if len(told) == 1 else f"[{', '.join(told)}]" if told else ""


def _missing(kind: str, what: str, source: Obj, name: str | None, lookup: Lookup) -> str:
    """Why the object, or one of its keys, cannot be mounted; '' if it can, or need not be there."""
    if source.get("optional"):
        return ""
    obj = lookup(f"{kind}s", name or "")
    if obj is None:
        return f'{kind} "{name}" not found'
    held = {*(obj.get("data") or ()), *(obj.get("binaryData") or ())}
    lacking = next((item["key"] for item in source.get("items") or () if item["key"] not in held), None)
    return "" if lacking is None else f"references non-existent {what} key: {lacking}"


_VOLUMES: dict[str, _Fault] = {"configMap": _of_config, "secret": _of_secret, "projected": _of_projected}


class Awaited:
    """Pods that wait for a ConfigMap or a Secret, by namespace, and what was told of them last."""

    def __init__(self, world: World) -> None:
        self._by_namespace: dict[str, set[Key]] = {}
        self._told: dict[Key, str] = {}

    def apply(self, event: Event) -> None:
        """A pod that is gone waits no more."""
        if event.after is None and event.key.resource == "pods":
            self._told.pop(event.key, None)
            self._by_namespace.get(event.key.namespace, set()).discard(event.key)

    def wait(self, key: Key) -> None:
        """The pod waits for something in its namespace."""
        self._by_namespace.setdefault(key.namespace, set()).add(key)

    def news(self, key: Key, message: str) -> bool:
        """Whether this has not been told of the pod yet; from now on it has."""
        old, self._told[key] = self._told.get(key), message
        return old != message

    def wake(self, namespace: str) -> Iterable[Key]:
        """The pods of a namespace that wait; who is to wait on says so again."""
        return sorted(self._by_namespace.pop(namespace, ()))
