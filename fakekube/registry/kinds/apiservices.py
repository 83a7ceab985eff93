"""APIServices: named by version and group."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.clock import timestamp
from fakekube.core.fielderrors import FieldError, go_quote, invalid, not_supported, required
from fakekube.core.meta import Obj, name_of
from fakekube.registry.kinds.checks import dns_subdomain, invalids
from fakekube.registry.kinds.filling import fill
from fakekube.registry.strategy import Context, Strategy

STATUSES = ("True", "False", "Unknown")


class ApiServiceStrategy(Strategy):
    """Without a service the group version is served here, and so available at once."""

    generation_fields = None
    unconditional_update = False

    def name_messages(self, name: str, prefix: bool) -> list[str]:
        """A path segment; that it tells version and group is judged with the rest, where the spec is known."""
        return names.path_segment(name)

    def default(self, obj: Obj) -> None:
        """The port of the service."""
        service = (obj.get("spec") or {}).get("service")
        if service is not None:
            fill(service, "port", 443)

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Say that a local group version is available."""
        obj["status"] = {}
        if (obj.get("spec") or {}).get("service") is None:
            condition = {
                "type": "Available",
                "status": "True",
                "lastTransitionTime": timestamp(context.clock),
                "reason": "Local",
                "message": "Local APIServices are always available",
            }
            obj["status"] = {"conditions": [condition]}

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Name, group, version, priorities and where it is served."""
        spec = obj.get("spec") or {}
        group, version, name = spec.get("group", ""), spec.get("version", ""), name_of(obj)
        faults: list[FieldError] = []
        wanted = f"{version}.{group}"
        if name and name != wanted:
            why = f'must be `spec.version+"."+spec.group`: {go_quote(wanted)}'
            faults += [] if names.path_segment(name) else [invalid("metadata.name", name, why)]
        if group:
            faults += dns_subdomain("spec.group", group)
        elif version != "v1":
            why = "only v1 may have an empty group and it better be legacy kube"
            faults.append(required("spec.group", why))
        faults += invalids("spec.version", version, names.dns1035_label(version))
        for field, most in (("groupPriorityMinimum", 20000), ("versionPriority", 1000)):
            value = spec.get(field) or 0
            if not 0 < value <= most:
                faults.append(invalid(f"spec.{field}", value, f"must be positive and less than {most}"))
        return faults + _service_faults(spec)

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Conditions are true, false or unknown."""
        return [
            not_supported(f"status.conditions[{index}].status", condition.get("status", ""), sorted(STATUSES))
            for index, condition in enumerate((obj.get("status") or {}).get("conditions") or ())
            if condition.get("status") not in STATUSES
        ]


def _service_faults(spec: Obj) -> list[FieldError]:
    service, skip, bundle = spec.get("service"), spec.get("insecureSkipTLSVerify"), spec.get("caBundle") or ""
    faults: list[FieldError] = []
    if service is None:
        if bundle:
            size = f"{len(bundle) // 4 * 3 - bundle.count('=')} bytes"
            faults.append(invalid("spec.caBundle", size, "local APIServices may not have a caBundle"))
        if skip:
            why = "local APIServices may not have insecureSkipTLSVerify"
            faults.append(invalid("spec.insecureSkipTLSVerify", True, why))
        return faults
    faults += [required(f"spec.service.{name}") for name in ("namespace", "name") if not service.get(name)]
    port = service.get("port", 0)
    if wrong := names.port_number(port):
        faults.append(invalid("spec.service.port", port, f"port is not valid: {', '.join(wrong)}"))
    if skip and bundle:
        faults.append(invalid("spec.insecureSkipTLSVerify", True, "may not be true if caBundle is present"))
    return faults


ROWS = {"apiservices.apiregistration.k8s.io": ApiServiceStrategy()}
