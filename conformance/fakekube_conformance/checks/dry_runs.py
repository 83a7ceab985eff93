"""dryRun=All: every write answers as if it were done, and nothing is."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import covers, equal, holds, look
from fakekube_conformance.objects import config_map, pod, service

PATH = "configmaps/card"


@check("A create as a dry run answers 201 with a uid and no resource version, and stores nothing")
def create(case: Case) -> None:
    made = case.post("configmaps", config_map("card"), dryRun="All", status=201).body
    holds("there is a uid", look(made, "metadata.uid"))
    equal("resource version", look(made, "metadata.resourceVersion"), None)
    case.get(PATH, status=404)


@check("An update as a dry run answers the changed object and keeps the stored one")
def update(case: Case) -> None:
    made = case.create("configmaps", config_map("card", {"main": "pie"}))
    answer = case.put(PATH, config_map("card", {"main": "fish"}), dryRun="All")
    equal("answer", answer.look("data.main"), "fish")
    equal("stored", case.read(PATH), made)


@check("A patch as a dry run answers the changed object and keeps the stored one")
def patch(case: Case) -> None:
    made = case.create("configmaps", config_map("card", {"main": "pie"}))
    answer = case.merge(PATH, {"data": {"main": "fish"}}, dryRun="All").body
    covers("answer", answer, {"data": {"main": "fish"}, "metadata": {"uid": made["metadata"]["uid"]}})
    equal("stored", case.read(PATH), made)


@check("A deletion as a dry run answers as if done and keeps the object")
def delete(case: Case) -> None:
    made = case.create("configmaps", config_map("card"))
    covers("answer", case.delete(PATH, dryRun="All").body, {"kind": "Status", "status": "Success"})
    equal("stored", case.read(PATH), made)


@check("A dry run may be asked for in the body of a deletion")
def delete_body(case: Case) -> None:
    made = case.create("configmaps", config_map("card"))
    case.delete(PATH, {"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]})
    equal("stored", case.read(PATH), made)


@check("A deletion of a collection as a dry run lists what would go, and keeps it")
def delete_collection(case: Case) -> None:
    case.create("configmaps", config_map("card", labels={"pile": "old"}))
    equal("answer", case.delete("configmaps", labelSelector="pile=old", dryRun="All").names, ["card"])
    case.get(PATH)


@check("A dry run is judged like any write")
def judged(case: Case) -> None:
    case.create("configmaps", config_map("card"))
    case.post("configmaps", config_map("card"), dryRun="All", status=409).because("AlreadyExists")
    case.post("configmaps", config_map("Card"), dryRun="All", status=422).because("Invalid")
    stale = config_map("card", resourceVersion="1")
    case.put(PATH, stale, dryRun="All", status=409).because("Conflict")


@check("A dry run completes an object with its defaults and a generated name")
def defaults(case: Case) -> None:
    body = pod("")
    body["metadata"] = {"generateName": "runner-"}
    made = case.post("pods", body, dryRun="All").body
    holds("the name is made", len(made["metadata"]["name"]) == len("runner-") + 5)
    equal("restart policy", made["spec"]["restartPolicy"], "Always")


@check("A dry run of a Service allocates nothing")
def service_address(case: Case) -> None:
    free = case.create("services", service("front"))["spec"]["clusterIP"]
    case.delete("services/front")
    case.post("services", service("front", clusterIP=free), dryRun="All")
    equal("it can be had for good", case.create("services", service("back", clusterIP=free))["spec"]["clusterIP"], free)


@check("Any other value of dryRun is refused as Invalid")
def other_value(case: Case) -> None:
    for value in ("true", "None", ""):
        case.post("configmaps", config_map("card"), dryRun=value, status=422).blames(
            "dryRun", cause="FieldValueNotSupported"
        )
