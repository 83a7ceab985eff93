"""Tables show objects as `kubectl get` is known to."""

import pytest

from fakekube.core.meta import parse_time
from fakekube.registry.tables import row, table
from fakekube.registry.tables.printers import PRINTERS
from fakekube.schema.crds import resources_of
from fakekube.schema.scheme import Scheme
from fakekube.schema.table import table as facts

CREATED = "2026-01-01T00:00:00Z"
NOW = parse_time(CREATED) + 90
SCHEME = Scheme.for_version()


def resource(plural, group="", version="v1"):
    found = SCHEME.resource(group, version, plural)
    assert found is not None
    return found


def cells(of, **parts):
    obj = {"metadata": {"name": "x", "creationTimestamp": CREATED, **parts.pop("metadata", {})}, **parts}
    return row(of, obj, NOW)["cells"]


def running(name, ready=True, restarts=0, **more):
    return {"name": name, "ready": ready, "restartCount": restarts, "state": {"running": {}}, **more}


def terminated(name, code, **more):
    return {"name": name, "ready": False, "restartCount": 0, "state": {"terminated": {"exitCode": code, **more}}}


def waiting(name, reason, restarts=0):
    return {"name": name, "ready": False, "restartCount": restarts, "state": {"waiting": {"reason": reason}}}


TWO = {"containers": [{"name": "a"}, {"name": "b"}]}
ONE_INIT = {"initContainers": [{"name": "i"}, {"name": "j"}], "containers": [{"name": "a"}]}
SIDECAR = {"initContainers": [{"name": "s", "restartPolicy": "Always"}], "containers": [{"name": "a"}]}
READY = [{"type": "Ready", "status": "True"}]


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        (TWO, {"phase": "Pending"}, ["0/2", "Pending", "0"]),
        (
            TWO,
            {"phase": "Running", "containerStatuses": [running("a"), running("b", ready=False)]},
            ["1/2", "Running", "0"],
        ),
        (
            TWO,
            {"phase": "Running", "containerStatuses": [running("a"), waiting("b", "CrashLoopBackOff", restarts=4)]},
            ["1/2", "CrashLoopBackOff", "4"],
        ),
        (
            TWO,
            {"phase": "Succeeded", "containerStatuses": [terminated("a", 0, reason="Completed")]},
            ["0/2", "Completed", "0"],
        ),
        (
            TWO,
            {
                "phase": "Running",
                "conditions": READY,
                "containerStatuses": [terminated("a", 0, reason="Completed"), running("b")],
            },
            ["1/2", "Running", "0"],
        ),
        (
            TWO,
            {"phase": "Running", "containerStatuses": [terminated("a", 0, reason="Completed"), running("b")]},
            ["1/2", "NotReady", "0"],
        ),
        (
            TWO,
            {
                "phase": "Failed",
                "containerStatuses": [terminated("a", 0, reason="Completed"), terminated("b", 1, reason="Error")],
            },
            ["0/2", "Error", "0"],
        ),
        (TWO, {"phase": "Failed", "containerStatuses": [terminated("a", 3)]}, ["0/2", "ExitCode:3", "0"]),
        (TWO, {"phase": "Failed", "containerStatuses": [terminated("a", 3, signal=9)]}, ["0/2", "Signal:9", "0"]),
        (TWO, {"phase": "Failed", "reason": "Evicted"}, ["0/2", "Evicted", "0"]),
        (
            TWO,
            {"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]},
            ["0/2", "SchedulingGated", "0"],
        ),
        (
            ONE_INIT,
            {"phase": "Pending", "initContainerStatuses": [terminated("i", 0), running("j")]},
            ["0/1", "Init:1/2", "0"],
        ),
        (
            ONE_INIT,
            {"phase": "Pending", "initContainerStatuses": [waiting("i", "ImagePullBackOff")]},
            ["0/1", "Init:ImagePullBackOff", "0"],
        ),
        (
            ONE_INIT,
            {"phase": "Pending", "initContainerStatuses": [terminated("i", 2)]},
            ["0/1", "Init:ExitCode:2", "0"],
        ),
        (
            SIDECAR,
            {
                "phase": "Running",
                "initContainerStatuses": [running("s", started=True, restarts=1)],
                "containerStatuses": [running("a", restarts=1, lastState={"terminated": {"finishedAt": CREATED}})],
            },
            ["2/2", "Running", "2 (90s ago)"],
        ),
    ],
)
def test_pods(spec, status, expected):
    found = cells(resource("pods"), spec=spec, status=status)
    assert [found[1], found[2], found[3]] == expected


def test_pods_that_go_away():
    pods, deleting = resource("pods"), {"deletionTimestamp": CREATED}
    assert cells(pods, metadata=deleting, status={"phase": "Running"})[2] == "Terminating"
    assert cells(pods, metadata=deleting, status={"phase": "Succeeded"})[2] == "Succeeded"
    assert cells(pods, metadata=deleting, status={"phase": "Running", "reason": "NodeLost"})[2] == "Unknown"


def test_the_wide_cells_of_a_pod():
    spec = {"nodeName": "n", "readinessGates": [{"conditionType": "Ready"}, {"conditionType": "Other"}]}
    status = {"podIPs": [{"ip": "10.0.0.1"}], "conditions": READY}
    assert cells(resource("pods"), spec=spec, status=status)[4:] == ["90s", "10.0.0.1", "n", "<none>", "1/2"]


def test_a_pod_that_is_done_says_so():
    found = row(resource("pods"), {"metadata": {"name": "x"}, "status": {"phase": "Failed"}}, NOW)
    assert found["conditions"][0]["type"] == "Completed"
    assert "conditions" not in row(resource("pods"), {"metadata": {}, "status": {"phase": "Running"}}, NOW)


TEMPLATE = {"spec": {"containers": [{"name": "a", "image": "i:1"}, {"name": "b", "image": "i:2"}]}}
SELECTOR = {"matchLabels": {"app": "x"}}
METRICS = [
    {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80}}},
    {"type": "Pods", "pods": {"target": {"averageValue": "10"}}},
    {"type": "External", "external": {"target": {"value": "5"}}},
]


@pytest.mark.parametrize(
    ("plural", "group", "parts", "expected"),
    [
        ("configmaps", "", {"data": {"a": "1"}, "binaryData": {"b": ""}}, ["x", 2, "90s"]),
        (
            "deployments",
            "apps",
            {
                "spec": {"replicas": 3, "selector": SELECTOR, "template": TEMPLATE},
                "status": {"readyReplicas": 2, "updatedReplicas": 1},
            },
            ["x", "2/3", 1, 0, "90s", "a,b", "i:1,i:2", "app=x"],
        ),
        (
            "jobs",
            "batch",
            {
                "spec": {"completions": 2, "selector": SELECTOR, "template": TEMPLATE},
                "status": {"succeeded": 1, "startTime": CREATED},
            },
            ["x", "Running", "1/2", "90s", "90s", "a,b", "i:1,i:2", "app=x"],
        ),
        (
            "cronjobs",
            "batch",
            {"spec": {"schedule": "@daily", "suspend": False, "jobTemplate": {"spec": {"template": TEMPLATE}}}},
            ["x", "@daily", "<none>", "False", 0, "<none>", "90s", "a,b", "i:1,i:2", "<none>"],
        ),
        (
            "services",
            "",
            {
                "spec": {
                    "type": "LoadBalancer",
                    "clusterIPs": ["10.0.0.9"],
                    "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}],
                },
                "status": {},
            },
            ["x", "LoadBalancer", "10.0.0.9", "<pending>", "80:30080/TCP", "90s", "<none>"],
        ),
        (
            "endpoints",
            "",
            {"subsets": [{"addresses": [{"ip": "1.1.1.1"}, {"ip": "fd::1"}], "ports": [{"port": 1}, {"port": 2}]}]},
            ["x", "1.1.1.1:1,[fd::1]:1,1.1.1.1:2 + 1 more...", "90s"],
        ),
        (
            "nodes",
            "",
            {
                "metadata": {"labels": {"node-role.kubernetes.io/a": "", "kubernetes.io/role": "b"}},
                "spec": {"unschedulable": True},
                "status": {
                    "conditions": READY,
                    "nodeInfo": {"kubeletVersion": "v1", "kernelVersion": "6", "architecture": "arm"},
                },
            },
            [
                *("x", "Ready,SchedulingDisabled", "a,b", "90s", "v1", "<none>", "<none>"),
                *("<unknown>", "6 (arm)", "<unknown>"),
            ],
        ),
        (
            "persistentvolumeclaims",
            "",
            {
                "spec": {"volumeName": "v", "storageClassName": "s", "volumeMode": "Block"},
                "status": {
                    "phase": "Bound",
                    "capacity": {"storage": "1Gi"},
                    "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
                },
            },
            ["x", "Bound", "v", "1Gi", "RWO,RWX", "s", "<unset>", "90s", "Block"],
        ),
        (
            "resourcequotas",
            "",
            {"status": {"hard": {"pods": "5", "limits.cpu": "2"}, "used": {"pods": "1"}}},
            ["x", "pods: 1/5", "limits.cpu: 0/2", "90s"],
        ),
        (
            "events",
            "",
            {
                "firstTimestamp": CREATED,
                "involvedObject": {"kind": "Pod", "name": "p"},
                "source": {"component": "c", "host": "h"},
                "message": " m\n",
            },
            ["90s", "", "", "pod/p", "", "c, h", "m", "90s", 1, "x"],
        ),
        ("roles", "rbac.authorization.k8s.io", {}, ["x", CREATED]),
        (
            "validatingadmissionpolicybindings",
            "admissionregistration.k8s.io",
            {"spec": {"policyName": "p", "paramRef": {"selector": SELECTOR}}},
            [
                "x",
                "p",
                (
                    "&LabelSelector{MatchLabels:map[string]string{app: x,},"
                    "MatchExpressions:[]LabelSelectorRequirement{},}"
                ),
                "90s",
            ],
        ),
        (
            "certificatesigningrequests",
            "certificates.k8s.io",
            {"spec": {"signerName": "s", "username": "u", "expirationSeconds": 3600}, "status": {"certificate": "x"}},
            ["x", "90s", "s", "u", "60m", "Pending,Issued"],
        ),
    ],
)
def test_cells(plural, group, parts, expected):
    assert cells(resource(plural, group), **parts) == expected


def test_metrics_of_an_autoscaler():
    of = resource("horizontalpodautoscalers", "autoscaling", "v2")
    current = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 50}}}]
    found = cells(of, spec={"metrics": METRICS, "maxReplicas": 3}, status={"currentMetrics": current})
    assert found[2:6] == ["cpu: 50%/80%, <unknown>/10 + 1 more...", "<unset>", 3, 0]


def test_every_builtin_kind_with_columns_has_its_cells():
    for each in SCHEME.resources():
        if not each.columns:
            continue
        found = row(each, {"kind": each.kind, "apiVersion": each.api_version, "metadata": {"name": "x"}}, NOW)["cells"]
        extra = each.plural == "ipaddresses"  # an age that has no column, as the real server answers
        assert len(found) == len(each.columns) + extra, each.id
        assert "Created At" in [column.name for column in each.columns] or each.id in PRINTERS


def test_what_a_row_has_of_its_object():
    of, obj = resource("configmaps"), {"metadata": {"name": "x"}, "data": {"a": "1"}}
    assert row(of, obj, NOW, include="None")["object"] is None
    assert row(of, obj, NOW, include="Object")["object"] is obj
    assert row(of, obj, NOW, "v1beta1")["object"] == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1beta1",
        "metadata": {"name": "x"},
    }
    last = {"metadata": {"annotations": {"k8s.io/initial-events-end": "true"}}}
    assert row(of, last, NOW, include="None")["object"]["kind"] == "PartialObjectMetadata"


def test_a_table():
    found = table(resource("secrets"), [{"metadata": {"name": "x"}}], NOW, metadata={"resourceVersion": "5"})
    assert (found["kind"], found["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert found["metadata"] == {"resourceVersion": "5"}
    assert [column["name"] for column in found["columnDefinitions"]] == ["Name", "Type", "Data", "Age"]
    assert [each["cells"] for each in found["rows"]] == [["x", "", 0, "<unknown>"]]
    assert table(resource("secrets"), [], NOW, headers=False)["columnDefinitions"] is None


def test_flow_schemas_are_in_the_order_of_their_precedence():
    objs = [{"metadata": {"name": str(order)}, "spec": {"matchingPrecedence": order}} for order in (500, 20)]
    found = table(resource("flowschemas", "flowcontrol.apiserver.k8s.io"), objs, NOW)
    assert [each["cells"][0] for each in found["rows"]] == ["20", "500"]


def custom(*columns):
    versions = [
        {
            "name": "v1",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            "additionalPrinterColumns": [{"name": path, "type": kind, "jsonPath": path} for path, kind in columns],
        }
    ]
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    spec = {"group": "a.test", "scope": "Namespaced", "names": names, "versions": versions}
    return resources_of({"spec": spec, "status": {"acceptedNames": names}}, facts())[0]


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("string", "a", "a"),
        ("string", {"b": [1], "a": "<"}, '{"a":"\\u003c","b":[1]}'),
        ("string", 1.5, "1.5"),
        ("string", True, "true"),
        ("string", None, "<no value>"),
        ("integer", 7.9, 7),
        ("integer", "7", None),
        ("integer", True, None),
        ("number", 0.25, 0.25),
        ("boolean", False, False),
        ("boolean", "x", None),
        ("date", CREATED, "90s"),
        ("date", "soon", "<invalid>"),
        ("date", "", "<unknown>"),
    ],
)
def test_cells_of_custom_resources(kind, value, shown):
    assert cells(custom((".spec.v", kind)), spec={"v": value}) == ["x", shown]


def test_custom_columns_end_at_the_first_that_cannot_be_read():
    of = custom((".spec.a", "string"), (".spec[a", "string"), (".spec.b", "string"))
    found = table(of, [{"metadata": {"name": "x"}, "spec": {"a": "1", "b": "2"}}], NOW)
    assert [column["name"] for column in found["columnDefinitions"]] == ["Name", ".spec.a"]
    assert found["rows"][0]["cells"] == ["x", "1"]


def test_custom_cells_of_what_is_not_there_are_null():
    of = custom((".spec.a", "string"), ('.status.conditions[?(@.type=="Ready")].status', "string"), (".a[0]", "string"))
    assert cells(of, a=[]) == ["x", None, None, None]
