"""Moments as Go's time package formats and parses them: by layouts that show a certain moment of the year 2006."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

NANOS = 10**9
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time.Time: nanoseconds since the epoch, shown in a zone."""

    nanos: int
    zone: tzinfo = UTC

    @property
    def local(self) -> datetime:
        """The moment to the second, in its zone."""
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.nanos // NANOS)).astimezone(self.zone)

    @property
    def part(self) -> int:
        """The nanoseconds within the second."""
        return self.nanos % NANOS

    def __str__(self) -> str:
        return formatted(self, "2006-01-02 15:04:05.999999999 -0700 MST")


ZERO = Moment(-62135596800 * NANOS)
"""Go's zero time: the first of January of the year 1."""

_ELEMENT = re.compile(
    r"January|Jan|Monday|Mon|MST|01|02|03|04|05|06|002|2006|15|PM|pm|_2006|__2|_2|"
    r"-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|"
    r"[.,]0+(?![0-9])|[.,]9+(?![0-9])|1|2|3|4|5"
)


def _elements(layout: str) -> list[tuple[str, str]]:
    """The layout as pairs of the text before an element and the element; the last element is ''."""
    found, at = [], 0
    while True:
        match = _ELEMENT.search(layout, at)
        text, element = layout[at : match.start() if match else None], match[0] if match else ""
        if element == "_2006":
            text, element = text + "_", "2006"
        if element in ("Jan", "Mon") and match is not None and layout[match.end() : match.end() + 1].islower():
            text, element = text + element, "skip"  # the beginning of a word
        found.append((text, element))
        if match is None:
            return found
        at = match.end()


def _offset(seconds: int, element: str) -> str:
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    if element.startswith("Z"):
        if not seconds:
            return "Z"
        element = "-" + element[1:]
    hours, minutes, rest = seconds // 3600, seconds % 3600 // 60, seconds % 60
    colon = ":" if ":" in element else ""
    made = f"{sign}{hours:02d}"
    if len(element) > 3:
        made += f"{colon}{minutes:02d}"
    if len(element.replace(":", "")) > 5:
        made += f"{colon}{rest:02d}"
    return made


def _zone_name(at: datetime) -> str:
    name = at.tzname() or ""
    return _offset(_seconds_of(at), "-0700") if name.startswith(("UTC+", "UTC-")) else name


def _seconds_of(at: datetime) -> int:
    offset = at.utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


_SHOWN: dict[str, Callable[[datetime], str]] = {
    "skip": lambda at: "",
    "January": lambda at: MONTHS[at.month - 1],
    "Jan": lambda at: MONTHS[at.month - 1][:3],
    "Monday": lambda at: DAYS[at.weekday()],
    "Mon": lambda at: DAYS[at.weekday()][:3],
    "MST": _zone_name,
    "1": lambda at: str(at.month),
    "01": lambda at: f"{at.month:02d}",
    "2": lambda at: str(at.day),
    "02": lambda at: f"{at.day:02d}",
    "_2": lambda at: f"{at.day:2d}",
    "002": lambda at: f"{at.timetuple().tm_yday:03d}",
    "__2": lambda at: f"{at.timetuple().tm_yday:3d}",
    "15": lambda at: f"{at.hour:02d}",
    "3": lambda at: str(at.hour % 12 or 12),
    "03": lambda at: f"{at.hour % 12 or 12:02d}",
    "4": lambda at: str(at.minute),
    "04": lambda at: f"{at.minute:02d}",
    "5": lambda at: str(at.second),
    "05": lambda at: f"{at.second:02d}",
    "2006": lambda at: f"{at.year:04d}",
    "06": lambda at: f"{at.year % 100:02d}",
    "PM": lambda at: "PM" if at.hour >= 12 else "AM",
    "pm": lambda at: "pm" if at.hour >= 12 else "am",
}


def formatted(moment: Moment, layout: str) -> str:
    """The moment by the layout."""
    at, made = moment.local, []
    for text, element in _elements(layout):
        made.append(text)
        if element in _SHOWN:
            made.append(_SHOWN[element](at))
        elif element[:1] in (".", ","):
            digits = f"{moment.part:09d}"[: len(element) - 1]
            digits = digits.rstrip("0") if "9" in element else digits
            made.append(element[0] + digits if digits else "")
        elif element:
            made.append(_offset(_seconds_of(at), element))
    return "".join(made)


def _names(names: list[str], short: bool) -> str:
    return "|".join(name[:3] if short else name for name in names)


_READ = {
    "January": f"(?P<month_name>{_names(MONTHS, False)})",
    "Jan": f"(?P<month_name>{_names(MONTHS, True)})",
    "Monday": f"(?:{_names(DAYS, False)})",
    "Mon": f"(?:{_names(DAYS, True)})",
    "MST": r"(?P<zone>[A-Z]{3,4}|[+-]\d{2})",
    "1": r"(?P<month>\d{1,2})",
    "01": r"(?P<month>\d{2})",
    "2": r"(?P<day>\d{1,2})",
    "02": r"(?P<day>\d{2})",
    "_2": r"\s?(?P<day>\d{1,2})",
    "002": r"(?P<year_day>\d{3})",
    "__2": r"\s{0,2}(?P<year_day>\d{1,3})",
    "15": r"(?P<hour>\d{2})",
    "3": r"(?P<hour>\d{1,2})",
    "03": r"(?P<hour>\d{2})",
    "4": r"(?P<minute>\d{1,2})",
    "04": r"(?P<minute>\d{2})",
    "5": r"(?P<second>\d{1,2})(?P<free>[.,]\d+)?",
    "05": r"(?P<second>\d{2})(?P<free>[.,]\d+)?",
    "2006": r"(?P<year>\d{4})",
    "06": r"(?P<short_year>\d{2})",
    "PM": r"(?P<half>AM|PM)",
    "pm": r"(?P<half>am|pm)",
    "skip": "",
}


def _reading(element: str) -> str:
    if element in _READ:
        return _READ[element]
    if element[:1] in (".", ","):
        return rf"(?P<fraction>[.,]\d{{{len(element) - 1}}})" if "0" in element else r"(?P<fraction>[.,]\d+)?"
    if not element:
        return ""
    colon = ":" if ":" in element else ""
    digits = r"\d{2}" + (rf"{colon}\d{{2}}" if len(element) > 3 else "")
    return f"(?P<offset>{'Z|' if element.startswith('Z') else ''}[+-]{digits})"


def parsed(text: str, layout: str, zone: tzinfo = UTC) -> Moment:
    """The moment that the text shows by the layout; ValueError if it does not."""
    elements = _elements(layout)
    pattern = ""
    for position, (plain, element) in enumerate(elements):
        part = _reading(element)
        following = elements[position + 1] if position + 1 < len(elements) else ("", "")
        if not following[0] and following[1][:1] in (".", ",") and following[1]:
            part = part.replace(r"(?P<free>[.,]\d+)?", "")
        pattern += re.escape(plain) + part
    match = re.fullmatch(pattern, text, re.IGNORECASE)
    if match is None:
        raise ValueError(f'parsing time "{text}" as "{layout}": cannot parse')
    return _moment({name: value for name, value in match.groupdict().items() if value is not None}, zone)


def _moment(found: dict[str, Any], zone: tzinfo) -> Moment:
    year = int(found.get("year") or 0)
    if "short_year" in found:
        year = int(found["short_year"]) + (1900 if int(found["short_year"]) >= 69 else 2000)
    month = int(found.get("month") or 1)
    if "month_name" in found:
        month = [name[:3].lower() for name in MONTHS].index(found["month_name"][:3].lower()) + 1
    hour = int(found.get("hour") or 0)
    if "half" in found:
        hour = hour % 12 + (12 if found["half"].lower() == "pm" else 0)
    offset, name = found.get("offset"), found.get("zone")
    if offset is not None:
        zone = UTC if offset in ("Z", "z") else timezone(_delta(offset))
    elif name is not None and name != "UTC":
        zone = timezone(timedelta(0), name)
    clock = (hour, int(found.get("minute") or 0), int(found.get("second") or 0))
    day = int(found.get("day") or 1)
    at = datetime(year or 1, month, day, *clock, tzinfo=zone)
    if "year_day" in found:
        at = datetime(year or 1, 1, 1, *clock, tzinfo=zone) + timedelta(days=int(found["year_day"]) - 1)
    seconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    if not year:
        seconds -= 366 * 86400  # the year 0, which datetime lacks, was a leap year
    fraction = (found.get("fraction") or found.get("free") or ".")[1:]
    return Moment(seconds * NANOS + int(fraction[:9].ljust(9, "0")), zone)


def _delta(offset: str) -> timedelta:
    digits = offset[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4] or 0))
    return -span if offset[0] == "-" else span


def zone_named(name: str) -> tzinfo:
    """The zone of this name, or UTC; the cluster's own is UTC."""
    if name in ("", "UTC", "Local"):
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return UTC


METHODS: dict[str, Callable[..., Any]] = {
    "Unix": lambda at: at.nanos // NANOS,
    "UnixMilli": lambda at: at.nanos // 10**6,
    "UnixMicro": lambda at: at.nanos // 10**3,
    "UnixNano": lambda at: at.nanos,
    "Year": lambda at: at.local.year,
    "Month": lambda at: MONTHS[at.local.month - 1],
    "Day": lambda at: at.local.day,
    "Hour": lambda at: at.local.hour,
    "Minute": lambda at: at.local.minute,
    "Second": lambda at: at.local.second,
    "Nanosecond": lambda at: at.part,
    "Weekday": lambda at: DAYS[at.local.weekday()],
    "YearDay": lambda at: at.local.timetuple().tm_yday,
    "UTC": lambda at: Moment(at.nanos),
    "Local": lambda at: Moment(at.nanos),
    "IsZero": lambda at: at.nanos == ZERO.nanos,
    "String": str,
    "Format": formatted,
    "AddDate": lambda at, years, months, days: _later(at, years, months, days),
    "Equal": lambda at, other: at.nanos == other.nanos,
    "Before": lambda at, other: at.nanos < other.nanos,
    "After": lambda at, other: at.nanos > other.nanos,
}
"""What can be asked of a moment."""


def _later(moment: Moment, years: int, months: int, days: int) -> Moment:
    at = moment.local
    total = at.year * 12 + at.month - 1 + years * 12 + months
    begin = at.replace(year=total // 12, month=total % 12 + 1, day=1)
    moved = begin + timedelta(days=at.day - 1 + days)
    seconds = (moved - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    return Moment(seconds * NANOS + moment.part, moment.zone)
