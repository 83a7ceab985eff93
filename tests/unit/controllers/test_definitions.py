"""CustomResourceDefinitions get their names, are established, and go when their objects are gone."""

from __future__ import annotations

from typing import Any

from fakekube.core.meta import Obj, condition
from tests.unit.controllers.labs import lab
from tests.unit.machinery.fakeapi import Lab

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"


async def definition(made: Lab, plural: str, kind: str, **names: Any) -> str:
    spec = {
        "group": "shop.example",
        "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List", **names},
        "scope": "Namespaced",
        "versions": [{"name": "v1", "served": True, "storage": True}],
    }
    name = f"{plural}.shop.example"
    body = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    await made.api.create(DEFINITIONS, "", {**body, "metadata": {"name": name}, "spec": spec})
    await made.settle()
    return name


def found(made: Lab, name: str) -> Obj:
    return made.api.found(DEFINITIONS, "", name).decode()


def states(obj: Obj) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in obj["status"]["conditions"]}


async def test_names_are_accepted_and_the_definition_is_established() -> None:
    made = await lab("definitions", kubelets=False)
    obj = found(made, await definition(made, "carts", "Cart"))
    assert obj["status"]["acceptedNames"]["kind"] == "Cart"
    assert states(obj) == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("True", "InitialNamesAccepted"),
    }


async def test_a_name_that_is_taken_waits_until_it_is_free() -> None:
    made = await lab("definitions", kubelets=False)
    first = await definition(made, "carts", "Cart")
    second = await definition(made, "wagons", "Wagon", shortNames=["carts"])
    assert states(found(made, second))["NamesAccepted"] == ("False", "ShortNamesConflict")
    await made.api.delete(DEFINITIONS, "", first)
    await made.settle()
    obj = found(made, second)
    assert states(obj)["Established"] == ("True", "InitialNamesAccepted")
    assert condition(obj, "NamesAccepted") is not None
