"""What functions of templates are given: checked as Go's types would be, before they are called.

A signature has one letter for each parameter: s text, i whole number, f number, b truth, m map, t time, . anything. A
star after the last one: as many as one likes; a question mark: it may be left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fakekube.nodes.templates.moments import Moment
from fakekube.nodes.templates.values import Number, TemplateError, type_of

Function = Callable[..., Any]
Rows = dict[str, tuple[str, Function]]


class Kind(NamedTuple):
    """A kind of parameter: Go's name for it, and which values may be given."""

    name: str
    takes: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Number)


KINDS = {
    "s": Kind("string", _is_text),
    "i": Kind("int", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "f": Kind("float64", _is_number),
    "b": Kind("bool", lambda value: isinstance(value, bool)),
    "m": Kind("map[string]interface {}", lambda value: isinstance(value, dict)),
    "t": Kind("time.Time", lambda value: isinstance(value, Moment)),
    ".": Kind("interface {}", lambda value: True),
}


def checked(name: str, signature: str, function: Function) -> Function:
    """The function, which refuses with Go's words what does not fit."""
    many, optional = signature.endswith("*"), signature.endswith("?")
    letters = signature.rstrip("*?")
    least = len(letters) - (many or optional)
    kinds = [KINDS[letter] for letter in letters]
    more = kinds[-1] if many else None

    def call(*given: Any) -> Any:
        count = len(given)
        if count < least or (count > len(kinds) and more is None):
            want = f"at least {least}" if many else str(len(kinds))
            raise TemplateError(f"wrong number of args for {name}: want {want} got {count}")
        for position, value in enumerate(given):
            kind = kinds[position] if position < len(kinds) else more
            assert kind is not None, "there are not more than fit"
            if not kind.takes(value):
                if value is None:
                    raise TemplateError(f"invalid value; expected {kind.name}")
                raise TemplateError(f"wrong type for value; expected {kind.name}; got {type_of(value)}")
        return function(*given)

    return call
