"""The OpenAPI documents as bytes: made when first asked for, kept as long as what they tell of is served."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import metadata

import orjson

import fakekube
from fakekube.core.meta import Obj
from fakekube.schema import openapi, openapi_protobuf, openapi_v2
from fakekube.schema.openapi_prose import ClientProse, installed
from fakekube.schema.openapi_roots import ROOTS, Root, group_root
from fakekube.schema.resources import Resource
from fakekube.schema.scheme import Scheme
from fakekube.schema.table import Table

JSON, PROTOBUF = "json", "protobuf"


class Documents:
    """What /openapi serves of a scheme. A document of version 3 has a name, such as api/v1, apis/apps/v1 or version."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._generation = -1
        self._versions: dict[str, tuple[str, str]] = {}
        self._hashes: dict[str, str] = {}
        self._custom: dict[tuple[str, str], bytes] = {}
        self._whole: dict[str, bytes] = {}

    def hashes(self) -> dict[str, str]:
        """Name -> hash of every document of version 3, sorted by name.

        A hash is drawn from what the document is made of, not from its bytes, so that the index does not need them.
        """
        if self._generation != self._scheme.generation:
            self._look_anew()
        return self._hashes

    def version_3(self, name: str, form: str) -> bytes:
        """A document that `hashes` lists."""
        hash_now = self.hashes()[name]
        group, version = self._versions.get(name, ("", ""))
        resources = self._scheme.resources_of(group, version) if version else []
        if not any(resource.custom for resource in resources):
            return _built_in(self._scheme.table, name, group, version, form)
        found = self._custom.get((hash_now, form))
        if found is None:
            found = _encoded(openapi.document(self._scheme.table, group, version, resources, installed()), form)
            self._custom[hash_now, form] = found
        return found

    def version_2(self, form: str) -> bytes:
        """The one document of version 2."""
        self.hashes()
        found = self._whole.get(form)
        if found is None:
            document = openapi_v2.document(self._scheme, installed())
            found = orjson.dumps(document) if form == JSON else openapi_protobuf.encode_v2(document)
            self._whole[form] = found
        return found

    def hash_of_version_2(self) -> str:
        """Changes with any document of version 3."""
        return _digest(*(part for pair in self.hashes().items() for part in pair))

    def _look_anew(self) -> None:
        scheme = self._scheme
        self._generation = scheme.generation
        self._whole.clear()
        self._versions = {
            f"apis/{group}/{version}" if group else f"api/{version}": (group, version)
            for group in scheme.groups()
            for version in scheme.versions(group)
        }
        base = _hash_of_facts(scheme.table)
        found = {name: _digest(base, name) for name in _roots(scheme.table)}
        for name, (group, version) in self._versions.items():
            custom = [resource for resource in scheme.resources_of(group, version) if resource.custom]
            found[name] = _digest(base, name, *map(_told, custom))
        self._hashes = dict(sorted(found.items()))
        kept = set(self._hashes.values())
        self._custom = {key: document for key, document in self._custom.items() if key[0] in kept}


def _digest(*parts: str) -> str:
    return hashlib.sha512("\n".join(parts).encode()).hexdigest().upper()


def _told(resource: Resource) -> str:
    """All that a custom resource's schemas and paths are made of, as text."""
    names = [resource.plural, resource.kind, resource.list_kind, resource.namespaced, list(resource.subresources)]
    return orjson.dumps([names, resource.schema, resource.selectable], default=dict).decode()


@cache
def _hash_of_facts(table: Table) -> str:
    """Of what all documents have in common: the facts, this program, and the client that the prose is from."""
    facts = [(table.directory / name).read_bytes() for name in ("kinds.json", "openapi.json")]
    client = metadata.version("kubernetes") if installed() else ""
    return _digest(fakekube.__version__, client, *(hashlib.sha512(fact).hexdigest() for fact in facts))


@cache
def _roots(table: Table) -> dict[str, Root]:
    """The documents that are of no group version, by name."""
    found = [*ROOTS, *(group_root(group) for group, _ in table.groups if group)]
    return {root.name: root for root in found}


@cache
def _built_in(table: Table, name: str, group: str, version: str, form: str) -> bytes:
    """A document of what is always served; all clusters of a process share it."""
    prose: ClientProse | None = installed()
    if not version:
        return _encoded(openapi.root_document(table, _roots(table)[name], prose), form)
    resources = _sorted(table, group, version)
    return _encoded(openapi.document(table, group, version, resources, prose), form)


def _sorted(table: Table, group: str, version: str) -> Sequence[Resource]:
    found = [resource for resource in table.resources if (resource.group, resource.version) == (group, version)]
    return sorted(found, key=lambda resource: resource.plural)


def _encoded(document: Obj, form: str) -> bytes:
    return orjson.dumps(document) if form == JSON else openapi_protobuf.encode_v3(document)
