"""Files that are projected into a volume: keys of Secrets and ConfigMaps, the downward API, tokens."""

from __future__ import annotations

from fakekube.core.fielderrors import forbidden, invalid, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.pod_validation.env import VOLUME_FIELDS, validate_field_ref, validate_resource_ref
from fakekube.registry.kinds.pod_validation.paths import file_mode, non_reserved
from fakekube.registry.kinds.rules import Errors, missing

SHORTEST_TOKEN_SECONDS = 600
LONGEST_TOKEN_SECONDS = 1 << 32


def key_to_path(errors: Errors, item: Obj, path: str) -> None:
    """One key and the file it becomes."""
    missing(errors, item, path, "key", "path")
    non_reserved(errors, item.get("path", ""), f"{path}.path")
    file_mode(errors, item, "mode", path)


def validate_downward(errors: Errors, source: Obj, path: str) -> None:
    """A downwardAPI volume."""
    file_mode(errors, source, "defaultMode", path)
    for item in source.get("items") or ():
        _downward_file(errors, item, path)


def _downward_file(errors: Errors, item: Obj, path: str) -> None:
    missing(errors, item, path, "path")
    non_reserved(errors, item.get("path", ""), f"{path}.path")
    if "fieldRef" in item:
        validate_field_ref(errors, item["fieldRef"], VOLUME_FIELDS, f"{path}.fieldRef")
        if "resourceFieldRef" in item:
            detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
            errors.append(invalid(path, "resource", detail))
    elif "resourceFieldRef" in item:
        validate_resource_ref(errors, item["resourceFieldRef"], f"{path}.resourceFieldRef", in_volume=True)
    else:
        errors.append(required(path, "one of fieldRef and resourceFieldRef is required"))
    file_mode(errors, item, "mode", path)


def validate_projected(errors: Errors, source: Obj, path: str) -> None:
    """A projected volume: its parts must not write the same file."""
    file_mode(errors, source, "defaultMode", path)
    taken: set[str] = set()
    for index, part in enumerate(source.get("sources") or ()):
        here = f"{path}.sources[{index}]"
        for field in ("secret", "configMap"):
            if field in part:
                _keyed(errors, part[field], f"{here}.{field}", path, taken)
        if "downwardAPI" in part:
            _downward(errors, part["downwardAPI"], f"{here}.downwardAPI", path, taken)
        if "serviceAccountToken" in part:
            _token(errors, part["serviceAccountToken"], f"{here}.serviceAccountToken", path)
        if len(part) > 1:
            errors.append(forbidden(here, "may not specify more than 1 volume type per source"))


def _keyed(errors: Errors, source: Obj, path: str, volume_path: str, taken: set[str]) -> None:
    missing(errors, source, path, "name")
    for index, item in enumerate(source.get("items") or ()):
        key_to_path(errors, item, f"{path}.items[{index}]")
        _take(errors, item.get("path", ""), source.get("name", ""), volume_path, taken)


def _downward(errors: Errors, source: Obj, path: str, volume_path: str, taken: set[str]) -> None:
    for item in source.get("items") or ():
        _downward_file(errors, item, path)
        _take(errors, item.get("path", ""), item.get("path", ""), volume_path, taken)


def _take(errors: Errors, file: str, shown: str, path: str, taken: set[str]) -> None:
    if file in taken:
        errors.append(invalid(path, shown, "conflicting duplicate paths"))
    elif file:
        taken.add(file)


def _token(errors: Errors, source: Obj, path: str, volume_path: str) -> None:
    seconds, here = source.get("expirationSeconds", 0), f"{path}.expirationSeconds"
    if seconds < SHORTEST_TOKEN_SECONDS:
        errors.append(invalid(here, seconds, "may not specify a duration less than 10 minutes"))
    if seconds > LONGEST_TOKEN_SECONDS:
        errors.append(invalid(here, seconds, "may not specify a duration larger than 2^32 seconds"))
    if not source.get("path"):
        errors.append(required(f"{volume_path}.path"))
    else:
        non_reserved(errors, source["path"], f"{volume_path}.path")
