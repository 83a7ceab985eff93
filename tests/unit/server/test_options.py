"""Query parameters: how they are read, and the words for those that cannot be."""

from __future__ import annotations

import pytest

from fakekube.core.errors import StatusError
from fakekube.registry.request import Request
from fakekube.schema.table import table
from fakekube.server import options

CONFIG_MAPS = next(resource for resource in table().resources if resource.plural == "configmaps")


def reading(query: str) -> Request:
    request = Request("list", CONFIG_MAPS)
    options.read_options(request, options.parse_query(query.encode()))
    return request


def writing(verb: str, query: str) -> Request:
    request = Request(verb, CONFIG_MAPS)
    options.write_options(request, options.parse_query(query.encode()))
    return request


@pytest.mark.parametrize(("text", "value"), [("", True), ("1", True), ("yes", True), ("0", False), ("False", False)])
def test_booleans(text: str, value: bool) -> None:
    assert options.boolean(text) is value


def test_a_read_as_it_is_asked_for() -> None:
    found = reading(
        "limit=5&continue=x&resourceVersion=7&resourceVersionMatch=Exact&timeoutSeconds=3&labelSelector=a%3Db"
    )
    assert (found.limit, found.continue_token, found.resource_version) == (5, "x", "7")
    assert (found.resource_version_match, found.timeout_seconds) == ("Exact", 3)
    assert found.label_selector is not None
    assert found.label_selector.matches({"a": "b"})
    assert not found.label_selector.matches({})
    watched = reading("allowWatchBookmarks=true&sendInitialEvents=false")
    assert (watched.bookmarks, watched.send_initial_events) == (True, False)
    assert (reading("").send_initial_events, reading("timeoutSeconds=0").timeout_seconds) == (None, None)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("limit=1.5", 'strconv.ParseInt: parsing "1.5": invalid syntax'),
        ("limit=99999999999999999999", 'strconv.ParseInt: parsing "99999999999999999999": value out of range'),
        ("limit=" + "9" * 5000, "value out of range"),
        ("limit=-9223372036854775809", "value out of range"),
        ("labelSelector=a%3Db%3Dc", "unable to parse requirement|found"),
        ("fieldSelector=a", "invalid selector|invalid field selector"),
    ],
)
def test_what_cannot_be_read(query: str, message: str) -> None:
    with pytest.raises(StatusError, match=message) as refusal:
        reading(query)
    assert refusal.value.code == 400


def test_a_write_as_it_is_asked_for() -> None:
    found = writing("patch", "dryRun=All&fieldManager=me&fieldValidation=Strict&force=true")
    assert (found.dry_run, found.field_manager, found.field_validation, found.force) == (True, "me", "Strict", True)


@pytest.mark.parametrize(
    ("verb", "query", "message"),
    [
        ("create", "dryRun=Some", 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value'),
        ("update", "fieldValidation=Never", 'UpdateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported'),
        ("patch", "fieldManager=" + "x" * 129, 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Too long'),
        (
            "create",
            "fieldManager=%07",
            r"invalid character U\+0007",
        ),
    ],
)
def test_a_write_that_may_not_be(verb: str, query: str, message: str) -> None:
    with pytest.raises(StatusError, match=message) as refusal:
        writing(verb, query)
    assert refusal.value.code == 422


def test_options_of_deletion() -> None:
    query = options.parse_query(b"gracePeriodSeconds=0&propagationPolicy=Orphan&dryRun=All")
    found = options.delete_options(query, None)
    assert found == {"gracePeriodSeconds": 0, "propagationPolicy": "Orphan", "dryRun": ["All"]}
    assert options.delete_options(query, {"gracePeriodSeconds": 5}) == {"gracePeriodSeconds": 5}
