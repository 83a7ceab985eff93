"""Where a pod may run: tolerations, affinity, topology spread."""

from __future__ import annotations

from collections.abc import Sequence

from fakekube.core import names
from fakekube.core.fielderrors import duplicate, forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.label_selectors import validate_selector
from fakekube.registry.kinds.rules import Errors, named, one_of

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
WITH_COMPARISONS = ("Equal", "Exists", "Lt", "Gt")
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")
NODE_POLICIES = ("Honor", "Ignore")
MATCH_ALL = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
WEIGHT_WRONG = "must be in the range 1-100"


def validate_tolerations(errors: Errors, tolerations: Sequence[Obj], path: str) -> None:
    """spec.tolerations."""
    for index, toleration in enumerate(tolerations):
        here = f"{path}[{index}]"
        key, operator = toleration.get("key", ""), toleration.get("operator", "")
        effect = toleration.get("effect", "")
        if key:
            messages = names.qualified_name(key)
            if messages:
                named(errors, messages, key, f"{here}.key")
        elif operator != "Exists":
            errors.append(invalid(f"{here}.operator", operator, MATCH_ALL))
        if "tolerationSeconds" in toleration and effect != "NoExecute":
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            errors.append(invalid(f"{here}.effect", effect, detail))
        _validate_operator(errors, operator, toleration.get("value", ""), f"{here}.operator")
        if effect and effect not in EFFECTS:
            errors.append(not_supported(f"{here}.effect", effect, EFFECTS))


def _validate_operator(errors: Errors, operator: str, value: str, path: str) -> None:
    if operator in ("Equal", ""):
        messages = names.label_value(value)
        if messages:
            errors.append(invalid(path, value, ";".join(messages)))
    elif operator == "Exists":
        if value:
            errors.append(invalid(path, value, "value must be empty when `operator` is 'Exists'"))
    else:
        told = WITH_COMPARISONS if operator in ("Lt", "Gt") else WITH_COMPARISONS[:2]
        errors.append(not_supported(path, operator, told))


def validate_affinity(errors: Errors, affinity: Obj, path: str) -> None:
    """spec.affinity."""
    nodes = affinity.get("nodeAffinity")
    if nodes is not None:
        _validate_node_affinity(errors, nodes, f"{path}.nodeAffinity")
    for field in ("podAffinity", "podAntiAffinity"):
        pods = affinity.get(field)
        if pods is not None:
            _validate_pod_affinity(errors, pods, f"{path}.{field}")


def _validate_node_affinity(errors: Errors, affinity: Obj, path: str) -> None:
    if REQUIRED in affinity:
        validate_node_selector(errors, affinity[REQUIRED], f"{path}.{REQUIRED}")
    for index, term in enumerate(affinity.get(PREFERRED) or ()):
        here = f"{path}.{PREFERRED}[{index}]"
        _validate_weight(errors, term, here)
        _validate_node_term(errors, term.get("preference") or {}, f"{here}.preference", any_value=True)


def validate_node_selector(errors: Errors, selector: Obj, path: str) -> None:
    """A v1 NodeSelector: terms of which one must hold."""
    terms = selector.get("nodeSelectorTerms")
    if not terms:
        errors.append(required(f"{path}.nodeSelectorTerms", "must have at least one node selector term"))
        return
    for index, term in enumerate(terms):
        _validate_node_term(errors, term, f"{path}.nodeSelectorTerms[{index}]", any_value=False)


def _validate_node_term(errors: Errors, term: Obj, path: str, *, any_value: bool) -> None:
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        _validate_expression(errors, expression, f"{path}.matchExpressions[{index}]", any_value)
    for index, expression in enumerate(term.get("matchFields") or ()):
        _validate_field_expression(errors, expression, f"{path}.matchFields[{index}]")


def _validate_expression(errors: Errors, expression: Obj, path: str, any_value: bool) -> None:
    operator, values = expression.get("operator", ""), expression.get("values") or ()
    if operator in ("In", "NotIn"):
        if not values:
            errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            errors.append(forbidden(f"{path}.values", detail))
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            errors.append(required(f"{path}.values", detail))
    else:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    key = expression.get("key", "")
    named(errors, names.qualified_name(key), key, f"{path}.key")
    if not any_value:
        for index, value in enumerate(values):
            named(errors, names.label_value(value), value, f"{path}.values[{index}]")


def _validate_field_expression(errors: Errors, expression: Obj, path: str) -> None:
    operator, values = expression.get("operator", ""), expression.get("values") or ()
    if operator not in ("In", "NotIn"):
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    elif len(values) != 1:
        detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        errors.append(required(f"{path}.values", detail))
    key = expression.get("key", "")
    if key != "metadata.name":
        errors.append(invalid(f"{path}.key", key, "not a valid field selector key"))
        return
    for index, value in enumerate(values):
        named(errors, names.dns1123_subdomain(value), value, f"{path}.values[{index}]")


def _validate_weight(errors: Errors, term: Obj, path: str) -> None:
    weight = term.get("weight") or 0
    if not 0 < weight <= 100:
        errors.append(invalid(f"{path}.weight", weight, WEIGHT_WRONG))


def _validate_pod_affinity(errors: Errors, affinity: Obj, path: str) -> None:
    for index, term in enumerate(affinity.get(REQUIRED) or ()):
        _validate_pod_term(errors, term, f"{path}.{REQUIRED}[{index}]")
    for index, weighted in enumerate(affinity.get(PREFERRED) or ()):
        here = f"{path}.{PREFERRED}[{index}]"
        _validate_weight(errors, weighted, here)
        _validate_pod_term(errors, weighted.get("podAffinityTerm") or {}, f"{here}.podAffinityTerm")


def _validate_pod_term(errors: Errors, term: Obj, path: str) -> None:
    for field in ("labelSelector", "namespaceSelector"):
        validate_selector(errors, term.get(field), f"{path}.{field}")
    for namespace in term.get("namespaces") or ():
        named(errors, names.dns1123_label(namespace), namespace, f"{path}.namespace")
    keys, unwanted = term.get("matchLabelKeys") or (), term.get("mismatchLabelKeys") or ()
    _validate_label_keys(errors, keys, unwanted, term.get("labelSelector"), path)
    topology = term.get("topologyKey", "")
    if not topology:
        errors.append(required(f"{path}.topologyKey", "can not be empty"))
    named(errors, names.qualified_name(topology), topology, f"{path}.topologyKey")


def _validate_label_keys(
    errors: Errors, keys: Sequence[str], unwanted: Sequence[str], selector: Obj | None, path: str
) -> None:
    """matchLabelKeys and mismatchLabelKeys; the selector has got their expressions already."""
    for field, listed in (("matchLabelKeys", keys), ("mismatchLabelKeys", unwanted)):
        if listed and selector is None:
            errors.append(forbidden(f"{path}.{field}", "must not be specified when labelSelector is not set"))
        elif listed:
            for index, key in enumerate(listed):
                named(errors, names.qualified_name(key), key, f"{path}.{field}[{index}]")
    if selector is not None:
        places = {key: index for index, key in enumerate(keys)}
        seen = set(selector.get("matchLabels") or ())
        for expression in selector.get("matchExpressions") or ():
            key = expression.get("key", "")
            if key in places and key in seen:
                detail = "exists in both matchLabelKeys and labelSelector"
                errors.append(invalid(f"{path}[{places[key]}]", key, detail))
            seen.add(key)
    for index, key in enumerate(keys):
        if key in unwanted:
            detail = "exists in both matchLabelKeys and mismatchLabelKeys"
            errors.append(invalid(f"{path}.matchLabelKeys[{index}]", key, detail))


def validate_spread(errors: Errors, constraints: Sequence[Obj], path: str) -> None:
    """spec.topologySpreadConstraints."""
    for index, constraint in enumerate(constraints):
        here = f"{path}[{index}]"
        skew = constraint.get("maxSkew") or 0
        topology, action = constraint.get("topologyKey", ""), constraint.get("whenUnsatisfiable", "")
        if skew <= 0:
            errors.append(invalid(f"{here}.maxSkew", skew, "must be greater than 0"))
        if not topology:
            errors.append(required(f"{here}.topologyKey", "can not be empty"))
        one_of(errors, action, UNSATISFIABLE, f"{here}.whenUnsatisfiable")
        later = constraints[index + 1 :]
        if any(
            (each.get("topologyKey", ""), each.get("whenUnsatisfiable", "")) == (topology, action) for each in later
        ):
            where = f"{here}.{{topologyKey, whenUnsatisfiable}}"
            errors.append(duplicate(where, f"{{{topology}, {action}}}"))
        _validate_domains(errors, constraint, action, f"{here}.minDomains")
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            if field in constraint:
                one_of(errors, constraint[field], NODE_POLICIES, f"{here}.{field}")
        _validate_label_keys(errors, constraint.get("matchLabelKeys") or (), (), constraint.get("labelSelector"), here)
        validate_selector(errors, constraint.get("labelSelector"), f"{here}.labelSelector")


def _validate_domains(errors: Errors, constraint: Obj, action: str, path: str) -> None:
    domains = constraint.get("minDomains")
    if domains is None:
        return
    if domains <= 0:
        errors.append(invalid(path, domains, "must be greater than 0"))
    if action != "DoNotSchedule":
        detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        errors.append(invalid(path, domains, detail))
