"""Acting as another user: the Impersonate-* headers (kubectl --as, --as-group, --as-uid)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from fakekube.access.users import ANONYMOUS, AUTHENTICATED, User, service_account
from fakekube.core import errors

PREFIX = b"impersonate-"
USER, GROUP, UID, EXTRA = b"impersonate-user", b"impersonate-group", b"impersonate-uid", b"impersonate-extra-"
UNAUTHENTICATED = "system:unauthenticated"
ACCOUNT = "system:serviceaccount:"


def wanted(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request wants to be seen as another user's."""
    return any(name.startswith(PREFIX) for name in headers)


def impersonated(user: User, headers: Mapping[bytes, bytes]) -> User:
    """The user that `user` acts as; StatusError 400 without its name, 403 for an anonymous request.

    Headers are named in lower case; values of a header that was sent several times are joined by commas.
    """
    name = headers.get(USER, b"").decode("latin-1")
    if not name:
        raise errors.bad_request("requested impersonation without impersonating a user: Impersonate-User is missing")
    if user is ANONYMOUS:
        why = f'User "{user.name}" cannot impersonate resource "users" in API group "" at the cluster scope'
        raise errors.forbidden("", "users", name, why)
    groups = _values(headers.get(GROUP, b""))
    if not groups and name.startswith(ACCOUNT) and name.count(":") == 3:
        _, _, namespace, account = name.split(":")
        groups = service_account(namespace, account).groups
    if name == ANONYMOUS.name:
        groups = groups if UNAUTHENTICATED in groups else (*groups, UNAUTHENTICATED)
    elif not {AUTHENTICATED, UNAUTHENTICATED}.intersection(groups):
        groups = (*groups, AUTHENTICATED)
    extra = {
        unquote(key[len(EXTRA) :].decode("latin-1")).lower(): _values(value)
        for key, value in headers.items()
        if key.startswith(EXTRA)
    }
    return User(name, groups, headers.get(UID, b"").decode("latin-1"), tuple(sorted(extra.items())))


def _values(joined: bytes) -> tuple[str, ...]:
    return tuple(part.strip() for part in joined.decode("latin-1").split(",")) if joined else ()
