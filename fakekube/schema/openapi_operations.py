"""The operations that OpenAPI documents list of a resource: paths, parameters and answers, apart from any dialect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fakekube.schema.openapi_schemas import DELETE_OPTIONS, META, PATCH, STATUS, WATCH_EVENT
from fakekube.schema.resources import Resource, Subresource
from fakekube.schema.table import Table
from fakekube.schema.typed import List, Scalar, Struct

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
MEDIA = (JSON, YAML, PROTOBUF)
STREAMS = (f"{JSON};stream=watch", f"{PROTOBUF};stream=watch")
CUSTOM_MEDIA = (JSON, YAML)
APPLY, JSON_PATCH = "application/apply-patch+yaml", "application/json-patch+json"
MERGE_PATCH, STRATEGIC_PATCH = "application/merge-patch+json", "application/strategic-merge-patch+json"
ANY_MEDIA = ("*/*",)

TEXT = ""
"""The answer of what is no object: a string."""

ALL_METHODS = ("delete", "get", "head", "options", "patch", "post", "put")
METHODS = {"get": "get", "update": "put", "patch": "patch", "create": "post", "delete": "delete"}
ID_VERBS = {"get": "read", "update": "replace", "patch": "patch", "create": "create", "delete": "delete"}
PHRASES = {"get": "read", "update": "replace", "patch": "partially update", "create": "create", "delete": "delete"}
CODES = {"update": ("200", "201"), "patch": ("200", "201"), "create": ("200", "201", "202"), "delete": ("200", "202")}
OPTIONS = {
    "create": ("CreateOptions",),
    "update": ("UpdateOptions",),
    "patch": ("PatchOptions",),
    "delete": ("DeleteOptions",),
    "list": ("ListOptions",),
    "deletecollection": ("DeleteOptions", "ListOptions"),
}
UNWATCHED = frozenset({"watch", "allowWatchBookmarks"})

_TYPES = {"string": "string", "bool": "boolean", "int32": "integer", "int64": "integer"}

WATCH_OBJECT = (
    "watch changes to an object of kind {}. deprecated: use the 'watch' parameter with a list operation instead, "
    "filtered to a single item with the 'fieldSelector' parameter."
)
WATCH_LIST = (
    "watch individual changes to a list of {}. deprecated: use the 'watch' parameter with a list operation instead."
)


class Parameter(NamedTuple):
    """A parameter in the path or the query."""

    name: str
    place: str
    type: str = "string"


NAMESPACE, NAME, SUBPATH = (Parameter(name, "path") for name in ("namespace", "name", "path"))
PRETTY = Parameter("pretty", "query")


class Operation(NamedTuple):
    """One method of one path. `body` and `answer` are OpenAPI names; `kind` is (group, version, kind)."""

    path: str
    method: str
    action: str
    id: str
    description: str
    parameters: tuple[Parameter, ...]
    answer: str
    produces: tuple[str, ...]
    codes: tuple[str, ...] = ("200",)
    body: str = ""
    body_required: bool = True
    consumes: tuple[str, ...] = ANY_MEDIA
    kind: tuple[str, str, str] | None = None


def identifier(text: str, *, capital: bool) -> str:
    """Camel case of a dotted or dashed text, as operation ids and tags hold it."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text) if word]
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return joined if capital or not joined else joined[0].lower() + joined[1:]


def group_id(group: str) -> str:
    """The group as operation ids name it."""
    return (group or "core").removesuffix(".k8s.io")


def article(noun: str) -> str:
    """' a ' or ' an '."""
    return " an " if noun[:1] in "AEIOUaeiou" else " a "


class Operations:
    """The operations of a group version's resources."""

    def __init__(self, table: Table, group: str, version: str) -> None:
        self._table = table
        self._answered_deletes = frozenset(table.openapi()["answeredDeletes"])
        self.root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        self._id = identifier(group_id(group), capital=True) + identifier(version, capital=True)
        self.tag = identifier(group_id(group), capital=False) + "_" + version

    def discovery(self) -> Operation:
        """That of the list of resources."""
        path, answer = self.root + "/", META + "APIResourceList"
        return Operation(path, "get", "", f"get{self._id}APIResources", "get available resources", (), answer, MEDIA)

    def of(self, resource: Resource) -> Iterator[Operation]:
        """All of a resource and its subresources."""
        yield from self._collections(resource)
        yield from self._objects(resource)
        for sub in resource.subresources.values():
            yield from self._subresource(resource, sub)
        if "watch" in resource.verbs and not resource.custom:
            yield from self._watches(resource)

    def _collections(self, resource: Resource) -> Iterator[Operation]:
        base, middle, places = self._place(resource)
        kind = resource.kind
        if "list" in resource.verbs:
            yield self._list(resource, base, middle + kind, places)
            if resource.namespaced:
                yield self._list(resource, f"{self.root}/{resource.plural}", f"{kind}ForAllNamespaces", ())
        if "create" in resource.verbs:
            yield self._write(resource, "create", base, middle + kind, places, self._name(resource))
        if "deletecollection" in resource.verbs:
            yield Operation(
                base,
                "delete",
                "deletecollection",
                f"delete{self._id}Collection{middle}{kind}",
                f"delete collection of {kind}",
                (*places, PRETTY, *self._options("deletecollection", resource.custom)),
                STATUS,
                self._media(resource),
                body="" if resource.custom else DELETE_OPTIONS,
                body_required=False,
                consumes=self._consumed("deletecollection", resource.custom),
                kind=resource.gvk,
            )

    def _list(self, resource: Resource, path: str, suffix: str, places: tuple[Parameter, ...]) -> Operation:
        watched = "watch" in resource.verbs and not resource.custom
        return Operation(
            path,
            "get",
            "list",
            f"list{self._id}{suffix}",
            f"list {'or watch ' if watched else ''}objects of kind {resource.kind}",
            (*places, PRETTY, *self._options("list", resource.custom)),
            self._list_name(resource),
            CUSTOM_MEDIA if resource.custom else MEDIA + STREAMS,
            kind=resource.gvk,
        )

    def _objects(self, resource: Resource) -> Iterator[Operation]:
        base, middle, places = self._place(resource)
        path, places = base + "/{name}", (*places, NAME)
        for verb in ("get", "update", "patch", "delete"):
            if verb in resource.verbs:
                yield self._write(resource, verb, path, middle + resource.kind, places, self._name(resource))

    def _subresource(self, resource: Resource, sub: Subresource) -> Iterator[Operation]:
        base, middle, places = self._place(resource)
        path, places = f"{base}/{{name}}/{sub.name}", (*places, NAME)
        suffix = middle + resource.kind + sub.name.capitalize()
        if sub.kind.endswith("Options"):
            yield from self._connections(resource, sub, path, suffix, places)
            return
        options = self._table.struct("", "v1", f"{resource.kind}{sub.name.capitalize()}Options")
        for verb in ("get", "update", "patch", "create"):
            if verb in sub.verbs:
                name = self._table.name_of(sub.group, sub.version, sub.kind) or self._name(resource)
                found = self._write(resource, verb, path, suffix, places, name, sub)
                yield self._text(found, options) if options else found

    def _text(self, operation: Operation, options: Struct) -> Operation:
        """An operation that answers text, and takes options in its query."""
        parameters = (*operation.parameters, *_query(options))
        return operation._replace(parameters=parameters, answer=TEXT, produces=("text/plain", *operation.produces))

    def _write(
        self,
        resource: Resource,
        verb: str,
        path: str,
        suffix: str,
        places: tuple[Parameter, ...],
        name: str,
        sub: Subresource | None = None,
    ) -> Operation:
        """An operation on an object (reading is one of them)."""
        body = {"create": name, "update": name, "patch": PATCH, "delete": DELETE_OPTIONS}.get(verb, "")
        answer = name
        if verb == "delete" and resource.id not in self._answered_deletes:
            answer = STATUS
        return Operation(
            path,
            METHODS[verb],
            METHODS[verb],
            f"{ID_VERBS[verb]}{self._id}{suffix}",
            _describe(verb, resource.kind, sub),
            (*places, PRETTY, *self._options(verb, resource.custom)),
            answer,
            self._media(resource),
            CODES.get(verb, ("200",)),
            body,
            verb != "delete",
            self._consumed(verb, resource.custom),
            (sub.group, sub.version, sub.kind) if sub and not resource.custom else resource.gvk,
        )

    def _connections(
        self, resource: Resource, sub: Subresource, path: str, suffix: str, places: tuple[Parameter, ...]
    ) -> Iterator[Operation]:
        parameters = (*places, *_query(sub.type))
        passes_on = "path" in sub.type.fields
        for method in ALL_METHODS if passes_on else ("get", "post"):
            found = Operation(
                path,
                method,
                "connect",
                f"connect{self._id}{method.capitalize()}{suffix}",
                f"connect {method.upper()} requests to {sub.name} of {resource.kind}",
                parameters,
                TEXT,
                ANY_MEDIA,
                kind=(sub.group, sub.version, sub.kind),
            )
            yield found
            if passes_on:
                more = (*places, SUBPATH, *_query(sub.type))
                yield found._replace(path=path + "/{path}", id=found.id + "WithPath", parameters=more)

    def _watches(self, resource: Resource) -> Iterator[Operation]:
        _, middle, places = self._place(resource)
        root = f"{self.root}/watch"
        scope = "/namespaces/{namespace}" if resource.namespaced else ""
        base, kind = f"{root}{scope}/{resource.plural}", resource.kind
        rows = [
            (base, "watchlist", f"{middle}{kind}List", WATCH_LIST, places),
            (base + "/{name}", "watch", middle + kind, WATCH_OBJECT, (*places, NAME)),
        ]
        if resource.namespaced:
            everywhere = f"{kind}ListForAllNamespaces"
            rows.append((f"{root}/{resource.plural}", "watchlist", everywhere, WATCH_LIST, ()))
        for path, action, suffix, text, found in rows:
            parameters = (*found, PRETTY, *self._options("list", False))
            id, description = f"watch{self._id}{suffix}", text.format(kind)
            yield Operation(
                path, "get", action, id, description, parameters, WATCH_EVENT, MEDIA + STREAMS, kind=resource.gvk
            )

    def _place(self, resource: Resource) -> tuple[str, str, tuple[Parameter, ...]]:
        """The path of its collection, what stands in ids before the kind, and the parameters of the path."""
        if resource.namespaced:
            return f"{self.root}/namespaces/{{namespace}}/{resource.plural}", "Namespaced", (NAMESPACE,)
        return f"{self.root}/{resource.plural}", "", ()

    def _name(self, resource: Resource) -> str:
        if resource.custom:
            return custom_name(resource.group, resource.version, resource.kind)
        return self._table.name_of(*resource.gvk)

    def _list_name(self, resource: Resource) -> str:
        if resource.custom:
            return custom_name(resource.group, resource.version, resource.list_kind)
        return self._table.name_of(resource.group, resource.version, resource.list_kind)

    def _media(self, resource: Resource) -> tuple[str, ...]:
        return CUSTOM_MEDIA if resource.custom else MEDIA

    def _consumed(self, verb: str, custom: bool) -> tuple[str, ...]:
        if verb == "patch":
            return (APPLY, JSON_PATCH, MERGE_PATCH) if custom else (APPLY, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH)
        return CUSTOM_MEDIA if custom else ANY_MEDIA

    def _options(self, verb: str, custom: bool) -> Iterator[Parameter]:
        if custom:
            names = {"get": ("GetOptions",), "deletecollection": ("ListOptions",)}.get(verb) or OPTIONS.get(verb, ())
        else:
            names = OPTIONS.get(verb, ())
        for name in names:
            struct = self._table.struct("", "v1", name)
            assert struct is not None, f"there are no {name}"
            left_out = UNWATCHED if verb == "deletecollection" and not custom else frozenset()
            yield from (found for found in _query(struct) if found.name not in left_out)


def custom_name(group: str, version: str, kind: str) -> str:
    """The OpenAPI name of a custom resource's kind."""
    return ".".join([*reversed(group.split(".")), version, kind])


def _describe(verb: str, kind: str, sub: Subresource | None) -> str:
    part = f" {sub.name} of" if sub else ""
    between = article(kind) if verb in ("create", "delete") else " the specified "
    return f"{PHRASES[verb]}{part}{between}{kind}"


def _query(options: Struct) -> Iterator[Parameter]:
    """The query parameters of an options kind: its fields of plain types, and lists of such."""
    for field in options.fields.values():
        of = field.type.item if isinstance(field.type, List) else field.type
        if field.name not in ("kind", "apiVersion") and isinstance(of, Scalar) and of.kind in _TYPES:
            yield Parameter(field.name, "query", _TYPES[of.kind])
