"""Finalizers, owners and the garbage collector."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import equal, holds, look
from fakekube_conformance.objects import Obj, config_map, owner

HOLD = "example.org/hold"
PATH = "configmaps/parent"


def held(case: Case, *finalizers: str) -> Obj:
    made = case.create("configmaps", config_map("parent", finalizers=list(finalizers or (HOLD,))))
    case.release_later(PATH)
    return made


def child(case: Case, name: str, *owners: Obj, **metadata: object) -> Obj:
    return case.create("configmaps", config_map(name, ownerReferences=list(owners), **metadata))


@check("An object with finalizers is marked by its deletion and stays")
def marked(case: Case) -> None:
    held(case)
    metadata = case.delete(PATH).look("metadata")
    holds("deletionTimestamp is set", metadata.get("deletionTimestamp"))
    equal("deletionGracePeriodSeconds", metadata["deletionGracePeriodSeconds"], 0)
    equal("finalizers", case.get(PATH).look("metadata.finalizers"), [HOLD])


@check("An object goes when its last finalizer is taken off")
def last_one(case: Case) -> None:
    held(case, HOLD, "example.org/second")
    case.delete(PATH)
    case.merge(PATH, {"metadata": {"finalizers": ["example.org/second"]}})
    case.get(PATH)
    case.merge(PATH, {"metadata": {"finalizers": []}})
    case.get(PATH, status=404)


@check("Deleting again what is marked already changes nothing")
def deleted_twice(case: Case) -> None:
    held(case)
    first = case.delete(PATH).body
    equal("object", case.delete(PATH).body, first)


@check("What is marked for deletion can still be changed")
def still_writable(case: Case) -> None:
    held(case)
    case.delete(PATH)
    equal("data", case.merge(PATH, {"data": {"left": "1"}}).look("data"), {"left": "1"})


@check("What is marked for deletion takes no new finalizers")
def no_new_finalizers(case: Case) -> None:
    held(case)
    case.delete(PATH)
    answer = case.merge(PATH, {"metadata": {"finalizers": [HOLD, "example.org/late"]}}, status=422)
    answer.blames("metadata.finalizers", cause="FieldValueForbidden")


@check("The name of what is marked for deletion is still taken")
def name_is_taken(case: Case) -> None:
    held(case)
    case.delete(PATH)
    case.post("configmaps", config_map("parent"), status=409).because("AlreadyExists", "object is being deleted")


@check("A deletion mark cannot be taken back")
def no_way_back(case: Case) -> None:
    held(case)
    marked = case.delete(PATH).body
    body = {key: value for key, value in marked["metadata"].items() if not key.startswith("deletion")}
    after = case.put(PATH, marked | {"metadata": body, "data": {"a": "b"}})
    equal("deletionTimestamp", after.look("metadata.deletionTimestamp"), marked["metadata"]["deletionTimestamp"])


@check("Finalizers taken off before the deletion hold nothing")
def taken_off_before(case: Case) -> None:
    held(case)
    case.merge(PATH, {"metadata": {"finalizers": None}})
    case.delete(PATH)
    case.get(PATH, status=404)


@check("Dependents follow their owner", needs=("controllers",))
def background(case: Case) -> None:
    parent = case.create("configmaps", config_map("parent"))
    son = child(case, "child", owner(parent))
    child(case, "grandchild", owner(son))
    case.delete(PATH, propagationPolicy="Background")
    case.get(PATH, status=404)
    case.gone("configmaps/child")
    case.gone("configmaps/grandchild")


@check("In the foreground an owner goes after the dependents that block it", needs=("controllers",))
def foreground(case: Case) -> None:
    parent = case.create("configmaps", config_map("parent"))
    child(case, "child", owner(parent, blockOwnerDeletion=True), finalizers=[HOLD])
    case.release_later("configmaps/child")
    case.delete(PATH, propagationPolicy="Foreground")
    case.eventually("configmaps/child", "it is marked", lambda obj: look(obj, "metadata.deletionTimestamp"))
    equal("finalizers of the owner", case.get(PATH).look("metadata.finalizers"), ["foregroundDeletion"])
    case.merge("configmaps/child", {"metadata": {"finalizers": None}})
    case.gone(PATH)


@check("Orphaned dependents stay and lose the reference to their owner", needs=("controllers",))
def orphans(case: Case) -> None:
    parent = case.create("configmaps", config_map("parent"))
    child(case, "child", owner(parent))
    case.delete(PATH, propagationPolicy="Orphan")
    case.gone(PATH)
    equal("owners", case.get("configmaps/child").look("metadata.ownerReferences"), None)


@check("A dependent of two owners stays while one of them is there", needs=("controllers",))
def two_owners(case: Case) -> None:
    first, second = (case.create("configmaps", config_map(name)) for name in ("parent", "other"))
    child(case, "child", owner(first), owner(second))
    case.delete(PATH)
    left = case.eventually(
        "configmaps/child", "one owner is left", lambda obj: len(obj["metadata"]["ownerReferences"]) == 1
    )
    equal("owner", left["metadata"]["ownerReferences"][0]["name"], "other")
    case.delete("configmaps/other")
    case.gone("configmaps/child")


@check("A dependent whose owner is not there, by its uid, is deleted", needs=("controllers",))
def missing_owner(case: Case) -> None:
    parent = case.create("configmaps", config_map("parent"))
    wrong = owner(parent) | {"uid": "99999999-8888-4777-8666-555555555555"}
    child(case, "child", wrong)
    case.gone("configmaps/child")


@check("Owners of a kind that the server does not serve keep their dependents", needs=("controllers",))
def unknown_kind(case: Case) -> None:
    unknown = {"apiVersion": "nobody.example.org/v1", "kind": "Ghost", "name": "x", "uid": "99999999-8888-4777-8666-5"}
    child(case, "child", unknown)
    parent = case.create("configmaps", config_map("parent"))
    child(case, "mark", owner(parent))
    case.delete(PATH)
    case.gone("configmaps/mark")
    case.get("configmaps/child")
