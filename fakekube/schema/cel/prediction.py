"""Which of several ways through the grammar the words ahead allow, as ANTLR finds it out: whoever asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from fakekube.schema.cel.grammar import (
    EOF,
    RULES,
    Choice,
    End,
    Loop,
    Maybe,
    Part,
    Parts,
    Place,
    Rule,
    Some,
    Suffixes,
    Token,
    ways_of,
)


class NoWay(Exception):
    """None of the ways goes on; the number of words that some of them allow."""

    def __init__(self, words: int) -> None:
        super().__init__(words)
        self.words = words


class _Call:
    """A rule that waits for one that it began; those that are equal are one and the same."""

    __slots__ = ("outer", "rule", "then")

    def __init__(self, rule: str, then: Place | None, outer: _Call | None) -> None:
        self.rule, self.then, self.outer = rule, then, outer


_Calls = dict[tuple[str, Place | None, _Call | None], _Call]


class _State(NamedTuple):
    way: int
    rule: str
    place: Place | None
    calls: _Call | None
    left: bool
    """Whether the rule that asked is over."""


def predict(rule: str, ways: Sequence[Place | None], kinds: Sequence[str]) -> int:
    """The number of the way to go on the words ahead; NoWay if there is none."""
    calls: _Calls = {}
    states = _closure((_State(number, rule, place, None, False) for number, place in enumerate(ways)), calls)
    for count, kind in enumerate(kinds):
        alive = {state.way for state in states}
        if len(alive) == 1 or _is_settled(states):
            return min(alive)
        further = _closure((moved for state in states if (moved := _moved(state, kind)) is not None), calls)
        if not further:
            over = {state.way for state in states if state.left}
            if over:
                return min(over)
            raise NoWay(count)
        states = further
        if kind == EOF:
            break
    return min(state.way for state in states)


def _is_settled(states: set[_State]) -> bool:
    """Whether looking on cannot tell the ways apart."""
    together: dict[tuple[object, ...], set[int]] = {}
    places: dict[tuple[object, ...], set[int]] = {}
    for state in states:
        together.setdefault((state.rule, state.place, state.calls), set()).add(state.way)
        places.setdefault((state.rule, state.place), set()).add(state.way)
    return any(len(ways) > 1 for ways in together.values()) and all(len(ways) > 1 for ways in places.values())


def _moved(state: _State, kind: str) -> _State | None:
    place = state.place
    if place is None or not place.parts:
        return None
    part = place.parts[0]
    if not isinstance(part, Token) or kind not in part.kinds:
        return None
    return state._replace(place=Place(place.parts[1:], place.then))


def _closure(states: Iterable[_State], calls: _Calls) -> set[_State]:
    """Where one may be without a further word: before words."""
    found: set[_State] = set()
    seen: set[_State] = set()
    waiting = list(states)
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        place = state.place
        if place is not None and place.parts and isinstance(place.parts[0], Token):
            found.add(state)
        else:
            waiting += _steps(state, calls)
    return found


def _steps(state: _State, calls: _Calls) -> Iterator[_State]:
    place = state.place
    if place is None:
        yield from _back(state)
        return
    if not place.parts:
        yield state._replace(place=place.then)
        return
    part, then = place.parts[0], Place(place.parts[1:], place.then)
    if isinstance(part, Rule):
        key = (state.rule, then, state.calls)
        call = calls.get(key) or calls.setdefault(key, _Call(*key))
        yield state._replace(rule=part.name, place=Place(RULES[part.name]), calls=call)
        return
    for inner in _inside(part, place, then):
        yield state._replace(place=inner)


def _inside(part: Part, place: Place, then: Place) -> Iterator[Place]:
    match part:
        case Maybe(parts):
            yield Place(parts, then)
            yield then
        case Loop(parts):
            yield Place(parts, place)
            yield then
        case Some(parts, far):
            yield Place(parts, Place((Loop(parts, far),), then))
        case Choice():
            yield from ways_of(part, then)
        case Suffixes():
            yield from ways_of(part, place)
            yield then
        case End():
            yield then


def _back(state: _State) -> Iterator[_State]:
    """The rule is over: on to who waits for it, or else to all that might."""
    if state.calls is not None:
        call = state.calls
        yield state._replace(rule=call.rule, place=call.then, calls=call.outer)
        return
    for rule, then in _followers()[state.rule]:
        yield _State(state.way, rule, then, None, True)


@cache
def _followers() -> dict[str, list[tuple[str, Place]]]:
    """Where each rule may be followed by what."""
    found: dict[str, list[tuple[str, Place]]] = {name: [] for name in RULES}
    for name, parts in RULES.items():
        _collect(name, Place(parts), found)
    return found


def _collect(rule: str, place: Place, found: dict[str, list[tuple[str, Place]]]) -> None:
    seen: set[Place] = set()
    waiting = [place]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        if not here.parts:
            waiting += [here.then] if here.then is not None else []
            continue
        part, then = here.parts[0], Place(here.parts[1:], here.then)
        if isinstance(part, (Rule, Token)):
            if isinstance(part, Rule):
                found[part.name].append((rule, then))
            waiting.append(then)
        else:
            waiting += _inside(part, here, then)


__all__ = ["NoWay", "Parts", "predict"]
