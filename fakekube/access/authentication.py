"""From the headers of a request to the user who sent it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

import orjson

from fakekube.access import impersonation
from fakekube.access.users import ANONYMOUS, User
from fakekube.core import errors
from fakekube.core.clock import Clock
from fakekube.storage.values import Event

FOREVER = float("inf")
AUDIENCE = "https://kubernetes.default.svc.cluster.local"
"""The API server's own audience, and the issuer of the tokens it gives out."""
TOKENS_GO_WITH = frozenset({"serviceaccounts", "secrets"})
TOKEN_SECRET = "kubernetes.io/service-account-token"


class Authenticator:
    """Knows bearer tokens. Without one a request is made by system:anonymous; a token that nobody knows is a 401."""

    def __init__(self, clock: Clock, secret: bytes) -> None:
        self._clock = clock
        self._secret = secret
        self._users: dict[bytes, tuple[User, float]] = {}
        self._gone: set[bytes | str] = set()
        """Uids of service accounts that had tokens, and the headers of Secrets."""

    def add(self, token: str, user: User, expires: float = FOREVER) -> None:
        """From now on, until `expires` (seconds since the epoch), the token stands for the user."""
        self._users[b"Bearer " + token.encode()] = (user, expires)

    def follow(self, event: Event) -> None:
        """Tokens of a service account that is gone are nobody's, nor is one whose Secret is."""
        if event.after is not None or event.before is None or event.key.resource not in TOKENS_GO_WITH:
            return
        gone = event.before.view
        if event.key.resource == "secrets":
            if gone.get("type") == TOKEN_SECRET:
                self._gone.add(b"Bearer " + base64.b64decode((gone.get("data") or {}).get("token", "")))
        elif any(user.uid == gone["metadata"]["uid"] for user, _ in self._users.values()):
            self._gone.add(gone["metadata"]["uid"])

    def reset(self) -> None:
        """What was gone is there again."""
        self._gone.clear()

    def user(self, token: str) -> User | None:
        """Whose token it is; None if nobody's."""
        return self._known(b"Bearer " + token.encode())

    def _known(self, header: bytes) -> User | None:
        found = self._users.get(header)
        if found is None:
            return None
        user, expires = found
        if expires is not FOREVER and self._clock.now() >= expires:
            del self._users[header]
            return None
        return None if self._gone and (user.uid in self._gone or header in self._gone) else user

    def issue(self, user: User, audiences: list[str], expires: float) -> str:
        """A new token of a service account: a JWT, for clients that look into theirs."""
        now = self._clock.now()
        _, _, namespace, name = user.name.split(":")
        claims = {
            "aud": audiences,
            **({} if expires == FOREVER else {"exp": int(expires)}),
            "iat": int(now),
            "iss": AUDIENCE,
            "jti": f"{now:.6f}",
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": user.uid}},
            "nbf": int(now),
            "sub": user.name,
        }
        text = _base64(orjson.dumps({"alg": "HS256", "typ": "JWT"})) + b"." + _base64(orjson.dumps(claims))
        token = (text + b"." + _base64(hmac.new(self._secret, text, hashlib.sha256).digest())).decode()
        if AUDIENCE in audiences:
            self.add(token, user, expires)
        return token

    def user_of(self, headers: Mapping[bytes, bytes]) -> User:
        """Who a request with these headers (named in lower case) acts as; StatusError 400, 401, 403."""
        user = self._sender(headers)
        return impersonation.impersonated(user, headers) if impersonation.wanted(headers) else user

    def _sender(self, headers: Mapping[bytes, bytes]) -> User:
        given = headers.get(b"authorization")
        if given is None:
            return ANONYMOUS
        user = self._known(given)
        if user is not None:
            return user
        scheme, _, token = given.partition(b" ")
        if scheme.lower() != b"bearer" and token:
            return ANONYMOUS
        user = self._known(b"Bearer " + token.strip())
        if user is None:
            raise errors.unauthorized()
        return user


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
