"""jq, the language in which stages look into objects: expressions are read once, into filters.

What would reach out of the expression (input, the environment, the time) is refused when it is read, as is what is not
known.
"""

from __future__ import annotations

from typing import Any

from fakekube.nodes.jq.filters import TOP, Filter
from fakekube.nodes.jq.parsing import parse
from fakekube.nodes.jq.values import JqError

__all__ = ["JqError", "Query"]


class Query:
    """An expression, read once. JqError if it is none."""

    __slots__ = ("_filter", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._filter: Filter = parse(text)

    def all(self, value: Any) -> list[Any]:
        """What it makes of the value; JqError if it does not fit."""
        try:
            return [each for each, _ in self._filter(value, None, TOP)]
        except RecursionError as error:
            raise JqError(f"{self.text!r}: too deep") from error

    def present(self, value: Any) -> list[Any] | None:
        """The same without nulls; None if the expression does not fit the value."""
        try:
            return [each for each in self.all(value) if each is not None]
        except JqError:
            return None
