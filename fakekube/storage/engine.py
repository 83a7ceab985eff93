"""What keeps the bytes: the interface of a storage engine, and the one that keeps them in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from fakekube.storage.values import Key

Encode = Callable[[int], bytes]
"""Gives the bytes to write once the revision is known."""


class Engine(Protocol):
    """Orders writes and keeps them. The store above holds everything that is read; an engine is asked only to write
    and to load."""

    revision: int

    async def load(self) -> Iterable[tuple[Key, int, bytes]]:
        """What an earlier process left: key, revision and bytes of every object."""
        ...

    async def write(self, key: Key, encode: Encode | None, expected: int | None) -> tuple[int, bytes]:
        """Write (encode None: remove) as the next revision, if `key` is still at `expected` (None: absent); the
        revision and the bytes.

        The store has checked `expected` against what it holds; an engine that other processes write to checks again and
        raises `storage.store.Moved`.
        """
        ...

    def advance(self, revision: int) -> None:
        """Make the next revision larger than this one."""
        ...


class MemoryEngine:
    """Numbers the writes; the bytes live in the store alone and end with the process."""

    def __init__(self, revision: int = 0) -> None:
        self.revision = revision

    async def load(self) -> Iterable[tuple[Key, int, bytes]]:
        return ()

    async def write(self, key: Key, encode: Encode | None, expected: int | None) -> tuple[int, bytes]:
        self.revision += 1
        return self.revision, b"" if encode is None else encode(self.revision)

    def advance(self, revision: int) -> None:
        self.revision = max(self.revision, revision)
