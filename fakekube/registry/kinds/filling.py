"""How defaults are filled in: a field that Go always writes is there as null when it is not set."""

from __future__ import annotations

from typing import Any

from fakekube.core.meta import Obj


def fill(obj: Obj, name: str, value: Any) -> None:
    """Set the field unless it has a value."""
    if obj.get(name) is None:
        obj[name] = value
