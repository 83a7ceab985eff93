"""AdmissionReview: the question put to a webhook, and its answer read and verified."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import orjson

from fakekube.core.errors import StatusError
from fakekube.core.fielderrors import go_quote
from fakekube.core.meta import Obj, split_api_version
from fakekube.core.reviews import Form, Unreadable
from fakekube.schema.base64text import canonical

GROUP = "admission.k8s.io"
KIND = "AdmissionReview"
VERSIONS = ("v1", "v1beta1")
_MEMBERS: tuple[tuple[str, type, str], ...] = (
    ("uid", str, "types.UID"),
    ("allowed", bool, "bool"),
    ("status", dict, "v1.Status"),
    ("patch", str, "[]uint8"),
    ("patchType", str, "v1.PatchType"),
    ("auditAnnotations", dict, "map[string]string"),
    ("warnings", list, "[]string"),
)
"""The members of a response, what they are in JSON, and in Go."""
_FORM = Form(GROUP, KIND, "AdmissionResponse", _MEMBERS)


class Invalid(Exception):
    """The answer is none: what could not be read, or was not to be."""


@dataclass(slots=True)
class Answer:
    """What a webhook answered."""

    allowed: bool
    status: Obj | None = None
    patch: bytes = b""
    patch_type: str = ""
    warnings: list[str] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)


def encode(request: Obj, version: str) -> bytes:
    """The AdmissionReview that is sent."""
    return orjson.dumps({"kind": KIND, "apiVersion": f"{GROUP}/{version}", "request": request})


def decode(raw: bytes, asked_version: str) -> Obj:
    """The AdmissionReview that came back; Invalid in Go's words if it cannot be read."""
    try:
        review = _FORM.read(raw, asked_version)
        canonical((review.get("response") or {}).get("patch") or "")
    except (Unreadable, ValueError) as error:
        raise Invalid(str(error)) from None
    return review


def verify(review: Obj, asked_version: str, uid: str, *, mutating: bool) -> Answer:
    """The answer in a review to the question `uid`; Invalid for what it may not be."""
    response = review.get("response")
    if response is None:
        raise Invalid("webhook response was absent")
    strict = asked_version == "v1"
    if strict:
        _verify_strictly(review, response, uid, mutating=mutating)
    patch = base64.b64decode(response.get("patch") or "") if mutating else b""
    return Answer(
        bool(response.get("allowed")),
        response.get("status"),
        patch,
        (response.get("patchType") or "") if strict else "JSONPatch",
        list(response.get("warnings") or ()),
        dict(response.get("auditAnnotations") or {}),
    )


def _verify_strictly(review: Obj, response: Obj, uid: str, *, mutating: bool) -> None:
    """The rules of v1, which v1beta1 did not have."""
    answered = response.get("uid") or ""
    if answered != uid:
        raise Invalid(f"expected response.uid={go_quote(uid)}, got {go_quote(answered)}")
    group, version = split_api_version(review.get("apiVersion") or "")
    got = f"{group}/{version}, Kind={review.get('kind') or ''}"
    if got != f"{GROUP}/v1, Kind={KIND}":
        raise Invalid(f"expected webhook response of {GROUP}/v1, Kind={KIND}, got {got}")
    patch, patch_type = response.get("patch"), response.get("patchType")
    if not mutating:
        if patch:
            raise Invalid("validating webhook may not return response.patch")
        if patch_type is not None:
            raise Invalid("validating webhook may not return response.patchType")
        return
    if patch and patch_type is None:
        raise Invalid("webhook returned response.patch but not response.patchType")
    if not patch and patch_type is not None:
        raise Invalid("webhook returned response.patchType but not response.patch")
    if patch_type == "":
        raise Invalid('webhook returned invalid response.patchType of ""')


def rejection(hook_name: str, status: Obj | None) -> StatusError:
    """The refusal that a webhook asked for: its Status, and whose it is."""
    said = status or {}
    denied = f"admission webhook {go_quote(hook_name)} denied the request"
    explanation = said.get("message") or said.get("reason")
    message = f"{denied}: {explanation}" if explanation else f"{denied} without explanation"
    details = said.get("details")
    retry = (details or {}).get("retryAfterSeconds")
    return StatusError(
        max(int(said.get("code") or 0), 400),
        said.get("reason") or "",
        message,
        details,
        headers={"Retry-After": str(retry)} if retry else None,
        metadata=said.get("metadata"),
    )
