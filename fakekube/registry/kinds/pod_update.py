"""What may change in a stored Pod's spec: images, deadlines, new tolerations; more while scheduling gates hold it."""

from __future__ import annotations

import json

from fakekube.core.fielderrors import forbidden, invalid, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.internal_form import internal, sorted_map
from fakekube.registry.kinds.pod_validation.annotations import APP_ARMOR, MIRROR, validate_annotations
from fakekube.registry.kinds.pod_validation.containers import validate_image_spaces
from fakekube.registry.kinds.pod_validation.scheduling import REQUIRED, validate_tolerations
from fakekube.registry.kinds.pod_validation.template import validate_pod
from fakekube.registry.kinds.rules import Errors

LARGEST_DEADLINE = 2**31 - 1
CHANGEABLE = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
FORBIDDEN = f"pod updates may not change fields other than {CHANGEABLE}\n"


def validate_pod_update(errors: Errors, pod: Obj, old: Obj) -> None:
    """A changed Pod: its parts, then that only what may change has changed."""
    validate_pod(errors, pod)
    validate_annotation_changes(errors, pod, old)
    spec, before = pod.get("spec") or {}, old.get("spec") or {}
    if not _validate_containers(errors, spec, before):
        return
    if not _validate_deadline(errors, spec, before):
        return
    if spec.get("tolerations") != before.get("tolerations") or errors:  # else they have been found faultless
        _validate_tolerations(errors, spec.get("tolerations") or [], before.get("tolerations") or [])
    _validate_gates(errors, spec, before)
    if spec != before:
        _validate_rest(errors, spec, before)


def validate_annotation_changes(errors: Errors, pod: Obj, old: Obj) -> None:
    """Annotations that the kubelet acts on stay what they are."""
    annotations = pod["metadata"].get("annotations") or {}
    before = old["metadata"].get("annotations") or {}
    changed = (("remove or update", before, annotations), ("add", annotations, before)) if annotations != before else ()
    for verb, keys, other in changed:
        for key in sorted(keys):
            if (verb == "add" and key in other) or other.get(key) == keys[key]:
                continue
            path = f"metadata.annotations[{key}]"
            if key.startswith(APP_ARMOR):
                errors.append(forbidden(path, f"may not {verb} AppArmor annotations"))
            if key == MIRROR:
                errors.append(forbidden(path, f"may not {verb} mirror pod annotation"))
    if annotations:
        validate_annotations(errors, annotations, pod.get("spec") or {}, "metadata.annotations")


def _validate_containers(errors: Errors, spec: Obj, old: Obj) -> bool:
    """Whether the containers are still the same ones in number."""
    for field in ("containers", "initContainers"):
        containers = spec.get(field) or ()
        if len(containers) != len(old.get(field) or ()):
            errors.append(forbidden(f"spec.{field}", "pod updates may not add or remove containers"))
            return False
        for index, container in enumerate(containers):
            if not container.get("image"):
                errors.append(required(f"spec.{field}[{index}].image"))
            validate_image_spaces(errors, container, f"spec.{field}[{index}]")
    return True


def _validate_deadline(errors: Errors, spec: Obj, old: Obj) -> bool:
    path = "spec.activeDeadlineSeconds"
    new, before = spec.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    if new is None:
        if before is not None:
            errors.append(invalid(path, None, "must not update from a positive integer to nil value"))
        return True
    if not 0 <= new <= LARGEST_DEADLINE:
        errors.append(invalid(path, new, f"must be between 0 and {LARGEST_DEADLINE}, inclusive"))
        return False
    if before is not None and before < new:
        errors.append(invalid(path, new, "must be less than or equal to previous value"))
        return False
    return True


def _validate_tolerations(errors: Errors, new: list[Obj], old: list[Obj]) -> None:
    kept = [_timeless(toleration) for toleration in new]
    if any(_timeless(toleration) not in kept for toleration in old):
        detail = "existing toleration can not be modified except its tolerationSeconds"
        errors.append(forbidden("spec.tolerations", detail))
        return
    validate_tolerations(errors, new, "spec.tolerations")


def _timeless(toleration: Obj) -> Obj:
    return {field: value for field, value in toleration.items() if field != "tolerationSeconds"}


def _validate_gates(errors: Errors, spec: Obj, old: Obj) -> None:
    known = {gate.get("name") for gate in old.get("schedulingGates") or ()}
    for index, gate in enumerate(spec.get("schedulingGates") or ()):
        if gate.get("name") not in known:
            detail = f"only deletion is allowed, but found new scheduling gate '{gate.get('name', '')}'"
            errors.append(forbidden(f"spec.schedulingGates[{index}].name", detail))


def _validate_rest(errors: Errors, spec: Obj, old: Obj) -> None:
    compared = dict(spec)
    for field in ("containers", "initContainers"):
        if field in spec:
            pairs = zip(spec[field], old[field], strict=True)
            compared[field] = [{**new, "image": before.get("image", "")} for new, before in pairs]
    for field in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        _restore(compared, old, field)
    grace = old.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0 and spec.get("terminationGracePeriodSeconds") == 1:
        compared["terminationGracePeriodSeconds"] = grace
    if old.get("schedulingGates"):
        _validate_gated(errors, compared, old)
    if compared != old:
        errors.append(forbidden("spec", FORBIDDEN + spec_difference(old, compared)))


def _restore(spec: Obj, old: Obj, field: str) -> None:
    if field in old:
        spec[field] = old[field]
    else:
        spec.pop(field, None)


def spec_difference(old: Obj, new: Obj) -> str:
    """The difference of two pod specs as the real server tells it: of their internal forms, line by line."""
    texts = [json.dumps(internal("PodSpec", spec), indent=1, ensure_ascii=False) for spec in (old, new)]
    return difference(*texts)


def difference(old: str, new: str) -> str:
    """A unified difference without the names of files."""
    import difflib  # for refusals alone

    before, after = ([f"{line}\n" for line in text.split("\n")] for text in (old, new))
    return "".join(list(difflib.unified_diff(before, after, n=3))[2:])


def _validate_gated(errors: Errors, spec: Obj, old: Obj) -> None:
    """A gated pod may be bound more closely to nodes, never less."""
    selector, before = spec.get("nodeSelector") or {}, old.get("nodeSelector") or {}
    if selector != before:
        if any(selector.get(key) != value for key, value in before.items()):
            detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
            errors.append(invalid("spec.nodeSelector", sorted_map(selector), detail))
        _restore(spec, old, "nodeSelector")
    nodes = (spec.get("affinity") or {}).get("nodeAffinity")
    old_nodes = (old.get("affinity") or {}).get("nodeAffinity")
    if nodes != old_nodes:
        _validate_node_affinity(errors, nodes or {}, old_nodes or {})
        affinity = {field: value for field, value in (spec.get("affinity") or {}).items() if field != "nodeAffinity"}
        if old_nodes is not None:
            affinity["nodeAffinity"] = old_nodes
        if affinity or "affinity" in old:
            spec["affinity"] = affinity
        else:
            spec.pop("affinity", None)


def _validate_node_affinity(errors: Errors, nodes: Obj, old: Obj) -> None:
    path = f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms"
    before = (old.get(REQUIRED) or {}).get("nodeSelectorTerms") or []
    terms = (nodes.get(REQUIRED) or {}).get("nodeSelectorTerms") or []
    if before and len(before) != len(terms):
        shown = [internal("NodeSelectorTerm", term) for term in terms] or None
        detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        errors.append(invalid(path, shown, detail))
        return
    for index, (old_term, term) in enumerate(zip(before, terms, strict=False)):
        if not _only_adds(term, old_term):
            detail = "only additions are allowed (no mutations or deletions)"
            errors.append(invalid(f"{path}[{index}]", internal("NodeSelectorTerm", term), detail))


def _only_adds(term: Obj, old: Obj) -> bool:
    fields = ("matchExpressions", "matchFields")
    if not any(old.get(field) for field in fields):
        return not any(term.get(field) for field in fields)
    kept = [(term.get(field) or [])[: len(old.get(field) or [])] == (old.get(field) or []) for field in fields]
    return all(kept)
