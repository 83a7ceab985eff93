"""Every check of the conformance package, each a test of its own, against one cluster per worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fakekube import FakeCluster
from fakekube_conformance.catalog import Check, all_checks
from fakekube_conformance.runner import BAD, KNOWN_GAP, SKIPPED, prove
from fakekube_conformance.session import Session
from fakekube_conformance.wire import Server

CHECKS = all_checks()


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with FakeCluster(tls=False) as cluster:
        session = Session(Server(cluster.url, cluster.token), dns=cluster.dns_address)
        yield session
        session.close()


@pytest.mark.parametrize("check", CHECKS, ids=[each.id for each in CHECKS])
def test_promise(check: Check, session: Session) -> None:
    outcome = prove(check, session)
    if outcome.verdict in BAD:
        pytest.fail(f"{check.sentence}\n{outcome.message}", pytrace=False)
    if outcome.verdict == KNOWN_GAP:
        pytest.xfail(outcome.message.partition("\n")[0])
    assert outcome.verdict != SKIPPED, outcome.message


def test_each_check_is_named_by_a_sentence_of_its_own() -> None:
    sentences = [each.sentence for each in CHECKS]
    assert len(set(sentences)) == len(sentences)
    assert len({each.id for each in CHECKS}) == len(CHECKS)
    assert [each for each in sentences if len(each.split()) < 4 or each.endswith(".")] == []


def test_there_are_many() -> None:
    assert len(CHECKS) >= 250
