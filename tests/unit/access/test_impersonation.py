"""Who a request with Impersonate-* headers acts as."""

from __future__ import annotations

import pytest

from fakekube.access.impersonation import impersonated, wanted
from fakekube.access.users import ADMIN, ANONYMOUS, User
from fakekube.core.errors import StatusError


def test_only_requests_with_such_headers_want_it() -> None:
    assert not wanted({b"authorization": b"Bearer x", b"accept": b"*/*"})
    assert wanted({b"impersonate-group": b"dev"})


def test_the_headers_say_all_of_the_user() -> None:
    headers = {
        b"impersonate-user": b"ann",
        b"impersonate-group": b"dev,ops",
        b"impersonate-uid": b"u-1",
        b"impersonate-extra-example.com%2fteam": b"blue",
        b"impersonate-extra-scopes": b"view,edit",
    }
    extra = (("example.com/team", ("blue",)), ("scopes", ("view", "edit")))
    assert impersonated(ADMIN, headers) == User("ann", ("dev", "ops", "system:authenticated"), "u-1", extra)


@pytest.mark.parametrize(
    ("name", "groups", "expected"),
    [
        (b"ann", b"", ("system:authenticated",)),
        (b"ann", b"system:unauthenticated", ("system:unauthenticated",)),
        (b"system:anonymous", b"", ("system:unauthenticated",)),
        (b"system:serviceaccount:a:x", b"only", ("only", "system:authenticated")),
        (
            b"system:serviceaccount:a:x",
            b"",
            ("system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"),
        ),
    ],
)
def test_groups_that_go_without_saying(name: bytes, groups: bytes, expected: tuple[str, ...]) -> None:
    headers = {b"impersonate-user": name} | ({b"impersonate-group": groups} if groups else {})
    assert impersonated(ADMIN, headers).groups == expected


def test_without_a_name_and_for_strangers_it_is_refused() -> None:
    with pytest.raises(StatusError) as refused:
        impersonated(ADMIN, {b"impersonate-group": b"dev"})
    assert refused.value.code == 400
    with pytest.raises(StatusError) as refused:
        impersonated(ANONYMOUS, {b"impersonate-user": b"eve"})
    assert refused.value.code == 403
    assert refused.value.message == (
        'users "eve" is forbidden: User "system:anonymous" cannot impersonate resource "users" in API group "" at the'
        " cluster scope"
    )
