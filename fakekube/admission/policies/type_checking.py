"""Holds the expressions of a policy to the types of the objects that it is for: warnings, which refuse nothing."""

from __future__ import annotations

from collections.abc import Iterator

from fakekube.admission.expressions import Expression, Scope
from fakekube.admission.expressions.typed import type_of
from fakekube.core.meta import Obj, split_api_version
from fakekube.schema.cel.types import DYN, Type
from fakekube.schema.scheme import Scheme

MOST_TYPES = 10
Kind = tuple[str, str, str]


def expression_warnings(policy: Obj, scheme: Scheme) -> list[Obj]:
    """status.typeChecking.expressionWarnings: the expression's field, and what is wrong with it for which kind."""
    found = []
    for index, validation in enumerate(policy["spec"].get("validations") or ()):
        for name in ("expression", "messageExpression"):
            source = validation.get(name)
            told = "\n".join(_faults(source, policy["spec"], scheme)) if source else ""
            if told:
                found.append({"fieldRef": f"spec.validations[{index}].{name}", "warning": told})
    return found


def _faults(source: str, spec: Obj, scheme: Scheme) -> Iterator[str]:
    """What is wrong with an expression, for each kind that the policy is for."""
    param = _param(spec, scheme)
    for kind in kinds(spec, scheme):
        resource = scheme.by_kind(*kind)
        if resource is None:
            continue
        scope = _composed(spec, type_of(resource.type), param)
        fault = Expression(source, scope).fault.removeprefix("compilation failed: ")
        if fault:
            yield f"{kind[0]}/{kind[1]}, Kind={kind[2]}: {fault}\n"


def _composed(spec: Obj, object_type: Type, param: Type) -> Scope:
    variables: dict[str, Type] = {}
    scope = Scope(params="paramKind" in spec, variables=variables, object=object_type, param=param)
    for variable in spec.get("variables") or ():
        variables[variable["name"]] = Expression(variable["expression"], scope).type
    return scope


def _param(spec: Obj, scheme: Scheme) -> Type:
    kind = spec.get("paramKind")
    if kind is None:
        return DYN
    resource = scheme.by_kind(*split_api_version(kind["apiVersion"]), kind["kind"])
    return DYN if resource is None else type_of(resource.type)


def kinds(spec: Obj, scheme: Scheme) -> list[Kind]:
    """The kinds that the policy's rules name one by one; rules with wildcards name none."""
    found: set[Kind] = set()
    for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
        found.update(_named(rule, scheme))
    return sorted(found)


def _named(rule: Obj, scheme: Scheme) -> list[Kind]:
    groups, versions = rule.get("apiGroups") or (), rule.get("apiVersions") or ()
    if "*" in groups or "*" in versions:
        return []
    plain = [name for name in rule.get("resources") or () if "*" not in name and "/" not in name]
    places = ((group, version, name) for group in sorted(groups) for version in sorted(versions) for name in plain)
    resources = (scheme.resource(*place) for place in places)
    return [resource.gvk for resource in resources if resource is not None][:MOST_TYPES]
