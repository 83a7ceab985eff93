"""Objects as the real server's internal Go types print themselves: some refusals show a value in that form.

internal_types.json lists the fields of each type in Go's order, a row each: "GoName code [jsonName]". Codes: s text,
n number, b truth, q quantity, i int or string, t time, m a map of such, l a label selector, x a type that prints as it
stands on the wire; * before a type makes null of what is absent, [] and {} lists and maps. "^name" reads the field from
the object around it; "@meta" and "@type" put the members of metadata, and kind and apiVersion, among the others.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from fakekube.core.meta import Obj

EMPTY: dict[str, Any] = {"s": "", "n": 0, "b": False, "q": "0", "i": 0, "t": None, "x": {}, "*": None}
"""What Go writes for a field that is not set."""


@cache
def _types() -> dict[str, list[str]]:
    text = Path(__file__).with_name("internal_types.json").read_text()
    found: dict[str, list[str]] = json.loads(text)
    return found


@cache
def _rows(kind: str) -> tuple[tuple[str, str, str], ...]:
    """(Go name, code, name on the wire) of each field."""
    rows = []
    for row in _types()[kind]:
        name, *rest = row.split(" ")
        code = rest[0] if rest else ""
        rows.append((name, code, rest[1] if len(rest) > 1 else name[:1].lower() + name[1:]))
    return tuple(rows)


def internal(kind: str, value: Obj, around: Obj | None = None) -> Obj:
    """The value in the form of this Go type, all fields told."""
    found: Obj = {}
    for name, code, wire in _rows(kind):
        if name == "@meta":
            found.update(_metadata(value.get("metadata") or {}))
        elif name == "@type":
            found.update({key: value[key] for key in ("kind", "apiVersion") if key in value})
        elif wire[0] == "^":
            found[name] = _shown(code, (around or {}).get(wire[1:]), {})
        else:
            found[name] = _shown(code, value.get(wire), value)
    return found


def _metadata(meta: Obj) -> Obj:
    """Labels and annotations in order; the rest as it stands."""
    return {key: sorted_map(part) if key in ("labels", "annotations") else part for key, part in meta.items()}


def _shown(code: str, value: Any, around: Obj) -> Any:
    if code in EMPTY:
        return EMPTY[code] if value is None else value
    if code == "m":
        return sorted_map(value)
    if code in ("l", "*l"):
        return selector_form(value)
    if code.startswith("[]"):
        return None if value is None else [_shown(code[2:], each, around) for each in value]
    if code.startswith("{}"):
        return None if value is None else {key: _shown(code[2:], value[key], around) for key in sorted(value)}
    if code.startswith("*"):
        if value is None and code != "*PodSecurityContext":  # which always has the host's own switches
            return None
        code = code[1:]
    return internal(code, value or {}, around)


def sorted_map(value: Obj | None) -> Obj | None:
    """A map in the order in which Go prints it; null if there is none."""
    return {key: value[key] for key in sorted(value)} if value else None


def selector_form(selector: Obj | None) -> Obj | None:
    """A label selector in the order in which Go prints it."""
    if selector is None:
        return None
    found: Obj = {}
    if selector.get("matchLabels"):
        found["matchLabels"] = sorted_map(selector["matchLabels"])
    if selector.get("matchExpressions"):
        order = ("key", "operator", "values")
        found["matchExpressions"] = [
            {key: each[key] for key in order if key in each} for each in selector["matchExpressions"]
        ]
    return found
