"""PodTemplates: a template stored for its own sake (registry/core/podtemplate)."""

from __future__ import annotations

from fakekube.core.fielderrors import FieldError
from fakekube.core.meta import Obj
from fakekube.registry.kinds.pod_validation.template import validate_template
from fakekube.registry.kinds.rules import Errors
from fakekube.registry.kinds.workloads import WorkloadStrategy
from fakekube.registry.strategy import Context, Strategy


class PodTemplateStrategy(WorkloadStrategy):
    has_status = False
    warns_of_name = False
    template_path = ("template",)
    generation_fields = ("template",)

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        errors: Errors = []
        validate_template(errors, obj["template"], "template")
        return errors

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        errors: Errors = []
        validate_template(errors, obj["template"], "template")
        return errors


ROWS: dict[str, Strategy] = {"podtemplates": PodTemplateStrategy()}
