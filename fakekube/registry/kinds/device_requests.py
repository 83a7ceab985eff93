"""What a ResourceClaim asks for: requests of devices, constraints among them, and configuration for their drivers.

Expressions that select devices are kept as text here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from json import dumps

from fakekube.core import names
from fakekube.core.fielderrors import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import dns_label, dns_subdomain, invalids, label_name, one_of
from fakekube.registry.kinds.pod_validation.volumes import csi_driver_name

EFFECTS = ("NoExecute", "NoSchedule", "None")
_MOST = 32
_MOST_CHOICES = 8
_LONGEST_TEXT = 10 * 1024
_LONGEST_ID = 32
_NO_REQUEST = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

Check = Callable[[str, Obj], list[FieldError]]


def each(field: str, found: Sequence[Obj], most: int, check: Check) -> list[FieldError]:
    """What is wrong with the items of a list, or only that there are too many."""
    if len(found) > most:
        return [too_many(field, len(found), most)]
    return [fault for index, item in enumerate(found) for fault in check(f"{field}[{index}]", item)]


def each_once(
    field: str,
    found: Sequence[Obj],
    most: int,
    check: Check,
    key: Callable[[Obj], object] = lambda item: item.get("name") or "",
) -> list[FieldError]:
    """The same for a list whose items differ by a key."""
    faults = each(field, found, most, check)
    if len(found) > most:
        return faults
    seen: set[object] = set()
    for index, item in enumerate(found):
        if key(item) in seen:
            faults.append(duplicate(f"{field}[{index}]", key(item)))
        seen.add(key(item))
    return faults


def driver_name(field: str, name: str) -> list[FieldError]:
    """What is wrong with the name of a driver."""
    faults: list[FieldError] = []
    csi_driver_name(faults, name, field)
    return faults


def qualified_name(field: str, name: str) -> list[FieldError]:
    """What is wrong with an attribute's name: an identifier, perhaps after a domain."""
    parts = name.split("/")
    if len(parts) == 1:
        return _identifier(field, name)
    if len(parts) > 2:
        return []
    domain, rest = parts
    faults = driver_name(field, domain) if domain else [invalid(field, "", "the domain must not be empty")]
    return faults + (_identifier(field, rest) if rest else [invalid(field, "", "the name must not be empty")])


def _identifier(field: str, name: str) -> list[FieldError]:
    faults = [too_long(field, _LONGEST_ID)] if len(name) > _LONGEST_ID else []
    return faults + invalids(field, name, names.c_identifier(name))


def selector_faults(field: str, selector: Obj) -> list[FieldError]:
    """What is wrong with a selector of devices."""
    cel = selector.get("cel")
    if cel is None:
        return [required(f"{field}.cel")]
    long = len((cel.get("expression") or "").encode()) > _LONGEST_TEXT
    return [too_long(f"{field}.cel.expression", _LONGEST_TEXT)] if long else []


def configuration_faults(field: str, configuration: Obj) -> list[FieldError]:
    """What is wrong with configuration for a driver."""
    opaque = configuration.get("opaque")
    if opaque is None:
        return [required(f"{field}.opaque")]
    faults, parameters = driver_name(f"{field}.opaque.driver", opaque.get("driver") or ""), opaque.get("parameters")
    at = f"{field}.opaque.parameters"
    if parameters is None:
        return [*faults, required(at)]
    if len(dumps(parameters, separators=(",", ":")).encode()) > _LONGEST_TEXT:
        return [*faults, too_long(at, _LONGEST_TEXT)]
    if not isinstance(parameters, dict):
        return [*faults, invalid(at, "<value omitted>", "must be a valid JSON object")]
    return faults


def claim_faults(field: str, spec: Obj) -> list[FieldError]:
    """What is wrong with the spec of a claim."""
    devices, at = spec.get("devices") or {}, f"{field}.devices"
    known = {
        request.get("name") or "": [choice.get("name") or "" for choice in request.get("firstAvailable") or ()]
        for request in devices.get("requests") or ()
    }

    def named(where: str, found: Sequence[str]) -> list[FieldError]:
        return _reference_faults(where, found, known)

    def constraint(where: str, found: Obj) -> list[FieldError]:
        return named(f"{where}.requests", found.get("requests") or ()) + _constraint_faults(where, found)

    def configuration(where: str, found: Obj) -> list[FieldError]:
        return named(f"{where}.requests", found.get("requests") or ()) + configuration_faults(where, found)

    faults = each_once(f"{at}.requests", devices.get("requests") or (), _MOST, _request_faults)
    faults += each(f"{at}.constraints", devices.get("constraints") or (), _MOST, constraint)
    return faults + each(f"{at}.config", devices.get("config") or (), _MOST, configuration)


def _request_faults(field: str, request: Obj) -> list[FieldError]:
    exactly, choices = request.get("exactly"), request.get("firstAvailable") or ()
    faults = dns_label(f"{field}.name", request.get("name") or "")
    wanted = "exactly one of `exactly` or `firstAvailable` is required"
    if exactly is None and not choices:
        return [*faults, required(field, wanted)]
    if exactly is not None and choices:
        return [*faults, invalid(field, None, f"{wanted}, but multiple fields are set")]
    if exactly is not None:
        return faults + _exact_faults(f"{field}.exactly", exactly)
    return faults + each_once(f"{field}.firstAvailable", choices, _MOST_CHOICES, _choice_faults)


def _choice_faults(field: str, choice: Obj) -> list[FieldError]:
    return dns_label(f"{field}.name", choice.get("name") or "") + _exact_faults(field, choice)


def _exact_faults(field: str, request: Obj) -> list[FieldError]:
    kind, at = request.get("deviceClassName") or "", f"{field}.deviceClassName"
    faults = dns_subdomain(at, kind) if kind else [required(at)]
    faults += each(f"{field}.selectors", request.get("selectors") or (), _MOST, selector_faults)
    mode, count = request.get("allocationMode") or "", request.get("count") or 0
    if mode == "All" and count:
        faults.append(invalid(f"{field}.count", count, "must not be specified when allocationMode is 'All'"))
    elif mode == "ExactCount" and count <= 0:
        faults.append(invalid(f"{field}.count", count, "must be greater than zero"))
    elif mode not in ("All", "ExactCount"):
        faults.append(not_supported(f"{field}.allocationMode", mode, ("All", "ExactCount")))
    for index, toleration in enumerate(request.get("tolerations") or ()):
        faults += _toleration_faults(f"{field}.tolerations[{index}]", toleration)
    return faults


def _toleration_faults(field: str, toleration: Obj) -> list[FieldError]:
    key, operator, value, effect = (toleration.get(name) or "" for name in ("key", "operator", "value", "effect"))
    faults = label_name(f"{field}.key", key) if key else []
    if operator == "Exists":
        if value:
            faults.append(invalid(f"{field}.value", value, "must be empty for operator `Exists`"))
    elif operator == "Equal":
        faults += invalids(f"{field}.value", value, names.label_value(value))
    elif operator:
        faults.append(not_supported(f"{field}.operator", operator, ("Equal", "Exists")))
    else:
        faults.append(required(f"{field}.operator"))
    return faults + (one_of(f"{field}.effect", effect, EFFECTS) if effect else [])


def _constraint_faults(field: str, constraint: Obj) -> list[FieldError]:
    for name in ("matchAttribute", "distinctAttribute"):
        found = constraint.get(name)
        if found is not None:
            faults = qualified_name(f"{field}.{name}", found)
            why = "a fully qualified name must be a domain and a name separated by a slash"
            return faults if "/" in found else [*faults, invalid(f"{field}.{name}", found, why)]
    why = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
    return [required(field, why)]


def _reference_faults(field: str, found: Sequence[str], known: dict[str, list[str]]) -> list[FieldError]:
    """What is wrong with names of requests."""
    if len(found) > _MOST:
        return [too_many(field, len(found), _MOST)]
    faults: list[FieldError] = []
    for index, name in enumerate(found):
        at, parts = f"{field}[{index}]", name.split("/")
        is_known = parts[0] in known and (len(parts) == 1 or parts[1] in known[parts[0]])
        if len(parts) <= 2:
            faults += [fault for part in parts for fault in dns_label(at, part)]
        if len(parts) > 2 or not is_known:
            faults.append(invalid(at, name, _NO_REQUEST))
    repeated = (index for index, name in enumerate(found) if name in found[:index])
    return faults + [duplicate(f"{field}[{index}]", found[index]) for index in repeated]


def reservation_faults(obj: Obj, old: Obj) -> list[FieldError]:
    """What is wrong with the users of a claim in its status."""
    status, before = obj.get("status") or {}, old.get("status") or {}
    reserved, field = status.get("reservedFor") or (), "status.reservedFor"
    faults = each_once(field, reserved, 256, _user_faults, lambda user: user.get("uid") or "")
    if reserved and status.get("allocation") is None:
        faults.append(forbidden(field, "may not be specified when `allocated` is not set"))
    elif obj["metadata"].get("deletionTimestamp") and any(
        user not in (before.get("reservedFor") or ()) for user in reserved
    ):
        why = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
        faults.append(forbidden(field, why))
    return faults


def _user_faults(field: str, user: Obj) -> list[FieldError]:
    return [required(f"{field}.{name}") for name in ("resource", "name", "uid") if not user.get(name)]
