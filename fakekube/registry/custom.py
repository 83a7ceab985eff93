"""Custom objects as they come in: metadata is decoded like anyone's, the rest follows the schema of their
definition."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.schema import decoding, inspecting
from fakekube.schema.typed import Struct


def decode(type: Struct, value: Obj, raw: bytes) -> tuple[Obj, list[str]]:
    """The object with canonical metadata, and what a strict reading has against it. DecodeError for unreadable
    metadata."""
    found = {name: part for name, part in value.items() if part is not None}
    metadata = decoding.decode(type.fields["metadata"].type, value.get("metadata") or {})
    found["metadata"] = metadata.value
    problems = inspecting.duplicates(raw, value) if raw else []
    return found, [*problems, *metadata.strict]
