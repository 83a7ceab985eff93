"""Reads the generated facts of a Kubernetes version: its kinds at once, each kind's type when it is first asked for.

In kinds.json a struct is [OpenAPI name, Go type, fields, more?] and is referred to by its place; a field is
[name, type, flags, more?]; a type is a struct's place, a scalar's kind, or one of ["atomic", place],
["scalar", Go type, kind, enum], ["list", Go type, item, list type, keys], ["map", Go type, item, atomic].
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import orjson

from fakekube.schema.resources import Column, Resource, Subresource
from fakekube.schema.typed import GO_NAMES, MISSING, Field, List, Map, Scalar, Struct, Type

FACTS = Path(__file__).parent / "facts"
DEFAULT_VERSION = "1.36"

POINTER, OMITEMPTY, OMITZERO, REQUIRED = 1, 2, 4, 8
"""The flags of a field."""

_NOTHING: Mapping[str, Any] = {}


def versions() -> list[str]:
    """The Kubernetes versions that there are facts of, oldest first."""
    found = (path.name for path in FACTS.iterdir() if (path / "kinds.json").exists())
    return sorted(found, key=lambda version: [int(part) for part in version.split(".")])


class Table:
    """The facts of one version. Types are made once and shared."""

    def __init__(self, version: str) -> None:
        directory = FACTS / version
        if not (directory / "kinds.json").exists():
            raise ValueError(f"no facts of Kubernetes {version}; there are those of {', '.join(versions())}")
        facts = orjson.loads((directory / "kinds.json").read_bytes())
        self.version = version
        self.directory = directory
        self.groups: list[tuple[str, tuple[str, ...]]] = [(group, tuple(served)) for group, served in facts["groups"]]
        self.kinds: dict[tuple[str, str, str], int] = {(row[0], row[1], row[2]): row[3] for row in facts["kinds"]}
        self._rows: list[Any] = facts["structs"]
        self._structs: dict[tuple[int, bool], Struct] = {}
        self._scalars = {kind: Scalar(kind, structs=self.struct_by_go_name) for kind in GO_NAMES}
        self._places: dict[str, int] = {}
        self.resources: tuple[Resource, ...] = self._make_resources(facts["resources"])

    def struct(self, group: str, version: str, kind: str) -> Struct | None:
        """The type of a kind, be it a resource's or not (DeleteOptions, Status, lists); None if unknown."""
        place = self.kinds.get((group, version, kind))
        return None if place is None else self._struct(place)

    def struct_named(self, name: str) -> Struct | None:
        """The type of an OpenAPI name such as io.k8s.api.core.v1.Container."""
        if not self._places:
            self._places = {row[0]: place for place, row in enumerate(self._rows)}
        place = self._places.get(name)
        return None if place is None else self._struct(place)

    def name_of(self, group: str, version: str, kind: str) -> str:
        """The OpenAPI name of a kind; '' if unknown."""
        place = self.kinds.get((group, version, kind))
        return "" if place is None else self._rows[place][0]

    def kinds_by_struct(self) -> dict[str, list[tuple[str, str, str]]]:
        """OpenAPI name -> the kinds (group, version, kind) of that type, sorted; types of no kind have no entry."""
        found: dict[str, list[tuple[str, str, str]]] = {}
        for gvk, place in sorted(self.kinds.items()):
            found.setdefault(self._rows[place][0], []).append(gvk)
        return found

    def struct_by_go_name(self, name: str) -> Struct | None:
        """The first type of this bare Go name, such as JSONSchemaProps."""
        suffix = f".{name}"
        return next((self._struct(place) for place, row in enumerate(self._rows) if row[0].endswith(suffix)), None)

    def struct_names(self) -> list[str]:
        """The OpenAPI names of all structs, sorted."""
        return [row[0] for row in self._rows]

    def bootstrap(self) -> dict[str, list[Any]]:
        """The objects that a new cluster holds, by plural; read anew at every call, so they are the caller's own."""
        found: dict[str, list[Any]] = orjson.loads((self.directory / "bootstrap.json").read_bytes())
        return found

    def openapi(self) -> dict[str, Any]:
        """What OpenAPI documents say beside the types: see `fakekube.schema.generate_openapi`."""
        found: dict[str, Any] = orjson.loads((self.directory / "openapi.json").read_bytes())
        return found

    def protobuf(self) -> dict[str, dict[str, Any]]:
        """Message -> field -> [number, type], as in the published .proto files."""
        found: dict[str, dict[str, Any]] = orjson.loads((self.directory / "protobuf.json").read_bytes())["messages"]
        return found

    def _struct(self, place: int, atomic: bool = False) -> Struct:
        found = self._structs.get((place, atomic))
        if found is None:
            name, go, fields, *rest = self._rows[place]
            more = rest[0] if rest else _NOTHING
            found = self._structs[place, atomic] = Struct(
                name,
                partial(self._fields, fields),
                go,
                atomic=atomic or more.get("atomic", False),
                unions=tuple(more.get("unions", ())),
                defaulted=more.get("defaulted", False),
            )
        return found

    def _fields(self, rows: list[Any]) -> dict[str, Field]:
        return {row[0]: self._field(*row) for row in rows}

    def _field(self, name: str, type_row: Any, flags: int, more: Mapping[str, Any] = _NOTHING) -> Field:
        strategies = frozenset(more.get("strategies", ()))
        merge_key = more.get("mergeKey", "")
        found = self._type(type_row)
        if isinstance(found, List):
            found.merge_key, found.patch_strategies = merge_key, strategies
        return Field(
            name,
            found,
            pointer=bool(flags & POINTER),
            omitempty=bool(flags & OMITEMPTY),
            omitzero=bool(flags & OMITZERO),
            required=bool(flags & REQUIRED),
            default=more.get("default", MISSING),
            patch_strategies=strategies,
            merge_key=merge_key,
            path=more.get("path", ""),
        )

    def _type(self, row: Any) -> Type:
        match row:
            case int():
                return self._struct(row)
            case str():
                return self._scalars[row]
            case ["atomic", place]:
                return self._struct(place, atomic=True)
            case ["scalar", go, kind, enum]:
                return Scalar(kind, go, tuple(enum))
            case ["list", go, item, list_type, keys]:
                return List(self._type(item), go, list_type=list_type, keys=tuple(keys))
            case ["map", go, item, atomic]:
                return Map(self._type(item), go, atomic=atomic)
        raise ValueError(f"no type: {row!r}")

    def _make_resources(self, rows: list[Any]) -> tuple[Resource, ...]:
        """In discovery order; those that are stored as themselves are made first, for the others to refer to."""
        made: dict[tuple[str, str, str], Resource] = {}
        for stored_as_itself in (True, False):
            for row in rows:
                storage = (*row["storage"], row["plural"])
                place = (row["group"], row["version"], row["plural"])
                if (storage == place) is stored_as_itself:
                    made[place] = self._resource(row, made.get(storage))
        return tuple(made[row["group"], row["version"], row["plural"]] for row in rows)

    def _resource(self, row: Mapping[str, Any], storage: Resource | None) -> Resource:
        group, version, kind = row["group"], row["version"], row["kind"]
        return Resource(
            group=group,
            version=version,
            kind=kind,
            plural=row["plural"],
            singular=row["singular"],
            namespaced=row["namespaced"],
            verbs=frozenset(row["verbs"]),
            short_names=tuple(row["shortNames"]),
            categories=tuple(row["categories"]),
            subresources={sub[0]: self._subresource(*sub) for sub in row["subresources"]},
            list_kind=kind + "List",
            columns=tuple(Column(*column) for column in row["columns"]),
            type_source=cache(partial(self._kind_struct, (group, version, kind))),
            stored_as=storage,
        )

    def _subresource(self, name: str, group: str, version: str, kind: str, verbs: list[str]) -> Subresource:
        return Subresource(
            name, group, version, kind, frozenset(verbs), cache(partial(self._kind_struct, (group, version, kind)))
        )

    def _kind_struct(self, kind: tuple[str, str, str]) -> Struct:
        return self._struct(self.kinds[kind])


@cache
def table(version: str = DEFAULT_VERSION) -> Table:
    """The facts of a version, read once in a process."""
    return Table(version)
