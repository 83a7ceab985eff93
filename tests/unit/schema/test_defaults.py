from fakekube.schema.defaults import default
from fakekube.schema.scheme import Scheme
from fakekube.schema.typed import MISSING, List, item_key, key_default


def test_stated_defaults_are_filled_in_where_nothing_was_said() -> None:
    pods = Scheme.for_version().resource("", "v1", "pods")
    assert pods is not None
    pod = {
        "spec": {
            "containers": [{"name": "a", "ports": [{"containerPort": 1}, {"containerPort": 1, "protocol": "UDP"}]}],
            "volumes": [{"name": "v", "iscsi": {}}, {"name": "e", "emptyDir": {}}],
        }
    }
    default(pods.type, pod)
    assert [port["protocol"] for port in pod["spec"]["containers"][0]["ports"]] == ["TCP", "UDP"]  # type: ignore[attr-defined]
    assert pod["spec"]["volumes"] == [
        {"name": "v", "iscsi": {"iscsiInterface": "default"}},
        {"name": "e", "emptyDir": {}},
    ]


def test_items_are_told_apart_by_keys_with_defaults() -> None:
    services = Scheme.for_version().resource("", "v1", "services")
    assert services is not None
    spec = services.type.fields["spec"].type
    ports = spec.fields["ports"].type  # type: ignore[attr-defined]
    assert isinstance(ports, List)
    assert item_key(ports, {"port": 80}) == (("port", 80), ("protocol", "TCP"))
    assert key_default(ports, "nothing") is MISSING
