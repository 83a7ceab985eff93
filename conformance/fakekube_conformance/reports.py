"""The outcomes of a run as text, as JSON and as JUnit's XML."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

from fakekube_conformance.runner import FAILED, KNOWN_GAP, PASSED, SKIPPED, SURPRISE, Outcome

MARKS = {PASSED: "ok", FAILED: "FAIL", SKIPPED: "skip", KNOWN_GAP: "gap", SURPRISE: "FAIL"}


def line(outcome: Outcome) -> str:
    """One outcome as one line, and what it says below it."""
    text = f"{MARKS[outcome.verdict]:4} {outcome.check.id}: {outcome.check.sentence} ({outcome.seconds:.2f} s)"
    return "\n".join([text, *(f"     {each}" for each in outcome.message.splitlines())])


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """How many there are of each verdict, in one line."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in MARKS if counts[verdict])
    return f"{len(outcomes)} checks: {told or 'none'} in {seconds:.1f} s"


def as_json(outcomes: Sequence[Outcome], seconds: float) -> str:
    """A document with the counts and a row for each check."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    rows = [
        {
            "id": outcome.check.id,
            "topic": outcome.check.topic,
            "sentence": outcome.check.sentence,
            "verdict": outcome.verdict,
            "seconds": round(outcome.seconds, 3),
            "message": outcome.message,
        }
        for outcome in outcomes
    ]
    return json.dumps({"seconds": round(seconds, 1), "counts": counts, "checks": rows}, indent=1, ensure_ascii=False)


def as_junit(outcomes: Sequence[Outcome], seconds: float) -> str:
    """A test suite: a case for each check, its class the topic, its name the sentence."""
    suite = ElementTree.Element(
        "testsuite",
        name="fakekube_conformance",
        tests=str(len(outcomes)),
        failures=str(sum(outcome.bad for outcome in outcomes)),
        skipped=str(sum(outcome.verdict in (SKIPPED, KNOWN_GAP) for outcome in outcomes)),
        time=f"{seconds:.1f}",
    )
    for outcome in outcomes:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=outcome.check.topic,
            name=outcome.check.sentence,
            time=f"{outcome.seconds:.3f}",
        )
        if outcome.verdict != PASSED:
            child = ElementTree.SubElement(case, "failure" if outcome.bad else "skipped")
            child.set("message", (outcome.message.splitlines() or [outcome.verdict])[0])
            child.text = outcome.message
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)
