"""The runner of the conformance checks: verdicts, gaps, reports, the command line. No cluster is needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from fakekube_conformance import reports
from fakekube_conformance.case import Case
from fakekube_conformance.catalog import Check, chosen
from fakekube_conformance.cli import main
from fakekube_conformance.failures import Failure, Unmet, contains, covers, equal, look
from fakekube_conformance.runner import FAILED, KNOWN_GAP, PASSED, SKIPPED, SURPRISE, Outcome, prove, run, worst
from fakekube_conformance.session import Session
from fakekube_conformance.wire import Server


class Offline(Session):
    """A session that asks nobody."""

    def __init__(self, fakekube: bool = False) -> None:
        super().__init__(Server("http://127.0.0.1:9"), frozenset({"nodes"}))
        self._fakekube = fakekube

    @property
    def is_fakekube(self) -> bool:
        return self._fakekube


def passes(case: Case) -> None:
    equal("the sum", 1 + 1, 2)


def fails(case: Case) -> None:
    case.transcript.append("GET /api/v1/pods -> 200")
    equal("the sum", 1 + 1, 3)


def crashes(case: Case) -> None:
    raise KeyError("spec")


def gives_up(case: Case) -> None:
    raise Unmet("there is nothing to look at")


def made(body: Callable[[Case], None], needs: tuple[str, ...] = (), known_gap: str | None = None) -> Check:
    return Check("sums", body.__name__, "One and one are two", body, needs, known_gap)


@pytest.mark.parametrize(
    ("body", "needs", "verdict", "words"),
    [
        (passes, (), PASSED, ""),
        (fails, (), FAILED, "the sum: expected 3, got 2\n  GET /api/v1/pods -> 200"),
        (crashes, (), FAILED, "KeyError: 'spec'"),
        (gives_up, (), SKIPPED, "there is nothing to look at"),
        (passes, ("nodes",), SKIPPED, "the server has no nodes"),
    ],
)
def test_verdicts(body: Callable[[Case], None], needs: tuple[str, ...], verdict: str, words: str) -> None:
    outcome = prove(made(body, needs), Offline())
    assert (outcome.verdict, outcome.message) == (verdict, words)


@pytest.mark.parametrize(
    ("body", "fakekube", "verdict"),
    [(fails, True, KNOWN_GAP), (passes, True, SURPRISE), (fails, False, FAILED), (passes, False, PASSED)],
)
def test_a_known_gap_counts_for_fakekube_alone_and_must_be_one(
    body: Callable[[Case], None], fakekube: bool, verdict: str
) -> None:
    outcome = prove(made(body, known_gap="sums are odd"), Offline(fakekube))
    assert outcome.verdict == verdict
    assert outcome.bad == (verdict in (FAILED, SURPRISE))


def test_all_outcomes_come_in_order_and_the_worst_decides() -> None:
    told: list[Outcome] = []
    checks = [made(passes), made(fails), made(passes)]
    outcomes = run(checks, Offline(), 2, told.append)
    assert [each.verdict for each in outcomes] == [PASSED, FAILED, PASSED]
    assert told == outcomes
    assert (worst(outcomes), worst(outcomes[:1])) == (1, 0)


def test_reports() -> None:
    outcomes = [prove(made(body), Offline()) for body in (passes, fails, gives_up)]
    found = json.loads(reports.as_json(outcomes, 1.0))
    assert found["counts"] == {PASSED: 1, FAILED: 1, SKIPPED: 1}
    assert [row["verdict"] for row in found["checks"]] == [PASSED, FAILED, SKIPPED]
    suite = ElementTree.fromstring(reports.as_junit(outcomes, 1.0))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert [child.tag for case in suite for child in case] == ["failure", "skipped"]
    assert reports.summary(outcomes, 1.0) == "3 checks: 1 passed, 1 failed, 1 skipped in 1.0 s"
    assert reports.line(outcomes[1]).startswith("FAIL sums/fails: One and one are two (")


def test_checks_are_chosen_by_topic_by_name_and_by_words() -> None:
    assert {each.topic for each in chosen(["lists"])} == {"lists"}
    assert [each.id for each in chosen(["lists/order"])] == ["lists/order"]
    assert [each.id for each in chosen(["in the order of their names"])] == ["lists/order"]
    with pytest.raises(ValueError, match="no check is chosen by 'nothing'"):
        chosen(["nothing"])


def test_the_command_line_lists_checks_without_a_server() -> None:
    result = CliRunner().invoke(main, ["--list", "--only", "lists/order"])
    assert (result.exit_code, result.output) == (0, "lists/order: Items come in the order of their names\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing argument 'URL'"),
        (["--only", "nothing"], "no check is chosen by 'nothing'"),
        (["http://127.0.0.1:9"], "does not answer"),
        (["http://127.0.0.1:9", "--dns", "somewhere"], "say HOST:PORT"),
    ],
)
def test_the_command_line_says_what_is_wrong(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code != 0
    assert words in result.output


def test_comparisons_say_what_differs() -> None:
    obj = {"spec": {"ports": [{"port": 80}], "a.b": 1}}
    assert (look(obj, "spec.ports.0.port"), look(obj, "spec.a~b"), look(obj, "spec.none.x")) == (80, 1, None)
    covers("object", obj, {"spec": {"ports": [{"port": 80}]}})
    with pytest.raises(Failure, match=r"object\.spec\.ports\.0\.port: expected 81, got 80"):
        covers("object", obj, {"spec": {"ports": [{"port": 81}]}})
    with pytest.raises(Failure, match='names: expected "b" in'):
        contains("names", ["a"], "b")
