"""What is known about a question, before it is packed: one function a query type, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from dnslib import QTYPE

from fakekube_dns import names, records
from fakekube_dns.lookup import DEFAULT_NAME_SERVER, Found, Lookup
from fakekube_dns.names import Labels
from fakekube_dns.profile import Profile

CHAIN_LENGTH: Final = 10
"""The longest chain of ExternalName services that is followed."""

Chain = tuple[tuple[Labels, Labels], ...]
"""The CNAMEs already passed, from and to, in lower case."""


@dataclass(slots=True)
class Answer:
    """The records for one question; what goes into the authority section follows from them."""

    answers: list[Any] = field(default_factory=list)
    additional: list[Any] = field(default_factory=list)
    missing: bool = False
    outside: Labels | None = None  # the last CNAME's target, if it is another server's to resolve


@dataclass(slots=True)
class Question:
    """A name in one of the zones, taken apart."""

    labels: Labels
    zone: Labels  # in the query's letter case
    below: Labels  # what is left of the zone, in lower case
    reverse: bool  # whether the zone is of addresses
    qtype: int

    def under_zone(self, owner: Labels) -> Labels:
        """A name of the cluster in this question's zone."""
        return owner + self.zone


class Answers:
    """Answers questions about the zones of a profile from what a Lookup finds."""

    def __init__(self, lookup: Lookup, profile: Profile) -> None:
        self.lookup = lookup
        self.ttl = profile.ttl
        self.zones = frozenset(zone for text in profile.zones for zone in names.zones(text))
        self.cluster_zone = _first_forward_zone(profile.zones)
        self._handlers: dict[int, Callable[[Question], Answer]] = {
            QTYPE.A: self._address,
            QTYPE.AAAA: self._address,
            QTYPE.CNAME: self._cname,
            QTYPE.MX: self._existence,
            QTYPE.NS: self._ns,
            QTYPE.PTR: self._ptr,
            QTYPE.SOA: self._soa,
            QTYPE.SRV: self._srv,
            QTYPE.TXT: self._txt,
        }

    def question(self, labels: Labels, qtype: int) -> Question | None:
        """The question in the longest of the zones that the name is in, None if it is in none."""
        lower = names.lowered(labels)
        for cut in range(len(lower) + 1):
            if lower[cut:] in self.zones:
                return Question(labels, labels[cut:], lower[:cut], lower[-2:] in names.ADDRESS_ZONES, qtype)
        return None

    def answer(self, question: Question) -> Answer:
        """What the cluster has for the question; types without a row tell only whether the name exists."""
        return self._handlers.get(question.qtype, self._existence)(question)

    def soa(self, zone: Labels) -> Any:
        """The SOA of a zone, its names in the letter case given."""
        return records.soa(zone, int(self.lookup.view.changed), self.ttl)

    def _address(self, question: Question) -> Answer:
        return self._addresses(question, ())

    def _addresses(self, question: Question, chain: Chain) -> Answer:
        """The addresses of the asked family; an alias brings its CNAME and then what its target has."""
        held = self._held(question)
        if held is None:
            return Answer(missing=True)
        family, ttl = 4 if question.qtype == QTYPE.A else 6, self.ttl
        unique = dict.fromkeys(each.address for each in held if each.address.family == family)
        answer = Answer([records.address(question.labels, address, ttl) for address in unique])
        for each in held:
            if each.alias is not None:
                self._follow(question, each.alias, chain, answer)
        return answer

    def _follow(self, question: Question, target: Labels, chain: Chain, answer: Answer) -> None:
        """Add the CNAME and what is behind it; a target in the zone that has nothing adds not even the CNAME."""
        link = (names.lowered(question.labels), names.lowered(target))
        if names.is_below(target, question.labels) or len(chain) > CHAIN_LENGTH or link in chain:
            return
        record = records.cname(question.labels, target, self.ttl)
        if not names.is_below(target, question.zone):
            answer.answers.append(record)
            answer.outside = target
            return
        below = names.lowered(target[: len(target) - len(question.zone)])
        there = Question(target, target[len(below) :], below, question.reverse, question.qtype)
        found = self._addresses(there, (*chain, link))
        if found.answers:
            answer.answers += [record, *found.answers]
            answer.outside = found.outside

    def _srv(self, question: Question) -> Answer:
        """The ports of a service; each address once in the additional section."""
        held = self._held(question)
        if held is None:
            return Answer(missing=True)
        held = [each for each in held if each.address.family]
        places = [each for each in held if each.port >= 0]
        ttl = self.ttl
        weight = records.weight(len(held)) if held else 0
        ports = dict.fromkeys((each.owner, each.port) for each in places)
        glue = dict.fromkeys((each.owner, each.address) for each in places)
        return Answer(
            [records.srv(question.labels, weight, port, question.under_zone(owner), ttl) for owner, port in ports],
            [records.address(question.under_zone(owner), address, ttl) for owner, address in glue],
        )

    def _cname(self, question: Question) -> Answer:
        held = self._held(question)
        if held is None:
            return Answer(missing=True)
        targets = [each.alias for each in held[:1] if each.alias is not None]
        return Answer([records.cname(question.labels, target, self.ttl) for target in targets])

    def _txt(self, question: Question) -> Answer:
        if question.below == (b"dns-version",):
            return Answer([records.schema_version(question.labels)])
        return Answer(missing=not self._find(question))  # here even a name that exists must hold something

    def _ptr(self, question: Question) -> Answer:
        address = names.reversed_address(names.lowered(question.labels))
        if address is None:
            return Answer(missing=self._find(question) is None)
        targets = [owner + self.cluster_zone for owner in self.lookup.reverse(address)]
        found = [records.ptr(question.labels, target, self.ttl) for target in targets]
        return Answer(found, missing=not found)

    def _soa(self, question: Question) -> Answer:
        return Answer([] if question.below else [self.soa(question.zone)])

    def _ns(self, question: Question) -> Answer:
        if question.below:
            return self._existence(question)
        ttl, servers = self.ttl, self.lookup.name_servers()
        owners = dict.fromkeys(question.under_zone(server.owner) for server in servers)
        return Answer(
            [records.ns(question.labels, owner, ttl) for owner in owners],
            [records.address(question.under_zone(server.owner), server.address, ttl) for server in servers],
        )

    def _existence(self, question: Question) -> Answer:
        return Answer(missing=self._held(question) is None)

    def _held(self, question: Question) -> Found:
        if question.below == DEFAULT_NAME_SERVER:
            return self.lookup.name_servers() if question.qtype in (QTYPE.A, QTYPE.AAAA) else []
        return self._find(question)

    def _find(self, question: Question) -> Found:
        return self.lookup.find(question.below, reverse=question.reverse)


def _first_forward_zone(zones: Iterable[str]) -> Labels:
    """The zone that the targets of PTR records are in, as it is written in the profile."""
    plain = [names.split(zone) for zone in zones if "/" not in zone]
    return next((zone for zone in plain if names.lowered(zone[-2:]) not in names.ADDRESS_ZONES), ())
