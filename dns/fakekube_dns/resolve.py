"""From the bytes of a query to the bytes of its reply, without I/O, and the memory of recent answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from dnslib import CLASS, QTYPE, RCODE

from fakekube_dns import message, names
from fakekube_dns.answers import Answer, Answers, Question
from fakekube_dns.lookup import Lookup
from fakekube_dns.message import STREAM_BYTES, Malformed, Query
from fakekube_dns.profile import KUBEADM, Profile
from fakekube_dns.transfer import Refused, transfer
from fakekube_dns.view import View

CACHED_BYTES: Final = 16 * 2**20
"""How much is remembered; beyond it all is forgotten at once, so that names made up by a client cost bounded memory."""

CACHE_ENTRY_BYTES: Final = 200  # what an entry costs beside its two byte strings


@dataclass(frozen=True, slots=True)
class Forward:
    """The reply needs another server: send it `packet`, then make the reply of what it said (None: nothing came)."""

    packet: bytes
    finish: Callable[[bytes | None], bytes]


Reply = bytes | list[bytes] | Forward | None
"""One packet, the packets of a transfer, a wait for another server, or nothing at all."""


class Resolver:
    """Answers packets from what a View holds. `forwards` says that whoever calls can carry out a Forward."""

    def __init__(
        self,
        view: View,
        profile: Profile = KUBEADM,
        *,
        server_addresses: Iterable[str] = ("127.0.0.1",),
        forwards: bool = False,
    ) -> None:
        self.view = view
        self.profile = profile
        self.forwards = forwards
        self.lookup = Lookup(view, profile, server_addresses)
        self.answers = Answers(self.lookup, profile)
        self._fallthrough = frozenset(zone for text in profile.fallthrough for zone in names.zones(text))
        self._generation = view.generation
        self._caches: tuple[dict[bytes, bytes], dict[bytes, bytes]] = ({}, {})  # for datagrams, for streams
        self._cached_bytes = 0

    def resolve(self, packet: bytes, *, stream: bool = False) -> Reply:
        """The reply to a packet that came as a datagram or in a stream."""
        generation = self.view.generation
        if generation != self._generation:
            self._forget(generation)
        key = packet[2:]
        known = self._caches[stream].get(key)
        if known is not None:
            return packet[:2] + known
        try:
            query = message.read(packet)
        except Malformed as reason:
            return message.rejection(packet, reason.rcode)
        if query is None:
            return None
        reply = self._reply(query, packet, STREAM_BYTES if stream else query.udp_bytes, stream)
        if isinstance(reply, bytes):
            self._remember(stream, key, reply)
        return reply

    def _reply(self, query: Query, packet: bytes, limit: int, stream: bool) -> Reply:
        if query.qclass != CLASS.IN:
            return message.write(query, RCODE.REFUSED, limit=limit)
        if query.opt is not None and query.opt.edns_ver != 0:
            return message.write(query, message.BADVERS, limit=limit)
        if query.qtype in (QTYPE.AXFR, QTYPE.IXFR):
            return self._transfer(query, limit, stream)
        question = self.answers.question(query.labels, query.qtype)
        if question is None:
            return self._elsewhere(query, packet, limit)
        answer = self.answers.answer(question)
        if self.forwards and answer.missing and self._falls_through(question):
            return self._elsewhere(query, packet, limit)
        if self.forwards and answer.outside is not None:
            return self._ask_outside(query, question, answer, limit)
        return self._pack(query, question, answer, limit)

    def _pack(self, query: Query, question: Question, answer: Answer, limit: int, truncated: bool = False) -> bytes:
        denial = RCODE.NXDOMAIN if self.view.synced else RCODE.SERVFAIL
        authority = [] if answer.answers else [self.answers.soa(question.zone)]
        return message.write(
            query,
            denial if answer.missing else RCODE.NOERROR,
            sections=(answer.answers, authority, answer.additional),
            limit=limit,
            authoritative=True,
            truncated=truncated,
        )

    def _transfer(self, query: Query, limit: int, stream: bool) -> Reply:
        try:
            batches = transfer(query, self.lookup, self.answers.zones, int(self.view.changed), stream=stream)
        except Refused:
            return message.write(query, RCODE.REFUSED, limit=limit)
        return [message.write(query, sections=(batch,), limit=limit, authoritative=True) for batch in batches]

    def _elsewhere(self, query: Query, packet: bytes, limit: int) -> Reply:
        """A name that is not ours to answer: refused unless it can be forwarded."""
        if not self.forwards:
            return message.write(query, RCODE.REFUSED, limit=limit)

        def finish(reply: bytes | None) -> bytes:
            if reply is None:
                return message.write(query, RCODE.SERVFAIL, limit=limit)
            if not message.answers_to(query, reply):
                return message.write(query, RCODE.FORMERR, limit=limit)
            return reply if len(reply) <= limit else message.write(query, limit=limit, truncated=True)

        return Forward(packet, finish)

    def _ask_outside(self, query: Query, question: Question, answer: Answer, limit: int) -> Forward:
        """Complete a CNAME that leaves the zone; whatever goes wrong there, the CNAME stands."""
        assert answer.outside is not None

        def finish(reply: bytes | None) -> bytes:
            found, truncated = ([], False) if reply is None else message.answers_in(reply)
            return self._pack(query, question, Answer(answer.answers + found), limit, truncated)

        return Forward(message.question(answer.outside, query.qtype, query.id), finish)

    def _falls_through(self, question: Question) -> bool:
        lower = names.lowered(question.labels)
        return any(lower[cut:] in self._fallthrough for cut in range(len(lower) + 1))

    def _remember(self, stream: bool, key: bytes, reply: bytes) -> None:
        if reply[3] & 0xF == RCODE.SERVFAIL:
            return  # a view may catch up without a change
        self._cached_bytes += len(key) + len(reply) + CACHE_ENTRY_BYTES
        if self._cached_bytes > CACHED_BYTES:
            self._forget(self._generation)
        self._caches[stream][key] = reply[2:]

    def _forget(self, generation: int) -> None:
        self._caches[0].clear()
        self._caches[1].clear()
        self._cached_bytes = 0
        self._generation = generation
