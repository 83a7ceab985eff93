"""The kinds that are served now: those of the version's table, and those of CustomResourceDefinitions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fakekube.schema.resources import Resource
from fakekube.schema.table import DEFAULT_VERSION, Table, table
from fakekube.schema.typed import Struct

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_STAGES = {"alpha": 0, "beta": 1, None: 2}


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Sorts the versions of a group as clients prefer them: v2, v1, v1beta2, v1beta1, v1alpha1, then others by name."""
    match = _VERSION.fullmatch(version)
    if not match:
        return (1, 0, 0, version)
    return (0, -_STAGES[match[2]], -int(match[1]), f"{999_999 - int(match[3] or 0):06}")


class Scheme:
    """What is served, found by path or by kind. `generation` moves whenever an answer may have changed."""

    def __init__(self, facts: Table) -> None:
        self.table = facts
        self.version = facts.version
        self.generation = 0
        self._by_path: dict[tuple[str, str, str], Resource] = {}
        self._by_kind: dict[tuple[str, str, str], Resource] = {}
        self._stored: dict[str, Resource] = {}
        self._lists: dict[tuple[str, str, str], Resource] = {}
        self._groups: dict[str, list[str]] = {group: list(versions) for group, versions in facts.groups}
        self._own_groups = frozenset(self._groups)
        for resource in facts.resources:
            self._enter(resource)

    @classmethod
    def for_version(cls, version: str = DEFAULT_VERSION) -> Scheme:
        """A new scheme of the built-in kinds of a Kubernetes version."""
        return cls(table(version))

    def resource(self, group: str, version: str, plural: str) -> Resource | None:
        return self._by_path.get((group, version, plural))

    def by_kind(self, group: str, version: str, kind: str) -> Resource | None:
        """The resource whose objects are of this kind (of core/v1 Binding: bindings)."""
        return self._by_kind.get((group, version, kind))

    def by_list_kind(self, group: str, version: str, kind: str) -> Resource | None:
        """The resource whose lists are of this kind."""
        return self._lists.get((group, version, kind))

    def stored(self, id: str) -> Resource | None:
        """'deployments.apps' -> the resource in its storage version."""
        return self._stored.get(id)

    def struct(self, group: str, version: str, kind: str) -> Struct | None:
        """The type of a kind, be it a resource's or not (DeleteOptions, Scale, Status)."""
        resource = self._by_kind.get((group, version, kind))
        return resource.type if resource is not None else self.table.struct(group, version, kind)

    def resources(self) -> Iterator[Resource]:
        """All that is served: the table's in discovery order, then the custom ones in the order they came."""
        return iter(list(self._by_path.values()))

    def resources_of(self, group: str, version: str) -> list[Resource]:
        """Those of one group and version, sorted by plural."""
        found = [
            resource for resource in self._by_path.values() if (resource.group, resource.version) == (group, version)
        ]
        return sorted(found, key=lambda resource: resource.plural)

    def groups(self) -> list[str]:
        """In discovery order, the core group ("") first; groups of custom resources last, sorted by name."""
        added = sorted(group for group in self._groups if group not in self._own_groups)
        return [group for group in self._groups if group in self._own_groups] + added

    def built_in(self, group: str) -> bool:
        """Whether the group is one of Kubernetes' own."""
        return group in self._own_groups

    def versions(self, group: str) -> list[str]:
        """The versions of a group, preferred first; empty if the group is not served."""
        return list(self._groups.get(group, ()))

    def add(self, *resources: Resource) -> None:
        """Serve these too; one of the same path takes the place of the former."""
        for resource in resources:
            self._enter(resource)
            versions = self._groups.setdefault(resource.group, [])
            if resource.version not in versions:
                versions.append(resource.version)
                versions.sort(key=version_rank)
        self.generation += 1

    def remove(self, group: str, plural: str) -> None:
        """Serve no version of this resource any more; versions and groups go with their last resource."""
        for path in [path for path in self._by_path if path[0] == group and path[2] == plural]:
            self._leave(self._by_path[path])
        left = {resource.version for resource in self._by_path.values() if resource.group == group}
        self._groups[group] = [version for version in self._groups.get(group, ()) if version in left]
        if not self._groups[group]:
            del self._groups[group]
        self.generation += 1

    def _enter(self, resource: Resource) -> None:
        former = self._by_path.get((resource.group, resource.version, resource.plural))
        if former is not None:
            self._leave(former)
        self._by_path[resource.group, resource.version, resource.plural] = resource
        self._by_kind.setdefault(resource.gvk, resource)
        self._lists.setdefault((resource.group, resource.version, resource.list_kind), resource)
        self._stored[resource.id] = resource.storage

    def _leave(self, resource: Resource) -> None:
        del self._by_path[resource.group, resource.version, resource.plural]
        self._drop(self._by_kind, resource.gvk, resource)
        self._drop(self._lists, (resource.group, resource.version, resource.list_kind), resource)
        self._stored.pop(resource.id, None)

    @staticmethod
    def _drop(index: dict[tuple[str, str, str], Resource], key: tuple[str, str, str], resource: Resource) -> None:
        if index.get(key) is resource:
            del index[key]
