"""What a running cluster holds and has open, in numbers: for tests that want to know that nothing is left over."""

from __future__ import annotations

from typing import NamedTuple


class Stats(NamedTuple):
    """Counts at one moment."""

    objects: int
    """Objects of every kind."""
    watchers: int
    """Subscribers of the store, those of watches in progress."""
    streams: int
    """Watches that are being answered over HTTP."""
    connections: int
    """Open connections to the API."""
    tasks: int
    """asyncio tasks on the cluster's loop, but for the one that counts."""
