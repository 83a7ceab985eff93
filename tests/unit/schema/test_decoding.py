from typing import Any

import orjson
import pytest

from fakekube.schema.decoding import DecodeError, decode, decode_members
from fakekube.schema.scheme import Scheme
from fakekube.schema.typed import Struct

SCHEME = Scheme.for_version()


def kind(group: str, version: str, name: str) -> Struct:
    found = SCHEME.struct(group, version, name)
    assert found is not None
    return found


POD = kind("", "v1", "Pod")
CONFIG_MAP = kind("", "v1", "ConfigMap")
SECRET = kind("", "v1", "Secret")
SERVICE = kind("", "v1", "Service")
DEPLOYMENT = kind("apps", "v1", "Deployment")
ROLE = kind("rbac.authorization.k8s.io", "v1", "Role")
LEASE = kind("coordination.k8s.io", "v1", "Lease")
CRD = kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")


def container(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "a", **fields}]}}


def decoded_container(**fields: Any) -> Any:
    return decode(POD, container(**fields)).value["spec"]["containers"][0]


def test_members_that_go_always_writes_are_added() -> None:
    assert decode(POD, {}).value == {"metadata": {}, "spec": {"containers": None}, "status": {}}
    assert decode(ROLE, {}).value == {"metadata": {}, "rules": None}
    assert decoded_container() == {"name": "a", "resources": {}}
    assert decode(POD, container(name=None)).value["spec"]["containers"][0]["name"] == ""


def test_empty_optional_members_are_dropped_but_not_behind_pointers() -> None:
    assert decoded_container(image="", command=[], tty=False, resources={"limits": {}}) == {
        "name": "a",
        "resources": {},
    }
    spec = decode(POD, {"spec": {"containers": [], "priority": 0, "hostNetwork": False, "securityContext": {}}})
    assert spec.value["spec"] == {"containers": [], "priority": 0, "securityContext": {}}


def test_null_is_nothing_but_in_maps_and_lists_an_empty_value() -> None:
    assert decode(CONFIG_MAP, {"metadata": None, "data": {"a": None}}).value == {"metadata": {}, "data": {"a": ""}}
    assert decode(POD, {"spec": {"containers": [None]}}).value["spec"]["containers"] == [{"name": "", "resources": {}}]
    assert decode(CONFIG_MAP, None).value == {"metadata": {}}


def test_quantities_times_and_bytes_are_written_in_one_form() -> None:
    resources = {"limits": {"cpu": "0.5", "memory": 1024}}
    assert decoded_container(resources=resources)["resources"]["limits"] == {"cpu": "500m", "memory": "1024"}
    lease = {"spec": {"renewTime": "2024-05-01T02:00:00.123456+02:00"}}
    assert decode(LEASE, lease).value["spec"]["renewTime"] == "2024-05-01T00:00:00.123456Z"
    meta = {"metadata": {"deletionTimestamp": "2024-05-01T02:00:00.9-01:30"}}
    assert decode(POD, meta).value["metadata"]["deletionTimestamp"] == "2024-05-01T03:30:00Z"
    assert decode(SECRET, {"data": {"a": "YQ\n=="}}).value["data"] == {"a": "YQ=="}


def test_members_that_did_not_change_are_shared() -> None:
    pod = decode(POD, {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a"}]}}).value
    changed = {**pod, "metadata": {"name": "a", "labels": {}, "odd": 1}}
    found = decode_members(POD, changed, ["metadata", "status"])
    assert found.value == {**pod, "metadata": {"name": "a"}}
    assert list(found.value) == list(pod)
    assert found.value["spec"] is pod["spec"]
    assert found.strict == ['unknown field "metadata.odd"']
    del changed["spec"]
    assert decode_members(POD, changed, ["metadata", "spec"]).value["spec"] == {"containers": None}


def test_what_is_canonical_comes_out_equal_and_new() -> None:
    pod = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "a", "creationTimestamp": "2024-01-01T00:00:00Z", "labels": {"a": "b"}},
        "spec": {
            "containers": [
                {"name": "a", "resources": {"limits": {"cpu": "1"}}, "livenessProbe": {"httpGet": {"port": 80}}}
            ]
        },
        "status": {},
    }
    decoded = decode(POD, pod)
    assert decoded.value == pod
    assert not decoded.strict
    assert decoded.value["metadata"]["labels"] is not pod["metadata"]["labels"]  # type: ignore[index]


def test_unknown_fields_are_dropped_and_told_with_their_paths() -> None:
    body = {"spek": 1, "metadata": {"lables": {}}, "spec": {"containers": [{"name": "a"}, {"name": "b", "imag": "x"}]}}
    decoded = decode(POD, body)
    assert decoded.strict == [
        'unknown field "spek"',
        'unknown field "metadata.lables"',
        'unknown field "spec.containers[1].imag"',
    ]
    assert decoded.value["spec"]["containers"][1] == {"name": "b", "resources": {}}


def test_no_more_than_a_hundred_unknown_fields_are_told() -> None:
    assert len(decode(POD, {f"x{number}": 1 for number in range(150)}).strict) == 100


@pytest.mark.parametrize(
    ("of", "body", "message"),
    [
        (
            DEPLOYMENT,
            {"spec": {"replicas": "3"}},
            "string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            DEPLOYMENT,
            {"spec": {"replicas": 1.5}},
            "number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            DEPLOYMENT,
            {"spec": {"replicas": 3000000000}},
            "number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            POD,
            {"spec": {"containers": {}}},
            "object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            POD,
            {"spec": {"containers": ["a"]}},
            "string into Go struct field PodSpec.spec.containers of type v1.Container",
        ),
        (
            POD,
            container(command="sh"),
            "string into Go struct field Container.spec.containers.command of type []string",
        ),
        (
            POD,
            {"spec": {"volumes": [{"hostPath": 1}]}},
            "number into Go struct field Volume.spec.volumes.VolumeSource.hostPath of type v1.HostPathVolumeSource",
        ),
        (CONFIG_MAP, {"data": {"a": 1}}, "number into Go struct field ConfigMap.data of type string"),
        (CONFIG_MAP, {"data": []}, "array into Go struct field ConfigMap.data of type map[string]string"),
        (
            CONFIG_MAP,
            {"metadata": {"uid": True}},
            "bool into Go struct field ObjectMeta.metadata.uid of type types.UID",
        ),
        (
            SERVICE,
            {"spec": {"ports": [{"targetPort": True}]}},
            "bool into Go struct field ServicePort.spec.ports.targetPort of type int32",
        ),
        (LEASE, {"spec": {"renewTime": 5}}, "number into Go struct field LeaseSpec.spec.renewTime of type string"),
        (CONFIG_MAP, "x", "string into Go value of type v1.ConfigMap"),
    ],
)
def test_wrong_json_types_are_told_in_gos_words(of: Struct, body: Any, message: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(of, body)
    assert str(caught.value) == f"json: cannot unmarshal {message}"


def test_of_several_faults_the_first_is_told_unless_a_type_reads_itself() -> None:
    with pytest.raises(DecodeError, match=r"ConfigMap\.immutable of type bool"):
        decode(CONFIG_MAP, {"immutable": 1, "data": 2})
    with pytest.raises(DecodeError, match="quantities must match"):
        decode(POD, {"metadata": 1, **container(resources={"limits": {"cpu": "x"}})})
    with pytest.raises(DecodeError, match=r"^illegal base64 data at input byte 3$"):
        decode(SECRET, {"data": {"a": "not!", "b": "!"}})


def test_schemas_within_schemas_are_decoded_but_not_strictly() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string", "bogus": 1}}}
    body = {"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": {**schema, "other": 1}}}]}}
    decoded = decode(CRD, body)
    found = decoded.value["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert found == {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
    assert decoded.strict == ['unknown field "spec.versions[0].schema.openAPIV3Schema.other"']

    body["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {"items": {"type": 5}}  # type: ignore[dict-item]
    with pytest.raises(
        DecodeError, match=r"field JSONSchemaProps\.spec\.versions\.schema\.openAPIV3Schema\.items\.type of"
    ):
        decode(CRD, body)


def test_duplicate_and_unknown_fields_are_told_in_the_order_of_the_text() -> None:
    raw = (
        b'{"metadata":{"name":"a","labels":{"a":"1","a":"2"},"labl":{}},"data":{"x":"1"},"data":{"x":"2"},"extra":true}'
    )
    decoded = decode(CONFIG_MAP, orjson.loads(raw), raw)
    assert decoded.strict == [
        'duplicate field "metadata.labels.a"',
        'unknown field "metadata.labl"',
        'duplicate field "data"',
        'unknown field "extra"',
    ]
    assert decoded.value["data"] == {"x": "2"}
