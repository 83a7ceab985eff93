"""What a user may do. Until roles are evaluated every known user may do everything, and system:anonymous next to
nothing."""

from __future__ import annotations

from fakekube.access.users import ANONYMOUS, User
from fakekube.core import errors
from fakekube.core.errors import StatusError

OPEN_PATHS = ("/healthz", "/livez", "/readyz", "/version", "/.well-known/", "/openid/")
"""Paths that nobody needs to be known for (system:public-info-viewer, and the issuer's discovery)."""


class Authorizer:
    """Judges resource requests and paths; the place of RBAC."""

    def check_resource(
        self, user: User, verb: str, group: str, resource: str, subresource: str, namespace: str, name: str
    ) -> None:
        """StatusError 403 if the user may not do this to the resource."""
        if user.name != ANONYMOUS.name:
            return
        shown = f"{resource}/{subresource}" if subresource else resource
        where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        why = f'User "{user.name}" cannot {verb} resource "{shown}" in API group "{group}" {where}'
        raise errors.forbidden(group, resource, name, why)

    @staticmethod
    def allows(user: User) -> bool:
        """Whether the user may do anything."""
        return "system:masters" in user.groups

    def check_path(self, user: User, verb: str, path: str) -> None:
        """StatusError 403 if the user may not ask for a path outside the resources."""
        if user.name == ANONYMOUS.name and not path.startswith(OPEN_PATHS):
            message = f'forbidden: User "{user.name}" cannot {verb} path "{path}"'
            raise StatusError(403, "Forbidden", message, {})
