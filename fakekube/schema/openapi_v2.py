"""The OpenAPI v2 document: one for all that is served, for clients from before version 3."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

import orjson

from fakekube.core.meta import Obj
from fakekube.schema.openapi import ANSWERS, BEARER, UNAUTHORIZED, all_schemas, common, in_order, info, said_of
from fakekube.schema.openapi_custom import custom_schemas
from fakekube.schema.openapi_operations import Operation, Operations, Parameter
from fakekube.schema.openapi_roots import ROOTS, group_root
from fakekube.schema.openapi_schemas import V2, NoProse, Prose, Schemas
from fakekube.schema.scheme import Scheme

INLINE = frozenset({"dryRun", "fieldManager", "fieldValidation", "force", "name"})
"""Not shared between operations: clients before 1.27 look for them in the operation itself. (Names are named each.)"""


def document(scheme: Scheme, prose: Prose | None = None) -> Obj:
    """The document of all that is served now."""
    table, prose = scheme.table, prose or NoProse()
    versions = [(group, version) for group in scheme.groups() for version in scheme.versions(group)]
    tagged: list[tuple[str, list[Operation]]] = [(root.tag, [root.operation]) for root in ROOTS]
    own: list[dict[str, Obj]] = []
    for group, version in versions:
        served = scheme.resources_of(group, version)
        custom = [resource for resource in served if resource.custom]
        operations = Operations(table, group, version)
        listed = [] if custom else [operations.discovery()]
        if group and not custom and version == scheme.versions(group)[0]:
            root = group_root(group)
            tagged.append((root.tag, [root.operation]))
        for resource in served:
            listed += operations.of(resource)
        tagged.append((operations.tag, listed))
        own += [custom_schemas(resource, V2, prose) for resource in custom]
    listed = [operation for _, some in tagged for operation in some]
    shared = _Shared(prose)
    paths = {path: item for tag, some in tagged for path, item in _paths(some, tag, shared).items()}
    return {
        "swagger": "2.0",
        "info": info(table),
        "paths": dict(sorted(paths.items())),
        "definitions": all_schemas(Schemas(table, versions, V2, prose), own, listed),
        "parameters": dict(sorted(shared.parameters.items())),
        "securityDefinitions": {"BearerToken": {"description": "Bearer Token authentication", **BEARER}},
        "security": [{"BearerToken": []}],
    }


class _Shared:
    """The parameters that many operations have are said once, and referred to by a name with a hash."""

    def __init__(self, prose: Prose) -> None:
        self._prose = prose
        self._names: dict[bytes, str] = {}
        self.parameters: dict[str, Obj] = {}

    def row(self, parameter: Parameter, operation: Operation) -> Obj:
        """The parameter in an operation, or a reference to it."""
        found: Obj = {"uniqueItems": True, "type": parameter.type}
        if text := said_of(parameter, operation, self._prose):
            found["description"] = text
        found |= {"name": parameter.name, "in": parameter.place}
        if parameter.place == "path":
            found["required"] = True
        return found if parameter.name in INLINE else self._refer(parameter.name, found)

    def _refer(self, name: str, parameter: Obj) -> Obj:
        raw = orjson.dumps(parameter)
        found = self._names.get(raw)
        if found is None:
            digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()[:6]).decode()
            found = self._names[raw] = f"{name}-{digest}"
            self.parameters[found] = parameter
        return {"$ref": "#/parameters/" + found}


def _paths(listed: Iterable[Operation], tag: str, shared: _Shared) -> Obj:
    by_path: dict[str, list[Operation]] = {}
    for operation in listed:
        by_path.setdefault(operation.path, []).append(operation)
    return {path: _path(operations, tag, shared) for path, operations in by_path.items()}


def _path(operations: list[Operation], tag: str, shared: _Shared) -> Obj:
    of_all = {parameter for parameter in common(operations) if parameter.name not in INLINE - {"name"}}
    found: Obj = {operation.method: _operation(operation, of_all, tag, shared) for operation in operations}
    if of_all:
        found["parameters"] = [shared.row(parameter, operations[0]) for parameter in in_order(of_all)]
    return found


def _operation(operation: Operation, of_all: set[Parameter], tag: str, shared: _Shared) -> Obj:
    found: Obj = {
        "description": operation.description,
        "consumes": list(operation.consumes),
        "produces": list(operation.produces),
        "schemes": ["https"],
        "tags": [tag],
        "operationId": operation.id,
    }
    parameters = [shared.row(parameter, operation) for parameter in in_order(set(operation.parameters) - of_all)]
    if operation.body:
        body: Obj = {"name": "body", "in": "body", "schema": V2.reference(operation.body)}
        parameters.insert(0, {**body, "required": True} if operation.body_required else body)
    if parameters:
        found["parameters"] = parameters
    schema = V2.reference(operation.answer) if operation.answer else {"type": "string"}
    answers: Obj = {code: {"description": ANSWERS[code], "schema": schema} for code in operation.codes}
    found["responses"] = answers | UNAUTHORIZED
    if operation.kind:
        group, version, kind = operation.kind
        found["x-kubernetes-action"] = operation.action
        found["x-kubernetes-group-version-kind"] = {"group": group, "version": version, "kind": kind}
    return found
