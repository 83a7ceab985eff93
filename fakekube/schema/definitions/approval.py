"""Groups of the Kubernetes community need an annotation that says where the API was approved."""

from __future__ import annotations

from typing import NamedTuple

from fakekube.core import gourl
from fakekube.core.meta import Obj, annotations_of

APPROVAL = "api-approved.kubernetes.io"
CONFORMANT = "KubernetesAPIApprovalPolicyConformant"
_PROTECTED = ("k8s.io", "kubernetes.io")
_PROPOSAL = "see https://github.com/kubernetes/enhancements/pull/1111"
_NEEDED = f'protected groups must have approval annotation "{APPROVAL}"'


class State(NamedTuple):
    """The reason of the condition that tells it, whether that is true, and what is told."""

    reason: str
    approved: bool
    message: str


def is_protected(group: str) -> bool:
    """Whether the group belongs to the Kubernetes community."""
    return any(group == protected or group.endswith("." + protected) for protected in _PROTECTED)


def state(crd: Obj) -> State:
    """What the annotation says."""
    value = annotations_of(crd).get(APPROVAL) or ""
    if not value:
        return State("MissingAnnotation", False, f"{_NEEDED}, {_PROPOSAL}")
    if value.startswith("unapproved"):
        return State("UnapprovedAnnotation", False, f'not approved: "{value}"')
    try:
        url = gourl.parse_request(value)
    except gourl.UrlError:
        url = None
    if url is not None and url.host and url.scheme:
        return State("ApprovedAnnotation", True, f"approved in {value}")
    told = f'{_NEEDED} with either a URL or a reason starting with "unapproved", {_PROPOSAL}'
    return State("InvalidAnnotation", False, told)


def condition(crd: Obj) -> Obj | None:
    """The condition (without its time) that tells it; None for groups that need no approval."""
    if not is_protected(crd["spec"]["group"]):
        return None
    found = state(crd)
    status = "True" if found.approved else "False"
    return {"type": CONFORMANT, "status": status, "reason": found.reason, "message": found.message}
