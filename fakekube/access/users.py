"""Who asks: authentication's answer, as authentication.k8s.io/v1 UserInfo has it."""

from __future__ import annotations

from typing import NamedTuple

from fakekube.core.meta import Obj


class User(NamedTuple):
    """A user with the groups it belongs to; `extra` maps keys to values."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


AUTHENTICATED = "system:authenticated"
ADMIN = User("admin", ("system:masters", AUTHENTICATED), "b7f5b0c2-6f0e-4c5e-9d0a-3f1f6f0a7f10")
ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


def service_account(namespace: str, name: str, uid: str = "") -> User:
    """The user that a ServiceAccount's token stands for."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED)
    return User(f"system:serviceaccount:{namespace}:{name}", groups, uid)


def user_info(user: User) -> Obj:
    """The user as authentication.k8s.io shows it."""
    found: Obj = {"username": user.name}
    if user.uid:
        found["uid"] = user.uid
    if user.groups:
        found["groups"] = list(user.groups)
    if user.extra:
        found["extra"] = {key: list(values) for key, values in user.extra}
    return found
