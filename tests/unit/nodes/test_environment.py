"""The variables of services and containers, on plain objects."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from fakekube.core.meta import Obj
from fakekube.nodes import envfiles
from fakekube.nodes.environment import (
    ContainerConfigError,
    Surroundings,
    container_environment,
    expand,
    service_environment,
)


def service(name: str, ip: str = "10.96.0.9", *ports: Obj, namespace: str = "shop", **spec: Any) -> Obj:
    listed = list(ports) or [{"port": 80}]
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"clusterIP": ip, "ports": listed, **spec}}


def pod(**more: Any) -> Obj:
    meta = {"name": "p", "namespace": "shop", "uid": "u", "labels": {"b": "2", "a": 'x"y'}}
    spec = {"nodeName": "n", "serviceAccountName": "default", "containers": [{"name": "c"}], **more}
    return {"metadata": meta, "spec": spec, "status": {"podIP": "10.1.1.1", "podIPs": [{"ip": "10.1.1.1"}]}}


def pairs(services: list[Obj], of: Obj) -> list[tuple[str, str]]:
    return [(each["name"], each["value"]) for each in service_environment(services, of)]


def test_a_service_with_two_ports_in_the_kubelets_order() -> None:
    ports = {"name": "web-ui", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}
    assert pairs([service("my-app", "10.96.0.9", *ports)], pod()) == [
        ("MY_APP_SERVICE_HOST", "10.96.0.9"),
        ("MY_APP_SERVICE_PORT", "80"),
        ("MY_APP_SERVICE_PORT_WEB_UI", "80"),
        ("MY_APP_SERVICE_PORT_DNS", "53"),
        ("MY_APP_PORT", "tcp://10.96.0.9:80"),
        ("MY_APP_PORT_80_TCP", "tcp://10.96.0.9:80"),
        ("MY_APP_PORT_80_TCP_PROTO", "tcp"),
        ("MY_APP_PORT_80_TCP_PORT", "80"),
        ("MY_APP_PORT_80_TCP_ADDR", "10.96.0.9"),
        ("MY_APP_PORT_53_UDP", "udp://10.96.0.9:53"),
        ("MY_APP_PORT_53_UDP_PROTO", "udp"),
        ("MY_APP_PORT_53_UDP_PORT", "53"),
        ("MY_APP_PORT_53_UDP_ADDR", "10.96.0.9"),
    ]


def test_which_services_a_pod_is_told_of() -> None:
    api = service("kubernetes", "10.96.0.1", namespace="default")
    services = [
        api,
        service("own"),
        service("headless", "None"),
        service("none", ""),
        service("out", "10.96.0.8", type="ExternalName"),
        service("theirs", namespace="other"),
        service("default-one", namespace="default"),
    ]

    def hosts(of: Obj) -> list[str]:
        return [name for name, _ in pairs(services, of) if name.endswith("_SERVICE_HOST")]

    assert hosts(pod()) == ["KUBERNETES_SERVICE_HOST", "OWN_SERVICE_HOST"]
    assert hosts(pod(enableServiceLinks=False)) == ["KUBERNETES_SERVICE_HOST"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_service_named_kubernetes_of_the_pods_namespace_comes_first(order: int) -> None:
    both = [service("kubernetes", "10.96.0.1", namespace="default"), service("kubernetes", "10.96.0.77")][::order]
    assert ("KUBERNETES_SERVICE_HOST", "10.96.0.77") in pairs(both, pod())
    assert ("KUBERNETES_SERVICE_HOST", "10.96.0.1") in pairs(both, pod(enableServiceLinks=False))


def test_an_address_of_version_six_is_bracketed_in_urls_alone() -> None:
    found = dict(pairs([service("six", "fd00::1")], pod()))
    assert (found["SIX_PORT"], found["SIX_PORT_80_TCP_ADDR"]) == ("tcp://[fd00::1]:80", "fd00::1")


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)-$(B)", "1-2"),
        ("$(C) $(", "$(C) $("),
        ("$$(A) $$$(A)", "$(A) $1"),
        ("$A $", "$A $"),
        ("$()", "$()"),
    ],
)
def test_references_are_expanded(text: str, expanded: str) -> None:
    assert expand(text, ({"A": "1"}, {"A": "other", "B": "2"})) == expanded


def environment(container: Obj, **more: Any) -> dict[str, str]:
    held = {
        ("configmaps", "conf"): {"data": {"K": "v", "X": "conf"}},
        ("secrets", "keys"): {"data": {"P": b64encode(b"pass").decode()}},
    }
    node = {"status": {"allocatable": {"cpu": "4", "memory": "8Gi"}}}
    around = Surroundings([service("db")], lambda resource, name: held.get((resource, name)), node)
    return container_environment(pod(**more), {"name": "c", **container}, around)


def test_env_comes_over_env_from_and_that_over_services() -> None:
    found = environment(
        {
            "envFrom": [{"configMapRef": {"name": "conf"}}, {"prefix": "S_", "secretRef": {"name": "keys"}}],
            "env": [
                {"name": "X", "value": "env"},
                {"name": "URL", "value": "http://$(DB_SERVICE_HOST)/$(X)/$(LATER)"},
                {"name": "LATER", "value": ""},
                {"name": "DB_PORT", "value": "mine"},
            ],
        }
    )
    assert (found["K"], found["X"], found["S_P"], found["LATER"]) == ("v", "env", "pass", "")
    assert found["URL"] == "http://10.96.0.9/env/$(LATER)"
    assert (found["DB_PORT"], found["DB_SERVICE_PORT"]) == ("mine", "80")


def test_values_from_the_pod_itself() -> None:
    def of(path: str) -> str:
        return environment({"env": [{"name": "V", "valueFrom": {"fieldRef": {"fieldPath": path}}}]})["V"]

    paths = ("metadata.name", "metadata.uid", "spec.nodeName", "status.podIP", "status.podIPs", "metadata.labels['b']")
    assert [of(path) for path in paths] == ["p", "u", "n", "10.1.1.1", "10.1.1.1", "2"]
    assert of("metadata.labels") == 'a="x\\"y"\nb="2"'
    with pytest.raises(ContainerConfigError, match="unsupported fieldPath"):
        of("spec.x")


@pytest.mark.parametrize(
    ("resource", "divisor", "value"),
    [
        ("limits.cpu", "0", "1"),
        ("limits.cpu", "1m", "250"),
        ("limits.memory", "1Mi", "8192"),  # not set: what the node has
        ("requests.memory", None, "0"),
    ],
)
def test_values_from_resources_are_rounded_up(resource: str, divisor: str | None, value: str) -> None:
    source = {"resource": resource, **({"divisor": divisor} if divisor is not None else {})}
    variable = {"name": "V", "valueFrom": {"resourceFieldRef": source}}
    assert environment({"resources": {"limits": {"cpu": "250m"}}, "env": [variable]})["V"] == value


def test_what_is_missing() -> None:
    def of(reference: Obj) -> dict[str, str]:
        return environment({"env": [{"name": "V", "valueFrom": {"configMapKeyRef": reference}}]})

    assert "V" not in of({"name": "no", "key": "k", "optional": True})
    assert "V" not in of({"name": "conf", "key": "k", "optional": True})
    with pytest.raises(ContainerConfigError, match='configmap "no" not found'):
        of({"name": "no", "key": "k"})
    with pytest.raises(ContainerConfigError, match="couldn't find key k in ConfigMap shop/conf"):
        of({"name": "conf", "key": "k"})


ENV_FILE = """# made by an init container
A='1'
  B='two
lines' # and a comment
C= 'nothing'
"""


@pytest.mark.parametrize(("key", "value"), [("A", "1"), ("B", "two\nlines"), ("C", ""), ("D", "")])
def test_a_file_of_variables(key: str, value: str) -> None:
    assert envfiles.value(ENV_FILE, key) == value


@pytest.mark.parametrize("text", ["A=1", "A = '1'", "A", "='1'", "A='1", "A='1' b"])
def test_what_is_no_file_of_variables(text: str) -> None:
    with pytest.raises(ValueError, match="invalid environment variable format"):
        envfiles.value(text, "Z")


def from_file(*, volumes: list[Obj] | None = None, files: str | None = None, **source: Any) -> dict[str, str]:
    reference = {"volumeName": "v", "path": "e.env", "key": "A", **source}
    made = pod(volumes=[{"name": "v", "emptyDir": {}}] if volumes is None else volumes)
    made["metadata"]["annotations"] = {} if files is None else {envfiles.ANNOTATION: json.dumps({"v/e.env": files})}
    spec = {"name": "c", "env": [{"name": "X", "valueFrom": {"fileKeyRef": reference}}]}
    return container_environment(made, spec, Surroundings((), lambda resource, name: None))


def test_variables_of_files() -> None:
    assert from_file(files=ENV_FILE) == {"X": "1"}
    assert from_file() == {}
    assert from_file(files=ENV_FILE, key="Z", optional=True) == {}
    for fault, given in (
        ('environment variable key "Z" not found in file "/var/lib/kubelet/', {"files": ENV_FILE, "key": "Z"}),
        ("couldn't parse env file", {"files": "A"}),
        ('cannot find the volume "v" referenced by FileKeyRef', {"volumes": []}),
    ):
        with pytest.raises(ContainerConfigError, match=fault):
            from_file(**given)
