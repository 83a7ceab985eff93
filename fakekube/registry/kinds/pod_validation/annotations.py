"""Annotations of pods that mean something: mirror pods, deletion cost, profiles of old."""

from __future__ import annotations

import re

from fakekube.core.fielderrors import FieldError, forbidden, invalid
from fakekube.core.meta import Obj
from fakekube.registry.kinds.pod_validation.paths import descending
from fakekube.registry.kinds.pod_validation.windows import containers_of
from fakekube.registry.kinds.rules import Errors

MIRROR = "kubernetes.io/config.mirror"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_READ = (MIRROR, DELETION_COST, SECCOMP_POD, SECCOMP_CONTAINER, APP_ARMOR)
_is_read = re.compile("|".join(map(re.escape, _READ))).match
"""Whether a key begins like one of these."""
_COST = re.compile(r"0|-?[1-9][0-9]*", re.ASCII)
_LARGEST_COST = 2**31


def deletion_cost(text: str) -> int | None:
    """The number of an annotation's text; None if it is no 32-bit integer as it should be written."""
    if not _COST.fullmatch(text) or not -_LARGEST_COST <= int(text) < _LARGEST_COST:
        return None
    return int(text)


def validate_annotations(errors: Errors, annotations: dict[str, str], spec: Obj, path: str) -> None:
    """The annotations of a pod or a template that the API server reads."""
    if not any(map(_is_read, annotations)):
        return
    if MIRROR in annotations and not spec.get("nodeName"):
        detail = "must set spec.nodeName if mirror pod annotation is set"
        errors.append(invalid(f"{path}[{MIRROR}]", annotations[MIRROR], detail))
    cost = annotations.get(DELETION_COST)
    if cost is not None and deletion_cost(cost) is None:
        errors.append(invalid(f"{path}[{DELETION_COST}]", cost, "must be a 32bit integer"))
    if SECCOMP_POD in annotations:
        _validate_seccomp(errors, annotations[SECCOMP_POD], f"{path}.{SECCOMP_POD}")
    for key in sorted(key for key in annotations if key.startswith(SECCOMP_CONTAINER)):
        _validate_seccomp(errors, annotations[key], f"{path}.{key}")
    for key in sorted(key for key in annotations if key.startswith(APP_ARMOR)):
        _validate_app_armor(errors, key, annotations[key], spec, path)


def _validate_seccomp(errors: Errors, profile: str, path: str) -> None:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return
    if profile.startswith("localhost/"):
        descending(errors, profile.removeprefix("localhost/"), path)
    else:
        errors.append(invalid(path, profile, "must be a valid seccomp profile"))


def _validate_app_armor(errors: Errors, key: str, profile: str, spec: Obj, path: str) -> None:
    name = key.removeprefix(APP_ARMOR)
    if all(container.get("name") != name for container, _ in containers_of(spec, "")):
        errors.append(invalid(f"{path}[{key}]", name, "container not found"))
    if profile not in ("", "runtime/default", "unconfined") and not profile.startswith("localhost/"):
        detail = f'invalid AppArmor profile name: "{profile}"'
        errors.append(invalid(f"{path}[{key}]", profile, detail))


def validate_matching_profiles(errors: Errors, annotations: dict[str, str], spec: Obj, path: str) -> None:
    """An old annotation and the field that took its place must not disagree."""
    if not any(map(_is_read, annotations)):
        return
    context = spec.get("securityContext") or {}
    own = context.get("seccompProfile")
    if own is not None and SECCOMP_POD in annotations:
        errors.extend(_seccomp_mismatch(annotations[SECCOMP_POD], own, f"{path}.securityContext.seccompProfile"))
    for container, here in containers_of(spec, path):
        profile = (container.get("securityContext") or {}).get("seccompProfile")
        key = SECCOMP_CONTAINER + container.get("name", "")
        if profile is not None and key in annotations:
            errors.extend(_seccomp_mismatch(annotations[key], profile, f"{here}.securityContext.seccompProfile"))
    if (spec.get("os") or {}).get("name") == "windows":
        return
    for container, here in containers_of(spec, path):
        profile = (container.get("securityContext") or {}).get("appArmorProfile") or context.get("appArmorProfile")
        key = APP_ARMOR + container.get("name", "")
        if profile is not None and key in annotations:
            errors.extend(_app_armor_mismatch(annotations[key], profile, f"{here}.securityContext.appArmorProfile"))


def _seccomp_mismatch(annotation: str, profile: Obj, path: str) -> list[FieldError]:
    kinds = {"Unconfined": ("unconfined",), "RuntimeDefault": ("runtime/default", "docker/default")}
    kind = profile.get("type", "")
    if kind in kinds and annotation not in kinds[kind]:
        return [forbidden(f"{path}.type", "seccomp type in annotation and field must match")]
    if kind == "Localhost":
        if not annotation.startswith("localhost/"):
            return [forbidden(f"{path}.type", "seccomp type in annotation and field must match")]
        if annotation.removeprefix("localhost/") != profile.get("localhostProfile"):
            return [forbidden(f"{path}.localhostProfile", "seccomp profile in annotation and field must match")]
    return []


def _app_armor_mismatch(annotation: str, profile: Obj, path: str) -> list[FieldError]:
    expected = {"Unconfined": "unconfined", "RuntimeDefault": "runtime/default"}.get(profile.get("type", ""))
    wrong_type = [forbidden(f"{path}.type", "apparmor type in annotation and field must match")]
    if expected is not None:
        return [] if annotation == expected else wrong_type
    if profile.get("type") != "Localhost":
        return []
    if not annotation.startswith("localhost/"):
        return wrong_type
    if annotation.removeprefix("localhost/") != profile.get("localhostProfile"):
        return [forbidden(f"{path}.localhostProfile", "apparmor profile in annotation and field must match")]
    return []
