"""Validating and mutating admission policies and their bindings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, duplicate, forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.admission_rules import (
    FAILURE_POLICIES,
    GROUP,
    REINVOCATION_POLICIES,
    condition_faults,
    default_rule,
    match_faults,
    reserved_name_warnings,
    text_faults,
    unmutable_faults,
)
from fakekube.registry.kinds.checks import dns_subdomain, invalids, label_name, label_selector, one_of
from fakekube.registry.kinds.condition_rules import validate_conditions
from fakekube.registry.kinds.filling import fill
from fakekube.registry.kinds.policy_expressions import Expressions
from fakekube.registry.strategy import Context, Strategy

REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
ACTIONS = ("Audit", "Deny", "Warn")
UNSPECIFIED = "expression is not specified"
_MOST_ANNOTATIONS = 20
_LONGEST_ANNOTATION = 5 * 1024
_PATCHES = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
_IDENTIFIER = re.compile("[_a-zA-Z][_a-zA-Z0-9]*")
# fmt: off
_RESERVED = frozenset((
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
    "let", "loop", "package", "namespace", "return", "var", "void", "while",
))
# fmt: on


def default_match(match: Obj | None) -> None:
    """Match by equivalence, in all namespaces, all objects."""
    if match is None:
        return
    fill(match, "matchPolicy", "Equivalent")
    fill(match, "namespaceSelector", {})
    fill(match, "objectSelector", {})
    for part in ("resourceRules", "excludeResourceRules"):
        for rule in match.get(part) or ():
            default_rule(rule)


def _kind_faults(field: str, found: Obj) -> list[FieldError]:
    """What is wrong with the kind of the parameters."""
    version, kind = found.get("apiVersion") or "", found.get("kind") or ""
    faults = _version_faults(f"{field}.apiVersion", version) if version else [required(f"{field}.apiVersion")]
    if not kind:
        faults.append(required(f"{field}.kind"))
    elif complaints := names.dns1035_label(kind.lower()):
        why = "may have mixed case, but should otherwise match: " + ",".join(complaints)
        faults.append(invalid(f"{field}.kind", kind, why))
    return faults


def _version_faults(field: str, found: str) -> list[FieldError]:
    if found.count("/") > 1:
        return [invalid(field, found, f"unexpected GroupVersion string: {found}")]
    group, _, version = found.rpartition("/")
    faults = []
    if group and (complaints := names.dns1123_subdomain(group)):
        faults.append(invalid(field, group, ",".join(complaints)))
    if not version:
        faults.append(invalid(field, found, "version must be specified"))
    elif complaints := names.dns1035_label(version):
        faults.append(invalid(field, version, ",".join(complaints)))
    return faults


def _variable_faults(field: str, variable: Obj, expressions: Expressions) -> list[FieldError]:
    name = variable.get("name") or ""
    faults = text_faults(f"{field}.name", name, "name is not specified")
    if not faults and (not _IDENTIFIER.fullmatch(name) or name in _RESERVED):
        faults.append(invalid(f"{field}.name", name, "must be a valid CEL identifier"))
    at, source = f"{field}.expression", variable.get("expression") or ""
    return faults + (text_faults(at, source, UNSPECIFIED) or expressions.variable(at, name, source))


def _validation_faults(field: str, validation: Obj, expressions: Expressions) -> list[FieldError]:
    at, source = f"{field}.expression", validation.get("expression") or ""
    faults = text_faults(at, source, UNSPECIFIED) or expressions.faults(at, source, *expressions.condition)
    for name in ("messageExpression", "message"):
        text = validation.get(name) or ""
        if text and not text.strip():
            faults.append(invalid(f"{field}.{name}", text, "must be non-empty if specified"))
        elif name == "messageExpression" and text:
            faults += expressions.faults(f"{field}.{name}", text, *expressions.message, authorizer=False)
        elif name == "message" and re.search(r"[\n\r]", text.strip()):
            faults.append(invalid(f"{field}.message", text, "must not contain line breaks"))
    reason = validation.get("reason")
    return faults if reason is None else faults + one_of(f"{field}.reason", reason, REASONS)


def _annotation_faults(field: str, policy: str, annotation: Obj, expressions: Expressions) -> list[FieldError]:
    key, source = annotation.get("key") or "", annotation.get("valueExpression") or ""
    text = source.strip()
    faults = label_name(f"{field}.key", f"{policy}/{key}")
    if len(text.encode()) > _LONGEST_ANNOTATION:
        why = f"must not exceed {_LONGEST_ANNOTATION} bytes in length"
        return [*faults, required(f"{field}.valueExpression", why)]
    at = f"{field}.valueExpression"
    blank = text_faults(at, text, "valueExpression is not specified")
    return faults + (blank or expressions.faults(at, text, *expressions.annotation, shown=source))


class PolicyStrategy(Strategy):
    """What both kinds of policies have: parameters, the requests they are for, conditions, variables."""

    unconditional_update = False

    def default(self, obj: Obj) -> None:
        """A policy that cannot be judged denies."""
        spec = obj.setdefault("spec", {})
        fill(spec, "failurePolicy", "Fail")
        default_match(spec.get("matchConstraints"))

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """All parts in order."""
        return self.faults(obj, self._expressions(obj), conditions=True)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same; conditions that stay are not judged again."""
        new, before = obj["spec"], old["spec"]
        parts = ("paramKind", "matchConditions")
        changed = any((new.get(part) or None) != (before.get(part) or None) for part in parts)
        return self.faults(obj, self._expressions(obj), conditions=changed)

    always_composed = False
    """Expressions may name variables, whether there are any or not."""

    def _expressions(self, obj: Obj) -> Expressions:
        spec = obj["spec"]
        composed = self.always_composed or bool(spec.get("variables"))
        return Expressions(params=spec.get("paramKind") is not None, composed=composed)

    def faults(self, obj: Obj, expressions: Expressions, *, conditions: bool) -> list[FieldError]:
        """What is wrong with a policy."""
        spec = obj["spec"]
        match, field = spec.get("matchConstraints"), "spec.matchConstraints"
        faults = one_of("spec.failurePolicy", spec["failurePolicy"], FAILURE_POLICIES)
        if spec.get("paramKind") is not None:
            faults += _kind_faults("spec.paramKind", spec["paramKind"])
        faults += [required(field)] if match is None else self.match_faults(field, match)
        if conditions:
            params = spec.get("paramKind") is not None
            faults += condition_faults("spec.matchConditions", spec.get("matchConditions") or (), params=params)
        for index, variable in enumerate(spec.get("variables") or ()):
            faults += _variable_faults(f"spec.variables[{index}]", variable, expressions)
        return faults

    def match_faults(self, field: str, match: Obj) -> list[FieldError]:
        """The rules are needed: they tell the types."""
        faults = match_faults(field, match)
        return faults if match.get("resourceRules") else [*faults, required(f"{field}.resourceRules")]

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Reserved names."""
        return reserved_name_warnings(obj)


class ValidatingPolicyStrategy(PolicyStrategy):
    """The status tells what type checking found."""

    status_keeps = ("labels", "annotations", "finalizers", "ownerReferences")

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Nothing has been checked yet."""
        obj["status"] = {}

    def faults(self, obj: Obj, expressions: Expressions, *, conditions: bool) -> list[FieldError]:
        """The common parts, validations and audit annotations."""
        spec = obj["spec"]
        faults = super().faults(obj, expressions, conditions=conditions)
        validations, annotations = (spec.get(name) or [] for name in ("validations", "auditAnnotations"))
        if not validations and not annotations:
            why = "validations or auditAnnotations must contain at least one item"
            return [*faults, required("spec.validations", why), required("spec.auditAnnotations", why)]
        for index, validation in enumerate(validations):
            faults += _validation_faults(f"spec.validations[{index}]", validation, expressions)
        return faults + self._annotations_faults(obj["metadata"].get("name", ""), annotations, expressions)

    @staticmethod
    def _annotations_faults(policy: str, annotations: Sequence[Obj], expressions: Expressions) -> list[FieldError]:
        field, faults = "spec.auditAnnotations", []
        if len(annotations) > _MOST_ANNOTATIONS:
            why = f"must not have more than {_MOST_ANNOTATIONS} auditAnnotations"
            shown = [{"Key": each.get("key"), "ValueExpression": each.get("valueExpression")} for each in annotations]
            faults.append(invalid(field, shown, why))
        seen: set[str] = set()
        for index, annotation in enumerate(annotations):
            faults += _annotation_faults(f"{field}[{index}]", policy, annotation, expressions)
            key = annotation.get("key") or ""
            if key in seen:
                faults.append(duplicate(f"{field}[{index}].key", key))
            seen.add(key)
        return faults

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Warnings tell what they are about."""
        field, checking = "status.typeChecking.expressionWarnings", (obj.get("status") or {}).get("typeChecking") or {}
        faults: list[FieldError] = []
        for index, warning in enumerate(checking.get("expressionWarnings") or ()):
            if not warning.get("warning"):
                faults.append(required(f"{field}[{index}].warning"))
            faults += text_faults(f"{field}[{index}].fieldRef", warning.get("fieldRef"))
        validate_conditions(faults, (obj.get("status") or {}).get("conditions"), "status.conditions")
        return faults


class MutatingPolicyStrategy(PolicyStrategy):
    """A list of patches."""

    def match_faults(self, field: str, match: Obj) -> list[FieldError]:
        """The same, but nothing is mutated while it is deleted."""
        return [*super().match_faults(field, match), *unmutable_faults(field, match)]

    always_composed = True

    def faults(self, obj: Obj, expressions: Expressions, *, conditions: bool) -> list[FieldError]:
        """The common parts, the mutations, and whether they are made again."""
        spec = obj["spec"]
        faults = super().faults(obj, expressions, conditions=conditions)
        mutations, again = spec.get("mutations") or (), spec.get("reinvocationPolicy")
        if not mutations:
            faults.append(required("spec.mutations", "mutations must contain at least one item"))
        for index, mutation in enumerate(mutations):
            faults += self._mutation_faults(f"spec.mutations[{index}]", mutation, expressions)
        if not again:
            return [*faults, required("spec.reinvocationPolicy")]
        return faults + one_of("spec.reinvocationPolicy", again, REINVOCATION_POLICIES)

    @staticmethod
    def _mutation_faults(field: str, mutation: Obj, expressions: Expressions) -> list[FieldError]:
        kind = mutation.get("patchType")
        if not kind:
            return [required(f"{field}.patchType")]
        if kind not in _PATCHES:
            return [not_supported(f"{field}.patchType", kind, list(_PATCHES))]
        asked, other = _PATCHES[kind], next(part for name, part in _PATCHES.items() if name != kind)
        if mutation.get(asked) is None:
            faults = [required(f"{field}.{asked}", f"must be specified when patchType is {kind}")]
        else:
            at, source = f"{field}.{asked}.expression", (mutation[asked].get("expression") or "").strip()
            wanted = expressions.patches[asked]
            faults = text_faults(at, source) or expressions.faults(at, source, wanted, patches=True)
        if mutation.get(other) is not None:
            why = f"must not be specified when patchType is {kind}"
            faults.append(invalid(f"{field}.{other}", f"{{{other}}}", why))
        return faults


def _reference_faults(field: str, found: Obj | None) -> list[FieldError]:
    """What is wrong with the reference to parameters."""
    if found is None:
        return []
    name, selector, action = found.get("name") or "", found.get("selector"), found.get("parameterNotFoundAction")
    faults = invalids(f"{field}.name", name, names.path_segment(name)) if name else []
    if name and selector is not None:
        faults.append(forbidden(f"{field}.name", "name and selector are mutually exclusive"))
    faults += label_selector(f"{field}.selector", selector)
    if name and selector is not None:
        faults.append(forbidden(f"{field}.selector", "name and selector are mutually exclusive"))
    if not name and selector is None:
        faults.append(required(field, "one of name or selector must be specified"))
    if not action:
        faults.append(required(f"{field}.parameterNotFoundAction"))
    return faults + (one_of(f"{field}.parameterNotFoundAction", action, ("Deny", "Allow")) if action else [])


class BindingStrategy(Strategy):
    """A policy and where it holds."""

    unconditional_update = False

    def default(self, obj: Obj) -> None:
        """As for a policy's own constraints."""
        default_match((obj.get("spec") or {}).get("matchResources"))

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """The policy's name, the parameters, the requests."""
        spec = obj.get("spec") or {}
        policy, match = spec.get("policyName") or "", spec.get("matchResources")
        faults = dns_subdomain("spec.policyName", policy) if policy else [required("spec.policyName")]
        faults += _reference_faults("spec.paramRef", spec.get("paramRef"))
        return faults + match_faults("spec.matchResources", match)

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Reserved names."""
        return reserved_name_warnings(obj)


class ValidatingBindingStrategy(BindingStrategy):
    """The same, and what a failed validation leads to."""

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """The same, and the actions."""
        field, actions = "spec.validationActions", (obj.get("spec") or {}).get("validationActions") or []
        faults = super().validate(context, obj)
        for index, action in enumerate(actions):
            faults += one_of(f"{field}[{index}]", action, ACTIONS)
            if action in actions[:index]:
                faults.append(duplicate(f"{field}[{index}]", action))
        if "Deny" in actions and "Warn" in actions:
            why = (
                "must not contain both Deny and Warn (repeating the same validation failure information in the API"
                " response and headers serves no purpose)"
            )
            faults.append(invalid(field, actions, why))
        if not actions:
            faults.append(required(field, "at least one validation action is required"))
        return faults


class MutatingBindingStrategy(BindingStrategy):
    """The same for mutations."""

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Nothing is mutated while it is deleted."""
        match = (obj.get("spec") or {}).get("matchResources")
        return [*super().validate(context, obj), *unmutable_faults("spec.matchResources", match)]


ROWS = {
    f"validatingadmissionpolicies.{GROUP}": ValidatingPolicyStrategy(),
    f"mutatingadmissionpolicies.{GROUP}": MutatingPolicyStrategy(),
    f"validatingadmissionpolicybindings.{GROUP}": ValidatingBindingStrategy(),
    f"mutatingadmissionpolicybindings.{GROUP}": MutatingBindingStrategy(),
}
