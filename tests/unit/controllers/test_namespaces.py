from fakekube.core import errors
from fakekube.core.meta import Obj
from tests.unit.controllers.labs import change, condition, lab, names, pod

MAPS = "configmaps"


def spaces(listed: list[Obj]) -> set[str]:
    return {each["metadata"]["namespace"] for each in listed}


async def test_every_namespace_has_an_account_and_the_authority_and_gets_them_back() -> None:
    made = await lab("serviceaccount", "root-ca", kubelets=False)
    await made.make("namespaces", "Namespace", "team")
    await made.settle()
    found = made.get(MAPS, "kube-root-ca.crt", "team")
    assert found is not None
    assert found["data"] == {"ca.crt": "PEM"}
    assert names(made, "serviceaccounts") == ["default"]
    await made.api.patch(MAPS, "team", "kube-root-ca.crt", {"data": {"ca.crt": "changed"}})
    await made.api.delete("serviceaccounts", "team", "default")
    await made.settle()
    found = made.get(MAPS, "kube-root-ca.crt", "team")
    assert found is not None
    assert found["data"] == {"ca.crt": "PEM"}
    assert names(made, "serviceaccounts") == ["default"]


async def test_a_deleted_namespace_is_emptied_pods_first() -> None:
    made = await lab("namespace", count=1)
    await made.make("namespaces", "Namespace", "default")
    await pod(made, "p", "node-1", metadata={"annotations": {"fakekube/stop-after": "5"}})
    await made.make(MAPS, "ConfigMap", "m")
    await made.make(MAPS, "ConfigMap", "elsewhere", "other")
    await made.settle()
    await made.api.delete("namespaces", "", "default")
    await made.settle(4)
    assert names(made, MAPS) == ["m", "elsewhere"]
    told = condition(made.get("namespaces", "default", ""), "NamespaceContentRemaining")
    assert told["status"] == "False"  # nothing is said before the pods are gone
    await made.settle(2)
    assert (names(made, MAPS), names(made, "namespaces")) == (["elsewhere"], [])


async def test_finalizers_keep_a_namespace_and_are_named() -> None:
    made = await lab("namespace", kubelets=False)
    await made.make("namespaces", "Namespace", "default")
    await made.make(MAPS, "ConfigMap", "m", metadata={"finalizers": ["test/hold"]})
    await made.api.delete("namespaces", "", "default")
    await made.settle()
    held = made.get("namespaces", "default", "")
    assert condition(held, "NamespaceFinalizersRemaining")["message"] == (
        "Some content in the namespace has finalizers remaining: test/hold in 1 resource instances"
    )
    await change(made, MAPS, "m", {"metadata": {"finalizers": None}})
    await made.settle()
    assert names(made, "namespaces") == []


async def test_pods_that_do_not_stop_in_time_are_told_of() -> None:
    made = await lab("namespace", kubelets=False)
    await made.make("namespaces", "Namespace", "default")
    await pod(made, "p", "nowhere")
    await made.api.delete("namespaces", "", "default")
    await made.settle(29)
    kind = "NamespaceDeletionContentFailure"
    assert condition(made.get("namespaces", "default", ""), kind)["status"] == "False"
    await made.settle(2)
    assert condition(made.get("namespaces", "default", ""), kind)["message"] == (
        "Failed to delete all resource types, 1 remaining: "
        "unexpected items still remain in namespace: default for gvr: /v1, Resource=pods"
    )


async def test_what_may_not_be_deleted_is_told_of_and_keeps_nothing_else() -> None:
    made = await lab("namespace", kubelets=False)
    await made.make("namespaces", "Namespace", "default")
    await made.make(MAPS, "ConfigMap", "m")
    await made.make("services", "Service", "s")
    made.api.keep["m"] = errors.StatusError(403, "Forbidden", "not this one")
    await made.api.delete("namespaces", "", "default")
    await made.settle(1)
    assert (names(made, MAPS), names(made, "services")) == (["m"], [])
    found = condition(made.get("namespaces", "default", ""), "NamespaceDeletionContentFailure")
    assert (found["status"], found["reason"]) == ("True", "ContentDeletionFailed")
    assert found["message"] == "Failed to delete all resource types, 1 remaining: not this one"
    made.api.keep.clear()
    await made.settle(60)
    assert names(made, "namespaces") == []
