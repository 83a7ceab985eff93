"""A controller's eyes: what the store holds now, and lookups kept up to date from its events. Read-only throughout."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from collections.abc import Set as AbstractSet
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple, Protocol, TypeVar

from fakekube.core.clock import Clock
from fakekube.core.meta import Obj, is_deleting, labels_of
from fakekube.machinery.podfacts import PodFacts, PodIndex
from fakekube.machinery.selection import matcher
from fakekube.schema.scheme import Scheme
from fakekube.storage.store import Store
from fakekube.storage.values import Event, Key, Stored


class Index(NamedTuple):
    """A lookup of one resource's objects by values read from them."""

    resource: str
    of: Callable[[Obj], Iterable[Hashable]]


class Follower(Protocol):
    """A lookup of its own making: told of every write (at first of all objects, as creations), in their order."""

    def __init__(self, world: World) -> None: ...

    def apply(self, event: Event) -> None:
        """Take note of a write."""
        ...


F = TypeVar("F", bound=Follower)
Objs = list[Obj]
Pods = list[PodFacts]
ObjectKeys = list[Key]
Events = list[Event]
NEVER = -1


class Settings(NamedTuple):
    """What controllers are told at their start.

    `root_ca`: the certificate authority (PEM) that pods are to trust; `nodes`: the names of the nodes that the cluster
    itself plays the kubelet of at present (a Node object of another name has none behind it). `issue_token`: from
    (namespace, name, uid) of a service account a token that does not expire. `sign`: from (PEM request, seconds or
    None, usages) a PEM certificate; ValueError says what is wrong with the request. Without these two, such secrets
    and requests wait. `load_balancers`: the addresses for Services of type LoadBalancer; without any they wait.
    `provisioners`: whose volumes the cluster makes besides those of its own provisioners; "*" is all.
    """

    root_ca: str = ""
    nodes: AbstractSet[str] = frozenset()
    issue_token: Callable[[str, str, str], str] | None = None
    sign: Callable[[bytes, int | None, tuple[str, ...]], bytes] | None = None
    load_balancers: tuple[IPv4Network | IPv6Network, ...] = ()
    provisioners: frozenset[str] = frozenset()


class World:
    """Objects are shared: nobody may change them. `reads` counts what was looked at: a reconcile's cost."""

    def __init__(self, store: Store, scheme: Scheme, clock: Clock, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.store = store
        self.scheme = scheme
        self.clock = clock
        self.reads = 0
        self.pods = PodIndex()
        self._uids: dict[str, Key] = {}
        self._owners: dict[Key, tuple[str, ...]] = {}
        self._dependents: dict[str, dict[Key, None]] = {}
        self._indexes: dict[Index, _Lookup] = {}
        self._by_resource: dict[str, list[_Lookup]] = {}
        self._followers: dict[type, Follower] = {}
        self._present: Events = []
        self._present_at = NEVER
        self._fill()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.clock.now()

    def get(self, resource: str, namespace: str, name: str) -> Obj | None:
        """The object, or None."""
        self.reads += 1
        found = self.store.get(Key(resource, namespace, name))
        return None if found is None else found.view

    def at(self, key: Key) -> Obj | None:
        """The object at the key, or None."""
        found = self.store.get(key)
        return None if found is None else found.view

    def list(self, resource: str, namespace: str | None = None) -> Objs:
        """The objects of a namespace, or of all."""
        found = self.store.list(resource, namespace)
        self.reads += len(found)
        return [stored.view for stored in found]

    def selected(self, resource: str, namespace: str | None, selector: Obj | None) -> Objs:
        """The objects that a metav1.LabelSelector selects (an empty one all, None none)."""
        matches = matcher(selector)
        found = self.store.list(resource, namespace)
        self.reads += len(found)
        return [stored.view for stored in found if matches(stored.labels)]

    def indexed(self, index: Index, value: Hashable) -> Objs:
        """The objects that the index finds under the value."""
        lookup = self._indexes.get(index)
        if lookup is None:
            lookup = self._indexes[index] = _Lookup(index)
            self._by_resource.setdefault(index.resource, []).append(lookup)
            for stored in self.store.list(index.resource):
                lookup.put(stored)
        found = lookup.by_value.get(value, {})
        self.reads += len(found)
        return [stored.view for stored in found.values()]

    def follower(self, kind: type[F]) -> F:
        """The lookup of this kind, made and filled when first asked for."""
        found = self._followers.get(kind)
        if found is None:
            found = self._followers[kind] = kind(self)
            for event in self.present():
                found.apply(event)
        assert isinstance(found, kind)
        return found

    def by_uid(self, uid: str) -> Key | None:
        """The key of the object with this uid, whatever it is."""
        return self._uids.get(uid)

    def owner_uids(self, key: Key) -> tuple[str, ...]:
        """The uids that the object names as its owners."""
        return self._owners.get(key, ())

    def dependents(self, uid: str) -> ObjectKeys:
        """The keys of the objects that name this uid among their owners."""
        found = self._dependents.get(uid)
        return [] if found is None else list(found)

    def controlled(self, resource: str, owner: Obj) -> Objs:
        """The objects of a resource whose controller is `owner`."""
        uid = owner["metadata"]["uid"]
        found = []
        for key in self._dependents.get(uid, ()):
            if key.resource == resource and (stored := self.store.get(key)) is not None:
                reference = stored.controller
                if reference is not None and reference.get("uid") == uid:
                    found.append(stored.view)
        self.reads += len(found)
        return found

    def pods_of(self, owner: Obj) -> Pods:
        """The pods whose controller is `owner`."""
        found = list(self.pods.by_owner.get(owner["metadata"]["uid"], {}).values())
        self.reads += len(found)
        return found

    def loose_pods(self, namespace: str) -> Pods:
        """The pods of a namespace that have no controller."""
        found = list(self.pods.loose.get(namespace, {}).values())
        self.reads += len(found)
        return found

    def pods_on(self, node: str) -> Pods:
        """The pods bound to a node."""
        found = list(self.pods.by_node.get(node, {}).values())
        self.reads += len(found)
        return found

    def pods_in(self, namespace: str, selector: Obj | None = None) -> Pods:
        """The pods of a namespace; those that the selector selects, if one is given."""
        found = self.pods.by_namespace.get(namespace, {}).values()
        self.reads += len(found)
        if selector is None:
            return list(found)
        matches = matcher(selector)
        return [facts for facts in found if matches(facts.labels)]

    def terminating(self, namespace: str) -> bool:
        """Whether the namespace is being deleted or is not there."""
        found = self.store.get(Key("namespaces", "", namespace))
        return found is None or is_deleting(found.view)

    def present(self) -> Events:
        """Everything that is there, as creations; the same ones to all who ask before the next write."""
        if self._present_at != self.store.revision:
            self._present_at = self.store.revision
            self._present = [
                Event(stored.revision, stored.key, None, stored)
                for resource in self.store.resources()
                for stored in self.store.list(resource)
            ]
        return self._present

    def apply(self, event: Event) -> None:
        """Bring the lookups up to date with a write; called before anyone is told of it."""
        key = event.key
        if event.revision > self._present_at:
            self._present_at, self._present = NEVER, []
        self._note_uid(event)
        self._note_owners(key, event.after)
        if key.resource == "pods":
            self.pods.apply(event)
        for lookup in self._by_resource.get(key.resource, ()):
            lookup.drop(key)
            if event.after is not None:
                lookup.put(event.after)
        for follower in self._followers.values():
            follower.apply(event)

    def reset(self) -> None:
        """Build all lookups anew from what the store holds."""
        self.pods.clear()
        self._uids.clear()
        self._owners.clear()
        self._dependents.clear()
        self._indexes.clear()
        self._by_resource.clear()
        self._followers.clear()
        self._fill()

    def _fill(self) -> None:
        for event in self.present():
            self.apply(event)

    def _note_uid(self, event: Event) -> None:
        if event.after is None:
            assert event.before is not None, "what goes was there"
            self._uids.pop(event.before.view["metadata"]["uid"], None)
        elif event.before is None:
            self._uids[event.after.view["metadata"]["uid"]] = event.key

    def _note_owners(self, key: Key, after: Stored | None) -> None:
        references = None if after is None else after.owners
        if not references:
            if key in self._owners:
                self._forget_owners(key)
            return
        uids = tuple([each["uid"] for each in references])
        old = self._owners.get(key)
        if old == uids:
            return
        if old is not None:
            self._forget_owners(key)
        self._owners[key] = uids
        for uid in uids:
            self._dependents.setdefault(uid, {})[key] = None

    def _forget_owners(self, key: Key) -> None:
        for uid in self._owners.pop(key):
            group = self._dependents[uid]
            group.pop(key, None)
            if not group:
                del self._dependents[uid]


class _Lookup:
    def __init__(self, index: Index) -> None:
        self._of = index.of
        self._values: dict[Key, list[Hashable]] = {}
        self.by_value: dict[Hashable, dict[Key, Stored]] = {}

    def put(self, stored: Stored) -> None:
        values = list(dict.fromkeys(self._of(stored.view)))
        if values:
            self._values[stored.key] = values
        for value in values:
            self.by_value.setdefault(value, {})[stored.key] = stored

    def drop(self, key: Key) -> None:
        for value in self._values.pop(key, ()):
            group = self.by_value[value]
            group.pop(key, None)
            if not group:
                del self.by_value[value]


def selects(selector: Obj | None, obj: Obj) -> bool:
    """Whether the label selector selects the object."""
    return matcher(selector)(labels_of(obj))
