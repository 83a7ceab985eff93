"""Security contexts of pods and containers."""

from __future__ import annotations

import re

from fakekube.core import names
from fakekube.core.fielderrors import duplicate, forbidden, invalid, not_supported, required, too_long
from fakekube.core.meta import Obj
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.pod_validation.paths import descending
from fakekube.registry.kinds.pod_validation.windows import validate_windows_options
from fakekube.registry.kinds.rules import LARGEST_ID, Errors, identity, one_of, within

PROFILE_TYPES = ("Localhost", "RuntimeDefault", "Unconfined")
PROC_MOUNTS = ("Default", "Unmasked")
LONGEST_PROFILE = 4095
LONGEST_SYSCTL = 253
SYSCTL_PATTERN = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
_is_sysctl = re.compile(SYSCTL_PATTERN.replace("$", r"\Z")).match
NET_SYSCTLS = ("net.",)
IPC_SYSCTLS = ("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")


def validate_container_security(errors: Errors, context: Obj, path: str, host_users: bool) -> None:
    """securityContext of a container."""
    identity(errors, context, "runAsUser", path)
    identity(errors, context, "runAsGroup", path)
    if "procMount" in context:
        one_of(errors, context["procMount"], PROC_MOUNTS, f"{path}.procMount")
        if host_users and context["procMount"] == "Unmasked":
            detail = "`hostUsers` must be false to use `Unmasked`"
            errors.append(invalid(f"{path}.procMount", context["procMount"], detail))
    _validate_seccomp(errors, context.get("seccompProfile"), f"{path}.seccompProfile")
    if context.get("allowPrivilegeEscalation") is False:
        _validate_no_escalation(errors, context, path)
    validate_windows_options(errors, context.get("windowsOptions"), f"{path}.windowsOptions")
    _validate_app_armor(errors, context.get("appArmorProfile"), f"{path}.appArmorProfile")


def _validate_no_escalation(errors: Errors, context: Obj, path: str) -> None:
    words = "cannot set `allowPrivilegeEscalation` to false and "
    if context.get("privileged"):
        errors.append(invalid(path, internal("SecurityContext", context), f"{words}`privileged` to true"))
    for capability in (context.get("capabilities") or {}).get("add") or ():
        if capability == "CAP_SYS_ADMIN":
            detail = f"{words}`capabilities.Add` CAP_SYS_ADMIN"
            errors.append(invalid(path, internal("SecurityContext", context), detail))


def validate_pod_security(errors: Errors, spec: Obj, context: Obj, path: str) -> None:
    """securityContext of a pod."""
    for field in ("fsGroup", "runAsUser", "runAsGroup"):
        identity(errors, context, field, path)
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        within(errors, group, 0, LARGEST_ID, f"{path}.supplementalGroups[{index}]")
    if spec.get("hostPID") and spec.get("shareProcessNamespace"):
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        errors.append(invalid(f"{path}.shareProcessNamespace", True, detail))
    if context.get("sysctls"):
        _validate_sysctls(errors, spec, context["sysctls"], f"{path}.sysctls")
    if "fsGroupChangePolicy" in context:
        allowed = ("Always", "OnRootMismatch")
        one_of(errors, context["fsGroupChangePolicy"], allowed, f"{path}.fsGroupChangePolicy")
    _validate_seccomp(errors, context.get("seccompProfile"), f"{path}.seccompProfile")
    validate_windows_options(errors, context.get("windowsOptions"), f"{path}.windowsOptions")
    _validate_app_armor(errors, context.get("appArmorProfile"), f"{path}.appArmorProfile")
    for field, allowed in (
        ("supplementalGroupsPolicy", ("Merge", "Strict")),
        ("seLinuxChangePolicy", ("MountOption", "Recursive")),
    ):
        if field in context:
            one_of(errors, context[field], allowed, f"{path}.{field}")


def _validate_sysctls(errors: Errors, spec: Obj, sysctls: list[Obj], path: str) -> None:
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        name, here = sysctl.get("name", ""), f"{path}[{index}].name"
        if not name:
            errors.append(required(here))
        elif len(name) > LONGEST_SYSCTL or not _is_sysctl(name):
            detail = f"must have at most {LONGEST_SYSCTL} characters and match regex {SYSCTL_PATTERN}"
            errors.append(invalid(here, name, detail))
        elif name in seen:
            errors.append(duplicate(here, name))
        dotted = _dotted(name)
        if spec.get("hostNetwork") and dotted.startswith(NET_SYSCTLS):
            errors.append(invalid(here, name, "may not be specified when 'hostNetwork' is true"))
        elif spec.get("hostIPC") and dotted.startswith(IPC_SYSCTLS):
            errors.append(invalid(here, name, "may not be specified when 'hostIPC' is true"))
        seen.add(name)


def _dotted(name: str) -> str:
    """A sysctl with dots between its parts, whichever separator it is written with."""
    first = next((letter for letter in name if letter in "./"), ".")
    return name if first == "." else name.translate(str.maketrans("./", "/."))


def _validate_seccomp(errors: Errors, profile: Obj | None, path: str) -> None:
    if profile is None:
        return
    kind, local = profile.get("type", ""), profile.get("localhostProfile")
    if not kind:
        errors.append(required(f"{path}.type", "type is required when seccompProfile is set"))
    elif kind not in PROFILE_TYPES:
        errors.append(not_supported(f"{path}.type", kind, PROFILE_TYPES))
    if kind == "Localhost":
        if local is None:
            detail = "must be set when seccomp type is Localhost"
            errors.append(required(f"{path}.localhostProfile", detail))
        else:
            descending(errors, local, f"{path}.localhostProfile")
    elif local is not None:
        detail = "can only be set when seccomp type is Localhost"
        errors.append(invalid(f"{path}.localhostProfile", internal("SeccompProfile", profile), detail))


def _validate_app_armor(errors: Errors, profile: Obj | None, path: str) -> None:
    if profile is None:
        return
    kind, local = profile.get("type", ""), profile.get("localhostProfile")
    here = f"{path}.localhostProfile"
    if kind == "Localhost":
        _validate_app_armor_file(errors, local, here)
    elif kind in PROFILE_TYPES:
        if local is not None:
            errors.append(invalid(here, local, "can only be set when AppArmor type is Localhost"))
    elif not kind:
        errors.append(required(f"{path}.type", "type is required when appArmorProfile is set"))
    else:
        errors.append(not_supported(f"{path}.type", kind, PROFILE_TYPES))


def _validate_app_armor_file(errors: Errors, name: str | None, path: str) -> None:
    if name is None:
        errors.append(required(path, "must be set when AppArmor type is Localhost"))
        return
    if name.strip() != name:
        errors.append(invalid(path, name, "must not be padded with whitespace"))
    elif not name:
        errors.append(required(path, "must be set when AppArmor type is Localhost"))
    if names.byte_length(name) > LONGEST_PROFILE:
        errors.append(too_long(path, LONGEST_PROFILE))


def validate_host_users(errors: Errors, spec: Obj, path: str) -> None:
    """A user namespace of its own excludes the host's other namespaces."""
    if spec.get("hostUsers") is not False:
        return
    detail = "when `hostUsers` is false"
    for field, told in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
        if spec.get(field):
            errors.append(forbidden(f"{path}.{told}", detail))
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            if container.get("volumeDevices"):
                errors.append(forbidden(f"{path}.{field}[{index}].volumeDevices", detail))
