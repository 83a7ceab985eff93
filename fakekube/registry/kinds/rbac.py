"""Roles, ClusterRoles and their bindings."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.fielderrors import FieldError, invalid, not_supported, required
from fakekube.core.meta import Obj
from fakekube.core.selectors import SelectorError, from_object
from fakekube.registry.kinds.checks import dns_subdomain, has_odd_selector_value, invalids, label_selector
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.strategy import Context, Strategy

GROUP = "rbac.authorization.k8s.io"
SUBJECTS = ("ServiceAccount", "User", "Group")


class RbacStrategy(Strategy):
    """Names are path segments; PUT creates; no generation."""

    create_on_update = True
    generation_fields = None

    def name_messages(self, name: str, prefix: bool) -> list[str]:
        """Anything that can stand in a path."""
        return names.path_segment(name)


def _rule_faults(field: str, rule: Obj, namespaced: bool) -> list[FieldError]:
    faults: list[FieldError] = []
    if not rule.get("verbs"):
        faults.append(required(f"{field}.verbs", "verbs must contain at least one value"))
    paths, at = rule.get("nonResourceURLs"), f"{field}.nonResourceURLs"
    if paths:
        if namespaced:
            faults.append(invalid(at, paths, "namespaced rules cannot apply to non-resource URLs"))
        if any(rule.get(name) for name in ("apiGroups", "resources", "resourceNames")):
            why = "rules cannot apply to both regular resources and non-resource URLs"
            faults.append(invalid(at, paths, why))
        return faults
    for name, what in (("apiGroups", "api group"), ("resources", "resource")):
        if not rule.get(name):
            faults.append(required(f"{field}.{name}", f"resource rules must supply at least one {what}"))
    return faults


class RoleStrategy(RbacStrategy):
    """A list of rules within a namespace."""

    namespaced = True

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Each rule is for resources or for paths, and has verbs."""
        rules = enumerate(obj.get("rules") or ())
        return [fault for index, rule in rules for fault in _rule_faults(f"rules[{index}]", rule, self.namespaced)]


class ClusterRoleStrategy(RoleStrategy):
    """Rules for the cluster, perhaps gathered from other roles."""

    namespaced = False

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """The same, and the selectors of the roles to gather."""
        return self._validate(context, obj, any_value=False)

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """Odd values in selectors may stay."""
        selectors = (old.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
        return self._validate(context, obj, any_value=any(map(has_odd_selector_value, selectors)))

    def _validate(self, context: Context, obj: Obj, *, any_value: bool) -> list[FieldError]:
        faults = super().validate(context, obj)
        aggregation, field = obj.get("aggregationRule"), "aggregationRule.clusterRoleSelectors"
        if aggregation is None:
            return faults
        selectors = aggregation.get("clusterRoleSelectors") or []
        if not selectors:
            why = "at least one clusterRoleSelector required if aggregationRule is non-nil"
            faults.append(required(field, why))
        for index, selector in enumerate(selectors):
            faults += label_selector(f"{field}[{index}]", selector, any_value=any_value)
            if not _is_usable(selector):
                faults.append(invalid(f"{field}[{index}]", None, "invalid label selector."))
        return faults


def _is_usable(selector: Obj) -> bool:
    try:
        from_object(selector)
    except SelectorError:
        return False
    return True


def _subject_faults(field: str, subject: Obj, namespaced: bool) -> list[FieldError]:
    name, kind, group = (subject.get(part, "") for part in ("name", "kind", "apiGroup"))
    faults = [] if name else [required(f"{field}.name")]
    if kind not in SUBJECTS:
        return [*faults, not_supported(f"{field}.kind", kind, SUBJECTS)]
    if kind != "ServiceAccount":
        return faults if group == GROUP else [*faults, not_supported(f"{field}.apiGroup", group, [GROUP])]
    if name:
        faults += dns_subdomain(f"{field}.name", name)
    if group:
        faults.append(not_supported(f"{field}.apiGroup", group, [""]))
    if not namespaced and not subject.get("namespace"):
        faults.append(required(f"{field}.namespace"))
    return faults


class RoleBindingStrategy(RbacStrategy):
    """Subjects and the role that they get, which stays."""

    role_kinds: tuple[str, ...] = ("Role", "ClusterRole")

    def default(self, obj: Obj) -> None:
        """Users, groups and roles are of this group."""
        role = obj.setdefault("roleRef", {})
        role["apiGroup"] = role.get("apiGroup") or GROUP
        for subject in obj.get("subjects") or ():
            if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
                subject["apiGroup"] = GROUP

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """The role, then each subject."""
        role = obj.get("roleRef") or {}
        group, kind, name = (role.get(part, "") for part in ("apiGroup", "kind", "name"))
        faults = [] if group == GROUP else [not_supported("roleRef.apiGroup", group, [GROUP])]
        if kind not in self.role_kinds:
            faults.append(not_supported("roleRef.kind", kind, self.role_kinds))
        faults += invalids("roleRef.name", name, names.path_segment(name)) if name else [required("roleRef.name")]
        namespaced = "Role" in self.role_kinds
        for index, subject in enumerate(obj.get("subjects") or ()):
            faults += _subject_faults(f"subjects[{index}]", subject, namespaced)
        return faults

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """The same, and the role stays."""
        faults, role = self.validate(context, obj), obj.get("roleRef") or {}
        if role != old.get("roleRef"):
            faults.append(invalid("roleRef", internal("RoleRef", role), "cannot change roleRef"))
        return faults


class ClusterRoleBindingStrategy(RoleBindingStrategy):
    """The same for the cluster."""

    role_kinds = ("ClusterRole",)


ROWS = {
    f"roles.{GROUP}": RoleStrategy(),
    f"clusterroles.{GROUP}": ClusterRoleStrategy(),
    f"rolebindings.{GROUP}": RoleBindingStrategy(),
    f"clusterrolebindings.{GROUP}": ClusterRoleBindingStrategy(),
}
