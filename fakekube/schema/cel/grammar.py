"""The grammar of expressions as data, and what may come where: for telling what is wrong with those that break it.

A rule is a sequence of parts. A place in it is what is left of it: parts, and the place that follows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple


class Token(NamedTuple):
    """One of these words."""

    kinds: frozenset[str]


class Rule(NamedTuple):
    """Another rule; `least` is how close operators must hold that it may take."""

    name: str
    least: int = 0


class Maybe(NamedTuple):
    """The parts, or nothing."""

    parts: Parts
    sign: str = "?"
    """Tells it from other kinds of parts, as below."""


class Loop(NamedTuple):
    """The parts any number of times; `far`: whether there are more is found out by looking further ahead."""

    parts: Parts
    far: bool = False
    sign: str = "*"


class Some(NamedTuple):
    """The parts once or more."""

    parts: Parts
    far: bool = False
    sign: str = "+"


class Choice(NamedTuple):
    """One of several sequences; `far` as above."""

    ways: tuple[Parts, ...]
    far: bool = True


class Suffixes(NamedTuple):
    """Any number of sequences, each with how close it holds what stands before it."""

    ways: tuple[tuple[int, Parts], ...]


class End(NamedTuple):
    """The end of one of several sequences: tells it from the others."""

    number: int


Part = Token | Rule | Maybe | Loop | Some | Choice | Suffixes | End
Parts = tuple[Part, ...]


class Place(NamedTuple):
    """What is left of a rule."""

    parts: Parts
    then: Place | None = None


EOF = "<EOF>"


def _word(*kinds: str) -> Token:
    return Token(frozenset(kinds))


_DOT, _COMMA, _NAME = _word("."), _word(","), _word("IDENTIFIER")
_OPTIONAL = Maybe((_word("?"),))
_EXPR, _OPT_EXPR = Rule("expr"), Rule("optExpr")


def _listed(*parts: Part, far: bool = True) -> Parts:
    return (*parts, Loop((_COMMA, *parts), far))


def _constant(kind: str, *, signed: bool = False) -> Parts:
    return (Maybe((_word("-"),)), _word(kind)) if signed else (_word(kind),)


RULES: dict[str, Parts] = {
    "start": (_EXPR, _word(EOF)),
    "expr": (Rule("conditionalOr"), Maybe((_word("?"), Rule("conditionalOr"), _word(":"), _EXPR))),
    "conditionalOr": (Rule("conditionalAnd"), Loop((_word("||"), Rule("conditionalAnd")))),
    "conditionalAnd": (Rule("relation"), Loop((_word("&&"), Rule("relation")))),
    "relation": (
        Rule("calc"),
        Suffixes(((1, (_word("<", "<=", ">=", ">", "==", "!=", "in"), Rule("relation", 2))),)),
    ),
    "calc": (
        Rule("unary"),
        Suffixes(((2, (_word("*", "/", "%"), Rule("calc", 3))), (1, (_word("+", "-"), Rule("calc", 2))))),
    ),
    "unary": (
        Choice(
            (
                (Rule("member"),),
                (Some((_word("!"),)), Rule("member")),
                (Some((_word("-"),), far=True), Rule("member")),
            )
        ),
    ),
    "member": (
        Rule("primary"),
        Suffixes(
            (
                (3, (_DOT, _OPTIONAL, Rule("escapeIdent"))),
                (2, (_DOT, _NAME, _word("("), Maybe((Rule("exprList"),)), _word(")"))),
                (1, (_word("["), _OPTIONAL, _EXPR, _word("]"))),
            )
        ),
    ),
    "primary": (
        Choice(
            (
                (Maybe((_DOT,)), _NAME),
                (Maybe((_DOT,)), _NAME, _word("("), Maybe((Rule("exprList"),)), _word(")")),
                (_word("("), _EXPR, _word(")")),
                (_word("["), Maybe((Rule("listInit"),)), Maybe((_COMMA,)), _word("]")),
                (_word("{"), Maybe((Rule("mapInitializerList"),)), Maybe((_COMMA,)), _word("}")),
                (
                    *(Maybe((_DOT,)), _NAME, Loop((_DOT, _NAME)), _word("{")),
                    *(Maybe((Rule("fieldInitializerList"),)), Maybe((_COMMA,)), _word("}")),
                ),
                (Rule("literal"),),
            )
        ),
    ),
    "exprList": _listed(_EXPR, far=False),
    "listInit": _listed(_OPT_EXPR),
    "fieldInitializerList": _listed(Rule("optField"), _word(":"), _EXPR),
    "optField": (_OPTIONAL, Rule("escapeIdent")),
    "mapInitializerList": _listed(_OPT_EXPR, _word(":"), _EXPR),
    "escapeIdent": (Choice(((_NAME,), (_word("ESC_IDENTIFIER"),)), far=False),),
    "optExpr": (_OPTIONAL, _EXPR),
    "literal": (
        Choice(
            (
                _constant("NUM_INT", signed=True),
                _constant("NUM_UINT"),
                _constant("NUM_FLOAT", signed=True),
                *map(_constant, ("STRING", "BYTES", "true", "false", "null")),
            )
        ),
    ),
}
_SIGNS = (
    *("==", "!=", "in", "<", "<=", ">=", ">", "&&", "||", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":"),
    *("+", "*", "/", "%", "true", "false", "null"),
)
_CLASSES = ("NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES", "IDENTIFIER", "ESC_IDENTIFIER")
_ORDER = {kind: index for index, kind in enumerate((EOF, *_SIGNS, *_CLASSES))}


def shown(kinds: frozenset[str]) -> str:
    """The words in the grammar's order, as messages list them."""
    listed = [f"'{kind}'" if kind in _SIGNS else kind for kind in sorted(kinds, key=_ORDER.__getitem__)]
    return listed[0] if len(listed) == 1 else "{" + ", ".join(listed) + "}"


# --- what may come


class First(NamedTuple):
    """The words that may come next, and whether the rule may be over."""

    kinds: frozenset[str]
    over: bool


def first(place: Place | None) -> First:
    """What may come at a place, as far as its rule tells."""
    found: frozenset[str] = frozenset()
    while place is not None:
        for part in place.parts:
            kinds, may_be_nothing = _first_of(part)
            found |= kinds
            if not may_be_nothing:
                return First(found, False)
        place = place.then
    return First(found, True)


@cache
def _first_of(part: Part) -> First:
    match part:
        case Token(kinds):
            return First(kinds, False)
        case Rule(name):
            return first(Place(RULES[name]))
        case Maybe(parts) | Loop(parts):
            return First(first(Place(parts)).kinds, True)
        case Some(parts):
            return First(first(Place(parts)).kinds, False)
        case Choice(ways):
            return First(frozenset().union(*(first(Place(way)).kinds for way in ways)), False)
        case Suffixes(rows):
            return First(frozenset().union(*(first(Place(way)).kinds for _, way in rows)), True)
        case End():
            return First(frozenset(), True)


def ways_of(part: Choice | Suffixes, then: Place) -> Iterator[Place]:
    """Where each of the sequences begins."""
    ways = part.ways if isinstance(part, Choice) else tuple(way for _, way in part.ways)
    for number, way in enumerate(ways):
        yield Place((*way, End(number)), then)
