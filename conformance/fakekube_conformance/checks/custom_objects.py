"""Custom objects: pruning, defaults, validation, subresources, versions."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.definitions import ANYTHING, INTEGER, TEXT, Custom, define, define_spec, fields, version
from fakekube_conformance.failures import contains, covers, equal, lacks, look
from fakekube_conformance.objects import Obj, config_map, owner

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def with_status(case: Case) -> Custom:
    return define(case, version(spec=fields(size=INTEGER), subresources={"status": {}}))


@check("A custom object lives like any other: create, read, update, patch, list, delete")
def life(case: Case) -> None:
    custom = define_spec(case, size=INTEGER)
    made = case.create(custom.path, custom.obj("bear", {"size": 3}))
    made["spec"]["size"] = 4
    case.put(f"{custom.path}/bear", made)
    equal("patched", case.merge(f"{custom.path}/bear", {"spec": {"size": 5}}).look("spec.size"), 5)
    listed = case.get(custom.path)
    equal("kind and names", (listed.look("kind"), listed.names), ("ToyList", ["bear"]))
    covers("answer", case.delete(f"{custom.path}/bear").body, {"kind": "Status", "status": "Success"})
    case.get(f"{custom.path}/bear", status=404).because("NotFound", f'toys.{custom.group} "bear" not found')


@check("A watch on custom objects tells what happens to them")
def watch(case: Case) -> None:
    custom = define_spec(case, size=INTEGER)
    with case.watch(custom.path, resourceVersion=look(case.read(custom.path), "metadata.resourceVersion")) as watch:
        case.create(custom.path, custom.obj("bear", {"size": 3}))
        case.merge(f"{custom.path}/bear", {"spec": {"size": 4}})
        case.delete(f"{custom.path}/bear")
        equal("events", watch.take(3), [("ADDED", "bear"), ("MODIFIED", "bear"), ("DELETED", "bear")])


@check("Fields that the schema does not know are pruned, with a warning")
def pruning(case: Case) -> None:
    custom = define_spec(case, size=INTEGER)
    answer = case.post(custom.path, custom.obj("bear", {"size": 3, "colour": "brown"}))
    equal("spec", answer.look("spec"), {"size": 3})
    equal("warnings", answer.warnings, ['unknown field "spec.colour"'])


@check("Strict field validation refuses unknown fields of custom objects")
def strict(case: Case) -> None:
    custom = define_spec(case, size=INTEGER)
    body = custom.obj("bear", {"size": 3, "colour": "brown"})
    answer = case.post(custom.path, body, fieldValidation="Strict", status=400)
    answer.because("BadRequest", 'unknown field "spec.colour"')


@check("Unknown fields are kept where the schema says so, and there alone")
def preserved(case: Case) -> None:
    custom = define_spec(case, free=ANYTHING, tight=fields(size=INTEGER))
    spec = {"free": {"any": [1, {"deep": None}]}, "tight": {"size": 1, "any": 2}}
    made = case.create(custom.path, custom.obj("bear", spec))
    equal("spec", made["spec"], {"free": {"any": [1, {"deep": None}]}, "tight": {"size": 1}})


@check("Defaults of the schema are filled in, below objects that are there")
def defaults(case: Case) -> None:
    size = {"type": "integer", "default": 7}
    custom = define_spec(case, size=size, box=fields(size=size))
    made = case.create(custom.path, custom.obj("bear", {}))
    equal("without the object", made["spec"], {"size": 7})
    after = case.merge(f"{custom.path}/bear", {"spec": {"size": 0, "box": {}}})
    equal("with it", after.look("spec"), {"size": 0, "box": {"size": 7}})


@check("A value of the wrong type is refused and both types are told")
def wrong_type(case: Case) -> None:
    custom = define_spec(case, size=INTEGER)
    answer = case.post(custom.path, custom.obj("bear", {"size": "big"}), status=422)
    answer.blames("spec.size", cause="FieldValueTypeInvalid")
    contains("message", answer.look("message"), 'spec.size in body must be of type integer: "string"')


@check("Bounds, patterns and enumerations of the schema are kept")
def constraints(case: Case) -> None:
    custom = define_spec(
        case,
        size={"type": "integer", "minimum": 1, "maximum": 9},
        code={"type": "string", "pattern": "^[a-z]+$"},
        mood={"type": "string", "enum": ["happy", "sad"]},
        tags={"type": "array", "items": TEXT, "maxItems": 2},
    )
    case.create(custom.path, custom.obj("bear", {"size": 9, "code": "abc", "mood": "sad", "tags": ["a", "b"]}))
    for spec, field, cause in (
        ({"size": 0}, "spec.size", "FieldValueInvalid"),
        ({"size": 10}, "spec.size", "FieldValueInvalid"),
        ({"code": "ABC"}, "spec.code", "FieldValueInvalid"),
        ({"mood": "cross"}, "spec.mood", "FieldValueNotSupported"),
        ({"tags": ["a", "b", "c"]}, "spec.tags", "FieldValueTooMany"),
    ):
        case.post(custom.path, custom.obj("bad", spec), status=422).blames(field, cause=cause)


@check("A required field that is missing is refused by its name")
def required(case: Case) -> None:
    custom = define(case, version(spec=fields(size=INTEGER) | {"required": ["size"]}))
    answer = case.post(custom.path, custom.obj("bear", {}), status=422)
    answer.blames("spec.size", cause="FieldValueRequired")


@check("A rule of the schema refuses what breaks it, with its message")
def rule(case: Case) -> None:
    rules = [{"rule": "self.low <= self.high", "message": "low must not be above high"}]
    spec = fields(low=INTEGER, high=INTEGER) | {"x-kubernetes-validations": rules}
    custom = define(case, version(spec=spec))
    case.create(custom.path, custom.obj("bear", {"low": 1, "high": 2}))
    answer = case.merge(f"{custom.path}/bear", {"spec": {"low": 3}}, status=422)
    answer.blames("spec", cause="FieldValueInvalid").because("Invalid", "low must not be above high")


@check("A transition rule compares with the old value on update, and is passed over on create")
def transition_rule(case: Case) -> None:
    size = INTEGER | {"x-kubernetes-validations": [{"rule": "self >= oldSelf", "message": "toys only grow"}]}
    custom = define_spec(case, size=size)
    case.create(custom.path, custom.obj("bear", {"size": 3}))
    case.merge(f"{custom.path}/bear", {"spec": {"size": 4}})
    answer = case.merge(f"{custom.path}/bear", {"spec": {"size": 2}}, status=422)
    answer.blames("spec.size").because("Invalid", "toys only grow")


@check("An invalid value that an update leaves as it is is tolerated after the schema was tightened")
def ratcheting(case: Case) -> None:
    custom = define_spec(case, size=INTEGER, colour=TEXT)
    case.create(custom.path, custom.obj("bear", {"size": 30}))
    tighter = {
        "op": "add",
        "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/maximum",
        "value": 9,
    }
    case.json_patch(custom.definition, tighter)
    ball = custom.obj("ball", {"size": 30})
    case.until(
        "a new one is refused", lambda: case.post(custom.path, ball, dryRun="All", status=(201, 422)).status == 422
    )
    case.merge(f"{custom.path}/bear", {"spec": {"colour": "brown"}})
    case.merge(f"{custom.path}/bear", {"spec": {"size": 31}}, status=422).blames("spec.size")


@check("With a status subresource the main path drops the status and the status path everything else")
def status(case: Case) -> None:
    custom = with_status(case)
    made = case.create(custom.path, custom.obj("bear", {"size": 3}, status={"mood": "sad"}))
    lacks("object", made, "status")
    change = {"spec": {"size": 9}, "status": {"mood": "happy"}}
    after = case.merge(f"{custom.path}/bear/status", change).body
    equal("spec and status", (after["spec"], after["status"]), ({"size": 3}, {"mood": "happy"}))
    after = case.merge(f"{custom.path}/bear", {"spec": {"size": 4}, "status": None}).body
    equal("spec and status", (after["spec"], after["status"]), ({"size": 4}, {"mood": "happy"}))


@check("With a status subresource only changes of the spec count as generations")
def generation(case: Case) -> None:
    custom = with_status(case)
    path = f"{custom.path}/bear"
    equal("first", case.create(custom.path, custom.obj("bear", {"size": 3}))["metadata"]["generation"], 1)
    equal("status", case.merge(f"{path}/status", {"status": {"a": 1}}).look("metadata.generation"), 1)
    equal("labels", case.merge(path, {"metadata": {"labels": {"a": "b"}}}).look("metadata.generation"), 1)
    equal("spec", case.merge(path, {"spec": {"size": 4}}).look("metadata.generation"), 2)


@check("Without a status subresource the status is a field like any other, and its path is not there")
def no_status(case: Case) -> None:
    custom = define(case)
    made = case.create(custom.path, custom.obj("bear", {}, status={"mood": "sad"}))
    equal("status", made["status"], {"mood": "sad"})
    case.get(f"{custom.path}/bear/status", status=404)
    after = case.merge(f"{custom.path}/bear", {"status": {"mood": "happy"}})
    equal("generation", after.look("metadata.generation"), 2)


@check("The scale of a custom object reads and writes the fields that the definition names")
def scale(case: Case) -> None:
    paths = {
        "specReplicasPath": ".spec.size",
        "statusReplicasPath": ".status.size",
        "labelSelectorPath": ".status.selector",
    }
    custom = define(case, version(spec=fields(size=INTEGER), subresources={"status": {}, "scale": paths}))
    case.create(custom.path, custom.obj("bear", {"size": 3}))
    case.merge(f"{custom.path}/bear/status", {"status": {"size": 2, "selector": "app=bear"}})
    found = case.read(f"{custom.path}/bear/scale")
    covers(
        "scale", found, {"kind": "Scale", "spec": {"replicas": 3}, "status": {"replicas": 2, "selector": "app=bear"}}
    )
    case.merge(f"{custom.path}/bear/scale", {"spec": {"replicas": 6}})
    equal("spec.size", case.get(f"{custom.path}/bear").look("spec.size"), 6)


@check("Custom objects take no strategic merge patch")
def no_strategic(case: Case) -> None:
    custom = define(case)
    case.create(custom.path, custom.obj("bear", {}))
    answer = case.strategic(f"{custom.path}/bear", {"spec": {}}, status=415)
    answer.because("UnsupportedMediaType", "application/merge-patch+json")


@check("Keyed lists of custom objects are shared by appliers item by item")
def keyed_list(case: Case) -> None:
    items = {
        "type": "array",
        "items": fields(name=TEXT, size=INTEGER) | {"required": ["name"]},
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
    }
    custom = define_spec(case, parts=items)
    path = f"{custom.path}/bear"
    case.apply(path, custom.obj("bear", {"parts": [{"name": "ear", "size": 1}]}), "left")
    after = case.apply(path, custom.obj("bear", {"parts": [{"name": "nose", "size": 2}]}), "right")
    equal("names", [each["name"] for each in after.look("spec.parts")], ["ear", "nose"])
    twice = custom.obj("bad", {"parts": [{"name": "ear"}, {"name": "ear"}]})
    case.post(custom.path, twice, status=422).blames("spec.parts[1]", cause="FieldValueDuplicate")


@check("One object can be read and written in each version of its kind")
def versions(case: Case) -> None:
    custom = define(case, version(), version("v2", storage=False))
    made = case.create(custom.path, custom.obj("bear", {"size": 3}))
    found = case.read(f"{custom.at('v2')}/bear")
    equal("uid", found["metadata"]["uid"], made["metadata"]["uid"])
    equal("apiVersion", found["apiVersion"], f"{custom.group}/v2")
    case.merge(f"{custom.at('v2')}/bear", {"spec": {"size": 4}})
    covers("first version", case.read(f"{custom.path}/bear"), {"apiVersion": f"{custom.group}/v1", "spec": {"size": 4}})


@check("A list of one version holds the objects made in the others, all in that version")
def list_of_versions(case: Case) -> None:
    custom = define(case, version(), version("v2", storage=False))
    case.create(custom.path, custom.obj("bear", {}))
    case.create(custom.at("v2"), custom.obj("ball", {}, version="v2"))
    items = case.read(custom.at("v2"))["items"]
    equal("versions", [each["apiVersion"] for each in items], [f"{custom.group}/v2"] * 2)


@check("Selectable fields of a definition select lists and watches")
def selectable(case: Case) -> None:
    custom = define(case, version(spec=fields(colour=TEXT), selectableFields=[{"jsonPath": ".spec.colour"}]))
    for name, colour in (("bear", "brown"), ("ball", "red")):
        case.create(custom.path, custom.obj(name, {"colour": colour}))
    equal("names", case.get(custom.path, fieldSelector="spec.colour=red").names, ["ball"])
    with case.watch(custom.path, fieldSelector="spec.colour=brown") as watch:
        watch.next("ADDED", "bear")
    case.get(custom.path, fieldSelector="spec.size=1", status=400).because("BadRequest")


@check("Printer columns of a definition are the columns of its tables")
def columns(case: Case) -> None:
    column = {"name": "Size", "type": "integer", "jsonPath": ".spec.size", "priority": 1}
    custom = define(case, version(spec=fields(size=INTEGER), additionalPrinterColumns=[column]))
    case.create(custom.path, custom.obj("bear", {"size": 3}))
    case.create(custom.path, custom.obj("doll", {}))
    found = case.get(custom.path, accept=TABLE).body
    equal(
        "columns", [(each["name"], each["priority"]) for each in found["columnDefinitions"]], [("Name", 0), ("Size", 1)]
    )
    equal("cells", [each["cells"] for each in found["rows"]], [["bear", 3], ["doll", None]])


@check("A table of a custom kind that defines no columns has those that every kind has")
def default_columns(case: Case) -> None:
    custom = define(case)
    case.create(custom.path, custom.obj("bear", {}))
    found = case.get(custom.path, accept=TABLE).body
    equal("columns", [each["name"] for each in found["columnDefinitions"]], ["Name", "Age"])


@check("null is kept only where the schema says that it may be")
def nullable(case: Case) -> None:
    custom = define_spec(case, size=INTEGER, colour=TEXT | {"nullable": True})
    made = case.create(custom.path, custom.obj("bear", {"size": None, "colour": None}))
    equal("spec", made["spec"], {"colour": None})


@check("A schema may take numbers and texts in one field, and neither is turned into the other")
def int_or_string(case: Case) -> None:
    custom = define_spec(case, size={"x-kubernetes-int-or-string": True})
    for name, value in (("bear", 3), ("ball", "30%")):
        equal(name, case.create(custom.path, custom.obj(name, {"size": value}))["spec"]["size"], value)
    case.post(custom.path, custom.obj("bad", {"size": True}), status=422).blames("spec.size")


@check("The rules for names and labels hold for custom objects too")
def metadata(case: Case) -> None:
    custom = define(case)
    body: Obj = custom.obj("Bear")
    body["metadata"]["labels"] = {"a": "two words"}
    case.post(custom.path, body, status=422).blames("metadata.name", "metadata.labels")


@check("A body of another kind or version than the path's is refused")
def other_kind(case: Case) -> None:
    custom = define(case)
    case.post(custom.path, custom.obj("bear") | {"kind": "Game"}, status=422).blames("kind", cause="FieldValueInvalid")
    case.post(custom.path, custom.obj("bear", version="v9"), status=400).because("BadRequest")


@check("A custom object owns others like any object does", needs=("controllers",))
def owning(case: Case) -> None:
    custom = define(case)
    bear = case.create(custom.path, custom.obj("bear"))
    case.create("configmaps", config_map("coat", ownerReferences=[owner(bear)]))
    case.delete(f"{custom.path}/bear")
    case.gone("configmaps/coat")


@check("A namespace that is deleted takes its custom objects along", needs=("controllers",))
def namespace_deletion(case: Case) -> None:
    custom = define(case)
    other = case.another_namespace()
    case.create(case.path(custom.path, other), custom.obj("bear"))
    case.delete(f"/api/v1/namespaces/{other}")
    case.gone(f"/api/v1/namespaces/{other}")
    equal("objects", case.get(case.path(custom.path, other)).names, [])
