"""The nodes in the order in which pods of one sort take them, kept from pod to pod: only what changed is judged anew.

Ten thousand pods of one template differ in nothing that the scheduler looks at, and each of them changes one node.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from heapq import heapify, heappop, heappush

MOST_SORTS = 16
"""Sorts of pods that are remembered: each costs a note for every node that changes."""
SLACK = 64
"""So many outdated places a ranking may hold beside twice its nodes."""

Weight = tuple[int, ...]
Weigh = Callable[[str], Weight | None]
"""The weight of a node, lighter is better; None if it will not do."""


class Ranking:
    """The nodes that would do for one sort of pods, lightest first."""

    def __init__(self, names: Iterable[str]) -> None:
        self.unjudged: dict[str, None] = dict.fromkeys(names)
        self._weights: dict[str, Weight] = {}
        self._places: list[tuple[Weight, str]] = []

    def lightest(self, weigh: Weigh) -> str | None:
        """The lightest node, of equal ones the first by name; None if none would do."""
        for name in self.unjudged:
            weight = weigh(name)
            if weight is None:
                self._weights.pop(name, None)
            else:
                self._weights[name] = weight
                heappush(self._places, (weight, name))
        self.unjudged.clear()
        self._tidy()
        while self._places:
            weight, name = self._places[0]
            if self._weights.get(name) == weight:
                return name
            heappop(self._places)
        return None

    def _tidy(self) -> None:
        if len(self._places) > 2 * len(self._weights) + SLACK:
            self._places = [(weight, name) for name, weight in self._weights.items()]
            heapify(self._places)


class Rankings:
    """A ranking for each sort of pods that came lately."""

    def __init__(self) -> None:
        self._of: dict[Hashable, Ranking] = {}

    def touch(self, name: str) -> None:
        """The node, or what is on it, has changed."""
        for ranking in self._of.values():
            ranking.unjudged[name] = None

    def of(self, sort: Hashable, names: Iterable[str]) -> Ranking:
        """The ranking for pods of this sort; a new one begins with these nodes."""
        found = self._of.pop(sort, None)
        if found is None:
            found = Ranking(names)
            if len(self._of) >= MOST_SORTS:
                del self._of[next(iter(self._of))]
        self._of[sort] = found
        return found
