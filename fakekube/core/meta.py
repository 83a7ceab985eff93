"""Reading an object: names, labels, owners, conditions. Objects are plain JSON dictionaries everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from math import modf
from typing import Any

Obj = dict[str, Any]
"""A Kubernetes object (or a part of one) as decoded JSON."""


def metadata(obj: Obj) -> Obj:
    """The object's metadata, or an empty one if it has none (changes to that one are lost)."""
    found = obj.get("metadata")
    return found if isinstance(found, dict) else {}


def name_of(obj: Obj) -> str:
    """metadata.name or ''."""
    return metadata(obj).get("name") or ""


def namespace_of(obj: Obj) -> str:
    """metadata.namespace or ''."""
    return metadata(obj).get("namespace") or ""


def uid_of(obj: Obj) -> str:
    """metadata.uid or ''."""
    return metadata(obj).get("uid") or ""


def labels_of(obj: Obj) -> dict[str, str]:
    """metadata.labels or {}."""
    return metadata(obj).get("labels") or {}


def annotations_of(obj: Obj) -> dict[str, str]:
    """metadata.annotations or {}."""
    return metadata(obj).get("annotations") or {}


def owners_of(obj: Obj) -> list[Obj]:
    """metadata.ownerReferences or []."""
    return metadata(obj).get("ownerReferences") or []


def controlling(owners: Iterable[Obj]) -> Obj | None:
    """Of owner references the one with `controller: true`, of which there is one at most."""
    for owner in owners:
        if owner.get("controller"):
            return owner
    return None


def controller_of(obj: Obj) -> Obj | None:
    """The owner reference that controls the object."""
    return controlling(owners_of(obj))


def is_deleting(obj: Obj) -> bool:
    """Whether deletion has been asked for and the object waits for a finalizer or its grace period."""
    return bool(metadata(obj).get("deletionTimestamp"))


def condition(obj: Obj, kind: str) -> Obj | None:
    """The entry of status.conditions with this type."""
    found = (obj.get("status") or {}).get("conditions") or ()
    return next((entry for entry in found if entry.get("type") == kind), None)


def is_true(obj: Obj, kind: str) -> bool:
    """Whether the condition of this type has the status 'True'."""
    found = condition(obj, kind)
    return found is not None and found.get("status") == "True"


def split_api_version(api_version: str) -> tuple[str, str]:
    """'apps/v1' -> ('apps', 'v1'); 'v1' -> ('', 'v1')."""
    group, slash, version = api_version.rpartition("/")
    return (group, version) if slash else ("", api_version)


def api_version_of(group: str, version: str) -> str:
    """('apps', 'v1') -> 'apps/v1'; ('', 'v1') -> 'v1'."""
    return f"{group}/{version}" if group else version


def time_text(moment: float) -> str:
    """Seconds since the epoch as metav1.Time: UTC, whole seconds (cut, not rounded)."""
    return _second_text(int(moment // 1))


@lru_cache(maxsize=256)
def _second_text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_time_text(moment: float) -> str:
    """Seconds since the epoch as metav1.MicroTime: UTC with six digits."""
    part, whole = modf(moment)
    micros = round(part * 1e6)
    seconds, micros = divmod(int(whole) * 1_000_000 + micros, 1_000_000)
    return f"{_second_text(seconds)[:-1]}.{micros:06d}Z"


def parse_time(text: str) -> float:
    """An RFC 3339 time as seconds since the epoch; ValueError if it is none."""
    return datetime.fromisoformat(text).timestamp()
