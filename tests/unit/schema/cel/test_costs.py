"""Estimated costs: figures worked out by cel-go's rules."""

from typing import Any

import pytest

from fakekube.schema.cel.checking import Environment
from fakekube.schema.cel.compiling import compile
from fakekube.schema.cel.costs import highest_cost
from fakekube.schema.cel.library import functions
from fakekube.schema.cel.sizes import MOST
from fakekube.schema.custom.declared import declared

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "i": {"type": "integer"},
        "s": {"type": "string", "maxLength": 10},
        "e": {"type": "string", "enum": ["a", "bcd"]},
        "l": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 10}},
        "m": {"type": "object", "maxProperties": 4, "additionalProperties": {"type": "integer"}},
        "long": {"type": "string"},
    },
}


def cost(text: str) -> int:
    type = declared(SCHEMA)
    assert type is not None
    return highest_cost(compile(text, Environment(functions(), {"self": type})).tree, type)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", 0),
        ("self.i > 1", 2 + 1),
        ("has(self.i)", 1),
        ("self.s == 'abc'", 2 + 1),
        ("self.s.startsWith('abcdefghijkl')", 2 + 2),
        ("self.s + self.s == self.e", 4 + 8 + 2 + 1),
        ("self.s.matches('^[a-z]+$')", 2 + 5 * 2),
        ("self.l.all(x, x == 'a')", 2 + 5 * (2 + 1 + 2) + 1),
        ("'a' in self.l", 2 + 5),
        ("self.m.exists(k, self.m[k] > 3)", 2 + 4 * (3 + 1 + 5) + 1),
        ("[1, 2].size() == 2", 10 + 1 + 1),
        ("{'a': 1}.size() == 1", 30 + 1 + 1),
        ("quantity(self.s).isLessThan(quantity('1'))", 2 + 4 + 1 + 1),
        ("self.s.size() > 1 ? true : self.i > 1", 2 + 1 + 1 + 3),
    ],
)
def test_costs(text: str, expected: int) -> None:
    assert cost(text) == expected


def test_unbounded_work_costs_too_much() -> None:
    assert cost("self.long.matches('a+')") > 300_000
    assert cost("self.long.split('').map(x, x).join('').size() > 0") > MOST // 100
