"""Finds the words for what is wrong with expressions that cannot be read: those of cel-go's parser, made by ANTLR.

It goes over the grammar as that parser does: with a word too many or too few it goes on, otherwise it gives up the rule
that it is in and looks for a word that may follow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from fakekube.schema.cel.faults import NOWHERE, Fault
from fakekube.schema.cel.grammar import (
    EOF,
    RULES,
    Choice,
    Loop,
    Maybe,
    Part,
    Parts,
    Place,
    Rule,
    Some,
    Suffixes,
    Token,
    first,
    shown,
    ways_of,
)
from fakekube.schema.cel.lexing import Read, Word, escaped, tokens
from fakekube.schema.cel.parsing import DEPTH_LIMIT, RESERVED, literal_fault
from fakekube.schema.cel.prediction import NoWay, predict

MOST_ATTEMPTS, MOST_SKIPPED = 30, 256
_NAMED = (0, 1)
"""The ways of a primary expression that are a name, or a call of one."""
_KEYWORD = re.compile(r"no viable alternative at input '\.(true|false|null)'")


def syntax_faults(source: str) -> list[Fault]:
    """What is wrong with an expression that cannot be read."""
    read = tokens(source)
    machine = _Machine(source, read)
    try:
        machine.run("start")
    except _TooMuch as reason:
        read.faults.append(Fault(reason.offset, reason.text))
    return read.faults


class _Misfit(Exception):
    """The rule cannot go on."""

    def __init__(self, word: Word, text: str) -> None:
        super().__init__(text)
        self.word, self.text = word, text


class _TooMuch(Exception):
    """Reading is given up altogether."""

    def __init__(self, offset: int, text: str) -> None:
        super().__init__(text)
        self.offset, self.text = offset, text


class _Frame(NamedTuple):
    """A rule at work: how close operators must hold, and what follows it in the rule that began it."""

    rule: str
    least: int
    then: Place | None


class _Machine:
    def __init__(self, source: str, read: Read) -> None:
        self._source, self._words, self._faults, self._gaps = source, read.words, read.faults, read.gaps
        self._kinds = [word.kind for word in read.words]
        self._next = 0
        self._frames: list[_Frame] = []
        self._place = Place(())
        self._recovering = False
        self._last_error: tuple[int, set[Place]] = (-1, set())
        self._attempts = 0
        self._depths: dict[str, int] = {}

    # --- words

    @property
    def _word(self) -> Word:
        return self._words[self._next]

    def _consume(self) -> None:
        self._next = min(self._next + 1, len(self._words) - 1)

    def _tell(self, word: Word, text: str) -> None:
        if match := _KEYWORD.fullmatch(text):
            text = f"mismatched input '{match[1]}' expecting IDENTIFIER"
        self._faults.append(Fault(word.offset, f"Syntax error: {text}"))

    def _tell_once(self, text: str) -> None:
        if not self._recovering:
            self._recovering = True
            self._tell(self._word, text)

    @staticmethod
    def _quoted(word: Word) -> str:
        return f"'{escaped(word.text)}'"

    # --- what may come

    def _expected(self, place: Place) -> frozenset[str]:
        """The words that may come at a place, with regard to who began the rules at work."""
        found, over = first(place)
        for frame in reversed(self._frames[1:]):
            if not over:
                break
            more, over = first(frame.then)
            found |= more
        return found | {EOF} if over else found

    def _recovery_set(self) -> frozenset[str]:
        return frozenset().union(*(first(frame.then).kinds for frame in self._frames[1:]))

    def _mismatch(self) -> _Misfit:
        text = f"mismatched input {self._quoted(self._word)} expecting {shown(self._expected(self._place))}"
        return _Misfit(self._word, text)

    def _delete(self) -> bool:
        """Leave out a word too many, if what follows it fits."""
        following = self._kinds[min(self._next + 1, len(self._kinds) - 1)]
        expected = self._expected(self._place)
        if following not in expected:
            return False
        self._tell_once(f"extraneous input {self._quoted(self._word)} expecting {shown(expected)}")
        self._consume()
        self._recovering = False
        return True

    def _attempt(self) -> None:
        if self._attempts == MOST_ATTEMPTS:
            raise _TooMuch(self._word.offset, f"Syntax error: error recovery attempt limit exceeded: {MOST_ATTEMPTS}")
        self._attempts += 1

    def _sync(self, *, looping: bool = False) -> None:
        """See whether the next word fits, before it is decided on."""
        if self._recovering:
            return
        kinds, over = first(self._place)
        if over or self._word.kind in kinds:
            return
        if not looping:
            if not self._delete():
                raise self._mismatch()
            return
        expected = self._expected(self._place)
        self._tell_once(f"extraneous input {self._quoted(self._word)} expecting {shown(expected)}")
        self._skip_to(expected | self._recovery_set())

    def _skip_to(self, kinds: frozenset[str], most: int | None = None) -> None:
        start = self._next
        while self._word.kind != EOF and self._word.kind not in kinds:
            if most is not None and self._next - start >= most:
                raise _TooMuch(NOWHERE, f"error recovery token lookahead limit exceeded: {most}")
            self._consume()

    def _recover(self) -> None:
        self._attempt()
        where, places = self._last_error
        if where == self._next and self._place in places:
            self._consume()
        if where != self._next:
            where = self._next
        places.add(self._place)
        self._last_error = (where, places)
        self._skip_to(self._recovery_set(), MOST_SKIPPED)

    # --- rules

    def run(self, rule: str, least: int = 0, then: Place | None = None) -> None:
        """Read what the rule says."""
        depth = self._depths[rule] = self._depths.get(rule, 0) + 1
        if depth > DEPTH_LIMIT:
            raise _TooMuch(NOWHERE, f"expression recursion limit exceeded: {DEPTH_LIMIT}")
        self._frames.append(_Frame(rule, least, then))
        try:
            self._read(Place(RULES[rule]))
        except _Misfit as misfit:
            if not self._recovering:
                self._recovering = True
                self._tell(misfit.word, misfit.text)
            if rule == "escapeIdent":
                self._faults.append(Fault(misfit.word.offset, "unsupported ident kind"))
            self._recover()
        finally:
            self._frames.pop()
            self._depths[rule] -= 1

    def _read(self, place: Place) -> None:
        """All the parts of this very sequence."""
        for index, part in enumerate(place.parts):
            here = Place(place.parts[index:], place.then)
            self._part(part, here, Place(place.parts[index + 1 :], place.then))

    def _part(self, part: Part, here: Place, then: Place) -> None:
        self._place = here
        match part:
            case Token(kinds):
                self._match(kinds, then)
            case Rule(name, least):
                self.run(name, least, then)
            case Maybe(parts):
                self._sync()
                if self._word.kind in first(Place(parts)).kinds:
                    self._read(Place(parts, then))
            case Loop(parts, far):
                self._sync()
                self._loop(parts, far, here, then)
            case Some(parts, far):
                self._some(parts, far, then)
            case Choice(_, far):
                self._sync()
                ways = list(ways_of(part, then))
                number, start = self._decide(ways) if far else self._at_once(ways), self._next
                self._read_way(ways[number])
                if self._frames[-1].rule == "primary" and number in _NAMED:
                    self._check_name(start)
                elif self._frames[-1].rule == "literal":
                    self._check_literal(start)
            case Suffixes():
                self._suffixes(part, here, then)

    def _check_name(self, start: int) -> None:
        name = self._words[start + (self._kinds[start] == ".")].text
        if name in RESERVED:
            self._faults.append(Fault(self._words[start].offset, f"reserved identifier: {name}"))

    def _check_literal(self, start: int) -> None:
        words = self._words[start : self._next]
        if words and words[-1].kind.isupper():
            wrong = literal_fault(words[-1].kind, "".join(word.text for word in words))
            self._faults += [Fault(words[0].offset, wrong)] if wrong else []

    def _match(self, kinds: frozenset[str], then: Place) -> None:
        if self._word.kind in kinds:
            self._recovering = False
            self._consume()
            return
        self._attempt()
        if self._delete():
            self._consume()
        elif self._word.kind in self._expected(then):
            missing = shown(self._expected(self._place))
            self._tell_once(f"missing {missing} at {self._quoted(self._word)}")
        else:
            raise self._mismatch()

    def _loop(self, parts: Parts, far: bool, here: Place, then: Place) -> None:
        inner = Place(parts, here)
        while self._goes_on(inner, then, far):
            self._read(inner)
            self._place = here
            self._sync(looping=True)

    def _goes_on(self, inner: Place, then: Place, far: bool) -> bool:
        if far:
            return self._decide([inner, then]) == 0
        return self._word.kind in first(Place(inner.parts)).kinds

    def _some(self, parts: Parts, far: bool, then: Place) -> None:
        again = Place((Loop(parts, far),), then)
        self._sync()
        while True:
            self._read(Place(parts, again))
            self._place = again
            self._sync(looping=True)
            if not self._goes_on(Place(parts, again), then, far):
                return

    def _suffixes(self, part: Suffixes, here: Place, then: Place) -> None:
        least = self._frames[-1].least
        self._sync()
        while True:
            ways = [way for way, (close, _) in zip(ways_of(part, here), part.ways, strict=True) if close >= least]
            found = self._decide([*ways, then], entering=len(ways))
            if found == len(ways):
                return
            self._place = here
            self._read_way(ways[self._decide(ways)])
            self._place = here
            self._sync(looping=True)

    def _read_way(self, way: Place) -> None:
        self._read(Place(way.parts[:-1], Place(way.parts[-1:], way.then)))

    def _at_once(self, ways: list[Place]) -> int:
        for number, way in enumerate(ways):
            if self._word.kind in first(way).kinds:
                return number
        raise _Misfit(self._word, f"no viable alternative at input {self._quoted(self._word)}")

    def _decide(self, ways: Sequence[Place], *, entering: int | None = None) -> int:
        """The number of the way that the words ahead allow. `entering`: that many first ones are one way as yet."""
        if len(ways) == 1:
            return 0
        rule, kinds = self._frames[-1].rule, self._kinds[self._next :]
        try:
            return predict(rule, ways, kinds) if entering is None else self._enter(rule, ways, entering, kinds)
        except NoWay as error:
            last = self._words[self._next + error.words]
            text = EOF if self._word.kind == EOF else self._text_until(last)
            raise _Misfit(last, f"no viable alternative at input '{escaped(text)}'") from None

    def _text_until(self, last: Word) -> str:
        """From the next word to another, without what is no word."""
        start, end = self._word.offset, last.offset + self._length(last)
        return "".join(
            letter
            for place, letter in enumerate(self._source[start:end], start)
            if not any(low <= place < high for low, high in self._gaps)
        )

    @staticmethod
    def _enter(rule: str, ways: Sequence[Place], entering: int, kinds: Sequence[str]) -> int:
        if not entering:
            return 0
        inner = ways[:entering]
        allowed = any(kinds[0] in first(way).kinds for way in inner)
        return 0 if allowed else entering

    @staticmethod
    def _length(word: Word) -> int:
        return 0 if word.kind == EOF else len(word.text)
