"""Environment variables and where their values come from; the downward API, which volumes use too."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.fielderrors import invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.core.quantity import parse
from fakekube.registry.kinds.pod_validation.paths import without_backsteps
from fakekube.registry.kinds.rules import Errors, named

ENV_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
VOLUME_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
KNOWN_FIELDS = frozenset((*ENV_FIELDS, *VOLUME_FIELDS, "spec.restartPolicy", "spec.schedulerName", "status.phase"))
RESOURCE_FIELDS = (
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
)
HUGE_PAGE_FIELDS = ("requests.hugepages-", "limits.hugepages-")
BYTE_DIVISORS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_BYTES_WRONG = f"only divisor's values {', '.join(BYTE_DIVISORS)} are supported with the {{}} resource"
SOURCES_WANTED = (
    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
)
ONE_ONLY = "may not have more than one field specified at a time"


def validate_env(errors: Errors, variables: list[Obj], path: str) -> None:
    """env: names, and at most one source each."""
    for index, variable in enumerate(variables):
        name, source = variable.get("name", ""), variable.get("valueFrom")
        if not name:
            errors.append(required(f"{path}[{index}].name"))
        else:
            named(errors, names.env_var_name(name), name, f"{path}[{index}].name")
        if source is not None:
            _validate_source(errors, source, bool(variable.get("value")), f"{path}[{index}].valueFrom")


def _validate_source(errors: Errors, source: Obj, has_value: bool, path: str) -> None:
    if "fieldRef" in source:
        validate_field_ref(errors, source["fieldRef"], ENV_FIELDS, f"{path}.fieldRef")
    if "resourceFieldRef" in source:
        validate_resource_ref(errors, source["resourceFieldRef"], f"{path}.resourceFieldRef", in_volume=False)
    for field in ("configMapKeyRef", "secretKeyRef"):
        if field in source:
            _validate_key_ref(errors, source[field], f"{path}.{field}")
    if "fileKeyRef" in source:
        _validate_file_key(errors, source["fileKeyRef"], f"{path}.fileKeyRef")
    if not source:
        errors.append(invalid(path, "", SOURCES_WANTED))
    elif has_value:
        errors.append(invalid(path, "", "may not be specified when `value` is not empty"))
    elif len(source) > 1:
        errors.append(invalid(path, "", ONE_ONLY))


def subscripted(text: str) -> tuple[str, str] | None:
    """("metadata.labels", "key") of "metadata.labels['key']"; None for a path without a subscript."""
    head, bracket, rest = text.partition("['")
    return (head, rest[:-2]) if head and bracket and rest.endswith("']") else None


def validate_field_ref(errors: Errors, reference: Obj, allowed: tuple[str, ...], path: str) -> None:
    """A field of the pod itself."""
    version, field = reference.get("apiVersion", ""), reference.get("fieldPath", "")
    for name, value in (("apiVersion", version), ("fieldPath", field)):
        if not value:
            errors.append(required(f"{path}.{name}"))
            return
    parts = subscripted(field)
    fault = _field_fault(version, field, parts)
    if fault:
        errors.append(invalid(f"{path}.fieldPath", field, f"error converting fieldPath: {fault}"))
    elif parts is not None:
        key = parts[1].lower() if parts[0] == "metadata.annotations" else parts[1]
        named(errors, names.qualified_name(key), key, path)
    else:
        field = "spec.nodeName" if field == "spec.host" else field
        if field not in allowed:
            errors.append(not_supported(f"{path}.fieldPath", field, allowed))


def _field_fault(version: str, field: str, parts: tuple[str, str] | None) -> str:
    if version != "v1":
        return f"unsupported pod version: {version}"
    if parts is not None:
        known = parts[0] in ("metadata.annotations", "metadata.labels")
        return "" if known else f"field label does not support subscript: {field}"
    return "" if field in KNOWN_FIELDS or field == "spec.host" else f"field label not supported: {field}"


def validate_resource_ref(errors: Errors, reference: Obj, path: str, *, in_volume: bool) -> None:
    """A request or limit of a container."""
    name = reference.get("resource", "")
    if in_volume and not reference.get("containerName"):
        errors.append(required(f"{path}.containerName"))
    elif not name:
        errors.append(required(f"{path}.resource"))
    elif name not in RESOURCE_FIELDS and not name.startswith(HUGE_PAGE_FIELDS):
        errors.append(not_supported(f"{path}.resource", name, RESOURCE_FIELDS))
    _validate_divisor(errors, name, reference.get("divisor", "0"), f"{path}.divisor")


def _validate_divisor(errors: Errors, name: str, divisor: str, path: str) -> None:
    if not parse(divisor).nanos:
        return
    if name in ("limits.cpu", "requests.cpu"):
        if divisor not in ("1m", "1"):
            errors.append(invalid(path, name, "only divisor's values 1m and 1 are supported with the cpu resource"))
        return
    told = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}.get(name.partition(".")[2])
    if told is None and name.startswith(HUGE_PAGE_FIELDS):
        told = "hugepages"
    if told is not None and divisor not in BYTE_DIVISORS:
        errors.append(invalid(path, name, _BYTES_WRONG.format(told)))


def _validate_key_ref(errors: Errors, reference: Obj, path: str) -> None:
    name, key = reference.get("name", ""), reference.get("key", "")
    named(errors, names.dns1123_subdomain(name), name, f"{path}.name")
    if not key:
        errors.append(required(f"{path}.key"))
    else:
        named(errors, names.config_map_key(key), key, f"{path}.key")


def _validate_file_key(errors: Errors, reference: Obj, path: str) -> None:
    key, volume, file = (reference.get(each, "") for each in ("key", "volumeName", "path"))
    if not key:
        errors.append(required(f"{path}.key"))
    else:
        named(errors, names.env_var_name(key), key, f"{path}.key")
    if not volume:
        errors.append(required(f"{path}.volumeName"))
    else:
        named(errors, names.dns1123_label(volume), volume, f"{path}.volumeName")
    if not file:
        errors.append(required(f"{path}.path"))
    else:
        without_backsteps(errors, file, f"{path}.path")


def validate_env_from(errors: Errors, sources: list[Obj], path: str) -> None:
    """envFrom: one source each."""
    for index, source in enumerate(sources):
        prefix = source.get("prefix")
        if prefix:
            named(errors, names.env_var_name(prefix), prefix, f"{path}[{index}].prefix")
        given = [field for field in ("configMapRef", "secretRef") if field in source]
        for field in given:
            _validate_whole(errors, source[field], f"{path}[{index}].{field}.name")
        if not given:
            errors.append(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif len(given) > 1:
            errors.append(invalid(path, "", ONE_ONLY))


def _validate_whole(errors: Errors, reference: Obj, path: str) -> None:
    name = reference.get("name", "")
    if not name:
        errors.append(required(path))
    else:
        named(errors, names.dns1123_subdomain(names.masked(name)), name, path)
