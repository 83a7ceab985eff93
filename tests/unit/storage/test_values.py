"""Objects as bytes and, for some, decoded beside them."""

from typing import Any

from fakekube.storage.values import Key, Stored, Views, encode, with_revision

KEY = Key("pods", "default", "web")


def _pod(name: str = "web") -> dict[str, Any]:
    return {"spec": {}, "metadata": {"labels": {"app": "web"}, "name": name}, "kind": "Pod", "apiVersion": "v1"}


def _stored(views: Views, name: str = "web") -> Stored:
    obj = _pod(name)
    return Stored(KEY._replace(name=name), 7, encode(obj, 7), obj, views)


def test_bytes_begin_with_kind_version_and_what_identifies() -> None:
    start = b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","resourceVersion":"7",'
    assert encode(_pod(), 7).startswith(start)


def test_only_the_first_version_is_changed() -> None:
    obj = _pod() | {"spec": {"note": '"resourceVersion":"7"'}}
    changed = with_revision(encode(obj, 7), 7, 8)
    assert changed.count(b'"resourceVersion":"8"') == 1


def test_the_oldest_decoded_object_is_let_go() -> None:
    views = Views(kept=2)
    first, *others = [_stored(views, name) for name in ("a", "b", "c")]
    assert first._view is None
    assert all(stored._view is not None for stored in others)
    assert first.view["metadata"]["name"] == "a"


def test_retained_are_those_that_the_test_names() -> None:
    views = Views()
    kept, gone = _stored(views, "kept"), _stored(views, "gone")
    views.retain(lambda stored: stored is kept)
    assert kept._view is not None
    assert gone._view is None
    assert gone.view["metadata"]["name"] == "gone"
