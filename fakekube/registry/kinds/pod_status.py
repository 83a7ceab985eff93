"""What a Pod's status may say, and how it may change."""

from __future__ import annotations

from fakekube.core import addresses, names
from fakekube.core.fielderrors import forbidden, invalid, not_found
from fakekube.core.meta import Obj
from fakekube.registry.kinds.container_statuses import validate_container_statuses, validate_extended_claim
from fakekube.registry.kinds.pod_update import validate_annotation_changes
from fakekube.registry.kinds.rules import Errors, immutable, named

SYSTEM_CONDITIONS = frozenset(("PodScheduled", "Ready", "Initialized"))
NO_RESTART = "may not be transitioned to non-terminated state"


def prepare_status(pod: Obj, old: Obj) -> None:
    """Keep what the status path may not touch, and keep podIP and podIPs in step."""
    meta, before = pod["metadata"], old["metadata"]
    for field in ("ownerReferences", "deletionTimestamp"):
        if field in before:
            meta[field] = before[field]
        else:
            meta.pop(field, None)
    status, old_status = pod.setdefault("status", {}), old.get("status") or {}
    if not status.get("qosClass") and old_status.get("qosClass"):
        status["qosClass"] = old_status["qosClass"]
    _keep_generations(status, old_status)
    match_addresses(status)


def match_addresses(status: Obj) -> None:
    """podIP is the first of podIPs; where the two disagree, podIP alone counts."""
    address, listed = status.get("podIP"), status.get("podIPs") or []
    if address and (not listed or listed[0].get("ip") != address):
        status["podIPs"] = [{"ip": address}]
    elif not address and listed:
        status["podIP"] = listed[0].get("ip", "")
    if not status.get("podIP"):
        status.pop("podIP", None)


def _keep_generations(status: Obj, old: Obj) -> None:
    """An observedGeneration that was told once is not taken back."""
    if not status.get("observedGeneration") and old.get("observedGeneration"):
        status["observedGeneration"] = old["observedGeneration"]
    known: dict[str, list[int]] = {}
    for condition in old.get("conditions") or ():
        known.setdefault(condition.get("type", ""), []).append(condition.get("observedGeneration") or 0)
    for condition in status.get("conditions") or ():
        generations = known.get(condition.get("type", ""))
        before = generations.pop(0) if generations else 0
        if before and not condition.get("observedGeneration"):
            condition["observedGeneration"] = before


def validate_pod_status(pod: Obj, old: Obj) -> Errors:
    """The faults of a new status."""
    errors: Errors = []
    validate_annotation_changes(errors, pod, old)
    status, before, spec = pod.get("status") or {}, old.get("status") or {}, pod.get("spec") or {}
    _validate_conditions(errors, status.get("conditions") or ())
    _validate_nomination(errors, status, before, (old.get("spec") or {}).get("nodeName"))
    if (status.get("observedGeneration") or 0) < 0:
        path = "status.observedGeneration"
        errors.append(invalid(path, status["observedGeneration"], "must be a non-negative integer"))
    immutable(errors, status.get("qosClass", ""), before.get("qosClass", ""), "status.qosClass")
    for field, of_spec in (("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")):
        if before.get(field) and not _all_may_restart(spec):
            containers = {each.get("name"): each for each in spec.get(of_spec) or ()}
            _validate_restarts(errors, status, before, field, spec, containers)
    if before.get("ephemeralContainerStatuses"):
        _validate_restarts(errors, status, before, "ephemeralContainerStatuses", None, {})
    if status.get("resourceClaimStatuses"):
        _validate_claims(errors, status, spec)
    validate_extended_claim(errors, status.get("extendedResourceClaimStatus"), spec)
    _validate_addresses(errors, status, before, "podIPs")
    if status.get("hostIPs"):
        first = status["hostIPs"][0].get("ip", "")
        if status.get("hostIP", "") != first:
            errors.append(invalid("status.hostIPs[0].ip", first, "must be equal to `hostIP`"))
        _validate_addresses(errors, status, before, "hostIPs")
    validate_container_statuses(errors, status, spec)
    return errors


def _validate_conditions(errors: Errors, conditions: list[Obj] | tuple[()]) -> None:
    for index, condition in enumerate(conditions):
        generation, kind = condition.get("observedGeneration") or 0, condition.get("type", "")
        if generation < 0:
            path = f"status.conditions[{index}].observedGeneration"
            errors.append(invalid(path, generation, "must be a non-negative integer"))
        if kind not in SYSTEM_CONDITIONS:
            named(errors, names.qualified_name(kind), kind, f"status.conditions[{index}].Type")


def _validate_nomination(errors: Errors, status: Obj, before: Obj, node: str | None) -> None:
    nominated = status.get("nominatedNodeName")
    if not nominated or nominated == before.get("nominatedNodeName"):
        return
    path = "status.nominatedNodeName"
    named(errors, names.dns1123_subdomain(nominated), nominated, path)
    if node:
        errors.append(forbidden(path, "may not be set on pods that are already bound to a node"))


def _all_may_restart(spec: Obj) -> bool:
    for field in ("initContainers", "containers"):
        for container in spec.get(field) or ():
            if any(rule.get("action") == "RestartAllContainers" for rule in container.get("restartPolicyRules") or ()):
                return True
    return False


def may_restart(container: Obj, spec: Obj, exit_code: int) -> bool:
    """Whether a container that ended so is started again: by its rules, its own policy, or the pod's."""
    policy = container.get("restartPolicy")
    if policy is not None:
        for rule in container.get("restartPolicyRules") or ():
            codes = rule.get("exitCodes") or {}
            listed = exit_code in (codes.get("values") or ())
            if codes and listed == (codes.get("operator") == "In"):
                return True
    policy = policy or spec.get("restartPolicy", "Always")
    return bool(policy not in ("OnFailure", "Never") or (policy == "OnFailure" and exit_code != 0))


def _validate_restarts(
    errors: Errors, status: Obj, before: Obj, field: str, spec: Obj | None, containers: dict[str | None, Obj]
) -> None:
    """A container that has ended for good stays ended."""
    new = {each.get("name"): each for each in reversed(status.get(field) or [])}
    for index, was in enumerate(before.get(field) or ()):
        ended = (was.get("state") or {}).get("terminated")
        now = new.get(was.get("name"))
        if ended is None or now is None or (now.get("state") or {}).get("terminated") is not None:
            continue
        container = containers.get(was.get("name"))
        if spec is None or container is None or not may_restart(container, spec, ended.get("exitCode") or 0):
            errors.append(forbidden(f"status.{field}[{index}].state", NO_RESTART))


def _validate_claims(errors: Errors, status: Obj, spec: Obj) -> None:
    known = {claim.get("name") for claim in spec.get("resourceClaims") or ()}
    for index, claim in enumerate(status.get("resourceClaimStatuses") or ()):
        path, name = f"status.resourceClaimStatuses[{index}]", claim.get("name", "")
        if name not in known:
            errors.append(not_found(f"{path}.name", name))
        generated = claim.get("resourceClaimName")
        if generated is not None:
            named(errors, names.dns1123_subdomain(generated), generated, f"{path}.name")


def _validate_addresses(errors: Errors, status: Obj, before: Obj, field: str) -> None:
    """New addresses are well formed, and there is one of each family at most."""
    listed = [each.get("ip", "") for each in status.get(field) or ()]
    kept = [each.get("ip") for each in before.get(field) or ()]
    for index, text in enumerate(listed):
        if text not in kept and not addresses.is_plain(text):
            named(errors, addresses.legacy_ip(text), text, f"status.{field}[{index}]")
    if len(listed) > 1:
        versions = [address.version for address in map(addresses.parse_ip, listed) if address is not None]
        if len(listed) > 2 or len(set(versions)) != len(listed):
            shown = [{"IP": text} for text in listed]
            detail = "may specify no more than one IP for each IP family"
            errors.append(invalid(f"status.{field}", shown, detail))
