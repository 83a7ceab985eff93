"""Bundles of certificate authorities (PEM, in base64), read as Go reads them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache

_BLOCK = re.compile(rb"(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*\n(.*?)\n?-----END \1-----[ \t\r]*(?:\n|$)", re.DOTALL)
_HEADER = re.compile(rb"[^\n:]*:")
CERTIFICATE = b"CERTIFICATE"


@lru_cache(maxsize=128)
def read(bundle: str) -> tuple[tuple[bytes, ...], str]:
    """The certificates of a bundle in DER, and what is wrong with it: '' if it has any, or is empty."""
    if not bundle:
        return (), ""
    blocks = list(_blocks(base64.b64decode(bundle)))
    found, fault = [], "no valid certificate authority data seen" if blocks else "unable to parse bytes as PEM block"
    for kind, body in reversed(blocks):  # the first that cannot be read is told
        if kind != CERTIFICATE:
            continue
        if _is_certificate(body):
            found.append(body)
        else:
            fault = "failed to parse certificate: x509: malformed certificate"
    return tuple(reversed(found)), "" if found else fault


def fault(bundle: str) -> str:
    """Why a client cannot be made with these authorities; '' if it can."""
    wrong = read(bundle)[1]
    return f"unable to load root certificates: {wrong}" if wrong else ""


def _blocks(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kinds and contents; a block with headers is of no kind."""
    position = 0
    while (found := _BLOCK.search(text, position)) is not None:
        position = found.end() - 1 if found.end() < len(text) else found.end()
        kind, body = found.group(1), found.group(2)
        if _HEADER.match(body):
            yield b"", b""
            continue
        try:
            yield kind, base64.b64decode(b"".join(body.split()), validate=True)
        except binascii.Error:
            continue


def _is_certificate(body: bytes) -> bool:
    from cryptography import x509  # not before it is needed: it costs time to import

    try:
        x509.load_der_x509_certificate(body)
    except ValueError:
        return False
    return True
