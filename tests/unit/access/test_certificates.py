"""Certificates are accepted by OpenSSL in a real handshake, for the names and users they were issued to."""

import ssl
import time

import pytest
from cryptography import x509

from fakekube.access.certificates import Authority, Credential, server_context

NOW = time.time()  # OpenSSL compares with the machine's own clock


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(NOW)


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Both ends after a handshake in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    waiting = list(ends)
    for _ in range(6):
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                pass
    assert not waiting
    return ends


def client_context(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.pem.decode())


@pytest.mark.parametrize("name", ["127.0.0.1", "::1", "localhost", "kubernetes.default.svc", "10.96.0.1", "api.test"])
def test_the_server_is_trusted_under_its_names(authority: Authority, name: str) -> None:
    server = server_context(authority.issue_server(["api.test"], NOW))
    _, end = handshake(server, client_context(authority), name)
    assert end.version() == "TLSv1.3"


def test_another_name_and_another_authority_are_refused(authority: Authority) -> None:
    server = server_context(authority.issue_server([], NOW))
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(server, client_context(authority), "other.test")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"signature|issuer|self"):
        handshake(server, client_context(Authority(NOW)), "localhost")


def test_a_client_certificate_tells_user_and_groups(authority: Authority, tmp_path) -> None:
    server = server_context(authority.issue_server([], NOW), authority.pem)
    client = client_context(authority)
    _load(client, authority.issue_client("alice", ["dev", "ops"], NOW), tmp_path)
    _, end = handshake(server, client, "localhost")
    subject = x509.load_der_x509_certificate(end.getpeercert(binary_form=True)).subject
    assert [(field.rfc4514_attribute_name, field.value) for field in subject] == [
        ("O", "dev"),
        ("O", "ops"),
        ("CN", "alice"),
    ]


def test_a_client_may_come_without_a_certificate(authority: Authority) -> None:
    server = server_context(authority.issue_server([], NOW), authority.pem)
    _, end = handshake(server, client_context(authority), "localhost")
    assert end.getpeercert() is None


def test_it_is_valid_from_an_hour_before_the_time_handed_in() -> None:
    certificate = x509.load_pem_x509_certificate(Authority(NOW).pem)
    assert certificate.not_valid_before_utc.timestamp() == int(NOW) - 3600
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == 365


def _load(context: ssl.SSLContext, credential: Credential, folder) -> None:
    file = folder / "client.pem"
    file.write_bytes(credential.key_pem + credential.certificate_pem)
    context.load_cert_chain(file)
