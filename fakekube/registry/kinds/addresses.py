"""IPAddresses and ServiceCIDRs: which addresses services have, and which they may have."""

from __future__ import annotations

from fakekube.core import addresses, names
from fakekube.core.fielderrors import FieldError, invalid, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import IMMUTABLE, dns_subdomain, immutable, invalids
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.strategy import Context, Strategy

GROUP = "networking.k8s.io"
MOST_CIDRS = 2


class IpAddressStrategy(Strategy):
    """Named by the address; the parent stays."""

    generation_fields = None

    def name_messages(self, name: str, prefix: bool) -> list[str]:
        """An address in canonical form."""
        return addresses.ip(name)

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """A parent that can be found."""
        parent, field = (obj.get("spec") or {}).get("parentRef"), "spec.parentRef"
        if parent is None:
            return [required(field)]
        faults = dns_subdomain(f"{field}.group", parent["group"]) if parent.get("group") else []
        for part in ("resource", "name"):
            value, at = parent.get(part, ""), f"{field}.{part}"
            faults += invalids(at, value, names.path_segment(value)) if value else [required(at)]
        if parent.get("namespace"):
            faults += invalids(f"{field}.namespace", parent["namespace"], names.path_segment(parent["namespace"]))
        return faults

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same, and the parent stays."""
        new, was = ((each.get("spec") or {}).get("parentRef") for each in (obj, old))
        shown = None if new is None else internal("ParentReference", new)
        return self.validate(context, obj) + immutable("spec.parentRef", new, was, shown)


def _spec_faults(found: list[str]) -> list[FieldError]:
    field = "spec.cidrs"
    if not found:
        return [required(field, "at least one CIDR required")]
    if len(found) > MOST_CIDRS:
        return [invalid(field, {"CIDRs": found}, "may only hold up to 2 values")]
    faults: list[FieldError] = []
    for index, text in enumerate(found):
        faults += invalids(f"{field}[{index}]", text, addresses.cidr(text))
    families = [read[1].version for text in found if (read := addresses.parse_cidr(text))]
    if len(families) == MOST_CIDRS and len(set(families)) == 1:
        why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        faults.append(invalid(field, found, why))
    return faults


class ServiceCidrStrategy(Strategy):
    """Blocks of addresses for services; a second family may be added."""

    generation_fields = None
    status_keeps = ("labels", "annotations", "finalizers", "ownerReferences")

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Not ready yet."""
        obj["status"] = {}

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """One block of each family at most."""
        return _spec_faults((obj.get("spec") or {}).get("cidrs") or [])

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """What was there stays."""
        new, was = ((each.get("spec") or {}).get("cidrs") or [] for each in (obj, old))
        if len(new) != len(was) and (len(was), len(new)) != (1, MOST_CIDRS):
            return [invalid("spec.cidrs", new or None, IMMUTABLE)]
        pairs = enumerate(zip(new, was, strict=False))
        faults = [invalid(f"spec.cidrs[{index}]", text, IMMUTABLE) for index, (text, before) in pairs if text != before]
        return faults if len(new) == len(was) else faults + _spec_faults(new)


ROWS = {f"ipaddresses.{GROUP}": IpAddressStrategy(), f"servicecidrs.{GROUP}": ServiceCidrStrategy()}
