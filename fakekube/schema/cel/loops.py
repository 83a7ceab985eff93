"""What macros become: loops, with what each round costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fakekube.schema.cel.library.collections import inserted
from fakekube.schema.cel.values import EvaluationError, Exceeded, Frame, Run, Struct, is_true, type_name

Rounds = Callable[[Frame], Iterator[None]]
Step = tuple[Run, int]

# What a round of the loop that a macro stands for costs beside the macro's own arguments: whether it goes on is asked
# by looking at what is carried along, and that is looked at again to be changed.
ALL, EXISTS = 3, 4
ASKED = {"all": 2, "exists": 3}
"""What asking alone costs, once more after the round that decided."""
COUNTED = 2
APPENDED, LIST_MADE = 2, 10
INSERTED, ENTERED = 3, 2


def loop(macro: str, items: Run, places: tuple[int, int], steps: Sequence[Step], *, constant: bool) -> Run:
    """The function of a macro; `steps`: what it makes or asks, and a filter; `constant`: what it makes is a constant.

    Its result is looked at once, which costs 1 and is for the caller to book.
    """
    (made, cost), *tests = steps
    test, test_cost = tests[0] if tests else (None, 0)
    match macro:
        case "all" | "exists":
            rounds = _rounds(items, places, cost + (ALL if macro == "all" else EXISTS))
            return _quantified(rounds, made, ASKED[macro], stop=macro == "exists")
        case "exists_one":
            return _exists_one(_rounds(items, places, cost), made)
        case "list":
            cost += APPENDED + (0 if constant else LIST_MADE)
        case "map":
            cost += INSERTED
        case _:
            cost += ENTERED
    rounds = _rounds(items, places, test_cost if test else cost)
    return _MAKERS[macro](rounds, made, test, cost, places[0])


def bound(start: Run, place: int, result: Run) -> Run:
    """A value that gets a name."""

    def run(frame: Frame) -> Any:
        frame[place] = start(frame)
        return result(frame)

    return run


def _rounds(items: Run, places: tuple[int, int], cost: int) -> Rounds:
    first, second = places
    return _pairs(items, first, second, cost) if second else _singles(items, first, cost)


def _singles(items: Run, place: int, cost: int) -> Rounds:
    def rounds(frame: Frame) -> Iterator[None]:
        found = items(frame)
        if isinstance(found, Struct):
            found = [name for name, _ in found.items()]
        elif not isinstance(found, (list, dict)):
            raise EvaluationError(f"got '{_go_type(found)}', expected iterable type")
        for item in found:
            frame[0] -= cost
            if frame[0] < 0:
                raise Exceeded
            frame[place] = item
            yield

    return rounds


def _pairs(items: Run, first: int, second: int, cost: int) -> Rounds:
    def rounds(frame: Frame) -> Iterator[None]:
        found = items(frame)
        if not isinstance(found, (list, dict, Struct)):
            raise EvaluationError(f"unsupported comprehension range type: {_go_type(found)}")
        for one, other in enumerate(found) if isinstance(found, list) else list(found.items()):
            frame[0] -= cost
            if frame[0] < 0:
                raise Exceeded
            frame[first], frame[second] = one, other
            yield

    return rounds


_GO_TYPES = {"null_type": "Null", "type": "Type", "optional_type": "Optional"}


def _go_type(value: Any) -> str:
    """What the value's type is called in Go."""
    name = type_name(value).removeprefix("google.protobuf.")
    return f"types.{_GO_TYPES.get(name) or name.capitalize()}"


def _quantified(rounds: Rounds, test: Run, asked: int, *, stop: bool) -> Run:
    def run(frame: Frame) -> bool:
        fault: EvaluationError | None = None
        going = rounds(frame)
        for _ in going:
            try:
                if is_true(test(frame)) is stop:
                    before = frame[0]
                    if next(going, going) is None:
                        frame[0] = before - asked  # the next round is begun and no more
                    return stop
            except EvaluationError as error:
                fault = fault or error
        if fault is not None:
            raise fault
        return not stop

    return run


def _exists_one(rounds: Rounds, test: Run) -> Run:
    def run(frame: Frame) -> bool:
        count, fault = 0, None
        for _ in rounds(frame):
            try:
                if is_true(test(frame)):
                    frame[0] -= COUNTED
                    count += 1
            except EvaluationError as error:
                fault = error
        frame[0] -= 1
        if fault is not None:
            raise fault
        return count == 1

    return run


def _collected(rounds: Rounds, made: Run, test: Run | None, cost: int, place: int) -> Run:
    return _all(rounds, made) if test is None else _some(rounds, made, test, cost)


def _all(rounds: Rounds, made: Run) -> Run:
    """A list of what is made in each round; the first that has no value tells why there is no list."""

    def run(frame: Frame) -> list[Any]:
        found: list[Any] = []
        fault: EvaluationError | None = None
        for _ in rounds(frame):
            try:
                found.append(made(frame))
            except EvaluationError as error:
                fault = fault or error
        if fault is not None:
            raise fault
        return found

    return run


def _some(rounds: Rounds, made: Run, test: Run, cost: int) -> Run:
    def run(frame: Frame) -> list[Any]:
        found: list[Any] = []
        fault: EvaluationError | None = None
        for _ in rounds(frame):
            try:
                wanted = is_true(test(frame))
            except EvaluationError as error:
                fault = error
                continue
            if wanted:
                frame[0] -= cost
                try:
                    found.append(made(frame))
                except EvaluationError as error:
                    fault = fault or error
        if fault is not None:
            raise fault
        return found

    return run


def _mapped(rounds: Rounds, made: Run, test: Run | None, cost: int, place: int) -> Run:
    def run(frame: Frame) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for _ in rounds(frame):
            if test is not None:
                if not is_true(test(frame)):
                    continue
                frame[0] -= cost
            found[frame[place]] = made(frame)
        return found

    return run


def _entered(rounds: Rounds, made: Run, test: Run | None, cost: int, place: int) -> Run:
    def run(frame: Frame) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for _ in rounds(frame):
            if test is not None:
                if not is_true(test(frame)):
                    continue
                frame[0] -= cost
            found = inserted(found, made(frame))
        return found

    return run


_MAKERS: dict[str, Callable[[Rounds, Run, Run | None, int, int], Run]] = {
    "list": _collected,
    "map": _mapped,
    "entries": _entered,
}
