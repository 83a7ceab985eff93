"""What is wrong with a field, in the words of k8s.io/apimachinery/pkg/util/validation/field, and the 422 made of it.

A path is plain text built as one goes: "spec" + ".replicas", "spec.ports" + "[0]", "metadata.labels" + "[key]".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fakekube.core.errors import StatusError, cause, details, qualified
from fakekube.core.meta import Obj

MISSING = object()


class FieldError(NamedTuple):
    """One fault: reason (the StatusCause's), field path, and message without the path."""

    reason: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def shown(value: Any) -> str:
    """A value as Go prints it in these messages: text quoted, numbers and booleans plain, the rest as JSON."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return go_quote(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def go_quote(text: str) -> str:
    """Go's %q."""
    out = []
    for letter in text:
        if letter in '"\\':
            out.append("\\" + letter)
        elif letter in _ESCAPES:
            out.append(_ESCAPES[letter])
        elif letter.isprintable():
            out.append(letter)
        else:
            code = ord(letter)
            out.append(f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return '"' + "".join(out) + '"'


_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v"}


def invalid(field: str, value: Any, detail: str) -> FieldError:
    """The value is not allowed."""
    return FieldError("FieldValueInvalid", field, f"Invalid value: {shown(value)}: {detail}")


def type_invalid(field: str, value: Any, detail: str) -> FieldError:
    """The value is of the wrong type."""
    return FieldError("FieldValueTypeInvalid", field, f"Invalid value: {shown(value)}: {detail}")


def required(field: str, detail: str = "") -> FieldError:
    """There must be a value."""
    return FieldError("FieldValueRequired", field, f"Required value: {detail}" if detail else "Required value")


def forbidden(field: str, detail: str) -> FieldError:
    """There must be no value, or no change of it."""
    return FieldError("FieldValueForbidden", field, f"Forbidden: {detail}" if detail else "Forbidden")


def duplicate(field: str, value: Any) -> FieldError:
    """The value is there twice."""
    return FieldError("FieldValueDuplicate", field, f"Duplicate value: {shown(value)}")


def not_found(field: str, value: Any) -> FieldError:
    """The value names something that is not there."""
    return FieldError("FieldValueNotFound", field, f"Not found: {shown(value)}")


def not_supported(field: str, value: Any, supported: Sequence[str]) -> FieldError:
    """The value is none of a fixed set; `supported` in the order in which it is to be told."""
    message = f"Unsupported value: {shown(value)}"
    if supported:
        message += ": supported values: " + ", ".join(go_quote(each) for each in supported)
    return FieldError("FieldValueNotSupported", field, message)


def too_long(field: str, maximum: int) -> FieldError:
    """More bytes than allowed (the value itself is not shown)."""
    return FieldError("FieldValueTooLong", field, f"Too long: may not be more than {maximum} byte{_s(maximum)}")


def too_many(field: str, actual: int, maximum: int) -> FieldError:
    """More items than allowed."""
    return FieldError("FieldValueTooMany", field, f"Too many: {actual}: must have at most {maximum} item{_s(maximum)}")


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def named(errors: list[FieldError], messages: Iterable[str], value: Any, field: str) -> None:
    """Add every message of a name check as a fault of its own."""
    if messages:
        errors.extend(invalid(field, value, message) for message in messages)


def internal(field: str, message: str) -> FieldError:
    """The check itself failed."""
    return FieldError("InternalError", field, f"Internal error: {message}")


def invalid_object(group: str, kind: str, name: str, errors: Iterable[FieldError]) -> StatusError:
    """422 for these faults, each also a cause; equal messages are told once, as the real server's aggregate does."""
    errors = list(errors)
    causes: list[Obj] = [cause(error.reason, error.message, error.field) for error in errors]
    texts = list(dict.fromkeys(str(error) for error in errors))
    text = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
    shown_name = f'"{name}"'
    message = f"{qualified(group, kind)} {shown_name} is invalid" + (f": {text}" if errors else "")
    return StatusError(422, "Invalid", message, details(group, kind, name, causes))
