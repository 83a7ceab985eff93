"""Requests and limits: names, amounts and how the two belong together."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, duplicate, forbidden, go_quote, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.core.podresources import aggregate
from fakekube.core.quantity import Quantity, parse
from fakekube.registry.kinds.pod_resources import HUGE_PAGES, is_pod_level
from fakekube.registry.kinds.rules import NOT_NEGATIVE, Errors, named

CONTAINER_RESOURCES = frozenset(("cpu", "memory", "ephemeral-storage"))
QUOTA_RESOURCES = (
    "pods services replicationcontrollers resourcequotas secrets configmaps persistentvolumeclaims services.nodeports"
    " services.loadbalancers requests.cpu requests.memory requests.ephemeral-storage requests.storage"
    " limits.cpu limits.memory limits.ephemeral-storage"
)
STANDARD_RESOURCES = CONTAINER_RESOURCES | {"storage"} | frozenset(QUOTA_RESOURCES.split())
INTEGER_RESOURCES = frozenset(
    (
        "pods",
        "services",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    )
)
NATIVE_PREFIX = "kubernetes.io/"
REQUESTS_PREFIX = "requests."
COMPUTE = ("cpu", "memory")
POD_LEVEL_LISTED = ("cpu", "hugepages-", "memory")

NameCheck = Callable[[Errors, str, str], None]


def is_native(name: str) -> bool:
    """A resource that Kubernetes itself knows."""
    return "/" not in name or NATIVE_PREFIX in name


def is_extended(name: str) -> bool:
    """A resource that a device plugin or an administrator offers."""
    if is_native(name) or name.startswith(REQUESTS_PREFIX):
        return False
    return not names.qualified_name(REQUESTS_PREFIX + name)


def is_overcommitable(name: str) -> bool:
    """Whether more may be limited than is requested."""
    return is_native(name) and not name.startswith(HUGE_PAGES)


@lru_cache(maxsize=2048)
def name_faults(name: str) -> tuple[str, ...]:
    """What is wrong with the name of any resource."""
    faults = names.qualified_name(name)
    if not faults and "/" not in name and name not in STANDARD_RESOURCES and not name.startswith(HUGE_PAGES):
        faults = ["must be a standard resource type or fully qualified"]
    return tuple(faults)


@lru_cache(maxsize=2048)
def _container_name_faults(name: str) -> tuple[str, ...]:
    faults = name_faults(name)
    if "/" not in name:
        if name not in CONTAINER_RESOURCES and not name.startswith(HUGE_PAGES):
            return (*faults, "must be a standard resource for containers")
    elif not is_native(name) and not is_extended(name):
        return (*faults, "doesn't follow extended resource name standard")
    return faults


def container_resource_name(errors: Errors, name: str, path: str) -> None:
    """The name of a resource that a container may ask for."""
    named(errors, _container_name_faults(name), name, path)


def _pod_resource_name(errors: Errors, name: str, path: str) -> None:
    faults = name_faults(name)
    named(errors, faults, name, path)
    if not faults and not is_pod_level(name):
        errors.append(not_supported(path, name, POD_LEVEL_LISTED))


def resource_amount(errors: Errors, name: str, amount: Quantity, text: str, path: str) -> None:
    """Not below zero, and whole where only whole ones can be given out."""
    if amount.nanos < 0:
        errors.append(invalid(path, text, NOT_NEGATIVE))
    if (name in INTEGER_RESOURCES or is_extended(name)) and not amount.is_whole():
        errors.append(invalid(path, text, "must be an integer"))


def validate_container_resources(errors: Errors, resources: Obj, claims: frozenset[str], path: str) -> None:
    """resources of a container."""
    _validate_requirements(errors, resources, container_resource_name, claims, path)


def _validate_requirements(
    errors: Errors, resources: Obj, check_name: NameCheck, claims: frozenset[str], path: str
) -> None:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for side, amounts in (("limits", limits), ("requests", requests)):
        for name, text in amounts.items():
            amount = parse(text)
            _validate_amount(errors, check_name, name, amount, text, f"{path}.{side}[{name}]")
            if side == "requests":
                _validate_request(errors, name, amount, text, limits, path)
                _validate_huge_pages(errors, name, amount, text, f"{path}.{side}[{name}]")
    asked = {*limits, *requests}
    if not asked.intersection(COMPUTE) and any(name.startswith(HUGE_PAGES) for name in asked):
        errors.append(forbidden(path, "HugePages require cpu or memory"))
    if "claims" in resources:
        _validate_claims(errors, resources["claims"], claims, f"{path}.claims")


def _validate_amount(errors: Errors, check_name: NameCheck, name: str, amount: Quantity, text: str, path: str) -> None:
    if name in CONTAINER_RESOURCES and amount.nanos >= 0:
        return
    check_name(errors, name, path)
    resource_amount(errors, name, amount, text, path)
    if ".limits[" in path:
        _validate_huge_pages(errors, name, amount, text, path)


def _validate_huge_pages(errors: Errors, name: str, amount: Quantity, text: str, path: str) -> None:
    if name.startswith(HUGE_PAGES) and not _divides(name, amount):
        errors.append(invalid(path, text, f"{text} is not positive integer multiple of {name}"))


def _divides(name: str, amount: Quantity) -> bool:
    try:
        page = parse(name.removeprefix(HUGE_PAGES))
    except ValueError:
        return False
    return page.nanos > 0 and amount.nanos > 0 and amount.nanos % page.nanos == 0


def _validate_request(errors: Errors, name: str, amount: Quantity, text: str, limits: Obj, path: str) -> None:
    limit = limits.get(name)
    if limit is None:
        if not is_overcommitable(name):
            errors.append(required(f"{path}.limits", "Limit must be set for non overcommitable resources"))
        return
    allowed = parse(limit)
    if amount != allowed and not is_overcommitable(name):
        errors.append(invalid(f"{path}.requests", text, f"must be equal to {name} limit of {limit}"))
    elif amount > allowed:
        errors.append(invalid(f"{path}.requests", text, f"must be less than or equal to {name} limit of {limit}"))


def _validate_claims(errors: Errors, wanted: list[Obj], claims: frozenset[str], path: str) -> None:
    seen: set[str] = set()
    for index, claim in enumerate(wanted):
        here, name, request = f"{path}[{index}]", claim.get("name", ""), claim.get("request", "")
        if not name:
            errors.append(required(here))
            continue
        key = f"{name}/{request}" if request else name
        if name in seen:
            errors.append(duplicate(here, name))
        else:
            if request:
                named(errors, names.dns1123_label(request), request, f"{here}.request")
            if key in seen:
                errors.append(duplicate(here, key))
            elif not request:
                errors.extend(duplicate(here, name) for other in seen if other.startswith(f"{name}/"))
            seen.add(key)
        if name not in claims:
            known = ": " + ", ".join(sorted(claims)) if claims else " which is empty"
            detail = f"Not found: {go_quote(name)}: must be one of the names in pod.spec.resourceClaims{known}"
            errors.append(FieldError("FieldValueNotFound", here, detail))


def validate_pod_resources(errors: Errors, spec: Obj, claims: frozenset[str], path: str) -> None:
    """resources of the pod as a whole, and that they are not below those of its containers."""
    resources = spec["resources"]
    if (spec.get("os") or {}).get("name") == "windows":
        errors.append(forbidden(path, "may not be set for a windows pod"))
        return
    if "claims" in resources:
        errors.append(forbidden(f"{path}.claims", "claims may not be set for Resources at pod-level"))
    _validate_requirements(errors, resources, _pod_resource_name, claims, path)
    _validate_consistency(errors, spec, resources, path)


def _validate_consistency(errors: Errors, spec: Obj, resources: Obj, path: str) -> None:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for name, total in aggregate(spec, "requests").items():
        if name in requests and total > parse(requests[name]):
            detail = f"must be greater than or equal to aggregate container requests of {total}"
            errors.append(invalid(f"{path}.requests[{name}]", requests[name], detail))
    for name, total in aggregate(spec, "limits").items():
        if name.startswith(HUGE_PAGES) and name in limits and total > parse(limits[name]):
            detail = f"must be greater than or equal to aggregate container limits of {total}"
            errors.append(invalid(f"{path}.limits[{name}]", limits[name], detail))
    for index, container in enumerate(spec.get("containers") or ()):
        for name, text in ((container.get("resources") or {}).get("limits") or {}).items():
            if name in limits and parse(text) > parse(limits[name]):
                detail = f"must be less than or equal to pod limits of {limits[name]}"
                errors.append(invalid(f"{path}.containers[{index}][{name}].limits", text, detail))
