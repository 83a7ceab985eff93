"""Chance, handed in: uids and name suffixes from one seeded generator, so that a seed repeats a whole run."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

SAFE_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated suffixes: no vowels and nothing easily confused (apimachinery's rand.String)."""

T = TypeVar("T")

# RFC 9562: the bits of a UUID that tell its variant and version, and what they are in a random one.
_TELLING = (0xC000 << 48) | (0xF000 << 64)
_RANDOM = (0x8000 << 48) | (0x4000 << 64)


class Ids:
    """A source of identifiers; the same seed gives the same sequence."""

    def __init__(self, seed: int | str) -> None:
        self._random = Random(seed)
        self.mark()

    def mark(self) -> None:
        """Remember this place of the sequence: what came before it was given away for good."""
        self._marked = self._random.getstate()

    def rewind(self) -> None:
        """Go on from the marked place of the sequence."""
        self._random.setstate(self._marked)

    def uid(self) -> str:
        """A random (version 4) UUID."""
        text = f"{self._random.getrandbits(128) & ~_TELLING | _RANDOM:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def suffix(self, length: int = 5) -> str:
        """The random end of a generated name."""
        pick = self._random.random
        return "".join([SAFE_LETTERS[int(pick() * 27)] for _ in range(length)])

    def choice(self, items: Sequence[T]) -> T:
        """One of the items."""
        return self._random.choice(items)

    def number(self, below: int) -> int:
        """A number from 0 up to, not including, `below`."""
        return self._random.randrange(below)
