"""metadata.generation: which writes count."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import equal
from fakekube_conformance.objects import Obj, config_map, deployment, ingress, pod, service

DOOR = "networking.k8s.io/v1/ingresses/door"


def door(case: Case) -> Obj:
    return case.create("networking.k8s.io/v1/ingresses", ingress("door"))


def generation(case: Case, path: str, change: object) -> object:
    return case.merge(path, change).look("metadata.generation")


@check("An object with a spec is created with generation 1")
def first(case: Case) -> None:
    equal("generation", door(case)["metadata"]["generation"], 1)


@check("A generation that a client sends is passed over")
def sent(case: Case) -> None:
    body = ingress("door")
    body["metadata"]["generation"] = 41
    equal("on create", case.create("networking.k8s.io/v1/ingresses", body)["metadata"]["generation"], 1)
    equal("on update", generation(case, DOOR, {"metadata": {"generation": 42}}), 1)


@check("A change of the spec counts, and each counts one")
def spec_change(case: Case) -> None:
    door(case)
    found = [generation(case, DOOR, {"spec": {"ingressClassName": name}}) for name in ("a", "b", "c")]
    equal("generations", found, [2, 3, 4])


@check("A write that leaves the spec as it is does not count")
def no_change(case: Case) -> None:
    door(case)
    equal("first", generation(case, DOOR, {"spec": {"ingressClassName": "a"}}), 2)
    equal("again", generation(case, DOOR, {"spec": {"ingressClassName": "a"}}), 2)


@check("Labels and annotations do not count")
def metadata(case: Case) -> None:
    door(case)
    equal("generation", generation(case, DOOR, {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}), 1)


@check("The status does not count")
def status(case: Case) -> None:
    door(case)
    change = {"status": {"loadBalancer": {"ingress": [{"hostname": "a.example"}]}}}
    equal("generation", generation(case, f"{DOOR}/status", change), 1)


@check("Annotations of a Deployment count, for they are copied to its ReplicaSets; labels do not")
def deployment_annotations(case: Case) -> None:
    path = "apps/v1/deployments/web"
    case.create("apps/v1/deployments", deployment("web", 0, paused=True))
    equal("labels", generation(case, path, {"metadata": {"labels": {"a": "b"}}}), 1)
    equal("annotations", generation(case, path, {"metadata": {"annotations": {"a": "b"}}}), 2)


@check("Pods count generations too")
def pods(case: Case) -> None:
    equal("first", case.create("pods", pod("runner"))["metadata"]["generation"], 1)
    equal("after a change", generation(case, "pods/runner", {"spec": {"activeDeadlineSeconds": 60}}), 2)


@check("Kinds that nobody observes count no generations")
def none(case: Case) -> None:
    equal("ConfigMap", case.create("configmaps", config_map("card"))["metadata"].get("generation"), None)
    equal("Service", case.create("services", service("front"))["metadata"].get("generation"), None)


@check("Being marked for deletion counts")
def deletion(case: Case) -> None:
    body = ingress("door")
    body["metadata"]["finalizers"] = ["example.org/keep"]
    case.create("networking.k8s.io/v1/ingresses", body)
    case.release_later(DOOR)
    equal("generation", case.delete(DOOR).look("metadata.generation"), 2)


@check("The controller tells in the status which generation it has seen", needs=("controllers",))
def observed(case: Case) -> None:
    path = "apps/v1/deployments/web"
    case.create("apps/v1/deployments", deployment("web", 0))
    equal("generation", generation(case, path, {"spec": {"minReadySeconds": 3}}), 2)
    case.eventually(path, "generation 2 is observed", lambda obj: obj["status"].get("observedGeneration") == 2)
