"""How large values may be, in calculations that end at the largest number there is."""

from __future__ import annotations

import math
from typing import NamedTuple

MOST = (1 << 64) - 1
LONGEST_FORMAT, LONGEST_NAME_PATTERN = 64, 128


def add(one: int, other: int) -> int:
    return min(one + other, MOST)


def times(one: int, other: int) -> int:
    return min(one * other, MOST)


def scaled(size: int, factor: float) -> int:
    if size > 0 and factor and float(size) > MOST / factor:
        return MOST
    return min(math.ceil(size * factor), MOST)


class Sizes(NamedTuple):
    """The least and the most elements, letters or bytes."""

    least: int
    most: int

    def plus(self, other: Sizes) -> Sizes:
        """Both together."""
        return Sizes(add(self.least, other.least), add(self.most, other.most))

    def times(self, other: Sizes) -> Sizes:
        """So many of the other."""
        return Sizes(times(self.least, other.least), times(self.most, other.most))

    def or_(self, other: Sizes) -> Sizes:
        """Either of them."""
        return Sizes(min(self.least, other.least), max(self.most, other.most))


UNKNOWN = Sizes(0, MOST)
ONE = Sizes(1, 1)
