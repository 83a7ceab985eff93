"""Certificate requests, and what the signers of kubelets' certificates want of them.

Rules and words: kubernetes/pkg/apis/certificates/helpers.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import NameOID

NODES, NODE = "system:nodes", "system:node:"
CLIENT_USAGES = frozenset({"client auth", "digital signature", "key encipherment"})
SERVING_USAGES = frozenset({"digital signature", "key encipherment", "server auth"})
_OPTIONAL = "key encipherment"


def common_name(request_pem: bytes) -> str:
    """The name of whom the certificate is to be for."""
    return _common_name(x509.load_pem_x509_csr(request_pem))


def _common_name(request: x509.CertificateSigningRequest) -> str:
    return next((str(each.value) for each in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)), "")


def client_fault(request_pem: bytes, usages: Iterable[str]) -> str:
    """What is wrong with a kubelet's request for a client certificate; '' if nothing is."""
    request = x509.load_pem_x509_csr(request_pem)
    if not _is_of_nodes(request):
        return "subject organization is not system:nodes"
    unwanted = _kinds(request, (x509.DNSName, x509.RFC822Name, x509.IPAddress, x509.UniformResourceIdentifier))
    if unwanted:
        return f"{unwanted[0]} subjectAltNames are not allowed"
    if not _common_name(request).startswith(NODE):
        return "subject common name does not begin with system:node:"
    return _usage_fault(usages, CLIENT_USAGES)


def serving_fault(request_pem: bytes, usages: Iterable[str]) -> str:
    """What is wrong with a kubelet's request for a server's certificate; '' if nothing is."""
    request = x509.load_pem_x509_csr(request_pem)
    if not _is_of_nodes(request):
        return "subject organization is not system:nodes"
    if not _kinds(request, (x509.DNSName, x509.IPAddress)):
        return "DNS or IP subjectAltName is required"
    unwanted = _kinds(request, (x509.RFC822Name, x509.UniformResourceIdentifier))
    if unwanted:
        return f"{unwanted[0]} subjectAltNames are not allowed"
    fault = _usage_fault(usages, SERVING_USAGES)
    if fault:
        return fault
    return "" if _common_name(request).startswith(NODE) else "subject common name does not begin with system:node:"


def _is_of_nodes(request: x509.CertificateSigningRequest) -> bool:
    found = [each.value for each in request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    return found == [NODES]


def _usage_fault(usages: Iterable[str], wanted: frozenset[str]) -> str:
    given = frozenset(usages)
    return "" if given in (wanted, wanted - {_OPTIONAL}) else f"usages did not match [{' '.join(sorted(wanted))}]"


_CALLED: dict[type[x509.GeneralName], str] = {
    x509.DNSName: "DNS",
    x509.RFC822Name: "Email",
    x509.IPAddress: "IP",
    x509.UniformResourceIdentifier: "URI",
}


def _kinds(request: x509.CertificateSigningRequest, kinds: Iterable[type[x509.GeneralName]]) -> list[str]:
    """Which of these kinds of alternative names the request has."""
    try:
        names = list(request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []
    return [_CALLED[kind] for kind in kinds if any(isinstance(each, kind) for each in names)]


def expiry(certificate_pem: bytes) -> float:
    """When the certificate ends, in seconds since the epoch; ValueError if it cannot be read."""
    return x509.load_pem_x509_certificate(certificate_pem).not_valid_after_utc.timestamp()
