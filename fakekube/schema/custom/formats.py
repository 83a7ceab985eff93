"""String formats that schemas of custom resources may name, each with the check that the API server makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from fakekube.core import addresses, gourl
from fakekube.core.patterns import matcher

Check = Callable[[str], bool]

_HOSTNAME = (
    r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}"
    r"[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$"
)
_HEX4 = "[0-9a-f]{4}"
_UUID = "(?i)^[0-9a-f]{{8}}-?{hex4}-?{third}-?{fourth}-?[0-9a-f]{{12}}$"
_COLOR_PART = r"(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])"
_CARD = (
    r"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|"
    r"3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$"
)
_BASE64 = r"^(?:[A-Za-z0-9+\/]{4})*(?:[A-Za-z0-9+\/]{2}==|[A-Za-z0-9+\/]{3}=|[A-Za-z0-9+\/]{4})$"
_SHORT_NAME = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"


def _like(pattern: str) -> Check:
    """A check for a pattern, which is compiled when first asked."""
    return lambda text: matcher(pattern)(text)


_is_hostname_like = _like(_HOSTNAME)
_is_card_like = _like(_CARD)
_is_ssn_like = _like(r"^\d{3}[- ]?\d{2}[- ]?\d{4}$")
_is_short = _like(f"^{_SHORT_NAME}$")
_is_long = _like(rf"^{_SHORT_NAME}(\.{_SHORT_NAME})*$")
_time_of_day = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))", re.ASCII)
_go_duration = re.compile(r"[+-]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)")
_loose_duration = re.compile(r"(\d+)\s*([A-Za-zµ]+)", re.ASCII)
_mac = re.compile(
    r"([0-9a-f]{2}([:-])[0-9a-f]{2}(\2[0-9a-f]{2}){4}((\2[0-9a-f]{2}){2}|(\2[0-9a-f]{2}){14})?"
    r"|([0-9a-f]{4}\.){2}[0-9a-f]{4}((\.[0-9a-f]{4})|(\.[0-9a-f]{4}){7})?)",
    re.IGNORECASE | re.ASCII,
)
_atom = r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\x7f])+"  # a class up to \U0010ffff takes long to compile
_address = re.compile(rf'({_atom}(\.{_atom})*|"([^"\\\x00-\x1f]|\\.)*")@({_atom}(\.{_atom})*|\[[^\[\]\\\s]*\])')
_named_address = re.compile(r'\s*(?:"(?:[^"\\]|\\.)*"|[^<>"@,;:]*)\s*<([^<>]*)>\s*')

_DURATION_UNITS = (
    ("ns", "nano"),
    ("us", "µs", "micro"),
    ("ms", "milli"),
    ("s", "sec"),
    ("m", "min"),
    ("h", "hr", "hour"),
    ("d", "day"),
    ("w", "wk", "week"),
)


def _is_hostname(text: str) -> bool:
    return (
        _is_hostname_like(text)
        and len(text.encode()) <= 255
        and all(len(part.encode()) <= 63 for part in text.split("."))
    )


def _is_email(text: str) -> bool:
    named = _named_address.fullmatch(text)
    return _address.fullmatch((named[1] if named else text).strip()) is not None


def _is_uri(text: str) -> bool:
    try:
        gourl.parse_request(text)
    except gourl.UrlError:
        return False
    return True


def _is_ipv4(text: str) -> bool:
    return addresses.parse_ip(text) is not None and "." in text


def _is_ipv6(text: str) -> bool:
    return addresses.parse_ip(text) is not None and ":" in text


def _is_cidr(text: str) -> bool:
    return addresses.parse_cidr(text) is not None


def is_date(text: str) -> bool:
    """A full-date of RFC 3339."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not text.replace("-", "").isdecimal():
        return False
    try:
        return bool(date(int(text[:4]) or 4, int(text[5:7]), int(text[8:])))  # Go has a year 0, and it is a leap year
    except ValueError:
        return False


def is_date_time(text: str) -> bool:
    """A date-time of RFC 3339, as loosely as the API server takes it."""
    day, letter, clock = text.lower().partition("t")
    if not letter or not is_date(day):
        return False
    found = _time_of_day.fullmatch(clock.partition("t")[0])
    return found is not None and found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


def is_duration(text: str) -> bool:
    """A duration of Go ("1h30m"), or one in words ("3 days")."""
    if _go_duration.fullmatch(text):
        return True
    return any(_is_unit(unit.lower()) for _, unit in _loose_duration.findall(text))


def _is_unit(unit: str) -> bool:
    return any(unit in variants or unit.startswith(variants[-1]) for variants in _DURATION_UNITS)


def _is_isbn10(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text)
    if not re.fullmatch("[0-9]{9}[0-9X]", digits):
        return False
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return sum((index + 1) * value for index, value in enumerate(values)) % 11 == 0


def _is_isbn13(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text)
    if not re.fullmatch("[0-9]{13}", digits):
        return False
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits[:12]))
    return int(digits[12]) == (10 - total % 10) % 10


def _is_card(text: str) -> bool:
    digits = re.sub("[^0-9]+", "", text)
    if not _is_card_like(digits):
        return False
    doubled = [int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _uuid(third: str = _HEX4, fourth: str = _HEX4) -> Check:
    return _like(_UUID.format(hex4=_HEX4, third=third, fourth=fourth))


CHECKS: Mapping[str, Check] = {
    "bsonobjectid": _like("^[0-9a-fA-F]{24}$"),
    "uri": _is_uri,
    "email": _is_email,
    "hostname": _is_hostname,
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "cidr": _is_cidr,
    "mac": lambda text: _mac.fullmatch(text) is not None,
    "uuid": _uuid(),
    "uuid3": _uuid("3[0-9a-f]{3}"),
    "uuid4": _uuid("4[0-9a-f]{3}", "[89ab][0-9a-f]{3}"),
    "uuid5": _uuid("5[0-9a-f]{3}", "[89ab][0-9a-f]{3}"),
    "isbn": lambda text: _is_isbn10(text) or _is_isbn13(text),
    "isbn10": _is_isbn10,
    "isbn13": _is_isbn13,
    "creditcard": _is_card,
    "ssn": lambda text: len(text) == 11 and _is_ssn_like(text),
    "hexcolor": _like("^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
    "rgbcolor": _like(rf"^rgb\(\s*{_COLOR_PART}\s*,\s*{_COLOR_PART}\s*,\s*{_COLOR_PART}\s*\)$"),
    "byte": _like(_BASE64),
    "password": lambda text: True,
    "date": is_date,
    "duration": is_duration,
    "datetime": is_date_time,
    "k8sshortname": lambda text: len(text.encode()) <= 63 and _is_short(text),
    "k8slongname": lambda text: len(text.encode()) <= 253 and _is_long(text),
}
"""By the name without dashes, as the registry of formats knows them."""

_NUMBER_FORMATS = {"integer": ("int32", "int64"), "number": ("float", "double")}


def known(format: str, type: str) -> bool:
    """Whether the format means something for values of this type ('': of any); others are ignored."""
    if type in ("", "string"):
        return format.replace("-", "") in CHECKS
    return format in _NUMBER_FORMATS.get(type, ())


def format_of(schema: Mapping[str, Any]) -> str:
    """The schema's format, '' if it is none that is checked."""
    format = schema.get("format") or ""
    if not format:
        return ""
    several = schema.get("x-kubernetes-int-or-string")
    return format if known(format, "" if several else schema.get("type") or "") else ""


def check_of(format: str) -> Check | None:
    """The check of a format of strings; None if there is none."""
    return CHECKS.get(format.replace("-", ""))
