"""The spec of a PersistentVolumeClaim, wherever it stands: in a claim, a claim template or a volume of a pod."""

from __future__ import annotations

from collections.abc import Sequence

from fakekube.core import names
from fakekube.core.fielderrors import forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.core.quantity import parse
from fakekube.registry.kinds.label_selectors import validate_selector
from fakekube.registry.kinds.rules import Errors, named, one_of

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")
CLAIM_WANTED = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"


def validate_claim_spec(errors: Errors, spec: Obj, path: str) -> None:
    """What is wrong with a new claim's spec."""
    if not spec.get("accessModes"):
        errors.append(required(f"{path}.accessModes", "at least 1 access mode is required"))
    validate_selector(errors, spec.get("selector"), f"{path}.selector")
    _validate_access_modes(errors, spec.get("accessModes") or (), f"{path}.accessModes")
    _validate_storage(errors, spec, f"{path}.resources[storage]")
    for field in ("storageClassName", "volumeAttributesClassName"):
        if field == "volumeAttributesClassName":
            _validate_mode_and_source(errors, spec, path)
        name = spec.get(field)
        if name:
            named(errors, names.dns1123_subdomain(name), name, f"{path}.{field}")


def _validate_mode_and_source(errors: Errors, spec: Obj, path: str) -> None:
    if "volumeMode" in spec:
        one_of(errors, spec["volumeMode"], VOLUME_MODES, f"{path}.volumeMode")
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    for field, value in (("dataSource", source), ("dataSourceRef", reference)):
        if value is not None:
            _validate_source(errors, value, f"{path}.{field}")
    if source is None or reference is None:
        return
    if reference.get("namespace"):
        detail = "may not be specified when dataSourceRef.namespace is specified"
        errors.append(invalid(path, f"{path}.dataSource", detail))
    elif any(source.get(field) != reference.get(field) for field in ("apiGroup", "kind", "name")):
        errors.append(invalid(path, f"{path}.dataSource", "must match dataSourceRef"))


def _validate_access_modes(errors: Errors, modes: Sequence[str], path: str) -> None:
    errors.extend(not_supported(path, mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES)
    known = {mode for mode in modes if mode in ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        errors.append(forbidden(path, "may not use ReadWriteOncePod with other access modes"))


def _validate_storage(errors: Errors, spec: Obj, path: str) -> None:
    amount = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if amount is None:
        errors.append(required(path))
        return
    quantity = parse(amount)
    if quantity.nanos <= 0:
        errors.append(invalid(path, amount, "must be greater than zero"))
    elif not quantity.is_whole():
        errors.append(invalid(path, amount, "must be an integer"))


def _validate_source(errors: Errors, source: Obj, path: str) -> None:
    for field in ("name", "kind"):
        if not source.get(field):
            errors.append(required(f"{path}.{field}"))
    group = source.get("apiGroup")
    if group:
        named(errors, names.dns1123_subdomain(group), group, f"{path}.apiGroup")
    elif source.get("kind") != "PersistentVolumeClaim":
        errors.append(invalid(path, source.get("kind", ""), CLAIM_WANTED))
    if source.get("namespace"):
        named(errors, names.dns1123_label(source["namespace"]), source["namespace"], f"{path}.namespace")
