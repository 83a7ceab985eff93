"""Dynamic resource allocation: device classes, claims, their templates, and the slices that drivers publish."""

from __future__ import annotations

from fakekube.core.clock import timestamp
from fakekube.core.fielderrors import FieldError, invalid
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import IMMUTABLE, immutable
from fakekube.registry.kinds.device_requests import (
    claim_faults,
    configuration_faults,
    each,
    reservation_faults,
    selector_faults,
)
from fakekube.registry.kinds.device_slices import slice_faults
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.resource_names import is_extended
from fakekube.registry.strategy import Context, Strategy
from fakekube.schema.resources import Resource

GROUP = "resource.k8s.io"
_MOST = 32


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

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Selectors, configuration, and the name by which containers ask for such devices."""
        spec = obj.get("spec") or {}
        faults = each("spec.selectors", spec.get("selectors") or (), _MOST, selector_faults)
        faults += each("spec.config", spec.get("config") or (), _MOST, configuration_faults)
        name = spec.get("extendedResourceName")
        if name is not None and not is_extended(name):
            faults.append(invalid("spec.extendedResourceName", name, "must be a valid extended resource name"))
        return faults


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

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """What is asked for."""
        return claim_faults("spec", obj.get("spec") or {})

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Only that it stays."""
        new, before = obj.get("spec") or {}, old.get("spec") or {}
        return [] if new == before else [invalid("spec", internal("ResourceClaimSpec", new), IMMUTABLE)]

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Who uses the claim; an allocation stays until it is given up as a whole."""
        new, before = ((each.get("status") or {}).get("allocation") for each in (obj, old))
        faults = reservation_faults(obj, old)
        return faults + immutable("status.allocation", new, before) if new and before else faults


class ResourceClaimTemplateStrategy(Strategy):
    """A claim to be made for each pod; immutable."""

    generation_fields = None
    answers_deleted_object = True

    def default(self, obj: Obj) -> None:
        """As for a claim."""
        _default_requests((obj.get("spec") or {}).get("spec") or {})

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """What is asked for."""
        return claim_faults("spec.spec", (obj.get("spec") or {}).get("spec") or {})

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Only that it stays."""
        new, before = obj.get("spec") or {}, old.get("spec") or {}
        return [] if new == before else [invalid("spec", internal("ResourceClaimTemplateSpec", new), IMMUTABLE)]


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

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """The pool, the nodes, the devices."""
        return slice_faults(obj.get("spec") or {}, None)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same; pool, driver and node stay."""
        return slice_faults(obj.get("spec") or {}, old.get("spec") or {})

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
