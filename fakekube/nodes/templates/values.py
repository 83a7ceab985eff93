"""What templates know of values: which count as true, how they are printed and compared.

Numbers of the object that a template is for are texts to Go (json.Number), and so they are here (Number): they are
printed as they stand, and count as true even when they are 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from fakekube.core.gotext import go_float
from fakekube.nodes.templates import moments, versions
from fakekube.nodes.templates.moments import Moment
from fakekube.nodes.templates.versions import Version

NO_VALUE = "<no value>"


class TemplateError(ValueError):
    """A template that cannot be read, or not be rendered for this object."""


class Number(str):
    """A number of the object, as it is written in JSON."""

    __slots__ = ()


class Long(int):
    """An int64."""

    __slots__ = ()


def numbered(value: Any) -> Any:
    """Decoded JSON with its numbers as Number."""
    if isinstance(value, dict):
        return {key: numbered(each) for key, each in value.items()}
    if isinstance(value, list):
        return [numbered(each) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Number(json.dumps(value))
    return value


def plain(value: Any) -> Any:
    """A value as JSON and YAML write it."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, Number):
        return json.loads(value)
    if isinstance(value, Moment):
        return moments.formatted(value, "2006-01-02T15:04:05.999999999Z07:00")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, Version):
        return value.original
    return int(value) if isinstance(value, Long) else value


def truth(value: Any) -> bool:
    """Whether a value counts as true: not zero, not empty, not nil."""
    return value is not None and value is not False and value != 0 and value != "" and value != [] and value != {}


def text(value: Any) -> str:
    """A value as it is printed within text."""
    return NO_VALUE if value is None else printed(value)


def go_text(value: Any) -> str:
    """sprig's toString."""
    return printed(value)


def printed(value: Any) -> str:
    """%v of a value; numbers of the object as they stand in JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{printed(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(printed, value)) + "]"
    return go_float(value) if isinstance(value, float) else str(value)


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPES["\v"] = "\\v"


def go_quoted(value: str) -> str:
    """%q of a text."""
    return '"' + "".join(_ESCAPES.get(sign) or _shown(sign) for sign in value) + '"'


def _shown(sign: str) -> str:
    if sign.isprintable():
        return sign
    code = ord(sign)
    if code < 128:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"


_TYPES: tuple[tuple[type, str, str], ...] = (
    (bool, "bool", "bool"),
    (dict, "map[string]interface {}", "map"),
    (list, "[]interface {}", "slice"),
    (Number, "json.Number", "string"),
    (str, "string", "string"),
    (Long, "int64", "int64"),
    (int, "int", "int"),
    (float, "float64", "float64"),
    (Moment, "time.Time", "struct"),
    (Version, "*semver.Version", "ptr"),
)


def type_of(value: Any) -> str:
    """%T of a value."""
    return next((name for kind, name, _ in _TYPES if isinstance(value, kind)), "<nil>")


def kind_of(value: Any) -> str:
    """The kind of a value, as Go's reflection has it."""
    return next((name for kind, _, name in _TYPES if isinstance(value, kind)), "invalid")


def same(one: Any, other: Any) -> bool:
    """reflect.DeepEqual: equal, and of the same type throughout."""
    if type_of(one) != type_of(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _basic(value: Any) -> str:
    """The kind by which Go's templates compare."""
    kind = kind_of(value)
    return "int" if kind == "int64" else kind


def equal(one: Any, *others: Any) -> bool:
    """Whether the first equals one of the others; values of different kinds cannot be compared."""
    if not others:
        raise TemplateError("missing argument for comparison")
    if isinstance(one, dict | list):
        raise TemplateError(f"non-comparable type {printed(one)}: {type_of(one)}")
    for other in others:
        if _basic(one) != _basic(other):
            if one is not None and other is not None:
                raise TemplateError(f"incompatible types for comparison: {type_of(one)} and {type_of(other)}")
        elif one == other:
            return True
    return False


def less(one: Any, other: Any) -> bool:
    """Whether one comes before the other; only numbers and texts have an order."""
    if _basic(one) != _basic(other):
        raise TemplateError(f"incompatible types for comparison: {type_of(one)} and {type_of(other)}")
    if _basic(one) not in ("int", "float64", "string"):
        raise TemplateError(f"invalid type for comparison: {type_of(one)}")
    return bool(one.encode() < other.encode() if isinstance(one, str) else one < other)


def indexed(value: Any, *keys: Any) -> Any:
    """value[key][key]...; what a map lacks is nil, what a list lacks is an error."""
    if value is None:
        raise TemplateError("index of untyped nil")
    for key in keys:
        if value is None:
            raise TemplateError("index of nil pointer")
        if isinstance(value, dict):
            if not isinstance(key, str) or isinstance(key, Number):
                raise TemplateError(f"value has type {type_of(key)}; should be string")
            value = value.get(key)
        elif isinstance(value, list | str):
            value = _at(value, key)
        else:
            raise TemplateError(f"can't index item of type {type_of(value)}")
    return value


def _at(value: Any, key: Any) -> Any:
    if not isinstance(key, int) or isinstance(key, bool):
        raise TemplateError(f"cannot index slice/array with type {type_of(key)}")
    held = value.encode() if isinstance(value, str) else value
    if not 0 <= key < len(held):
        raise TemplateError(f"index out of range: {key}")
    return held[key]


_METHODS: dict[type, Mapping[str, Callable[..., Any]]] = {Moment: moments.METHODS, Version: versions.METHODS}


def field(value: Any, name: str, *operands: Any) -> Any:
    """value.name: of a map; nil of nil, and of a map that lacks it; a method of a moment or a version."""
    method = _METHODS.get(type(value), {}).get(name)
    if method is not None:
        return method(value, *operands)
    if operands:
        raise TemplateError(f"{name} has arguments but cannot be invoked as function")
    if value is None:
        return None
    if isinstance(value, dict):
        return value.get(name)
    raise TemplateError(f"can't evaluate field {name} in type {type_of(value)}")


def size(value: Any) -> int:
    """len: of maps, lists and texts."""
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, list | dict):
        return len(value)
    raise TemplateError("len of nil pointer" if value is None else f"len of type {type_of(value)}")


def spaced(*values: Any) -> str:
    """print: spaces between operands when neither is text."""
    made: list[str] = []
    for position, value in enumerate(values):
        if position and not _is_text(value) and not _is_text(values[position - 1]):
            made.append(" ")
        made.append(printed(value))
    return "".join(made)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_VERB = re.compile(r"%([-+# 0]*)(\d+|\*)?(?:\.(\d+|\*)?)?(?:\[(\d+)\])?(.)?", re.DOTALL)


def formatted(pattern: str, *values: Any) -> str:
    """printf, with the verbs v s q d b o x X c U t T f F e E g G %."""
    rest, chosen = list(values), False

    def count(given: str | None) -> str | None:
        return str(rest.pop(0)) if given == "*" and rest else given

    def one(match: re.Match[str]) -> str:
        nonlocal rest, chosen
        flags, width, precision, place, verb = match.groups()
        if place is not None:
            rest, chosen = list(values)[int(place) - 1 :], True
        width, precision = count(width), count(precision)
        precision = "0" if precision is None and "." in match[0] else precision
        if verb is None:
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        if not rest:
            return f"%!{verb}(MISSING)"
        return _padded(_verb(verb, precision, flags, rest.pop(0)), flags, width, verb)

    found = _VERB.sub(one, pattern)
    extra = ", ".join(f"{type_of(each)}={printed(each)}" if each is not None else "<nil>" for each in rest)
    return f"{found}%!(EXTRA {extra})" if rest and not chosen else found


def _padded(made: str, flags: str, width: str | None, verb: str) -> str:
    if not width:
        return made
    if "-" in flags or width.startswith("-"):
        return made.ljust(int(width.lstrip("-")))
    if "0" in flags and verb not in "sqvT":
        sign = made[:1] if made[:1] in "+-" else ""
        return sign + made[len(sign) :].rjust(int(width) - len(sign), "0")
    return made.rjust(int(width), "0" if "0" in flags else " ")


_BASES = {"d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}


def _verb(verb: str, precision: str | None, flags: str, value: Any) -> str:
    if verb == "T":
        return type_of(value)
    if verb == "v" or (verb == "s" and (isinstance(value, str | Moment | Version | dict | list))):
        return _signed(_text_verb(verb, value, flags), value, flags) if precision is None else _cut(value, precision)
    if value is None:
        return f"%!{verb}(<nil>)"
    found = None
    if isinstance(value, bool):
        found = printed(value) if verb == "t" else None
    elif isinstance(value, str):
        found = _of_text(verb, precision, flags, value)
    elif isinstance(value, int):
        found = _of_whole(verb, flags, value)
    elif isinstance(value, float):
        found = _of_real(verb, precision, flags, value)
    elif isinstance(value, list):
        return "[" + " ".join(_verb(verb, precision, flags, each) for each in value) + "]"
    return found if found is not None else f"%!{verb}({type_of(value)}={printed(value)})"


def _signed(made: str, value: Any, flags: str) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"+{made}" if number and "+" in flags and value >= 0 else made


def _text_verb(verb: str, value: Any, flags: str) -> str:
    if verb == "s" and isinstance(value, list):
        return "[" + " ".join(_verb("s", None, flags, each) for each in value) + "]"
    if verb == "s" and isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_verb('s', None, flags, value[key])}" for key in sorted(value)) + "]"
    return printed(value)


def _cut(value: Any, precision: str) -> str:
    if isinstance(value, str):
        return value[: int(precision)]
    return _of_real("g", precision, "", value) or "" if isinstance(value, float) else printed(value)


def _of_text(verb: str, precision: str | None, flags: str, value: str) -> str | None:
    if verb == "s":
        return value if precision is None else value[: int(precision)]
    if verb == "q":
        plain_text = value if precision is None else value[: int(precision)]
        return f"`{plain_text}`" if "#" in flags and "`" not in plain_text else go_quoted(plain_text)
    if verb in "xX":
        found = value.encode().hex(" ") if " " in flags else value.encode().hex()
        return found.upper() if verb == "X" else found
    return None


def _of_whole(verb: str, flags: str, value: int) -> str | None:
    if verb in _BASES:
        prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(verb, "") if "#" in flags else ""
        prefix = "0o" if verb == "O" else prefix
        sign = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
        return f"{sign}{prefix}{abs(value):{_BASES[verb]}}"
    if verb == "c":
        return chr(value)
    if verb == "q":
        return "'" + go_quoted(chr(value))[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
    return f"U+{value:04X}" if verb == "U" else None


def _of_real(verb: str, precision: str | None, flags: str, value: float) -> str | None:
    if verb not in "feEgGF":
        return None
    if verb in "gG" and precision is None:
        made = go_float(value)
    else:
        made = f"{value:.{precision or ('0' if precision else '6')}{verb}}"
    return f"+{made}" if "+" in flags and value >= 0 else made
