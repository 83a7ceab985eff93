"""DELETE of one object and of collections: answers, preconditions, options."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import covers, equal, holds, look
from fakekube_conformance.objects import Obj, config_map, pod, service

OTHER_UID = "99999999-8888-4777-8666-555555555555"


def options(**fields: object) -> Obj:
    return {"apiVersion": "v1", "kind": "DeleteOptions", **fields}


@check("Deleting answers a Status of success with the uid of what is gone")
def status_with_uid(case: Case) -> None:
    made = case.create("configmaps", config_map("draft"))
    answer = case.delete("configmaps/draft").body
    covers("answer", answer, {"kind": "Status", "apiVersion": "v1", "status": "Success"})
    equal("details", answer["details"], {"name": "draft", "kind": "configmaps", "uid": made["metadata"]["uid"]})
    case.get("configmaps/draft", status=404)


@check("Deleting what is not there is NotFound")
def missing(case: Case) -> None:
    case.delete("configmaps/draft", status=404).because("NotFound", 'configmaps "draft" not found')


@check("Deleting a kind that is answered as an object tells its last state")
def object_as_answer(case: Case) -> None:
    case.create("services", service("front"))
    covers("answer", case.delete("services/front").body, {"kind": "Service", "metadata": {"name": "front"}})


@check("A deletion for another uid is a Conflict and deletes nothing")
def uid_precondition(case: Case) -> None:
    made = case.create("configmaps", config_map("draft"))
    answer = case.delete("configmaps/draft", options(preconditions={"uid": OTHER_UID}), status=409)
    answer.because("Conflict", "the UID in the precondition", "does not match the UID in record")
    case.delete("configmaps/draft", options(preconditions={"uid": made["metadata"]["uid"]}))


@check("A deletion for a stale resource version is a Conflict and deletes nothing")
def version_precondition(case: Case) -> None:
    old = case.create("configmaps", config_map("draft"))["metadata"]["resourceVersion"]
    new = case.merge("configmaps/draft", {"data": {"page": "1"}}).look("metadata.resourceVersion")
    answer = case.delete("configmaps/draft", options(preconditions={"resourceVersion": old}), status=409)
    answer.because("Conflict", "the ResourceVersion in the precondition")
    case.delete("configmaps/draft", options(preconditions={"resourceVersion": new}))


@check("Delete options may be an empty object")
def empty_options(case: Case) -> None:
    case.create("configmaps", config_map("draft"))
    case.delete("configmaps/draft", {})
    case.get("configmaps/draft", status=404)


@check("Delete options may be given in the query")
def options_in_query(case: Case) -> None:
    case.create("configmaps", config_map("draft"))
    case.delete("configmaps/draft", propagationPolicy="Background", gracePeriodSeconds=0)
    case.get("configmaps/draft", status=404)


@check("Delete options that are no JSON are refused with BadRequest")
def broken_options(case: Case) -> None:
    case.create("configmaps", config_map("draft"))
    case.delete("configmaps/draft", '{"kind": "Delete', status=400).because("BadRequest")
    case.get("configmaps/draft")


@check("A body of another kind than DeleteOptions is refused with BadRequest")
def other_kind(case: Case) -> None:
    case.create("configmaps", config_map("draft"))
    case.delete("configmaps/draft", config_map("draft"), status=400).because("BadRequest")


@check("An unknown propagation policy is refused as Invalid")
def unknown_policy(case: Case) -> None:
    case.create("configmaps", config_map("draft"))
    answer = case.delete("configmaps/draft", options(propagationPolicy="Uphill"), status=422)
    answer.blames("propagationPolicy", cause="FieldValueNotSupported")


@check("propagationPolicy and the old orphanDependents exclude each other")
def both_policies(case: Case) -> None:
    case.create("configmaps", config_map("draft"))
    body = options(propagationPolicy="Background", orphanDependents=True)
    case.delete("configmaps/draft", body, status=422).blames("propagationPolicy")


@check("Deleting in the foreground keeps the object, marked with its finalizer, for the garbage collector")
def foreground(case: Case) -> None:
    case.create("configmaps", config_map("draft"))
    case.release_later("configmaps/draft")
    metadata = case.delete("configmaps/draft", options(propagationPolicy="Foreground")).look("metadata")
    equal("finalizers", metadata["finalizers"], ["foregroundDeletion"])
    holds("deletionTimestamp is set", metadata.get("deletionTimestamp"))


@check("Orphaning keeps the object, marked with its finalizer, until its dependents are let go")
def orphan(case: Case) -> None:
    case.create("configmaps", config_map("draft"))
    case.release_later("configmaps/draft")
    metadata = case.delete("configmaps/draft", options(propagationPolicy="Orphan")).look("metadata")
    equal("finalizers", metadata["finalizers"], ["orphan"])


@check("A pod on no node is gone as soon as it is deleted")
def unbound_pod(case: Case) -> None:
    case.create("pods", pod("idle"))
    case.delete("pods/idle")
    case.get("pods/idle", status=404)


@check("A pod on a node stays with a deletion time, as far ahead as its grace period")
def graceful(case: Case) -> None:
    case.create("pods", pod("busy", nodeName=case.unique("node")))
    case.later("DELETE", "pods/busy", options(gracePeriodSeconds=0))
    metadata = case.delete("pods/busy").look("metadata")
    equal("deletionGracePeriodSeconds", metadata["deletionGracePeriodSeconds"], 30)
    holds("deletionTimestamp is set", metadata.get("deletionTimestamp"))
    equal("it is still there", case.get("pods/busy").look("metadata.uid"), metadata["uid"])


@check("A grace period can be shortened while a pod stops, and never prolonged")
def shorter_grace(case: Case) -> None:
    case.create("pods", pod("busy", nodeName=case.unique("node")))
    case.later("DELETE", "pods/busy", options(gracePeriodSeconds=0))
    case.delete("pods/busy", gracePeriodSeconds=20)
    seconds = [
        case.delete("pods/busy", gracePeriodSeconds=each).look("metadata.deletionGracePeriodSeconds")
        for each in (12, 50)
    ]
    equal("deletionGracePeriodSeconds", seconds, [12, 12])


@check("A grace period of zero removes a pod at once, whatever its node says")
def no_grace(case: Case) -> None:
    case.create("pods", pod("busy", nodeName=case.unique("node")))
    case.delete("pods/busy")
    case.delete("pods/busy", gracePeriodSeconds=0)
    case.get("pods/busy", status=404)


@check("A deletion of many answers which they were")
def collection(case: Case) -> None:
    for name in ("one", "two"):
        case.create("configmaps", config_map(name, labels={"pile": "old"}))
    answer = case.delete("configmaps", labelSelector="pile=old")
    equal("kind and names", (answer.look("kind"), answer.names), ("ConfigMapList", ["one", "two"]))
    equal("what is left", case.get("configmaps", labelSelector="pile").names, [])


@check("Deleting a collection spares what its selectors do not choose")
def selected_collection(case: Case) -> None:
    for name, pile in (("one", "old"), ("two", "old"), ("three", "new")):
        case.create("configmaps", config_map(name, labels={"pile": pile}))
    case.delete("configmaps", labelSelector="pile=old", fieldSelector="metadata.name!=one")
    equal("what is left", case.get("configmaps", labelSelector="pile").names, ["one", "three"])


@check("Deleting a collection of which nothing is chosen answers an empty list")
def empty_collection(case: Case) -> None:
    equal("items", case.delete("secrets", labelSelector="pile=none").look("items"), [])


@check("Deleting a collection leaves what has finalizers, marked for deletion")
def collection_with_finalizer(case: Case) -> None:
    case.create("configmaps", config_map("free", labels={"pile": "old"}))
    case.create("configmaps", config_map("held", labels={"pile": "old"}, finalizers=["example.org/keep"]))
    case.release_later("configmaps/held")
    case.delete("configmaps", labelSelector="pile=old")
    left = case.get("configmaps", labelSelector="pile=old").body["items"]
    equal("names", [each["metadata"]["name"] for each in left], ["held"])
    holds("it is marked", look(left[0], "metadata.deletionTimestamp"))


@check("Namespaces cannot be deleted as a collection")
def no_collection_of_namespaces(case: Case) -> None:
    answer = case.delete("/api/v1/namespaces", labelSelector=f"nobody={case.unique('x')}", status=405)
    answer.because("MethodNotAllowed")
