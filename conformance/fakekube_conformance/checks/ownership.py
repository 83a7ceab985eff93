"""managedFields: who is booked for which fields, by which kind of write."""

from __future__ import annotations

from typing import Any

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import covers, equal, holds, lacks, look
from fakekube_conformance.objects import Obj, config_map, deployment, pod

PATH = "configmaps/card"


def entries(obj: Obj) -> list[Obj]:
    found: list[Obj] = look(obj, "metadata.managedFields") or []
    return found


def owner(obj: Obj, manager: str, operation: str = "Update", subresource: str | None = None) -> Any:
    """The fields that a manager is booked for; None where there is no such entry."""
    wanted = (manager, operation, subresource)
    for entry in entries(obj):
        if (entry["manager"], entry["operation"], entry.get("subresource")) == wanted:
            return entry["fieldsV1"]
    return None


@check("A created object tells who manages each field that the client set")
def created(case: Case) -> None:
    made = case.create("configmaps", config_map("card", {"main": "pie"}, labels={"a": "b"}), fieldManager="cook")
    expected = {
        "f:data": {".": {}, "f:main": {}},
        "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
    }
    equal("fieldsV1", owner(made, "cook"), expected)


@check("An entry tells operation, version, time and type of its fields")
def entry(case: Case) -> None:
    (found,) = entries(case.create("configmaps", config_map("card", {"main": "pie"}), fieldManager="cook"))
    covers("entry", found, {"operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1"})
    holds("its time is of whole seconds", len(found["time"]) == 20 and found["time"].endswith("Z"))


@check("Without fieldManager the manager is the User-Agent up to its first slash")
def user_agent(case: Case) -> None:
    headers = {"User-Agent": "kitchen-bot/v3.1 (linux) abc"}
    made = case.create("configmaps", config_map("card", {"main": "pie"}), headers=headers)
    equal("manager", [each["manager"] for each in entries(made)], ["kitchen-bot"])


@check("An update moves the fields that it changes to its own manager, and leaves the rest")
def update_moves(case: Case) -> None:
    case.create("configmaps", config_map("card", {"main": "pie", "sweet": "tart"}), fieldManager="cook")
    after = case.merge(PATH, {"data": {"main": "fish"}}, fieldManager="waiter").body
    equal("fields of the second", owner(after, "waiter"), {"f:data": {"f:main": {}}})
    equal("fields of the first", owner(after, "cook"), {"f:data": {".": {}, "f:sweet": {}}})


@check("A field that is removed is nobody's any more")
def removed(case: Case) -> None:
    case.create("configmaps", config_map("card", {"main": "pie", "sweet": "tart"}), fieldManager="cook")
    after = case.merge(PATH, {"data": {"sweet": None}}, fieldManager="waiter").body
    equal("managers", [each["manager"] for each in entries(after)], ["cook"])
    lacks("fields", owner(after, "cook")["f:data"], "f:sweet")


@check("An apply and an update by one manager are booked apart")
def apply_apart(case: Case) -> None:
    case.apply(PATH, config_map("card", {"main": "pie"}), "cook")
    after = case.merge(PATH, {"data": {"sweet": "tart"}}, fieldManager="cook").body
    equal("applied", owner(after, "cook", "Apply"), {"f:data": {"f:main": {}}})
    equal("updated", owner(after, "cook"), {"f:data": {"f:sweet": {}}})


@check("Fields that the server fills in by default are booked to who made the object by a plain create")
def defaults_on_create(case: Case) -> None:
    made = case.create("pods", pod("runner"), fieldManager="cook")
    spec = owner(made, "cook")["f:spec"]
    holds("restartPolicy is among them", "f:restartPolicy" in spec)
    key = 'k:{"name":"main"}'
    holds("so are those of a container, which is told by its key", "f:imagePullPolicy" in spec["f:containers"][key])


@check("Fields that the server fills in by default belong to nobody under apply")
def defaults_on_apply(case: Case) -> None:
    body = deployment("web", 0)
    made = case.apply("apps/v1/deployments/web", body, "team").body
    spec = owner(made, "team", "Apply")["f:spec"]
    equal("fields of the spec", sorted(spec), ["f:replicas", "f:selector", "f:template"])


@check("Writes through a subresource are booked with its name")
def subresource(case: Case) -> None:
    case.create("pods", pod("runner"), fieldManager="cook")
    after = case.merge("pods/runner/status", {"status": {"message": "warm"}}, fieldManager="kubelet").body
    equal("fields", owner(after, "kubelet", "Update", "status"), {"f:status": {"f:message": {}}})


@check("Items of a set are told by their value")
def set_items(case: Case) -> None:
    made = case.create("configmaps", config_map("card", finalizers=["example.org/a"]), fieldManager="cook")
    case.release_later(PATH)
    expected: Obj = {"f:metadata": {"f:finalizers": {".": {}, 'v:"example.org/a"': {}}}}
    equal("fields", owner(made, "cook"), expected)


@check("name, namespace, uid and the like are never booked")
def identity_is_not_booked(case: Case) -> None:
    made = case.create("configmaps", config_map("card", {"main": "pie"}), fieldManager="cook")
    equal("fields", sorted(owner(made, "cook")), ["f:data"])


@check("managedFields can be cleared by an update with one empty entry")
def cleared(case: Case) -> None:
    case.create("configmaps", config_map("card", {"main": "pie"}), fieldManager="cook")
    after = case.merge(PATH, {"metadata": {"managedFields": [{}]}}).body
    equal("managedFields", entries(after), [])


@check("An update that leaves managedFields out keeps them")
def kept(case: Case) -> None:
    made = case.create("configmaps", config_map("card", {"main": "pie"}), fieldManager="cook")
    after = case.put(PATH, config_map("card", {"main": "pie"}), fieldManager="waiter").body
    equal("managedFields", entries(after), entries(made))


@check("What was there when nobody was booked belongs to before-first-apply once an apply comes")
def before_first_apply(case: Case) -> None:
    case.create("configmaps", config_map("card", {"main": "pie"}), fieldManager="cook")
    case.merge(PATH, {"metadata": {"managedFields": [{}]}})
    answer = case.apply(PATH, config_map("card", {"main": "fish"}), "team", status=409)
    answer.because("Conflict", '"before-first-apply"')


@check("A manager that renames itself by editing managedFields is the owner from then on")
def renamed(case: Case) -> None:
    case.apply(PATH, config_map("card", {"main": "pie"}), "old-team")
    rename = {"op": "replace", "path": "/metadata/managedFields/0/manager", "value": "new-team"}
    case.json_patch(PATH, rename)
    after = case.apply(PATH, config_map("card", {"main": "fish"}), "new-team").body
    equal("managers", [each["manager"] for each in entries(after)], ["new-team"])


@check("Fields that were written in one version are owned as what they are in another")
def across_versions(case: Case) -> None:
    path = "autoscaling/{}/horizontalpodautoscalers/web"
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3, "targetCPUUtilizationPercentage": 50}
    head = {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}}
    case.apply(path.format("v1"), {**head, "spec": spec}, "team")
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    patch = {"spec": {"metrics": [{"type": "Resource", "resource": cpu}]}}
    after = case.merge(path.format("v2"), patch, fieldManager="cook").body
    expected: Obj = {"f:spec": {"f:maxReplicas": {}, "f:scaleTargetRef": {}}}
    equal("fields of the first", owner(after, "team", "Apply"), expected)
    equal("fields of the second", owner(after, "cook"), {"f:spec": {"f:metrics": {}}})


@check("Entries of versions that are not served are dropped")
def unserved(case: Case) -> None:
    entry = {"manager": "cook", "operation": "Update", "apiVersion": "gone.example.org/v1", "fieldsType": "FieldsV1"}
    case.create("configmaps", config_map("card", {"main": "pie"}), fieldManager="team")
    patch = {"metadata": {"managedFields": [{**entry, "fieldsV1": {"f:data": {"f:main": {}}}}]}}
    equal("managers", [each["manager"] for each in entries(case.merge(PATH, patch).body)], [])
