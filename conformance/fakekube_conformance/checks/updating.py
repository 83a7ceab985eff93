"""PUT: optimistic locking, what cannot change, and writes that change nothing."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, different, equal, holds, look
from fakekube_conformance.objects import Obj, config_map, lease, secret

LEASES = "coordination.k8s.io/v1/leases"
OTHER_UID = "99999999-8888-4777-8666-555555555555"


def version(obj: Obj) -> str:
    found: str = obj["metadata"]["resourceVersion"]
    return found


@check("An update replaces the whole object: what it leaves out is gone")
def replaces(case: Case) -> None:
    made = case.create("configmaps", config_map("menu", {"soup": "leek", "main": "pie"}, labels={"day": "one"}))
    made["data"] = {"soup": "onion"}
    del made["metadata"]["labels"]
    answered = case.put("configmaps/menu", made).body
    equal("data", answered["data"], {"soup": "onion"})
    equal("labels", look(answered, "metadata.labels"), None)


@check("A stale resource version on update is refused with Conflict")
def stale(case: Case) -> None:
    made = case.create("configmaps", config_map("menu", {"soup": "leek"}))
    case.put("configmaps/menu", made | {"data": {"soup": "onion"}})
    answer = case.put("configmaps/menu", made | {"data": {"soup": "tomato"}}, status=409)
    answer.because("Conflict", 'Operation cannot be fulfilled on configmaps "menu": the object has been modified')
    equal("what is stored", case.get("configmaps/menu").look("data.soup"), "onion")


@check("An update without a resource version overwrites whatever is there")
def unconditional(case: Case) -> None:
    case.create("configmaps", config_map("menu", {"soup": "leek"}))
    case.merge("configmaps/menu", {"data": {"soup": "onion"}})
    equal("data", case.put("configmaps/menu", config_map("menu", {"soup": "tomato"})).look("data.soup"), "tomato")


@check("Leases cannot be updated without a resource version")
def conditional_only(case: Case) -> None:
    case.create(LEASES, lease("shift", "ann"))
    case.put(f"{LEASES}/shift", lease("shift", "bob"), status=422).blames("metadata.resourceVersion")


@check("An update gives the object a new resource version and keeps uid and creation time")
def identity_stays(case: Case) -> None:
    before = case.create("configmaps", config_map("menu", {"soup": "leek"}))
    after = case.put("configmaps/menu", before | {"data": {"soup": "onion"}}).body
    holds("the resource version grew", int(version(after)) > int(version(before)))
    for field in ("uid", "creationTimestamp"):
        equal(f"metadata.{field}", after["metadata"][field], before["metadata"][field])


@check("Writing back what was read is no change, and makes no new resource version")
def no_change(case: Case) -> None:
    made = case.create("configmaps", config_map("menu", {"soup": "leek"}))
    equal("resource version", version(case.put("configmaps/menu", made).body), version(made))
    equal(
        "without a version",
        version(case.put("configmaps/menu", config_map("menu", {"soup": "leek"})).body),
        version(made),
    )


@check("An update of a kind that is not made by updates is NotFound where there is no object")
def update_does_not_create(case: Case) -> None:
    answer = case.put("configmaps/menu", config_map("menu"), status=404)
    answer.because("NotFound", 'configmaps "menu" not found')


@check("An update of a kind that may be made by updates creates it with 201")
def update_creates(case: Case) -> None:
    equal("holder", case.put(f"{LEASES}/shift", lease("shift", "ann"), status=201).look("spec.holderIdentity"), "ann")


@check("An update of another uid is a Conflict: the object was deleted and made again")
def other_uid(case: Case) -> None:
    case.create("configmaps", config_map("menu"))
    answer = case.put("configmaps/menu", config_map("menu", uid=OTHER_UID), status=409)
    answer.because("Conflict", "Precondition failed: UID in precondition")


@check("The name in the body of an update must be the path's")
def other_name(case: Case) -> None:
    case.create("configmaps", config_map("menu"))
    answer = case.put("configmaps/menu", config_map("card"), status=400)
    answer.because("BadRequest", "the name of the object (card) does not match the name on the URL (menu)")


@check("An update whose body has no name is refused with BadRequest")
def no_name(case: Case) -> None:
    case.create("configmaps", config_map("menu"))
    case.put("configmaps/menu", {"data": {}}, status=400).because("BadRequest", "name must be provided")


@check("A creation time that an update brings is passed over")
def creation_time_is_kept(case: Case) -> None:
    made = case.create("configmaps", config_map("menu"))
    body = config_map("menu", {"a": "b"}, creationTimestamp="1999-12-31T23:59:59Z")
    after = case.put("configmaps/menu", body).look("metadata.creationTimestamp")
    equal("metadata.creationTimestamp", after, made["metadata"]["creationTimestamp"])


@check("A deletion time cannot be given to an object by an update")
def deletion_time(case: Case) -> None:
    case.create("configmaps", config_map("menu"))
    body = config_map("menu", deletionTimestamp="1999-12-31T23:59:59Z")
    case.put("configmaps/menu", body, status=422).blames("metadata.deletionTimestamp")


@check("An immutable ConfigMap takes new labels, but no new data")
def immutable_config_map(case: Case) -> None:
    case.create("configmaps", config_map("menu", {"soup": "leek"}) | {"immutable": True})
    case.merge("configmaps/menu", {"metadata": {"labels": {"season": "winter"}}})
    case.merge("configmaps/menu", {"data": {"soup": "onion"}}, status=422).blames("data", cause="FieldValueForbidden")
    case.merge("configmaps/menu", {"immutable": False}, status=422).blames("immutable")


@check("The type of a Secret cannot change")
def secret_type(case: Case) -> None:
    case.create("secrets", secret("key"))
    case.merge("secrets/key", {"type": "example.org/other"}, status=422).blames("type", cause="FieldValueInvalid")


@check("stringData of a Secret is written into data and never read back")
def string_data(case: Case) -> None:
    made = case.create("secrets", secret("key", {"user": "ann"}) | {"data": {"user": "eA==", "city": "UGFyaXM="}})
    equal("data", made["data"], {"user": "YW5u", "city": "UGFyaXM="})
    equal("stringData", case.get("secrets/key").look("stringData"), None)


@check("Of two concurrent updates from one version exactly one is done")
def race(case: Case) -> None:
    made = case.create("configmaps", config_map("menu", {"n": "0"}))
    answers = [case.put("configmaps/menu", made | {"data": {"n": str(n)}}, status=(200, 409)) for n in (1, 2, 3)]
    equal("statuses", sorted(each.status for each in answers), [200, 409, 409])


@check("A resource version that is no number is refused, not taken for none")
def odd_version(case: Case) -> None:
    case.create("configmaps", config_map("menu"))
    answer = case.put("configmaps/menu", config_map("menu", resourceVersion="latest"), status=500)
    contains("message", answer.look("message"), "invalid syntax")


@check("An object that is deleted and made again under its name has another uid")
def new_life(case: Case) -> None:
    first = case.create("configmaps", config_map("menu"))
    case.delete("configmaps/menu")
    different(
        "metadata.uid", case.create("configmaps", config_map("menu"))["metadata"]["uid"], first["metadata"]["uid"]
    )
