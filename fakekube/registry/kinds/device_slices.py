"""What a driver publishes: a pool, the nodes that reach it, and its devices."""

from __future__ import annotations

import re
from typing import Any

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, duplicate, forbidden, invalid, required, too_long, too_many
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import dns_label, dns_subdomain, immutable, invalids, label_name, one_of
from fakekube.registry.kinds.device_requests import EFFECTS, driver_name, each, each_once, qualified_name
from fakekube.registry.kinds.pod_validation.scheduling import validate_node_selector

_MOST_DEVICES = 128
_MOST_ADVANCED_DEVICES = 64
_MOST_COUNTER_SETS = 8
_MOST_COUNTERS = 32
_MOST_CONSUMED = 2
_MOST_ATTRIBUTES = 32
_MOST_TAINTS = 16
_MOST_CONDITIONS = 4
_LONGEST_VALUE = 64
_LONGEST_POOL = 253
_NUMBER = r"(0|[1-9]\d*)"
_PRE_RELEASE = r"(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_BUILD = "[0-9a-zA-Z-]+"
_SEMVER = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_PRE_RELEASE}(\.{_PRE_RELEASE})*)?(\+{_BUILD}(\.{_BUILD})*)?",
    re.ASCII,
)
_LISTS = {"bools": "bool", "ints": "int", "strings": "string", "versions": "version"}


def slice_faults(spec: Obj, old: Obj | None) -> list[FieldError]:
    """What is wrong with the spec of a slice."""
    pool, driver = spec.get("pool") or {}, spec.get("driver") or ""
    faults = driver_name("spec.driver", driver) + _pool_faults("spec.pool", pool)
    if old is not None:
        faults += immutable("spec.pool.name", pool.get("name") or "", (old.get("pool") or {}).get("name") or "")
        faults += immutable("spec.driver", driver, old.get("driver") or "")
        faults += immutable("spec.nodeName", spec.get("nodeName"), old.get("nodeName"))
    choices = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
    faults += _node_faults("spec", spec, choices, "exactly one of {} is required")
    devices, counters = spec.get("devices"), spec.get("sharedCounters")
    if devices is not None and counters is not None:
        faults.append(invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed"))
    by_device = bool(spec.get("perDeviceNodeSelection"))
    before = {device.get("name"): device for device in (old or {}).get("devices") or ()}

    def device_faults(field: str, device: Obj) -> list[FieldError]:
        return _device_faults(field, device, before.get(device.get("name")), by_device=by_device)

    advanced = any(_is_advanced(device) for device in devices or ())
    most = _MOST_ADVANCED_DEVICES if advanced else _MOST_DEVICES
    faults += each_once("spec.devices", devices or (), most, device_faults)
    return faults + each_once("spec.sharedCounters", counters or (), _MOST_COUNTER_SETS, _counter_set_faults)


def _is_advanced(device: Obj) -> bool:
    lists = (attribute.get(name) for attribute in (device.get("attributes") or {}).values() for name in _LISTS)
    return bool(device.get("taints") or device.get("consumesCounters")) or any(each is not None for each in lists)


def _pool_faults(field: str, pool: Obj) -> list[FieldError]:
    name, count, generation = pool.get("name") or "", pool.get("resourceSliceCount") or 0, pool.get("generation") or 0
    faults = [] if name else [required(f"{field}.name")]
    if len(name) > _LONGEST_POOL:
        faults.append(too_long(f"{field}.name", _LONGEST_POOL))
    for part in name.split("/") if name else ():
        faults += dns_subdomain(f"{field}.name", part)
    if count <= 0:
        faults.append(invalid(f"{field}.resourceSliceCount", count, "must be greater than zero"))
    if generation < 0:
        faults.append(invalid(f"{field}.generation", generation, "must be greater than or equal to zero"))
    return faults


def _node_faults(field: str, found: Obj, choices: tuple[str, ...], rule: str) -> list[FieldError]:
    """What is wrong with the choice of nodes; `rule` with the choices in its braces."""
    faults: list[FieldError] = []
    chosen: list[str] = []
    of_device = "perDeviceNodeSelection" not in choices
    for name in choices:
        value, at = found.get(name), f"{field}.{name}"
        if value is None:
            continue
        if value in ("", False):
            must_be = "must be either unset or set to " + ("true" if value is False else "a non-empty string")
            faults.append(invalid(at, value, "must not be empty" if of_device and value == "" else must_be))
            continue
        chosen.append(f"`{name}`")
        if name == "nodeName":
            faults += dns_subdomain(at, value)
        elif name == "nodeSelector":
            validate_node_selector(faults, value, at)
            terms = value.get("nodeSelectorTerms") or []
            if not of_device and len(terms) != 1:
                faults.append(invalid(f"{at}.nodeSelectorTerms", terms, "must have exactly one node selector term"))
    told = [f"`{name}`" for name in choices]
    rule = rule.format(", ".join(told) if not of_device else ", ".join(told[:-1]) + f", or {told[-1]}")
    if not chosen:
        faults.append(required(field, rule))
    elif len(chosen) > 1:
        shown = "{" + ", ".join(chosen) + "}"
        why = rule if of_device else f"{rule}, but multiple fields are set"
        faults.append(invalid(field, shown, why))
    return faults


def _device_faults(field: str, device: Obj, old: Obj | None, *, by_device: bool) -> list[FieldError]:
    attributes, capacity = device.get("attributes") or {}, device.get("capacity") or {}
    faults = dns_label(f"{field}.name", device.get("name") or "")
    count = len(attributes) + len(capacity)
    if count > _MOST_ATTRIBUTES:
        why = f"the total number of attributes and capacities must not exceed {_MOST_ATTRIBUTES}"
        faults.append(invalid(field, count, why))
    for name, attribute in sorted(attributes.items()):
        faults += qualified_name(f"{field}.attributes", name)
        faults += _attribute_faults(f"{field}.attributes[{name}]", attribute)
    for name, amount in sorted(capacity.items()):
        faults += qualified_name(f"{field}.capacity", name)
        if amount.get("requestPolicy") is not None and not device.get("allowMultipleAllocations"):
            at = f"{field}.capacity[{name}].requestPolicy"
            faults.append(forbidden(at, "allowMultipleAllocations must be true"))
    taints = device.get("taints") or []
    if old is None or taints != (old.get("taints") or []):
        faults += each(f"{field}.taints", taints, _MOST_TAINTS, _taint_faults)
    consumed = device.get("consumesCounters") or ()
    at = f"{field}.consumesCounters"
    faults += each_once(at, consumed, _MOST_CONSUMED, _consumption_faults, lambda item: item.get("counterSet") or "")
    choices = ("nodeName", "nodeSelector", "allNodes")
    if by_device:
        rule = "exactly one of {} is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec"
        faults += _node_faults(field, device, choices, rule)
    elif any(device.get(name) is not None for name in choices):
        why = (
            "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in"
            " the ResourceSlice spec"
        )
        faults.append(invalid(field, None, why))
    return faults + _binding_faults(field, device)


def _attribute_faults(field: str, attribute: Obj) -> list[FieldError]:
    faults: list[FieldError] = []
    for name in ("string", "version"):
        if attribute.get(name) is not None:
            faults += _value_faults(f"{field}.{name}", name, attribute[name])
    for many, one in _LISTS.items():
        values = attribute.get(many)
        if values is None:
            continue
        if not values:
            faults.append(invalid(f"{field}.{many}", values, "must not be empty if specified"))
        for index, value in enumerate(values):
            faults += _value_faults(f"{field}.{many}[{index}]", one, value)
    given = [name for name in (*_LISTS.values(), *_LISTS) if attribute.get(name) is not None]
    if len(given) != 1:
        faults.append(invalid(field, attribute if given else "", "exactly one value must be specified"))
    return faults


def _value_faults(field: str, kind: str, value: Any) -> list[FieldError]:
    faults: list[FieldError] = []
    if kind == "version" and not _SEMVER.fullmatch(value):
        faults.append(invalid(field, value, "must be a string compatible with semver.org spec 2.0.0"))
    if kind in ("string", "version") and len(value.encode()) > _LONGEST_VALUE:
        faults.append(too_long(field, _LONGEST_VALUE))
    return faults


def _taint_faults(field: str, taint: Obj) -> list[FieldError]:
    value, effect = taint.get("value") or "", taint.get("effect") or ""
    faults = label_name(f"{field}.key", taint.get("key") or "")
    faults += invalids(f"{field}.value", value, names.label_value(value))
    return faults + (one_of(f"{field}.effect", effect, EFFECTS) if effect else [required(f"{field}.effect")])


def _counter_set_faults(field: str, counters: Obj) -> list[FieldError]:
    return _counter_faults(field, "name", counters)


def _consumption_faults(field: str, consumption: Obj) -> list[FieldError]:
    return _counter_faults(field, "counterSet", consumption)


def _counter_faults(field: str, key: str, found: Obj) -> list[FieldError]:
    name, counters, at = found.get(key) or "", found.get("counters") or {}, f"{field}.counters"
    faults = dns_label(f"{field}.{key}", name) if name else [required(f"{field}.{key}")]
    if not counters:
        return [*faults, required(at)]
    if len(counters) > _MOST_COUNTERS:
        return [*faults, too_many(at, len(counters), _MOST_COUNTERS)]
    return faults + [fault for counter in sorted(counters) for fault in dns_label(at, counter)]


def _binding_faults(field: str, device: Obj) -> list[FieldError]:
    """What is wrong with the conditions that a device waits for before it is bound."""
    kinds = ("bindingConditions", "bindingFailureConditions")
    wanted, failed = (device.get(name) or [] for name in kinds)
    faults: list[FieldError] = []
    for name, found in zip(kinds, (wanted, failed), strict=True):
        at = f"{field}.{name}"
        if len(found) > _MOST_CONDITIONS:
            faults.append(too_many(at, len(found), _MOST_CONDITIONS))
            continue
        faults += [fault for index, each in enumerate(found) for fault in label_name(f"{at}[{index}]", each)]
    for name, found in zip(kinds, (wanted, failed), strict=True):
        for index, condition in enumerate(found):
            at = f"{field}.{name}[{index}]"
            if condition in found[:index]:
                faults.append(duplicate(at, condition))
            if found is failed and condition in wanted:
                why = "bindingFailureConditions must not overlap with bindingConditions"
                faults.append(invalid(at, condition, why))
    if bool(wanted) != bool(failed):
        missing, given = kinds if failed else kinds[::-1]
        faults.append(invalid(f"{field}.{missing}", None, f"{missing} are required to use {given}"))
    return faults
