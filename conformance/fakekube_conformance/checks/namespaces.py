"""Namespaces: what they hold from the start, and how they end."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, holds, look
from fakekube_conformance.objects import config_map, pod


def path(name: str) -> str:
    return f"/api/v1/namespaces/{name}"


@check("A new namespace is Active, has a finalizer and a label with its name")
def new(case: Case) -> None:
    name = case.unique("new")
    made = case.create_global("/api/v1/namespaces", {"metadata": {"name": name, "labels": case.session.labels}})
    equal("phase and finalizers", (made["status"]["phase"], made["spec"]["finalizers"]), ("Active", ["kubernetes"]))
    equal("label", look(made, "metadata.labels.kubernetes~io/metadata~name"), name)


@check("The label with a namespace's name cannot be changed")
def name_label(case: Case) -> None:
    change = {"metadata": {"labels": {"kubernetes.io/metadata.name": "other"}}}
    after = case.merge(path(case.namespace), change)
    equal("label", after.look("metadata.labels.kubernetes~io/metadata~name"), case.namespace)


@check("A cluster has the namespaces default, kube-system, kube-public and kube-node-lease")
def standard(case: Case) -> None:
    contains("names", case.get("/api/v1/namespaces").names, "default", "kube-system", "kube-public", "kube-node-lease")


@check("A new namespace gets the default service account", needs=("controllers",))
def account(case: Case) -> None:
    case.eventually("serviceaccounts/default", "it is made", bool)


@check("A new namespace gets a ConfigMap with the server's certificate authority", needs=("controllers",))
def authority(case: Case) -> None:
    found = case.eventually("configmaps/kube-root-ca.crt", "it is made", bool)
    contains("data", found["data"], "ca.crt")


@check("The default service account comes back when it is deleted", needs=("controllers",))
def account_comes_back(case: Case) -> None:
    old = case.eventually("serviceaccounts/default", "it is made", bool)["metadata"]["uid"]
    case.delete("serviceaccounts/default")
    case.eventually("serviceaccounts/default", "it is another", lambda obj: obj["metadata"]["uid"] != old)


@check("Nobody can delete the namespaces that the cluster itself lives in")
def immortal(case: Case) -> None:
    for name in ("default", "kube-system", "kube-public"):
        case.delete(path(name), status=403, dryRun="All").because("Forbidden", "this namespace may not be deleted")


@check("A deleted namespace is Terminating, and gone when it is empty", needs=("controllers",))
def deletion(case: Case) -> None:
    name = case.another_namespace()
    case.create(f"{path(name)}/configmaps", config_map("recipe"))
    case.create(f"{path(name)}/pods", pod("runner"))
    answer = case.delete(path(name))
    equal("phase", answer.look("status.phase"), "Terminating")
    case.gone(path(name))
    equal("what it held", case.get(f"{path(name)}/configmaps").names, [])


@check("Nothing new can be made in a namespace that is being deleted", needs=("controllers",))
def terminating(case: Case) -> None:
    name = case.another_namespace()
    case.create(f"{path(name)}/configmaps", config_map("held", finalizers=["example.org/hold"]))
    case.release_later(f"{path(name)}/configmaps/held")
    case.delete(path(name))
    answer = case.post(f"{path(name)}/configmaps", config_map("late"), status=403)
    answer.because("Forbidden", f"unable to create new content in namespace {name} because it is being terminated")
    equal("cause", answer.look("details.causes.0.reason"), "NamespaceTerminating")


@check("A namespace waits for finalizers of what it holds, and tells so", needs=("controllers",))
def waits(case: Case) -> None:
    name = case.another_namespace()
    case.create(f"{path(name)}/configmaps", config_map("held", finalizers=["example.org/hold"]))
    case.release_later(f"{path(name)}/configmaps/held")
    case.delete(path(name))

    def told(obj: dict[str, object]) -> object:
        conditions = {each["type"]: each for each in look(obj, "status.conditions") or []}
        return conditions.get("NamespaceFinalizersRemaining", {}).get("status") == "True"

    found = case.eventually(path(name), "it tells of the finalizers", told)
    messages = [each["message"] for each in found["status"]["conditions"]]
    holds("the finalizer is named", any("example.org/hold in 1 resource instances" in each for each in messages))
    case.merge(f"{path(name)}/configmaps/held", {"metadata": {"finalizers": None}})
    case.gone(path(name))


@check("What is in a namespace that is being deleted can be changed and deleted", needs=("controllers",))
def still_writable(case: Case) -> None:
    name = case.another_namespace()
    held = f"{path(name)}/configmaps/held"
    case.create(f"{path(name)}/configmaps", config_map("held", finalizers=["example.org/hold"]))
    case.release_later(held)
    case.delete(path(name))
    covers("object", case.merge(held, {"data": {"a": "b"}}).body, {"data": {"a": "b"}})
