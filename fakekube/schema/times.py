"""metav1.Time and MicroTime: texts as the server reads and writes them; of what is none, the words of Go's time.Parse.

A time that is Go's zero (the first second of year 1) is written as null.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from fakekube.core.fielderrors import go_quote

SECONDS_LAYOUT = "2006-01-02T15:04:05Z07:00"
MICRO_LAYOUT = "2006-01-02T15:04:05.000000Z07:00"
ZERO = datetime(1, 1, 1, tzinfo=UTC)

_PLAIN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", re.ASCII).fullmatch
_PARTS = (
    ("", re.compile(r"\d{4}", re.ASCII), "2006", "year", 0, 9999),
    ("-", re.compile(r"\d{2}", re.ASCII), "01", "month", 1, 12),
    ("-", re.compile(r"\d{2}", re.ASCII), "02", "day", 0, 99),
    ("T", re.compile(r"\d{1,2}", re.ASCII), "15", "hour", 0, 23),
    (":", re.compile(r"\d{2}", re.ASCII), "04", "minute", 0, 59),
    (":", re.compile(r"\d{2}", re.ASCII), "05", "second", 0, 59),
)
_FRACTION = re.compile(r"[.,](\d+)", re.ASCII)
_ZONE = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)


@lru_cache(maxsize=4096)
def canonical_time(text: str) -> str | None:
    """metav1.Time's text: UTC, whole seconds."""
    if len(text) != 20 or not _PLAIN(text) or text < "0001-01-02":
        return _written(parse(text, SECONDS_LAYOUT), "seconds")
    return text if _is_date(text) else _written(parse(text, SECONDS_LAYOUT), "seconds")


@lru_cache(maxsize=4096)
def canonical_micro_time(text: str) -> str | None:
    """metav1.MicroTime's text: UTC, six digits of a second."""
    if len(text) != 27 or not _PLAIN(text) or text < "0001-01-02":
        return _written(parse(text, MICRO_LAYOUT), "microseconds")
    return text if _is_date(text) else _written(parse(text, MICRO_LAYOUT), "microseconds")


def parse(text: str, layout: str) -> datetime:
    """The moment; ValueError in the words of Go's time.Parse."""
    rest = text
    numbers = []
    for before, pattern, element, name, least, most in _PARTS:
        if not rest.startswith(before):
            raise _unreadable(text, layout, rest, before)
        rest = rest[len(before) :]
        match = pattern.match(rest)
        if not match:
            raise _unreadable(text, layout, rest, element)
        number = int(match[0])
        if not least <= number <= most:
            raise ValueError(f"parsing time {go_quote(text)}: {name} out of range")
        numbers.append(number)
        rest = rest[match.end() :]
    micros, rest = _fraction(text, layout, rest)
    offset, rest = _zone(text, layout, rest)
    if rest:
        raise ValueError(f"parsing time {go_quote(text)}: extra text: {go_quote(rest)}")
    try:
        return datetime(*numbers, micros, tzinfo=UTC) - offset  # type: ignore[arg-type, misc]
    except (ValueError, OverflowError):
        raise ValueError(f"parsing time {go_quote(text)}: day out of range") from None


def _fraction(text: str, layout: str, rest: str) -> tuple[int, str]:
    """Microseconds; the layout with them wants exactly six digits, the other takes any."""
    match = _FRACTION.match(rest)
    if layout == MICRO_LAYOUT:
        if not match or len(match[1]) < 6:
            raise _unreadable(text, layout, rest, ".000000")
        return int(match[1][:6]), rest[7:]
    return (int(match[1][:6].ljust(6, "0")), rest[match.end() :]) if match else (0, rest)


def _zone(text: str, layout: str, rest: str) -> tuple[timedelta, str]:
    if rest.startswith("Z"):
        return timedelta(), rest[1:]
    match = _ZONE.match(rest)
    if not match:
        raise _unreadable(text, layout, rest, "Z07:00")
    hours, minutes = int(match[2]), int(match[3])
    if hours > 24 or minutes > 60:
        which = "minute" if minutes > 60 else "hour"
        raise ValueError(f"parsing time {go_quote(text)}: time zone offset {which} out of range")
    offset = timedelta(hours=hours, minutes=minutes)
    return (-offset if match[1] == "-" else offset), rest[match.end() :]


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _written(moment: datetime, precision: str) -> str | None:
    if moment == ZERO:
        return None
    return moment.replace(tzinfo=None).isoformat(timespec="seconds" if precision == "seconds" else "microseconds") + "Z"


def _unreadable(text: str, layout: str, rest: str, element: str) -> ValueError:
    return ValueError(
        f"parsing time {go_quote(text)} as {go_quote(layout)}: cannot parse {go_quote(rest)} as {go_quote(element)}"
    )
