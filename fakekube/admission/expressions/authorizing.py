"""The `authorizer` of expressions: asks what a user may do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol

from fakekube.access import authorization as access
from fakekube.access.users import User, service_account
from fakekube.core import names
from fakekube.core.errors import StatusError
from fakekube.schema.cel.declarations import Overload
from fakekube.schema.cel.types import BOOL, STRING, Field, Type
from fakekube.schema.cel.values import EvaluationError, Struct

PREFIX = "kubernetes.authorization"
PATH_CHECK = Type("struct", f"{PREFIX}.PathCheck")
GROUP_CHECK = Type("struct", f"{PREFIX}.GroupCheck")
RESOURCE_CHECK = Type("struct", f"{PREFIX}.ResourceCheck")
DECISION = Type("struct", f"{PREFIX}.Decision")
REQUEST_RESOURCE = "requestResource"
AUTHORIZER = Type("struct", f"{PREFIX}.Authorizer", fields={REQUEST_RESOURCE: Field(RESOURCE_CHECK, REQUEST_RESOURCE)})


class Authorizer(Protocol):
    """What is handed in to tell what users may do; the answers are whether, and why."""

    def resource(
        self, user: User, verb: str, group: str, resource: str, subresource: str, namespace: str, name: str
    ) -> tuple[bool, str]: ...

    def path(self, user: User, verb: str, path: str) -> tuple[bool, str]: ...


class Rights:
    """Asks the cluster's own authorizer."""

    def __init__(self, authorizer: access.Authorizer) -> None:
        self._authorizer = authorizer

    def resource(
        self, user: User, verb: str, group: str, resource: str, subresource: str, namespace: str, name: str
    ) -> tuple[bool, str]:
        try:
            self._authorizer.check_resource(user, verb, group, resource, subresource, namespace, name)
        except StatusError as error:
            return False, error.message
        return True, ""

    def path(self, user: User, verb: str, path: str) -> tuple[bool, str]:
        try:
            self._authorizer.check_path(user, verb, path)
        except StatusError as error:
            return False, error.message
        return True, ""


class AuthorizerValue(Struct):
    """`authorizer`: one user's rights."""

    __slots__ = ("asked", "rights", "user")
    type_name = AUTHORIZER.name

    def __init__(self, rights: Authorizer, user: User, asked: ResourceCheck | None) -> None:
        super().__init__(AUTHORIZER.fields, {REQUEST_RESOURCE: asked})
        self.rights = rights
        self.user = user
        self.asked = asked


@dataclass(frozen=True, slots=True)
class PathCheck:
    """`authorizer.path('/healthz')`"""

    owner: AuthorizerValue
    path: str
    type_name = PATH_CHECK.name


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """`authorizer.group('apps')`"""

    owner: AuthorizerValue
    group: str
    type_name = GROUP_CHECK.name


@dataclass(frozen=True, slots=True)
class ResourceCheck:
    """`authorizer.group('apps').resource('deployments')` and what narrows it."""

    owner: AuthorizerValue
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    type_name = RESOURCE_CHECK.name


@dataclass(frozen=True, slots=True)
class Decision:
    """What `check` comes to."""

    allowed: bool
    reason: str
    type_name = DECISION.name


def _path(owner: AuthorizerValue, path: str) -> PathCheck:
    if not path.strip():
        raise EvaluationError("path must not be empty")
    return PathCheck(owner, path)


def _service_account(owner: AuthorizerValue, namespace: str, name: str) -> AuthorizerValue:
    if names.dns1123_subdomain(name):
        raise EvaluationError("Invalid service account name")
    if names.dns1123_label(namespace):
        raise EvaluationError("Invalid service account namespace")
    return AuthorizerValue(owner.rights, service_account(namespace, name), None)


def _resource(check: GroupCheck, resource: str) -> ResourceCheck:
    if not resource.strip():
        raise EvaluationError("resource must not be empty")
    return ResourceCheck(check.owner, check.group, resource)


def _check_path(check: PathCheck, verb: str) -> Decision:
    return Decision(*check.owner.rights.path(check.owner.user, verb, check.path))


def _check_resource(check: ResourceCheck, verb: str) -> Decision:
    owner = check.owner
    place = (check.group, check.resource, check.subresource, check.namespace, check.name)
    return Decision(*owner.rights.resource(owner.user, verb, *place))


@cache
def functions() -> dict[str, list[Overload]]:
    """The methods by name."""
    rows: list[tuple[str, str, tuple[Type, ...], Type, Any]] = [
        ("path", "authorizer_path", (AUTHORIZER, STRING), PATH_CHECK, _path),
        ("group", "authorizer_group", (AUTHORIZER, STRING), GROUP_CHECK, GroupCheck),
        ("serviceAccount", "authorizer_serviceaccount", (AUTHORIZER, STRING, STRING), AUTHORIZER, _service_account),
        ("resource", "groupcheck_resource", (GROUP_CHECK, STRING), RESOURCE_CHECK, _resource),
        *(_narrowing(name) for name in ("subresource", "namespace", "name")),
        *(_selecting(name) for name in ("fieldSelector", "labelSelector")),
        ("check", "pathcheck_check", (PATH_CHECK, STRING), DECISION, _check_path),
        ("check", "resourcecheck_check", (RESOURCE_CHECK, STRING), DECISION, _check_resource),
        ("errored", "decision_errored", (DECISION,), BOOL, lambda decision: False),
        ("error", "decision_error", (DECISION,), STRING, lambda decision: ""),
        ("allowed", "decision_allowed", (DECISION,), BOOL, lambda decision: decision.allowed),
        ("reason", "decision_reason", (DECISION,), STRING, lambda decision: decision.reason),
    ]
    found: dict[str, list[Overload]] = {}
    for function, name, parameters, result, implementation in rows:
        overload = Overload(name, function, parameters, result, True, (), implementation)
        found.setdefault(function, []).append(overload)
    return found


def _narrowing(name: str) -> tuple[str, str, tuple[Type, ...], Type, Any]:
    def narrowed(check: ResourceCheck, value: str) -> ResourceCheck:
        change: dict[str, Any] = {name: value}
        return replace(check, **change)

    return name, f"resourcecheck_{name}", (RESOURCE_CHECK, STRING), RESOURCE_CHECK, narrowed


def _selecting(name: str) -> tuple[str, str, tuple[Type, ...], Type, Any]:
    """Rights do not depend on selectors here, as with RBAC."""
    overload = f"resourcecheck_{name.lower()}"
    return name, overload, (RESOURCE_CHECK, STRING), RESOURCE_CHECK, lambda check, text: check
