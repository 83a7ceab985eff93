"""What a cluster is started with: plain values, checked once, the same for the command line, the API and pytest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

KUBERNETES_VERSION = "1.36"
LOCALHOST = "127.0.0.1"
MOST_NODES = 61_183
"""There are private addresses for the pods of no more."""
CLOCKS = ("wall", "virtual", "auto")


@dataclass(frozen=True, slots=True)
class Settings:
    """How one cluster is to be. Hashable, so that equal settings can share a cluster. Raises ValueError."""

    host: str = LOCALHOST
    port: int = 0
    """The API's port; 0 takes a free one."""
    dns_port: int | None = 0
    """The DNS server's port, UDP and TCP; 0 takes a free one, None starts no DNS server."""
    nodes: int = 3
    token: str | None = None
    """The administrator's bearer token; None makes one up."""
    tls: bool = True
    kubeconfig: Path | None = None
    """Where the kubeconfig is written; None takes a temporary file that is gone when the cluster stops."""
    load: tuple[str | Path, ...] = ()
    """Manifests (files, folders, YAML text) that are there from the start, and again after a reset."""
    stages: tuple[str | Path, ...] = ()
    """Stages of KWOK (files, folders, YAML text) that say what becomes of pods, nodes and other objects."""
    stages_crd: bool = False
    """Whether Stage is defined from the start, so that stages can be applied through the API."""
    controllers: str | tuple[str, ...] = "all"
    """'all', 'none', or the names of those that run; with '-' before them, of those that do not."""
    load_balancers: str | tuple[str, ...] = ()
    """Ranges of addresses for Services of type LoadBalancer, as '203.0.113.0/24'; without any they stay pending, as in
    a cluster without a cloud provider."""
    provisioners: str | tuple[str, ...] = ()
    """Provisioners of storage classes whose volumes are made, as 'ebs.csi.aws.com'; '*' is all. Those of fakekube.dev
    always are."""
    seed: int | str | None = None
    """Repeats uids, generated names and the order of what is left to chance; None takes another each time."""
    clock: str = "wall"
    """'wall' is the machine's time; 'virtual' stands still until it is moved; 'auto' leaps on whenever nothing
    happens."""
    kubernetes_version: str = KUBERNETES_VERSION

    def __post_init__(self) -> None:
        _set(self, "load", _sources(self.load))
        _set(self, "stages", _sources(self.stages))
        _set(self, "controllers", _controllers(self.controllers))
        _set(self, "load_balancers", _ranges(self.load_balancers))
        _set(self, "provisioners", _names(self.provisioners))
        if self.kubeconfig is not None:
            _set(self, "kubeconfig", Path(self.kubeconfig))
        _check_port("port", self.port)
        if self.dns_port is not None:
            _check_port("dns_port", self.dns_port)
        if not 0 <= self.nodes <= MOST_NODES:
            raise ValueError(f"nodes must be from 0 to {MOST_NODES}, not {self.nodes}")
        if self.clock not in CLOCKS:
            raise ValueError(f"clock must be one of {', '.join(CLOCKS)}, not {self.clock!r}")
        if self.token == "":
            raise ValueError("token must not be empty")
        if self.kubernetes_version != KUBERNETES_VERSION:
            raise ValueError(f"Kubernetes {self.kubernetes_version} is not known here; {KUBERNETES_VERSION} is")


def _set(settings: Settings, field: str, value: object) -> None:
    object.__setattr__(settings, field, value)


def _sources(given: str | Path | Iterable[str | Path]) -> tuple[str | Path, ...]:
    return (given,) if isinstance(given, str | Path) else tuple(given)


def _controllers(chosen: str | Iterable[str]) -> str | tuple[str, ...]:
    """'all' and 'none' as they are; a list, or text with commas, as a sorted tuple of names."""
    found = tuple("all" if name == "*" else name for name in _names(chosen))
    if found in ((), ("none",)):
        return "none"
    if found == ("all",):
        return "all"
    if "none" in found:
        raise ValueError("controllers: 'none' stands alone, not in a list")
    if "all" in found:
        found = tuple(name for name in found if name != "all")
        if not all(name.startswith("-") for name in found):
            raise ValueError("controllers: 'all' stands alone, or with the names of those to leave out, as '-job'")
    return found


def _names(given: str | Iterable[str]) -> tuple[str, ...]:
    """Names in a list or with commas, each once and sorted."""
    names = given.split(",") if isinstance(given, str) else given
    return tuple(sorted({name.strip() for name in names} - {""}))


def _ranges(given: str | Iterable[str]) -> tuple[str, ...]:
    """Ranges of addresses, in a list or with commas, each in its shortest form."""
    texts = given.split(",") if isinstance(given, str) else given
    try:
        return tuple(str(ip_network(text.strip())) for text in texts if text.strip())
    except ValueError as error:
        raise ValueError(f"load_balancers: {error}") from None


def _check_port(field: str, port: int) -> None:
    if not 0 <= port <= 65535:
        raise ValueError(f"{field} must be from 0 to 65535, not {port}")
