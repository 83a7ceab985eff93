"""A POST to a webhook: where it goes, what comes back, and how it is broken off."""

from __future__ import annotations

import socket
import threading
from typing import NamedTuple


class PostError(Exception):
    """There was no answer; the message is the end of Go's: `dial tcp 127.0.0.1:9: connect: connection refused`."""


class Response(NamedTuple):
    """An answer of whatever kind."""

    status: int
    content_type: str
    body: bytes


class Destination(NamedTuple):
    """Where a call goes: the address that is dialled, and the name that is expected there."""

    address: tuple[str, int]
    name: str
    authority: str
    tls: bool = True
    authorities: str = ""
    """The certificate authorities (caBundle: PEM in base64); those of the system if there are none."""


class Attempt:
    """A call under way, which another thread may break off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.broken_off = False

    def holds(self, found: socket.socket | None) -> None:
        """This is what it waits for now."""
        with self._lock:
            self._socket = found
            if self.broken_off:
                self._shut()

    def break_off(self) -> None:
        """Let it end with a fault."""
        with self._lock:
            self.broken_off = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._socket.close()
