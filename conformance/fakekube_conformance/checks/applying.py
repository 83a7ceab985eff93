"""Server-side apply: creating, owning, conflicts, removal, and what an apply may not say."""

from __future__ import annotations

import json

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, equal
from fakekube_conformance.objects import Obj, config_map, container
from fakekube_conformance.wire import Answer

PATH = "configmaps/card"


def applied(case: Case, manager: str, data: dict[str, str], **options: object) -> Answer:
    return case.apply(PATH, config_map("card", data), manager, **options)


def conflicts(answer: Answer) -> list[tuple[str, str]]:
    """Manager and field of each cause of a conflict."""
    answer.because("Conflict", "Apply failed with")
    causes = answer.look("details.causes")
    equal("reasons", {each["reason"] for each in causes}, {"FieldManagerConflict"})
    return [(each["message"].split('"')[1], each["field"]) for each in causes]


@check("An apply creates what is not there with 201, and updates it with 200 afterwards")
def creates(case: Case) -> None:
    applied(case, "cook", {"main": "pie"}, status=201)
    equal("data", applied(case, "cook", {"main": "stew"}, status=200).look("data"), {"main": "stew"})


@check("An apply that repeats what the manager applied before leaves the object as it is")
def idempotent(case: Case) -> None:
    first = applied(case, "cook", {"main": "pie"}).body
    equal("object", applied(case, "cook", {"main": "pie"}).body, first)


@check("A field that a manager does not apply any more is removed")
def removal(case: Case) -> None:
    applied(case, "cook", {"main": "pie", "sweet": "tart"})
    equal("data", applied(case, "cook", {"main": "pie"}).look("data"), {"main": "pie"})


@check("What others wrote stays when a manager stops applying its own")
def others_stay(case: Case) -> None:
    applied(case, "cook", {"main": "pie"})
    applied(case, "waiter", {"table": "4"})
    case.merge(PATH, {"data": {"drink": "tea"}})
    after = case.apply(PATH, config_map("card"), "cook")
    equal("data", after.look("data"), {"table": "4", "drink": "tea"})


@check("An apply that would change another manager's field is a Conflict that names manager and field")
def conflict(case: Case) -> None:
    applied(case, "cook", {"main": "pie", "sweet": "tart"})
    answer = applied(case, "waiter", {"main": "fish", "sweet": "tart", "table": "4"}, status=409)
    equal("causes", conflicts(answer), [("cook", ".data.main")])
    equal("data", case.get(PATH).look("data"), {"main": "pie", "sweet": "tart"})


@check("A conflict tells all the fields, each with its manager")
def conflicts_with_two(case: Case) -> None:
    applied(case, "cook", {"main": "pie"})
    applied(case, "baker", {"sweet": "tart"})
    answer = applied(case, "waiter", {"main": "fish", "sweet": "cake"}, status=409)
    equal("causes", sorted(conflicts(answer)), [("baker", ".data.sweet"), ("cook", ".data.main")])


@check("A forced apply takes the fields over from the other manager")
def force(case: Case) -> None:
    applied(case, "cook", {"main": "pie"})
    applied(case, "waiter", {"main": "fish"}, force=True)
    equal("causes", conflicts(applied(case, "cook", {"main": "pie"}, status=409)), [("waiter", ".data.main")])


@check("Two managers that apply the same value share it, and it stays until both let go")
def shared(case: Case) -> None:
    applied(case, "cook", {"main": "pie"})
    applied(case, "waiter", {"main": "pie"})
    equal("after one let go", case.apply(PATH, config_map("card"), "cook").look("data"), {"main": "pie"})
    equal("after both", case.apply(PATH, config_map("card"), "waiter").look("data"), None)


@check("Neither of two managers can change a value that they share without force")
def shared_conflict(case: Case) -> None:
    applied(case, "cook", {"main": "pie"})
    applied(case, "waiter", {"main": "pie"})
    equal("causes", conflicts(applied(case, "waiter", {"main": "fish"}, status=409)), [("cook", ".data.main")])


@check("A plain update takes the fields that it changes away from who applied them")
def update_takes_over(case: Case) -> None:
    applied(case, "cook", {"main": "pie", "sweet": "tart"})
    case.merge(PATH, {"data": {"main": "fish"}}, fieldManager="editor")
    equal("causes", conflicts(applied(case, "cook", {"main": "pie"}, status=409)), [("editor", ".data.main")])


@check("An apply without a fieldManager is refused as Invalid")
def no_manager(case: Case) -> None:
    answer = case.apply(PATH, config_map("card"), None, status=422)
    answer.blames("fieldManager", cause="FieldValueRequired")


@check("A fieldManager that is too long or not printable is refused as Invalid")
def odd_manager(case: Case) -> None:
    for manager in ("m" * 129, "bell\x07"):
        case.apply(PATH, config_map("card"), manager, status=422).blames("fieldManager")


@check("Only an apply can be forced")
def force_of_others(case: Case) -> None:
    case.create("configmaps", config_map("card"))
    case.merge(PATH, {"data": {}}, force=True, status=422).blames("force", cause="FieldValueForbidden")


@check("An apply may not bring managedFields of its own")
def managed_fields(case: Case) -> None:
    entry = {"manager": "cook", "operation": "Apply", "apiVersion": "v1"}
    answer = case.apply(PATH, config_map("card", managedFields=[entry]), "cook", status=400)
    answer.because("BadRequest", "metadata.managedFields must be nil")


@check("An apply of a field that the schema does not know is refused, whatever fieldValidation says")
def unknown_field(case: Case) -> None:
    body = config_map("card") | {"flavour": "vanilla"}
    answer = case.apply(PATH, body, "cook", fieldValidation="Ignore", status=500)
    contains("message", answer.look("message"), ".flavour: field not declared in schema")


@check("The name of an applied object must be the path's")
def other_name(case: Case) -> None:
    case.apply(PATH, config_map("menu"), "cook", status=400).because("BadRequest")


@check("An applied object must tell its apiVersion and kind")
def no_kind(case: Case) -> None:
    case.apply(PATH, {"metadata": {"name": "card"}}, "cook", status=400).because("BadRequest")


@check("An apply body may be YAML")
def yaml(case: Case) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: card}\ndata:\n  main: |\n    pie\n    and peas\n"
    equal("data", case.apply(PATH, text, "cook").look("data"), {"main": "pie\nand peas\n"})


@check("An apply with a stale resource version is a Conflict")
def stale(case: Case) -> None:
    old = applied(case, "cook", {"main": "pie"}).look("metadata.resourceVersion")
    applied(case, "cook", {"main": "stew"})
    answer = case.apply(PATH, config_map("card", {"main": "fish"}, resourceVersion=old), "cook", status=409)
    answer.because("Conflict", "the object has been modified")


def mould(*containers: Obj) -> Obj:
    spec = {"containers": list(containers)}
    return {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "mould"}, "template": {"spec": spec}}


@check("Items of a keyed list come and go with the manager that applies them")
def list_items(case: Case) -> None:
    case.apply("podtemplates/mould", mould(container("web")), "team")
    case.apply("podtemplates/mould", mould(container("log")), "mesh")
    after = case.apply("podtemplates/mould", mould(container("proxy")), "mesh")
    equal("names", [each["name"] for each in after.look("template.spec.containers")], ["web", "proxy"])


@check("Within a keyed item managers own fields apart")
def item_fields(case: Case) -> None:
    case.apply("podtemplates/mould", mould(container("web", env=[{"name": "A", "value": "1"}])), "team")
    case.apply("podtemplates/mould", mould({"name": "web", "env": [{"name": "B", "value": "2"}]}), "mesh")
    after = case.apply("podtemplates/mould", mould(container("web")), "team")
    equal("env", after.look("template.spec.containers.0.env"), [{"name": "B", "value": "2"}])


@check("An atomic map is owned as a whole")
def atomic(case: Case) -> None:
    def selecting(**labels: str) -> Obj:
        body = mould(container("web"))
        body["template"]["spec"]["nodeSelector"] = labels
        return body

    case.apply("podtemplates/mould", selecting(disk="ssd"), "team")
    answer = case.apply("podtemplates/mould", selecting(zone="a"), "mesh", status=409)
    equal("causes", conflicts(answer), [("team", ".template.spec.nodeSelector")])


@check("Finalizers are a set: each manager adds and takes back its own")
def finalizers(case: Case) -> None:
    case.apply(PATH, config_map("card", finalizers=["example.org/a"]), "cook")
    case.release_later(PATH)
    case.apply(PATH, config_map("card", finalizers=["example.org/b"]), "waiter")
    after = case.apply(PATH, config_map("card"), "cook")
    equal("finalizers", after.look("metadata.finalizers"), ["example.org/b"])


@check("A field with a default that is applied no more falls back to its default")
def default_returns(case: Case) -> None:
    def deployment(**spec: int) -> Obj:
        labels = {"app": "web"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container()]}}
        body = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template, **spec}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": body}

    case.apply("apps/v1/deployments/web", deployment(revisionHistoryLimit=3), "team")
    after = case.apply("apps/v1/deployments/web", deployment(), "team")
    equal("spec.revisionHistoryLimit", after.look("spec.revisionHistoryLimit"), 10)


@check("An apply as a dry run answers as if done and writes nothing")
def dry_run(case: Case) -> None:
    applied(case, "cook", {"main": "pie"}, dryRun="All", status=201)
    case.get(PATH, status=404)
    applied(case, "cook", {"main": "pie"})
    equal("answer", applied(case, "cook", {"main": "fish"}, dryRun="All").look("data.main"), "fish")
    equal("stored", case.get(PATH).look("data.main"), "pie")


@check("An apply in a namespace that does not exist is NotFound")
def missing_namespace(case: Case) -> None:
    namespace = case.unique("nowhere")
    answer = case.apply(f"/api/v1/namespaces/{namespace}/configmaps/card", config_map("card"), status=404)
    answer.because("NotFound", namespace)


@check("kubectl may change by server-side apply what its client-side apply left")
def after_client_side_apply(case: Case) -> None:
    last = "kubectl.kubernetes.io/last-applied-configuration"
    note = {last: json.dumps(config_map("card", {"main": "pie"}))}
    body = config_map("card", {"main": "pie"}, annotations=note)
    case.create("configmaps", body, fieldManager="kubectl-client-side-apply")
    answer = applied(case, "someone", {"main": "fish"}, status=409)
    equal("causes for others", conflicts(answer), [("kubectl-client-side-apply", ".data.main")])
    after = applied(case, "kubectl", {"main": "fish"}).body
    equal("data", after["data"], {"main": "fish"})
    equal("data in the annotation", json.loads(after["metadata"]["annotations"][last])["data"], {"main": "fish"})
