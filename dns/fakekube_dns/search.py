"""Looking names up as a container does, along its search path, straight from a View and without sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from dnslib import QTYPE

from fakekube_dns import names
from fakekube_dns.answers import Answers
from fakekube_dns.lookup import Lookup
from fakekube_dns.profile import KUBEADM, Profile
from fakekube_dns.resolvconf import ResolvConf, for_namespace
from fakekube_dns.view import View


class Srv(NamedTuple):
    """One place where a service's port is served."""

    priority: int
    weight: int
    port: int
    target: str


class Soa(NamedTuple):
    """The start of a zone."""

    mname: str
    rname: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a look-up found; it is iterated, counted and tested as its values are."""

    name: str
    """The whole name that was answered, or the last that was tried."""
    values: tuple[Any, ...] = ()
    """Addresses and names as text, SRV and SOA as their tuples."""
    rcode: str = "NOERROR"
    aliases: tuple[str, ...] = ()
    """The targets of the CNAMEs that led to the values, in their order."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)


RCODES: Final = ("NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED")
"""Of several tries without a value the first of these is told: an existing name says more than a missing one."""


class StubResolver:
    """The resolver library of a container whose name server sees this View."""

    def __init__(
        self, view: View, profile: Profile = KUBEADM, *, server_addresses: Iterable[str] = ("127.0.0.1",)
    ) -> None:
        self.view = view
        self._answers = Answers(Lookup(view, profile, server_addresses), profile)
        self._zone = names.join(self._answers.cluster_zone).removesuffix(".")

    def resolve(
        self, name: str, qtype: str = "A", *, namespace: str = "default", conf: ResolvConf | None = None
    ) -> Resolved:
        """Look a name up from a pod of the namespace, or with other resolver settings.

        ValueError if the name cannot be one or the type is unknown.
        """
        number = _number(qtype)
        conf = conf or for_namespace(namespace, zone=self._zone)
        tries = []
        for whole in candidates(name, conf):
            tries.append(self._one(whole, number))
            if tries[-1].values or tries[-1].aliases:
                return tries[-1]
        return min(tries, key=lambda found: RCODES.index(found.rcode))

    def reverse(self, address: str) -> Resolved:
        """Look up the names of an address."""
        text, family = names.canonical(address)
        if not family:
            raise ValueError(f"not an address: {address!r}")
        return self._one(names.join(names.reverse_name(text)), QTYPE.PTR)

    def _one(self, name: str, qtype: int) -> Resolved:
        question = self._answers.question(names.split(name), qtype)
        if question is None:
            return Resolved(name, rcode="REFUSED")
        answer = self._answers.answer(question)
        if answer.missing:
            return Resolved(name, rcode="NXDOMAIN" if self.view.synced else "SERVFAIL")
        values = [VALUES[record.rtype](record.rdata) for record in answer.answers if record.rtype == qtype]
        passed = [record for record in answer.answers if record.rtype == QTYPE.CNAME != qtype]
        return Resolved(name, tuple(values), aliases=tuple(_text(record.rdata.label) for record in passed))


def candidates(name: str, conf: ResolvConf) -> list[str]:
    """The whole names that are tried for a name, in their order, each with its trailing dot."""
    names.split(name)  # ValueError if it cannot be a name at all
    if name.endswith("."):
        return [name]
    searched = [
        f"{name}.{search}".rstrip(".") + "." for search in conf.searches if _fits(f"{name}.{search}".rstrip("."))
    ]
    return [f"{name}.", *searched] if name.count(".") >= conf.ndots else [*searched, f"{name}."]


def _fits(name: str) -> bool:
    try:
        return bool(names.split(name))
    except ValueError:
        return False


def _number(qtype: str) -> int:
    number = QTYPE.reverse.get(qtype.upper())
    if number is None:
        raise ValueError(f"unknown record type: {qtype!r}")
    return int(number)


def _text(label: Any) -> str:
    return names.join(label.label)


VALUES: Final[dict[int, Callable[[Any], Any]]] = {
    QTYPE.A: repr,
    QTYPE.AAAA: lambda data: names.canonical(repr(data))[0],
    QTYPE.CNAME: lambda data: _text(data.label),
    QTYPE.NS: lambda data: _text(data.label),
    QTYPE.PTR: lambda data: _text(data.label),
    QTYPE.SOA: lambda data: Soa(_text(data.mname), _text(data.rname), *data.times),
    QTYPE.SRV: lambda data: Srv(data.priority, data.weight, data.port, _text(data.target)),
    QTYPE.TXT: lambda data: b"".join(data.data).decode(),
}
