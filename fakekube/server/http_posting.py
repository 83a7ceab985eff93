"""POST over HTTP and TLS as Go's client does it, in a thread: connections are kept, faults told in Go's words."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from functools import lru_cache
from typing import Any

from fakekube.core import bundles
from fakekube.server.posting import Attempt, Destination, PostError, Response

USER_AGENT = "kube-apiserver-admission"
MOST_IDLE = 8
"""Connections kept for each destination."""
NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
"""What OpenSSL says of a server that does not speak TLS."""


class _Connection(http.client.HTTPConnection):
    """A connection to a destination's address under its name."""

    def __init__(self, destination: Destination, timeout: float) -> None:
        super().__init__(destination.name, destination.address[1], timeout=timeout)
        self.destination = destination
        self.attempt: Attempt | None = None

    def connect(self) -> None:
        context = tls_context(self.destination.authorities) if self.destination.tls else None
        self.sock = _dial(self.destination.address, self.timeout or 0)
        if self.attempt is not None:
            self.attempt.holds(self.sock)
        if context is not None:
            self.sock = context.wrap_socket(self.sock, server_hostname=self.destination.name)
            if self.attempt is not None:
                self.attempt.holds(self.sock)


def _dial(address: tuple[str, int], timeout: float) -> socket.socket:
    host, port = address
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        raise PostError(f"dial tcp: lookup {host}: no such host") from None
    faults = []
    for family, kind, protocol, _, place in found:
        made = socket.socket(family, kind, protocol)
        made.settimeout(timeout)
        try:
            made.connect(place)
        except OSError as error:
            made.close()
            shown = f"[{place[0]}]:{port}" if family == socket.AF_INET6 else f"{place[0]}:{port}"
            faults.append(f"dial tcp {shown}: connect: {_reason(error)}")
        else:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
    raise PostError(faults[0])


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "connection timed out"
    return (error.strerror or str(error)).lower()


@lru_cache(maxsize=128)
def tls_context(authorities: str) -> ssl.SSLContext:
    """Trusts these authorities alone, of whom there must be one that can be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if not authorities:
        context.load_default_certs()
        return context
    context.load_verify_locations(cadata=b"".join(bundles.read(authorities)[0]))
    return context


class Poster:
    """Makes calls, each in the thread that asks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Destination, list[_Connection]] = {}

    def post(self, destination: Destination, path: str, body: bytes, timeout: float, attempt: Attempt) -> Response:
        """The answer; PostError if there is none."""
        kept = self._take(destination)
        if kept is not None:
            try:
                return self._exchange(kept, path, body, timeout, attempt)
            except (http.client.HTTPException, OSError):
                kept.close()  # it had been closed at the other end meanwhile
                if attempt.broken_off:
                    raise PostError("context canceled") from None
        made = _Connection(destination, timeout)
        try:
            return self._exchange(made, path, body, timeout, attempt)
        except (http.client.HTTPException, OSError) as error:
            made.close()
            raise PostError(_told(error, made)) from None
        except PostError:
            made.close()
            raise

    def _exchange(self, connection: _Connection, path: str, body: bytes, timeout: float, attempt: Attempt) -> Response:
        connection.attempt = attempt
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
            attempt.holds(connection.sock)
        headers = {
            "Host": connection.destination.authority,
            "Accept": "application/json, */*",
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
        }
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        found = Response(answer.status, answer.getheader("Content-Type") or "", answer.read())
        attempt.holds(None)
        connection.attempt = None
        self._keep(connection)
        return found

    def _take(self, destination: Destination) -> _Connection | None:
        with self._lock:
            idle = self._idle.get(destination)
            return idle.pop() if idle else None

    def _keep(self, connection: _Connection) -> None:
        with self._lock:
            idle = self._idle.setdefault(connection.destination, [])
            if connection.sock is not None and len(idle) < MOST_IDLE:
                idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close the connections that were kept."""
        with self._lock:
            idle = [each for found in self._idle.values() for each in found]
            self._idle.clear()
        for connection in idle:
            connection.close()


def _told(error: Exception, connection: _Connection) -> str:
    """What Go says of it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"tls: failed to verify certificate: x509: {_certificate_fault(error, connection.destination)}"
    if isinstance(error, ssl.SSLError) and error.reason in NOT_TLS:
        return "http: server gave HTTP response to HTTPS client"
    if isinstance(error, ssl.SSLEOFError | http.client.RemoteDisconnected | http.client.IncompleteRead):
        return "EOF"
    if isinstance(error, ssl.SSLError):
        return f"remote error: tls: {(error.reason or str(error)).lower().replace('_', ' ')}"
    if isinstance(error, TimeoutError):
        return "context deadline exceeded"
    if isinstance(error, OSError):
        return f"read tcp: {_reason(error)}"
    return f"net/http: HTTP/1.x transport connection broken: malformed HTTP response {str(error)!r}"


_HOST_MISMATCH, _ADDRESS_MISMATCH = 62, 64
_NOT_NOW = (9, 10)


def _certificate_fault(error: ssl.SSLCertVerificationError, destination: Destination) -> str:
    if error.verify_code in _NOT_NOW:
        return f"certificate has expired or is not yet valid: {error.verify_message}"
    if error.verify_code not in (_HOST_MISMATCH, _ADDRESS_MISMATCH):
        return "certificate signed by unknown authority"
    names = _names_of(destination)
    try:
        ipaddress.ip_address(destination.name)
    except ValueError:
        valid = [name for kind, name in names if kind == "DNS"]
        if not valid:
            return f"certificate is not valid for any names, but wanted to match {destination.name}"
    else:
        valid = [name for kind, name in names if kind == "IP Address"]
        if not valid:
            return f"cannot validate certificate for {destination.name} because it doesn't contain any IP SANs"
    return f"certificate is valid for {', '.join(valid)}, not {destination.name}"


def _names_of(destination: Destination) -> list[tuple[str, str]]:
    """The names in the certificate at a destination, which is asked once more without looking at them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=b"".join(bundles.read(destination.authorities)[0]))
    try:
        with context.wrap_socket(_dial(destination.address, 5)) as found:
            certificate: dict[str, Any] = found.getpeercert() or {}
    except (OSError, PostError):
        return []
    return [(kind, name) for kind, name in certificate.get("subjectAltName", ())]
