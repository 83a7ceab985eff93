"""jq's functions of regular expressions (RE2's, as gojq has them)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fakekube.core.patterns import PatternError, compiled
from fakekube.nodes.jq.values import JqError, shown


def _found(value: Any, pattern: Any, flags: Any = None) -> Iterator[Any]:
    """The matches; the flag g asks for all, the others are of the pattern."""
    if isinstance(pattern, list):
        pattern, flags = pattern[0], pattern[1] if len(pattern) > 1 else flags
    if not isinstance(value, str) or not isinstance(pattern, str):
        raise JqError(f"match cannot be applied to: {shown(value)}, {shown(pattern)}")
    told = flags or ""
    if any(flag not in "ginpsl" for flag in told):
        raise JqError(f"unsupported regular expression flag: {shown(told)}")
    own = "".join(flag for flag in ("i", "s") if flag in told or (flag == "s" and "p" in told))
    try:
        regular = compiled(f"(?{own}){pattern}" if own else pattern)
    except PatternError as error:
        raise JqError(f"invalid regular expression {pattern!r}: {error}") from error
    for match in regular.finditer(value):
        yield match
        if "g" not in told:
            return


def holds(value: Any, pattern: Any, flags: Any = None) -> bool:
    """Whether the pattern matches anywhere."""
    return next(_found(value, pattern, flags), None) is not None


def _names(match: Any) -> dict[int, str]:
    return {place: name for name, place in match.re.groupindex.items()}


def _shown(match: Any) -> dict[str, Any]:
    names = _names(match)
    groups = [
        {
            "offset": match.start(place),
            "length": 0 if match[place] is None else len(match[place]),
            "string": match[place],
            "name": names.get(place),
        }
        for place in range(1, match.re.groups + 1)
    ]
    return {"offset": match.start(), "length": len(match[0]), "string": match[0], "captures": groups}


def matches(value: Any, pattern: Any, flags: Any = None) -> Iterator[Any]:
    """match: where the pattern matches, and its groups."""
    return map(_shown, _found(value, pattern, flags))


def _captured(match: Any) -> dict[str, Any]:
    return {name: match[place] for place, name in _names(match).items()}


def captures(value: Any, pattern: Any, flags: Any = None) -> Iterator[Any]:
    """capture: the groups that have names."""
    return map(_captured, _found(value, pattern, flags))


def scans(value: Any, pattern: Any, flags: Any = None) -> Iterator[Any]:
    """scan: all matches, or their groups."""
    for match in _found(value, pattern, f"{flags or ''}g"):
        yield [match[place] for place in range(1, match.re.groups + 1)] if match.re.groups else match[0]


def parts(value: Any, pattern: Any, flags: Any = None) -> list[str]:
    """What is between all matches."""
    made, at = [], 0
    for match in _found(value, pattern, f"{flags or ''}g"):
        made.append(value[at : match.start()])
        at = match.end()
    return [*made, value[at:]]


def replaced(value: Any, pattern: Any, flags: Any, everywhere: bool, new: Callable[[Any], Iterator[Any]]) -> str:
    """sub and gsub: each match replaced by what is made of its named groups."""
    made, at = [], 0
    for match in _found(value, pattern, f"{flags or ''}{'g' if everywhere else ''}"):
        text = next(new(_captured(match)), None)
        if not isinstance(text, str):
            raise JqError(f"cannot replace by: {shown(text)}")
        made += [value[at : match.start()], text]
        at = match.end()
    return "".join([*made, value[at:]])
