"""What is wrong with definitions."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from fakekube.schema.definitions import spec as definitions

TEXT, INT = {"type": "string"}, {"type": "integer"}
ROOT = "spec.validation.openAPIV3Schema"
BELOW = f"{ROOT}.properties[a]"


def spec(schema: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A definition of one version with that schema of field `a`."""
    version: dict[str, Any] = {"name": "v1", "served": True, "storage": True, **more.pop("version", {})}
    whole = {"type": "object", "properties": {"a": TEXT if schema is None else schema}}
    version.setdefault("schema", {"openAPIV3Schema": more.pop("whole", whole)})
    names = {"plural": "carts", "singular": "cart", "kind": "Cart", "listKind": "CartList"}
    return {"group": "shop.example", "scope": "Namespaced", "names": names, "versions": [version], **more}


def told(stated: dict[str, Any], options: definitions.Options | None = None) -> list[tuple[str, str]]:
    return [(error.field, error.message) for error in definitions.errors(stated, options)]


def test_a_good_definition() -> None:
    assert told(spec()) == []


@pytest.mark.parametrize(
    ("more", "field", "message"),
    [
        ({"group": ""}, "spec.group", "Required value"),
        ({"group": "shop"}, "spec.group", 'Invalid value: "shop": should be a domain with at least one dot'),
        ({"scope": "Global"}, "spec.scope", 'Unsupported value: "Global": supported values: "Cluster", "Namespaced"'),
        ({"version": {"schema": None}}, "spec.versions[0].schema.openAPIV3Schema", "Required value"),
        (
            {"version": {"deprecationWarning": "old"}},
            "spec.versions[0].deprecationWarning",
            'Invalid value: "old": can only be set for deprecated versions',
        ),
        (
            {"version": {"subresources": {"scale": {"specReplicasPath": ".a", "statusReplicasPath": ".status.r"}}}},
            "spec.subresources.scale.specReplicasPath",
            'Invalid value: ".a": should be a json path under .spec',
        ),
        (
            {"version": {"additionalPrinterColumns": [{"name": "A", "type": "text", "jsonPath": ".a"}]}},
            "spec.additionalPrinterColumns[0].type",
            'Invalid value: "text": must be one of boolean,date,integer,number,string',
        ),
        (
            {"version": {"selectableFields": [{"jsonPath": ".b"}]}},
            "spec.selectableFields[0].jsonPath",
            'Invalid value: ".b": is an invalid path: does not refer to a valid field',
        ),
    ],
)
def test_faults_outside_of_schemas(more: dict[str, Any], field: str, message: str) -> None:
    assert told(spec(**more)) == [(field, message)]


@pytest.mark.parametrize(
    ("schema", "field", "message"),
    [
        ({}, f"{BELOW}.type", "Required value: must not be empty for specified object fields"),
        ({"type": "text"}, f"{BELOW}.type", None),
        (
            {**TEXT, "anyOf": [{"type": "string"}]},
            f"{BELOW}.anyOf[0].type",
            "Forbidden: must be empty to be structural",
        ),
        (
            {**TEXT, "default": 1},
            f"{BELOW}.default",
            'Invalid value: "integer":  in body must be of type string: "integer"',
        ),
        (
            {"type": "object", "properties": {"b": INT}, "default": {"c": 1}},
            f"{BELOW}.default",
            'Invalid value: {"c":1}: must not have unknown fields',
        ),
        (
            {"type": "array", "items": TEXT, "uniqueItems": True},
            f"{BELOW}.uniqueItems",
            "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        ),
        (
            {**TEXT, "x-kubernetes-list-type": "set"},
            f"{BELOW}.type",
            'Invalid value: "string": must be array if x-kubernetes-list-type is specified',
        ),
        (
            {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"},
            f"{BELOW}.x-kubernetes-list-map-keys",
            "Required value: must not be empty if x-kubernetes-list-type is map",
        ),
        (
            {**INT, "default": 7, "minimum": 5.5},
            f"{BELOW}.default",
            'Invalid value: "": Minimum boundary value must be of type integer (default format) in ',
        ),
        (
            {**TEXT, "x-kubernetes-validations": [{"rule": " "}]},
            f"{BELOW}.x-kubernetes-validations[0].rule",
            "Required value: rule is not specified",
        ),
    ],
)
def test_faults_of_schemas(schema: dict[str, Any], field: str, message: str | None) -> None:
    found = told(spec(schema))
    assert field in [place for place, _ in found]
    if message is not None:
        assert (field, message) in found


def test_the_root_says_little_where_status_is_judged_apart() -> None:
    whole = {"type": "object", "nullable": True, "properties": {"a": TEXT}}
    found = told(spec(whole=whole, version={"subresources": {"status": {}}}))
    assert found[0][0] == ROOT
    assert "fields are allowed at the root of the schema if the status subresource is enabled" in found[0][1]


def test_a_limit_of_zero_says_something_too() -> None:
    status = {"subresources": {"status": {}}}
    found = told(spec(whole={"type": "object", "properties": {"a": TEXT}, "maxProperties": 0}, version=status))
    assert [place for place, _ in found] == [ROOT]
    found = told(spec(whole={"type": "object", "properties": {"metadata": {"type": "object", "maxItems": 0}}}))
    assert [place for place, _ in found] == [f"{ROOT}.properties[metadata]"]


def test_a_default_is_not_judged_by_rules_that_do_not_compile() -> None:
    [(field, message)] = told(spec({**INT, "default": 1, "x-kubernetes-validations": [{"rule": "self.all(x, true)"}]}))
    assert field == f"{BELOW}.default"
    assert message.startswith('Invalid value: "integer": rule compile error: compilation failed: ERROR: <input>:1:1: ')


def test_whatever_is_kept_as_it_is_has_no_defaults_and_no_conversion() -> None:
    keeps = spec({**TEXT, "default": "x"}, preserveUnknownFields=True, conversion={"strategy": "Webhook"})
    assert told(keeps) == [
        ("spec.preserveUnknownFields", "Invalid value: true: must be false in order to use defaults in the schema"),
        ("spec.conversion.strategy", 'Invalid value: "Webhook": must be None if spec.preserveUnknownFields is true'),
    ]


def test_what_cannot_be_told_of_a_schema_that_is_not_supported() -> None:
    rule = {"rule": "true", "fieldPath": "a["}
    whole = {"type": "object", "properties": {"a": {**TEXT, "x-kubernetes-validations": [rule]}}, "$ref": "#/x"}
    found = told(spec(whole=whole, version={"selectableFields": [{}]}))
    unsupported = """Invalid value: "": OpenAPIV3Schema '$ref' is not supported"""
    assert ("spec.schema.openAPIV3Schema", unsupported) in found
    found = told(spec({**TEXT, "$ref": "#/x", "x-kubernetes-validations": [rule]}))
    assert [place for place, _ in found] == [f"{BELOW}.$ref"]


def test_versions_are_told_apart_and_one_is_stored() -> None:
    twice = spec()
    twice["versions"].append({**copy.deepcopy(twice["versions"][0]), "storage": True})
    assert [message.rpartition(": ")[2] for _, message in told(twice)] == [
        "must contain unique version names",
        "must have exactly one version marked as storage version",
    ]


def test_an_update_is_not_held_to_what_was_broken_before() -> None:
    broken, changed = spec({"type": "text"}), spec({"type": "text"}, scope="Cluster")
    assert told(changed)
    assert told(changed, definitions.for_update(broken, changed)) == []
    assert told(changed, definitions.for_update(spec(), changed))


def test_stored_versions() -> None:
    versions = [{"name": "v1", "storage": True}]
    assert [error.field for error in definitions.stored_version_errors([], versions)] == ["status.storedVersions"]
    assert [error.field for error in definitions.stored_version_errors(["v0", "v1"], versions)] == [
        "status.storedVersions[0]"
    ]
    assert list(definitions.stored_version_errors(["v1"], versions)) == []
    [error] = definitions.stored_version_errors(["v1"], [{"name": "v1"}, *versions])
    assert error.message.endswith("must have the storage version v1")
