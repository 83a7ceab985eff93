"""ReplicationControllers (kubernetes/pkg/apis/core, registry/core/replicationcontroller)."""

from __future__ import annotations

from fakekube.core.fielderrors import FieldError, invalid, required
from fakekube.core.meta import Obj, metadata
from fakekube.registry.kinds.deployments import replicas_limit
from fakekube.registry.kinds.internal_form import sorted_map
from fakekube.registry.kinds.pod_validation.template import validate_template
from fakekube.registry.kinds.pod_warnings import template_warnings
from fakekube.registry.kinds.rules import Errors, not_negative
from fakekube.registry.kinds.selectable import SelectableStrategy
from fakekube.registry.kinds.workloads import MISMATCH, WorkloadStrategy, validate_endless
from fakekube.registry.strategy import Context, Strategy

STATUS_COUNTERS = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration")


def _replicas_field(obj: Obj) -> str:
    return str((obj.get("status") or {}).get("replicas") or 0)


class ReplicationControllerStrategy(SelectableStrategy, WorkloadStrategy):
    """Its selector is a plain map of labels; labels and selector default to the template's."""

    orphans_by_default = True
    field_selectors = {"status.replicas": _replicas_field}  # noqa: RUF012

    def default(self, obj: Obj) -> None:
        spec = obj.setdefault("spec", {})
        spec.setdefault("replicas", 1)
        if spec.get("template") is None:
            return
        super().default(obj)
        labels = metadata(spec["template"]).get("labels")
        if labels:
            if not spec.get("selector"):
                spec["selector"] = dict(labels)
            if not obj["metadata"].get("labels"):
                obj["metadata"]["labels"] = dict(labels)

    def spec_warnings(self, obj: Obj, old: Obj | None) -> list[str]:
        """On an update the real server warns of the template as it was."""
        if old is None:
            return super().spec_warnings(obj, None)
        return template_warnings(self.template_of(old), "spec.template") if self.is_changed(obj, old) else []

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        return _validate_spec(obj["spec"])

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        return _validate_spec(obj["spec"])

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors: Errors = []
        status = obj.get("status") or {}
        not_negative(errors, status, "status", *STATUS_COUNTERS)
        replicas_limit(errors, status, ("fullyLabeledReplicas", "readyReplicas", "availableReplicas"))
        return errors


def _validate_spec(spec: Obj) -> Errors:
    errors: Errors = []
    not_negative(errors, spec, "spec", "minReadySeconds")
    selector, template = spec.get("selector"), spec.get("template")
    if not selector:
        errors.append(required("spec.selector"))
    not_negative(errors, spec, "spec", "replicas")
    if template is None:
        errors.append(required("spec.template"))
        return errors
    labels = metadata(template).get("labels")
    if not (selector or {}).items() <= (labels or {}).items():
        errors.append(invalid("spec.template.metadata.labels", sorted_map(labels), MISMATCH))
    validate_template(errors, template, "spec.template")
    validate_endless(errors, template, "ReplicationController")
    return errors


ROWS: dict[str, Strategy] = {"replicationcontrollers": ReplicationControllerStrategy()}
