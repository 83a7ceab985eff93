"""Room for expressions that are nested deeply: more calls within calls than Python allows by itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

PLAIN = 40
"""So many brackets and the like an expression may have without being deep."""
CALLS = 20_000
_NESTING = ("(", "[", "{", "?", "!", "-")


def is_deep(source: str) -> bool:
    """Whether an expression may need more room."""
    return len(source) > 2 * PLAIN and sum(map(source.count, _NESTING)) > PLAIN


@contextmanager
def room() -> Iterator[None]:
    """More calls within calls are allowed meanwhile."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, CALLS))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
