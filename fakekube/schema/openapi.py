"""The OpenAPI v3 documents of what is served, as pure functions of the scheme; one document for each group version."""

from __future__ import annotations

from collections.abc import Iterable

from fakekube.core.meta import Obj
from fakekube.schema.openapi_custom import custom_schemas
from fakekube.schema.openapi_operations import Operation, Operations, Parameter
from fakekube.schema.openapi_roots import VERSION_INFO, VERSION_SCHEMA, Root
from fakekube.schema.openapi_schemas import LIST_META, OBJECT_META, V3, NoProse, Prose, Schemas
from fakekube.schema.resources import Resource
from fakekube.schema.table import Table

BEARER = {"type": "apiKey", "name": "authorization", "in": "header"}
UNAUTHORIZED = {"401": {"description": "Unauthorized"}}
ANSWERS = {"200": "OK", "201": "Created", "202": "Accepted"}

PLACES = {"namespace": "object name and auth scope, such as for teams and projects", "path": "path to the resource"}
"""What is said of parameters in the path; of the name, that of what it is."""


def document(table: Table, group: str, version: str, resources: Iterable[Resource], prose: Prose | None = None) -> Obj:
    """The document of a group version; all its resources are built-in ones, or all are custom."""
    prose = prose or NoProse()
    served = list(resources)
    custom = [resource for resource in served if resource.custom]
    operations = Operations(table, group, version)
    listed = [] if custom else [operations.discovery()]
    for resource in served:
        listed += operations.of(resource)
    schemas = Schemas(table, [(group, version)], V3, prose)
    own = [custom_schemas(resource, V3, prose) for resource in custom]
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"} if custom else info(table),
        "paths": paths(listed, operations.tag, prose),
        "components": {
            "schemas": all_schemas(schemas, own, listed),
            **({} if custom else {"securitySchemes": {"BearerToken": BEARER}}),
        },
    }


def root_document(table: Table, root: Root, prose: Prose | None = None) -> Obj:
    """The document of what is no group version."""
    prose = prose or NoProse()
    return {
        "openapi": "3.0.0",
        "info": info(table),
        "paths": paths([root.operation], root.tag, prose),
        "components": {
            "schemas": all_schemas(Schemas(table, [], V3, prose), [], [root.operation]),
            "securitySchemes": {"BearerToken": BEARER},
        },
    }


def info(table: Table) -> Obj:
    return {"title": "Kubernetes", "version": table.version}


def all_schemas(schemas: Schemas, own: Iterable[dict[str, Obj]], listed: Iterable[Operation]) -> Obj:
    """The custom ones, those that the operations name, and all that these refer to."""
    named = {name for operation in listed for name in (operation.answer, operation.body) if name}
    found: dict[str, Obj] = {}
    for some in own:
        found |= some
    if found:
        named |= {OBJECT_META, LIST_META}
    if VERSION_INFO in named:
        found[VERSION_INFO] = VERSION_SCHEMA
    return dict(sorted({**schemas.closure(named - found.keys()), **found}.items()))


def paths(listed: Iterable[Operation], tag: str, prose: Prose) -> Obj:
    """Path -> its operations by method, and the parameters that they all have."""
    by_path: dict[str, list[Operation]] = {}
    for operation in listed:
        by_path.setdefault(operation.path, []).append(operation)
    return {path: _path(by_path[path], tag, prose) for path in sorted(by_path)}


def common(operations: Iterable[Operation]) -> set[Parameter]:
    """The parameters that are said once for all operations of a path."""
    return set.intersection(*(set(operation.parameters) for operation in operations))


def in_order(parameters: Iterable[Parameter]) -> list[Parameter]:
    return sorted(parameters, key=lambda parameter: (parameter.name, parameter.place))


def said_of(parameter: Parameter, operation: Operation, prose: Prose) -> str:
    """The description of a parameter."""
    if parameter.place == "query":
        return prose.parameter(parameter.name)
    return PLACES.get(parameter.name) or f"name of the {operation.kind[2] if operation.kind else 'object'}"


def _path(operations: list[Operation], tag: str, prose: Prose) -> Obj:
    shared = common(operations)
    found: Obj = {operation.method: _operation(operation, shared, tag, prose) for operation in operations}
    if shared:
        found["parameters"] = [_parameter(parameter, operations[0], prose) for parameter in in_order(shared)]
    return found


def _operation(operation: Operation, shared: set[Parameter], tag: str, prose: Prose) -> Obj:
    found: Obj = {"tags": [tag], "description": operation.description, "operationId": operation.id}
    if own := in_order(set(operation.parameters) - shared):
        found["parameters"] = [_parameter(parameter, operation, prose) for parameter in own]
    if operation.body:
        content = _content(operation.body, operation.consumes)
        found["requestBody"] = {"content": content, **({"required": True} if operation.body_required else {})}
    answers: Obj = {
        code: {"description": ANSWERS[code], "content": _content(operation.answer, operation.produces)}
        for code in operation.codes
    }
    found["responses"] = answers | UNAUTHORIZED
    if operation.kind:
        group, version, kind = operation.kind
        found["x-kubernetes-action"] = operation.action
        found["x-kubernetes-group-version-kind"] = {"group": group, "version": version, "kind": kind}
    return found


def _content(name: str, media: Iterable[str]) -> Obj:
    schema = V3.reference(name) if name else {"type": "string"}
    return {found: {"schema": schema} for found in sorted(media)}


def _parameter(parameter: Parameter, operation: Operation, prose: Prose) -> Obj:
    found: Obj = {"name": parameter.name, "in": parameter.place}
    if text := said_of(parameter, operation, prose):
        found["description"] = text
    if parameter.place == "path":
        found["required"] = True
    return {**found, "schema": {"type": parameter.type, "uniqueItems": True}}
