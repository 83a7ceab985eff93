import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from fakekube.core.meta import Obj
from fakekube.schema import openapi, openapi_v2
from fakekube.schema.crds import resources_of
from fakekube.schema.scheme import Scheme

PUBLISHED = os.environ.get("FAKEKUBE_PUBLISHED_OPENAPI", "")
"""A directory of GROUP.VERSION.json, the documents of a real server; the core group is `core`."""


def definition(**version: Any) -> Obj:
    served = {"name": "v1", "served": True, "storage": True, **version}
    names = {"kind": "Fan", "plural": "fans", "listKind": "FanList"}
    return {"spec": {"group": "air.example.com", "scope": "Namespaced", "names": names, "versions": [served]}}


def custom(schema: Obj, **version: Any) -> Obj:
    scheme = Scheme.for_version()
    made = resources_of(definition(schema={"openAPIV3Schema": schema}, **version), scheme.table)
    return openapi.document(scheme.table, "air.example.com", "v1", made)


@pytest.fixture(scope="module")
def apps() -> Obj:
    scheme = Scheme.for_version()
    return openapi.document(scheme.table, "apps", "v1", scheme.resources_of("apps", "v1"))


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return found.union(*(references(part) for part in value.values()))
    return set().union(*(references(part) for part in value)) if isinstance(value, list) else set()


def test_every_reference_of_a_document_leads_to_a_schema(apps: Obj) -> None:
    prefix = "#/components/schemas/"
    assert {reference.removeprefix(prefix) for reference in references(apps)} <= apps["components"]["schemas"].keys()


def test_a_schema_says_types_defaults_required_fields_and_how_lists_are_merged(apps: Obj) -> None:
    schemas = apps["components"]["schemas"]
    port = schemas["io.k8s.api.core.v1.ContainerPort"]
    assert port["required"] == ["containerPort"]
    assert port["properties"]["containerPort"] == {"type": "integer", "format": "int32", "default": 0}
    assert port["properties"]["protocol"]["enum"] == ["SCTP", "TCP", "UDP"]
    ports = schemas["io.k8s.api.core.v1.Container"]["properties"]["ports"]
    assert ports["x-kubernetes-patch-merge-key"] == "containerPort"
    assert ports["x-kubernetes-list-map-keys"] == ["containerPort", "protocol"]


def test_a_list_kind_does_not_say_how_its_items_are_merged(apps: Obj) -> None:
    items = apps["components"]["schemas"]["io.k8s.api.apps.v1.DeploymentList"]["properties"]["items"]
    assert items == {"type": "array", "items": {"$ref": "#/components/schemas/io.k8s.api.apps.v1.Deployment"}}


@pytest.mark.parametrize(("method", "action"), [("patch", "patch"), ("put", "put")])
def test_writes_list_the_parameters_that_kubectl_looks_for(apps: Obj, method: str, action: str) -> None:
    operation = apps["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"][method]
    assert {"dryRun", "fieldValidation"} <= {parameter["name"] for parameter in operation["parameters"]}
    assert operation["x-kubernetes-action"] == action
    kind = {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert operation["x-kubernetes-group-version-kind"] == kind


def test_what_all_operations_of_a_path_have_is_said_of_the_path(apps: Obj) -> None:
    item = apps["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"]
    assert [parameter["name"] for parameter in item["parameters"]] == ["name", "namespace", "pretty"]
    assert item["get"]["x-kubernetes-group-version-kind"]["kind"] == "Scale"
    assert item["get"]["operationId"] == "readAppsV1NamespacedDeploymentScale"


def test_a_custom_kind_is_its_own_schema_with_what_every_object_has() -> None:
    found = custom({"type": "object", "required": ["spec"], "properties": {"spec": {"type": "string"}}})
    schema = found["components"]["schemas"]["com.example.air.v1.Fan"]
    assert schema["required"] == ["spec"]
    assert schema["properties"].keys() == {"apiVersion", "kind", "metadata", "spec"}
    reference = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    assert schema["properties"]["metadata"]["allOf"] == [{"$ref": reference}]
    kinds = [{"group": "air.example.com", "kind": "Fan", "version": "v1"}]
    assert schema["x-kubernetes-group-version-kind"] == kinds
    assert "com.example.air.v1.FanList" in found["components"]["schemas"]
    read = found["paths"]["/apis/air.example.com/v1/namespaces/{namespace}/fans/{name}"]["get"]
    assert read["operationId"] == "readAirExampleComV1NamespacedFan"
    assert [parameter["name"] for parameter in read["parameters"]] == ["resourceVersion"]


def test_extensions_of_a_custom_schema_are_spelled_out() -> None:
    properties = {
        "port": {"x-kubernetes-int-or-string": True},
        "template": {"type": "object", "x-kubernetes-embedded-resource": True},
    }
    found = custom({"type": "object", "properties": properties}, selectableFields=[{"jsonPath": ".port"}])
    schema = found["components"]["schemas"]["com.example.air.v1.Fan"]
    assert schema["properties"]["port"]["anyOf"] == [{"type": "integer"}, {"type": "string"}]
    assert schema["properties"]["template"]["required"] == ["kind", "apiVersion"]
    assert schema["x-kubernetes-selectable-fields"] == [{"fieldPath": "port"}]


def test_version_2_leaves_out_what_its_readers_do_not_understand() -> None:
    scheme = Scheme.for_version()
    properties = {
        "speed": {"type": "integer", "nullable": True, "default": 1},
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "name": {"type": "string", "anyOf": [{"minLength": 1}]},
    }
    schema = {"type": "object", "required": ["speed", "name"], "properties": properties}
    scheme.add(*resources_of(definition(schema={"openAPIV3Schema": schema}), scheme.table))
    fan = openapi_v2.document(scheme)["definitions"]["com.example.air.v1.Fan"]
    assert fan["required"] == ["name"]
    assert fan["properties"]["speed"] == {}
    assert fan["properties"]["any"] == {"x-kubernetes-preserve-unknown-fields": True}
    assert fan["properties"]["name"] == {"type": "string"}


def test_version_2_is_one_document_whose_writes_hold_their_parameters_themselves() -> None:
    found = openapi_v2.document(Scheme.for_version())
    patch = found["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["patch"]
    assert {"dryRun", "fieldValidation", "body"} <= {parameter.get("name") for parameter in patch["parameters"]}
    lists = found["paths"]["/apis/apps/v1/deployments"]["parameters"]
    assert {parameter["$ref"].removeprefix("#/parameters/") for parameter in lists} <= found["parameters"].keys()
    quantity = found["definitions"]["io.k8s.apimachinery.pkg.api.resource.Quantity"]
    assert quantity == {"type": "string"}


def without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        stated = {key: part for key, part in value.items() if key != "description" or not isinstance(part, str)}
        return {key: without_prose(part) for key, part in stated.items()}
    return [without_prose(part) for part in value] if isinstance(value, list) else value


@pytest.mark.skipif(not PUBLISHED, reason="FAKEKUBE_PUBLISHED_OPENAPI names no directory")
def test_documents_equal_those_of_a_real_server() -> None:
    table = Scheme.for_version().table
    for path in sorted(Path(PUBLISHED).glob("*.json")):
        group, version = path.stem.rsplit(".", 1)
        group = "" if group == "core" else group
        resources = [each for each in table.resources if (each.group, each.version) == (group, version)]
        found = openapi.document(table, group, version, resources)
        assert without_prose(found) == without_prose(orjson.loads(path.read_bytes())), path.name
