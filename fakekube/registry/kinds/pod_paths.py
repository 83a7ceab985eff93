"""Pods written through their own subresources: ephemeralcontainers adds debugging containers, resize changes resources.

Each path takes what it is about from the new object and leaves the rest as it was, so that clients may send whole pods.
"""

from __future__ import annotations

import json

from fakekube.core.fielderrors import FieldError, forbidden, invalid
from fakekube.core.meta import Obj
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.pod_resources import is_sidecar, qos_class
from fakekube.registry.kinds.pod_update import difference, validate_annotation_changes
from fakekube.registry.kinds.pod_validation.annotations import MIRROR
from fakekube.registry.kinds.pod_validation.template import validate_pod
from fakekube.registry.kinds.rules import Errors

EPHEMERAL, RESIZE = "ephemeralcontainers", "resize"
KEPT_METADATA = ("labels", "annotations", "finalizers", "ownerReferences", "deletionTimestamp")
RESIZABLE = ("cpu", "memory")
ONLY_COMPUTE = "only cpu and memory resources are mutable"


def prepare_path(subresource: str, pod: Obj, old: Obj) -> None:
    """Put back what the path is not about."""
    before = old.get("spec") or {}
    new = pod.get("spec") or {}
    kept = dict(before)
    if subresource == EPHEMERAL:
        kept.pop("ephemeralContainers", None)
        if new.get("ephemeralContainers"):
            kept["ephemeralContainers"] = new["ephemeralContainers"]
    elif not _take_resources(kept, new, before):
        return  # containers were added, removed or renamed: validation tells so
    pod["spec"] = kept
    _restore(pod, old, "status")
    for field in KEPT_METADATA:
        _restore(pod["metadata"], old["metadata"], field)


def _restore(part: Obj, old: Obj, field: str) -> None:
    if field in old:
        part[field] = old[field]
    else:
        part.pop(field, None)


def _take_resources(kept: Obj, new: Obj, old: Obj) -> bool:
    """Whether the containers are the same ones; then their new resources are put into `kept`."""
    fields = ("containers", "initContainers")
    if any(len(new.get(field) or ()) != len(old.get(field) or ()) for field in fields):
        return False
    for field in fields:
        if field in old:
            kept[field] = _resized(new[field], old[field])
    _restore(kept, new, "resources")
    return True


def _resized(new: list[Obj], old: list[Obj]) -> list[Obj]:
    if any(now.get("name") != was.get("name") for now, was in zip(new, old, strict=True)):
        return new
    found = []
    for now, was in zip(new, old, strict=True):
        container = dict(was)
        for field in ("resources", "resizePolicy"):
            _restore(container, now, field)
        found.append(container)
    return found


def validate_path(subresource: str, pod: Obj, old: Obj) -> Errors:
    """What is wrong with a pod that comes through the path."""
    errors: Errors = []
    validate_pod(errors, pod)
    is_mirror = MIRROR in (old["metadata"].get("annotations") or {})
    if subresource == EPHEMERAL:
        validate_annotation_changes(errors, pod, old)
        if is_mirror:
            return [forbidden("", "static pods do not support ephemeral containers")]
        _validate_ephemeral(errors, pod["spec"], old["spec"])
        return errors
    if is_mirror:
        return [forbidden("", "static pods cannot be resized")]
    if (old["spec"].get("os") or {}).get("name") == "windows":
        return [forbidden("", "windows pods cannot be resized")]
    _validate_resize(errors, pod, old)
    return errors


def _validate_ephemeral(errors: Errors, spec: Obj, old: Obj) -> None:
    path = "spec.ephemeralContainers"
    known = {container.get("name"): container for container in spec.get("ephemeralContainers") or ()}
    for container in old.get("ephemeralContainers") or ():
        name = container.get("name", "")
        now = known.get(name)
        if now is None:
            errors.append(forbidden(path, f'existing ephemeral containers "{name}" may not be removed\n'))
        elif now != container:
            texts = [_indented(internal("EphemeralContainer", each)) for each in (container, now)]
            told = f'existing ephemeral containers "{name}" may not be changed\n{difference(*texts)}'
            errors.append(forbidden(path, told))


def _indented(value: Obj) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _validate_resize(errors: Errors, pod: Obj, old: Obj) -> None:
    spec, before = pod["spec"], old["spec"]
    status = pod.get("status") or {}
    if qos_class(spec) != ((old.get("status") or {}).get("qosClass") or qos_class(before)):
        detail = "Pod QOS Class may not change as a result of resizing"
        errors.append(invalid("spec", status.get("qosClass", ""), detail))
    if not _is_supported(old):
        errors.append(forbidden("spec", "Pod running on node without support for resize"))
    compared = dict(spec)
    if _asks(spec) or _asks(before):
        _validate_pod_level(errors, compared, before)
    if (old.get("status") or {}).get("nodeAllocatableResourceClaimStatuses"):
        errors.append(forbidden("spec", "pods with node allocatable resource claims cannot be resized"))
    moved = _order_faults(spec, before)
    errors.extend(moved)
    if moved:
        return
    for field in ("initContainers", "containers"):
        for index, (now, was) in enumerate(zip(spec.get(field) or (), before.get(field) or (), strict=True)):
            _validate_removals(errors, now, was, f"spec.{field}[{index}].resources")
    _validate_containers(errors, compared, before)
    if not errors and compared != before:
        errors.append(forbidden("spec", ONLY_COMPUTE))


def _is_supported(pod: Obj) -> bool:
    """A kubelet that can resize tells the resources of a running container."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    running = [each for each in statuses if "running" in (each.get("state") or {})]
    return not running or "resources" in running[0]


def _asks(spec: Obj) -> bool:
    resources = spec.get("resources") or {}
    return bool(resources.get("requests") or resources.get("limits"))


def _order_faults(spec: Obj, old: Obj) -> list[FieldError]:
    found: list[FieldError] = []
    for field in ("containers", "initContainers"):
        now, was = spec.get(field) or [], old.get(field) or []
        if len(now) != len(was):
            found.append(forbidden(f"spec.{field}", f"{field} may not be added or removed on resize"))
            continue
        found.extend(
            forbidden(f"spec.{field}[{index}].name", f"{field} may not be renamed or reordered on resize")
            for index, (new, before) in enumerate(zip(now, was, strict=True))
            if new.get("name") != before.get("name")
        )
    return found


def _validate_removals(errors: Errors, now: Obj, was: Obj, path: str) -> None:
    for side in ("requests", "limits"):
        before = (was.get("resources") or {}).get(side) or {}
        if set(before) - set((now.get("resources") or {}).get(side) or {}):
            errors.append(forbidden(f"{path}.{side}", f"resource {side} cannot be removed"))


def _masked(resources: Obj, old: Obj) -> Obj:
    """The resources with the old amounts of what may change."""
    found = {field: value for field, value in resources.items() if field not in ("limits", "requests", "claims")}
    for side in ("limits", "requests"):
        before = old.get(side) or {}
        amounts = {name: each for name, each in (resources.get(side) or {}).items() if name not in RESIZABLE}
        amounts |= {name: before[name] for name in RESIZABLE if name in before}
        if amounts:
            found[side] = amounts
    return found


def _validate_containers(errors: Errors, compared: Obj, old: Obj) -> None:
    """Puts the masked containers into `compared`."""
    for field in ("containers", "initContainers"):
        if field not in old:
            continue
        masked = []
        for index, (now, was) in enumerate(zip(compared[field], old[field], strict=True)):
            container = {**now, "resources": _masked(now.get("resources") or {}, was.get("resources") or {})}
            masked.append(container)
            if container != was:
                errors.append(_other_change(field, index))
            if field == "initContainers" and now != was and not is_sidecar(now):
                _refuse_restarts(errors, container, f"spec.{field}[{index}]")
        compared[field] = masked


def _other_change(field: str, index: int) -> FieldError:
    if field == "containers":
        return forbidden("spec", ONLY_COMPUTE)
    detail = "only cpu and memory resources for init or sidecar containers are mutable"
    return forbidden(f"spec.{field}[{index}]", detail)


def _refuse_restarts(errors: Errors, container: Obj, path: str) -> None:
    detail = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
    restarts = [each for each in container.get("resizePolicy") or () if each.get("restartPolicy") == "RestartContainer"]
    errors.extend(forbidden(path, detail) for _ in restarts)


def _validate_pod_level(errors: Errors, compared: Obj, old: Obj) -> None:
    path, before = "spec.resources", old.get("resources")
    now = compared.get("resources")
    if before is not None and now is None:
        errors.append(forbidden(path, "pod-level resources cannot be removed"))
        return
    for side in ("requests", "limits"):
        if set((before or {}).get(side) or {}) - set((now or {}).get(side) or {}):
            errors.append(forbidden(f"{path}.{side}", f"pod-level resource {side} cannot be removed"))
    masked = _masked(now or {}, before or {})
    if masked or before is not None:
        compared["resources"] = masked
    else:
        compared.pop("resources", None)
    if compared.get("resources") != before:
        errors.append(forbidden("spec", f"{ONLY_COMPUTE} at pod-level"))
