"""Plain writes: the writer owns what it changes, others lose it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from fakekube.registry.fields import manager_name, same_but_managed, update
from fakekube.registry.fields.managers import ANCIENT, MOST_UPDATERS
from fakekube.schema.decoding import decode
from fakekube.schema.resources import Resource
from tests.unit.registry.fields.conftest import book, config_map, widget

T0, T1, T2 = (f"2026-01-01T00:00:0{second}Z" for second in range(3))

Find = Callable[[str], Resource]


def copy(obj: Any) -> Any:
    return orjson.loads(orjson.dumps(obj))


def created(resource: Resource, obj: dict[str, Any], manager: str = "m", now: str = T0) -> dict[str, Any]:
    found = decode(resource.type, obj).value if not resource.custom else copy(obj)
    update(resource, None, found, manager, "", now)
    return copy(found)


def test_create_owns_what_differs_from_nothing(resource: Find) -> None:
    pod = {
        "metadata": {"name": "p", "labels": {"a": "b"}, "finalizers": ["x.test/f"]},
        "spec": {
            "containers": [
                {"name": "c", "ports": [{"containerPort": 80, "protocol": "TCP"}], "args": ["x"], "resources": {}}
            ],
            "nodeSelector": {"a": "b"},
            "securityContext": {},
        },
        "status": {"phase": "Running"},
    }
    assert book(created(resource("pods"), pod)) == {
        ("m", "Update", ""): {
            "f:metadata": {
                "f:finalizers": {".": {}, 'v:"x.test/f"': {}},
                "f:labels": {".": {}, "f:a": {}},
            },
            "f:spec": {
                "f:containers": {
                    'k:{"name":"c"}': {
                        ".": {},
                        "f:args": {},
                        "f:name": {},
                        "f:ports": {
                            ".": {},
                            'k:{"containerPort":80,"protocol":"TCP"}': {
                                ".": {},
                                "f:containerPort": {},
                                "f:protocol": {},
                            },
                        },
                        "f:resources": {},
                    }
                },
                "f:nodeSelector": {},
                "f:securityContext": {},
            },
        }
    }


def test_what_go_writes_anyway_is_not_owned(resource: Find) -> None:
    event = {"metadata": {"name": "e"}, "involvedObject": {"kind": "Pod"}, "reason": "R"}
    assert book(created(resource("events"), event)) == {("m", "Update", ""): {"f:involvedObject": {}, "f:reason": {}}}
    assert book(created(resource("deployments.apps"), {"metadata": {"name": "d"}, "spec": {"replicas": 0}})) == {
        ("m", "Update", ""): {"f:spec": {"f:replicas": {}}}
    }


def test_an_empty_list_is_not_null(resource: Find) -> None:
    roles = resource("roles.rbac.authorization.k8s.io")
    assert book(created(roles, {"metadata": {"name": "r"}, "rules": []})) == {("m", "Update", ""): {"f:rules": {}}}
    assert book(created(roles, {"metadata": {"name": "r"}})) == {}


def test_custom_objects_start_from_nothing(widgets: Resource) -> None:
    sent = widget(map=[{"name": "x", "v": 1}], set=["b", "a"], atomic=[{"name": "y"}], any={"p": {"q": [1]}})
    assert book(created(widgets, sent)) == {
        ("m", "Update", ""): {
            "f:spec": {
                ".": {},
                "f:any": {".": {}, "f:p": {".": {}, "f:q": {}}},
                "f:atomic": {},
                "f:map": {".": {}, 'k:{"name":"x"}': {".": {}, "f:name": {}, "f:v": {}}},
                "f:set": {".": {}, 'v:"a"': {}, 'v:"b"': {}},
            }
        }
    }


def test_update_takes_from_others_what_it_changes(resource: Find) -> None:
    maps = resource("configmaps")
    old = created(maps, config_map(k="1", l="1"), "one")
    new = copy(old)
    new["data"] = {"k": "2", "m": "1"}
    update(maps, old, new, "two", "", T1)
    assert book(new) == {
        ("one", "Update", ""): {"f:data": {}},
        ("two", "Update", ""): {"f:data": {"f:k": {}, "f:m": {}}},
    }
    assert [entry["time"] for entry in new["metadata"]["managedFields"]] == [T0, T1]


def test_a_write_that_changes_nothing_leaves_the_entries(resource: Find) -> None:
    maps = resource("configmaps")
    old = created(maps, config_map(k="1"), "one")
    for sent in (old["metadata"]["managedFields"], None):
        new = copy(old)
        new["metadata"]["managedFields"] = copy(sent)
        update(maps, old, new, "two", "", T1)
        assert new == old


def test_items_with_one_key_count_as_one(resource: Find) -> None:
    templates = resource("podtemplates")

    def with_env(*values: str) -> dict[str, Any]:
        env = [{"name": "A", "value": value} for value in values]
        return {"metadata": {"name": "t"}, "template": {"spec": {"containers": [{"name": "c", "env": env}]}}}

    old = created(templates, with_env("1", "2"))
    containers = ("f:template", "f:spec", "f:containers", 'k:{"name":"c"}', "f:env")

    def owned(obj: dict[str, Any]) -> Any:
        found = book(obj)["m", "Update", ""]
        for element in containers:
            found = found[element]
        return found

    assert owned(old) == {".": {}, 'k:{"name":"A"}': {}}
    new = decode(templates.type, with_env("3")).value
    new["metadata"]["managedFields"] = old["metadata"]["managedFields"]
    update(templates, old, new, "m", "", T1)
    assert owned(new) == {".": {}, 'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}}


def test_each_path_has_entries_and_limits_of_its_own(resource: Find, widgets: Resource) -> None:
    services = resource("services")
    old = created(services, {"metadata": {"name": "s"}, "spec": {"type": "ExternalName"}})
    new = copy(old)
    new["spec"]["type"] = "ClusterIP"
    new["status"]["conditions"] = [{"type": "A"}]
    update(services, old, new, "m", "status", T1)
    assert set(book(new)) == {("m", "Update", ""), ("m", "Update", "status")}
    assert set(book(new)["m", "Update", "status"]) == {"f:status"}
    sent = {**widget(size=1), "status": {"phase": "Up"}}
    sent["metadata"]["labels"] = {"a": "b"}
    new = copy(created(widgets, sent))
    assert "f:status" not in book(new)["m", "Update", ""]
    old = copy(new)
    new["status"]["phase"], new["metadata"]["labels"] = "Down", {}
    update(widgets, old, new, "n", "status", T1)
    assert book(new)["n", "Update", "status"] == {"f:status": {"f:phase": {}}}


def test_a_resize_owns_all_that_it_sent(resource: Find) -> None:
    pods = resource("pods")
    old = created(pods, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "a"}]}})
    new = copy(old)
    new["spec"]["containers"][0].update(image="b", resources={"limits": {"cpu": "1"}})
    update(pods, old, new, "r", "resize", T1)
    assert book(new)["r", "Update", "resize"] == {
        "f:spec": {
            "f:containers": {'k:{"name":"c"}': {"f:image": {}, "f:resources": {"f:limits": {".": {}, "f:cpu": {}}}}}
        }
    }


SENT_MANY = [
    {"manager": "x", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {}}}
]


@pytest.mark.parametrize(
    ("sent", "managers"),
    [
        (None, {"one"}),
        ([], set()),
        ([{}], set()),
        ([{**SENT_MANY[0], "operation": "Wrong"}], {"one"}),
        ([{**SENT_MANY[0], "apiVersion": ""}], {"one"}),
        ([{**SENT_MANY[0], "fieldsType": ""}], {"one"}),
        ([{**SENT_MANY[0], "fieldsV1": {"data": {}}}], {"one"}),
        (SENT_MANY, {"x"}),
    ],
)
def test_clients_may_edit_the_entries(resource: Find, sent: Any, managers: set[str]) -> None:
    maps = resource("configmaps")
    old = created(maps, config_map(k="1"), "one")
    new = copy(old)
    new["metadata"]["managedFields"] = copy(sent)
    update(maps, old, new, "two", "", T1)
    assert {manager for manager, _, _ in book(new)} == managers
    through_status = copy(old)
    through_status["metadata"]["managedFields"] = copy(sent)
    update(maps, old, through_status, "two", "status", T1)
    assert {manager for manager, _, _ in book(through_status)} == {"one"}


def test_nobody_keeps_book_of_an_object_without_entries(resource: Find) -> None:
    maps = resource("configmaps")
    new = config_map(k="2")
    update(maps, config_map(k="1"), new, "m", "", T0)
    assert "managedFields" not in new["metadata"]


def test_the_oldest_updaters_become_one(resource: Find) -> None:
    maps = resource("configmaps")
    obj = created(maps, config_map(k="v"), "zero")
    for number in range(1, MOST_UPDATERS + 2):
        new = copy(obj)
        new["data"][f"k{number:02}"] = "v"
        update(maps, obj, new, f"m{number:02}", "", f"2026-01-01T00:00:{number:02}Z")
        obj = new
    found = book(obj)
    assert len(found) == MOST_UPDATERS
    ancient = found[ANCIENT, "Update", ""]
    assert ancient == {"f:data": {".": {}, "f:k": {}, "f:k01": {}, "f:k02": {}}}


def test_a_list_that_cannot_be_booked_leaves_no_entries(widgets: Resource) -> None:
    new = widget(map=[{"v": 1}])
    update(widgets, None, new, "m", "", T0)
    assert "managedFields" not in new["metadata"]


@pytest.mark.parametrize(
    "mistyped", [{"options": "text"}, {"map": "text"}, {"map": [{"v": 1}]}, {"any": {"k": 1}, "set": {"k": 1}}]
)
def test_a_value_that_is_not_of_its_type_leaves_the_entries_as_they_were(
    widgets: Resource, mistyped: dict[str, Any]
) -> None:
    old = created(widgets, widget(size=1))
    old["spec"] = {**old["spec"], **mistyped}
    new = widget(size=2, options={"k": "v"}, map=[{"name": "a"}], set=["a"])
    update(widgets, old, new, "other", "", T1)
    assert new["metadata"]["managedFields"] == old["metadata"]["managedFields"]


@pytest.mark.parametrize(
    ("field_manager", "user_agent", "name"),
    [
        ("me", "x/1", "me"),
        ("", "my-operator/v1 (linux)", "my-operator"),
        ("", "Mozilla 5.0 (X11)", "Mozilla 5.0 (X11)"),
        ("", "a\tb\u00e4/1", "ab\u00e4"),
        ("", "u" * 200, "u" * 128),
        ("", "/x", ""),
    ],
)
def test_manager_name(field_manager: str, user_agent: str, name: str) -> None:
    assert manager_name(field_manager, user_agent) == name


def test_without_a_name_the_manager_is_unknown(resource: Find) -> None:
    assert set(book(created(resource("configmaps"), config_map(k="1"), ""))) == {("unknown", "Update", "")}


def test_same_but_managed(resource: Find) -> None:
    old = created(resource("configmaps"), config_map(k="1"))
    assert same_but_managed(old, copy(old))
    later = copy(old)
    later["metadata"]["managedFields"][0]["time"] = T2
    later["metadata"]["resourceVersion"] = "5"
    assert same_but_managed(old, later)
    for change in ({"data": {"k": "2"}}, {"metadata": {**old["metadata"], "labels": {"a": "b"}}}, {"extra": 1}):
        assert not same_but_managed(old, {**old, **change})
    later["metadata"]["managedFields"][0]["manager"] = "n"
    assert not same_but_managed(old, later)
