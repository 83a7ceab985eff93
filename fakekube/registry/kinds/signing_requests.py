"""What somebody asks to be signed: the PKCS#10 request, what it is to be used for, and who is to sign."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, duplicate, go_quote, invalid, required, too_long
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import one_of
from fakekube.registry.kinds.keypairs import pem_blocks

USAGES = (
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
)
_UNNAMED_SIGNER = "kubernetes.io/legacy-unknown"
_SHORTEST = 600


def spec_faults(spec: Obj) -> list[FieldError]:
    """What is wrong with the spec of a new request."""
    request, usages = spec.get("request") or "", spec.get("usages") or []
    problem = _request_problem(base64.b64decode(request))
    faults = [invalid("spec.request", request, problem)] if problem else []
    faults += _usage_faults("spec.usages", usages)
    faults += _signer_faults("spec.signerName", spec.get("signerName") or "")
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _SHORTEST:
        why = "may not specify a duration less than 600 seconds (10 minutes)"
        faults.append(invalid("spec.expirationSeconds", seconds, why))
    return faults


def _request_problem(text: bytes) -> str:
    """Why this is no certificate request; '' if it is."""
    kind, content = next(iter(pem_blocks(text)), ("", b""))
    if kind != "CERTIFICATE REQUEST":
        return "PEM block type must be CERTIFICATE REQUEST"
    # Imported late, as for key pairs.
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        request = x509.load_der_x509_csr(content)
        return "" if request.is_signature_valid else "x509: signature verification failure"
    except (ValueError, UnsupportedAlgorithm):
        return "asn1: structure error: malformed certificate request"


def _usage_faults(field: str, usages: Sequence[str]) -> list[FieldError]:
    faults = [] if usages else [required(field)]
    for index, usage in enumerate(usages):
        faults += one_of(f"{field}[{index}]", usage, USAGES)
    repeated = (index for index, usage in enumerate(usages) if usage in usages[:index])
    return faults + [duplicate(f"{field}[{index}]", usages[index]) for index in repeated]


def _signer_faults(field: str, name: str) -> list[FieldError]:
    if name == _UNNAMED_SIGNER:
        return [invalid(field, name, "the legacy signerName is not allowed via this API version")]
    return signer_name_faults(field, name)


def signer_name_faults(field: str, name: str) -> list[FieldError]:
    """What is wrong with the name of a signer."""
    if not name:
        return [required(field)]
    if name.count("/") != 1:
        why = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        return [invalid(field, name, why)]
    domain, path = name.split("/")
    faults = [too_long(field, names.SUBDOMAIN_LENGTH)] if len(domain) > names.SUBDOMAIN_LENGTH else []
    faults += _part_faults(field, domain, names.dns1123_label)
    if "." not in domain:
        faults.append(invalid(field, domain, "should be a domain with at least two segments separated by dots"))
    faults += _part_faults(field, path, names.dns1123_subdomain)
    longest = names.SUBDOMAIN_LENGTH + 1 + names.SUBDOMAIN_LENGTH + 1 + names.LABEL_LENGTH
    return faults if len(name) <= longest else [*faults, too_long(field, longest)]


def _part_faults(field: str, part: str, check: names.Check) -> list[FieldError]:
    """The faults of the first label that has any."""
    for label in part.split("."):
        if found := check(label):
            return [invalid(field, part, f"validating label {go_quote(label)}: {complaint}") for complaint in found]
    return []
