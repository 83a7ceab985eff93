"""sprig's functions of the time and of chance, for one rendering: both are handed in."""

from __future__ import annotations

import string
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from fakekube.core.ids import Ids
from fakekube.nodes.templates import durations, moments
from fakekube.nodes.templates.functions.signatures import Function, Rows, checked
from fakekube.nodes.templates.moments import Moment

_LETTERS = {
    "randAlpha": string.ascii_letters,
    "randAlphaNum": string.ascii_letters + string.digits,
    "randNumeric": string.digits,
    "randAscii": "".join(map(chr, range(32, 127))),
}
_TIMES = {"now", "date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone", "ago", "durationRound"}
NAMES = frozenset(_TIMES | {"randInt", "randBytes", "shuffle", "uuidv4"} | _LETTERS.keys())
"""What `functions` makes."""


def functions(now: float, chance: Callable[[], Ids]) -> dict[str, Function]:
    """The functions at this time; `chance` is asked when it is needed."""
    rows = {**_of_time(Moment(round(now * 10**6) * 1000)), **_of_chance(chance)}
    return {name: checked(name, signature, function) for name, (signature, function) in rows.items()}


def _of_time(now: Moment) -> Rows:
    def moment(value: Any) -> Moment:
        if isinstance(value, Moment):
            return value
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return Moment(int(value) * moments.NANOS) if is_number else now

    def shown(layout: str, value: Any, zone: str = "") -> str:
        return moments.formatted(Moment(moment(value).nanos, moments.zone_named(zone)), layout)

    def age(value: Any) -> str:
        passed = now.nanos - moment(value).nanos
        return durations.shown(round(passed / moments.NANOS) * moments.NANOS)

    def rounded(value: Any) -> str:
        if isinstance(value, str):
            try:
                return durations.rounded(durations.nanos(value))
            except ValueError:
                return "0s"
        if isinstance(value, Moment):
            return durations.rounded(now.nanos - value.nanos)
        return durations.rounded(value if isinstance(value, int) else 0)

    return {
        "now": ("", lambda: now),
        "date": ("s.", shown),
        "dateInZone": ("s.s", shown),
        "date_in_zone": ("s.s", shown),
        "htmlDate": (".", lambda value: shown("2006-01-02", value)),
        "htmlDateInZone": (".s", lambda value, zone: shown("2006-01-02", value, zone)),
        "ago": (".", age),
        "durationRound": (".", rounded),
    }


def _of_chance(chance: Callable[[], Ids]) -> Rows:
    def letters(of: str) -> Callable[[int], str]:
        return lambda count: "".join(chance().choice(of) for _ in range(count))

    def between(least: int, below: int) -> int:
        if below <= least:
            raise ValueError("invalid argument to Intn")
        return least + chance().number(below - least)

    def shuffled(value: str) -> str:
        signs = list(value)
        for place in range(len(signs) - 1, 0, -1):
            other = chance().number(place + 1)
            signs[place], signs[other] = signs[other], signs[place]
        return "".join(signs)

    return {
        **{name: ("i", letters(of)) for name, of in _LETTERS.items()},
        "randInt": ("ii", between),
        "randBytes": ("i", lambda count: b64encode(bytes(chance().number(256) for _ in range(count))).decode()),
        "shuffle": ("s", shuffled),
        "uuidv4": ("", lambda: chance().uid()),
    }
