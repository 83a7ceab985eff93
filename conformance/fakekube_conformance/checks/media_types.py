"""Media types: JSON, YAML, protobuf, partial metadata, and what is refused."""

from __future__ import annotations

import gzip
import json
import struct

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.definitions import define
from fakekube_conformance.failures import contains, covers, equal, holds, lacks
from fakekube_conformance.objects import config_map, lease

PROTOBUF = "application/vnd.kubernetes.protobuf"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
LEASES = "coordination.k8s.io/v1/leases"
YAML = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: recipe
data:
  steps: |
    mix
    bake
"""


@check("Without an Accept header the answer is JSON")
def json_by_default(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    equal("media type", case.get("configmaps/recipe", accept="*/*").type, "application/json")


@check("An object can be had as YAML")
def yaml_answer(case: Case) -> None:
    case.create("configmaps", config_map("recipe", {"a": "1"}))
    answer = case.get("configmaps/recipe", accept="application/yaml")
    equal("media type", answer.type, "application/yaml")
    contains("text", answer.text, "kind: ConfigMap\n", "  name: recipe\n")
    contains("text, where the number stays a text", answer.text.replace("'", '"'), '\n  a: "1"\n')


@check("A body may be YAML")
def yaml_body(case: Case) -> None:
    made = case.post("configmaps", YAML, type="application/yaml").body
    equal("data", made["data"], {"steps": "mix\nbake\n"})
    changed = YAML.replace("bake", "boil")
    equal("updated", case.put("configmaps/recipe", changed, type="application/yaml").look("data.steps"), "mix\nboil\n")


@check("Malformed YAML is refused with BadRequest")
def broken_yaml(case: Case) -> None:
    case.post("configmaps", "kind: {open", type="application/yaml", status=400).because("BadRequest", "yaml")


@check("A body without a Content-Type is read as JSON")
def no_content_type(case: Case) -> None:
    case.send("POST", "configmaps", json.dumps(config_map("recipe")), type="", status=201)


@check("A body of an unknown media type is refused and the known ones are told")
def unknown_body(case: Case) -> None:
    answer = case.post("configmaps", "name=recipe", type="application/x-www-form-urlencoded", status=415)
    answer.because("UnsupportedMediaType", "application/json, application/yaml, application/vnd.kubernetes.protobuf")


@check("An Accept header that cannot be met is refused and the known types are told")
def unknown_accept(case: Case) -> None:
    answer = case.get("configmaps", accept="image/png", status=406)
    answer.because("NotAcceptable", "application/json, application/yaml")


@check("Of several accepted types the first that can be met is taken")
def several_accepted(case: Case) -> None:
    accept = "image/png, application/yaml, application/json"
    equal("media type", case.get("configmaps", accept=accept).type, "application/yaml")


@check("Anything else may be had where nothing better can")
def wildcard(case: Case) -> None:
    equal("media type", case.get("configmaps", accept="image/png, */*;q=0.1").type, "application/json")


@check("An object can be had as its metadata alone")
def partial(case: Case) -> None:
    made = case.create("configmaps", config_map("recipe", {"a": "1"}, labels={"x": "y"}))
    found = case.get("configmaps/recipe", accept=PARTIAL).body
    covers("answer", found, {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"})
    equal("metadata", found["metadata"], made["metadata"])
    lacks("answer", found, "data")


@check("A list can be had as metadata alone")
def partial_list(case: Case) -> None:
    case.create(LEASES, lease("shift", "ann"))
    found = case.get(LEASES, accept=PARTIAL_LIST).body
    equal("kind", found["kind"], "PartialObjectMetadataList")
    lacks("item", found["items"][0], "spec")
    equal("kind of the item", found["items"][0]["kind"], "PartialObjectMetadata")


@check("A write can be answered with metadata alone")
def partial_write(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    found = case.merge("configmaps/recipe", {"data": {"a": "1"}}, accept=PARTIAL).body
    equal("kind", found["kind"], "PartialObjectMetadata")
    lacks("answer", found, "data")


@check("The metadata of a list is not that of an object: one asked for the other is not acceptable")
def partial_mismatch(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    case.get("configmaps", accept=PARTIAL, status=406).because("NotAcceptable")
    case.get("configmaps/recipe", accept=PARTIAL_LIST, status=406).because("NotAcceptable")


@check("The parameters of an accepted type may stand in any order")
def parameter_order(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    accept = "application/json;g=meta.k8s.io;v=v1;as=PartialObjectMetadata"
    equal("kind", case.get("configmaps/recipe", accept=accept).look("kind"), "PartialObjectMetadata")


@check("A form that is not known is passed over for the next")
def unknown_form(case: Case) -> None:
    case.create("configmaps", config_map("recipe"))
    accept = "application/json;as=Poem;v=v1;g=meta.k8s.io,application/json"
    equal("kind", case.get("configmaps/recipe", accept=accept).look("kind"), "ConfigMap")
    case.get("configmaps/recipe", accept="application/json;as=Poem;v=v1;g=meta.k8s.io", status=406)


@check("An object can be had as protobuf, in the envelope of Kubernetes")
def protobuf(case: Case) -> None:
    case.create("configmaps", config_map("recipe", {"flour": "500g"}))
    answer = case.get("configmaps/recipe", accept=PROTOBUF)
    equal("media type", answer.type, PROTOBUF)
    equal("magic", answer.raw[:4], b"k8s\x00")
    for part in (b"ConfigMap", b"recipe", b"flour", b"500g"):
        holds(f"{part!r} is in it", part in answer.raw)


@check("What was had as protobuf can be sent back as protobuf")
def protobuf_body(case: Case) -> None:
    case.create("configmaps", config_map("recipe", {"flour": "500g"}))
    raw = case.get("configmaps/recipe", accept=PROTOBUF).raw
    answer = case.put("configmaps/recipe", raw.replace(b"500g", b"600g"), type=PROTOBUF)
    equal("data", answer.look("data"), {"flour": "600g"})


@check("A watch as protobuf frames each event by its length")
def protobuf_watch(case: Case) -> None:
    version = case.get(LEASES).look("metadata.resourceVersion")
    with case.watch(LEASES, accept=f"{PROTOBUF};stream=watch", resourceVersion=version) as watch:
        case.create(LEASES, lease("shift", "ann"))
        holds("the type tells", watch.type.startswith(PROTOBUF))
        (length,) = struct.unpack(">I", watch.read(4))
        frame = watch.read(length)
    holds("the event is in the frame", b"ADDED" in frame and b"k8s\x00" in frame and b"shift" in frame)


@check("A custom object cannot be had as protobuf, and gives way to JSON")
def custom_protobuf(case: Case) -> None:
    custom = define(case)
    case.create(custom.path, custom.obj("bear"))
    case.get(f"{custom.path}/bear", accept=PROTOBUF, status=406)
    equal("media type", case.get(f"{custom.path}/bear", accept=f"{PROTOBUF},application/json").type, "application/json")


@check("A large answer is compressed for who takes gzip, a small one is not")
def compression(case: Case) -> None:
    case.create("configmaps", config_map("small"))
    case.create("configmaps", config_map("large", {"text": "abc " * 50_000}))
    headers = {"Accept-Encoding": "gzip"}
    large = case.get("configmaps/large", headers=headers)
    equal("encoding of the large", large.header("Content-Encoding"), "gzip")
    equal("its content", json.loads(gzip.decompress(large.raw))["metadata"]["name"], "large")
    equal("encoding of the small", case.get("configmaps/small", headers=headers).header("Content-Encoding"), None)
    equal("encoding for others", case.get("configmaps/large").header("Content-Encoding"), None)


@check("Answers about objects may not be kept by caches")
def cache_control(case: Case) -> None:
    contains("Cache-Control", case.get("configmaps").header("Cache-Control"), "no-cache, private")
