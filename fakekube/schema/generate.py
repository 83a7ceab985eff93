"""Writes the facts of one Kubernetes version: what a real server publishes, and what reflection tells of its Go types.

    python -m fakekube.schema.generate --facts DIRECTORY --version 1.36 [--gotypes FILE]

DIRECTORY holds discovery.json, openapi-v3/*.json, table-columns.json, bootstrap-objects.json, protobuf-fields.json.
Without --gotypes the Go program beside this module is run (it needs `go` and the module proxy); its go.mod names the
version. The result is four files under facts/VERSION/: kinds.json, which `fakekube.schema.table` reads at start, and
bootstrap.json, openapi.json and protobuf.json, read when asked for. Nothing of them is edited by hand.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from fakekube.schema import generate_openapi
from fakekube.schema.table import FACTS, OMITEMPTY, OMITZERO, POINTER, REQUIRED, Table
from fakekube.schema.typed import GO_NAMES

Json = dict[str, Any]

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
APIEXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."

CUSTOM = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intOrString",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "raw",
    META + "Time": "time",
    META + "MicroTime": "microTime",
    META + "FieldsV1": "fieldsV1",
    APIEXTENSIONS + "JSON": "any",
    APIEXTENSIONS + "JSONSchemaPropsOrArray": "schemaOrArray",
    APIEXTENSIONS + "JSONSchemaPropsOrBool": "schemaOrBool",
    APIEXTENSIONS + "JSONSchemaPropsOrStringArray": "schemaOrStringArray",
}
"""Go types with a JSON form of their own -> scalar kind."""

SCALARS = {"string": "string", "bool": "bool", "int32": "int32", "int64": "int64", "float64": "double"}
SCALARS |= {"bytes": "bytes", "any": "any"}
"""Go's kinds -> scalar kind."""

STORED_ELSEWHERE = {("events.k8s.io", "events"): ("", "v1")}
"""(group, plural) -> the group and version of its objects in storage, where that is another group.

Every other resource is stored in the version that discovery prefers. The storage version hashes bear both out.
"""


def merge_schemas(documents: Iterable[Json]) -> dict[str, Json]:
    """Every schema of the OpenAPI documents by its name."""
    found: dict[str, Json] = {}
    for document in documents:
        found.update(document["components"]["schemas"])
    return found


class Structs:
    """The rows of the structs, each merged from Go and OpenAPI; a struct is known by its place in the list."""

    def __init__(self, go: dict[str, Json], schemas: dict[str, Json]) -> None:
        self.go, self.schemas = go, schemas
        self.names = sorted(name for name in go if name not in CUSTOM)
        self.places = {name: place for place, name in enumerate(self.names)}
        self.defaulted: set[str] = set()

    def rows(self) -> list[Any]:
        """[OpenAPI name, Go type, fields, more?] of each struct."""
        self.defaulted = self.find_defaulted()
        return [self.row(name) for name in self.names]

    def find_defaulted(self) -> set[str]:
        """The structs within which OpenAPI states a default that is more than the empty value of its Go type."""
        found = {
            name for name in self.names if any(self.states_default(name, field) for field in self.go[name]["fields"])
        }
        refers = {name: {refers_to(field["type"]) for field in self.go[name]["fields"]} for name in self.names}
        while more := {name for name in self.names if name not in found and refers[name] & found}:
            found |= more
        return found

    def states_default(self, name: str, field: Json) -> bool:
        schema = self.schemas.get(name, {}).get("properties", {}).get(field["json"], {})
        return "default" in schema and bool(schema["default"] or field["type"].get("pointer"))

    def row(self, name: str) -> list[Any]:
        schema = self.schemas.get(name, {})
        required = set(schema.get("required", ()))
        properties = schema.get("properties", {})
        fields = [self.field(field, properties.get(field["json"], {}), required) for field in self.go[name]["fields"]]
        more = {}
        if schema.get("x-kubernetes-map-type") == "atomic":
            more["atomic"] = True
        if name in self.defaulted:
            more["defaulted"] = True
        if "x-kubernetes-unions" in schema:
            more["unions"] = schema["x-kubernetes-unions"]
        return [name, self.go[name]["go"], fields, *([more] if more else [])]

    def field(self, field: Json, schema: Json, required: set[str]) -> list[Any]:
        """[name, type, flags, more?]."""
        go = field["type"]
        flags = POINTER if go.get("pointer") else 0
        flags |= OMITEMPTY if field.get("omitempty") else 0
        flags |= OMITZERO if field.get("omitzero") else 0
        flags |= REQUIRED if field["json"] in required else 0
        more: Json = {}
        if "default" in schema:
            more["default"] = schema["default"]
        if "x-kubernetes-patch-strategy" in schema:
            more["strategies"] = schema["x-kubernetes-patch-strategy"].split(",")
        if "x-kubernetes-patch-merge-key" in schema:
            more["mergeKey"] = schema["x-kubernetes-patch-merge-key"]
        if field.get("path"):
            more["path"] = ".".join(field["path"])
        return [field["json"], self.type(go, schema), flags, *([more] if more else [])]

    def type(self, go: Json, schema: Json) -> Any:
        """As fakekube.schema.table reads it: a struct's place, a scalar's kind, or a row."""
        match go["kind"]:
            case "struct":
                atomic = schema.get("x-kubernetes-map-type") == "atomic"
                return ["atomic", self.places[go["name"]]] if atomic else self.places[go["name"]]
            case "slice":
                item = self.type(go["elem"], schema.get("items", {}))
                keys = schema.get("x-kubernetes-list-map-keys", [])
                return ["list", go["go"], item, schema.get("x-kubernetes-list-type", "atomic"), keys]
            case "map":
                item = self.type(go["elem"], schema.get("additionalProperties", {}))
                return ["map", go["go"], item, schema.get("x-kubernetes-map-type") == "atomic"]
            case "custom" if go["name"] in self.places:  # encodes itself, and as a struct
                return self.places[go["name"]]
            case "custom":
                return CUSTOM[go["name"]]
        kind, enum = SCALARS[go["kind"]], schema.get("enum", [])
        return kind if go["go"] == GO_NAMES[kind] and not enum else ["scalar", go["go"], kind, enum]


def refers_to(go: Json) -> str:
    """The struct at the bottom of a type."""
    return refers_to(go["elem"]) if "elem" in go else go.get("name", "")


def kind_rows(kinds: Iterable[Json], places: dict[str, int]) -> list[Any]:
    """[group, version, kind, struct] of each kind that has a type; metav1's own are told once, not in every group."""
    return [
        [kind["group"], kind["version"], kind["kind"], places[kind["struct"]]]
        for kind in kinds
        if kind["struct"] in places and (kind["group"] in ("", "meta.k8s.io") or not kind["struct"].startswith(META))
    ]


def resource_rows(discovery: Json, columns: Json) -> tuple[list[Any], list[Any]]:
    """The groups with their versions in discovery order, and a row for each resource."""
    groups: list[Any] = []
    resources: list[Any] = []
    for root in ("/api", "/apis"):
        for item in discovery[root]["items"]:
            group = item["metadata"].get("name", "")
            versions = [version["version"] for version in item["versions"]]
            groups.append([group, versions])
            for version in item["versions"]:
                resources += [resource_row(group, version["version"], row, columns) for row in version["resources"]]
    preferred = preferred_versions(resources)
    for row in resources:
        row["storage"] = list(
            STORED_ELSEWHERE.get((row["group"], row["plural"]), preferred[row["group"], row["plural"]])
        )
    return groups, resources


def preferred_versions(resources: Iterable[Json]) -> dict[tuple[str, str], tuple[str, str]]:
    """(group, plural) -> (group, version): the first version in discovery that serves it."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for row in resources:
        found.setdefault((row["group"], row["plural"]), (row["group"], row["version"]))
    return found


def resource_row(group: str, version: str, row: Json, columns: Json) -> Json:
    """One resource as the table keeps it."""
    return {
        "group": group,
        "version": version,
        "kind": row["responseKind"]["kind"],
        "plural": row["resource"],
        "singular": row["singularResource"],
        "namespaced": row["scope"] == "Namespaced",
        "verbs": row["verbs"],
        "shortNames": row.get("shortNames", []),
        "categories": row.get("categories", []),
        "subresources": [subresource_row(group, version, sub) for sub in row.get("subresources", [])],
        "columns": [
            [column["name"], column["type"], column["format"], column["priority"]]
            for column in columns.get(f"{group}/{version}/{row['resource']}", [])
        ],
    }


def subresource_row(group: str, version: str, row: Json) -> list[Any]:
    """[name, group, version, kind, verbs]; a response kind without a version is of the resource's own."""
    kind = row["responseKind"]
    own = not kind["version"]
    return [
        row["subresource"],
        group if own else kind["group"],
        version if own else kind["version"],
        kind["kind"],
        row["verbs"],
    ]


def run_gotypes() -> bytes:
    """What the Go program beside this module prints."""
    directory = Path(__file__).parent / "gotypes"
    return subprocess.run(["go", "run", "."], cwd=directory, check=True, stdout=subprocess.PIPE).stdout


def lines(table: Json) -> bytes:
    """JSON with one row a line, so that a change of the facts reads well."""
    parts = []
    for key, value in table.items():
        if isinstance(value, list):
            body = b"[\n" + b",\n".join(orjson.dumps(row) for row in value) + b"\n]"
        elif isinstance(value, dict):
            rows = (orjson.dumps(name) + b":" + orjson.dumps(row) for name, row in value.items())
            body = b"{\n" + b",\n".join(rows) + b"\n}"
        else:
            body = orjson.dumps(value)
        parts.append(orjson.dumps(key) + b":" + body)
    return b"{" + b",\n".join(parts) + b"}\n"


def read(path: Path) -> Any:
    return orjson.loads(path.read_bytes())


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    sys.stdout.write(f"{path}: {len(content)} bytes\n")


def generate(facts: Path, version: str, gotypes: bytes) -> dict[str, bytes]:
    """The files of a version by their names."""
    go = orjson.loads(gotypes)
    schemas = merge_schemas(read(path) for path in sorted((facts / "openapi-v3").glob("*.json")))
    structs = Structs(go["structs"], schemas)
    groups, resources = resource_rows(read(facts / "discovery.json"), read(facts / "table-columns.json"))
    kinds = {
        "version": version,
        "groups": groups,
        "resources": resources,
        "kinds": kind_rows(go["kinds"], structs.places),
        "structs": structs.rows(),
    }
    return {
        "kinds.json": lines(kinds),
        "bootstrap.json": lines(read(facts / "bootstrap-objects.json")),
        "protobuf.json": lines({"messages": read(facts / "protobuf-fields.json")}),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Write the facts of one Kubernetes version.")
    parser.add_argument("--facts", type=Path, required=True, help="the directory of what the real server publishes")
    parser.add_argument("--version", required=True, help="such as 1.36")
    parser.add_argument("--gotypes", type=Path, help="what gotypes/main.go printed (default: run it)")
    options = parser.parse_args(arguments)
    gotypes = options.gotypes.read_bytes() if options.gotypes else run_gotypes()
    directory = FACTS / options.version
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in generate(options.facts, options.version, gotypes).items():
        write(directory / name, content)
    write(directory / "openapi.json", lines(generate_openapi.NOTHING))
    documents = (read(path) for path in sorted((options.facts / "openapi-v3").glob("*.json")))
    write(directory / "openapi.json", lines(generate_openapi.beside(Table(options.version), documents)))


if __name__ == "__main__":
    main()
