"""LIST: shape and order, pages, and the versions at which a list may be read."""

from __future__ import annotations

from fakekube_conformance.case import Case
from fakekube_conformance.catalog import check
from fakekube_conformance.failures import contains, equal, holds, lacks, look
from fakekube_conformance.objects import config_map, lease

LEASES = "coordination.k8s.io/v1/leases"


def shelf(case: Case, *names: str) -> list[str]:
    """Leases of these names (of which nobody else makes any in the namespace); their resource versions."""
    made = [case.create(LEASES, lease(name, labels={"shelf": "top"})) for name in names]
    return [each["metadata"]["resourceVersion"] for each in made]


@check("A list tells its kind, and its items do not repeat theirs")
def shape(case: Case) -> None:
    shelf(case, "atlas")
    found = case.read(LEASES)
    equal("kind and apiVersion", (found["kind"], found["apiVersion"]), ("LeaseList", "coordination.k8s.io/v1"))
    lacks("the item", found["items"][0], "kind", "apiVersion")


@check("A list without items has an empty list of them, not null")
def empty(case: Case) -> None:
    found = case.read("batch/v1/cronjobs")
    equal("items", found["items"], [])
    holds("it has a resource version", int(found["metadata"]["resourceVersion"]) > 0)


@check("A list in a namespace that does not exist is empty")
def missing_namespace(case: Case) -> None:
    equal("items", case.get(f"/api/v1/namespaces/{case.unique('nowhere')}/pods").look("items"), [])


@check("Items come in the order of their names")
def order(case: Case) -> None:
    shelf(case, "novel", "atlas", "bible", "10", "9")
    equal("names", case.get(LEASES).names, ["10", "9", "atlas", "bible", "novel"])


@check("A list over all namespaces comes in the order of namespaces, then of names")
def all_namespaces(case: Case) -> None:
    run = case.unique("run")
    first, second = case.another_namespace(case.unique("a")), case.another_namespace(case.unique("b"))
    for namespace, name in ((second, "atlas"), (first, "novel"), (first, "bible")):
        case.create(f"/api/v1/namespaces/{namespace}/configmaps", config_map(name, labels={"run": run}))
    found = case.get("/api/v1/configmaps", labelSelector=f"run={run}").body["items"]
    places = [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in found]
    equal("places", places, [(first, "bible"), (first, "novel"), (second, "atlas")])


@check("The resource version of a list is at least that of its newest item")
def list_version(case: Case) -> None:
    newest = shelf(case, "atlas", "bible")[-1]
    holds("it is as new", int(case.get(LEASES).look("metadata.resourceVersion")) >= int(newest))


@check("A limit cuts a list into pages that continue where the one before ended")
def pages(case: Case) -> None:
    shelf(case, "atlas", "bible", "comic", "diary", "essay")
    seen, token = [], None
    for _ in range(3):
        page = case.get(LEASES, limit=2, continue_=token)
        seen.append(page.names)
        token = page.look("metadata.continue")
    equal("pages", seen, [["atlas", "bible"], ["comic", "diary"], ["essay"]])
    equal("token of the last page", token, None)


@check("A page tells how many items remain behind it")
def remaining(case: Case) -> None:
    shelf(case, "atlas", "bible", "comic", "diary", "essay")
    first = case.get(LEASES, limit=2)
    equal("remainingItemCount", first.look("metadata.remainingItemCount"), 3)
    second = case.get(LEASES, limit=2, continue_=first.look("metadata.continue"))
    equal("remainingItemCount of the second", second.look("metadata.remainingItemCount"), 1)


@check("A selected page does not tell how many items remain, for nobody has counted")
def remaining_unknown(case: Case) -> None:
    shelf(case, "atlas", "bible", "comic")
    page = case.get(LEASES, limit=1, labelSelector="shelf=top")
    holds("it can be continued", page.look("metadata.continue"))
    equal("remainingItemCount", page.look("metadata.remainingItemCount"), None)


@check("A list that is within its limit has neither a token nor a count")
def within_limit(case: Case) -> None:
    shelf(case, "atlas", "bible")
    lacks("metadata", case.get(LEASES, limit=2).look("metadata"), "continue", "remainingItemCount")


@check("Pages show one state: what is made or deleted between them does not show")
def consistent_pages(case: Case) -> None:
    shelf(case, "atlas", "comic", "essay")
    first = case.get(LEASES, limit=1)
    case.create(LEASES, lease("bible"))
    case.delete(f"{LEASES}/essay")
    rest = case.get(LEASES, continue_=first.look("metadata.continue"))
    equal("names of the rest", rest.names, ["comic", "essay"])
    equal("version", rest.look("metadata.resourceVersion"), first.look("metadata.resourceVersion"))


@check("A limit of zero is none")
def zero_limit(case: Case) -> None:
    shelf(case, "atlas", "bible")
    equal("names", case.get(LEASES, limit=0).names, ["atlas", "bible"])


@check("A limit that is no number is refused with BadRequest")
def odd_limit(case: Case) -> None:
    case.get(LEASES, limit="many", status=400).because("BadRequest")


@check("A token that the server did not give is refused with BadRequest")
def odd_token(case: Case) -> None:
    case.get(LEASES, continue_="Y29uZm9ybWFuY2U", status=400).because("BadRequest", "continue key is not valid")


@check("A token excludes a resource version, for it has one of its own")
def token_and_version(case: Case) -> None:
    version = shelf(case, "atlas", "bible")[0]
    token = case.get(LEASES, limit=1).look("metadata.continue")
    case.get(LEASES, continue_=token, resourceVersion=version, status=400).because("BadRequest")


@check("A list at an exact past version shows what there was at that version")
def exact_past(case: Case) -> None:
    _, version = shelf(case, "atlas", "bible")
    case.create(LEASES, lease("comic"))
    case.delete(f"{LEASES}/atlas")
    past = case.get(LEASES, resourceVersion=version, resourceVersionMatch="Exact")
    equal("names", past.names, ["atlas", "bible"])
    equal("version", past.look("metadata.resourceVersion"), version)


@check("A list not older than a version shows everything up to it")
def not_older(case: Case) -> None:
    shelf(case, "atlas")
    version = case.create(LEASES, lease("bible"))["metadata"]["resourceVersion"]
    found = case.get(LEASES, resourceVersion=version, resourceVersionMatch="NotOlderThan")
    equal("names", found.names, ["atlas", "bible"])


@check("A list at an exact version that is far in the past has expired")
def expired(case: Case) -> None:
    shelf(case, "atlas")
    answer = case.get(LEASES, resourceVersion="1", resourceVersionMatch="Exact", status=(200, 410))
    if answer.status == 410:
        answer.because("Expired", "too old")
    else:
        lacks("names at the first version", answer.names, "atlas")


@check("A list at a version that is not reached yet times out")
def future(case: Case) -> None:
    answer = case.get(LEASES, resourceVersion="8000000000000", status=504)
    answer.because("Timeout", "Too large resource version")
    equal("cause", answer.look("details.causes.0.reason"), "ResourceVersionTooLarge")


@check("resourceVersionMatch without a resource version is refused as Invalid")
def match_alone(case: Case) -> None:
    case.get(LEASES, resourceVersionMatch="NotOlderThan", status=422).blames("resourceVersionMatch")


@check("No list can be exactly at version 0, which means any")
def exact_zero(case: Case) -> None:
    answer = case.get(LEASES, resourceVersion="0", resourceVersionMatch="Exact", status=422)
    answer.blames("resourceVersionMatch", cause="FieldValueForbidden")


@check("An unknown resourceVersionMatch is refused and the known ones are told")
def unknown_match(case: Case) -> None:
    answer = case.get(LEASES, resourceVersion="7", resourceVersionMatch="Roughly", status=422)
    answer.blames("resourceVersionMatch", cause="FieldValueNotSupported")
    contains("message", answer.look("message"), '"Exact", "NotOlderThan"')


@check("A resource version of a list that is no number is refused with BadRequest")
def odd_version(case: Case) -> None:
    case.get(LEASES, resourceVersion="newest", status=400).because("BadRequest", "invalid resource version")


@check("An object that is deleted is not listed any more, one that waits for finalizers is")
def deleted(case: Case) -> None:
    shelf(case, "atlas", "bible")
    case.merge(f"{LEASES}/bible", {"metadata": {"finalizers": ["example.org/keep"]}})
    case.release_later(f"{LEASES}/bible")
    for name in ("atlas", "bible"):
        case.delete(f"{LEASES}/{name}")
    items = case.get(LEASES).body["items"]
    equal("names", [each["metadata"]["name"] for each in items], ["bible"])
    holds("it is marked", look(items[0], "metadata.deletionTimestamp"))
