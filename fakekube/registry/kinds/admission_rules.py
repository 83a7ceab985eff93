"""What webhook configurations and admission policies have in common: the requests that they are for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, duplicate, invalid, not_supported, required, too_many
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import invalids, label_name, label_selector, one_of
from fakekube.registry.kinds.filling import fill
from fakekube.registry.kinds.policy_expressions import Expressions

GROUP = "admissionregistration.k8s.io"
FAILURE_POLICIES = ("Fail", "Ignore")
MATCH_POLICIES = ("Equivalent", "Exact")
REINVOCATION_POLICIES = ("IfNeeded", "Never")
OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
MUTABLE_OPERATIONS = ("*", "CONNECT", "CREATE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
_MOST_CONDITIONS = 64
_RESERVED_SUFFIX = ".static.k8s.io"


def default_rule(rule: Obj) -> None:
    """A rule without a scope is for both scopes."""
    fill(rule, "scope", "*")


def reserved_name_warnings(obj: Obj) -> list[str]:
    """Some names are meant for configurations that are read from files."""
    if not obj["metadata"].get("name", "").endswith(_RESERVED_SUFFIX):
        return []
    why = "are reserved for static manifest-based configurations and cannot be managed via the API"
    return [f'metadata.name: names ending with "{_RESERVED_SUFFIX}" {why}']


def rule_faults(field: str, rule: Obj) -> list[FieldError]:
    """What is wrong with a rule: operations, groups, versions, resources, scope."""
    operations, groups, versions = (rule.get(name) or [] for name in ("operations", "apiGroups", "apiVersions"))
    faults = _all_or_some(f"{field}.operations", operations, "operations")
    for index, operation in enumerate(operations):
        faults += one_of(f"{field}.operations[{index}]", operation, OPERATIONS)
    faults += _all_or_some(f"{field}.apiGroups", groups, "API groups")
    faults += _all_or_some(f"{field}.apiVersions", versions, "API versions")
    faults += [required(f"{field}.apiVersions[{index}]") for index, version in enumerate(versions) if not version]
    faults += _resource_faults(f"{field}.resources", rule.get("resources") or [])
    scope = rule.get("scope")
    return faults if scope is None else faults + one_of(f"{field}.scope", scope, _SCOPES)


def _all_or_some(field: str, found: Sequence[str], what: str) -> list[FieldError]:
    if not found:
        return [required(field)]
    if len(found) > 1 and "*" in found:
        return [invalid(field, found, f"if '*' is present, must not specify other {what}")]
    return []


def _resource_faults(field: str, resources: Sequence[str]) -> list[FieldError]:
    faults = [] if resources else [required(field)]
    all_subresources: set[str] = set()
    of_all_resources: set[str] = set()
    last_is_plain = False  # the real server looks at the last resource without a subresource only
    for index, found in enumerate(resources):
        at = f"{field}[{index}]"
        resource, slash, subresource = found.partition("/")
        if not found:
            faults.append(required(at))
        elif not slash:
            last_is_plain = found != "*"
        else:
            if resource in all_subresources:
                faults.append(invalid(at, found, f"if '{resource}/*' is present, must not specify {found}"))
            if subresource in of_all_resources:
                faults.append(invalid(at, found, f"if '*/{subresource}' is present, must not specify {found}"))
            if subresource == "*":
                all_subresources.add(resource)
            if resource == "*":
                of_all_resources.add(subresource)
    if len(resources) > 1 and "*/*" in resources:
        faults.append(invalid(field, resources, "if '*/*' is present, must not specify other resources"))
    if "*" in resources and last_is_plain:
        why = "if '*' is present, must not specify other resources without subresources"
        faults.append(invalid(field, resources, why))
    return faults


def condition_faults(field: str, conditions: Sequence[Obj], *, params: bool = False) -> list[FieldError]:
    """What is wrong with matchConditions; they may name parameters if there are any."""
    faults = []
    if len(conditions) > _MOST_CONDITIONS:
        faults.append(too_many(field, len(conditions), _MOST_CONDITIONS))
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        at, name = f"{field}[{index}]", condition.get("name") or ""
        source = (condition.get("expression") or "").strip()
        faults += text_faults(f"{at}.expression", source) or _condition_expression_faults(at, source, params)
        faults += label_name(f"{at}.name", name) if name else [required(f"{at}.name")]
        if name and name in seen:
            faults.append(duplicate(f"{at}.name", name))
        seen.add(name)
    return faults


def _condition_expression_faults(field: str, source: str, params: bool) -> list[FieldError]:
    expressions = Expressions(params=params)
    return expressions.faults(f"{field}.expression", source, *expressions.condition)


def text_faults(field: str, text: str | None, why: str = "") -> list[FieldError]:
    """A fault if an expression is blank."""
    return [] if (text or "").strip() else [required(field, why)]


def match_faults(field: str, match: Obj | None) -> list[FieldError]:
    """What is wrong with the requests that a policy or a binding is for."""
    if match is None:
        return []
    faults = one_of(f"{field}.matchPolicy", match.get("matchPolicy"), MATCH_POLICIES)
    for name in ("namespaceSelector", "objectSelector"):
        faults += label_selector(f"{field}.{name}", match.get(name))
    for name in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(match.get(name) or ()):
            faults += _named_rule_faults(f"{field}.{name}[{index}]", rule)
    return faults


def _named_rule_faults(field: str, rule: Obj) -> list[FieldError]:
    faults: list[FieldError] = []
    seen: set[str] = set()
    for index, name in enumerate(rule.get("resourceNames") or ()):
        at = f"{field}.resourceNames[{index}]"
        faults += invalids(at, name, names.path_segment(name))
        if name in seen:
            faults.append(duplicate(at, name))
        seen.add(name)
    return faults + rule_faults(field, rule)


def unmutable_faults(field: str, match: Obj | None) -> Iterable[FieldError]:
    """What is deleted cannot be mutated."""
    for rule in (match or {}).get("resourceRules") or ():
        for operation in rule.get("operations") or ():
            if operation not in MUTABLE_OPERATIONS:
                yield not_supported(f"{field}.resourceRules.operations", operation, MUTABLE_OPERATIONS)
