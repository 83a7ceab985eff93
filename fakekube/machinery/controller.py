"""What a controller is: a name, who it acts as, what it watches, and a pure reconcile."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple

from fakekube.core.meta import Obj
from fakekube.machinery.plan import Plan
from fakekube.machinery.selection import matcher
from fakekube.machinery.world import World
from fakekube.storage.values import Event

ANY = "*"
"""In a Watch: every resource."""

Keys = Callable[[Event, World], Iterable[Hashable]]
"""Which keys a write concerns. Called for each write: it must be quick."""


class Watch(NamedTuple):
    """A resource to follow and the keys that its writes concern."""

    resource: str
    keys: Keys


class NamedKey(NamedTuple):
    """The usual key of a controller of one kind."""

    namespace: str
    name: str


class Controller(NamedTuple):
    """One row of the list of controllers. `reconcile(key, world)` decides and writes nothing.

    Same world, same plan; at the goal, an empty one. `begin` gives keys that are there from the start
    (for what happens by the clock and not by a write).
    """

    name: str
    reconcile: Callable[[Any, World], Plan]
    watches: tuple[Watch, ...]
    user: str
    component: str
    field_manager: str = "kube-controller-manager"
    begin: Callable[[World], Iterable[Hashable]] | None = None
    holds_time: bool = True
    """A virtual clock stops at its timers; one that only beats (a heartbeat) lets time pass over them."""
    alone: bool = False
    """What it gives out (room on nodes, addresses) is free until it is written: no key before the last one is."""


def service_account(name: str) -> str:
    """The user name of one of kube-system's service accounts, as which the controllers act."""
    return f"system:serviceaccount:kube-system:{name}"


def itself(event: Event, world: World) -> Iterable[NamedKey]:
    """The object that was written."""
    return (NamedKey(event.key.namespace, event.key.name),)


def its_controller(kind: str, group: str) -> Callable[[Event, World], list[NamedKey]]:
    """The object's controller, if of this kind: the one before the write and the one after it."""

    def keys(event: Event, world: World) -> list[NamedKey]:
        found: list[NamedKey] = []
        for stored in (event.after, event.before):
            if stored is None or not stored.owners:
                continue
            reference = stored.controller
            if reference is not None and reference["kind"] == kind and _group_of(reference) == group:
                key = NamedKey(event.key.namespace, reference["name"])
                if key not in found:
                    found.append(key)
        return found

    return keys


def its_controller_or_adopter(kind: str, group: str, resource: str) -> Callable[[Event, World], list[NamedKey]]:
    """The object's controller, if of this kind; for one without controller, everybody who might adopt it as well."""
    controllers = its_controller(kind, group)

    def keys(event: Event, world: World) -> list[NamedKey]:
        found = controllers(event, world)
        if event.after is not None and event.after.controller is None:
            found += selecting(resource, event, world)
        return found

    return keys


def selecting(resource: str, event: Event, world: World) -> list[NamedKey]:
    """The objects of a resource in the same namespace whose spec.selector selects the object as it is now."""
    after = event.after
    if after is None:
        return []
    return [
        NamedKey(each.key.namespace, each.key.name)
        for each in world.store.list(resource, event.key.namespace)
        if matcher(each.view["spec"].get("selector"))(after.labels)
    ]


def _group_of(reference: Obj) -> str:
    group, slash, _ = str(reference["apiVersion"]).partition("/")
    return group if slash else ""


def its_namespace(event: Event, world: World) -> Iterable[NamedKey]:
    """The namespace in which the object was written."""
    return (NamedKey("", event.key.namespace),)
