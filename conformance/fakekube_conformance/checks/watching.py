"""WATCH: how a stream begins, what it tells, how it is selected and how it ends."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import covers, equal, holds, lacks, look
from fakekube_conformance.objects import Obj, config_map, lease, pod

LEASES = "coordination.k8s.io/v1/leases"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"


def version(obj: Obj) -> str:
    found: str = obj["metadata"]["resourceVersion"]
    return found


def start(case: Case) -> str:
    """The resource version of an empty list, from which a watch sees all that comes."""
    return version(case.read(LEASES))


@check("A watch from a list's version tells what happened since: ADDED, MODIFIED, DELETED")
def life(case: Case) -> None:
    with case.watch(LEASES, resourceVersion=start(case)) as watch:
        case.create(LEASES, lease("shift"))
        case.merge(f"{LEASES}/shift", {"spec": {"holderIdentity": "ann"}})
        case.delete(f"{LEASES}/shift")
        equal("events", watch.take(3), [("ADDED", "shift"), ("MODIFIED", "shift"), ("DELETED", "shift")])


@check("A watch begins in the past: what was written before it is told too")
def history(case: Case) -> None:
    begin = start(case)
    for name in ("one", "two"):
        case.create(LEASES, lease(name))
    case.delete(f"{LEASES}/one")
    with case.watch(LEASES, resourceVersion=begin) as watch:
        equal("events", watch.take(3), [("ADDED", "one"), ("ADDED", "two"), ("DELETED", "one")])


@check("An event carries the whole object as it was then, not as it is now")
def object_of_then(case: Case) -> None:
    begin = start(case)
    made = case.create(LEASES, lease("shift", "ann"))
    case.merge(f"{LEASES}/shift", {"spec": {"holderIdentity": "bob"}})
    with case.watch(LEASES, resourceVersion=begin) as watch:
        equal("object", watch.next("ADDED")["object"], made)
        equal("holder", look(watch.next("MODIFIED"), "object.spec.holderIdentity"), "bob")


@check("Events come in the order of the writes")
def order(case: Case) -> None:
    names = [f"shift-{number}" for number in (3, 1, 4, 0, 5, 9, 2, 6)]
    with case.watch(LEASES, resourceVersion=start(case)) as watch:
        for name in names:
            case.create(LEASES, lease(name))
        equal("events", watch.take(len(names)), [("ADDED", name) for name in names])


@check("A watch without a resource version begins with what there is")
def synthetic(case: Case) -> None:
    made = {name: case.create(LEASES, lease(name)) for name in ("two", "one")}
    with case.watch(LEASES) as watch:
        events = sorted((watch.next("ADDED")["object"] for _ in made), key=lambda obj: str(obj["metadata"]["name"]))
        equal("objects", events, [made["one"], made["two"]])
        case.delete(f"{LEASES}/one")
        watch.next("DELETED", "one")


@check("A watch from an object's version is silent about that object until it changes")
def from_object(case: Case) -> None:
    made = case.create(LEASES, lease("shift"))
    with case.watch(LEASES, resourceVersion=version(made)) as watch:
        case.merge(f"{LEASES}/shift", {"metadata": {"annotations": {"note": "late"}}})
        watch.next("MODIFIED", "shift")


@check("A DELETED event has a version of its own, from which a watch may go on")
def deleted_version(case: Case) -> None:
    made = case.create(LEASES, lease("shift"))
    with case.watch(LEASES, resourceVersion=version(made)) as watch:
        case.delete(f"{LEASES}/shift")
        gone = watch.next("DELETED", "shift")["object"]
    holds("its version is newer", int(version(gone)) > int(version(made)))
    equal("uid", gone["metadata"]["uid"], made["metadata"]["uid"])
    with case.watch(LEASES, resourceVersion=version(gone)) as watch:
        case.create(LEASES, lease("next"))
        watch.next("ADDED", "next")


@check("Writes that change nothing are no events")
def no_change(case: Case) -> None:
    made = case.create(LEASES, lease("shift", "ann"))
    with case.watch(LEASES, resourceVersion=version(made)) as watch:
        case.put(f"{LEASES}/shift", made)
        case.merge(f"{LEASES}/shift", {"spec": {"holderIdentity": "ann"}})
        case.merge(f"{LEASES}/shift", {})
        case.create(LEASES, lease("mark"))
        watch.next("ADDED", "mark")


@check("Refused writes and dry runs are no events")
def refused(case: Case) -> None:
    made = case.create(LEASES, lease("shift"))
    with case.watch(LEASES, resourceVersion=version(made)) as watch:
        case.create(LEASES, lease("dry"), dryRun="All")
        case.post(LEASES, lease("shift"), status=409)
        case.post(LEASES, lease("Shouting"), status=422)
        case.delete(f"{LEASES}/shift", dryRun="All")
        case.create(LEASES, lease("mark"))
        watch.next("ADDED", "mark")


@check("An object that loses the selected label is DELETED to the watcher, with its former content")
def leaves(case: Case) -> None:
    made = case.create(LEASES, lease("shift", labels={"team": "day"}))
    with case.watch(LEASES, resourceVersion=version(made), labelSelector="team=day") as watch:
        changed = case.merge(f"{LEASES}/shift", {"metadata": {"labels": {"team": "night"}}}).body
        event = watch.next("DELETED", "shift")["object"]
        equal("label in the event", look(event, "metadata.labels.team"), "day")
        equal("version of the event", version(event), version(changed))


@check("An object that gets the selected label is ADDED to the watcher")
def enters(case: Case) -> None:
    made = case.create(LEASES, lease("shift", labels={"team": "night"}))
    with case.watch(LEASES, resourceVersion=version(made), labelSelector="team=day") as watch:
        case.merge(f"{LEASES}/shift", {"metadata": {"labels": {"team": "day"}}})
        watch.next("ADDED", "shift")


@check("A selected watch says nothing of what it does not select")
def selected(case: Case) -> None:
    with case.watch(LEASES, resourceVersion=start(case), labelSelector="team=day") as watch:
        case.create(LEASES, lease("other", labels={"team": "night"}))
        case.merge(f"{LEASES}/other", {"spec": {"holderIdentity": "ann"}})
        case.create(LEASES, lease("shift", labels={"team": "day"}))
        watch.next("ADDED", "shift")


@check("One object can be watched by its name, through its deletion and its next life")
def one_object(case: Case) -> None:
    first = case.create(LEASES, lease("shift"))
    with case.watch(LEASES, resourceVersion=version(first), fieldSelector="metadata.name=shift") as watch:
        case.create(LEASES, lease("other"))
        case.delete(f"{LEASES}/shift")
        second = case.create(LEASES, lease("shift"))
        watch.next("DELETED", "shift")
        equal("uid of the next life", watch.next("ADDED")["object"]["metadata"]["uid"], second["metadata"]["uid"])


@check("A pod enters and leaves a watch on its phase as its status is written")
def phase(case: Case) -> None:
    made = case.create("pods", pod("job"))
    with case.watch("pods", resourceVersion=version(made), fieldSelector="status.phase=Running") as watch:
        for each in ("Running", "Succeeded"):
            case.merge("pods/job/status", {"status": {"phase": each}})
        equal("events", watch.take(2), [("ADDED", "job"), ("DELETED", "job")])


@check("One watch can follow the objects of a label wherever they are made")
def all_namespaces(case: Case) -> None:
    run, other = case.unique("run"), case.another_namespace()
    begin = version(case.read("/api/v1/configmaps?limit=1"))
    with case.watch("/api/v1/configmaps", resourceVersion=begin, labelSelector=f"run={run}") as watch:
        for namespace in (case.namespace, other):
            case.create(case.path("configmaps", namespace), config_map("recipe", labels={"run": run}))
        places = [watch.next("ADDED", "recipe")["object"]["metadata"]["namespace"] for _ in range(2)]
        equal("namespaces", places, [case.namespace, other])


@check("A deletion with finalizers is MODIFIED first and DELETED when the last is taken off")
def finalizers(case: Case) -> None:
    made = case.create(LEASES, lease("shift", finalizers=["example.org/keep"]))
    with case.watch(LEASES, resourceVersion=version(made)) as watch:
        case.delete(f"{LEASES}/shift")
        case.merge(f"{LEASES}/shift", {"metadata": {"finalizers": None}})
        holds("it is marked", look(watch.next("MODIFIED"), "object.metadata.deletionTimestamp"))
        watch.next("DELETED", "shift")


@check("A deletion of many is seen by watchers one by one")
def collection(case: Case) -> None:
    for name in ("one", "two"):
        case.create(LEASES, lease(name))
    with case.watch(LEASES, resourceVersion=start(case)) as watch:
        case.delete(LEASES)
        equal("events", sorted(watch.take(2)), [("DELETED", "one"), ("DELETED", "two")])


@check("Each watcher is told everything, however many there are")
def many_watchers(case: Case) -> None:
    begin = start(case)
    with case.watch(LEASES, resourceVersion=begin) as one, case.watch(LEASES, resourceVersion=begin) as two:
        case.create(LEASES, lease("shift"))
        equal("events", one.next("ADDED", "shift"), two.next("ADDED", "shift"))


@check("A write to the status is one MODIFIED, of the same generation")
def status_write(case: Case) -> None:
    made = case.create("pods", pod("job"))
    with case.watch("pods", resourceVersion=version(made)) as watch:
        case.merge("pods/job/status", {"status": {"message": "soon"}})
        event = watch.next("MODIFIED", "job")["object"]
        equal("generation", event["metadata"]["generation"], made["metadata"]["generation"])


@check("A watch as PartialObjectMetadata tells metadata alone")
def metadata_only(case: Case) -> None:
    with case.watch(LEASES, resourceVersion=start(case), accept=PARTIAL) as watch:
        case.create(LEASES, lease("shift", "ann"))
        event = watch.next("ADDED", "shift")["object"]
        covers("object", event, {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"})
        lacks("object", event, "spec")


@check("A watch as Table tells one row per event, and the columns with the first alone")
def table(case: Case) -> None:
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    with case.watch(LEASES, resourceVersion=start(case), accept=accept) as watch:
        for name in ("one", "two"):
            case.create(LEASES, lease(name, "ann"))
        first, second = watch.next("ADDED")["object"], watch.next("ADDED")["object"]
        equal(
            "cells", [first["rows"][0]["cells"][:2], second["rows"][0]["cells"][:2]], [["one", "ann"], ["two", "ann"]]
        )
        equal("columns of the first", [each["name"] for each in first["columnDefinitions"]], ["Name", "Holder", "Age"])
        equal("columns of the second", second["columnDefinitions"], None)
