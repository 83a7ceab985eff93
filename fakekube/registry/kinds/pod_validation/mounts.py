"""Volume mounts and volume devices of a container."""

from __future__ import annotations

from fakekube.core.fielderrors import forbidden, invalid, not_found, not_supported, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.pod_validation.paths import descending
from fakekube.registry.kinds.rules import Errors, one_of

PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
RECURSIVE_READ_ONLY = ("Disabled", "Enabled", "IfPossible")


def validate_mounts(errors: Errors, container: Obj, volumes: dict[str, Obj], path: str) -> None:
    """volumeMounts: known volumes, distinct paths."""
    devices = container.get("volumeDevices") or ()
    device_names = {device.get("name", "") for device in devices}
    device_paths = {device.get("devicePath", "") for device in devices}
    seen: set[str] = set()
    for index, mount in enumerate(container["volumeMounts"]):
        name, target = mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            errors.append(required(f"{path}[{index}].name"))
        if name not in volumes:
            errors.append(not_found(f"{path}[{index}].name", name))
        if not target:
            errors.append(required(f"{path}[{index}].mountPath"))
        if target in seen:
            errors.append(invalid(f"{path}[{index}].mountPath", target, "must be unique"))
        seen.add(target)
        if devices:
            here = f"{path}[{index}]"
            if name in device_names:
                errors.append(invalid(f"{here}.name", name, "must not already exist in volumeDevices"))
            if target in device_paths:
                detail = "must not already exist as a path in volumeDevices"
                errors.append(invalid(f"{here}.mountPath", target, detail))
        if len(mount) > 2:
            _validate_options(errors, mount, container, path, index)


def _validate_options(errors: Errors, mount: Obj, container: Obj, path: str, index: int) -> None:
    # The real server leaves the index out of these paths.
    sub_path, expression = mount.get("subPath"), mount.get("subPathExpr")
    if sub_path:
        descending(errors, sub_path, f"{path}.subPath")
    if expression:
        if sub_path:
            detail = "subPathExpr and subPath are mutually exclusive"
            errors.append(invalid(f"{path}[{index}].subPathExpr", expression, detail))
        descending(errors, expression, f"{path}.subPathExpr")
    if "mountPropagation" in mount:
        _validate_propagation(errors, mount["mountPropagation"], container, f"{path}.mountPropagation")
    if "recursiveReadOnly" in mount:
        _validate_recursive(errors, mount, f"{path}.recursiveReadOnly")


def _validate_propagation(errors: Errors, propagation: str, container: Obj, path: str) -> None:
    one_of(errors, propagation, PROPAGATIONS, path)
    if propagation == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
        detail = "Bidirectional mount propagation is available only to privileged containers"
        errors.append(forbidden(path, detail))


def _validate_recursive(errors: Errors, mount: Obj, path: str) -> None:
    value = mount["recursiveReadOnly"]
    if value not in RECURSIVE_READ_ONLY:
        errors.append(not_supported(path, value, RECURSIVE_READ_ONLY))
    elif value != "Disabled":
        if not mount.get("readOnly"):
            errors.append(forbidden(path, "may only be specified when readOnly is true"))
        if mount.get("mountPropagation", "None") != "None":
            detail = "may only be specified when mountPropagation is None or not specified"
            errors.append(forbidden(path, detail))


def validate_devices(errors: Errors, container: Obj, volumes: dict[str, Obj], path: str) -> None:
    """volumeDevices: claims only, each once, apart from the mounts."""
    mounts = container.get("volumeMounts") or ()
    mount_names = {mount.get("name", "") for mount in mounts}
    mount_paths = {mount.get("mountPath", "") for mount in mounts}
    seen_names: set[str] = set()
    seen_paths: set[str] = set()
    for index, device in enumerate(container["volumeDevices"]):
        name, target = device.get("name", ""), device.get("devicePath", "")
        _validate_device_name(errors, name, seen_names, volumes, f"{path}[{index}].name")
        _validate_device_path(errors, target, seen_paths, f"{path}[{index}].devicePath")
        if name in mount_names:
            errors.append(invalid(f"{path}[{index}].name", name, "must not already exist in volumeMounts"))
        if target in mount_paths:
            detail = "must not already exist as a path in volumeMounts"
            errors.append(invalid(f"{path}[{index}].devicePath", target, detail))
        if name:
            seen_names.add(name)


def _validate_device_name(errors: Errors, name: str, seen: set[str], volumes: dict[str, Obj], path: str) -> None:
    if not name:
        errors.append(required(path))
    if name in seen:
        errors.append(invalid(path, name, "must be unique"))
    volume = volumes.get(name)
    if volume is None:
        errors.append(not_found(path, name))
    elif "persistentVolumeClaim" not in volume and "ephemeral" not in volume:
        detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        errors.append(invalid(path, name, detail))


def _validate_device_path(errors: Errors, target: str, seen: set[str], path: str) -> None:
    if not target:
        errors.append(required(path))
    if target in seen:
        errors.append(invalid(path, target, "must be unique"))
    if target and ".." in target.split("/"):
        errors.append(invalid(path, target, "can not contain backsteps ('..')"))
    else:
        seen.add(target)
