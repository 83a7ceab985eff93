"""resource.Quantity: amounts such as "500m" or "1.5Gi", exact, in the real server's canonical text.

Every quantity is a whole number of nanos (smaller parts are rounded away from zero when read), so an amount is one
integer. The rules, oddities included (a text that looks canonical is kept as it stands), are those of
k8s.io/apimachinery/pkg/api/resource.
"""

from __future__ import annotations

import re
from functools import lru_cache, total_ordering
from typing import Any

from fakekube.core.meta import Obj

FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
NUMERIC_WRONG = "unable to parse numeric part of quantity"
SUFFIX_WRONG = "unable to parse quantity's suffix"

DECIMAL, BINARY, EXPONENT = "DecimalSI", "BinarySI", "DecimalExponent"

NANO = 10**9
MAXIMUM_EXPONENT = 4000
"""Larger exponents are refused rather than computed: their digits would fill the memory."""

_LARGEST = 2**63 - 1
_DECIMAL_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_SUFFIXES = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_TEXT = {exponent: suffix for suffix, exponent in _DECIMAL_SUFFIXES.items()}
_BINARY_TEXT = {0: "", **{exponent // 10: suffix for suffix, exponent in _BINARY_SUFFIXES.items()}}

_SPLIT = re.compile(r"([+-]?)([0-9]*)(?:(\.)([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)", re.ASCII)
_PLAIN_EXPONENT = re.compile(r"[eE]([-+]?[0-9]+)", re.ASCII)


@total_ordering
class Quantity:
    """An amount in nanos with the form in which it is written; equal and ordered by the amount alone."""

    __slots__ = ("_text", "form", "nanos")

    def __init__(self, nanos: int, form: str = DECIMAL, text: str = "") -> None:
        self.nanos = nanos
        self.form = form
        self._text = text

    def __str__(self) -> str:
        if not self._text:
            self._text = _canonical_text(self.nanos, self.form)
        return self._text

    def __repr__(self) -> str:
        return f"Quantity({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.nanos == other.nanos

    def __lt__(self, other: Quantity) -> bool:
        return self.nanos < other.nanos

    def __hash__(self) -> int:
        return hash(self.nanos)

    def __bool__(self) -> bool:
        return self.nanos != 0

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.nanos + other.nanos, self.form if self.nanos else other.form)

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(self.nanos - other.nanos, self.form if self.nanos else other.form)

    def __neg__(self) -> Quantity:
        return Quantity(-self.nanos, self.form)

    def __mul__(self, factor: int) -> Quantity:
        return Quantity(self.nanos * factor, self.form)

    def value(self) -> int:
        """The amount as a whole number, rounded away from zero."""
        return _divided_away(self.nanos, NANO)

    def milli(self) -> int:
        """The amount in thousandths, rounded away from zero."""
        return _divided_away(self.nanos, 10**6)

    def is_whole(self) -> bool:
        """Whether nothing is lost in `value`."""
        return self.nanos % NANO == 0

    def rounded_to_milli(self) -> Quantity:
        """The same amount without parts below a thousandth, as resource lists of the core group are stored."""
        return self if self.nanos % 10**6 == 0 else Quantity(self.milli() * 10**6, self.form)


ZERO = Quantity(0, DECIMAL, "0")


def parse(value: Any) -> Quantity:
    """The quantity of JSON text or of a JSON number (null is zero); ValueError in the real server's words."""
    if isinstance(value, str):
        return _parse_text(value.strip(" "))
    if value is None:
        return ZERO
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _parse_text(str(value))
    raise ValueError(FORMAT_WRONG)


def canonical(value: Any) -> str:
    """The text under which the server keeps this quantity; ValueError in the real server's words."""
    return str(_parse_text(value)) if type(value) is str and value[:1] != " " else str(parse(value))


def from_int(number: int, form: str = DECIMAL) -> Quantity:
    """A whole number."""
    return Quantity(number * NANO, form)


def from_milli(number: int, form: str = DECIMAL) -> Quantity:
    """So many thousandths."""
    return Quantity(number * 10**6, form)


def add_lists(one: Obj, other: Obj) -> dict[str, str]:
    """The sum of two resource lists ({"cpu": "1"}), key by key, as canonical text."""
    total = {name: canonical(amount) for name, amount in one.items()}
    for name, amount in other.items():
        total[name] = str(parse(total[name]) + parse(amount)) if name in total else canonical(amount)
    return total


@lru_cache(maxsize=8192)
def _parse_text(text: str) -> Quantity:
    """Read a quantity; the answers are shared, which is safe because nothing changes a Quantity."""
    text = text.strip(" ")
    found = _SPLIT.fullmatch(text) if text else None
    if found is None:
        raise ValueError(FORMAT_WRONG)
    sign, written, point, part, suffix = found.groups(default="")
    if not (written or point or suffix):
        return ZERO  # a sign alone
    whole = written.lstrip("0") or "0"
    base, exponent, form = _suffix(suffix)
    digits = whole + part
    kept = ""
    if _is_quick(len(whole), len(part), exponent, form):
        kept = text if _looks_canonical(digits, exponent - len(part), form) else ""
    elif not written and not part:
        raise ValueError(NUMERIC_WRONG)
    nanos = _nanos(int(digits), base, exponent, len(part))
    if form == BINARY:
        nanos = min(nanos, _LARGEST * NANO)
        if 0 < nanos < NANO:
            form = DECIMAL
    return Quantity(-nanos if sign == "-" else nanos, form, kept if nanos else "0")


def _suffix(suffix: str) -> tuple[int, int, str]:
    """The base, the exponent and the form that a suffix stands for."""
    if suffix in _DECIMAL_SUFFIXES:
        return 10, _DECIMAL_SUFFIXES[suffix], DECIMAL
    if suffix in _BINARY_SUFFIXES:
        return 2, _BINARY_SUFFIXES[suffix], BINARY
    found = _PLAIN_EXPONENT.fullmatch(suffix)
    if found is None or abs(int(found[1])) > MAXIMUM_EXPONENT:
        raise ValueError(SUFFIX_WRONG)
    return 10, int(found[1]), EXPONENT


def _is_quick(whole_length: int, part_length: int, exponent: int, form: str) -> bool:
    """Whether the real parser reads the text on its quick path, where it may keep the text as it stands."""
    if form == BINARY:
        return part_length == 0 and 15 - whole_length - exponent * 3 // 10 - 1 >= 0
    return whole_length + part_length <= 18 and exponent - part_length >= -9


def _looks_canonical(digits: str, scale: int, form: str) -> bool:
    """What the real parser takes for canonical: a rough look only, so "1.500" and "+5" stay as they are."""
    if form == BINARY:
        return int(digits) & 7 != 0
    return scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"


def _nanos(number: int, base: int, exponent: int, part_length: int) -> int:
    """number * base**exponent / 10**part_length in nanos, rounded up."""
    if base == 2:
        return _divided_away((number << exponent) * NANO, 10**part_length)
    scale = exponent - part_length + 9
    return number * 10**scale if scale >= 0 else _divided_away(number, 10**-scale)


def _divided_away(number: int, by: int) -> int:
    """The quotient, rounded away from zero."""
    return -(-number // by) if number > 0 else number // by


def _canonical_text(nanos: int, form: str) -> str:
    """The shortest text without a fraction; a binary amount that would lose something is written as a decimal."""
    if nanos == 0:
        return "0"
    if form == BINARY and nanos % NANO == 0 and abs(nanos) >= 1024 * NANO:
        mantissa, times = _without_factors(nanos // NANO, 1024)
        return f"{mantissa}{_BINARY_TEXT.get(times, '')}"
    mantissa, times = _without_factors(nanos, 1000)
    exponent = times * 3 - 9
    if form == EXPONENT:
        return f"{mantissa}e{exponent}" if exponent else str(mantissa)
    return f"{mantissa}{_DECIMAL_TEXT.get(exponent, '')}"


def _without_factors(number: int, factor: int) -> tuple[int, int]:
    """The number divided by `factor` as often as that goes, and how often."""
    times = 0
    while number % factor == 0:
        number //= factor
        times += 1
    return number, times
