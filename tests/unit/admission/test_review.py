"""The answers of webhooks: read, verified, and refused in the words of the real server."""

import base64
import json

import pytest

from fakekube.admission.webhooks import review
from fakekube.admission.webhooks.review import Invalid

V1 = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
PATCH = base64.b64encode(b"[]").decode()


def read(value: object, asked: str = "v1") -> dict:
    return review.decode(value if isinstance(value, bytes) else json.dumps(value).encode(), asked)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "0-length response with status code: 200"),
        (b"<html>", "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type"),
        (b"{", "couldn't get version/kind; json parse error: unexpected end of JSON input"),
        (b"[]", "json: cannot unmarshal array into Go value of type struct"),
        ({**V1, "apiVersion": "admission.k8s.io/v9"}, 'no kind "AdmissionReview" is registered for version'),
        ({**V1, "apiVersion": "admission.k8s.io/v1beta1"}, r"converting \(v1beta1.AdmissionReview\) to \(v1"),
        ({**V1, "response": []}, "cannot unmarshal array into Go struct field AdmissionReview.response of type v1"),
        ({**V1, "response": {"allowed": "yes"}}, "field AdmissionReview.response.allowed of type bool"),
        ({**V1, "response": {"patch": "no base64"}}, "illegal base64 data at input byte 2"),
    ],
)
def test_what_cannot_be_read(raw, message):
    with pytest.raises(Invalid, match=message):
        read(raw)


@pytest.mark.parametrize(
    ("response", "mutating", "message"),
    [
        ({}, False, 'expected response.uid="u", got ""'),
        ({"uid": "u", "patch": PATCH}, False, "validating webhook may not return response.patch"),
        ({"uid": "u", "patchType": "JSONPatch"}, False, "validating webhook may not return response.patchType"),
        ({"uid": "u", "patch": PATCH}, True, "webhook returned response.patch but not response.patchType"),
        ({"uid": "u", "patchType": "JSONPatch"}, True, "webhook returned response.patchType but not response.patch"),
    ],
)
def test_what_may_not_be_answered(response, mutating, message):
    with pytest.raises(Invalid, match=message):
        review.verify(read({**V1, "response": response}), "v1", "u", mutating=mutating)


@pytest.mark.parametrize("head", [{}, {"kind": "AdmissionReview"}])
def test_a_review_must_say_that_it_is_one(head):
    found = read({**head, "response": {"uid": "u"}})
    with pytest.raises(Invalid, match=r"expected webhook response of .*/v1, Kind=AdmissionReview, got /, Kind="):
        review.verify(found, "v1", "u", mutating=False)
    with pytest.raises(Invalid, match="webhook response was absent"):
        review.verify(read(head), "v1", "u", mutating=False)


def test_the_older_version_is_less_strict():
    answer = review.verify(read({"response": {"patch": PATCH}}, "v1beta1"), "v1beta1", "u", mutating=True)
    assert answer.patch == b"[]"
    assert answer.patch_type == "JSONPatch"
    assert not answer.allowed


@pytest.mark.parametrize(
    ("status", "code", "end"),
    [
        (None, 400, "denied the request without explanation"),
        ({"code": 200, "status": "Success"}, 400, "denied the request without explanation"),
        ({"code": 403, "reason": "Forbidden"}, 403, "denied the request: Forbidden"),
        ({"message": "m", "reason": "r"}, 400, "denied the request: m"),
    ],
)
def test_a_denial_is_an_error_whatever_it_says(status, code, end):
    refusal = review.rejection("h", status)
    assert refusal.code == code
    assert refusal.message == f'admission webhook "h" {end}'
    assert refusal.status()["status"] == "Failure"
