"""Discovery: which groups, versions and resources there are, in the old and in the aggregated form."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, holds, lacks
from fakekube_conformance.objects import Obj

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def resource(case: Case, path: str, name: str) -> Obj:
    """The row of a resource in a discovery document."""
    rows = {each["name"]: each for each in case.read(path)["resources"]}
    contains(f"resources of {path}", rows, name)
    found: Obj = rows[name]
    return found


def is_standard(group: str) -> bool:
    """Whether a group is none of the custom ones, which come and go while other checks run."""
    return group.endswith(".k8s.io") or "." not in group


def standard(case: Case, path: str) -> list[str]:
    """The groups of Kubernetes itself, in the order in which they are told."""
    return [each["name"] for each in case.read(path)["groups"] if is_standard(each["name"])]


@check("The core group has version v1, and the server's addresses are told with it")
def core(case: Case) -> None:
    found = case.read("/api")
    equal("kind and versions", (found["kind"], found["versions"]), ("APIVersions", ["v1"]))
    holds("there are addresses", found["serverAddressByClientCIDRs"])


@check("The list of groups tells each with its versions and the preferred one")
def groups(case: Case) -> None:
    found = case.read("/apis")
    equal("kind", found["kind"], "APIGroupList")
    rows = {each["name"]: each for each in found["groups"]}
    contains("groups", rows, "apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io", "apiextensions.k8s.io")
    expected = {"groupVersion": "apps/v1", "version": "v1"}
    equal("preferred version of apps", rows["apps"]["preferredVersion"], expected)


@check("One group can be asked for by its name")
def group(case: Case) -> None:
    found = case.read("/apis/autoscaling")
    equal("kind and name", (found["kind"], found["name"]), ("APIGroup", "autoscaling"))
    equal("versions, the newest first", [each["version"] for each in found["versions"]], ["v2", "v1"])


@check("A trailing slash makes no difference to discovery")
def trailing_slash(case: Case) -> None:
    equal("groups", standard(case, "/apis/"), standard(case, "/apis"))


@check("A resource is told with kind, scope, verbs, short names and singular name")
def resource_row(case: Case) -> None:
    row = resource(case, "/api/v1", "configmaps")
    expected = {"singularName": "configmap", "namespaced": True, "kind": "ConfigMap", "shortNames": ["cm"]}
    covers("row", row, expected)
    verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    equal("verbs", sorted(row["verbs"]), verbs)


@check("Resources that belong to the whole cluster are told as not namespaced")
def cluster_scope(case: Case) -> None:
    equal("nodes", resource(case, "/api/v1", "nodes")["namespaced"], False)
    path = "/apis/rbac.authorization.k8s.io/v1"
    equal("clusterroles", resource(case, path, "clusterroles")["namespaced"], False)


@check("Categories are told, so that kubectl get all knows what to get")
def categories(case: Case) -> None:
    for path, name in (("/api/v1", "pods"), ("/apis/apps/v1", "deployments"), ("/apis/batch/v1", "jobs")):
        contains(f"categories of {name}", resource(case, path, name).get("categories"), "all")
    lacks("categories of configmaps", resource(case, "/api/v1", "configmaps").get("categories"), "all")


@check("Subresources are told with their verbs and the kind that they answer")
def subresources(case: Case) -> None:
    status = resource(case, "/apis/apps/v1", "deployments/status")
    equal("status", (status["kind"], sorted(status["verbs"])), ("Deployment", ["get", "patch", "update"]))
    scale = resource(case, "/apis/apps/v1", "deployments/scale")
    covers("scale", scale, {"group": "autoscaling", "version": "v1", "kind": "Scale"})
    eviction = resource(case, "/api/v1", "pods/eviction")
    covers("eviction", eviction, {"group": "policy", "version": "v1", "kind": "Eviction", "verbs": ["create"]})


@check("Kinds that can only be asked about are told with the verb create alone")
def reviews(case: Case) -> None:
    row = resource(case, "/apis/authorization.k8s.io/v1", "subjectaccessreviews")
    equal("verbs", row["verbs"], ["create"])


@check("Stored resources are told with a hash of their storage version")
def storage_hash(case: Case) -> None:
    holds("there is one", resource(case, "/api/v1", "secrets").get("storageVersionHash"))


@check("A list of resources tells its group version")
def group_version(case: Case) -> None:
    found = case.read("/apis/apps/v1")
    equal("kind and group version", (found["kind"], found["groupVersion"]), ("APIResourceList", "apps/v1"))


@check("A version that a group does not have is NotFound")
def unknown_version(case: Case) -> None:
    case.get("/apis/apps/v7", status=404)
    case.get("/api/v7", status=404)


@check("Aggregated discovery tells all groups with all resources in one document")
def aggregated(case: Case) -> None:
    answer = case.get("/apis", accept=AGGREGATED)
    equal("kind", (answer.look("kind"), answer.look("apiVersion")), ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2"))
    rows = {each["metadata"]["name"]: each for each in answer.body["items"]}
    (version,) = (each for each in rows["apps"]["versions"] if each["version"] == "v1")
    resources = {each["resource"]: each for each in version["resources"]}
    covers(
        "deployments",
        resources["deployments"],
        {"scope": "Namespaced", "singularResource": "deployment", "shortNames": ["deploy"]},
    )
    subs = [each["subresource"] for each in resources["deployments"]["subresources"]]
    equal("subresources", sorted(subs), ["scale", "status"])
    equal("freshness", version["freshness"], "Current")


@check("Aggregated discovery of the core group is had from /api")
def aggregated_core(case: Case) -> None:
    items = case.get("/api", accept=AGGREGATED).body["items"]
    resources = [each["resource"] for each in items[0]["versions"][0]["resources"]]
    contains("resources", resources, "pods", "services", "namespaces")


@check("The content type tells whether discovery is aggregated")
def aggregated_type(case: Case) -> None:
    told = case.get("/apis", accept=f"{AGGREGATED},application/json").header("Content-Type") or ""
    contains("content type", told, "g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList")
    equal("plain", case.get("/apis").header("Content-Type"), "application/json")


@check("A client that does not know aggregated discovery gets the old form")
def old_form(case: Case) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList,application/json"
    equal("kind", case.get("/apis", accept=accept).look("kind"), "APIGroupList")


@check("Aggregated discovery has an ETag, and is not sent again to who has it")
def etag(case: Case) -> None:
    first = case.get("/apis", accept=AGGREGATED)
    tag = first.header("ETag")
    holds("there is one", tag)
    again = case.get("/apis", accept=AGGREGATED, headers={"If-None-Match": tag or ""}, status=(200, 304))
    holds("it is not sent again, unless it has changed meanwhile", again.status == 304 or again.header("ETag") != tag)


@check("Groups are told in one order, however they are asked for")
def same_order(case: Case) -> None:
    told = case.get("/apis", accept=AGGREGATED).names
    equal("groups", [name for name in told if is_standard(name)], standard(case, "/apis"))
