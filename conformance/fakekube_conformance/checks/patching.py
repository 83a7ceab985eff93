"""PATCH as JSON patch and as JSON merge patch."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import equal, holds, look
from fakekube_conformance.objects import Obj, config_map

CARD = {"starter": "soup", "main": "pie", "sweet": "tart"}


def card(case: Case, **metadata: object) -> Obj:
    return case.create("configmaps", config_map("card", dict(CARD), **metadata))


def operation(op: str, path: str, value: object = None, **more: object) -> Obj:
    return {"op": op, "path": path, **({} if value is None else {"value": value}), **more}


@check("A JSON patch is done in the order of its operations, as one write")
def operations(case: Case) -> None:
    before = card(case)
    after = case.json_patch(
        "configmaps/card",
        operation("test", "/data/main", "pie"),
        operation("move", "/data/late", **{"from": "/data/sweet"}),
        operation("copy", "/data/twin", **{"from": "/data/late"}),
        operation("replace", "/data/main", "stew"),
        operation("remove", "/data/starter"),
        operation("add", "/data/drink", "tea"),
    ).body
    equal("data", after["data"], {"main": "stew", "late": "tart", "twin": "tart", "drink": "tea"})
    with case.watch("configmaps", resourceVersion=before["metadata"]["resourceVersion"]) as watch:
        equal("the one event", watch.next("MODIFIED", "card")["object"], after)


@check("A JSON patch whose test fails is refused as Invalid and does nothing")
def failed_test(case: Case) -> None:
    card(case)
    answer = case.json_patch(
        "configmaps/card", operation("remove", "/data/sweet"), operation("test", "/data/main", "fish"), status=422
    )
    answer.because("Invalid")
    equal("data", case.get("configmaps/card").look("data"), CARD)


@check("In a JSON patch path ~1 stands for a slash, so that qualified keys can be reached")
def escaped_path(case: Case) -> None:
    card(case, annotations={"example.org/chef": "ann"})
    after = case.json_patch("configmaps/card", operation("replace", "/metadata/annotations/example.org~1chef", "bob"))
    equal("annotations", after.look("metadata.annotations"), {"example.org/chef": "bob"})


@check("A JSON patch adds to a list before an index and at its end")
def list_positions(case: Case) -> None:
    card(case, finalizers=["example.org/b", "example.org/d"])
    case.release_later("configmaps/card")
    after = case.json_patch(
        "configmaps/card",
        operation("add", "/metadata/finalizers/1", "example.org/c"),
        operation("add", "/metadata/finalizers/-", "example.org/e"),
        operation("add", "/metadata/finalizers/0", "example.org/a"),
    )
    equal("finalizers", after.look("metadata.finalizers"), [f"example.org/{letter}" for letter in "abcde"])


@check("A JSON patch that removes what is not there is refused as Invalid")
def remove_missing(case: Case) -> None:
    card(case)
    case.json_patch("configmaps/card", operation("remove", "/data/cheese"), status=422).because("Invalid")


@check("A JSON patch cannot add below a parent that is not there")
def add_below_missing(case: Case) -> None:
    card(case)
    case.json_patch("configmaps/card", operation("add", "/metadata/labels/a", "b"), status=422).because("Invalid")
    case.json_patch("configmaps/card", operation("add", "/metadata/labels", {"a": "b"}))


@check("A JSON patch with an unknown operation is refused as Invalid")
def unknown_operation(case: Case) -> None:
    card(case)
    case.json_patch("configmaps/card", operation("multiply", "/data/main", "2"), status=422).because("Invalid")


@check("A JSON patch that is no list is refused with BadRequest")
def no_list(case: Case) -> None:
    card(case)
    body = operation("remove", "/data/main")
    case.send("PATCH", "configmaps/card", body, type="application/json-patch+json", status=400).because("BadRequest")


@check("A patch that makes an invalid object is refused as Invalid and names the field")
def invalid_result(case: Case) -> None:
    card(case)
    answer = case.json_patch("configmaps/card", operation("add", "/data/no blanks", "x"), status=422)
    answer.blames("data[no blanks]", cause="FieldValueInvalid")


@check("A merge patch merges objects, replaces values and removes what is null")
def merge(case: Case) -> None:
    card(case, labels={"day": "one", "hall": "east"})
    after = case.merge(
        "configmaps/card",
        {"metadata": {"labels": {"hall": None}}, "data": {"main": "stew", "drink": "tea", "sweet": None}},
    )
    equal("data", after.look("data"), {"starter": "soup", "main": "stew", "drink": "tea"})
    equal("labels", after.look("metadata.labels"), {"day": "one"})


@check("A merge patch replaces lists as a whole")
def merge_list(case: Case) -> None:
    card(case, finalizers=["example.org/a", "example.org/b"])
    case.release_later("configmaps/card")
    after = case.merge("configmaps/card", {"metadata": {"finalizers": ["example.org/c"]}})
    equal("finalizers", after.look("metadata.finalizers"), ["example.org/c"])


@check("A merge patch may remove what is not there: it changes nothing")
def merge_null_of_nothing(case: Case) -> None:
    before = card(case)
    after = case.merge("configmaps/card", {"data": {"cheese": None}, "metadata": {"labels": None}}).body
    equal("object", after, before)


@check("A merge patch that is no object is refused with BadRequest")
def merge_of_no_object(case: Case) -> None:
    card(case)
    case.merge("configmaps/card", ["data"], status=400).because("BadRequest")


@check("A merge patch that gives a field the wrong type is refused as Invalid")
def merge_wrong_type(case: Case) -> None:
    card(case)
    answer = case.merge("configmaps/card", {"data": {"main": 5}}, status=422)
    answer.blames("patch", cause="FieldValueInvalid")


@check("A patch with a stale resource version is a Conflict, one without is done on what is there")
def stale_version(case: Case) -> None:
    old = card(case)["metadata"]["resourceVersion"]
    case.merge("configmaps/card", {"data": {"main": "stew"}})
    body = {"metadata": {"resourceVersion": old}, "data": {"main": "fish"}}
    case.merge("configmaps/card", body, status=409).because("Conflict", "the object has been modified")
    case.merge("configmaps/card", {"data": {"main": "fish"}})


@check("A patch with the wrong uid is refused")
def wrong_uid(case: Case) -> None:
    card(case)
    body = {"metadata": {"uid": "99999999-8888-4777-8666-555555555555"}}
    case.merge("configmaps/card", body, status=422).blames("metadata.uid", cause="FieldValueInvalid")


@check("A patch cannot change an object's name")
def rename(case: Case) -> None:
    card(case)
    answer = case.merge("configmaps/card", {"metadata": {"name": "menu"}}, status=400)
    answer.because("BadRequest", "does not match the name on the URL (card)")


@check("Patching what is not there is NotFound, whatever the patch type but apply")
def missing(case: Case) -> None:
    case.merge("configmaps/card", {"data": {}}, status=404).because("NotFound")
    case.strategic("configmaps/card", {"data": {}}, status=404).because("NotFound")
    case.json_patch("configmaps/card", operation("add", "/data", {}), status=404).because("NotFound")


@check("A patch of another content type is refused with UnsupportedMediaType")
def content_type(case: Case) -> None:
    card(case)
    for kind in ("application/json", "application/yaml", "text/plain"):
        case.send("PATCH", "configmaps/card", {}, type=kind, status=415).because("UnsupportedMediaType")


@check("Parameters of a patch's content type are passed over")
def content_type_parameters(case: Case) -> None:
    card(case)
    kind = "application/merge-patch+json; charset=utf-8"
    after = case.send("PATCH", "configmaps/card", {"data": {"main": "stew"}}, type=kind)
    equal("data.main", after.look("data.main"), "stew")


@check("A patch without effect is no write, whatever its type")
def no_change(case: Case) -> None:
    before = card(case)
    for after in (
        case.merge("configmaps/card", {}),
        case.json_patch("configmaps/card"),
        case.strategic("configmaps/card", {"data": {"main": "pie"}}),
    ):
        equal("object", after.body, before)


@check("Concurrent patches of different fields are all done")
def concurrent(case: Case) -> None:
    card(case)
    for number in range(5):
        case.merge("configmaps/card", {"data": {f"extra-{number}": "x"}})
    data = case.read("configmaps/card")["data"]
    holds("all are there", all(look(data, f"extra-{number}") for number in range(5)))
