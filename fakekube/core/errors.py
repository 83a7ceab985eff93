"""Errors as values with a wire form: every refusal is a StatusError, rendered to a v1 Status in one place.

Codes, reasons and wording follow k8s.io/apimachinery/pkg/api/errors as the real server answers them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakekube.core.meta import Obj


class StatusError(Exception):
    """A refusal: HTTP code, machine reason, message, and details as in metav1.Status."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Obj | None = None,
        *,
        headers: dict[str, str] | None = None,
        metadata: Obj | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.headers = headers or {}
        self.metadata = metadata or {}

    def status(self) -> Obj:
        """The v1 Status that goes on the wire."""
        body: Obj = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        body["code"] = self.code
        return body


def success(details: Obj | None = None, **more: Any) -> Obj:
    """A v1 Status that says Success, as a finished deletion is answered."""
    body: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", **more}
    if details is not None:
        body["details"] = details
    return body


def qualified(group: str, resource: str) -> str:
    """'deployments.apps', or 'pods' in the core group: how messages name a resource (and kinds in 422s)."""
    return f"{resource}.{group}" if group else resource


def details(group: str, resource: str, name: str, causes: Iterable[Obj] = (), **more: Any) -> Obj:
    """StatusDetails; empty members are left out as the real server leaves them out."""
    found: Obj = {}
    if name:
        found["name"] = name
    if group:
        found["group"] = group
    if resource:
        found["kind"] = resource
    causes = list(causes)
    if causes:
        found["causes"] = causes
    found.update({key: value for key, value in more.items() if value})
    return found


def cause(reason: str, message: str, field: str = "") -> Obj:
    """One StatusCause."""
    found = {"reason": reason, "message": message}
    if field:
        found["field"] = field
    return found


def not_found(group: str, resource: str, name: str) -> StatusError:
    """404: no object of this name. `resource` is the plural."""
    message = f'{qualified(group, resource)} "{name}" not found'
    return StatusError(404, "NotFound", message, details(group, resource, name))


def no_such_path() -> StatusError:
    """404 for a resource, version or group that is not served."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(group: str, resource: str, name: str) -> StatusError:
    """409: the name is taken."""
    message = f'{qualified(group, resource)} "{name}" already exists'
    return StatusError(409, "AlreadyExists", message, details(group, resource, name))


def conflict(group: str, resource: str, name: str, why: str) -> StatusError:
    """409: another write came first, or a precondition does not hold."""
    message = f'Operation cannot be fulfilled on {qualified(group, resource)} "{name}": {why}'
    return StatusError(409, "Conflict", message, details(group, resource, name))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def forbidden(group: str, resource: str, name: str, why: str, causes: Iterable[Obj] = ()) -> StatusError:
    """403: understood and refused."""
    if not resource:
        message = f"forbidden: {why}"
    elif not name:
        message = f"{qualified(group, resource)} is forbidden: {why}"
    else:
        message = f'{qualified(group, resource)} "{name}" is forbidden: {why}'
    return StatusError(403, "Forbidden", message, details(group, resource, name, causes))


def bad_request(message: str) -> StatusError:
    """400: the request cannot be read."""
    return StatusError(400, "BadRequest", message)


def unauthorized(message: str = "Unauthorized") -> StatusError:
    """401: who asks is not known."""
    return StatusError(401, "Unauthorized", message)


def method_not_allowed(group: str, resource: str, action: str) -> StatusError:
    """405: the resource does not have this verb."""
    message = f"{action} is not supported on resources of kind {qualified(group, resource)!r}".replace("'", '"')
    return StatusError(405, "MethodNotAllowed", message, details(group, resource, ""))


def not_acceptable(supported: str) -> StatusError:
    """406: none of the accepted forms can be had."""
    message = f"only the following media types are accepted: {supported}"
    return StatusError(406, "NotAcceptable", message)


def wrong_version(stated: str, expected: str) -> StatusError:
    """400: the body's apiVersion is not that of the path."""
    return bad_request(f"the API version in the data ({stated}) does not match the expected API version ({expected})")


def unsupported_media_type(message: str) -> StatusError:
    """415: the body is of a type that is not read here."""
    return StatusError(415, "UnsupportedMediaType", message)


def expired(message: str, continue_token: str = "") -> StatusError:
    """410: the version asked for is older than the history kept."""
    extra = {"continue": continue_token} if continue_token else {}
    return StatusError(410, "Expired", message, metadata=extra)


def too_large(limit_bytes: int) -> StatusError:
    """413: the body is over the limit."""
    message = f"Request entity too large: limit is {limit_bytes}"
    return StatusError(413, "RequestEntityTooLarge", message)


def too_many_requests(message: str, retry_after_seconds: int, causes: Iterable[Obj] = ()) -> StatusError:
    """429: refused for now."""
    found = details("", "", "", causes, retryAfterSeconds=retry_after_seconds)
    return StatusError(429, "TooManyRequests", message, found, headers={"Retry-After": str(retry_after_seconds)})


def internal(message: str) -> StatusError:
    """500: the server's own fault (its message is wrapped as the real server wraps it)."""
    found = details("", "", "", [{"message": message}])
    return StatusError(500, "InternalError", f"Internal error occurred: {message}", found)


def not_implemented(what: str, hint: str) -> StatusError:
    """501: a part of the API that this server does not have yet; the hint says what to do instead."""
    return StatusError(501, "NotImplemented", f"{what} is not supported by fakekube: {hint}")
