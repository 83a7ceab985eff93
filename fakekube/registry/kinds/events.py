"""Events, stored as the core group has them; the newer group asks more of them."""

from __future__ import annotations

from typing import Any

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, invalid, required
from fakekube.core.meta import Obj, namespace_of
from fakekube.registry.kinds.checks import immutable, invalids
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.selectable import SelectableStrategy
from fakekube.registry.strategy import Context

_LIMIT, _NOTE_LIMIT = 128, 1024
_MISMATCH = "does not match event.namespace"


def _is_new_group(context: Context) -> bool:
    return context.request.resource.group == "events.k8s.io"


def _too_long(field: str, value: str, limit: int) -> list[FieldError]:
    if len(value.encode()) <= limit:
        return []
    return [invalid(field, "", f"can have at most {limit} characters")]


def _namespace_faults(obj: Obj) -> list[FieldError]:
    namespace, involved = namespace_of(obj), (obj.get("involvedObject") or {}).get("namespace") or ""
    if obj.get("eventTime"):
        fits = bool(involved) or namespace in ("default", "kube-system")
    else:
        fits = namespace == involved if involved else namespace in ("", "default")
    return [] if fits else [invalid("involvedObject.namespace", involved, _MISMATCH)]


def _timed_faults(obj: Obj, newer: bool) -> list[FieldError]:
    """The rules for Events that have an eventTime."""
    field = "reportingController" if newer else "reportingComponent"
    controller = obj.get("reportingComponent") or ""
    faults = [] if controller else [required(field)]
    faults += invalids(field, controller, names.qualified_name(controller))
    for name in ("reportingInstance", "action", "reason"):
        value = obj.get(name) or ""
        if not value:
            faults.append(required(name))
        faults += _too_long(name, value, _LIMIT)
    return faults + _too_long("message", obj.get("message") or "", _NOTE_LIMIT)


def _series_faults(obj: Obj) -> list[FieldError]:
    series = obj.get("series")
    if series is None:
        return []
    faults = [] if (series.get("count") or 0) >= 2 else [invalid("series.count", "", "should be at least 2")]
    return faults if series.get("lastObservedTime") else [*faults, required("series.lastObservedTime")]


def _is_set(value: Any) -> bool:
    return bool(value.get("component") or value.get("host")) if isinstance(value, dict) else bool(value)


_IMMUTABLE = (
    "involvedObject",
    "reason",
    "message",
    "source",
    "firstTimestamp",
    "lastTimestamp",
    "count",
    "reason",
    "type",
    "eventTime",
    "action",
    "related",
    "reportingController",
    "reportingInstance",
)
_FORMS = {"involvedObject": "ObjectReference", "related": "ObjectReference", "source": "EventSource"}


def _text(*path: str) -> Any:
    def read(obj: Obj) -> str:
        found: Any = obj
        for part in path:
            found = (found or {}).get(part)
        return found or ""

    return read


class EventStrategy(SelectableStrategy):
    """The namespace must be that of the object; through events.k8s.io everything but the series is immutable."""

    create_on_update = True
    generation_fields = None
    field_selectors = {  # noqa: RUF012 - a table that nobody changes
        **{
            f"involvedObject.{name}": _text("involvedObject", name)
            for name in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
        },
        "reason": _text("reason"),
        "reportingComponent": _text("reportingComponent"),
        "source": lambda obj: (obj.get("source") or {}).get("component") or obj.get("reportingComponent") or "",
        "type": _text("type"),
    }

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """The rules for Events through either group."""
        faults = _namespace_faults(obj)
        if obj.get("eventTime"):
            faults += _timed_faults(obj, _is_new_group(context))
        namespace = namespace_of(obj)
        return faults + invalids("namespace", namespace, names.dns1123_subdomain(namespace))

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """A new Event through events.k8s.io must be of the new form."""
        faults = self.validate(context, obj)
        if not _is_new_group(context):
            return faults
        faults += _series_faults(obj)
        if not obj.get("eventTime"):
            faults.append(required("eventTime"))
        kind = obj.get("type") or ""
        if kind not in ("Normal", "Warning"):
            faults.append(invalid("type", "", f"has invalid value: {kind}"))
        old_fields = ("firstTimestamp", "lastTimestamp", "count", "source")
        return faults + [invalid(name, "", "needs to be unset") for name in old_fields if _is_set(obj.get(name))]

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Through events.k8s.io only the series may change."""
        faults = self.validate(context, obj)
        if not _is_new_group(context):
            return faults
        if obj.get("series") != old.get("series"):
            faults += _series_faults(obj)
        for name in _IMMUTABLE:
            stored = "reportingComponent" if name == "reportingController" else name
            new = obj.get(stored)
            shown = internal(_FORMS[name], new) if name in _FORMS and new else None
            faults += immutable(name, new, old.get(stored), shown)
        return faults


class NewerEventStrategy(EventStrategy):
    """The same objects through events.k8s.io, where fields have other names."""

    field_selectors = {  # noqa: RUF012 - a table that nobody changes
        **{
            f"regarding.{name}": _text("involvedObject", name)
            for name in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
        },
        "reason": _text("reason"),
        "reportingController": _text("reportingComponent"),
        "type": _text("type"),
    }


ROWS = {"events": EventStrategy(), "events.events.k8s.io": NewerEventStrategy()}
