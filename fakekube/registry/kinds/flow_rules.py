"""What is wrong with the rules of a FlowSchema: subjects, resources and paths."""

from __future__ import annotations

from collections.abc import Sequence

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, forbidden, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.registry.kinds.checks import dns_label, dns_subdomain, invalids

_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
_SUBJECTS = {"Group": "group", "ServiceAccount": "serviceAccount", "User": "user"}
_IN_NAMESPACES = "each member of this list must be '*' or a DNS-1123 label; "


def rule_faults(field: str, rule: Obj) -> list[FieldError]:
    """What is wrong with one of the rules."""
    subjects, resources, paths = (rule.get(name) or () for name in ("subjects", "resourceRules", "nonResourceRules"))
    faults = [] if subjects else [required(f"{field}.subjects", "subjects must contain at least one value")]
    for index, subject in enumerate(subjects):
        faults += _subject_faults(f"{field}.subjects[{index}]", subject)
    if not resources and not paths:
        faults.append(required(field, "at least one of resourceRules and nonResourceRules has to be non-empty"))
    for index, each in enumerate(resources):
        faults += _resource_faults(f"{field}.resourceRules[{index}]", each)
    for index, each in enumerate(paths):
        faults += _path_rule_faults(f"{field}.nonResourceRules[{index}]", each)
    return faults


def _subject_faults(field: str, subject: Obj) -> list[FieldError]:
    kind = subject.get("kind") or ""
    if kind not in _SUBJECTS:
        return [not_supported(f"{field}.kind", kind, list(_SUBJECTS))]
    part = _SUBJECTS[kind]
    found, at = subject.get(part), f"{field}.{part}"
    if found is None:
        faults = [required(at, f"{part} is required when subject kind is '{kind}'")]
    elif kind == "ServiceAccount":
        faults = _account_faults(at, found)
    else:
        faults = [] if found.get("name") else [required(f"{at}.name")]
    order = ("serviceAccount", "user", "group")
    kinds = {told: name for name, told in _SUBJECTS.items()}
    return faults + [
        forbidden(f"{field}.{other}", f"{other} is forbidden when subject kind is not '{kinds[other]}'")
        for other in order
        if other != part and subject.get(other) is not None
    ]


def _account_faults(field: str, account: Obj) -> list[FieldError]:
    name, namespace = account.get("name") or "", account.get("namespace") or ""
    faults = [] if name else [required(f"{field}.name")]
    if name and name != "*":
        faults += dns_subdomain(f"{field}.name", name)
    if not namespace:
        return [*faults, required(f"{field}.namespace", "must specify namespace for service account")]
    return faults + dns_label(f"{field}.namespace", namespace)


def _all_or_some(field: str, found: Sequence[str], none: str, others: str) -> list[FieldError]:
    if not found:
        return [required(field, none)]
    if "*" in found and len(found) > 1:
        return [invalid(field, found, f"if '*' is present, must not specify other {others}")]
    return []


def _verb_faults(field: str, verbs: Sequence[str]) -> list[FieldError]:
    faults = _all_or_some(field, verbs, "verbs must contain at least one value", "verbs")
    if not faults and "*" not in verbs and not set(verbs) <= set(_VERBS):
        faults.append(not_supported(field, verbs, _VERBS))
    return faults


def _resource_faults(field: str, rule: Obj) -> list[FieldError]:
    groups, resources, namespaces = (rule.get(name) or [] for name in ("apiGroups", "resources", "namespaces"))
    none = "resource rules must supply at least one"
    faults = _verb_faults(f"{field}.verbs", rule.get("verbs") or [])
    faults += _all_or_some(f"{field}.apiGroups", groups, f"{none} api group", "api groups")
    faults += _all_or_some(f"{field}.resources", resources, f"{none} resource", "resources")
    at = f"{field}.namespaces"
    if namespaces or not rule.get("clusterScope"):
        none = "resource rules that are not cluster scoped must supply at least one namespace"
        faults += _all_or_some(at, namespaces, none, "namespaces")
    if "*" not in namespaces:
        for index, name in enumerate(namespaces):
            faults += invalids(f"{at}[{index}]", name, (_IN_NAMESPACES + why for why in names.dns1123_label(name)))
    return faults


def _path_rule_faults(field: str, rule: Obj) -> list[FieldError]:
    paths, at = rule.get("nonResourceURLs") or [], f"{field}.nonResourceURLs"
    faults = _verb_faults(f"{field}.verbs", rule.get("verbs") or [])
    faults += _all_or_some(at, paths, "nonResourceURLs must contain at least one value", "non-resource URLs")
    if "*" in paths:
        return faults
    found = ((f"{at}[{index}]", path, _path_problem(path)) for index, path in enumerate(paths))
    return faults + [invalid(place, path, problem) for place, path, problem in found if problem]


def _path_problem(path: str) -> str:
    if not path:
        return "must not be empty"
    if path == "/":
        return ""
    if not path.startswith("/"):
        return "must start with slash"
    if " " in path:
        return "must not contain white-space"
    if "//" in path:
        return "must not contain double slash"
    if "*" in path.removesuffix("/*"):
        return "wildcard can only do suffix matching"
    return ""
