"""Pod templates, and new pods: metadata that matters, then the spec."""

from __future__ import annotations

from fakekube.core.fielderrors import forbidden
from fakekube.core.meta import Obj
from fakekube.registry.kinds.pod_validation.annotations import (
    MIRROR,
    validate_annotations,
    validate_matching_profiles,
)
from fakekube.registry.kinds.pod_validation.containers import validate_image_spaces
from fakekube.registry.kinds.pod_validation.frame import Frame
from fakekube.registry.kinds.pod_validation.spec import validate_pod_spec
from fakekube.registry.kinds.rules import Errors
from fakekube.registry.objectmeta import annotation_errors, label_errors


def validate_template(errors: Errors, template: Obj, path: str) -> None:
    """A pod template."""
    meta, spec = template.get("metadata") or {}, template.get("spec") or {}
    annotations = meta.get("annotations") or {}
    if meta.get("labels"):
        errors += label_errors(meta["labels"], f"{path}.labels")
    if annotations:
        errors += annotation_errors(annotations, f"{path}.annotations")
        validate_annotations(errors, annotations, spec, f"{path}.annotations")
    frame = Frame(spec, is_pod=False)
    validate_pod_spec(errors, frame, f"{path}.spec")
    validate_matching_profiles(errors, annotations, spec, f"{path}.spec")
    if spec.get("ephemeralContainers"):
        detail = "ephemeral containers not allowed in pod template"
        errors.append(forbidden(f"{path}.spec.ephemeralContainers", detail))


def validate_pod(errors: Errors, pod: Obj) -> None:
    """A Pod's annotations and spec; its other metadata is judged as that of every object."""
    meta, spec = pod["metadata"], pod.get("spec") or {}
    annotations = meta.get("annotations")
    if annotations:
        validate_annotations(errors, annotations, spec, "metadata.annotations")
    frame = Frame(
        spec,
        is_pod=True,
        pod_name=meta.get("name", ""),
        is_mirror=bool(annotations) and MIRROR in annotations,
    )
    validate_pod_spec(errors, frame, "spec")
    if not spec.get("serviceAccountName"):
        _forbid_tokens(errors, spec)
    for field in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            validate_image_spaces(errors, container, f"spec.{field}[{index}]")


def _forbid_tokens(errors: Errors, spec: Obj) -> None:
    detail = "must not be specified when serviceAccountName is not set"
    for index, volume in enumerate(spec.get("volumes") or ()):
        for place, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
            if "serviceAccountToken" in source:
                path = f"spec.volumes[{index}].projected.sources[{place}].serviceAccountToken"
                errors.append(forbidden(path, detail))


def validate_new_pod(errors: Errors, pod: Obj) -> None:
    """A Pod at its creation."""
    validate_pod(errors, pod)
    spec = pod.get("spec") or {}
    if spec.get("ephemeralContainers"):
        errors.append(forbidden("spec.ephemeralContainers", "cannot be set on create"))
    if spec.get("nodeName") and spec.get("schedulingGates"):
        errors.append(forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"))
    validate_matching_profiles(errors, pod["metadata"].get("annotations") or {}, spec, "spec")
