"""GET of one object, and paths that lead to nothing."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, equal, holds
from fakekube_conformance.objects import config_map, lease

LEASES = "coordination.k8s.io/v1/leases"


@check("Reading an object tells its kind and apiVersion")
def kind_and_version(case: Case) -> None:
    case.create(LEASES, lease("shift"))
    found = case.read(f"{LEASES}/shift")
    equal("kind and apiVersion", (found["kind"], found["apiVersion"]), ("Lease", "coordination.k8s.io/v1"))


@check("Reading an object that is not there is NotFound and names group, resource and name")
def not_found(case: Case) -> None:
    answer = case.get(f"{LEASES}/nobody", status=404)
    answer.because("NotFound", 'leases.coordination.k8s.io "nobody" not found')
    equal("details", answer.look("details"), {"name": "nobody", "group": "coordination.k8s.io", "kind": "leases"})


@check("Reading an object in a namespace that does not exist is NotFound of the object")
def not_found_in_missing_namespace(case: Case) -> None:
    answer = case.get(f"/api/v1/namespaces/{case.unique('nowhere')}/secrets/key", status=404)
    answer.because("NotFound", 'secrets "key" not found')


@check("Each read of an unchanged object is answered with the same resource version")
def stable_version(case: Case) -> None:
    made = case.create("configmaps", config_map("recipe"))
    case.create("configmaps", config_map("other"))
    equal(
        "resource version",
        case.get("configmaps/recipe").look("metadata.resourceVersion"),
        made["metadata"]["resourceVersion"],
    )


@check("Resource versions grow from write to write, across kinds")
def versions_grow(case: Case) -> None:
    writes = [
        case.create("configmaps", config_map("recipe")),
        case.create(LEASES, lease("shift")),
        case.merge("configmaps/recipe", {"data": {"a": "b"}}).body,
        case.create("secrets", {"metadata": {"name": "key"}}),
    ]
    versions = [int(each["metadata"]["resourceVersion"]) for each in writes]
    holds(f"{versions} grow", versions == sorted(set(versions)))


@check("A read with resource version 0 may be served from a cache and finds what has been there for long")
def read_any_version(case: Case) -> None:
    found = case.get("/api/v1/namespaces/default", resourceVersion="0")
    equal("metadata.name", found.look("metadata.name"), "default")


@check("A read at a version that is not reached yet times out with a hint when to retry")
def read_future_version(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    answer = case.get("configmaps/recipe", resourceVersion="8000000000000", status=504)
    answer.because("Timeout", "Too large resource version")
    equal("reason of the cause", answer.look("details.causes.0.reason"), "ResourceVersionTooLarge")
    equal("details.retryAfterSeconds", answer.look("details.retryAfterSeconds"), 1)
    equal("Retry-After", answer.header("Retry-After"), "1")


@check("A resource that a served group version does not have is a Status with NotFound")
def unknown_resource(case: Case) -> None:
    answer = case.get("apps/v1/gadgets", status=404)
    answer.because("NotFound", "the server could not find the requested resource")


@check("A group that is not served is a plain 404")
def unknown_group(case: Case) -> None:
    answer = case.get("/apis/nobody.example.org/v1/gadgets", status=404)
    equal("media type and text", (answer.type, answer.text), ("text/plain", "404 page not found\n"))


@check("A subresource that a kind does not have is NotFound")
def unknown_subresource(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    case.get("configmaps/recipe/status", status=404).because("NotFound")


@check("There is no path to an object but through its namespace")
def read_without_namespace(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    case.get("/api/v1/configmaps/recipe", status=404).because("NotFound")


@check("A method that a path does not know is MethodNotAllowed")
def unknown_method(case: Case) -> None:
    case.put("configmaps", config_map("recipe"), status=405).because("MethodNotAllowed")
    case.send("OPTIONS", "configmaps", status=405).because("MethodNotAllowed")


@check("Query parameters that nobody knows are passed over")
def unknown_parameters(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    equal("name", case.get("configmaps/recipe", flavour="vanilla", exact=True).look("metadata.name"), "recipe")


@check("With pretty=true the answer is indented for people")
def pretty(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    contains("the text", case.get("configmaps/recipe", pretty=True).text, '\n  "kind": "ConfigMap",\n')


@check("Without pretty, a client that is no browser and no curl gets compact JSON")
def compact(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    contains("the text", case.get("configmaps/recipe").text, '{"kind":"ConfigMap","apiVersion":"v1","metadata":')


@check("A trailing slash makes no difference when an object is read")
def trailing_slash(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    equal("name", case.get("configmaps/recipe/").look("metadata.name"), "recipe")


@check("Members of an object that are empty are left out, those that are always told are there")
def empty_members(case: Case) -> None:
    case.create("configmaps", config_map("recipe", labels={}, annotations={}))
    found = case.read("configmaps/recipe")
    holds(
        "labels, annotations and data are absent",
        not {"labels", "annotations"} & set(found["metadata"]) and "data" not in found,
    )
    holds("a Lease tells its empty spec", case.create(LEASES, lease("shift"))["spec"] == {})


@check("Health endpoints answer ok as plain text")
def health(case: Case) -> None:
    for path in ("/healthz", "/livez", "/readyz"):
        answer = case.get(path)
        equal(path, (answer.type, answer.text), ("text/plain", "ok"))


@check("A verbose readiness check lists its parts and ends with the verdict")
def verbose_health(case: Case) -> None:
    text = case.get("/readyz?verbose").text
    contains("the text", text, "[+]ping ok\n", "readyz check passed\n")


@check("The version tells major and minor as text, and a semantic gitVersion")
def version(case: Case) -> None:
    found = case.read("/version")
    holds("major and minor are text", isinstance(found["major"], str) and isinstance(found["minor"], str))
    holds(
        f"gitVersion {found['gitVersion']} is v and three numbers",
        found["gitVersion"].startswith("v") and found["gitVersion"].count(".") >= 2,
    )
