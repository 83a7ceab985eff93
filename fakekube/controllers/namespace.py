"""Namespace: when one is deleted, empties it, pods first, tells what is left, and lets it go when nothing is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, is_deleting, parse_time, time_text
from fakekube.machinery.controller import ANY, Controller, NamedKey, Watch, service_account
from fakekube.machinery.plan import NOTHING, Change, Delete, DeleteCollection, Plan, Refused, Update, UpdateStatus
from fakekube.machinery.podfacts import TERMINAL
from fakekube.machinery.workloads import status_update
from fakekube.machinery.world import World
from fakekube.schema.resources import Resource
from fakekube.storage.values import Event, Key, Stored

FINALIZER = "kubernetes"
MOST_JUDGED = 100
"""Pods that are decoded each time to see how long they may take to stop."""

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
        return Plan(_watched(namespace, deletions, world))
    wait = _grace_left(namespace, pods, world)
    status = _status(namespace, content, _stuck(key.name, pods) if wait == 0 else [], world.now())
    if status != namespace.get("status"):
        return Plan([UpdateStatus("namespaces", status_update(namespace, status))], wait or None)
    if pods:
        return Plan(after=wait or None)
    if content or FINALIZER not in namespace["spec"]["finalizers"]:
        return NOTHING
    left = sorted({each for each in namespace["spec"]["finalizers"] if each != FINALIZER})
    spec = {**namespace["spec"], "finalizers": left}
    if not left:
        del spec["finalizers"]
    return Plan([Update("namespaces", {**namespace, "spec": spec}, "finalize")])


def _watched(namespace: Obj, deletions: list[Change], world: World) -> list[Change]:
    """The deletions; one that is refused does not keep the others from being tried, and is told of in the end."""
    failed: dict[str, str] = {}

    def refused_at(index: int, resource: str) -> Refused:
        def refused(error: StatusError) -> Plan | None:
            if error.reason == "NotFound":
                return None
            failed[resource] = error.message
            held = {
                each: [obj for obj in objects if _finalizers_of(obj)]
                for each, objects in _content(namespace["metadata"]["name"], world).items()
                if each.id not in failed
            }
            held = {each: objects for each, objects in held.items() if objects}
            status = _status(namespace, held, list(failed.values()), world.now())
            same = status == namespace.get("status")
            told = [] if same else [UpdateStatus("namespaces", status_update(namespace, status))]
            return Plan([*deletions[index + 1 :], *told], retry=True)

        return refused

    for index, change in enumerate(deletions):
        assert isinstance(change, Delete | DeleteCollection), "nothing else is planned here"
        resource = change.key.resource if isinstance(change, Delete) else change.resource
        change.refused = refused_at(index, resource)
    return deletions


def _grace_left(namespace: Obj, pods: dict[Resource, list[Stored]], world: World) -> float:
    """Seconds until the last of the pods should have stopped, judged by the first of them where there are many."""
    graces = [
        each.view["spec"].get("terminationGracePeriodSeconds", 0.0)
        for objects in pods.values()
        for each in objects[:MOST_JUDGED]
        if (each.view.get("status") or {}).get("phase") not in TERMINAL
    ]
    since = parse_time(namespace["metadata"]["deletionTimestamp"])
    return max(0.0, since + max(graces, default=0.0) - world.now())


def _stuck(namespace: str, pods: dict[Resource, list[Stored]]) -> list[str]:
    """What is said of pods that should have stopped, if no finalizer keeps them."""
    return [
        f"unexpected items still remain in namespace: {namespace} for gvr: {each.group}/{each.version}, "
        f"Resource={each.plural}"
        for each, objects in pods.items()
        if not any(_finalizers_of(stored) for stored in objects)
    ]


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


def _status(namespace: Obj, content: dict[Resource, list[Stored]], failures: list[str], now: float) -> Obj:
    """Terminating, with the conditions; their times change with their status alone. Nothing is said of what remains as
    long as there are pods: the rest comes after them."""
    old = {each["type"]: each for each in (namespace.get("status") or {}).get("conditions") or ()}
    remaining = {} if any(resource.id == "pods" for resource in content) else _remaining(content)
    if failures:
        text = f"Failed to delete all resource types, {len(failures)} remaining: {', '.join(sorted(failures))}"
        remaining["NamespaceDeletionContentFailure"] = ("ContentDeletionFailed", text)
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
