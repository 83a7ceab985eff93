"""Nodes: allocatable follows from capacity, podCIDR and podCIDRs tell the same; no generation."""

from __future__ import annotations

import re

from fakekube.core import addresses, names
from fakekube.core.fielderrors import FieldError, duplicate, forbidden, invalid, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds import resource_names
from fakekube.registry.kinds.checks import label_name, legacy_cidr, one_of
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.selectable import SelectableStrategy
from fakekube.registry.strategy import Context

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_FIXED = 'node updates may not change {} except from "" to valid'
_FEATURE = re.compile(r"[A-Z][a-zA-Z0-9]*(/[a-zA-Z0-9]+)*").fullmatch
_FEATURE_RULE = (
    "must start with an UpperCamelCase segment, with subsequent segments separated by '/' "
    "(e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"
)


def taint_faults(taints: list[Obj], field: str = "metadata.taints") -> list[FieldError]:
    """What is wrong with a node's taints (the real server names the field so, though they are in the spec)."""
    faults: list[FieldError] = []
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        at, key, effect = f"{field}[{index}]", taint.get("key", ""), taint.get("effect", "")
        faults += label_name(f"{at}.key", key)
        if wrong := names.label_value(taint.get("value", "")):
            faults.append(invalid(f"{at}.value", taint["value"], ";".join(wrong)))
        faults += one_of(f"{at}.effect", effect, EFFECTS) if effect else [required(f"{at}.effect")]
        if (key, effect) in seen:
            fault = duplicate(at, internal("Taint", taint))
            why = "taints must be unique by key and effect pair"
            faults.append(FieldError(fault.reason, fault.field, f"{fault.message}: {why}"))
        seen.add((key, effect))
    return faults


def _amount_faults(status: Obj) -> list[FieldError]:
    faults: list[FieldError] = []
    for part in ("capacity", "allocatable"):
        for name, value in (status.get(part) or {}).items():
            faults += resource_names.amount_faults(f"status.{part}.{name}", name, value)
    return faults


def _feature_faults(features: list[str]) -> list[FieldError]:
    field = "status.declaredFeatures"
    faults: list[FieldError] = []
    for index, feature in enumerate(features):
        if len(feature) > names.SUBDOMAIN_LENGTH:
            why = f'invalid feature name "{feature}": {names.too_long(names.SUBDOMAIN_LENGTH)}'
            faults.append(invalid(f"{field}[{index}]", feature, why))
        elif not _FEATURE(feature):
            why = f'invalid feature name "{feature}": {_FEATURE_RULE}'
            faults.append(invalid(f"{field}[{index}]", feature, why))
        if index + 1 < len(features):
            following, at = features[index + 1], f"{field}[{index + 1}]"
            if following == feature:
                faults.append(duplicate(at, following))
            elif following < feature:
                faults.append(invalid(at, following, "list must be sorted alphabetically"))
    return faults


def _block_faults(blocks: list[str]) -> list[FieldError]:
    field = "spec.podCIDRs"
    faults = [fault for index, text in enumerate(blocks) for fault in legacy_cidr(f"{field}[{index}]", text)]
    if len(blocks) > 1:
        families = {found[1].version for text in blocks if (found := addresses.parse_cidr(text))}
        if len(blocks) > 2 or len(families) < 2:
            faults.append(invalid(field, blocks, "may specify no more than one CIDR for each IP family"))
    return faults


class NodeStrategy(SelectableStrategy):
    """The status may be given on create; the pod CIDRs and the provider's id stay once they are set."""

    generation_fields = None
    create_keeps_status = True
    field_selectors = {  # noqa: RUF012 - a table that nobody changes
        "spec.unschedulable": lambda obj: "true" if (obj.get("spec") or {}).get("unschedulable") else "false",
    }

    def default(self, obj: Obj) -> None:
        """podCIDR is the first of podCIDRs, and allocatable is the capacity where it is not told."""
        spec, status = obj.setdefault("spec", {}), obj.setdefault("status", {})
        first, blocks = spec.get("podCIDR"), spec.get("podCIDRs")
        if blocks:
            if first and first != blocks[0]:
                blocks = [first]
            spec["podCIDR"], spec["podCIDRs"] = blocks[0], blocks
        elif first:
            spec["podCIDRs"] = [first]
        if status.get("capacity") and "allocatable" not in status:
            status["allocatable"] = dict(status["capacity"])
        for part in ("capacity", "allocatable"):
            resource_names.round_to_milli(status.get(part))

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """The removed configuration source is dropped."""
        (obj.get("spec") or {}).pop("configSource", None)
        (obj.get("status") or {}).pop("config", None)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """The same unless it was there."""
        if "configSource" not in (old.get("spec") or {}):
            (obj.get("spec") or {}).pop("configSource", None)

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Taints, amounts, features and pod CIDRs."""
        spec, status = obj.get("spec") or {}, obj.get("status") or {}
        faults = taint_faults(spec.get("taints") or [])
        faults += _amount_faults(status)
        swap = ((status.get("nodeInfo") or {}).get("swap") or {}).get("capacity")
        if swap is not None and swap <= 0:
            faults.append(invalid("metadata.nodeSwapStatus.capacity", swap, "must be greater than 0"))
        faults += _feature_faults(status.get("declaredFeatures") or [])
        return faults + _block_faults(spec.get("podCIDRs") or [])

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The rules for new nodes, then those for changes."""
        return self.validate(context, obj) + self.validate_status(context, obj, old)

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Rules for any change of a node."""
        spec, then, status = obj.get("spec") or {}, old.get("spec") or {}, obj.get("status") or {}
        faults = _amount_faults(status) + _feature_faults(status.get("declaredFeatures") or [])
        faults += _address_faults(status.get("addresses") or [])
        blocks, before = spec.get("podCIDRs") or [], then.get("podCIDRs") or []
        if before:
            moved = sum(1 for new, was in zip(blocks, before, strict=False) if new != was)
            count = moved if len(blocks) == len(before) else 1
            faults += [forbidden("spec.podCIDRs", _FIXED.format("podCIDR"))] * count
        if then.get("providerID") and spec.get("providerID") != then["providerID"]:
            faults.append(forbidden("spec.providerID", _FIXED.format("providerID")))
        faults += taint_faults(spec.get("taints") or [])
        if spec.get("externalID") != then.get("externalID"):
            faults.append(forbidden("spec.externalID", "may not be updated"))
        return faults

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Removed and deprecated fields, and pod CIDRs that are spelt oddly."""
        if context.request.subresource:
            return []
        spec = obj.get("spec") or {}
        found = []
        if spec.get("configSource") is not None:
            found.append("spec.configSource: the feature is removed")
        if spec.get("externalID"):
            found.append("spec.externalID: this field is deprecated, and is unused by Kubernetes")
        for index, text in enumerate(spec.get("podCIDRs") or ()):
            found += addresses.cidr_warnings(f"spec.podCIDRs[{index}]", text)
        return found


def _address_faults(found: list[Obj]) -> list[FieldError]:
    faults, seen = [], set()
    for index, address in enumerate(found):
        pair = (address.get("type", ""), address.get("address", ""))
        if pair in seen:
            faults.append(duplicate(f"status.addresses[{index}]", internal("NodeAddress", address)))
        seen.add(pair)
    return faults


ROWS = {"nodes": NodeStrategy()}
