"""The garbage collector: what has lost its last owner goes; owners wait for, or let go of, their dependents.

Keys are those of objects. Rules: k8s.io/kubernetes/pkg/controller/garbagecollector.
"""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, is_deleting, owners_of, split_api_version, uid_of
from fakekube.machinery.controller import ANY, Controller, Watch, service_account
from fakekube.machinery.plan import NOTHING, Change, Delete, Emit, Patch, Plan
from fakekube.machinery.world import World
from fakekube.schema.resources import Resource
from fakekube.storage.values import Event, Key

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


def reconcile(key: Key, world: World) -> Plan:
    """Delete the object if no owner is left to it, or go on with its own deletion."""
    obj = world.at(key)
    if obj is None:
        return NOTHING
    if is_deleting(obj):
        finalizers = obj["metadata"].get("finalizers") or ()
        if ORPHAN in finalizers:
            return _let_go(key, obj, world)
        if FOREGROUND in finalizers:
            return _finish_foreground(key, obj, world)
        return NOTHING
    return _judge(key, obj, world) if owners_of(obj) else NOTHING


class _Owners:
    """An object's references, by what has become of the owner."""

    def __init__(self) -> None:
        self.solid: list[str] = []
        self.dangling: list[str] = []
        self.waiting: list[str] = []


def _judge(key: Key, obj: Obj, world: World) -> Plan:
    owners = _Owners()
    for reference in owners_of(obj):
        resource = _resource_of(reference, world)
        if resource is None:
            return Plan(retry=True)  # a kind that is not served: it may come to be
        if resource.namespaced and not key.namespace:
            return Plan(_told_of_foreign(key, obj, world))  # an owner that cannot be: its uid is not looked for
        _sort_in(owners, reference, resource, key, world)
    told = _told_of_foreign(key, obj, world)
    gone = owners.dangling + owners.waiting
    if owners.solid:
        return Plan([*told, _without_owners(key, obj, gone, world)]) if gone else Plan(told)
    dependents = world.dependents(uid_of(obj))
    if owners.waiting and dependents:
        return Plan([*told, *_unblocked(key, obj, dependents, world), _delete(key, obj, "Foreground")])
    return Plan([*told, _delete(key, obj, _policy(obj))])


def _sort_in(owners: _Owners, reference: Obj, resource: Resource, key: Key, world: World) -> None:
    uid = reference["uid"]
    owner = world.at(Key(resource.storage.id, key.namespace if resource.namespaced else "", reference["name"]))
    if owner is None or uid_of(owner) != uid:
        owners.dangling.append(uid)
    elif is_deleting(owner) and FOREGROUND in (owner["metadata"].get("finalizers") or ()):
        owners.waiting.append(uid)
    else:
        owners.solid.append(uid)


def _resource_of(reference: Obj, world: World) -> Resource | None:
    group, version = split_api_version(reference["apiVersion"])
    return world.scheme.by_kind(group, version, reference["kind"])


def _told_of_foreign(key: Key, obj: Obj, world: World) -> list[Change]:
    """Warnings about owners that are in another namespace."""
    told: list[Change] = []
    for reference in owners_of(obj):
        at = world.by_uid(reference["uid"])
        if at is not None and at.namespace and at.namespace != key.namespace:
            names = f"{reference['apiVersion']}/{reference['kind']}, namespace: {key.namespace}"
            identity = f"[{names}, name: {reference['name']}, uid: {reference['uid']}]"
            text = f'ownerRef {identity} does not exist in namespace "{key.namespace}"'
            told.append(Emit(obj, "OwnerRefInvalidNamespace", text, "Warning"))
    return told


def _policy(obj: Obj) -> str:
    finalizers = obj["metadata"].get("finalizers") or ()
    return "Orphan" if ORPHAN in finalizers else "Foreground" if FOREGROUND in finalizers else "Background"


def _delete(key: Key, obj: Obj, policy: str) -> Delete:
    meta = obj["metadata"]
    return Delete(key, meta["uid"], meta["resourceVersion"], propagation=policy)


def _patch_owners(key: Key, obj: Obj, references: list[Obj], strategic: list[Obj], world: World) -> Patch:
    """Change the references: by strategic merge patch, which custom resources do not have."""
    resource = world.scheme.stored(key.resource)
    meta = obj["metadata"]
    if resource is not None and resource.custom:
        body = {"resourceVersion": meta["resourceVersion"], "ownerReferences": references or None}
        return Patch(key, {"metadata": body}, "merge")
    return Patch(key, {"metadata": {"ownerReferences": strategic, "uid": meta["uid"]}})


def _without_owners(key: Key, obj: Obj, uids: list[str], world: World) -> Patch:
    left = [each for each in owners_of(obj) if each["uid"] not in uids]
    return _patch_owners(key, obj, left, [{"$patch": "delete", "uid": uid} for uid in uids], world)


def _unblocked(key: Key, obj: Obj, dependents: list[Key], world: World) -> list[Change]:
    """In a circle of owners that wait for each other, make the object block nobody."""
    waiting = [each for at in dependents if (each := world.at(at)) is not None and _waits(each)]
    blocking = [each for each in owners_of(obj) if each.get("blockOwnerDeletion")]
    if not waiting or not blocking:
        return []
    references = [{**each, "blockOwnerDeletion": False} for each in owners_of(obj)]
    strategic = [{"uid": each["uid"], "blockOwnerDeletion": False} for each in blocking]
    return [_patch_owners(key, obj, references, strategic, world)]


def _waits(obj: Obj) -> bool:
    return is_deleting(obj) and FOREGROUND in (obj["metadata"].get("finalizers") or ())


def _let_go(key: Key, owner: Obj, world: World) -> Plan:
    """Take the owner's name off its dependents, and then the finalizer off the owner."""
    changes: list[Change] = []
    for at in world.dependents(uid_of(owner)):
        dependent = world.at(at)
        if dependent is not None:
            patch = _without_owners(at, dependent, [uid_of(owner)], world)
            patch.refused = lambda error: Plan(retry=True)
            changes.append(patch)
    return Plan([*changes, _without_finalizer(key, owner, ORPHAN)])


def _finish_foreground(key: Key, owner: Obj, world: World) -> Plan:
    """Let the owner go when no dependent that blocks it is left."""
    uid = uid_of(owner)
    for at in world.dependents(uid):
        dependent = world.at(at)
        references = owners_of(dependent) if dependent is not None else []
        if any(each["uid"] == uid and each.get("blockOwnerDeletion") for each in references):
            return NOTHING
    return Plan([_without_finalizer(key, owner, FOREGROUND)])


def _without_finalizer(key: Key, obj: Obj, name: str) -> Patch:
    meta = obj["metadata"]
    left = [each for each in meta.get("finalizers") or () if each != name]
    return Patch(key, {"metadata": {"resourceVersion": meta["resourceVersion"], "finalizers": left}}, "merge")


class Graph:
    """Which objects the last write concerns; it remembers who named whom as owner before."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._named: dict[Key, tuple[str, ...]] = {}
        self.last: Event | None = None
        self.concerned: list[Key] = []

    def apply(self, event: Event) -> None:
        """Take note of a write."""
        self.last = event
        if event.key.resource == "events":
            self.concerned = []
            return
        before = self._named.get(event.key, ())
        after = self._world.owner_uids(event.key)
        if before != after:
            if after:
                self._named[event.key] = after
            else:
                del self._named[event.key]
        self.concerned = self._find(event, before, after)

    def _find(self, event: Event, before: tuple[str, ...], after: tuple[str, ...]) -> list[Key]:
        if event.after is None:
            assert event.before is not None, "what goes was there"
            return [*self._world.dependents(uid_of(event.before.view)), *self._waiting(before)]
        meta = event.after.view["metadata"]
        if "deletionTimestamp" in meta:
            blocked = self._waiting(before + after)
            if meta.get("finalizers"):
                return [event.key, *self._world.dependents(meta["uid"]), *blocked]
            return blocked if before != after else []
        found = (
            [event.key]
            if after and (before != after or event.before is None) and self._doubtful(event.key, after)
            else []
        )
        return found + self._waiting(before) if before else found

    def _waiting(self, uids: tuple[str, ...]) -> list[Key]:
        """Those of the owners that wait for their dependents."""
        found = []
        for uid in uids:
            key = self._world.by_uid(uid)
            owner = self._world.at(key) if key is not None else None
            if key is not None and owner is not None and is_deleting(owner):
                found.append(key)
        return found

    def _doubtful(self, key: Key, uids: tuple[str, ...]) -> bool:
        """Whether one of the owners is not there, or not in this namespace, or is being deleted."""
        for uid in uids:
            at = self._world.by_uid(uid)
            if at is None or (at.namespace and at.namespace != key.namespace):
                return True
            owner = self._world.at(at)
            if owner is None or is_deleting(owner):
                return True
        return not self._named_rightly(key)

    def _named_rightly(self, key: Key) -> bool:
        """Whether the references name the owners by their true names."""
        obj = self._world.at(key)
        for reference in owners_of(obj) if obj is not None else ():
            at = self._world.by_uid(reference["uid"])
            resource = _resource_of(reference, self._world)
            if at is None or resource is None or at != Key(resource.storage.id, at.namespace, reference["name"]):
                return False
        return True


def _concerned(event: Event, world: World) -> Iterable[Key]:
    graph = world.follower(Graph)
    return graph.concerned if graph.last is event else ()


def _begin(world: World) -> Iterable[Key]:
    """At the start all that has owners or is being deleted is looked at."""
    world.follower(Graph)
    for event in world.present():
        if event.after is not None and (world.owner_uids(event.key) or is_deleting(event.after.view)):
            yield event.key


CONTROLLER = Controller(
    name="garbage-collector",
    reconcile=reconcile,
    watches=(Watch(ANY, _concerned),),
    user=service_account("generic-garbage-collector"),
    component="garbage-collector-controller",
    begin=_begin,
)
