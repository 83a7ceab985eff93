"""Which address families a Service has, and which cluster IPs: inferred, asked for, or refused.

Follows initIPFamilyFields, allocClusterIPs and updateClusterIPs of k8s.io/kubernetes/pkg/registry/core/service/storage.
"""

from __future__ import annotations

from fakekube.core import addresses
from fakekube.core.errors import StatusError, internal
from fakekube.core.fielderrors import FieldError, duplicate, invalid, invalid_object, not_supported, required
from fakekube.core.meta import Obj, name_of, namespace_of
from fakekube.registry import allocation
from fakekube.registry.allocation import NONE
from fakekube.registry.kinds.checks import legacy_ip
from fakekube.registry.strategy import Context
from fakekube.storage.values import Key

SINGLE, PREFER, REQUIRE = "SingleStack", "PreferDualStack", "RequireDualStack"
POLICIES = (PREFER, REQUIRE, SINGLE)
FAMILIES = ("IPv4", "IPv6")
OTHER = {"IPv4": "IPv6", "IPv6": "IPv4"}
WITH_ADDRESS = ("ClusterIP", "NodePort", "LoadBalancer")


def refuse(obj: Obj, faults: list[FieldError]) -> None:
    """Raise the 422 for these faults, if there are any."""
    if faults:
        raise invalid_object("", "Service", name_of(obj), faults)


def is_headless(spec: Obj) -> bool:
    """Whether the service has `None` for its only cluster IP."""
    return spec.get("clusterIPs") == [NONE]


def family_of(address: str) -> str:
    """The family of a cluster IP."""
    found = addresses.parse_ip(address)
    return "unknown" if found is None else f"IPv{found.version}"


def address_faults(spec: Obj, old: Obj | None) -> list[FieldError]:
    """What is wrong with clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy as they stand together."""
    if spec.get("type") == "ExternalName":
        return []
    first, found = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    faults: list[FieldError] = []
    if first and not found:
        faults.append(required("spec.clusterIPs"))
    elif first and found[0] != first:
        faults.append(invalid("spec.clusterIPs", found, "first value must match `clusterIP`"))
    elif found and not first:
        faults.append(invalid("spec.clusterIPs", found, "must be empty when `clusterIP` is not specified"))
    faults += _family_faults(spec)
    wrong = _value_faults(found, ((old or {}).get("spec") or {}).get("clusterIPs") or [])
    faults += wrong
    if len(found) > 2:
        faults.append(invalid("spec.clusterIPs", found, "may only hold up to 2 values"))
    if wrong:
        return faults
    if len(found) > 1 and len({family_of(each) for each in found}) < 2:
        faults.append(invalid("spec.clusterIPs", found, "may specify no more than one IP for each IP family"))
    return faults + ([] if is_headless(spec) else _mismatches(found, spec.get("ipFamilies") or []))


def _family_faults(spec: Obj) -> list[FieldError]:
    faults: list[FieldError] = []
    seen: set[str] = set()
    for index, family in enumerate(spec.get("ipFamilies") or ()):
        field = f"spec.ipFamilies[{index}]"
        if family not in FAMILIES:
            faults.append(not_supported(field, family, FAMILIES))
        if family in seen:
            faults.append(duplicate(field, family))
        seen.add(family)
    policy = spec.get("ipFamilyPolicy")
    if policy is not None and policy not in POLICIES:
        faults.append(not_supported("spec.ipFamilyPolicy", policy, POLICIES))
    return faults


def _value_faults(found: list[str], before: list[str]) -> list[FieldError]:
    faults: list[FieldError] = []
    for index, address in enumerate(found):
        if index == 0 and address == NONE:
            if len(found) > 1:
                faults.append(invalid("spec.clusterIPs", found, "'None' must be the first and only value"))
            continue
        faults += legacy_ip(f"spec.clusterIPs[{index}]", address, before)
    return faults


def _mismatches(found: list[str], wanted: list[str]) -> list[FieldError]:
    faults = []
    for index, (address, family) in enumerate(zip(found, wanted, strict=False)):
        if family in FAMILIES and family_of(address) != family:
            why = f"expected an {family} value as indicated by `ipFamilies[{index}]`"
            faults.append(invalid(f"spec.clusterIPs[{index}]", address, why))
    return faults


def keeps_preference(spec: Obj, old: Obj) -> bool:
    """Whether a PreferDualStack service stays as it is: it neither gains nor loses an address with the cluster."""
    then = old.get("spec") or {}
    return (
        spec.get("ipFamilyPolicy") == PREFER
        and then.get("ipFamilyPolicy", PREFER) == PREFER
        and spec.get("type") == then.get("type")
        and spec.get("type") in WITH_ADDRESS
        and (spec.get("clusterIPs") or []) == (then.get("clusterIPs") or [])
        and (spec.get("ipFamilies") or []) == (then.get("ipFamilies") or [])
    )


def settle_families(context: Context, obj: Obj, old: Obj | None) -> None:
    """Infer policy and families from what is asked for and what the cluster has; raise 422 where that cannot be."""
    spec = obj["spec"]
    if spec.get("type") == "ExternalName" or (old is not None and keeps_preference(spec, old)):
        return
    selectorless = spec.get("clusterIP") == NONE and not spec.get("selector")
    if spec.get("ipFamilyPolicy") is None:
        before = ((old or {}).get("spec") or {}).get("ipFamilyPolicy")
        spec["ipFamilyPolicy"] = before or (REQUIRE if selectorless else SINGLE)
    refuse(obj, address_faults(spec, old))
    served = allocation.families(context.store)
    faults = [] if old is None else _reduced(spec, old.get("spec") or {})
    faults += _too_many(spec)
    faults += _infer(spec, served)
    refuse(obj, faults)
    if selectorless:
        _complete(spec, served[0], spec["ipFamilyPolicy"] != SINGLE)
        return
    if spec["ipFamilyPolicy"] == REQUIRE and len(served) < 2:
        why = "this cluster is not configured for dual-stack services"
        faults.append(invalid("spec.ipFamilyPolicy", REQUIRE, why))
    for index, family in enumerate(spec.get("ipFamilies") or ()):
        if family not in served:
            faults.append(invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster"))
    refuse(obj, faults)
    _complete(spec, served[0], spec["ipFamilyPolicy"] != SINGLE and len(served) == 2)


def _complete(spec: Obj, primary: str, both: bool) -> None:
    found = list(spec.get("ipFamilies") or [primary])
    spec["ipFamilies"] = [found[0], OTHER[found[0]]] if both and len(found) == 1 else found


def _reduced(spec: Obj, then: Obj) -> list[FieldError]:
    """On update: to go back to one family takes the policy SingleStack, which then drops what is second."""
    faults = []
    for field, what in (("clusterIPs", "secondary cluster IP"), ("ipFamilies", "secondary IP family")):
        new, before = spec.get(field) or [], then.get(field) or []
        if spec["ipFamilyPolicy"] == SINGLE:
            if new == before and len(new) > 1:
                spec[field] = new[:1]
        elif new and len(new) < len(before):
            why = f"must be 'SingleStack' to release the {what}"
            faults.append(invalid("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], why))
    return faults


def _too_many(spec: Obj) -> list[FieldError]:
    if spec["ipFamilyPolicy"] != SINGLE:
        return []
    why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple {} are specified"
    parts = (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families"))
    return [
        invalid("spec.ipFamilyPolicy", SINGLE, why.format(what))
        for field, what in parts
        if len(spec.get(field) or ()) == 2
    ]


def _infer(spec: Obj, served: tuple[str, ...]) -> list[FieldError]:
    """Families follow from the addresses that are asked for."""
    faults = []
    found = list(spec.get("ipFamilies") or [])
    for index, address in enumerate(spec.get("clusterIPs") or ()):
        if address == NONE:
            break
        if index < len(found):
            continue
        family = family_of(address)
        if family in served:
            found.append(family)
        else:
            why = f"{family} is not configured on this cluster"
            faults.append(invalid(f"spec.clusterIPs[{index}]", spec["clusterIPs"], why))
    if found:
        spec["ipFamilies"] = found
    return faults


def choose_addresses(context: Context, obj: Obj, old: Obj | None) -> None:
    """Find an address for each family that has none yet; raise if one asked for cannot be had."""
    spec, then = obj["spec"], (old or {}).get("spec") or {}
    if spec.get("type") == "ExternalName" or (old is not None and keeps_preference(spec, old)):
        return
    was_external = then.get("type") == "ExternalName"
    if old is not None and not was_external:
        grows = len(then.get("ipFamilies") or ()) == 1 and len(spec.get("ipFamilies") or ()) == 2
        if then.get("clusterIPs", [])[:1] == [NONE] or not grows:
            return
        _choose(context, obj, 1)
    elif spec.get("clusterIPs", [])[:1] != [NONE]:
        _choose(context, obj, 0)


def _choose(context: Context, obj: Obj, start: int) -> None:
    spec = obj["spec"]
    shown = list(spec.get("clusterIPs") or [])
    found = shown + [""] * (len(spec["ipFamilies"]) - len(shown))
    for index in range(start, len(spec["ipFamilies"])):
        found[index] = _one(context, obj, spec["ipFamilies"][index], found[index], found)
    spec["clusterIPs"], spec["clusterIP"] = found, found[0]


def _one(context: Context, obj: Obj, family: str, wanted: str, shown: list[str]) -> str:
    dry_run, store = context.request.dry_run, context.store
    if wanted:
        why = allocation.address_fault(store, wanted, owner_of(obj), dry_run=dry_run)
        if why:
            refuse(obj, [invalid("spec.clusterIPs", shown, f"failed to allocate IP {wanted}: {why}")])
        return wanted
    found = allocation.next_address(store, family, context.ids, dry_run=dry_run)
    if found is None:
        raise full(f'failed to allocate a serviceIP for Service "{name_of(obj)}": {allocation.FULL}')
    return found


def owner_of(obj: Obj) -> Key:
    """The service's address in the store."""
    return Key(allocation.SERVICES, namespace_of(obj), name_of(obj))


def full(message: str) -> StatusError:
    """500: a range has nothing left."""
    return internal(message)


def change_faults(spec: Obj, then: Obj) -> list[FieldError]:
    """What is wrong with a change of addresses or families: the primary ones stay."""
    if "ExternalName" in (spec.get("type"), then.get("type")):
        return []
    headless, was_headless = is_headless(spec), is_headless(then)
    faults: list[FieldError] = []
    if not (headless and was_headless):
        faults += _address_changes(spec, then)
    if headless == was_headless and not headless:
        faults += _family_changes(spec, then)
    return faults


_ONCE = "may not change once set"


def _address_changes(spec: Obj, then: Obj) -> list[FieldError]:
    new, old = spec.get("clusterIPs") or [], then.get("clusterIPs") or []
    if len(new) == len(old):
        changed = [index for index, pair in enumerate(zip(new, old, strict=True)) if pair[0] != pair[1]]
        return [invalid(f"spec.clusterIPs[{index}]", new, _ONCE) for index in changed]
    faults = []
    if not new:
        faults.append(invalid("spec.clusterIPs[0]", None, "primary clusterIP can not be unset"))
    elif old and new[0] != old[0]:
        faults.append(invalid("spec.clusterIPs[0]", new, _ONCE))
    policy = spec.get("ipFamilyPolicy")
    if len(new) < len(old) and len(new) == 1 and policy != SINGLE:
        why = "must be set to 'SingleStack' when releasing the secondary clusterIP"
        faults.append(invalid("spec.ipFamilyPolicy", policy, why))
    return faults


def _family_changes(spec: Obj, then: Obj) -> list[FieldError]:
    new, old = spec.get("ipFamilies") or [], then.get("ipFamilies") or []
    field = "spec.ipFamilies[0]"
    if len(new) == len(old):
        return [invalid(field, new, _ONCE) for one, other in zip(new, old, strict=True) if one != other]
    faults = []
    if len(new) < len(old) and not spec.get("clusterIPs"):
        faults.append(invalid(field, new or None, "primary ipFamily can not be unset"))
    if new and old and new[0] != old[0]:
        faults.append(invalid(field, spec.get("clusterIPs"), _ONCE))
    policy = spec.get("ipFamilyPolicy")
    if len(new) < len(old) and len(new) == 1 and policy != SINGLE:
        why = "must be set to 'SingleStack' when releasing the secondary ipFamily"
        faults.append(invalid("spec.ipFamilyPolicy", policy, why))
    return faults
