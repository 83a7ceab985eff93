"""Who may do what: RBAC, impersonation, and the reviews that tell."""

from __future__ import annotations

from typing import Any

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal
from fakekube_conformance.objects import Obj, config_map

RBAC = "rbac.authorization.k8s.io/v1"
NEEDS = ("authorization",)
NO_RBAC = "fakekube lets every known user do everything"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
READ_MAPS = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}]


def as_user(name: str, **more: str) -> dict[str, str]:
    return {"Impersonate-User": name, **more}


def granted(case: Case, rules: list[Obj], user: str = "ann") -> dict[str, str]:
    """The headers of a user who has these rules in the case's namespace."""
    case.create(f"{RBAC}/roles", {"metadata": {"name": "job"}, "rules": rules})
    subject = {"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "Role", "name": "job", "apiGroup": "rbac.authorization.k8s.io"}
    case.create(f"{RBAC}/rolebindings", {"metadata": {"name": "job"}, "subjects": [subject], "roleRef": role})
    rule = rules[0]
    asked = {"verb": rule["verbs"][0], "group": rule["apiGroups"][0], "resource": rule["resources"][0]}
    if names := rule.get("resourceNames"):
        asked["name"] = names[0]
    case.until("the role counts", lambda: review(case, user, **asked)["allowed"])
    return as_user(user)


def review(case: Case, user: str, **attributes: str) -> Obj:
    """The verdict about a user in the case's namespace."""
    asked = {"namespace": case.namespace, **attributes}
    found: Obj = case.post(REVIEWS, {"spec": {"user": user, "resourceAttributes": asked}}).look("status")
    return found


def who(case: Case, headers: dict[str, str], **options: Any) -> Obj:
    """The user whom the server sees."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    found: Obj = case.post(path, body, headers=headers, **options).look("status.userInfo")
    return found


@check("A user without rights is refused, and told who may not do what where", needs=NEEDS, known_gap=NO_RBAC)
def forbidden(case: Case) -> None:
    answer = case.get("configmaps/card", headers=as_user("eve"), status=403)
    scope = f'cannot get resource "configmaps" in API group "" in the namespace "{case.namespace}"'
    answer.because("Forbidden", f'configmaps "card" is forbidden: User "eve" {scope}')
    equal("details", answer.look("details"), {"name": "card", "kind": "configmaps"})


@check("Rights are judged before it is looked whether an object is there", needs=NEEDS, known_gap=NO_RBAC)
def forbidden_before_not_found(case: Case) -> None:
    case.get("configmaps/none", headers=as_user("eve"), status=403).because("Forbidden")


@check("Listing all namespaces needs rights at the cluster's scope", needs=NEEDS, known_gap=NO_RBAC)
def cluster_scope(case: Case) -> None:
    answer = case.get("/api/v1/configmaps", headers=granted(case, READ_MAPS), status=403)
    answer.because("Forbidden", "at the cluster scope")


@check("A role allows its verbs on its resources in its namespace, and nothing else", needs=NEEDS, known_gap=NO_RBAC)
def role(case: Case) -> None:
    ann = granted(case, READ_MAPS)
    case.create("configmaps", config_map("card"))
    case.get("configmaps/card", headers=ann)
    case.get("configmaps", headers=ann)
    case.get("configmaps?watch=1", headers=ann, status=403)
    case.delete("configmaps/card", headers=ann, status=403)
    case.get("secrets", headers=ann, status=403)
    case.get(case.path("configmaps", "default"), headers=ann, status=403)


@check("A role may be bounded to objects by their names", needs=NEEDS, known_gap=NO_RBAC)
def resource_names(case: Case) -> None:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": ["card"]}]
    ann = granted(case, rules)
    for name in ("card", "menu"):
        case.create("configmaps", config_map(name))
    case.get("configmaps/card", headers=ann)
    case.get("configmaps/menu", headers=ann, status=403)


@check("Subresources are rights of their own", needs=NEEDS, known_gap=NO_RBAC)
def subresources(case: Case) -> None:
    ann = granted(case, [{"apiGroups": [""], "resources": ["pods"], "verbs": ["patch"]}])
    case.merge("pods/runner/status", {}, headers=ann, status=403).because("Forbidden", '"pods/status"')


@check("An apply that creates needs the right to create", needs=NEEDS, known_gap=NO_RBAC)
def apply_creates(case: Case) -> None:
    ann = granted(case, [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["patch"]}])
    case.apply("configmaps/card", config_map("card"), headers=ann, status=403).because("Forbidden", "cannot create")


@check("A binding to a group counts for its members", needs=NEEDS, known_gap=NO_RBAC)
def group(case: Case) -> None:
    case.create(f"{RBAC}/roles", {"metadata": {"name": "job"}, "rules": READ_MAPS})
    subject = {"kind": "Group", "name": "cooks", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "Role", "name": "job", "apiGroup": "rbac.authorization.k8s.io"}
    case.create(f"{RBAC}/rolebindings", {"metadata": {"name": "job"}, "subjects": [subject], "roleRef": role})
    member = as_user("bob", **{"Impersonate-Group": "cooks"})
    case.until("the role counts", lambda: case.get("configmaps", headers=member, status=(200, 403)).status == 200)
    case.get("configmaps", headers=as_user("bob"), status=403)


@check("Nobody can give rights that they lack", needs=NEEDS, known_gap=NO_RBAC)
def escalation(case: Case) -> None:
    rules = [{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["create", "get"]}]
    ann = granted(case, rules)
    body = {"metadata": {"name": "more"}, "rules": READ_MAPS}
    answer = case.post(f"{RBAC}/roles", body, headers=ann, status=403)
    answer.because("Forbidden", "is attempting to grant RBAC permissions not currently held")
    case.post(f"{RBAC}/roles", {"metadata": {"name": "same"}, "rules": rules}, headers=ann)


@check("The role of a binding cannot change")
def role_ref(case: Case) -> None:
    role = {"kind": "Role", "name": "job", "apiGroup": "rbac.authorization.k8s.io"}
    case.create(f"{RBAC}/rolebindings", {"metadata": {"name": "job"}, "roleRef": role})
    answer = case.merge(f"{RBAC}/rolebindings/job", {"roleRef": {"name": "other"}}, status=422)
    answer.blames("roleRef").because("Invalid", "cannot change roleRef")


@check("A review tells whether a user may, and which binding allows it", needs=NEEDS, known_gap=NO_RBAC)
def subject_review(case: Case) -> None:
    granted(case, READ_MAPS)
    allowed = review(case, "ann", verb="list", resource="configmaps")
    contains("reason", allowed["reason"], f'RoleBinding "job/{case.namespace}" of Role "job" to User "ann"')
    equal("another verb", review(case, "ann", verb="delete", resource="configmaps")["allowed"], False)


@check("Users may ask about themselves", needs=NEEDS, known_gap=NO_RBAC)
def self_review(case: Case) -> None:
    ann = granted(case, READ_MAPS)
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    asked = {"namespace": case.namespace, "verb": "get", "resource": "configmaps"}
    answer = case.post(path, {"spec": {"resourceAttributes": asked}}, headers=ann)
    equal("allowed", answer.look("status.allowed"), True)


@check("Users may list the rules that count for them in a namespace", needs=NEEDS, known_gap=NO_RBAC)
def rules_review(case: Case) -> None:
    ann = granted(case, READ_MAPS)
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    answer = case.post(path, {"spec": {"namespace": case.namespace}}, headers=ann)
    rules = [each for each in answer.look("status.resourceRules") if each.get("resources") == ["configmaps"]]
    equal("verbs", [each["verbs"] for each in rules], [["get", "list"]])


@check("Reviews are answered and never stored")
def reviews_are_not_stored(case: Case) -> None:
    review(case, "ann", verb="get", resource="configmaps")
    case.get(REVIEWS, status=405).because("MethodNotAllowed")


@check("An impersonated user has the groups and extras that the headers say")
def impersonation(case: Case) -> None:
    headers = as_user("ann", **{"Impersonate-Group": "cooks", "Impersonate-Extra-Shift": "late"})
    found = who(case, headers)
    covers("user", found, {"username": "ann", "extra": {"shift": ["late"]}})
    equal("groups", sorted(found["groups"]), ["cooks", "system:authenticated"])


@check("Impersonating groups without a user is refused")
def groups_alone(case: Case) -> None:
    body: Obj = {}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    case.post(path, body, headers={"Impersonate-Group": "cooks"}, status=(400, 500))


@check("Impersonating needs a right of its own", needs=NEEDS, known_gap=NO_RBAC)
def impersonation_right(case: Case) -> None:
    body = {"metadata": {"name": "robot"}}
    case.create("serviceaccounts", body)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = case.post("serviceaccounts/robot/token", request).look("status.token")
    headers = {"Authorization": f"Bearer {token}", "Impersonate-User": "ann"}
    answer = case.get("configmaps", headers=headers, anonymous=True, status=403)
    answer.because("Forbidden", 'cannot impersonate resource "users"')


@check("A role that is put together by labels has the rules of its parts", needs=("controllers",))
def aggregation(case: Case) -> None:
    path, label = "/apis/rbac.authorization.k8s.io/v1/clusterroles", {"example.org/part": case.unique("part")}
    part, whole = case.unique("part"), case.unique("whole")
    case.create_global(path, {"metadata": {"name": part, "labels": label}, "rules": READ_MAPS})
    selector = {"clusterRoleSelectors": [{"matchLabels": label}]}
    case.create_global(path, {"metadata": {"name": whole}, "aggregationRule": selector})
    case.eventually(f"{path}/{whole}", "it has the rules", lambda obj: obj["rules"] == READ_MAPS)


@check("Standard roles are there: cluster-admin, admin, edit and view", needs=NEEDS, known_gap=NO_RBAC)
def standard_roles(case: Case) -> None:
    names = case.get("/apis/rbac.authorization.k8s.io/v1/clusterroles").names
    contains("roles", names, "cluster-admin", "admin", "edit", "view", "system:discovery")
