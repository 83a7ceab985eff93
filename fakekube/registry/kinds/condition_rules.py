"""Conditions of the common form metav1.Condition (apimachinery/pkg/apis/meta/v1/validation)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fakekube.core import names
from fakekube.core.fielderrors import duplicate, invalid, not_supported, required, too_long
from fakekube.core.meta import Obj
from fakekube.registry.kinds.rules import Errors, named

STATUSES = ("False", "True", "Unknown")
LONGEST_REASON, LONGEST_MESSAGE = 1024, 32 * 1024
_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_READABLE = re.compile(_REASON, re.ASCII)
BAD_REASON = names.regex_message(
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric "
    "characters or '_,:', and must end with an alphanumeric character or '_'",
    _REASON,
    *("my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"),
)


def validate_conditions(errors: Errors, conditions: Iterable[Obj] | None, path: str) -> None:
    """Each type once, and each condition whole."""
    seen: set[str] = set()
    for index, condition in enumerate(conditions or ()):
        kind = condition.get("type", "")
        if kind in seen:
            errors.append(duplicate(f"{path}[{index}].type", kind))
        seen.add(kind)
        validate_condition(errors, condition, f"{path}[{index}]")


def validate_condition(errors: Errors, condition: Obj, path: str) -> None:
    """One condition: type, status, time and a readable reason."""
    kind, status = condition.get("type", ""), condition.get("status", "")
    named(errors, names.qualified_name(kind), kind, f"{path}.type")
    if status not in STATUSES:
        errors.append(not_supported(f"{path}.status", status, STATUSES))
    generation = condition.get("observedGeneration") or 0
    if generation < 0:
        errors.append(invalid(f"{path}.observedGeneration", generation, "must be greater than or equal to zero"))
    if not condition.get("lastTransitionTime"):
        errors.append(required(f"{path}.lastTransitionTime"))
    _validate_reason(errors, condition.get("reason", ""), f"{path}.reason")
    if len(condition.get("message", "").encode()) > LONGEST_MESSAGE:
        errors.append(too_long(f"{path}.message", LONGEST_MESSAGE))


def _validate_reason(errors: Errors, reason: str, path: str) -> None:
    if not reason:
        errors.append(required(path))
        return
    if not _READABLE.fullmatch(reason):
        errors.append(invalid(path, reason, BAD_REASON))
    if len(reason.encode()) > LONGEST_REASON:
        errors.append(too_long(path, LONGEST_REASON))
