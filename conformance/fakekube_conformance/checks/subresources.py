"""status, scale, eviction, binding, token and the other paths below an object."""

from __future__ import annotations

import base64
import json

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, holds, look
from fakekube_conformance.objects import Obj, container, deployment, ingress, pod

WEB = "apps/v1/deployments/web"
INGRESS = "networking.k8s.io/v1/ingresses/door"


def paused(replicas: int = 2) -> Obj:
    """A Deployment that nobody acts on."""
    return deployment("web", replicas, paused=True)


def scale(case: Case, replicas: int, **metadata: str) -> Obj:
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": "web", "namespace": case.namespace, **metadata},
        "spec": {"replicas": replicas},
    }


@check("A write to the status keeps the stored spec")
def status_keeps_spec(case: Case) -> None:
    made = case.create("networking.k8s.io/v1/ingresses", ingress("door"))
    change = {
        "spec": {"ingressClassName": "other"},
        "status": {"loadBalancer": {"ingress": [{"hostname": "a.example"}]}},
    }
    after = case.merge(f"{INGRESS}/status", change).body
    equal("spec", after["spec"], made["spec"])
    equal("host name", look(after, "status.loadBalancer.ingress.0.hostname"), "a.example")


@check("A write to the object keeps the stored status")
def spec_keeps_status(case: Case) -> None:
    case.create("networking.k8s.io/v1/ingresses", ingress("door"))
    balancer = {"ingress": [{"hostname": "a.example"}]}
    case.merge(f"{INGRESS}/status", {"status": {"loadBalancer": balancer}})
    change = {"spec": {"ingressClassName": "other"}, "status": {"loadBalancer": None}}
    covers(
        "object",
        case.merge(INGRESS, change).body,
        {"spec": {"ingressClassName": "other"}, "status": {"loadBalancer": balancer}},
    )


@check("Reading the status path answers the whole object")
def read_status(case: Case) -> None:
    case.create("networking.k8s.io/v1/ingresses", ingress("door"))
    equal("object", case.read(f"{INGRESS}/status"), case.read(INGRESS))


@check("A stale resource version is a Conflict for the status too")
def stale_status(case: Case) -> None:
    made = case.create("networking.k8s.io/v1/ingresses", ingress("door"))
    case.merge(INGRESS, {"metadata": {"labels": {"a": "b"}}})
    made["status"] = {"loadBalancer": {"ingress": [{"hostname": "a.example"}]}}
    case.put(f"{INGRESS}/status", made, status=409).because("Conflict")


@check("An object cannot be created through its status, nor its status deleted")
def status_verbs(case: Case) -> None:
    case.create("networking.k8s.io/v1/ingresses", ingress("door"))
    case.post(f"{INGRESS}/status", ingress("door"), status=405).because("MethodNotAllowed")
    case.delete(f"{INGRESS}/status", status=405).because("MethodNotAllowed")


@check("The scale of a Deployment tells wanted and actual replicas and its selector as text")
def read_scale(case: Case) -> None:
    made = case.create("apps/v1/deployments", paused())
    found = case.read(f"{WEB}/scale")
    covers("scale", found, {"kind": "Scale", "apiVersion": "autoscaling/v1", "spec": {"replicas": 2}})
    equal("status", found["status"], {"replicas": 0, "selector": "app=web"})
    equal("uid", found["metadata"]["uid"], made["metadata"]["uid"])


@check("Writing the scale changes the replicas of the object and counts as a generation")
def write_scale(case: Case) -> None:
    case.create("apps/v1/deployments", paused())
    equal("answer", case.put(f"{WEB}/scale", scale(case, 5)).look("spec.replicas"), 5)
    covers("object", case.read(WEB), {"metadata": {"generation": 2}, "spec": {"replicas": 5}})


@check("A scale can be patched, whatever the patch type")
def patch_scale(case: Case) -> None:
    case.create("apps/v1/deployments", paused())
    replace = {"op": "replace", "path": "/spec/replicas", "value": 4}
    found = [
        case.merge(f"{WEB}/scale", {"spec": {"replicas": 3}}).look("spec.replicas"),
        case.json_patch(f"{WEB}/scale", replace).look("spec.replicas"),
        case.strategic(f"{WEB}/scale", {"spec": {"replicas": 5}}).look("spec.replicas"),
    ]
    equal("replicas", found, [3, 4, 5])


@check("A scale with a stale resource version is a Conflict, one below zero Invalid")
def refused_scale(case: Case) -> None:
    old = case.create("apps/v1/deployments", paused())["metadata"]["resourceVersion"]
    case.merge(f"{WEB}/scale", {"spec": {"replicas": 3}})
    case.put(f"{WEB}/scale", scale(case, 4, resourceVersion=old), status=409).because("Conflict")
    case.put(f"{WEB}/scale", scale(case, -1), status=422).blames("spec.replicas", cause="FieldValueInvalid")


@check("Replicas that were changed through the scale are taken away from who applied them")
def scale_takes_over(case: Case) -> None:
    case.apply(WEB, paused(), "team")
    case.merge(f"{WEB}/scale", {"spec": {"replicas": 3}}, fieldManager="scaler")
    answer = case.apply(WEB, paused(), "team", status=409).because("Conflict", '"scaler" with subresource "scale"')
    equal("field", answer.look("details.causes.0.field"), ".spec.replicas")


@check("The replicas of a scale can be applied, by force also if somebody else owns them")
def apply_scale(case: Case) -> None:
    case.apply(WEB, paused(), "team")
    body = {"apiVersion": "autoscaling/v1", "kind": "Scale", **scale(case, 4)}
    case.apply(f"{WEB}/scale", body, "scaler", status=409).because("Conflict", 'conflict with "team": .spec.replicas')
    equal("replicas", case.apply(f"{WEB}/scale", body, "scaler", force="true").look("spec.replicas"), 4)
    owned = {each["manager"]: look(each, "fieldsV1.f:spec") for each in case.read(WEB)["metadata"]["managedFields"]}
    equal("owners of the replicas", [name for name, spec in owned.items() if "f:replicas" in (spec or ())], ["scaler"])


@check("The scale of what is not there is NotFound of the object")
def missing_scale(case: Case) -> None:
    case.get("apps/v1/deployments/none/scale", status=404).because("NotFound", 'deployments.apps "none" not found')


@check("An eviction deletes a pod that no budget protects, and answers 201")
def eviction(case: Case) -> None:
    case.create("pods", pod("runner"))
    answer = case.post("pods/runner/eviction", evicted("runner"), status=201)
    covers("answer", answer.body, {"kind": "Status", "status": "Success"})
    case.get("pods/runner", status=404)


def evicted(name: str, **more: object) -> Obj:
    return {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}, **more}


@check("An eviction names the pod of its path")
def eviction_name(case: Case) -> None:
    case.create("pods", pod("runner"))
    case.post("pods/runner/eviction", evicted("other"), status=400).because("BadRequest")


@check("An eviction as a dry run deletes nothing")
def eviction_dry_run(case: Case) -> None:
    case.create("pods", pod("runner"))
    case.post("pods/runner/eviction", evicted("runner", deleteOptions={"dryRun": ["All"]}))
    case.get("pods/runner")


@check("An eviction heeds the preconditions of its delete options")
def eviction_precondition(case: Case) -> None:
    case.create("pods", pod("runner"))
    options = {"preconditions": {"uid": "99999999-8888-4777-8666-555555555555"}}
    case.post("pods/runner/eviction", evicted("runner", deleteOptions=options), status=409).because("Conflict")


@check(
    "An eviction that a disruption budget does not allow is TooManyRequests and names the budget",
    needs=("controllers",),
)
def eviction_refused(case: Case) -> None:
    budgets = "policy/v1/poddisruptionbudgets"
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    case.create(budgets, {"metadata": {"name": "keep"}, "spec": spec})
    case.create("pods", pod("runner", {"app": "web"}))
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    case.strategic("pods/runner/status", {"status": ready})
    case.eventually(f"{budgets}/keep", "the budget counts", lambda obj: look(obj, "status.currentHealthy") == 1)
    answer = case.post("pods/runner/eviction", evicted("runner"), status=429)
    answer.because("TooManyRequests", "violate the pod's disruption budget")
    equal("cause", answer.look("details.causes.0.reason"), "DisruptionBudget")
    case.get("pods/runner")


@check("A binding sets the node of a pod once, and marks it as scheduled")
def binding(case: Case) -> None:
    node = case.unique("node")
    case.create("pods", pod("runner"))
    case.later("DELETE", "pods/runner", {"gracePeriodSeconds": 0})
    body = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "runner"},
        "target": {"kind": "Node", "name": node},
    }
    case.post("pods/runner/binding", body, status=201)
    found = case.read("pods/runner")
    equal("node", found["spec"]["nodeName"], node)
    conditions = {each["type"]: each["status"] for each in found["status"]["conditions"]}
    equal("PodScheduled", conditions.get("PodScheduled"), "True")
    case.post("pods/runner/binding", body, status=409).because("Conflict")


@check("A token request is answered with a token of the account for the wanted audiences")
def token(case: Case) -> None:
    spec = {"audiences": ["the-api"], "expirationSeconds": 900}
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    answer = case.post("serviceaccounts/default/token", body, status=201)
    parts = answer.look("status.token").split(".")
    equal("parts of the token", len(parts), 3)
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    equal("subject", claims["sub"], f"system:serviceaccount:{case.namespace}:default")
    equal("audiences", claims["aud"], ["the-api"])
    holds("the expiry is told", answer.look("status.expirationTimestamp"))


@check("A token for less than ten minutes is refused")
def short_token(case: Case) -> None:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 60}}
    answer = case.post("serviceaccounts/default/token", body, status=422)
    answer.blames("spec.expirationSeconds", cause="FieldValueInvalid")


@check("The token of an account speaks for it")
def token_speaks(case: Case) -> None:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = case.post("serviceaccounts/default/token", body).look("status.token")
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    user = case.post(path, review, anonymous=True, headers={"Authorization": f"Bearer {token}"}).look("status.userInfo")
    equal("user", user["username"], f"system:serviceaccount:{case.namespace}:default")
    contains("groups", user["groups"], "system:serviceaccounts", f"system:serviceaccounts:{case.namespace}")


@check("Ephemeral containers are added through their own path alone")
def ephemeral(case: Case) -> None:
    case.create("pods", pod("runner"))
    change = {"spec": {"ephemeralContainers": [container("debug")]}}
    case.strategic("pods/runner", change, status=422).because("Invalid")
    after = case.strategic("pods/runner/ephemeralcontainers", change)
    equal("names", [each["name"] for each in after.look("spec.ephemeralContainers")], ["debug"])


@check("A pod can be given more or less computing power through its resize path, and not otherwise")
def resize(case: Case) -> None:
    asked = {"requests": {"cpu": "100m"}, "limits": {"cpu": "400m"}}
    case.create("pods", pod("runner", containers=[container(resources=asked)]))
    change = {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "200m"}}}]}}
    case.strategic("pods/runner", change, status=422).because("Invalid")
    after = case.strategic("pods/runner/resize", change)
    equal("request", after.look("spec.containers.0.resources.requests.cpu"), "200m")


@check("The finalizers of a namespace's spec change through finalize alone")
def finalize(case: Case) -> None:
    path = f"/api/v1/namespaces/{case.namespace}"
    after = case.merge(path, {"spec": {"finalizers": []}})
    equal("after a patch", after.look("spec.finalizers"), ["kubernetes"])
    metadata = {"name": case.namespace, "labels": case.session.labels}
    body = {"metadata": metadata, "spec": {"finalizers": ["kubernetes", "example.org/keep"]}}
    after = case.put(f"{path}/finalize", body)
    equal("after finalize", after.look("spec.finalizers"), ["kubernetes", "example.org/keep"])
    case.put(f"{path}/finalize", {"metadata": metadata, "spec": {"finalizers": ["kubernetes"]}})
