"""Objects between served versions: pure functions from the stored form and back, a row each; the rest is identity.

Only two built-in kinds differ: Events (core and events.k8s.io share one store) and HorizontalPodAutoscalers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fakekube.core.meta import Obj
from fakekube.registry.autoscaling_v1 import from_v1, to_v1
from fakekube.schema.resources import Resource

Convert = Callable[[Obj], Obj]

_EVENT_FIELDS = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
"""A core Event's fields and what events.k8s.io calls them."""

_EVENT_NAMES_BACK = {new: old for old, new in _EVENT_FIELDS.items()}


def event_to_new_group(obj: Obj) -> Obj:
    """A core Event as events.k8s.io/v1 shows it."""
    found = {_EVENT_FIELDS.get(name, name): value for name, value in obj.items()}
    for name in ("reportingController", "reportingInstance"):
        if not found.get(name):
            found.pop(name, None)
    found.setdefault("regarding", {})
    found.setdefault("deprecatedSource", {})
    return found


def event_to_core(obj: Obj) -> Obj:
    """An events.k8s.io/v1 Event as the core group stores it."""
    found = {_EVENT_NAMES_BACK.get(name, name): value for name, value in obj.items()}
    found.setdefault("involvedObject", {})
    found.setdefault("source", {})
    for name in ("firstTimestamp", "lastTimestamp", "eventTime"):
        found.setdefault(name, None)
    for name in ("reportingComponent", "reportingInstance"):
        found.setdefault(name, "")
    return found


CONVERSIONS: Mapping[tuple[str, str], Convert] = {
    ("v1/Event", "events.k8s.io/v1"): event_to_new_group,
    ("events.k8s.io/v1/Event", "v1"): event_to_core,
    ("autoscaling/v2/HorizontalPodAutoscaler", "autoscaling/v1"): to_v1,
    ("autoscaling/v1/HorizontalPodAutoscaler", "autoscaling/v2"): from_v1,
}
"""(apiVersion/kind of what is given, apiVersion of what is wanted) -> how the one becomes the other."""


def convert(source: Resource, target: Resource, obj: Obj) -> Obj:
    """The object of `source` as one of `target`, another version of the same objects; `obj` may be changed."""
    change = CONVERSIONS.get((f"{source.api_version}/{source.kind}", target.api_version))
    found = obj if change is None else change(obj)
    found["apiVersion"] = target.api_version
    return found
