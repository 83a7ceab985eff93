"""A cluster's certificate authority: the server's certificate, clients' certificates, and the TLS context.

Times are handed in. Keys and serial numbers come from the operating system's generator and from no seed: they are
secrets, and nothing that a test sees depends on them.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_NAME = "fakekube-ca"
LIFETIME = timedelta(days=365)
CLOCK_SKEW = timedelta(hours=1)  # a client's clock may be behind the server's
SERVER_NAMES = (
    "localhost",
    "127.0.0.1",
    "::1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "10.96.0.1",  # the clusterIP of the kubernetes Service
)
KEY_USAGES = {
    "signing": "digital_signature",
    "digital signature": "digital_signature",
    "content commitment": "content_commitment",
    "key encipherment": "key_encipherment",
    "key agreement": "key_agreement",
    "data encipherment": "data_encipherment",
    "cert sign": "key_cert_sign",
    "crl sign": "crl_sign",
    "encipher only": "encipher_only",
    "decipher only": "decipher_only",
}
NO_USAGE = dict.fromkeys(KEY_USAGES.values(), False)
PURPOSES = {
    "any": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp signing": ExtendedKeyUsageOID.OCSP_SIGNING,
}
"""What the usages of a CertificateSigningRequest are in X.509; IPsec's and Microsoft's own are not signed for."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate and its private key, both PEM."""

    certificate_pem: bytes
    key_pem: bytes


class Authority:
    """A certificate authority that lives as long as its cluster; `now` is in seconds since the epoch throughout."""

    def __init__(self, now: float) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(AUTHORITY_NAME)
        usage = _key_usage(digital_signature=True, key_cert_sign=True, crl_sign=True)
        builder = self._builder(self._name, self._key.public_key(), now)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self._certificate = builder.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue_server(self, names: Iterable[str], now: float) -> Credential:
        """A certificate for the API server under its usual names and these (host names or addresses)."""
        wanted = dict.fromkeys([*SERVER_NAMES, *names])
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in wanted if name])
        return self._issue(_name("kube-apiserver"), ExtendedKeyUsageOID.SERVER_AUTH, now, alternatives)

    def issue_client(self, common_name: str, organizations: Iterable[str], now: float) -> Credential:
        """A certificate that authenticates the user `common_name`, member of the groups `organizations`."""
        return self._issue(_name(common_name, organizations), ExtendedKeyUsageOID.CLIENT_AUTH, now)

    def sign(self, request_pem: bytes, seconds: int | None, usages: Iterable[str], now: float) -> bytes:
        """A certificate (PEM) for a certificate request, for at most `seconds`; ValueError tells what is wrong with it.

        `usages` are those of a CertificateSigningRequest ("client auth", "digital signature", ...)."""
        request = x509.load_pem_x509_csr(request_pem)
        if not request.is_signature_valid:
            raise ValueError("unable to verify certificate request signature")
        flags, purposes = _usages(usages)
        lifetime = LIFETIME if seconds is None else min(LIFETIME, timedelta(seconds=seconds))
        builder = self._builder(request.subject, request.public_key(), now, lifetime)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        if flags:
            builder = builder.add_extension(_key_usage(**flags), critical=True)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        try:
            names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            builder = builder.add_extension(names.value, critical=names.critical)
        except x509.ExtensionNotFound:
            pass
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _issue(
        self,
        subject: x509.Name,
        purpose: x509.ObjectIdentifier,
        now: float,
        alternatives: x509.SubjectAlternativeName | None = None,
    ) -> Credential:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(subject, key.public_key(), now)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(digital_signature=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Credential(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key))

    def _builder(
        self, subject: x509.Name, public_key: CertificatePublicKeyTypes, now: float, lifetime: timedelta = LIFETIME
    ) -> x509.CertificateBuilder:
        moment = datetime.fromtimestamp(now, UTC)
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(moment - CLOCK_SKEW)
            .not_valid_after(moment + lifetime)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(authority_key, critical=False)
        )


def server_context(credential: Credential, client_authority_pem: bytes | None = None) -> ssl.SSLContext:
    """The TLS side of a server. With an authority it also asks for client certificates, which may stay absent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # OpenSSL reads keys from files only: this one is its owner's alone and gone when the block ends.
    with tempfile.TemporaryDirectory(prefix="fakekube-") as folder:
        chain = Path(folder, "chain.pem")
        chain.touch(mode=0o600)
        chain.write_bytes(credential.key_pem + credential.certificate_pem)
        context.load_cert_chain(chain)
    if client_authority_pem is not None:
        context.load_verify_locations(cadata=client_authority_pem.decode("ascii"))
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _name(common_name: str, organizations: Iterable[str] = ()) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization) for organization in organizations]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(**flags: bool) -> x509.KeyUsage:
    return x509.KeyUsage(**(NO_USAGE | flags))


def _usages(names: Iterable[str]) -> tuple[dict[str, bool], list[x509.ObjectIdentifier]]:
    """The key usages and the purposes that a CertificateSigningRequest names."""
    flags, purposes = {}, []
    for name in names:
        if name in PURPOSES:
            purposes.append(PURPOSES[name])
        elif name in KEY_USAGES:
            flags[KEY_USAGES[name]] = True
        else:
            raise ValueError(f"unrecognized usage values: [{name!r}]".replace("'", '"'))
    return flags, purposes


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
