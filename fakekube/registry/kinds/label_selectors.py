"""metav1.LabelSelector inside objects: what is wrong with it, and whether it selects a set of labels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import orjson

from fakekube.core import names
from fakekube.core.fielderrors import forbidden, invalid, required
from fakekube.core.meta import Obj
from fakekube.core.selectors import Selector, SelectorError, from_object
from fakekube.registry.kinds.rules import Errors, named
from fakekube.registry.objectmeta import label_errors

WITH_VALUES = ("In", "NotIn")
WITHOUT_VALUES = ("Exists", "DoesNotExist")


def validate_selector(errors: Errors, selector: Obj | None, path: str, *, any_value: bool = False) -> None:
    """The faults of a selector; `any_value` leaves the values of expressions alone."""
    if not selector:
        return
    if labels := selector.get("matchLabels"):
        errors.extend(label_errors(labels, f"{path}.matchLabels"))
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        _validate_expression(errors, expression, f"{path}.matchExpressions[{index}]", any_value)


def _validate_expression(errors: Errors, expression: Obj, path: str, any_value: bool) -> None:
    operator, values = expression.get("operator", ""), expression.get("values") or ()
    if operator in WITH_VALUES:
        if not values:
            errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in WITHOUT_VALUES:
        if values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            errors.append(forbidden(f"{path}.values", detail))
    else:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    key = expression.get("key", "")
    named(errors, names.qualified_name(key), key, f"{path}.key")
    if not any_value:
        for index, value in enumerate(values):
            named(errors, names.label_value(value), value, f"{path}.values[{index}]")


def is_usable(selector: Obj | None) -> bool:
    """Whether the selector can be made into a working one at all."""
    return _read(orjson.dumps(selector)) is not None


@lru_cache(maxsize=1024)
def _read(text: bytes) -> Selector | None:
    """The selector of that text, which is asked for several times in a row; None if it cannot be used."""
    try:
        return from_object(orjson.loads(text))
    except SelectorError:
        return None


def is_empty(selector: Obj) -> bool:
    """A selector without any condition."""
    return not selector.get("matchLabels") and not selector.get("matchExpressions")


def matches(selector: Obj | None, labels: Mapping[str, str] | None) -> bool:
    """Whether a usable selector takes these labels; an absent one takes nothing, an empty one everything."""
    found = _read(orjson.dumps(selector))
    assert found is not None, "an unusable selector is told before"
    return found.matches(labels or {})
