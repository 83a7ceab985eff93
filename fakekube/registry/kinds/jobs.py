"""Jobs (kubernetes/pkg/apis/batch, registry/batch/job)."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, go_quote, invalid, required
from fakekube.core.meta import Obj, is_true, labels_of, metadata, name_of, uid_of
from fakekube.registry.kinds.internal_form import internal, selector_form, sorted_map
from fakekube.registry.kinds.job_specs import (
    INDEXED,
    default_job_spec,
    default_nested,
    job_warnings,
    validate_job_spec,
)
from fakekube.registry.kinds.job_status import validate_job_status
from fakekube.registry.kinds.label_selectors import is_usable, matches, validate_selector
from fakekube.registry.kinds.rules import IMMUTABLE, Errors, immutable
from fakekube.registry.kinds.workloads import WorkloadStrategy, check_template_labels
from fakekube.registry.strategy import Context, Strategy, Undo
from fakekube.schema.resources import Resource

CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
JOB_NAME = "batch.kubernetes.io/job-name"
LEGACY_CONTROLLER_UID = "controller-uid"
LEGACY_JOB_NAME = "job-name"
KEPT_FIELDS = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")
INTERNAL_TYPES = {"podFailurePolicy": "PodFailurePolicy", "successPolicy": "SuccessPolicy"}
PODS_STAY = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)
SCHEDULING_FIELDS = ("nodeSelector", "tolerations", "schedulingGates")


class JobStrategy(WorkloadStrategy):
    """Selector and pod labels come from its uid, unless manualSelector says otherwise."""

    orphans_by_default = True
    field_selectors = {"status.successful": lambda obj: str((obj.get("status") or {}).get("succeeded") or 0)}  # noqa: RUF012

    def unknown_field_message(self, resource: Resource, path: str) -> str:
        return f"field label {go_quote(path)} not supported for Job"

    def deletion_warnings(self, options: Obj) -> list[str]:
        explicit = options.get("propagationPolicy") is not None or options.get("orphanDependents") is not None
        return [] if explicit else [PODS_STAY]

    def default(self, obj: Obj) -> None:
        spec = obj.setdefault("spec", {})
        default_job_spec(spec)
        default_nested(spec)
        labels = labels_of(spec["template"])
        if labels and not labels_of(obj):
            obj["metadata"]["labels"] = dict(labels)

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        super().prepare_for_create(context, obj)
        if not obj["spec"].get("manualSelector"):
            _generate_selector(obj)

    def spec_warnings(self, obj: Obj, old: Obj | None) -> list[str]:
        found = super().spec_warnings(obj, old)
        return job_warnings(obj["spec"], "spec") + found if old is None or self.is_changed(obj, old) else found

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        return _validate_job(obj, None)

    def allocate(self, context: Context, obj: Obj, old: Obj | None) -> Undo | None:
        """A Job without labels shows those of its pods; it is judged without them."""
        if not labels_of(obj):
            labels = labels_of(obj["spec"]["template"])
            if labels:
                obj["metadata"]["labels"] = dict(labels)
        return None

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors = _validate_job(obj, old)
        _validate_spec(errors, obj["spec"], old["spec"])
        _validate_change(errors, obj["spec"], old)
        return errors

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        return validate_job_status(obj, old)


def _generate_selector(obj: Obj) -> None:
    """Mark the pods of this Job, and select them; marks that are there already stay, and are judged later."""
    uid = uid_of(obj)
    meta = obj["spec"].setdefault("template", {}).setdefault("metadata", {})
    labels = meta.setdefault("labels", {})
    # Labels that the Job took over from its template are the very same map in the real server.
    shared = bool(labels) and labels_of(obj) == labels
    for key in (LEGACY_JOB_NAME, JOB_NAME):
        labels.setdefault(key, name_of(obj))
    for key in (LEGACY_CONTROLLER_UID, CONTROLLER_UID):
        labels.setdefault(key, uid)
    selector = obj["spec"].setdefault("selector", {})
    selector.setdefault("matchLabels", {}).setdefault(CONTROLLER_UID, uid)
    if shared:
        obj["metadata"]["labels"] = dict(labels)


def _validate_job(obj: Obj, old: Obj | None) -> Errors:
    errors: Errors = []
    spec = obj["spec"]
    old_labels = None if old is None else labels_of(old["spec"].get("template") or {})
    prefixed = old_labels is None or (JOB_NAME in old_labels and CONTROLLER_UID in old_labels)
    _validate_generated(errors, obj, prefixed)
    _validate_spec(errors, spec, None if old is None else old["spec"])
    completions = spec.get("completions")
    if spec.get("completionMode") == INDEXED and completions is not None and completions > 0:
        host = f"{name_of(obj)}-{completions - 1}"
        if names.dns1123_label(host):
            detail = f"will not able to create pod with invalid DNS label: {host}"
            errors.append(invalid("metadata.name", name_of(obj), detail))
    return errors


def _validate_generated(errors: Errors, obj: Obj, prefixed: bool) -> None:
    spec = obj["spec"]
    if spec.get("manualSelector") or spec.get("selector") is None:
        return
    uid, name = uid_of(obj), name_of(obj)
    expected = {LEGACY_CONTROLLER_UID: uid, LEGACY_JOB_NAME: name}
    if prefixed:
        expected |= {CONTROLLER_UID: uid, JOB_NAME: name}
    labels = metadata(spec.get("template") or {}).get("labels") or {}
    for key, value in expected.items():
        path = f"spec.template.metadata.labels[{key}]"
        if key not in labels:
            errors.append(required(path, f"must be '{value}'"))
        elif labels[key] != value:
            errors.append(invalid(path, sorted_map(labels), f"must be '{value}'"))
    if is_usable(spec["selector"]) and not matches(spec["selector"], expected):
        errors.append(invalid("spec.selector", selector_form(spec["selector"]), "`selector` not auto-generated"))


def _validate_spec(errors: Errors, spec: Obj, old: Obj | None) -> None:
    validate_job_spec(errors, spec, "spec")
    selector = spec.get("selector")
    if selector is None:
        errors.append(required("spec.selector"))
    else:
        known_values = old is not None and not is_usable(old.get("selector"))
        validate_selector(errors, selector, "spec.selector", any_value=known_values)
    if is_usable(selector):
        check_template_labels(errors, selector, spec.get("template") or {})


def _validate_change(errors: Errors, spec: Obj, stored: Obj) -> None:
    old = stored["spec"]
    completions = spec.get("completions")
    if spec.get("completionMode") != INDEXED:
        immutable(errors, completions, old.get("completions"), "spec.completions")
    elif completions not in (None, old.get("completions"), spec.get("parallelism")):
        detail = "can only be modified in tandem with spec.parallelism"
        errors.append(invalid("spec.completions", completions, detail))
    if spec.get("selector") != old.get("selector"):
        errors.append(invalid("spec.selector", selector_form(spec.get("selector")), IMMUTABLE))
    _validate_template_change(errors, spec, stored)
    for field in KEPT_FIELDS:
        value = spec.get(field)
        if value != old.get(field):
            kind = INTERNAL_TYPES.get(field)
            shown = internal(kind, value) if kind and value is not None else value
            errors.append(invalid(f"spec.{field}", shown, IMMUTABLE))


def _validate_template_change(errors: Errors, spec: Obj, stored: Obj) -> None:
    """While a Job is suspended and idle, where its pods may run and what they ask for can still be changed."""
    old = stored["spec"]
    status = stored.get("status") or {}
    suspended = bool(old.get("suspend"))
    idle = not status.get("startTime") or is_true(stored, "Suspended")
    changeable = suspended and idle and not status.get("active")
    template, before = spec.get("template") or {}, old.get("template") or {}
    if not changeable:
        if template != before:
            errors.append(invalid("spec.template", internal("PodTemplateSpec", template), IMMUTABLE))
        return
    pod = template.get("spec") or {}
    kept = _with_resources_of(pod, _with_directives_of(pod, before.get("spec") or {}))
    if pod != kept:
        errors.append(invalid("spec.template.spec", internal("PodSpec", pod), IMMUTABLE))


def _with_directives_of(pod: Obj, old: Obj) -> Obj:
    """The old pod with the new one's scheduling directives."""
    kept = {key: value for key, value in old.items() if key not in SCHEDULING_FIELDS}
    kept |= {key: pod[key] for key in SCHEDULING_FIELDS if key in pod}
    affinity = {key: value for key, value in (old.get("affinity") or {}).items() if key != "nodeAffinity"}
    if "nodeAffinity" in (pod.get("affinity") or {}):
        affinity["nodeAffinity"] = pod["affinity"]["nodeAffinity"]
    kept.pop("affinity", None)
    if affinity or "affinity" in pod:
        kept["affinity"] = affinity
    return kept


def _with_resources_of(pod: Obj, old: Obj) -> Obj:
    """The old pod with the resources of the new one's containers of the same name and place."""
    kept = dict(old)
    for field in ("containers", "initContainers"):
        new, before = pod.get(field) or [], old.get(field) or []
        if before and len(new) == len(before):
            pairs = zip(before, new, strict=True)
            kept[field] = [
                {**was, "resources": now.get("resources", {})} if was.get("name") == now.get("name") else was
                for was, now in pairs
            ]
    return kept


ROWS: dict[str, Strategy] = {"jobs.batch": JobStrategy()}
