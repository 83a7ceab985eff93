"""Put checks to a server, several at a time, and tell the outcome of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import Check
from fakekube_conformance.failures import Failure, Unmet
from fakekube_conformance.session import RUN_LABEL, Session

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
KNOWN_GAP, SURPRISE = "known gap", "unexpected pass"
BAD = frozenset({FAILED, SURPRISE})
SHORT_PATIENCE = 2.0
"""Seconds to wait for what is known not to come."""
SHOWN = 12
"""How many of the last requests a failure shows."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one check."""

    check: Check
    verdict: str
    seconds: float
    message: str = ""

    @property
    def bad(self) -> bool:
        return self.verdict in BAD


def prove(check: Check, session: Session) -> Outcome:
    """Put one check to the server, in surroundings of its own, and undo them."""
    begin = time.monotonic()
    case = Case(session)
    verdict, message = _verdict(check, case)
    if _is_gap(check, session):
        if verdict in (FAILED, SKIPPED):
            verdict, message = KNOWN_GAP, f"{check.known_gap}\n{message}"
        elif verdict == PASSED:
            verdict, message = SURPRISE, f"a known gap that is none any more: {check.known_gap}"
    return Outcome(check, verdict, time.monotonic() - begin, message)


def _is_gap(check: Check, session: Session) -> bool:
    return check.known_gap is not None and session.is_fakekube


def _verdict(check: Check, case: Case) -> tuple[str, str]:
    try:
        if _is_gap(check, case.session):
            case.patience = SHORT_PATIENCE
        missing = [need for need in check.needs if not case.session.can(need)]
        if missing:
            return SKIPPED, f"the server has no {', no '.join(missing)}"
        check.body(case)
    except Unmet as why:
        return SKIPPED, str(why)
    except Failure as failure:
        return FAILED, _told(str(failure), case)
    except Exception as error:
        return FAILED, _told(f"{type(error).__name__}: {error}", case)
    finally:
        case.close()
    return PASSED, ""


def _told(message: str, case: Case) -> str:
    """The failure, and the requests that led to it."""
    return "\n".join([message, *(f"  {line}" for line in case.transcript[-SHOWN:])])


def run(
    checks: Sequence[Check], session: Session, jobs: int, tell: Callable[[Outcome], None] = lambda outcome: None
) -> list[Outcome]:
    """The outcomes of all checks, in their order; `tell` hears of each as soon as it and those before it are done."""
    outcomes = []
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for outcome in pool.map(lambda each: prove(each, session), checks):
            outcomes.append(outcome)
            tell(outcome)
    return outcomes


def leftovers(session: Session, seconds: float) -> list[str]:
    """The namespaces of the run that are still there when `seconds` have passed; [] as soon as there are none."""
    case, end = Case(session), time.monotonic() + seconds
    while names := case.get("/api/v1/namespaces", labelSelector=f"{RUN_LABEL}={session.run}").names:
        if not session.can("controllers"):
            _finalize(case, names)
        if time.monotonic() > end:
            return names
        time.sleep(0.2)
    return []


def _finalize(case: Case, names: Iterable[str]) -> None:
    """Let namespaces go that no controller finalizes."""
    for name in names:
        path = f"/api/v1/namespaces/{name}"
        case.put(f"{path}/finalize", {"metadata": {"name": name}, "spec": {}}, status=(200, 404, 409))


def worst(outcomes: Iterable[Outcome]) -> int:
    """The exit status: 1 if any outcome is bad."""
    return int(any(outcome.bad for outcome in outcomes))
