"""Roles, bindings and certificate requests."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.unit.registry.kinds.conftest import Api, merged

RBAC = "rbac.authorization.k8s.io"
ROLES, BINDINGS, REQUESTS = f"roles.{RBAC}", f"rolebindings.{RBAC}", "certificatesigningrequests.certificates.k8s.io"
ROLE_REF = {"kind": "Role", "name": "r"}


@pytest.fixture(scope="module")
def request_text() -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    made = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


async def test_subjects_belong_to_the_group(api: Api) -> None:
    subjects = [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s", "namespace": "n"}]
    made = await api.make(BINDINGS, roleRef=ROLE_REF, subjects=subjects)
    assert [subject.get("apiGroup", "") for subject in made["subjects"]] == [RBAC, ""]
    assert made["roleRef"] == {**ROLE_REF, "apiGroup": RBAC}


async def test_a_binding_stays_with_its_role(api: Api) -> None:
    await api.make(BINDINGS, roleRef=ROLE_REF)
    assert await api.refused_change(BINDINGS, roleRef={"name": "q"}) == [
        f'roleRef: Invalid value: {{"APIGroup":"{RBAC}","Kind":"Role","Name":"q"}}: cannot change roleRef'
    ]


async def test_names_of_roles_may_stand_in_a_path(api: Api) -> None:
    assert await api.make(ROLES, "system:A_b")
    assert await api.refused(ROLES, "a/b") == ["metadata.name: Invalid value: \"a/b\": may not contain '/'"]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (
            {"apiGroups": [""], "resources": ["pods"]},
            "rules[0].verbs: Required value: verbs must contain at least one value",
        ),
        ({"verbs": ["get"]}, "rules[0].apiGroups: Required value: resource rules must supply at least one api group"),
        (
            {"verbs": ["get"], "nonResourceURLs": ["/x"]},
            'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
        ),
    ],
)
async def test_faults_of_rules(api: Api, rule: dict[str, Any], fault: str) -> None:
    assert fault in await api.refused(ROLES, rules=[rule])


def asked(request_text: str, **change: Any) -> dict[str, Any]:
    spec = {"request": request_text, "signerName": "example.com/s", "usages": ["client auth"]}
    found: dict[str, Any] = merged(spec, change)
    return found


async def test_who_asks_is_written_down(api: Api, request_text: str) -> None:
    made = await api.make(REQUESTS, spec=asked(request_text, username="mallory", groups=["evil"]))
    assert made["spec"]["username"] != "mallory"
    assert "evil" not in made["spec"]["groups"]
    assert (await api.change(REQUESTS, spec={"username": "mallory"}))["spec"] == made["spec"]


async def test_a_verdict_is_given_once_and_stays(api: Api, request_text: str) -> None:
    await api.make(REQUESTS, spec=asked(request_text))
    verdict = {"conditions": [{"type": "Approved", "status": "True"}]}
    assert await api.refused_change(REQUESTS, subresource="status", status=verdict) == [
        'status.conditions: Forbidden: updates may not add a condition of type "Approved"'
    ]
    approved = await api.change(REQUESTS, subresource="approval", status=verdict)
    assert approved["status"]["conditions"][0]["lastUpdateTime"] == "2026-01-01T00:00:00Z"
    both = {"conditions": [*verdict["conditions"], {"type": "Denied", "status": "True"}]}
    assert await api.refused_change(REQUESTS, subresource="approval", status=both) == [
        'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive'
    ]
    denied = {"conditions": [{"type": "Denied", "status": "True"}]}
    assert await api.refused_change(REQUESTS, subresource="approval", status=denied) == [
        'status.conditions: Forbidden: updates may not remove a condition of type "Approved"'
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"request": "eA=="}, 'spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST'),
        ({"usages": ["client auth", "client auth"]}, 'spec.usages[1]: Duplicate value: "client auth"'),
        (
            {"signerName": "a/b"},
            'spec.signerName: Invalid value: "a": should be a domain with at least two segments separated by dots',
        ),
        (
            {"expirationSeconds": 599},
            "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)",
        ),
    ],
)
async def test_faults_of_requests(api: Api, request_text: str, change: dict[str, Any], fault: str) -> None:
    assert fault in await api.refused(REQUESTS, spec=asked(request_text, **change))
