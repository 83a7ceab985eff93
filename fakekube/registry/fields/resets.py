"""Which fields a write cannot set, since the strategy of its path sets them back: nobody comes to own them by it.

As GetResetFields of the strategies in kubernetes' pkg/registry says. The convention: the main path leaves `status`
alone, the status path `spec`; the rows below are what differs.
"""

from __future__ import annotations

from typing import NamedTuple

from fakekube.registry.fields import sets
from fakekube.registry.fields.sets import Pattern, Set
from fakekube.schema.resources import Resource, kept_with_resource


class Resets(NamedTuple):
    """Fields left out with everything below them; or, if there is a pattern, the only fields let through."""

    excluded: Set
    pattern: Pattern | None = None

    def filtered(self, fields: Set) -> Set:
        """What a write may own of these fields."""
        if self.pattern is not None:
            return sets.only(fields, self.pattern)
        return sets.without(fields, self.excluded) if self.excluded else fields


NO_RESETS = Resets({})


def _excluding(*paths: str) -> Resets:
    return Resets(sets.of(tuple(f"f:{name}" for name in path.split(".")) for path in paths))


_SPEC, _STATUS = _excluding("spec"), _excluding("status")
_SPEC_AND_METADATA = _excluding("metadata", "spec")


_ROWS: dict[tuple[str, str], Resets] = {
    ("pods", "status"): _excluding("spec", "metadata.deletionTimestamp", "metadata.ownerReferences"),
    # These two drop what they are not about only after the fields have been counted.
    ("pods", "ephemeralcontainers"): NO_RESETS,
    ("pods", "resize"): NO_RESETS,
    ("deployments.apps", "status"): _excluding("spec", "metadata.labels"),
    ("namespaces", "finalize"): _STATUS,
    ("certificatesigningrequests.certificates.k8s.io", ""): _excluding("spec", "status"),
    ("certificatesigningrequests.certificates.k8s.io", "status"): _excluding("spec", "status.conditions"),
    ("certificatesigningrequests.certificates.k8s.io", "approval"): _excluding("spec", "status.certificate"),
    ("podcertificaterequests.certificates.k8s.io", ""): NO_RESETS,
}

_METADATA_TOO = frozenset(
    {
        "apiservices.apiregistration.k8s.io",
        "devicetaintrules.resource.k8s.io",
        "flowschemas.flowcontrol.apiserver.k8s.io",
        "podgroups.scheduling.k8s.io",
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        "resourceclaims.resource.k8s.io",
        "resourcepoolstatusrequests.resource.k8s.io",
        "servicecidrs.networking.k8s.io",
        "storageversionmigrations.storagemigration.k8s.io",
        "storageversions.internal.apiserver.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "volumeattachments.storage.k8s.io",
    }
)
"""Resources whose status path does not take metadata either; those of custom resources do not."""

_WITHOUT_PATH = frozenset({"volumeattachments.storage.k8s.io"})
"""Resources whose main path leaves `status` alone though there may be no status path."""


@kept_with_resource
def resets(resource: Resource, subresource: str) -> Resets:
    """What writes through this path leave alone."""
    row = _ROWS.get((resource.id, subresource))
    if row is not None:
        return row
    has_status = "status" in resource.subresources or resource.id in _WITHOUT_PATH
    match subresource:
        case "":
            return _STATUS if has_status else NO_RESETS
        case "status":
            return _SPEC_AND_METADATA if resource.custom or resource.id in _METADATA_TOO else _SPEC
    return NO_RESETS
