"""A served resource of one version, as discovery, routes, storage, tables and the decoder see it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from fakekube.schema.typed import Struct


class Column(NamedTuple):
    """A column of the resource's Table; `path` is the JSONPath of a custom resource's."""

    name: str
    type: str
    format: str = ""
    priority: int = 0
    description: str = ""
    path: str = ""


class Subresource(NamedTuple):
    """A subresource with the kind that it answers and takes."""

    name: str
    group: str
    version: str
    kind: str
    verbs: frozenset[str]
    type_source: Callable[[], Struct]

    @property
    def type(self) -> Struct:
        """The type of what it answers."""
        return self.type_source()

    @property
    def api_version(self) -> str:
        return api_version(self.group, self.version)


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One served resource of one version. Immutable, compared by identity."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    namespaced: bool
    verbs: frozenset[str]
    list_kind: str
    type_source: Callable[[], Struct] = field(repr=False)
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: Mapping[str, Subresource] = field(default_factory=dict, repr=False)
    """In the order of discovery."""
    columns: tuple[Column, ...] = field(default=(), repr=False)
    custom: bool = False
    schema: Mapping[str, Any] | None = field(default=None, repr=False)
    """The openAPIV3Schema of a custom resource, as its definition has it; None if there is none."""
    selectable: tuple[str, ...] = field(default=(), repr=False)
    """The JSONPaths of the fields that a custom resource's definition lets one select by."""
    stored_as: Resource | None = field(default=None, repr=False)
    """The resource in the version that its objects are stored in; None if that is this one."""
    api_version: str = field(init=False)
    id: str = field(init=False)
    """plural.group, or the plural alone in the core group: its name in messages, keys and RBAC, of any version."""
    gvk: tuple[str, str, str] = field(init=False, repr=False)
    storage: Resource = field(init=False, repr=False)
    made: dict[Any, Any] = field(init=False, repr=False, default_factory=dict)
    """What was made of it, see `kept_with_resource`."""

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "api_version", api_version(self.group, self.version))
        put(self, "id", f"{self.plural}.{self.group}" if self.group else self.plural)
        put(self, "gvk", (self.group, self.version, self.kind))
        put(self, "storage", self.stored_as or self)

    @property
    def type(self) -> Struct:
        """The type of its objects."""
        return self.type_source()

    @property
    def storage_hash(self) -> str:
        """Discovery's storageVersionHash; empty for what is not stored (reviews, bindings)."""
        if "watch" not in self.verbs:
            return ""
        stored = self.storage
        digest = hashlib.sha256(f"{stored.group}/{stored.version}/{stored.kind}".encode()).digest()
        return base64.b64encode(digest[:8]).decode()


R = TypeVar("R", bound=Resource)
P = ParamSpec("P")
T = TypeVar("T")


def kept_with_resource(make: Callable[Concatenate[R, P], T]) -> Callable[Concatenate[R, P], T]:
    """`make` is called once for a resource and further arguments; what it gives is kept for as long as the resource is.

    Custom resources go with their cluster, and a test suite starts many; a functools.cache would hold them all.
    """

    @wraps(make)
    def kept(resource: R, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (make, *args)
        if key in resource.made:
            found: T = resource.made[key]
            return found
        found = resource.made[key] = make(resource, *args, **kwargs)
        return found

    return kept


def api_version(group: str, version: str) -> str:
    """'apps/v1', or 'v1' in the core group."""
    return f"{group}/{version}" if group else version
