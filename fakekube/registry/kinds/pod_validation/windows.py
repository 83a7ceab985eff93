"""What holds for pods of one operating system alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fakekube.core import names
from fakekube.core.fielderrors import forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.rules import Errors, named

MOST_SPEC_KIB = 64
LONGEST_DOMAIN = 256
LONGEST_USER = 104
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NETBIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_DNS_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DNS_NAME = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*")
_USER_CHARACTERS = re.compile(r'["/\\:;|=,+*?<>@\[\]]')
_DOTS_AND_SPACES = re.compile(r"[. ]+")
OF_POD = (
    "appArmorProfile",
    "seLinuxOptions",
    "^hostUsers",
    "^hostPID",
    "^hostIPC",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "^shareProcessNamespace",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
)
"""What Linux pods alone have; ^ marks fields of the spec itself."""
OF_CONTAINER = (
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
)


def containers_of(spec: Obj, path: str) -> Iterator[tuple[Obj, str]]:
    """All containers with their paths, init containers first."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            yield container, f"{path}.{field}[{index}]"


def validate_os(errors: Errors, spec: Obj, path: str) -> None:
    """spec.os, and what does not go with it."""
    name = spec["os"].get("name", "")
    if not name:
        errors.append(required(f"{path}.os.name"))
    elif name not in ("linux", "windows"):
        errors.append(not_supported(f"{path}.os", name, ("linux", "windows")))
    elif name == "linux":
        _validate_linux(errors, spec, path)
    else:
        _validate_windows(errors, spec, path)


def _validate_linux(errors: Errors, spec: Obj, path: str) -> None:
    detail = "windows options cannot be set for a linux pod"
    for part, here in ((spec, path), *containers_of(spec, path)):
        if "windowsOptions" in (part.get("securityContext") or {}):
            errors.append(forbidden(f"{here}.securityContext.windowsOptions", detail))


def _validate_windows(errors: Errors, spec: Obj, path: str) -> None:
    detail = "cannot be set for a windows pod"
    context = spec.get("securityContext") or {}
    for field in OF_POD:
        if field[0] == "^":
            if spec.get(field[1:]) not in (None, *((False,) if field in ("^hostPID", "^hostIPC") else ())):
                errors.append(forbidden(f"{path}.{field[1:]}", detail))
        elif field in context:
            errors.append(forbidden(f"{path}.securityContext.{field}", detail))
    for container, here in containers_of(spec, path):
        own = container.get("securityContext") or {}
        errors.extend(forbidden(f"{here}.securityContext.{field}", detail) for field in OF_CONTAINER if field in own)


def validate_windows_options(errors: Errors, options: Obj | None, path: str) -> None:
    """windowsOptions of a pod or a container."""
    if options is None:
        return
    name, text, user = (options.get(each) for each in ("gmsaCredentialSpecName", "gmsaCredentialSpec", "runAsUserName"))
    if name is not None:
        named(errors, names.dns1123_subdomain(name), name, f"{path}.gmsaCredentialSpecName")
    if text is not None:
        if not text:
            errors.append(invalid(f"{path}.gmsaCredentialSpec", text, "gmsaCredentialSpec cannot be an empty string"))
        elif names.byte_length(text) > MOST_SPEC_KIB * 1024:
            detail = f"gmsaCredentialSpec size must be under {MOST_SPEC_KIB} KiB"
            errors.append(invalid(f"{path}.gmsaCredentialSpec", text, detail))
    if user is not None:
        named(errors, _user_faults(user), user, f"{path}.runAsUserName")


def _user_faults(text: str) -> list[str]:
    parts = text.split("\\")
    if not text:
        return ["runAsUserName cannot be an empty string"]
    if _CONTROL.search(text):
        return ["runAsUserName cannot contain control characters"]
    if len(parts) > 2:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, user = (parts[0], parts[1]) if len(parts) == 2 else ("", parts[0])
    known_domain = len(parts) == 1 or _NETBIOS.fullmatch(domain) or _DNS_NAME.fullmatch(domain)
    rules = (
        (len(domain) >= LONGEST_DOMAIN, f"Domain length must be under {LONGEST_DOMAIN} characters"),
        (not known_domain, "Domain doesn't match the NetBios nor the DNS format"),
        (not user, "User cannot be empty"),
        (len(user) > LONGEST_USER, f"User length must not be longer than {LONGEST_USER} characters"),
        (_DOTS_AND_SPACES.fullmatch(user), "User cannot contain only periods or spaces"),
        (_USER_CHARACTERS.search(user), 'User cannot contain the following characters: "/\\:;|=,+*?<>@[]'),
    )
    return [f"runAsUserName's {message}" for broken, message in rules if broken]


def validate_host_process(errors: Errors, spec: Obj, path: str) -> None:
    """Host process containers: all or none, and on the host's network."""
    of_pod = _host_process(spec)
    total = count = 0
    for container, here in containers_of(spec, path):
        total += 1
        own = _host_process(container)
        if of_pod is not None and own is not None and own != of_pod:
            told = "true" if of_pod else "false"
            detail = f"pod hostProcess value must be identical if both are specified, was {told}"
            errors.append(invalid(f"{here}.securityContext.windowsOptions.hostProcess", own, detail))
        count += bool(of_pod if own is None else own)
    if not count:
        return
    if count != total:
        detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        errors.append(invalid(path, "", detail))
    if not spec.get("hostNetwork"):
        detail = "hostNetwork must be true if pod contains any hostProcess containers"
        errors.append(invalid(f"{path}.hostNetwork", False, detail))


def _host_process(part: Obj) -> bool | None:
    context = part.get("securityContext")
    options = context.get("windowsOptions") if context else None
    return options.get("hostProcess") if options else None
