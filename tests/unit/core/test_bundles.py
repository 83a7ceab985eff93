"""Bundles of certificate authorities are read as Go reads them."""

import base64

import pytest

from fakekube.access.certificates import Authority
from fakekube.core import bundles

GARBAGE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", ""),
        (" ", "unable to parse bytes as PEM block"),
        ("hello", "unable to parse bytes as PEM block"),
        (GARBAGE, "failed to parse certificate: x509: malformed certificate"),
        (GARBAGE.replace("CERTIFICATE", "PRIVATE KEY"), "no valid certificate authority data seen"),
    ],
)
def test_what_is_wrong_is_told_in_gos_words(text, why):
    assert bundles.fault(encoded(text)) == (f"unable to load root certificates: {why}" if why else "")


def test_one_certificate_that_can_be_read_is_enough():
    pem = Authority(1.7e9).pem.decode()
    assert bundles.fault(encoded(GARBAGE + "# a comment\n" + pem)) == ""
    assert len(bundles.read(encoded(pem + GARBAGE + pem))[0]) == 2
