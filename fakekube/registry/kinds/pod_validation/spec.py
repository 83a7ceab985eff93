"""The spec of a pod as a whole."""

from __future__ import annotations

from collections.abc import Callable

from fakekube.core import addresses, names
from fakekube.core.fielderrors import duplicate, forbidden, invalid, not_found, not_supported, required, too_long
from fakekube.core.meta import Obj
from fakekube.registry.kinds.pod_validation.containers import (
    validate_containers,
    validate_ephemeral_containers,
    validate_init_containers,
)
from fakekube.registry.kinds.pod_validation.frame import Frame
from fakekube.registry.kinds.pod_validation.known import Known, text_of
from fakekube.registry.kinds.pod_validation.resources import validate_container_resources, validate_pod_resources
from fakekube.registry.kinds.pod_validation.scheduling import validate_affinity, validate_spread, validate_tolerations
from fakekube.registry.kinds.pod_validation.security import validate_host_users, validate_pod_security
from fakekube.registry.kinds.pod_validation.volumes import validate_volumes
from fakekube.registry.kinds.pod_validation.windows import containers_of, validate_host_process, validate_os
from fakekube.registry.kinds.rules import Errors, named, within
from fakekube.registry.objectmeta import label_errors

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")
MOST_NAMESERVERS = 3
MOST_SEARCHES = 32
LONGEST_SEARCH_LIST = 2048
LONGEST_HOST_NAME = 64

Check = Callable[[Errors, Frame, str], None]


_FAULTLESS = Known()


def validate_pod_spec(errors: Errors, frame: Frame, path: str) -> None:
    """Everything under the spec of a pod or a template."""
    text = text_of(frame.spec)
    names_claims = b'"ephemeral":' in text  # the claims of such volumes are called after the pod
    key = text, frame.is_pod, frame.is_mirror, frame.pod_name if names_claims else ""
    if key in _FAULTLESS:
        return
    before = len(errors)
    _validate_parts(errors, frame, path)
    if len(errors) == before:
        _FAULTLESS.add(key)


def _validate_parts(errors: Errors, frame: Frame, path: str) -> None:
    spec = frame.spec
    if "terminationGracePeriodSeconds" not in spec:
        errors.append(required(f"{path}.terminationGracePeriodSeconds"))
    if "volumes" in spec:
        validate_volumes(errors, frame, f"{path}.volumes")
    if "resourceClaims" in spec:
        frame.claims = frozenset(claim["name"] for claim in spec["resourceClaims"] if claim.get("name"))
        _resource_claims(errors, frame, f"{path}.resourceClaims")
    validate_containers(errors, frame, f"{path}.containers")
    if "initContainers" in spec:
        validate_init_containers(errors, frame, f"{path}.initContainers")
    if "ephemeralContainers" in spec:
        validate_ephemeral_containers(errors, frame, f"{path}.ephemeralContainers")
    if "resources" in spec:
        validate_pod_resources(errors, spec, frame.claims, f"{path}.resources")
    if spec.get("hostNetwork"):
        _host_network(errors, frame, path)
    _policies(errors, spec, path)
    for field, check in _OPTIONAL:
        if field in spec:
            check(errors, frame, f"{path}.{field}")
    if "os" in spec:
        validate_os(errors, spec, path)
    _file_keys(errors, spec, path)


def _policies(errors: Errors, spec: Obj, path: str) -> None:
    restart, dns = spec.get("restartPolicy", ""), spec.get("dnsPolicy", "")
    if restart not in RESTART_POLICIES:
        errors.append(not_supported(f"{path}.restartPolicy", restart, RESTART_POLICIES))
    if dns not in DNS_POLICIES:
        errors.append(not_supported(f"{path}.dnsPolicy", dns, DNS_POLICIES))
    if "nodeSelector" in spec:
        errors += label_errors(spec["nodeSelector"], f"{path}.nodeSelector")
    context = spec.get("securityContext")
    if context:
        validate_pod_security(errors, spec, context, f"{path}.securityContext")
    if "affinity" in spec:
        validate_affinity(errors, spec["affinity"], f"{path}.affinity")
    if dns == "None" or "dnsConfig" in spec:
        _dns_config(errors, spec.get("dnsConfig"), dns, f"{path}.dnsConfig")
    for field, key in (("readinessGates", "conditionType"),):
        for index, gate in enumerate(spec.get(field) or ()):
            text = gate.get(key, "")
            named(errors, names.qualified_name(text), text, f"{path}.{field}[{index}].{key}")
    if "schedulingGates" in spec:
        _scheduling_gates(errors, spec["schedulingGates"], f"{path}.schedulingGates")
    if "topologySpreadConstraints" in spec:
        validate_spread(errors, spec["topologySpreadConstraints"], f"{path}.topologySpreadConstraints")
    validate_host_process(errors, spec, path)
    validate_host_users(errors, spec, path)
    if "hostnameOverride" in spec:
        _host_name(errors, spec, f"{path}.hostnameOverride")


def _scheduling_gates(errors: Errors, gates: list[Obj], path: str) -> None:
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        name = gate.get("name", "")
        named(errors, names.qualified_name(name), name, f"{path}[{index}]")
        if name in seen:
            errors.append(duplicate(f"{path}[{index}]", name))
        seen.add(name)


def _host_name(errors: Errors, spec: Obj, path: str) -> None:
    name = spec["hostnameOverride"]
    if spec.get("setHostnameAsFQDN"):
        errors.append(forbidden(path, "may not be specified when setHostnameAsFQDN is true"))
    if spec.get("hostNetwork"):
        errors.append(forbidden(path, "may not be specified when hostNetwork is true"))
    if len(name) > LONGEST_HOST_NAME:
        errors.append(too_long(path, LONGEST_HOST_NAME))
    named(errors, names.dns1123_subdomain(name), name, path)


def _host_network(errors: Errors, frame: Frame, path: str) -> None:
    detail = "must match `containerPort` when `hostNetwork` is true"
    for index, container in enumerate(frame.spec.get("containers") or ()):
        for place, port in enumerate(container.get("ports") or ()):
            host = port.get("hostPort") or 0
            if (frame.is_pod or host) and host != (port.get("containerPort") or 0):
                errors.append(invalid(f"{path}.containers[{index}].ports[{place}].hostPort", host, detail))


def _dns_config(errors: Errors, config: Obj | None, policy: str, path: str) -> None:
    if policy == "None":
        if config is None:
            errors.append(required(path, "must provide `dnsConfig` when `dnsPolicy` is None"))
            return
        if not config.get("nameservers"):
            detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            errors.append(required(f"{path}.nameservers", detail))
            return
    config = config or {}
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if len(servers) > MOST_NAMESERVERS:
        detail = f"must not have more than {MOST_NAMESERVERS} nameservers"
        errors.append(invalid(f"{path}.nameservers", servers, detail))
    for index, server in enumerate(servers):
        named(errors, addresses.legacy_ip(server), server, f"{path}.nameservers[{index}]")
    _dns_searches(errors, searches, f"{path}.searches")
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            errors.append(required(f"{path}.options[{index}]", "must not be empty"))


def _dns_searches(errors: Errors, searches: list[str], path: str) -> None:
    if len(searches) > MOST_SEARCHES:
        errors.append(invalid(path, searches, f"must not have more than {MOST_SEARCHES} search paths"))
    if len(" ".join(searches)) > LONGEST_SEARCH_LIST:
        detail = f"must not have more than {LONGEST_SEARCH_LIST} characters (including spaces) in the search list"
        errors.append(invalid(path, searches, detail))
    for index, search in enumerate(searches):
        if search != ".":
            search = search.removesuffix(".")
            named(errors, names.dns1123_subdomain_with_underscore(search), search, f"{path}[{index}]")


def _resource_claims(errors: Errors, frame: Frame, path: str) -> None:
    seen: set[str] = set()
    for index, claim in enumerate(frame.spec["resourceClaims"]):
        here, name = f"{path}[{index}]", claim.get("name", "")
        if frame.is_mirror:
            errors.append(forbidden("", "static pods do not support resource claims"))
            continue
        if not name:
            errors.append(required(f"{here}.name"))
        elif name in seen:
            errors.append(duplicate(f"{here}.name", name))
        else:
            named(errors, names.dns1123_label(name), name, f"{here}.name")
            seen.add(name)
        _claim_source(errors, claim, here)


def _claim_source(errors: Errors, claim: Obj, path: str) -> None:
    fields = ("resourceClaimName", "resourceClaimTemplateName")
    given = [field for field in fields if field in claim]
    shown = {
        "Name": claim.get("name", ""),
        "ResourceClaimName": claim.get(fields[0]),
        "ResourceClaimTemplateName": claim.get(fields[1]),
    }
    if len(given) > 1:
        detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
        errors.append(invalid(path, shown, detail))
    if not given:
        detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
        errors.append(invalid(path, shown, detail))
    for field in given:
        named(errors, names.dns1123_subdomain(claim[field]), claim[field], f"{path}.{field}")


def _text_check(field: str, check: Callable[[str], list[str]]) -> Check:
    """A name, if it is given."""

    def validate(errors: Errors, frame: Frame, path: str) -> None:
        text = frame.spec[field]
        if text:
            named(errors, check(text), text, path)

    return validate


def _deadline(errors: Errors, frame: Frame, path: str) -> None:
    within(errors, frame.spec["activeDeadlineSeconds"], 1, 2**31 - 1, path)


def _tolerations(errors: Errors, frame: Frame, path: str) -> None:
    validate_tolerations(errors, frame.spec["tolerations"], path)


def _host_aliases(errors: Errors, frame: Frame, path: str) -> None:
    for index, alias in enumerate(frame.spec["hostAliases"]):
        address = alias.get("ip", "")
        named(errors, addresses.legacy_ip(address), address, f"{path}[{index}].ip")
        for place, name in enumerate(alias.get("hostnames") or ()):
            named(errors, names.dns1123_subdomain(name), name, f"{path}[{index}].hostnames[{place}]")


def _runtime_class(errors: Errors, frame: Frame, path: str) -> None:
    name = frame.spec["runtimeClassName"]
    named(errors, names.dns1123_subdomain(name), name, path)


def _preemption(errors: Errors, frame: Frame, path: str) -> None:
    policy = frame.spec["preemptionPolicy"]
    if not policy:
        errors.append(required(path))
    elif policy not in PREEMPTION_POLICIES:
        errors.append(not_supported(path, policy, PREEMPTION_POLICIES))


def _overhead(errors: Errors, frame: Frame, path: str) -> None:
    validate_container_resources(errors, {"limits": frame.spec["overhead"]}, frozenset(), path)


_OPTIONAL: tuple[tuple[str, Check], ...] = (
    ("serviceAccountName", _text_check("serviceAccountName", names.dns1123_subdomain)),
    ("nodeName", _text_check("nodeName", names.dns1123_subdomain)),
    ("activeDeadlineSeconds", _deadline),
    ("hostname", _text_check("hostname", names.dns1123_label)),
    ("subdomain", _text_check("subdomain", names.dns1123_label)),
    ("tolerations", _tolerations),
    ("hostAliases", _host_aliases),
    ("priorityClassName", _text_check("priorityClassName", names.dns1123_subdomain)),
    ("runtimeClassName", _runtime_class),
    ("preemptionPolicy", _preemption),
    ("overhead", _overhead),
)
"""In the order of the real server."""


def _file_keys(errors: Errors, spec: Obj, path: str) -> None:
    """Variables out of files: the files are in emptyDir volumes."""
    for container, here in containers_of(spec, path):
        for index, variable in enumerate(container.get("env") or ()):
            reference = (variable.get("valueFrom") or {}).get("fileKeyRef")
            if reference is None:
                continue
            name, where = reference.get("volumeName", ""), f"{here}.env[{index}].valueFrom.fileKeyRef.volumeName"
            volume = next((each for each in spec.get("volumes") or () if each.get("name") == name), None)
            if volume is None:
                errors.append(not_found(where, name))
            elif "emptyDir" not in volume:
                errors.append(invalid(where, name, "referenced volume must be of type emptyDir"))
