"""Reviews: questions posted as objects, answered at once and never stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakekube.access.authentication import AUDIENCE
from fakekube.access.authorization import Authorizer
from fakekube.access.users import User, user_info
from fakekube.core import fielderrors as field
from fakekube.core.clock import timestamp
from fakekube.core.meta import Obj
from fakekube.registry import fields
from fakekube.registry.admitting import admitted
from fakekube.registry.request import Outcome, Request

if TYPE_CHECKING:
    from fakekube.registry.verbs import Registry

ONE_OF = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
SOMEBODY = "at least one of user or group must be specified"


class Virtual:
    """A kind that is answered and not stored."""

    async def create(self, registry: Registry, request: Request, obj: Obj) -> Outcome:
        """The answer to a posted object."""
        obj = await admitted(registry, request, obj)
        manager = fields.manager_name(request.field_manager, request.user_agent)
        fields.update(request.resource, None, obj, manager, "", timestamp(registry.backend.clock))
        obj["status"] = self.answer(registry, request, obj)
        return Outcome(201, obj)

    def answer(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        """The status of the review; StatusError for one that asks nothing."""
        raise AssertionError("every review answers")


class WhoAmI(Virtual):
    """SelfSubjectReview."""

    def answer(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        obj["metadata"]["creationTimestamp"] = timestamp(registry.backend.clock)
        return {"userInfo": user_info(request.user)}


class AccessReview(Virtual):
    """SubjectAccessReview, its local form, and the one about oneself."""

    def __init__(self, *, about_self: bool) -> None:
        self._about_self = about_self

    def answer(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        spec = obj.get("spec") or {}
        self._check(request, spec)
        user = request.user if self._about_self else User(spec.get("user") or "", tuple(spec.get("groups") or ()))
        return {"allowed": Authorizer.allows(user)}

    def _check(self, request: Request, spec: Obj) -> None:
        found = []
        if ("resourceAttributes" in spec) is ("nonResourceAttributes" in spec):
            found.append(field.invalid("spec.resourceAttributes", spec.get("resourceAttributes"), ONE_OF))
        if not self._about_self and not spec.get("user") and not spec.get("groups"):
            found.append(field.invalid("spec.user", "", SOMEBODY))
        if found:
            raise field.invalid_object(request.resource.group, "", "", found)


class RulesReview(Virtual):
    """SelfSubjectRulesReview."""

    def answer(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        rules = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
        paths = [{"verbs": ["*"], "nonResourceURLs": ["*"]}]
        return {"resourceRules": rules, "nonResourceRules": paths, "incomplete": False}


class TokenReview(Virtual):
    """TokenReview: whose token is it."""

    def answer(self, registry: Registry, request: Request, obj: Obj) -> Obj:
        spec = obj.get("spec") or {}
        user = registry.tokens.user(spec.get("token") or "")
        if user is None:
            return {"user": {}, "error": "invalid bearer token"}
        return {"authenticated": True, "user": user_info(user), "audiences": spec.get("audiences") or [AUDIENCE]}


ROWS: dict[str, Virtual] = {
    "selfsubjectreviews.authentication.k8s.io": WhoAmI(),
    "tokenreviews.authentication.k8s.io": TokenReview(),
    "subjectaccessreviews.authorization.k8s.io": AccessReview(about_self=False),
    "localsubjectaccessreviews.authorization.k8s.io": AccessReview(about_self=False),
    "selfsubjectaccessreviews.authorization.k8s.io": AccessReview(about_self=True),
    "selfsubjectrulesreviews.authorization.k8s.io": RulesReview(),
}
