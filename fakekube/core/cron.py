"""Cron schedules as CronJobs know them (github.com/robfig/cron/v3): five fields, names, @descriptors, @every."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fakekube.core.fielderrors import go_quote


class CronError(ValueError):
    """A text that is no schedule; the message is the real parser's."""


class _Bounds(NamedTuple):
    low: int
    high: int
    names: tuple[str, ...] = ()


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_BOUNDS = (_Bounds(0, 59), _Bounds(0, 23), _Bounds(1, 31), _Bounds(1, 12, _MONTHS), _Bounds(0, 6, _DAYS))
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY = "@every "
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_SEARCH_YEARS = 5


class Schedule(NamedTuple):
    """The moments at which something is due; `every_seconds` alone, where it is given, says it."""

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    any_day: bool = False
    """The day of the month or the day of the week is a star: then both must fit, else one of them is enough."""
    zone: tzinfo | None = None
    every_seconds: int = 0

    def next(self, after: datetime) -> datetime | None:
        """The first moment later than `after`, which tells its zone; None if there is none in five years."""
        if self.every_seconds:
            return after.replace(microsecond=0) + timedelta(seconds=self.every_seconds)
        if self.zone is not None:
            return self._next_in(self.zone, after)
        found = self._next_naive(after.replace(tzinfo=None, second=0, microsecond=0) + timedelta(minutes=1))
        return None if found is None else found.replace(tzinfo=after.tzinfo)

    def comes(self, after: datetime) -> bool:
        """Whether there is such a moment at all: the 31st of February never comes."""
        return self.next(after) is not None

    def _next_in(self, zone: tzinfo, after: datetime) -> datetime | None:
        """The next moment in a zone whose clocks are changed: a time that they skip does not come, and one that comes
        twice comes twice."""
        moment = after.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        last_year = after.astimezone(zone).year + _SEARCH_YEARS
        while (local := moment.astimezone(zone)).year <= last_year:
            if local.month not in self.months:
                moment = _when(_month_after(local), moment)
            elif not self._fits_day(local):
                moment = _when(local.replace(hour=0, minute=0) + timedelta(days=1), moment)
            elif local.hour not in self.hours:
                moment += timedelta(minutes=60 - local.minute)
            elif local.minute not in self.minutes:
                jump = moment + timedelta(minutes=_until(local.minute, self.minutes, 60))
                changed = jump.astimezone(zone).utcoffset() != local.utcoffset()
                moment = moment + timedelta(minutes=1) if changed else jump
            else:
                return moment.astimezone(after.tzinfo)
        return None

    def _next_naive(self, moment: datetime) -> datetime | None:
        """The first fitting wall-clock minute from `moment` on."""
        last_year = moment.year + _SEARCH_YEARS
        while moment.year <= last_year:
            if moment.month not in self.months:
                moment = _month_after(moment)
            elif not self._fits_day(moment):
                moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
            elif moment.hour not in self.hours:
                moment = moment.replace(minute=0) + timedelta(hours=_until(moment.hour, self.hours, 24))
            elif moment.minute not in self.minutes:
                moment += timedelta(minutes=_until(moment.minute, self.minutes, 60))
            else:
                return moment
        return None

    def _fits_day(self, moment: datetime) -> bool:
        day, weekday = moment.day in self.days, moment.isoweekday() % 7 in self.weekdays
        return (day and weekday) if self.any_day else (day or weekday)


def _until(present: int, wanted: frozenset[int], end: int) -> int:
    """How far it is from here to the next number that is wanted, or to the end if there is none before it."""
    return min((number for number in wanted if number > present), default=end) - present


def _when(wall: datetime, past: datetime) -> datetime:
    """The moment at which clocks first show this or, if they skip it, have skipped it; later than `past`, for who put
    his clock back after midnight sees it twice."""
    first = wall.replace(fold=0).astimezone(UTC)
    return first if first > past else wall.replace(fold=1).astimezone(UTC)


def _month_after(moment: datetime) -> datetime:
    days = monthrange(moment.year, moment.month)[1]
    return moment.replace(day=days, hour=0, minute=0) + timedelta(days=1)


@lru_cache(maxsize=256)
def parse(text: str) -> Schedule:
    """Read a schedule; CronError in the real parser's words."""
    if not text:
        raise CronError("empty spec string")
    zone = None
    if text.startswith(("TZ=", "CRON_TZ=")):
        zone, text = _zone_of(text)
    if text.startswith("@"):
        return _descriptor(text, zone)
    fields = text.split()
    if len(fields) != len(_BOUNDS):
        raise CronError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    return _of_fields(fields, zone)


def _zone_of(text: str) -> tuple[tzinfo, str]:
    name, space, rest = text.partition(" ")
    name = name.partition("=")[2]
    if not space:
        raise CronError("invalid schedule format: runtime error: slice bounds out of range [:-1]")
    try:
        return ZoneInfo(name or "UTC"), rest.strip()
    except (KeyError, ValueError) as error:
        raise CronError(f"provided bad location {name}: unknown time zone {name}") from error


def _descriptor(text: str, zone: tzinfo | None) -> Schedule:
    if text in _DESCRIPTORS:
        return _of_fields(_DESCRIPTORS[text].split(), zone)
    if not text.startswith(_EVERY):
        raise CronError(f"unrecognized descriptor: {text}")
    duration = text.removeprefix(_EVERY)
    seconds = _duration_seconds(duration)
    if seconds is None:
        raise CronError(f"failed to parse duration {text}: time: invalid duration {go_quote(duration)}")
    return Schedule(every_seconds=max(1, int(seconds)))


def _duration_seconds(text: str) -> float | None:
    """A Go duration ("1h30m"); None for what is none."""
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.lstrip("+-"):
        return 0.0 if text in ("0", "+0", "-0") else None
    total = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
    return -total if text.startswith("-") else total


def _of_fields(fields: Sequence[str], zone: tzinfo | None) -> Schedule:
    read = [_field(field, bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)]
    (minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday) = read
    return Schedule(minutes, hours, days, months, weekdays, any_day or any_weekday, zone)


def _field(text: str, bounds: _Bounds) -> tuple[frozenset[int], bool]:
    """The numbers that a field names, and whether it is a star."""
    numbers: set[int] = set()
    is_star = False
    for part in filter(None, text.split(",")):
        chosen, star = _range(part, bounds)
        numbers.update(chosen)
        is_star = is_star or star
    return frozenset(numbers), is_star


def _range(text: str, bounds: _Bounds) -> tuple[range, bool]:
    head, *steps = text.split("/")
    low, *highs = head.split("-")
    is_star = low in ("*", "?")
    if is_star:
        start, end = bounds.low, bounds.high
    else:
        start = _number(low, bounds)
        if len(highs) > 1:
            raise CronError(f"too many hyphens: {text}")
        end = _number(highs[0], bounds) if highs else start
    if len(steps) > 1:
        raise CronError(f"too many slashes: {text}")
    step = _plain_number(steps[0]) if steps else 1
    if steps and not highs:
        end = bounds.high
    _check_range(start, end, step, bounds, text)
    return range(start, end + 1, step), is_star and step <= 1


def _check_range(start: int, end: int, step: int, bounds: _Bounds, text: str) -> None:
    if start < bounds.low:
        raise CronError(f"beginning of range ({start}) below minimum ({bounds.low}): {text}")
    if end > bounds.high:
        raise CronError(f"end of range ({end}) above maximum ({bounds.high}): {text}")
    if start > end:
        raise CronError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise CronError(f"step of range should be a positive number: {text}")


def _number(text: str, bounds: _Bounds) -> int:
    name = text.lower()
    return bounds.names.index(name) + bounds.low if name in bounds.names else _plain_number(text)


def _plain_number(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        raise CronError(f"failed to parse int from {text}: strconv.Atoi: parsing {go_quote(text)}: invalid syntax")
    number = int(text)
    if number < 0:
        raise CronError(f"negative number ({number}) not allowed: {text}")
    return number
