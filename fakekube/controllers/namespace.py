"""Namespace: when one is deleted, empties it, pods first, tells what is left, and lets it go when nothing is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from fakekube.core.meta import Obj, is_deleting, time_text
from fakekube.machinery.controller import ANY, Controller, NamedKey, Watch, service_account
from fakekube.machinery.plan import NOTHING, Change, Delete, DeleteCollection, Plan, Update, UpdateStatus
from fakekube.machinery.workloads import status_update
from fakekube.machinery.world import World
from fakekube.schema.resources import Resource
from fakekube.storage.values import Event, Key, Stored

FINALIZER = "kubernetes"

_FINE = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}
"""The conditions of a namespace that is being deleted, in their order, and what each says when all is well."""


def reconcile(key: NamedKey, world: World) -> Plan:
    """Delete what is in the namespace; tell in its conditions what stays; take our finalizer off when nothing does."""
    namespace = world.get("namespaces", "", key.name)
    if namespace is None or not is_deleting(namespace) or not namespace["spec"].get("finalizers"):
        return NOTHING
    content = _content(key.name, world)
    pods = {resource: objects for resource, objects in content.items() if resource.id == "pods"}
    deletions = list(_deletions(key.name, pods or content, world))
    if deletions:
        return Plan(deletions)
    status = _status(namespace, content, world.now())
    if status != namespace.get("status"):
        return Plan([UpdateStatus("namespaces", status_update(namespace, status))])
    if content or FINALIZER not in namespace["spec"]["finalizers"]:
        return NOTHING
    left = sorted({each for each in namespace["spec"]["finalizers"] if each != FINALIZER})
    spec = {**namespace["spec"], "finalizers": left}
    if not left:
        del spec["finalizers"]
    return Plan([Update("namespaces", {**namespace, "spec": spec}, "finalize")])


def _content(namespace: str, world: World) -> dict[Resource, list[Stored]]:
    """What is in the namespace, by resource; undecoded, for it is looked at often and there may be much."""
    found: dict[Resource, list[Stored]] = {}
    seen: set[str] = set()
    for resource in world.scheme.resources():
        stored = resource.storage
        if not resource.namespaced or "delete" not in resource.verbs or stored.id in seen:
            continue
        seen.add(stored.id)
        objects = world.store.list(stored.id, namespace)
        if objects:
            world.reads += len(objects)
            found[stored] = objects
    return found


def _deletions(namespace: str, content: dict[Resource, list[Stored]], world: World) -> Iterator[Change]:
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
    for resource, objects in content.items():
        fresh = [each for each in objects if not _is_leaving(each, world)]
        if not fresh:
            continue
        if "deletecollection" in resource.verbs:
            yield DeleteCollection(resource.id, namespace, options)
            continue
        for each in fresh:
            yield Delete(each.key, propagation="Background")


def _is_leaving(stored: Stored, world: World) -> bool:
    pod = world.pods.get(stored.key) if stored.key.resource == "pods" else None
    if pod is not None:
        return pod.deleting
    return b'"deletionTimestamp":' in stored.raw and is_deleting(stored.view)


def _finalizers_of(stored: Stored) -> list[str]:
    return stored.view["metadata"].get("finalizers") or [] if b'"finalizers":' in stored.raw else []


def _status(namespace: Obj, content: dict[Resource, list[Stored]], now: float) -> Obj:
    """Terminating, with the conditions; their times change with their status alone."""
    old = {each["type"]: each for each in (namespace.get("status") or {}).get("conditions") or ()}
    remaining = _remaining(content)
    conditions = []
    for kind, (reason, message) in _FINE.items():
        state = "False"
        if kind in remaining:
            state, reason, message = "True", *remaining[kind]
        found = old.pop(kind, None)
        same = found is not None and found["status"] == state
        since = found["lastTransitionTime"] if found is not None and same else time_text(now)
        entry = {"type": kind, "status": state, "lastTransitionTime": since, "reason": reason, "message": message}
        conditions.append(entry)
    return {"phase": "Terminating", "conditions": [*old.values(), *conditions]}


def _remaining(content: dict[Resource, list[Stored]]) -> dict[str, tuple[str, str]]:
    if not content:
        return {}
    texts = [
        f"{resource.plural}.{resource.group} has {len(objects)} resource instances"
        for resource, objects in content.items()
    ]
    told = {"NamespaceContentRemaining": ("SomeResourcesRemain", _listing("Some resources are remaining: ", texts))}
    finalizers: Counter[str] = Counter()
    if not any(resource.id == "pods" for resource in content):
        for objects in content.values():
            for each in objects:
                finalizers.update(_finalizers_of(each))
    if finalizers:
        texts = [f"{name} in {count} resource instances" for name, count in finalizers.items()]
        text = _listing("Some content in the namespace has finalizers remaining: ", texts)
        told["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", text)
    return told


def _listing(start: str, texts: list[str]) -> str:
    return start + ", ".join(sorted(texts))


def _concerned(event: Event, world: World) -> Iterable[NamedKey]:
    """The namespace itself, or that of whatever was written, if it is being deleted."""
    name = event.key.name if event.key.resource == "namespaces" else event.key.namespace
    if not name:
        return ()
    found = world.store.get(Key("namespaces", "", name))
    if found is None or "deletionTimestamp" not in found.view["metadata"]:
        return ()
    return (NamedKey("", name),)


CONTROLLER = Controller(
    name="namespace",
    reconcile=reconcile,
    watches=(Watch(ANY, _concerned),),
    user=service_account("namespace-controller"),
    component="namespace-controller",
)
