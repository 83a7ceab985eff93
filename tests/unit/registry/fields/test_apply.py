"""Server-side apply: merging, giving up, conflicts, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from fakekube.core.errors import StatusError
from fakekube.registry.fields import apply, update
from fakekube.schema.decoding import decode
from fakekube.schema.resources import Resource
from fakekube.schema.typed import Field, Struct
from tests.unit.registry.fields.conftest import book, config_map, widget

T0, T1 = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"

Find = Callable[[str], Resource]


def copy(obj: Any) -> Any:
    return orjson.loads(orjson.dumps(obj))


class Object:
    """One object under several appliers and updaters."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.live: dict[str, Any] | None = None

    def canonical(self, obj: dict[str, Any]) -> dict[str, Any]:
        return copy(obj) if self.resource.custom else decode(self.resource.type, copy(obj)).value

    def apply(self, manager: str, config: dict[str, Any], *, force: bool = False, now: str = T0, path: str = "") -> Any:
        found = apply(self.resource, copy(self.live), copy(config), manager, path, force, now, self.canonical)
        self.live = copy(found)
        return self.live

    def update(self, manager: str, change: dict[str, Any], now: str = T0) -> Any:
        new = self.canonical({**(self.live or {}), **change})
        update(self.resource, self.live, new, manager, "", now)
        self.live = copy(new)
        return self.live

    @property
    def spec(self) -> Any:
        assert self.live is not None
        return self.live.get("spec")


@pytest.fixture
def maps(resource: Find) -> Object:
    return Object(resource("configmaps"))


@pytest.fixture
def custom_object(widgets: Resource) -> Object:
    return Object(widgets)


def refused(call: Callable[[], Any]) -> StatusError:
    with pytest.raises(StatusError) as error:
        call()
    return error.value


def test_what_is_no_longer_applied_goes_unless_others_own_it(maps: Object) -> None:
    maps.apply("a", config_map(x="1", y="2"))
    maps.update("u", {"data": {"x": "1", "y": "2", "z": "3"}})
    found = maps.apply("a", config_map(x="1", w="4"))
    assert found["data"] == {"x": "1", "w": "4", "z": "3"}
    assert book(found)["a", "Apply", ""] == {"f:data": {"f:w": {}, "f:x": {}}}
    maps.apply("a", config_map(z="3"))
    found = maps.apply("a", {**config_map(), "data": None})
    assert found["data"] == {"z": "3"}


def test_conflicts_name_owner_and_field_and_force_takes_over(maps: Object) -> None:
    maps.apply("a", config_map(k="1", l="1"))
    error = refused(lambda: maps.apply("b", config_map(k="2", l="2")))
    assert (error.code, error.reason) == (409, "Conflict")
    assert error.message == 'Apply failed with 2 conflicts: conflicts with "a":\n- .data.k\n- .data.l'
    assert error.details == {
        "causes": [
            {"reason": "FieldManagerConflict", "message": 'conflict with "a"', "field": f".data.{name}"}
            for name in ("k", "l")
        ]
    }
    found = maps.apply("b", config_map(k="2"), force=True)
    assert book(found) == {("a", "Apply", ""): {"f:data": {"f:l": {}}}, ("b", "Apply", ""): {"f:data": {"f:k": {}}}}
    maps.update("u", {"data": {"k": "3", "l": "1"}})
    error = refused(lambda: maps.apply("b", config_map(k="2")))
    assert error.message == 'Apply failed with 1 conflict: conflict with "u" using v1: .data.k'


def test_equal_values_are_shared_and_need_no_time(maps: Object) -> None:
    maps.apply("a", config_map(k="1"))
    found = maps.apply("b", config_map(k="1"), now=T1)
    assert [entry.get("time") for entry in found["metadata"]["managedFields"]] == [None, T0]
    found = maps.apply("b", config_map(k="1", l="2"), now=T1)
    assert [entry.get("time") for entry in found["metadata"]["managedFields"]] == [T0, T1]
    again = copy(found)
    assert maps.apply("b", config_map(l="2", k="1"), now="2026-01-01T00:00:02Z") == again


def test_what_was_there_before_the_first_apply_has_an_owner(maps: Object) -> None:
    maps.live = {**config_map(k="1", l="1"), "metadata": {"name": "a", "uid": "u"}}
    error = refused(lambda: maps.apply("a", config_map(k="2")))
    assert error.message == 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.k'
    found = maps.apply("a", config_map(k="1"))
    assert book(found)["before-first-apply", "Update", ""] == {"f:data": {".": {}, "f:k": {}, "f:l": {}}}


def test_lists_merge_as_their_type_says(custom_object: Object) -> None:
    custom_object.apply("a", widget(map=[{"name": "x", "v": 1}, {"name": "y", "v": 1}], set=["a", "b"]))
    custom_object.apply("b", widget(map=[{"name": "z", "v": 2}, {"name": "x", "w": 5}], set=["c", "b"]))
    assert custom_object.spec == {
        "map": [{"name": "z", "v": 2}, {"name": "x", "v": 1, "w": 5}, {"name": "y", "v": 1}],
        "set": ["a", "c", "b"],
    }
    custom_object.apply("a", widget(map=[{"name": "y", "v": 3}], set=["d", "a"]))
    assert custom_object.spec == {
        "map": [{"name": "z", "v": 2}, {"name": "x", "w": 5}, {"name": "y", "v": 3}],
        "set": ["d", "a", "c", "b"],
    }


def test_what_is_atomic_has_one_owner(custom_object: Object) -> None:
    custom_object.apply("a", widget(atomic=[{"name": "x"}], fixed={"k": "1"}, options={"k": "1"}))
    custom_object.apply("b", widget(options={"l": "1"}))
    error = refused(lambda: custom_object.apply("b", widget(atomic=[{"name": "y"}], fixed={"l": "1"})))
    assert [cause["field"] for cause in error.details["causes"]] == [".spec.atomic", ".spec.fixed"]
    assert custom_object.spec["options"] == {"k": "1", "l": "1"}


def test_keys_have_defaults(resource: Find) -> None:
    def template(*ports: dict[str, Any]) -> dict[str, Any]:
        spec = {"containers": [{"name": "c", "ports": list(ports)}]}
        return {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "t"}, "template": {"spec": spec}}

    templates = Object(resource("podtemplates"))
    templates.apply("a", template({"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}))
    found = templates.apply("b", template({"containerPort": 53, "protocol": "TCP", "name": "dns"}))
    assert [port.get("name") for port in found["template"]["spec"]["containers"][0]["ports"]] == ["dns", None]


def test_a_map_stays_when_all_its_keys_are_given_up_by_one_of_two(custom_object: Object) -> None:
    custom_object.apply("a", widget(any={"p": {"q": 1, "r": 2}}))
    custom_object.apply("b", widget(any={"p": {"s": 3}}))
    custom_object.apply("a", widget(size=1))
    assert custom_object.spec == {"any": {"p": {"s": 3}}, "size": 1}


def test_status_is_applied_through_its_path(custom_object: Object) -> None:
    custom_object.apply("a", widget(size=1))
    found = custom_object.apply("a", {**widget(size=9), "status": {"phase": "Up"}}, path="status", force=True)
    assert book(found)["a", "Apply", "status"] == {"f:status": {"f:phase": {}}}
    error = refused(lambda: custom_object.apply("b", {**widget(), "status": {"phase": "Down"}}, path="status"))
    assert error.message == 'Apply failed with 1 conflict: conflict with "a" with subresource "status": .status.phase'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "Secret"}, "invalid object type: /v1, Kind=Secret"),
        ({"apiVersion": "apps/v1"}, "invalid object type: apps/v1, Kind=ConfigMap"),
        ({"apiVersion": None, "kind": None}, "invalid object type: /, Kind="),
        ({"metadata": {"name": "a", "managedFields": []}}, "metadata.managedFields must be nil"),
    ],
)
def test_configurations_of_something_else_are_refused(maps: Object, change: dict[str, Any], message: str) -> None:
    error = refused(lambda: maps.apply("a", {**config_map(k="1"), **change}))
    assert (error.code, error.message) == (400, message)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"bogus": 1}, ".spec.bogus: field not declared in schema"),
        ({"size": "3"}, ".spec.size: expected numeric (int or float), got string"),
        ({"options": {"k": 5}}, ".spec.options.k: expected string, got &value.valueUnstructured{Value:5}"),
        ({"options": ["x"]}, ".spec.options: expected map, got &{[x]}"),
        ({"set": ["q", "q"]}, '.spec.set: duplicate entries for key [="q"]'),
        ({"map": {"a": "b"}}, ".spec.map: expected list, got &{map[a:b]}"),
        ({"map": [{"name": "x"}, {"name": "x"}]}, '.spec.map: duplicate entries for key [name="x"]'),
        (
            {"map": [{"v": 1}]},
            (
                '.spec.map: element 0: associative list with keys has an element that omits all key fields ["name"] '
                "(and doesn't have default values for any key fields)"
            ),
        ),
        ({"atomic": [{"v": "x"}]}, ".spec.atomic[0].v: expected numeric (int or float), got string"),
        (
            {"size": True, "options": {"k": 5}},
            (
                "errors:\n  .spec.size: expected numeric (int or float), got bool\n"
                "  .spec.options.k: expected string, got &value.valueUnstructured{Value:5}"
            ),
        ),
    ],
)
def test_configurations_that_the_type_does_not_have_are_refused(
    custom_object: Object, spec: dict[str, Any], message: str
) -> None:
    error = refused(lambda: custom_object.apply("a", widget(**spec)))
    where = "failed to create typed patch object (/w; example.com/v1, Kind=Widget): "
    assert (error.code, error.reason, error.message) == (500, "", where + message)


def test_nothing_is_applied_to_an_object_that_its_type_does_not_have_any_more(custom_object: Object) -> None:
    custom_object.live = widget(options="was text", set=["a", "a"])
    error = refused(lambda: custom_object.apply("a", widget(size=1)))
    where = "failed to create typed live object (/w; example.com/v1, Kind=Widget): "
    assert (error.code, error.message) == (500, where + ".spec.options: expected map, got &{was text}")
    custom_object.live = widget(set=["a", "a"])
    assert custom_object.apply("a", widget(size=1))["spec"] == {"size": 1, "set": ["a", "a"]}


def test_nulls_are_owned_and_left_to_the_decoder(maps: Object) -> None:
    maps.apply("a", config_map(k="1"))
    found = maps.apply("a", {**config_map(k=None), "binaryData": None})
    assert found["data"] == {"k": ""}
    assert book(found)["a", "Apply", ""] == {"f:binaryData": {}, "f:data": {"f:k": {}}}


LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def test_kubectl_takes_over_from_its_client_side_apply(maps: Object) -> None:
    last = orjson.dumps({**config_map(k="1", l="1"), "metadata": {"name": "a", "annotations": {}}}).decode()
    sent = config_map(k="1", l="1")
    sent["metadata"]["annotations"] = {LAST_APPLIED: last}
    new = maps.canonical(sent)
    update(maps.resource, None, new, "kubectl-client-side-apply", "", T0)
    maps.live = copy(new)
    assert refused(lambda: maps.apply("other", config_map(k="2", l="1"))).code == 409
    found = maps.apply("kubectl", config_map(k="2", l="1"))
    assert found["metadata"]["annotations"][LAST_APPLIED] == (
        '{"apiVersion":"v1","data":{"k":"2","l":"1"},"kind":"ConfigMap","metadata":{"name":"a"}}\n'
    )
    maps.update("u", {"data": {"k": "2", "l": "9"}})
    error = refused(lambda: maps.apply("kubectl", config_map(k="2", l="1")))
    assert [cause["field"] for cause in error.details["causes"]] == [".data.l"]


BETA = "example.com/v1beta1"


def renamed(of: Struct) -> Struct:
    """The custom type as its beta version has it: what is `size` in v1 is `width` there."""
    spec = of.fields["spec"].type
    assert isinstance(spec, Struct)
    inner = {("width" if name == "size" else name): field for name, field in spec.fields.items()}
    return Struct("", {**of.fields, "spec": Field("spec", Struct("", inner))})


def test_entries_speak_of_their_own_version(widgets: Resource) -> None:
    beta_type = renamed(widgets.type)
    beta = replace(widgets, version="v1beta1", type_source=lambda: beta_type)

    def convert(obj: dict[str, Any], version: str) -> tuple[Struct, dict[str, Any]] | None:
        if version not in (BETA, "example.com/v1"):
            return None
        names = {"size": "width"} if version == BETA else {"width": "size"}
        spec = {names.get(name, name): value for name, value in obj.get("spec", {}).items()}
        return beta_type if version == BETA else widgets.type, {**obj, "apiVersion": version, "spec": spec}

    stored = apply(widgets, None, widget(size=1), "a", "", False, T0, convert=convert)
    stored["metadata"]["managedFields"].append({**stored["metadata"]["managedFields"][0], "apiVersion": "gone/v1"})
    stored["metadata"]["managedFields"][1]["manager"] = "old"
    _, live = convert(stored, BETA) or (None, {})

    def beta_apply(manager: str, force: bool, **spec: Any) -> Any:
        return apply(beta, live, {**widget(**spec), "apiVersion": BETA}, manager, "", force, T1, convert=convert)

    error = refused(lambda: beta_apply("b", False, width=2))
    assert error.message == 'Apply failed with 1 conflict: conflict with "a": .spec.size'
    assert {version for version, _ in versions(beta_apply("b", True, width=2))} == {BETA}
    found = beta_apply("b", False, width=1)
    assert versions(found) == [("example.com/v1", "a"), (BETA, "b")]
    assert beta_apply("a", False, options={"k": "1"})["spec"] == {"options": {"k": "1"}}


def versions(obj: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((entry["apiVersion"], entry["manager"]) for entry in obj["metadata"]["managedFields"])


def test_what_became_atomic_is_owned_as_a_whole(widgets: Resource) -> None:
    live = widget(atomic=[{"name": "x"}])
    live["metadata"]["managedFields"] = [
        {
            "manager": "a",
            "operation": "Apply",
            "apiVersion": "example.com/v1",
            "time": T0,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {"f:atomic": {'k:{"name":"x"}': {".": {}, "f:name": {}}}}},
        }
    ]
    new = copy(live)
    new["spec"]["size"] = 1
    update(widgets, live, new, "u", "", T1)
    assert book(new)["a", "Apply", ""] == {"f:spec": {"f:atomic": {}}}
