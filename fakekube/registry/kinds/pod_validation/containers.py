"""Containers, init containers and ephemeral containers."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.fielderrors import (
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
    too_many,
)
from fakekube.core.meta import Obj
from fakekube.registry.kinds.pod_resources import is_sidecar
from fakekube.registry.kinds.pod_validation.env import validate_env, validate_env_from
from fakekube.registry.kinds.pod_validation.frame import Frame
from fakekube.registry.kinds.pod_validation.mounts import validate_devices, validate_mounts
from fakekube.registry.kinds.pod_validation.probes import validate_lifecycle, validate_probes
from fakekube.registry.kinds.pod_validation.resources import validate_container_resources
from fakekube.registry.kinds.pod_validation.security import validate_container_security
from fakekube.registry.kinds.rules import Errors, named, one_of

MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PROTOCOLS = ("SCTP", "TCP", "UDP")
RESTART_POLICIES = ("Always", "Never", "OnFailure")
RESTART_ACTIONS = ("Restart", "RestartAllContainers")
RESIZE_RESOURCES = ("cpu", "memory")
RESIZE_POLICIES = ("NotRequired", "RestartContainer")
MOST_RULES = 20
MOST_EXIT_CODES = 255
SIDECAR_ONLY = "may not be set for init containers without restartPolicy=Always"
SIDECAR_FIELDS = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
EPHEMERAL_FIELDS = frozenset(
    (
        "name",
        "image",
        "command",
        "args",
        "workingDir",
        "envFrom",
        "env",
        "volumeMounts",
        "volumeDevices",
        "terminationMessagePath",
        "terminationMessagePolicy",
        "imagePullPolicy",
        "securityContext",
        "stdin",
        "stdinOnce",
        "tty",
        "targetContainerName",
    )
)
NOT_EPHEMERAL = "cannot be set for an Ephemeral Container"


def validate_containers(errors: Errors, frame: Frame, path: str) -> None:
    """spec.containers."""
    containers = frame.spec.get("containers")
    if not containers:
        errors.append(required(path))
        return
    grace = frame.spec.get("terminationGracePeriodSeconds")
    seen: set[str] = set()
    for index, container in enumerate(containers):
        here, name = f"{path}[{index}]", container.get("name", "")
        _validate_common(errors, container, here, frame)
        if name in seen:
            errors.append(duplicate(f"{here}.name", name))
        seen.add(name)
        if "lifecycle" in container:
            validate_lifecycle(errors, container["lifecycle"], grace, f"{here}.lifecycle")
        validate_probes(errors, container, grace, here)
        if "restartPolicy" in container or "restartPolicyRules" in container:
            _validate_restart(errors, container, here)
    _check_host_ports(errors, containers, path)


def validate_init_containers(errors: Errors, frame: Frame, path: str) -> None:
    """spec.initContainers: some things are for those that stay, the sidecars, alone."""
    grace = frame.spec.get("terminationGracePeriodSeconds")
    seen = {container.get("name", "") for container in frame.spec.get("containers") or ()}
    for index, container in enumerate(frame.spec["initContainers"]):
        here, name = f"{path}[{index}]", container.get("name", "")
        _validate_common(errors, container, here, frame)
        if "restartPolicy" in container or "restartPolicyRules" in container:
            _validate_restart(errors, container, here)
        if name in seen:
            errors.append(duplicate(f"{here}.name", name))
        elif name:
            seen.add(name)
        _check_host_ports(errors, [container], path)
        if is_sidecar(container):
            if "lifecycle" in container:
                validate_lifecycle(errors, container["lifecycle"], grace, f"{here}.lifecycle")
            validate_probes(errors, container, grace, here)
        else:
            _validate_plain(errors, container, here, path, index)


def _validate_plain(errors: Errors, container: Obj, here: str, path: str, index: int) -> None:
    """What an init container that ends may not have."""
    errors.extend(forbidden(f"{here}.{field}", SIDECAR_ONLY) for field in SIDECAR_FIELDS if field in container)
    for place, policy in enumerate(container.get("resizePolicy") or ()):
        if policy.get("restartPolicy") == "RestartContainer":
            detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
            where = f"{path}[{index}].resizePolicy[{place}].restartPolicy"
            errors.append(invalid(where, "RestartContainer", detail))


def validate_ephemeral_containers(errors: Errors, frame: Frame, path: str) -> None:
    """spec.ephemeralContainers: for debugging alone, so that much is not allowed."""
    spec = frame.spec
    others = {each.get("name", "") for field in ("containers", "initContainers") for each in spec.get(field) or ()}
    seen = set(others)
    for index, container in enumerate(spec["ephemeralContainers"]):
        here, name = f"{path}[{index}]", container.get("name", "")
        _validate_common(errors, container, here, frame)
        validate_image_spaces(errors, container, here)
        if name in seen:
            errors.append(duplicate(f"{here}.name", name))
        seen.add(name)
        target = container.get("targetContainerName")
        if target and target not in others:
            errors.append(not_found(f"{here}.targetContainerName", target))
        _validate_ephemeral_fields(errors, container, here)


def _validate_ephemeral_fields(errors: Errors, container: Obj, path: str) -> None:
    surplus = [field for field in container if field not in EPHEMERAL_FIELDS and container[field]]
    errors.extend(forbidden(f"{path}.{field}", NOT_EPHEMERAL) for field in surplus)
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        for field in ("subPath", "subPathExpr"):
            if mount.get(field):
                errors.append(forbidden(f"{path}.volumeMounts[{index}].{field}", NOT_EPHEMERAL))


def validate_image_spaces(errors: Errors, container: Obj, path: str) -> None:
    """What holds for containers of pods, but not of templates."""
    image = container.get("image", "")
    if image != image.strip():
        errors.append(invalid(f"{path}.image", image, "must not have leading or trailing whitespace"))


def _validate_common(errors: Errors, container: Obj, path: str, frame: Frame) -> None:
    name = container.get("name")
    if not name:
        errors.append(required(f"{path}.name"))
    else:
        messages = names.dns1123_label(name)
        if messages:
            named(errors, messages, name, f"{path}.name")
    if not container.get("image"):
        errors.append(required(f"{path}.image"))
    policy = container.get("terminationMessagePolicy", "")
    if policy not in MESSAGE_POLICIES:
        errors.append(not_supported(f"{path}.terminationMessagePolicy", policy, MESSAGE_POLICIES))
    if "ports" in container:
        _validate_ports(errors, container["ports"], f"{path}.ports")
    if "env" in container:
        validate_env(errors, container["env"], f"{path}.env")
    if "envFrom" in container:
        validate_env_from(errors, container["envFrom"], f"{path}.envFrom")
    if "volumeMounts" in container:
        validate_mounts(errors, container, frame.volumes, f"{path}.volumeMounts")
    if "volumeDevices" in container:
        validate_devices(errors, container, frame.volumes, f"{path}.volumeDevices")
    pull_policy = container.get("imagePullPolicy", "")
    if pull_policy not in PULL_POLICIES:
        errors.append(not_supported(f"{path}.imagePullPolicy", pull_policy, PULL_POLICIES))
    if container.get("resources"):
        validate_container_resources(errors, container["resources"], frame.claims, f"{path}.resources")
    if "resizePolicy" in container:
        restart = frame.spec.get("restartPolicy")
        _validate_resize_policy(errors, container["resizePolicy"], restart, f"{path}.resizePolicy")
    if "securityContext" in container:
        context = container["securityContext"]
        validate_container_security(errors, context, f"{path}.securityContext", frame.host_users)


def _validate_ports(errors: Errors, ports: list[Obj], path: str) -> None:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        name, number, host = port.get("name"), port.get("containerPort") or 0, port.get("hostPort") or 0
        if name:
            messages = names.port_name(name)
            named(errors, messages, name, f"{path}[{index}].name")
            if name in seen:
                errors.append(duplicate(f"{path}[{index}].name", name))
            elif not messages:
                seen.add(name)
        if not number:
            errors.append(required(f"{path}[{index}].containerPort"))
        elif not 0 < number < 65536:
            named(errors, names.port_number(number), number, f"{path}[{index}].containerPort")
        if host and not 0 < host < 65536:
            named(errors, names.port_number(host), host, f"{path}[{index}].hostPort")
        protocol = port.get("protocol", "")
        if protocol not in PROTOCOLS:
            errors.append(not_supported(f"{path}[{index}].protocol", protocol, PROTOCOLS))


def _check_host_ports(errors: Errors, containers: list[Obj], path: str) -> None:
    """No two ports on the same port of the host. (Of an init container the real server tells the place 0.)"""
    seen: set[str] = set()
    for index, container in enumerate(containers):
        for place, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            key = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if key in seen:
                errors.append(duplicate(f"{path}[{index}].ports[{place}].hostPort", key))
            seen.add(key)


def _validate_restart(errors: Errors, container: Obj, path: str) -> None:
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or ()
    if policy is None:
        if rules:
            detail = "must specify restartPolicy when restart rules are used"
            errors.append(required(f"{path}.restartPolicy", detail))
    else:
        one_of(errors, policy, RESTART_POLICIES, f"{path}.restartPolicy")
    if len(rules) > MOST_RULES:
        errors.append(too_many(f"{path}.restartPolicyRules", len(rules), MOST_RULES))
    for index, rule in enumerate(rules):
        _validate_restart_rule(errors, rule, f"{path}.restartPolicyRules[{index}]")


def _validate_restart_rule(errors: Errors, rule: Obj, path: str) -> None:
    one_of(errors, rule.get("action", ""), RESTART_ACTIONS, f"{path}.action")
    codes = rule.get("exitCodes")
    if codes is None:
        errors.append(required(f"{path}.exitCodes", "must be specified"))
        return
    one_of(errors, codes.get("operator", ""), ("In", "NotIn"), f"{path}.exitCodes.operator")
    values = codes.get("values") or ()
    if len(values) > MOST_EXIT_CODES:
        errors.append(too_many(f"{path}.exitCodes.values", len(values), MOST_EXIT_CODES))


def _validate_resize_policy(errors: Errors, policies: list[Obj], pod_restart: str | None, path: str) -> None:
    seen: set[str] = set()
    for index, each in enumerate(policies):
        resource, restart = each.get("resourceName", ""), each.get("restartPolicy", "")
        if resource in seen:
            errors.append(duplicate(f"{path}[{index}]", resource))
        seen.add(resource)
        for value, allowed in ((resource, RESIZE_RESOURCES), (restart, RESIZE_POLICIES)):
            if not value:
                errors.append(required(path))
            else:
                one_of(errors, value, allowed, path)
        if pod_restart == "Never" and restart != "NotRequired":
            errors.append(invalid(path, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
