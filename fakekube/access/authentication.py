"""From the headers of a request to the user who sent it."""

from __future__ import annotations

from collections.abc import Mapping

from fakekube.access.users import ANONYMOUS, User
from fakekube.core import errors

PREFIX = b"bearer "


class Authenticator:
    """Knows bearer tokens. A request without a token is made by system:anonymous; a token that nobody knows is a
    401."""

    def __init__(self) -> None:
        self._users: dict[bytes, User] = {}

    def add(self, token: str, user: User) -> None:
        """From now on the token stands for the user."""
        self._users[b"Bearer " + token.encode()] = user

    def remove(self, token: str) -> None:
        """The token stands for nobody any more."""
        self._users.pop(b"Bearer " + token.encode(), None)

    def user_of(self, headers: Mapping[bytes, bytes]) -> User:
        """Who sent a request with these headers; StatusError 401."""
        given = headers.get(b"authorization")
        if given is None:
            return ANONYMOUS
        user = self._users.get(given)
        if user is not None:
            return user
        scheme, _, token = given.partition(b" ")
        user = self._users.get(b"Bearer " + token.strip())
        if user is None or scheme.lower() != b"bearer":
            if scheme.lower() == b"bearer" or not token:
                raise errors.unauthorized()
            return ANONYMOUS
        return user
