"""The `authorizer` of expressions: asks what a user may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from fakekube.access import authorization as access
from fakekube.access.users import User, service_account
from fakekube.core import names
from fakekube.core.errors import StatusError
from fakekube.schema.cel.library.rights import (
    AUTHORIZER,
    DECISION,
    GROUP_CHECK,
    PATH_CHECK,
    REQUEST_RESOURCE,
    RESOURCE_CHECK,
)
from fakekube.schema.cel.values import EvaluationError, Struct


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

    def ask(self, function: str, *given: Any) -> Any:
        """The method of that name."""
        return _OF_AUTHORIZER[function](self, *given)


@dataclass(frozen=True, slots=True)
class PathCheck:
    """`authorizer.path('/healthz')`"""

    owner: AuthorizerValue
    path: str
    type_name = PATH_CHECK.name

    def ask(self, function: str, *given: Any) -> Any:
        """The method of that name."""
        return _OF_PATH[function](self, *given)


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """`authorizer.group('apps')`"""

    owner: AuthorizerValue
    group: str
    type_name = GROUP_CHECK.name

    def ask(self, function: str, *given: Any) -> Any:
        """The method of that name."""
        return _OF_GROUP[function](self, *given)


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

    def ask(self, function: str, *given: Any) -> Any:
        """The method of that name."""
        return _OF_RESOURCE[function](self, *given)


@dataclass(frozen=True, slots=True)
class Decision:
    """What `check` comes to."""

    allowed: bool
    reason: str
    type_name = DECISION.name

    def ask(self, function: str, *given: Any) -> Any:
        """The method of that name."""
        return _OF_DECISION[function](self, *given)


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


def _check_resource(check: ResourceCheck, verb: str) -> Decision:
    owner = check.owner
    place = (check.group, check.resource, check.subresource, check.namespace, check.name)
    return Decision(*owner.rights.resource(owner.user, verb, *place))


def _narrowing(name: str) -> Callable[[ResourceCheck, str], ResourceCheck]:
    def narrowed(check: ResourceCheck, value: str) -> ResourceCheck:
        change: dict[str, Any] = {name: value}
        return replace(check, **change)

    return narrowed


_OF_AUTHORIZER: dict[str, Callable[..., Any]] = {
    "path": _path,
    "group": GroupCheck,
    "serviceAccount": _service_account,
}
_OF_GROUP: dict[str, Callable[..., Any]] = {"resource": _resource}
_OF_PATH: dict[str, Callable[..., Any]] = {
    "check": lambda check, verb: Decision(*check.owner.rights.path(check.owner.user, verb, check.path))
}
_OF_RESOURCE: dict[str, Callable[..., Any]] = {
    **{name: _narrowing(name) for name in ("subresource", "namespace", "name")},
    # rights do not depend on selectors here, as with RBAC
    **dict.fromkeys(("fieldSelector", "labelSelector"), lambda check, text: check),
    "check": _check_resource,
}
_OF_DECISION: dict[str, Callable[..., Any]] = {
    "errored": lambda decision: False,
    "error": lambda decision: "",
    "allowed": lambda decision: decision.allowed,
    "reason": lambda decision: decision.reason,
}
