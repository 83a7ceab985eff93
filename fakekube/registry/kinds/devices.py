"""Dynamic resource allocation: device classes, claims, their templates, and the slices that drivers publish."""

from __future__ import annotations

from fakekube.core.clock import timestamp
from fakekube.core.meta import Obj
from fakekube.registry.strategy import Context, Strategy
from fakekube.schema.resources import Resource

GROUP = "resource.k8s.io"


def _default_count(request: Obj) -> None:
    request["allocationMode"] = request.get("allocationMode") or "ExactCount"
    if request["allocationMode"] == "ExactCount" and not request.get("count"):
        request["count"] = 1


def _default_requests(spec: Obj) -> None:
    for request in (spec.get("devices") or {}).get("requests") or ():
        if request.get("exactly") is not None:
            _default_count(request["exactly"])
        for choice in request.get("firstAvailable") or ():
            _default_count(choice)


class DeviceClassStrategy(Strategy):
    """A way to select devices."""

    answers_deleted_object = True


class ResourceClaimStrategy(Strategy):
    """A claim is bound to what it asked for: the spec is immutable."""

    generation_fields = None
    answers_deleted_object = True
    status_keeps = ("labels", "annotations", "finalizers", "ownerReferences")

    def default(self, obj: Obj) -> None:
        """One device, exactly."""
        _default_requests(obj.get("spec") or {})

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Nothing is allocated yet."""
        obj["status"] = {}


class ResourceClaimTemplateStrategy(Strategy):
    """A claim to be made for each pod; immutable."""

    generation_fields = None
    answers_deleted_object = True

    def default(self, obj: Obj) -> None:
        """As for a claim."""
        _default_requests((obj.get("spec") or {}).get("spec") or {})


class ResourceSliceStrategy(Strategy):
    """Some of a pool's devices."""

    answers_deleted_object = True
    field_selectors = {  # noqa: RUF012 - a table that nobody changes
        "spec.nodeName": lambda obj: (obj.get("spec") or {}).get("nodeName") or "",
        "spec.driver": lambda obj: (obj.get("spec") or {}).get("driver") or "",
    }

    def unknown_field_message(self, resource: Resource, path: str) -> str:
        """How slices refuse a field."""
        return f"field label not supported for {GROUP}/v1, Kind=ResourceSlice: {path}"

    def _date_taints(self, context: Context, obj: Obj) -> None:
        for device in (obj.get("spec") or {}).get("devices") or ():
            for taint in device.get("taints") or ():
                taint["timeAdded"] = taint.get("timeAdded") or timestamp(context.clock)

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Taints tell since when they are there."""
        self._date_taints(context, obj)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """The same."""
        self._date_taints(context, obj)

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Names of drivers should be in lower case."""
        driver = (obj.get("spec") or {}).get("driver") or ""
        if driver == driver.lower():
            return []
        return [f'spec.driver: driver names should be lowercase; "{driver}" contains uppercase characters']


ROWS = {
    f"deviceclasses.{GROUP}": DeviceClassStrategy(),
    f"resourceclaims.{GROUP}": ResourceClaimStrategy(),
    f"resourceclaimtemplates.{GROUP}": ResourceClaimTemplateStrategy(),
    f"resourceslices.{GROUP}": ResourceSliceStrategy(),
}
