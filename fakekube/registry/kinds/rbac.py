"""Roles, ClusterRoles and their bindings."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.meta import Obj
from fakekube.registry.strategy import Strategy

GROUP = "rbac.authorization.k8s.io"


class RbacStrategy(Strategy):
    """Names are path segments; PUT creates; no generation."""

    create_on_update = True
    generation_fields = None

    def name_messages(self, name: str, prefix: bool) -> list[str]:
        """Anything that can stand in a path."""
        return names.path_segment_prefix(name) if prefix else names.path_segment(name)


class RoleStrategy(RbacStrategy):
    """A list of rules."""


class BindingStrategy(RbacStrategy):
    """Subjects and the role that they get."""

    def default(self, obj: Obj) -> None:
        """Users, groups and roles are of this group."""
        role = obj.setdefault("roleRef", {})
        role["apiGroup"] = role.get("apiGroup") or GROUP
        for subject in obj.get("subjects") or ():
            if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
                subject["apiGroup"] = GROUP


ROWS = {
    f"roles.{GROUP}": RoleStrategy(),
    f"clusterroles.{GROUP}": RoleStrategy(),
    f"rolebindings.{GROUP}": BindingStrategy(),
    f"clusterrolebindings.{GROUP}": BindingStrategy(),
}
