"""What a check is, and the list of all: a function that is named by the sentence it proves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakekube_conformance.case import Case

Body = Callable[["Case"], None]
_CHECKS: list[Check] = []


@dataclass(frozen=True, slots=True)
class Check:
    """A promise that the API makes to its clients, and what puts it to a server."""

    topic: str
    name: str
    sentence: str
    body: Body
    needs: tuple[str, ...] = ()
    known_gap: str | None = None

    @property
    def id(self) -> str:
        return f"{self.topic}/{self.name}"


def check(sentence: str, *, needs: Iterable[str] = (), known_gap: str | None = None) -> Callable[[Body], Body]:
    """Enter the function in the list. Its topic is its module; `needs` name capabilities, without which it is skipped.

    `known_gap` says why fakekube does not keep the promise yet: there, and only there, the check must fail.
    """

    def enter(body: Body) -> Body:
        topic = body.__module__.rpartition(".")[2]
        _CHECKS.append(Check(topic, body.__name__, sentence, body, tuple(needs), known_gap))
        return body

    return enter


def all_checks() -> tuple[Check, ...]:
    """Every check, topic by topic."""
    from fakekube_conformance.checks import TOPICS

    place = {topic: number for number, topic in enumerate(TOPICS)}
    return tuple(sorted(_CHECKS, key=lambda each: place[each.topic]))


def chosen(only: Iterable[str]) -> tuple[Check, ...]:
    """The checks of these topics (`watch`), of these names (`watch/resume`), or whose sentence holds these words.

    ValueError where one of them chooses nothing.
    """
    wanted = tuple(only)
    checks = all_checks()
    for words in wanted:
        if not any(_fits(each, words) for each in checks):
            raise ValueError(f"no check is chosen by {words!r}")
    return tuple(each for each in checks if not wanted or any(_fits(each, words) for words in wanted))


def _fits(check: Check, words: str) -> bool:
    if words in (check.topic, check.id):
        return True
    return " " in words and words.lower() in check.sentence.lower()
