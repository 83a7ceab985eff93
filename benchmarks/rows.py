"""What a measurement yields."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One figure beside the bare one; `ratio` says how much of the bare rate, or how often the bare time.

    Of a figure at several sizes it says how much more one object costs than at the first of them.
    """

    name: str
    value: float
    unit: str
    bare: float | None = None
    ratio: float | None = None
    goal: str = ""
