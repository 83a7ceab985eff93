"""What admission adds and refuses: quotas, ranges, priorities, policies, standards."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, lacks, look
from fakekube_conformance.objects import Obj, config_map, container, deployment, idle_template, pod, secret
from fakekube_conformance.wire import Answer

NO_STANDARDS = "fakekube has no pod security standards"
REGISTRATION = "/apis/admissionregistration.k8s.io/v1"


def tried(case: Case, body: Obj, path: str = "pods") -> Answer:
    """A create as a dry run, however it ends."""
    return case.post(path, body, dryRun="All", status=(201, 400, 403, 422))


def quota(case: Case, hard: dict[str, str]) -> None:
    case.create("resourcequotas", {"metadata": {"name": "limit"}, "spec": {"hard": hard}})
    case.eventually("resourcequotas/limit", "it counts", lambda obj: look(obj, "status.used") is not None)


@check("A quota on the number of objects refuses one too many, with the numbers", needs=("controllers",))
def counted(case: Case) -> None:
    quota(case, {"count/secrets": "1"})
    case.create("secrets", secret("one"))
    answer = case.post("secrets", secret("two"), status=403)
    told = "exceeded quota: limit, requested: count/secrets=1, used: count/secrets=1, limited: count/secrets=1"
    answer.because("Forbidden", told)


@check("A quota's use falls when an object is deleted", needs=("controllers",))
def counted_down(case: Case) -> None:
    quota(case, {"count/secrets": "1"})
    case.create("secrets", secret("one"))
    used = case.eventually(
        "resourcequotas/limit", "it is used", lambda obj: obj["status"]["used"] == {"count/secrets": "1"}
    )
    equal("hard", used["status"]["hard"], {"count/secrets": "1"})
    case.delete("secrets/one")
    case.eventually("resourcequotas/limit", "it is free", lambda obj: obj["status"]["used"] == {"count/secrets": "0"})
    case.create("secrets", secret("two"))


@check("Under a quota on computing every pod must say what it asks for", needs=("controllers",))
def compute(case: Case) -> None:
    quota(case, {"requests.cpu": "1"})
    answer = case.post("pods", pod("greedy"), status=403)
    answer.because("Forbidden", "failed quota: limit: must specify requests.cpu for: main")
    case.create("pods", pod("modest", containers=[container(resources={"requests": {"cpu": "800m"}})]))
    more = pod("more", containers=[container(resources={"requests": {"cpu": "300m"}})])
    case.post("pods", more, status=403).because("Forbidden", "used: requests.cpu=800m, limited: requests.cpu=1")


@check("A limit range gives containers the limits and requests that they leave out")
def range_defaults(case: Case) -> None:
    limits = [{"type": "Container", "default": {"cpu": "300m"}, "defaultRequest": {"cpu": "150m"}}]
    case.create("limitranges", {"metadata": {"name": "range"}, "spec": {"limits": limits}})

    def defaulted() -> Obj | None:
        found: Obj = tried(case, pod("runner")).body
        return found if found["spec"]["containers"][0]["resources"] else None

    found = case.until("the range counts", defaulted) or {}
    expected = {"limits": {"cpu": "300m"}, "requests": {"cpu": "150m"}}
    equal("resources", found["spec"]["containers"][0]["resources"], expected)


@check("A limit range refuses what is outside of it")
def range_refuses(case: Case) -> None:
    limits = [{"type": "Container", "max": {"memory": "64Mi"}}]
    case.create("limitranges", {"metadata": {"name": "range"}, "spec": {"limits": limits}})
    large = pod("large", containers=[container(resources={"limits": {"memory": "65Mi"}})])
    case.until("the range counts", lambda: tried(case, large).status == 403)
    answer = case.post("pods", large, status=403)
    answer.because("Forbidden", "maximum memory usage per Container is 64Mi, but limit is 65Mi")


@check("A pod's priority is that of its class")
def priority(case: Case) -> None:
    name = case.unique("class")
    case.create_global("/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": name}, "value": 77})
    body = pod("runner", priorityClassName=name)
    case.until("the class counts", lambda: tried(case, body).status == 201)
    covers("spec", case.create("pods", body)["spec"], {"priority": 77, "priorityClassName": name})


@check("A pod of an unknown priority class, or with a priority of its own, is refused")
def unknown_priority(case: Case) -> None:
    name = case.unique("class")
    answer = case.post("pods", pod("bad", priorityClassName=name), status=403)
    answer.because("Forbidden", f"no PriorityClass with name {name} was found")
    answer = case.post("pods", pod("bad", priority=5), status=403)
    answer.because("Forbidden", "the integer value of priority (5) must not be provided in pod spec")


@check("A pod of an unknown runtime class is refused")
def runtime_class(case: Case) -> None:
    name = case.unique("class")
    answer = case.post("pods", pod("bad", runtimeClassName=name), status=403)
    answer.because("Forbidden", f'RuntimeClass "{name}" not found')


@check("A namespace that enforces a security standard refuses pods that violate it", known_gap=NO_STANDARDS)
def standard(case: Case) -> None:
    name = case.another_namespace(**{"pod-security.kubernetes.io/enforce": "baseline"})
    path = f"/api/v1/namespaces/{name}/pods"
    privileged = pod("bad", containers=[container(securityContext={"privileged": True})])
    answer = case.post(path, privileged, status=403)
    answer.because(
        "Forbidden", 'violates PodSecurity "baseline:latest"', "must not set securityContext.privileged=true"
    )
    case.create(path, pod("good"))


@check("A workload whose pods would violate the enforced standard is taken, with a warning", known_gap=NO_STANDARDS)
def standard_of_workload(case: Case) -> None:
    name = case.another_namespace(**{"pod-security.kubernetes.io/enforce": "baseline"})
    template = idle_template("web", hostNetwork=True)
    path = f"/apis/apps/v1/namespaces/{name}/deployments"
    answer = case.post(path, deployment("web", 0, template))
    contains("warnings", "\n".join(answer.warnings), 'would violate PodSecurity "baseline:latest"')


@check("A namespace that only warns takes everything, with warnings", known_gap=NO_STANDARDS)
def standard_warns(case: Case) -> None:
    name = case.another_namespace(**{"pod-security.kubernetes.io/warn": "restricted"})
    answer = case.post(f"/api/v1/namespaces/{name}/pods", pod("loose"))
    contains("warnings", "\n".join(answer.warnings), 'would violate PodSecurity "restricted:latest"')


def policy(case: Case, expression: str, *, actions: list[str] | None = None, **validation: str) -> str:
    """A policy over ConfigMaps of the case's namespace, and its binding; its name."""
    name = case.unique("policy")
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": case.namespace}}
    constraints = {"resourceRules": [rule], "namespaceSelector": here}
    spec = {"matchConstraints": constraints, "validations": [{"expression": expression, **validation}]}
    case.create_global(f"{REGISTRATION}/validatingadmissionpolicies", {"metadata": {"name": name}, "spec": spec})
    bound = {"policyName": name, "validationActions": actions or ["Deny"]}
    case.create_global(f"{REGISTRATION}/validatingadmissionpolicybindings", {"metadata": {"name": name}, "spec": bound})
    return name


@check("A validating policy refuses what fails its expression, with its message")
def policy_denies(case: Case) -> None:
    name = policy(case, "size(object.data) < 2", message="one entry is enough")
    bad = config_map("bad", {"a": "1", "b": "2"})
    case.until("the policy counts", lambda: tried(case, bad, "configmaps").status == 422)
    answer = case.post("configmaps", bad, status=422)
    answer.because(
        "Invalid", f"ValidatingAdmissionPolicy '{name}' with binding '{name}' denied request: one entry is enough"
    )
    case.create("configmaps", config_map("good", {"a": "1"}))


@check("A validating policy knows the name that was made of a generateName")
def policy_generated_name(case: Case) -> None:
    policy(case, "request.name == object.metadata.name && size(request.name) > 0 && request.name != 'bad'")
    case.until("the policy counts", lambda: tried(case, config_map("bad"), "configmaps").status == 422)
    case.create("configmaps", {"metadata": {"generateName": "card-"}})


@check("A validating policy judges updates with the old object at hand")
def policy_old_object(case: Case) -> None:
    policy(case, "oldObject == null || object.data.page >= oldObject.data.page")
    case.create("configmaps", config_map("book", {"page": "5"}))

    def refused() -> bool:
        change = {"data": {"page": "4"}}
        return case.merge("configmaps/book", change, dryRun="All", status=(200, 422)).status == 422

    case.until("the policy counts", refused)
    equal("page", case.merge("configmaps/book", {"data": {"page": "6"}}).look("data.page"), "6")


@check("A validating policy that only warns lets the write be done")
def policy_warns(case: Case) -> None:
    policy(case, "size(object.data) < 2", actions=["Warn"], message="one entry is enough")
    body = config_map("loose", {"a": "1", "b": "2"})
    case.until("the policy counts", lambda: tried(case, body, "configmaps").warnings)
    answer = case.post("configmaps", body)
    contains(
        "warnings", "\n".join(answer.warnings), "Validation failed for ValidatingAdmissionPolicy", "one entry is enough"
    )


@check("A validating policy whose expression costs too much refuses the write, and says so")
def policy_costs(case: Case) -> None:
    source = "lists.range(1000).all(x, lists.range(1000).all(y, x >= 0))"
    policy(case, source)
    case.until("the policy counts", lambda: tried(case, config_map("card"), "configmaps").status == 422)
    why = f"expression '{source}' resulted in error: operation cancelled: actual cost limit exceeded"
    case.post("configmaps", config_map("card"), status=422).because("Invalid", why)


@check("A validating policy whose expression cannot be compiled is refused")
def policy_compiles(case: Case) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": "object.data.size( < 2"}],
    }
    body = {"metadata": {"name": case.unique("policy")}, "spec": spec}
    answer = case.post(f"{REGISTRATION}/validatingadmissionpolicies", body, status=422)
    answer.blames("spec.validations[0].expression").because("Invalid", "compilation failed")


def webhook(case: Case, policy: str) -> None:
    """A validating webhook over Secrets of the case's namespace, which nobody answers."""
    hook = {
        "name": "check.example.org",
        "clientConfig": {"url": "https://127.0.0.1:9/nobody"},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["secrets"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": case.namespace}},
        "failurePolicy": policy,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 2,
    }
    body = {"metadata": {"name": case.unique("hook")}, "webhooks": [hook]}
    case.create_global(f"{REGISTRATION}/validatingwebhookconfigurations", body)


@check("A webhook that nobody answers refuses writes where its failure policy is Fail")
def webhook_fails(case: Case) -> None:
    case.create("secrets", secret("before"))
    webhook(case, "Fail")

    def refused() -> Answer | None:
        answer = case.post("secrets", secret("after"), dryRun="All", status=(201, 500))
        return answer if answer.status == 500 else None

    answer = case.until("the webhook counts", refused)
    contains("message", answer.look("message") if answer else "", 'failed calling webhook "check.example.org"')
    case.create("configmaps", config_map("other"))


@check("A webhook that nobody answers is passed over where its failure policy is Ignore")
def webhook_ignored(case: Case) -> None:
    webhook(case, "Ignore")
    case.create("secrets", secret("after"))


@check("A webhook configuration is completed with its defaults")
def webhook_defaults(case: Case) -> None:
    hook: Obj = {
        "name": "check.example.org",
        "clientConfig": {"url": "https://127.0.0.1:9/nobody"},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    body = {"metadata": {"name": case.unique("hook")}, "webhooks": [hook]}
    path = f"{REGISTRATION}/mutatingwebhookconfigurations"
    made = case.create_global(path, body)["webhooks"][0]
    expected = {
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "timeoutSeconds": 10,
        "reinvocationPolicy": "Never",
    }
    covers("webhook", made, expected)
    lacks("webhook", made, "rules")
