"""What the kinds with a selector and a pod template have in common."""

from __future__ import annotations

from typing import Any

from fakekube.core import names
from fakekube.core.fielderrors import forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj, metadata, name_of
from fakekube.registry.kinds.internal_form import selector_form, sorted_map
from fakekube.registry.kinds.label_selectors import is_empty, is_usable, matches, validate_selector
from fakekube.registry.kinds.pod_defaults import default_template
from fakekube.registry.kinds.pod_features import drop_disabled
from fakekube.registry.kinds.pod_validation.template import validate_template
from fakekube.registry.kinds.pod_warnings import template_warnings
from fakekube.registry.kinds.rules import Errors
from fakekube.registry.strategy import Context, Strategy

LABEL_WANTED = (
    "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
    "a DNS label is recommended: [{}]"
)
MISMATCH = "`selector` does not match template `labels`"


class WorkloadStrategy(Strategy):
    """A kind whose spec holds a pod template."""

    warns_of_name = True
    template_path: tuple[str, ...] = ("spec", "template")

    def template_of(self, obj: Obj) -> Obj:
        """The pod template, made if there is none."""
        for part in self.template_path:
            obj = obj.setdefault(part, {})
        return obj

    def default(self, obj: Obj) -> None:
        default_template(self.template_of(obj))

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        drop_disabled(self.template_of(obj).get("spec"), None)

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        drop_disabled(self.template_of(obj).get("spec"), self.template_of(old).get("spec"))

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        if context.request.subresource == "status":
            return []
        found = name_warnings(obj) if old is None and self.warns_of_name else []
        return found + self.spec_warnings(obj, old)

    def spec_warnings(self, obj: Obj, old: Obj | None) -> list[str]:
        """The warnings for the template; on an update all of them again, whatever of the spec was changed."""
        if old is not None and not self.is_changed(obj, old):
            return []
        return template_warnings(self.template_of(obj), ".".join(self.template_path))

    def is_changed(self, obj: Obj, old: Obj) -> bool:
        """Whether an update is worth warnings."""
        return bool(obj["metadata"].get("generation") != old["metadata"].get("generation"))


def name_warnings(obj: Obj) -> list[str]:
    """A name that makes poor host names of pods."""
    messages = names.dns1123_label(name_of(obj))
    return [LABEL_WANTED.format(" ".join(messages))] if messages else []


def validate_required_selector(errors: Errors, spec: Obj, kind: str) -> None:
    """A selector must be there, be well formed and say something."""
    selector = spec.get("selector")
    if selector is None:
        errors.append(required("spec.selector"))
        return
    validate_selector(errors, selector, "spec.selector")
    if is_empty(selector):
        errors.append(invalid("spec.selector", {}, f"empty selector is invalid for {kind}"))


def validate_replica_template(errors: Errors, spec: Obj) -> None:
    """The template of replicas: labels that the selector takes, containers that run forever."""
    selector = spec.get("selector")
    if not is_usable(selector):
        errors.append(invalid("spec.selector", selector_form(selector), "invalid label selector"))
        return
    template = spec.get("template") or {}
    check_template_labels(errors, selector, template)
    validate_template(errors, template, "spec.template")
    validate_endless(errors, template, "ReplicaSet")


def check_template_labels(errors: Errors, selector: Any, template: Obj) -> None:
    """The selector must take the template's own labels."""
    labels = metadata(template).get("labels")
    if not matches(selector, labels):
        errors.append(invalid("spec.template.metadata.labels", sorted_map(labels), MISMATCH))


def validate_endless(errors: Errors, template: Obj, kind: str) -> None:
    """Pods that are replaced when they end may not be told to end."""
    pod = template.get("spec") or {}
    policy = pod.get("restartPolicy", "")
    if policy != "Always":
        errors.append(not_supported("spec.template.spec.restartPolicy", policy, ["Always"]))
    if pod.get("activeDeadlineSeconds") is not None:
        detail = f"activeDeadlineSeconds in {kind} is not Supported"
        errors.append(forbidden("spec.template.spec.activeDeadlineSeconds", detail))
