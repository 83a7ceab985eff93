"""The OpenAPI documents from which clients learn fields and types."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.definitions import INTEGER, define_spec
from fakekube_conformance.failures import contains, covers, equal, holds, look

POD = "io.k8s.api.core.v1.Pod"


def document(case: Case, path: str) -> dict[str, object]:
    return case.read(f"/openapi/v3/{path}")


@check("The index of OpenAPI v3 leads to a document for each group version")
def index(case: Case) -> None:
    paths = case.read("/openapi/v3")["paths"]
    contains("paths", paths, "api/v1", "apis/apps/v1", "apis/batch/v1")
    url = paths["apis/apps/v1"]["serverRelativeURL"]
    holds(f"{url} has a hash", url.startswith("/openapi/v3/apis/apps/v1?hash="))
    equal("version of the document", case.read(url)["openapi"][:2], "3.")


@check("A document that is asked for by its hash may be kept for good")
def caching(case: Case) -> None:
    url = case.read("/openapi/v3")["paths"]["apis/batch/v1"]["serverRelativeURL"]
    contains("Cache-Control", case.get(url).header("Cache-Control"), "immutable")


@check("A hash that is not the document's is redirected to the one that is")
def stale_hash(case: Case) -> None:
    url = case.read("/openapi/v3")["paths"]["apis/batch/v1"]["serverRelativeURL"]
    answer = case.get("/openapi/v3/apis/batch/v1?hash=0123", status=301)
    equal("Location", answer.header("Location"), url)


@check("A schema tells group, version and kind of its objects")
def group_version_kind(case: Case) -> None:
    schemas = look(document(case, "api/v1"), "components.schemas")
    kinds = schemas[POD]["x-kubernetes-group-version-kind"]
    contains("kinds", kinds, {"group": "", "version": "v1", "kind": "Pod"})


@check("A schema tells how lists are merged: type, keys, and the strategy of old patches")
def list_types(case: Case) -> None:
    schemas = look(document(case, "api/v1"), "components.schemas")
    containers = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    expected = {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "x-kubernetes-patch-merge-key": "name",
        "x-kubernetes-patch-strategy": "merge",
    }
    covers("containers", containers, expected)


@check("A schema tells which fields are required and which have defaults")
def required(case: Case) -> None:
    schemas = look(document(case, "apis/apps/v1"), "components.schemas")
    equal("required", sorted(schemas["io.k8s.api.apps.v1.DeploymentSpec"]["required"]), ["selector", "template"])


@check("Paths tell action and kind of each request, and its parameters")
def paths(case: Case) -> None:
    found = document(case, "apis/apps/v1")["paths"]
    assert isinstance(found, dict)
    entry = found["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]
    equal("action", entry["get"]["x-kubernetes-action"], "get")
    kind = {"group": "apps", "version": "v1", "kind": "Deployment"}
    equal("kind", entry["get"]["x-kubernetes-group-version-kind"], kind)
    contains(
        "parameters of patch", [each.get("name") for each in entry["patch"]["parameters"]], "fieldValidation", "dryRun"
    )


@check("Fields that take a number or a text are told so")
def int_or_string(case: Case) -> None:
    schemas = look(document(case, "api/v1"), "components.schemas")
    found = schemas["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]
    equal("format", found["format"], "int-or-string")


@check("A group version that there is not has no document")
def unknown(case: Case) -> None:
    case.get("/openapi/v3/apis/nobody.example.org/v1", status=404)


@check("The document of a custom group tells the schema of its definition")
def custom(case: Case) -> None:
    made = define_spec(case, size=INTEGER | {"minimum": 2})
    found = case.eventually(f"/openapi/v3/apis/{made.group}/v1", "it is there", bool)
    schemas = look(found, "components.schemas")
    (toy,) = (schema for name, schema in schemas.items() if name.endswith(".v1.Toy"))
    covers("size", toy["properties"]["spec"]["properties"]["size"], {"type": "integer", "minimum": 2})
    contains("fields", toy["properties"], "apiVersion", "kind", "metadata")


@check("OpenAPI v2 is one document of everything")
def version_2(case: Case) -> None:
    found = case.read("/openapi/v2")
    equal("version", found["swagger"], "2.0")
    contains("definitions", found["definitions"], POD, "io.k8s.api.apps.v1.Deployment")
    contains("paths", found["paths"], "/api/v1/namespaces/{namespace}/pods/{name}")
