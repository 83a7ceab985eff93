"""What webhooks answer, read as the real server's client reads it: a review object, refused in Go's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from fakekube.core.gojson import syntax_error
from fakekube.core.meta import Obj

SCHEME = "k8s.io/apiserver/pkg/util/webhook/client.go:71"
_HEAD = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
_GO_KINDS: dict[type, str] = {
    bool: "bool",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


class Unreadable(Exception):
    """The answer cannot be read."""


class Form(NamedTuple):
    """A kind of review, with the members of its response: what they are in JSON, and in Go."""

    group: str
    kind: str
    response: str
    members: Sequence[tuple[str, type, str]]
    versions: Sequence[str] = ("v1", "v1beta1")

    def read(self, raw: bytes, asked_version: str) -> Obj:
        """The review that came back; Unreadable."""
        review = _parse(raw)
        for name in ("kind", "apiVersion"):
            if not isinstance(review.get(name) or "", str):
                raise Unreadable(_not_a_head(review[name]))
        version, kind = review.get("apiVersion") or f"{self.group}/{asked_version}", review.get("kind") or self.kind
        if kind != self.kind or version not in [f"{self.group}/{each}" for each in self.versions]:
            raise Unreadable(f'no kind "{kind}" is registered for version "{version}" in scheme "{SCHEME}"')
        version = version.rpartition("/")[2]
        if version != asked_version:
            words = f"({version}.{self.kind}) to ({asked_version}.{self.kind})"
            raise Unreadable(f"converting {words}: unknown conversion")
        self._check(review.get("response"), version)
        return review

    def _check(self, response: Any, version: str) -> None:
        if response is None:
            return
        where = f"{self.kind}.response"
        if not isinstance(response, dict):
            raise Unreadable(_mismatch(response, where, f"{version}.{self.response}"))
        for name, wanted, go in self.members:
            value = response.get(name)
            if value is not None and type(value) is not wanted:
                raise Unreadable(_mismatch(value, f"{where}.{name}", go))


def _parse(raw: bytes) -> Obj:
    if not raw:
        raise Unreadable("0-length response with status code: 200 and content type: application/json")
    looks_like_json = raw.lstrip().startswith(b"{")
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        if looks_like_json:
            raise Unreadable(f"couldn't get version/kind; json parse error: {syntax_error(raw)}") from None
        found = raw.decode("utf-8", "replace")
    if not isinstance(found, dict):
        raise Unreadable(_not_a_head(found))
    return found


def _not_a_head(value: Any) -> str:
    kind = _GO_KINDS.get(type(value), "number")
    return f"couldn't get version/kind; json parse error: json: cannot unmarshal {kind} into Go value of type {_HEAD}"


def _mismatch(value: Any, where: str, go: str) -> str:
    return f"json: cannot unmarshal {_GO_KINDS.get(type(value), 'number')} into Go struct field {where} of type {go}"
