"""Pods: defaults, validation, and what of a spec may change."""

from __future__ import annotations

from typing import Any

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, covers, equal, holds, look
from fakekube_conformance.objects import Obj, container, pod
from fakekube_conformance.wire import Answer


def refused(case: Case, **spec: Any) -> Answer:
    return case.post("pods", pod("bad", **spec), status=422)


def with_container(case: Case, **fields: Any) -> Answer:
    return refused(case, containers=[container(**fields)])


def first(obj: Obj) -> Obj:
    found: Obj = obj["spec"]["containers"][0]
    return found


@check("A small pod is completed with the defaults of its spec")
def defaults(case: Case) -> None:
    made = case.create("pods", pod("runner"))
    expected = {
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "terminationGracePeriodSeconds": 30,
        "securityContext": {},
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }
    covers("spec", made["spec"], expected)
    covers("container", first(made), {"terminationMessagePath": "/dev/termination-log", "resources": {}})


@check("A pod without an account gets the namespace's default one, with its token mounted")
def service_account(case: Case) -> None:
    made = case.create("pods", pod("runner"))
    equal("account", (made["spec"]["serviceAccountName"], made["spec"]["serviceAccount"]), ("default", "default"))
    mount = first(made)["volumeMounts"][0]
    equal("mount path", mount["mountPath"], "/var/run/secrets/kubernetes.io/serviceaccount")
    holds("its volume is projected", "projected" in made["spec"]["volumes"][0])


@check("A pod that wants no token gets none")
def no_token(case: Case) -> None:
    made = case.create("pods", pod("runner", automountServiceAccountToken=False))
    equal("volumes", made["spec"].get("volumes"), None)


@check("A pod tolerates for five minutes that its node is not ready or not reachable")
def tolerations(case: Case) -> None:
    found = case.create("pods", pod("runner"))["spec"]["tolerations"]
    expected = {"node.kubernetes.io/not-ready": 300, "node.kubernetes.io/unreachable": 300}
    equal("tolerations", {each["key"]: each["tolerationSeconds"] for each in found}, expected)


@check("The image pull policy follows the tag: Always for latest and none, else IfNotPresent")
def pull_policy(case: Case) -> None:
    images = {"a": "example.org/x", "b": "example.org/x:latest", "c": "example.org/x:1.2", "d": "x@sha256:" + "0" * 64}
    made = case.create(
        "pods", pod("runner", containers=[{"name": key, "image": value} for key, value in images.items()])
    )
    policies = [each["imagePullPolicy"] for each in made["spec"]["containers"]]
    equal("policies", policies, ["Always", "Always", "IfNotPresent", "IfNotPresent"])


@check("Limits without requests are requests too")
def requests_from_limits(case: Case) -> None:
    made = case.create("pods", pod("runner", containers=[container(resources={"limits": {"cpu": "2"}})]))
    equal("requests", first(made)["resources"]["requests"], {"cpu": "2"})


@check("A pod's quality of service follows from its requests and limits")
def quality(case: Case) -> None:
    both = {"cpu": "1", "memory": "1Gi"}
    for name, resources, expected in (
        ("none", {}, "BestEffort"),
        ("some", {"requests": {"cpu": "1"}}, "Burstable"),
        ("full", {"limits": both}, "Guaranteed"),
    ):
        made = case.create("pods", pod(name, containers=[container(resources=resources)]))
        equal(name, made["status"]["qosClass"], expected)


@check("Quantities are kept in canonical form")
def quantities(case: Case) -> None:
    asked = {"cpu": "0.25", "memory": "2048Mi"}
    made = case.create("pods", pod("runner", containers=[container(resources={"requests": asked})]))
    equal("requests", first(made)["resources"]["requests"], {"cpu": "250m", "memory": "2Gi"})


@check("A probe is completed with its defaults")
def probe_defaults(case: Case) -> None:
    made = case.create("pods", pod("runner", containers=[container(readinessProbe={"httpGet": {"port": 8080}})]))
    expected = {
        "httpGet": {"path": "/", "port": 8080, "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    equal("probe", first(made)["readinessProbe"], expected)


@check("A pod needs at least one container")
def no_containers(case: Case) -> None:
    refused(case, containers=[]).blames("spec.containers", cause="FieldValueRequired")


@check("A container needs a name and an image")
def name_and_image(case: Case) -> None:
    answer = refused(case, containers=[{}])
    answer.blames("spec.containers[0].name", "spec.containers[0].image", cause="FieldValueRequired")


@check("Container names are DNS labels and unique, also over init containers")
def container_names(case: Case) -> None:
    with_container(case, name="Main_One").blames("spec.containers[0].name", cause="FieldValueInvalid")
    answer = refused(case, containers=[container("a"), container("a")])
    answer.blames("spec.containers[1].name", cause="FieldValueDuplicate")
    refused(case, initContainers=[container("main")]).blames("spec.initContainers[0].name", cause="FieldValueDuplicate")


@check("An unknown restart policy is refused and the known ones are told")
def restart_policy(case: Case) -> None:
    answer = refused(case, restartPolicy="Perhaps").blames("spec.restartPolicy", cause="FieldValueNotSupported")
    contains("message", answer.look("message"), 'supported values: "Always", "OnFailure", "Never"')


@check("Ports are from 1 to 65535, and their names are unique")
def ports(case: Case) -> None:
    answer = with_container(case, ports=[{"containerPort": 0}, {"containerPort": 70000}])
    answer.blames("spec.containers[0].ports[0].containerPort", "spec.containers[0].ports[1].containerPort")
    twins = [{"name": "web", "containerPort": 80}, {"name": "web", "containerPort": 81}]
    with_container(case, ports=twins).blames("spec.containers[0].ports[1].name", cause="FieldValueDuplicate")


@check("A port name has at most 15 characters and at least one letter")
def port_names(case: Case) -> None:
    for name in ("a-much-too-long-name", "8080", "Web"):
        answer = with_container(case, ports=[{"name": name, "containerPort": 80}])
        answer.blames("spec.containers[0].ports[0].name", cause="FieldValueInvalid")


@check("A request may not exceed its limit")
def request_above_limit(case: Case) -> None:
    answer = with_container(case, resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})
    answer.blames("spec.containers[0].resources.requests", cause="FieldValueInvalid")


@check("A quantity that cannot be read is refused while it is decoded")
def odd_quantity(case: Case) -> None:
    body = pod("bad", containers=[container(resources={"limits": {"memory": "lots"}})])
    case.post("pods", body, status=400).because("BadRequest", "quantities must match the regular expression")


@check("A volume mount must name a volume of the pod")
def mount_without_volume(case: Case) -> None:
    answer = with_container(case, volumeMounts=[{"name": "nowhere", "mountPath": "/data"}])
    answer.blames("spec.containers[0].volumeMounts[0].name", cause="FieldValueNotFound")


@check("A volume has one source, and its name is unique")
def volumes(case: Case) -> None:
    two = {"name": "data", "emptyDir": {}, "hostPath": {"path": "/x"}}
    refused(case, volumes=[two]).because("Invalid", "may not specify more than 1 volume type")
    answer = refused(case, volumes=[{"name": "data", "emptyDir": {}}, {"name": "data", "emptyDir": {}}])
    answer.blames("spec.volumes[1].name", cause="FieldValueDuplicate")


@check("An environment variable has a value or a source, not both")
def environment(case: Case) -> None:
    source = {"fieldRef": {"fieldPath": "metadata.name"}}
    answer = with_container(case, env=[{"name": "A", "value": "x", "valueFrom": source}])
    answer.blames("spec.containers[0].env[0].valueFrom", cause="FieldValueInvalid")


@check("A probe has exactly one handler")
def probe_handlers(case: Case) -> None:
    with_container(case, livenessProbe={}).blames("spec.containers[0].livenessProbe", cause="FieldValueRequired")
    two = {"tcpSocket": {"port": 80}, "httpGet": {"port": 80}}
    with_container(case, livenessProbe=two).because("Invalid", "may not specify more than 1 handler type")


@check("Of a pod's spec images may change, and its generation counts the change")
def image_change(case: Case) -> None:
    made = case.create("pods", pod("runner"))
    after = case.strategic("pods/runner", {"spec": {"containers": [{"name": "main", "image": "example.org/x:2"}]}})
    equal("image", first(after.body)["image"], "example.org/x:2")
    holds("the generation grew", after.look("metadata.generation") == made["metadata"]["generation"] + 1)


@check("Of a pod's spec tolerations may be added, but not taken away")
def toleration_change(case: Case) -> None:
    made = case.create("pods", pod("runner"))
    more = [*made["spec"]["tolerations"], {"key": "example.org/wet", "operator": "Exists", "effect": "NoSchedule"}]
    case.merge("pods/runner", {"spec": {"tolerations": more}})
    case.merge("pods/runner", {"spec": {"tolerations": []}}, status=422).blames("spec.tolerations")


@check("The rest of a pod's spec cannot change")
def immutable(case: Case) -> None:
    case.create("pods", pod("runner"))
    for change in ({"hostname": "other"}, {"restartPolicy": "Never"}, {"nodeSelector": {"disk": "ssd"}}):
        answer = case.merge("pods/runner", {"spec": change}, status=422)
        answer.blames("spec", cause="FieldValueForbidden").because(
            "Invalid", "pod updates may not change fields other than"
        )


@check("Containers cannot be added to a pod or taken from it")
def containers_stay(case: Case) -> None:
    case.create("pods", pod("runner"))
    answer = case.strategic("pods/runner", {"spec": {"containers": [container("second")]}}, status=422)
    answer.blames("spec.containers", cause="FieldValueForbidden")


@check("activeDeadlineSeconds may be set and lowered, but not raised")
def deadline(case: Case) -> None:
    case.create("pods", pod("runner"))
    for seconds in (90, 60):
        case.merge("pods/runner", {"spec": {"activeDeadlineSeconds": seconds}})
    case.merge("pods/runner", {"spec": {"activeDeadlineSeconds": 61}}, status=422).blames("spec.activeDeadlineSeconds")


@check("What is accepted but suspicious is answered with a warning")
def warnings(case: Case) -> None:
    twins = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    answer = case.post("pods", pod("runner", containers=[container(env=twins)]))
    contains("warnings", "\n".join(answer.warnings), 'spec.containers[0].env[1]: hides previous definition of "A"')


@check("A pod with an unknown service account is refused with Forbidden")
def unknown_account(case: Case) -> None:
    answer = case.post("pods", pod("bad", serviceAccountName="stranger"), status=403)
    answer.because("Forbidden", 'serviceaccount "stranger" not found')


@check("A pod with scheduling gates is marked as gated, and gates can only be taken away")
def gates(case: Case) -> None:
    made = case.create("pods", pod("runner", schedulingGates=[{"name": "example.org/wait"}]))
    (condition,) = (each for each in made["status"]["conditions"] if each["type"] == "PodScheduled")
    covers("condition", condition, {"status": "False", "reason": "SchedulingGated"})
    more = [{"name": "example.org/wait"}, {"name": "example.org/more"}]
    case.merge("pods/runner", {"spec": {"schedulingGates": more}}, status=422).because("Invalid")
    after = case.merge("pods/runner", {"spec": {"schedulingGates": None}})
    equal("gates", look(after.body, "spec.schedulingGates"), None)
