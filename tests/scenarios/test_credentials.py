"""Credentials that controllers hand out: tokens in Secrets, certificates for requests that were approved."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kubernetes import client

from fakekube import FakeCluster

ACCOUNT = "kubernetes.io/service-account.name"


def test_a_secret_for_an_account_is_filled_with_a_token_that_is_let_in(tmp_path: Path) -> None:
    with FakeCluster() as kube:
        kube.apply(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "default"}}
        )
        meta = {"name": "key", "namespace": "default", "annotations": {ACCOUNT: "robot"}}
        kube.apply(
            {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token", "metadata": meta}
        )
        kube.settle()
        data = kube.get("Secret", "key")["data"]
        assert base64.b64decode(data["namespace"]) == b"default"
        assert b"BEGIN CERTIFICATE" in base64.b64decode(data["ca.crt"])
        authority = tmp_path / "ca.crt"
        authority.write_bytes(base64.b64decode(data["ca.crt"]))
        configuration = client.Configuration(host=kube.url)
        configuration.ssl_ca_cert = str(authority)
        configuration.api_key = {"authorization": "Bearer " + base64.b64decode(data["token"]).decode()}
        with client.ApiClient(configuration) as api:
            review = client.AuthenticationV1Api(api).create_self_subject_review({})
        assert review.status.user_info.username == "system:serviceaccount:default:robot"


@pytest.mark.parametrize("gone", [("serviceaccounts", "robot"), ("secrets", "key")])
def test_a_token_is_nobodys_when_its_account_or_secret_is_gone(gone: tuple[str, str]) -> None:
    meta = {"name": "key", "annotations": {ACCOUNT: "robot"}}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token", "metadata": meta}
    with FakeCluster(load=(json.dumps(account), json.dumps(secret)), clock="virtual", seed=1, tls=False) as kube:
        for _ in range(2):
            kube.settle()
            token = base64.b64decode(kube.get("secrets", "key")["data"]["token"]).decode()
            assert answer(kube, token) == 200
            kube.delete(*gone)
            assert answer(kube, token) == 401
            kube.reset()


def answer(kube: FakeCluster, token: str) -> int:
    asked = Request(f"{kube.url}/api/v1/pods", headers={"Authorization": f"Bearer {token}"})
    try:
        with urlopen(asked) as found:
            return int(found.status)
    except HTTPError as refused:
        refused.close()
        return refused.code


def test_an_approved_request_gets_a_certificate_of_the_clusters_authority() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jane")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM)
    with FakeCluster() as kube:
        with kube.client() as api:
            certificates = client.CertificatesV1Api(api)
            spec = {
                "request": base64.b64encode(pem).decode(),
                "signerName": "kubernetes.io/kube-apiserver-client",
                "expirationSeconds": 3600,
                "usages": ["client auth"],
            }
            certificates.create_certificate_signing_request({"metadata": {"name": "jane"}, "spec": spec})
            kube.settle()
            found = certificates.read_certificate_signing_request("jane")
            assert found.status.certificate is None
            yes = {"type": "Approved", "status": "True", "reason": "Test", "message": "yes"}
            patch = {"status": {"conditions": [yes]}}
            certificates.patch_certificate_signing_request_approval("jane", patch)
            kube.settle()
            found = certificates.read_certificate_signing_request("jane")
        certificate = x509.load_pem_x509_certificate(base64.b64decode(found.status.certificate))
    assert certificate.subject == subject
    assert certificate.public_key() == key.public_key()
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lifetime.total_seconds() < 3 * 3600
