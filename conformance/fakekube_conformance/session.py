"""One run against one server: who asks, what the server can do, and the names that nobody else has."""

from __future__ import annotations

import itertools
import secrets
import threading
import time

from fakekube_conformance.capabilities import PROBES
from fakekube_conformance.case import Case
from fakekube_conformance.wire import Client, Server

RUN_LABEL = "fakekube-conformance/run"
ACCOUNT_SECONDS = 20.0


class Session:
    """What the cases of a run share. `without` names capabilities that are taken as missing;
    `dns` is where the cluster's name server listens."""

    def __init__(
        self, server: Server, without: frozenset[str] = frozenset(), dns: tuple[str, int] | None = None
    ) -> None:
        self.client = Client(server)
        self.dns = dns
        self.run = secrets.token_hex(3)
        self.labels = {RUN_LABEL: self.run}
        self._numbers = itertools.count(1)
        self._can = dict.fromkeys(without, False)
        self._lock = threading.RLock()
        self._git_version: str | None = None

    def number(self) -> str:
        """Part of a name: the run and a number, each given once."""
        return f"{self.run}-{next(self._numbers)}"

    def can(self, capability: str) -> bool:
        """Whether the server has the capability; looked at once."""
        with self._lock:
            if capability not in self._can:
                case = Case(self)
                try:
                    self._can[capability] = PROBES[capability].probe(case)
                finally:
                    case.close()
            return self._can[capability]

    @property
    def version(self) -> str:
        """What the server says that it is; looked at once."""
        with self._lock:
            if self._git_version is None:
                answer = Case(self).get("/version", status=(200, 401, 403))
                self._git_version = str(answer.look("gitVersion"))
            return self._git_version

    @property
    def is_fakekube(self) -> bool:
        """Whether the server says that it is fakekube, whose known gaps are told in the checks."""
        return "fakekube" in self.version

    def await_account(self, case: Case, namespace: str) -> None:
        """Wait for the default service account, without which no pod can be made; make it where nobody else does."""
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        end = time.monotonic() + (ACCOUNT_SECONDS if self.can("controllers") else 0)
        while case.get(f"{accounts}/default", status=(200, 404)).status == 404:
            if time.monotonic() > end:
                account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
                case.post(accounts, account, status=(201, 409))
                return
            time.sleep(0.02)

    def close(self) -> None:
        self.client.close()
