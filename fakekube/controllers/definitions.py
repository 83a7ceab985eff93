"""CustomResourceDefinitions: their names are accepted, then they are established; one that is deleted is emptied first.

These three controllers of the real server's apiextensions part live in the API server itself, so they act as it.
"""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj, condition, is_deleting, is_true, time_text
from fakekube.machinery.controller import ANY, Controller, NamedKey, Watch
from fakekube.machinery.plan import NOTHING, Change, DeleteCollection, Plan, UpdateStatus
from fakekube.machinery.workloads import status_update
from fakekube.machinery.world import World
from fakekube.schema.definitions.naming import (
    ACCEPTED,
    ESTABLISHED,
    TERMINATING,
    has_bad_bundle,
    naming,
    same_names,
    with_condition,
)
from fakekube.storage.values import Event, Key

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"

_ESTABLISHED = {
    "type": ESTABLISHED,
    "status": "True",
    "reason": "InitialNamesAccepted",
    "message": "the initial names have been accepted",
}
_BAD_BUNDLE = {
    "type": ESTABLISHED,
    "status": "False",
    "reason": "InvalidCABundle",
    "message": "The conversion webhook CABundle is invalid",
}
_IN_PROGRESS = {
    "type": TERMINATING,
    "status": "True",
    "reason": "InstanceDeletionInProgress",
    "message": "CustomResource deletion is in progress",
}
_COMPLETED = {
    "type": TERMINATING,
    "status": "False",
    "reason": "InstanceDeletionCompleted",
    "message": "removed all instances",
}
_NEVER_ESTABLISHED = {
    "type": TERMINATING,
    "status": "False",
    "reason": "NeverEstablished",
    "message": "resource was never established",
}


def reconcile(key: NamedKey, world: World) -> Plan:
    """One step: tell of its approval, accept names, establish; or if it is being deleted, empty it and let it go."""
    from fakekube.schema.definitions import approval

    crd = world.get(DEFINITIONS, "", key.name)
    if crd is None:
        return NOTHING
    if is_deleting(crd):
        return _finalize(crd, world)
    status = crd.get("status") or {}
    conformant = approval.condition(crd)
    if conformant is not None:
        telling = with_condition(status, conformant, time_text(world.now()))
        if telling != status:
            return _written(crd, telling)
    if not same_names(crd["spec"]["names"], status.get("acceptedNames") or {}):
        plan = _accept(crd, status, world)
        if plan:
            return plan
    if is_true(crd, ACCEPTED) and not is_true(crd, ESTABLISHED):
        wanted = _BAD_BUNDLE if has_bad_bundle(crd["spec"]) else _ESTABLISHED
        telling = with_condition(status, wanted, time_text(world.now()))
        return _written(crd, telling) if telling != status else NOTHING
    return NOTHING


def _written(crd: Obj, status: Obj) -> Plan:
    return Plan([UpdateStatus(DEFINITIONS, status_update(crd, status))])


def _accept(crd: Obj, status: Obj, world: World) -> Plan:
    group, now = crd["spec"]["group"], time_text(world.now())
    found = naming(crd, [each for each in world.list(DEFINITIONS) if each["spec"]["group"] == group])
    known = condition(crd, ACCEPTED) or {}
    if same_names(found.names, status.get("acceptedNames") or {}) and all(
        known.get(name) == found.accepted[name] for name in ("status", "reason", "message")
    ):
        return NOTHING
    status = with_condition({**status, "acceptedNames": found.names}, found.accepted, now)
    return _written(crd, with_condition(status, found.established, now))


def _finalize(crd: Obj, world: World) -> Plan:
    """Delete the instances; when there are none any more, take the finalizer off."""
    finalizers = crd["metadata"].get("finalizers") or []
    if CLEANUP_FINALIZER not in finalizers:
        return NOTHING
    now, status = time_text(world.now()), crd.get("status") or {}
    if not is_true(crd, ESTABLISHED):
        return _released(crd, with_condition(status, _NEVER_ESTABLISHED, now))
    telling = with_condition(status, _IN_PROGRESS, now)
    if telling != status:
        return _written(crd, telling)
    resource = f"{crd['spec']['names']['plural']}.{crd['spec']['group']}"
    present = world.store.list(resource)
    if not present:
        return _released(crd, with_condition(status, _COMPLETED, now))
    fresh = {each.key.namespace for each in present if not is_deleting(each.view)}
    deletions: list[Change] = [DeleteCollection(resource, namespace) for namespace in sorted(fresh)]
    return Plan(deletions)


def _released(crd: Obj, status: Obj) -> Plan:
    left = [name for name in crd["metadata"]["finalizers"] if name != CLEANUP_FINALIZER]
    return _written({**crd, "metadata": {**crd["metadata"], "finalizers": left}}, status)


def _concerned(event: Event, world: World) -> Iterable[NamedKey]:
    """The definition, and those that wait for a name of its group; or that of an instance that is gone."""
    resource = event.key.resource
    if resource != DEFINITIONS:
        if event.after is None and "." in resource and world.store.get(Key(DEFINITIONS, "", resource)) is not None:
            return (NamedKey("", resource),)
        return ()
    group = event.key.name.partition(".")[2]
    waiting = [
        NamedKey("", stored.key.name)
        for stored in world.store.list(DEFINITIONS)
        if stored.key.name.partition(".")[2] == group and not is_true(stored.view, ACCEPTED)
    ]
    return [NamedKey("", event.key.name), *waiting]


CONTROLLER = Controller(
    name="definitions",
    reconcile=reconcile,
    watches=(Watch(ANY, _concerned),),
    user="system:apiserver",
    component="apiextensions-apiserver",
    field_manager="kube-apiserver",
)
