"""Whether a certificate and a private key belong together, in the words of Go's crypto/tls.X509KeyPair."""

from __future__ import annotations

import base64
import binascii
import re

_BLOCK = re.compile(rb"-----BEGIN ([^\r\n]*?)-----[ \t]*\r?\n(.*?)-----END \1-----[ \t]*(?:\r?\n|$)", re.DOTALL)
_BLOCK_LABEL = re.compile(r"PRIVATE KEY$")


def pem_blocks(text: bytes) -> list[tuple[str, bytes]]:
    """The PEM blocks of a text: type and content."""
    found = []
    for match in _BLOCK.finditer(text):
        body = b"".join(line for line in match[2].splitlines() if b":" not in line)
        try:
            found.append((match[1].decode("latin-1"), base64.b64decode(body, validate=True)))
        except binascii.Error:
            continue
    return found


def _missing(blocks: list[tuple[str, bytes]], what: str, wanted: str) -> str:
    """How crypto/tls tells that no block of the wanted type was found."""
    kinds = [kind for kind, _ in blocks]
    if not kinds:
        return f"tls: failed to find any PEM data in {what} input"
    shown = " ".join(kinds)
    if what == "certificate" and len(kinds) == 1 and _BLOCK_LABEL.search(kinds[0]):
        return (
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; "
            "PEM inputs may have been switched"
        )
    if what == "key" and len(kinds) == 1 and kinds[0] == "CERTIFICATE":
        return "tls: found a certificate rather than a key in the PEM for the private key"
    after = f"{what} input after skipping PEM blocks of the following types: [{shown}]"
    block = f'"{wanted}" PEM block' if what == "certificate" else f'PEM block with type ending in "{wanted}"'
    return f"tls: failed to find {block} in {after}"


def pair_fault(certificate: bytes, key: bytes) -> str:
    """Why the pair cannot be used; '' if it can."""
    blocks = pem_blocks(certificate)
    found = next((body for kind, body in blocks if kind == "CERTIFICATE"), None)
    if found is None:
        return _missing(blocks, "certificate", "CERTIFICATE")
    blocks = pem_blocks(key)
    secret = next((body for kind, body in blocks if kind == "PRIVATE KEY" or kind.endswith(" PRIVATE KEY")), None)
    if secret is None:
        return _missing(blocks, "key", "PRIVATE KEY")
    return _unequal(found, secret)


def _unequal(certificate: bytes, key: bytes) -> str:
    # Imported late: it takes longer than all kinds together, and few clusters hold such a pair.
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

    try:
        public = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "x509: malformed certificate"
    try:
        private = load_der_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        return "tls: failed to parse private key"
    if type(private).__name__.partition("Private")[0] != type(public).__name__.partition("Public")[0]:
        return "tls: private key type does not match public key type"
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != public.public_bytes(*form):
        return "tls: private key does not match public key"
    return ""
