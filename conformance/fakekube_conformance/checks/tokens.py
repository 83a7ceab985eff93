"""Who a request speaks for: tokens, anonymous requests, and what they may at the least."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, holds, look
from fakekube_conformance.objects import Obj

NO_RBAC = "fakekube lets every known user do everything"
NO_LOOK = "fakekube does not look whether what a token is bound to is there"
NEEDS = ("authorization",)
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"


def new_token(case: Case, account: str = "default", **spec: object) -> str:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    token: str = case.post(f"serviceaccounts/{account}/token", body).look("status.token")
    return token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def reviewed(case: Case, token: str, **more: object) -> Obj:
    found: Obj = case.post(REVIEWS, {"spec": {"token": token, **more}}).look("status")
    return found


@check("A token review tells whose a token is, or that it is nobody's")
def review(case: Case) -> None:
    found = reviewed(case, new_token(case))
    equal("user", found["user"]["username"], f"system:serviceaccount:{case.namespace}:default")
    found = reviewed(case, "nobody-knows-this")
    holds("it is not authenticated", not found.get("authenticated") and found.get("error"))


@check(
    "A token review for an audience that the token is not for does not know it",
    known_gap="fakekube reviews tokens for the API's own audience alone",
)
def review_of_audience(case: Case) -> None:
    token = new_token(case, audiences=["the-shop"])
    found = reviewed(case, token, audiences=["the-bank"])
    holds("it is not authenticated", not found.get("authenticated"))
    equal("for the right one", reviewed(case, token, audiences=["the-shop"]).get("audiences"), ["the-shop"])


@check("A token for another audience than the API is worth nothing at it")
def other_audience(case: Case) -> None:
    headers = bearer(new_token(case, audiences=["the-shop"]))
    case.get("/version", headers=headers, anonymous=True, status=401).because("Unauthorized")


@check("A token can be bound to an object, and is worth nothing when that is gone", known_gap=NO_LOOK)
def bound_token(case: Case) -> None:
    made = case.create("secrets", {"metadata": {"name": "anchor"}})
    reference = {"apiVersion": "v1", "kind": "Secret", "name": "anchor", "uid": made["metadata"]["uid"]}
    headers = bearer(new_token(case, boundObjectRef=reference))
    case.get("/version", headers=headers, anonymous=True)
    case.delete("secrets/anchor")

    def refused() -> bool:
        return case.get("/version", headers=headers, anonymous=True, status=(200, 401)).status == 401

    case.until("the token is refused", refused)


@check("The token of a deleted service account is worth nothing")
def deleted_account(case: Case) -> None:
    case.create("serviceaccounts", {"metadata": {"name": "robot"}})
    headers = bearer(new_token(case, "robot"))
    case.get("/version", headers=headers, anonymous=True)
    case.delete("serviceaccounts/robot")

    def refused() -> bool:
        return case.get("/version", headers=headers, anonymous=True, status=(200, 401)).status == 401

    case.until("the token is refused", refused)


@check("A Secret of a service account is filled with its token", needs=("controllers",))
def token_secret(case: Case) -> None:
    metadata = {"name": "key", "annotations": {"kubernetes.io/service-account.name": "default"}}
    case.create("secrets", {"metadata": metadata, "type": "kubernetes.io/service-account-token"})
    found = case.eventually("secrets/key", "it has a token", lambda obj: "token" in (obj.get("data") or {}))
    contains("data", found["data"], "ca.crt", "namespace", "token")
    holds("the account's uid is told", look(found, "metadata.annotations.kubernetes~io/service-account~uid"))


@check("Who does not say who they are reads no objects", needs=NEEDS, known_gap=NO_RBAC)
def anonymous(case: Case) -> None:
    answer = case.get("secrets", anonymous=True, status=(401, 403))
    covers("answer", answer.body, {"kind": "Status", "status": "Failure", "code": answer.status})


@check("Every known user may read discovery and version", needs=NEEDS, known_gap=NO_RBAC)
def discovery(case: Case) -> None:
    eve = {"Impersonate-User": "eve"}
    for path in ("/api", "/apis", "/apis/apps/v1", "/version", "/openapi/v3"):
        case.get(path, headers=eve)
    case.get("/metrics", headers=eve, status=403).because("Forbidden", 'User "eve" cannot get path "/metrics"')


@check("The role view shows a namespace's objects but not its secrets", needs=NEEDS, known_gap=NO_RBAC)
def view(case: Case) -> None:
    subject = {"kind": "User", "name": "ann", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"}
    body = {"metadata": {"name": "viewers"}, "subjects": [subject], "roleRef": role}
    case.create("rbac.authorization.k8s.io/v1/rolebindings", body)
    ann = {"Impersonate-User": "ann"}
    case.until("the role counts", lambda: case.get("configmaps", headers=ann, status=(200, 403)).status == 200)
    case.get("secrets", headers=ann, status=403)
    case.post("configmaps", {"metadata": {"name": "card"}}, headers=ann, status=403)
