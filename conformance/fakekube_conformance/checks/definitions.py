"""CustomResourceDefinitions: from creation to being served, what is refused, and their end."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.definitions import (
    ANYTHING,
    DEFINITIONS,
    INTEGER,
    TEXT,
    define,
    definition,
    fields,
    is_established,
    new_group,
    version,
)
from fakekube_conformance.failures import covers, equal, holds, lacks, look
from fakekube_conformance.objects import Obj
from fakekube_conformance.wire import Answer

SCHEMA = "spec.validation.openAPIV3Schema.properties[spec]"
"""Where the server finds fault with the spec's schema: a schema that all versions share is one for it."""


def refused(case: Case, *versions: Obj) -> Answer:
    return case.post(DEFINITIONS, definition(new_group(case), *versions), status=422)


def with_schema(case: Case, schema: Obj) -> Answer:
    """The refusal of a definition whose spec has this schema."""
    return refused(case, version(spec=schema))


@check("A new definition is accepted and established, which its conditions tell")
def established(case: Case) -> None:
    found = case.read(define(case).definition)
    conditions = {each["type"]: (each["status"], each["reason"]) for each in found["status"]["conditions"]}
    expected = {"NamesAccepted": ("True", "NoConflicts"), "Established": ("True", "InitialNamesAccepted")}
    covers("conditions", conditions, expected)
    equal("stored versions", found["status"]["storedVersions"], ["v1"])


@check("Names that a definition leaves out follow from its kind")
def names(case: Case) -> None:
    group = new_group(case)
    body = definition(group)
    del body["spec"]["names"]["singular"]
    made = case.create_global(DEFINITIONS, body)
    covers("names", made["spec"]["names"], {"singular": "toy", "listKind": "ToyList"})
    equal("conversion", made["spec"]["conversion"], {"strategy": "None"})


@check("A custom group can be discovered with its resources and subresources")
def discovery(case: Case) -> None:
    scale = {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}
    custom = define(case, version(subresources={"status": {}, "scale": scale}), shortNames=["ty"], categories=["all"])
    found = case.eventually(
        f"/apis/{custom.group}/v1", "it lists the resources", lambda obj: len(obj["resources"]) == 3
    )
    first, *subs = found["resources"]
    covers(
        "resource",
        first,
        {"name": "toys", "kind": "Toy", "namespaced": True, "shortNames": ["ty"], "categories": ["all"]},
    )
    equal("subresources", sorted(each["name"] for each in subs), ["toys/scale", "toys/status"])


@check("Aggregated discovery tells a custom group too")
def aggregated(case: Case) -> None:
    group = define(case).group
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    case.until("the group is among them", lambda: group in case.get("/apis", accept=accept).names)


@check("The versions of a custom group are told with the most stable first")
def version_order(case: Case) -> None:
    later = [version(name, storage=False) for name in ("v1alpha1", "v2beta1", "v10", "v2", "foo1")]
    custom = define(case, version(), *later)
    wanted = ["v10", "v2", "v1", "v2beta1", "v1alpha1", "foo1"]
    found = case.eventually(f"/apis/{custom.group}", "all are told", lambda obj: len(obj["versions"]) == len(wanted))
    equal("versions", [each["version"] for each in found["versions"]], wanted)
    equal("preferred", found["preferredVersion"]["version"], "v10")


@check("A version that is not served is not found")
def unserved(case: Case) -> None:
    custom = define(case, version(), version("v2", storage=False) | {"served": False})
    case.get(custom.at("v2"), status=404)


@check("A definition is named by its plural and its group")
def name_rule(case: Case) -> None:
    body = definition(new_group(case))
    body["metadata"]["name"] = "toys"
    case.post(DEFINITIONS, body, status=422).blames("metadata.name")


@check("A definition has exactly one storage version")
def one_storage(case: Case) -> None:
    refused(case, version(storage=False)).blames("spec.versions")
    refused(case, version(), version("v2")).blames("spec.versions")


@check("Every version needs a schema")
def schema_required(case: Case) -> None:
    without = {"name": "v1", "served": True, "storage": True}
    answer = refused(case, without)
    answer.blames("spec.versions[0].schema.openAPIV3Schema", cause="FieldValueRequired")


@check("A schema must be structural: every field has a type")
def structural(case: Case) -> None:
    answer = with_schema(case, {"type": "object", "properties": {"size": {"minimum": 1}}})
    field = f"{SCHEMA}.properties[size].type"
    answer.blames(field, cause="FieldValueRequired")


@check("A default must fit its schema")
def default_fits(case: Case) -> None:
    answer = with_schema(case, fields(size={"type": "integer", "default": "big"}))
    answer.blames(f"{SCHEMA}.properties[size].default")


@check("Keywords that a definition may not use are refused")
def forbidden_keywords(case: Case) -> None:
    size = {"type": "array", "items": TEXT, "uniqueItems": True}
    answer = with_schema(case, fields(size=size))
    where = f"{SCHEMA}.properties[size].uniqueItems"
    answer.blames(where, cause="FieldValueForbidden")


@check("A rule that cannot be compiled is refused and shown")
def rule_compiles(case: Case) -> None:
    spec = fields(size=INTEGER) | {"x-kubernetes-validations": [{"rule": "self.weight > 3"}]}
    answer = with_schema(case, spec)
    where = f"{SCHEMA}.x-kubernetes-validations[0].rule"
    answer.blames(where).because("Invalid", "undefined field 'weight'")


@check("Scope and kind of an established definition cannot change")
def immutable(case: Case) -> None:
    custom = define(case)
    case.merge(custom.definition, {"spec": {"scope": "Cluster"}}, status=422).blames("spec.scope")
    case.merge(custom.definition, {"spec": {"names": {"kind": "Game"}}}, status=422).blames("spec.names.kind")


@check("A group of Kubernetes itself needs an approval")
def protected_group(case: Case) -> None:
    body = definition(case.unique("toys") + ".k8s.io")
    case.post(DEFINITIONS, body, status=422).blames("metadata.annotations[api-approved.kubernetes.io]")


@check("A field added to the schema is kept from then on")
def add_field(case: Case) -> None:
    custom = define(case, version(spec=fields(size=INTEGER)))
    case.create(custom.path, custom.obj("bear", {"size": 3, "colour": "brown"}))
    lacks("spec before", case.read(f"{custom.path}/bear")["spec"], "colour")
    add = {
        "op": "add",
        "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/colour",
        "value": TEXT,
    }
    case.json_patch(custom.definition, add)
    change = {"spec": {"colour": "brown"}}
    case.until("the field is kept", lambda: case.merge(f"{custom.path}/bear", change).look("spec.colour") == "brown")


@check("Moving the storage version adds it to the stored ones")
def stored_versions(case: Case) -> None:
    custom = define(case, version(), version("v2", storage=False))
    found = case.read(custom.definition)
    for each in found["spec"]["versions"]:
        each["storage"] = each["name"] == "v2"
    after = case.put(custom.definition, found)
    equal("stored versions", after.look("status.storedVersions"), ["v1", "v2"])
    answer = case.json_patch(custom.definition, {"op": "remove", "path": "/spec/versions/0"}, status=422)
    answer.blames("status.storedVersions[0]")


@check("A definition that is deleted takes its objects along and is served no more", needs=("controllers",))
def deletion(case: Case) -> None:
    custom = define(case)
    case.create(custom.path, custom.obj("bear"))
    case.delete(custom.definition)
    case.gone(custom.definition)
    case.gone(f"{custom.path}/bear")


@check("A definition waits for objects that have finalizers", needs=("controllers",))
def deletion_waits(case: Case) -> None:
    custom = define(case)
    body = custom.obj("bear")
    body["metadata"]["finalizers"] = ["example.org/keep"]
    case.create(custom.path, body)
    case.release_later(f"{custom.path}/bear")
    case.delete(custom.definition)
    marked = case.eventually(f"{custom.path}/bear", "it is marked", lambda obj: look(obj, "metadata.deletionTimestamp"))
    holds("the definition is there", case.read(custom.definition)["metadata"].get("deletionTimestamp"))
    case.merge(f"{custom.path}/bear", {"metadata": {"finalizers": None}})
    case.gone(custom.definition)
    equal("name", marked["metadata"]["name"], "bear")


@check("Objects of a cluster-wide kind have no namespace")
def cluster_scope(case: Case) -> None:
    custom = define(case, version(spec=ANYTHING), scope="Cluster")
    path = f"/apis/{custom.group}/v1/toys"
    made = case.create_global(path, custom.obj("bear"))
    lacks("metadata", made["metadata"], "namespace")
    case.get(custom.path, status=404)


@check("A deprecated version is answered with a warning")
def deprecated(case: Case) -> None:
    note = "toys of old are going away"
    custom = define(case, version(), version("v1beta1", storage=False, deprecated=True, deprecationWarning=note))
    equal("warnings of the old", case.get(custom.at("v1beta1")).warnings, [note])
    equal("warnings of the new", case.get(custom.path).warnings, [])


@check("A definition whose conversion webhook has no readable authorities is not established until it has")
def unreadable_authorities(case: Case) -> None:
    group = new_group(case)
    client = {"url": "https://127.0.0.1:9/nobody", "caBundle": "aGVsbG8="}
    webhook = {"clientConfig": client, "conversionReviewVersions": ["v1"]}
    body = definition(group)
    body["spec"]["conversion"] = {"strategy": "Webhook", "webhook": webhook}
    case.create_global(DEFINITIONS, body)
    path = f"{DEFINITIONS}/toys.{group}"

    def reason(obj: Obj) -> object:
        conditions = look(obj, "status.conditions") or []
        return next((each["reason"] for each in conditions if each["type"] == "Established"), None)

    case.eventually(path, "it tells why", lambda obj: reason(obj) == "InvalidCABundle")
    case.merge(path, {"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": None}}}}})
    case.eventually(path, "it is established", is_established)
    case.merge(path, {"spec": {"conversion": {"webhook": {"clientConfig": client}}}}, status=422)
