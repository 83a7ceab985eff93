"""The query of a request as options: parsed and judged as the real server does."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qs

from fakekube.core import errors, selectors
from fakekube.core import fielderrors as field
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from fakekube.registry.request import Request

NO_QUERY: dict[str, list[str]] = {}
VALIDATIONS = ("", "Ignore", "Strict", "Warn")
OPTIONS_KINDS = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}
MANAGER_LENGTH = 128
INT64_DIGITS = 19


@lru_cache(maxsize=4096)
def parse_query(query: bytes) -> dict[str, list[str]]:
    """The parameters of a query string; nobody changes the answer."""
    return parse_qs(query.decode("latin-1"), keep_blank_values=True) if query else NO_QUERY


def boolean(text: str) -> bool:
    """How the API reads a boolean parameter: all but 0 and false is true, the empty text too."""
    return text.lower() not in ("0", "false")


def _integer(text: str) -> int:
    body = text[1:] if text[:1] in "+-" and len(text) > 1 else text
    if not (body.isascii() and body.isdecimal()):
        message = f"strconv.ParseInt: parsing {field.go_quote(text)}: invalid syntax"
        raise errors.bad_request(message)
    if len(body.lstrip("0")) > INT64_DIGITS or abs(int(text)) >= 2**63:
        raise errors.bad_request(f"strconv.ParseInt: parsing {field.go_quote(text)}: value out of range")
    return int(text)


def read_options(request: Request, query: dict[str, list[str]]) -> None:
    """Fill in what the query says of a read."""
    request.query = query
    first = {name: values[0] for name, values in query.items()}
    if text := first.get("labelSelector"):
        try:
            request.label_selector = selectors.parse(text)
        except selectors.SelectorError as error:
            raise errors.bad_request(str(error)) from None
    if text := first.get("fieldSelector"):
        try:
            request.field_selector = selectors.parse_fields(text)
        except selectors.SelectorError as error:
            raise errors.bad_request(str(error)) from None
    request.resource_version = first.get("resourceVersion", "")
    request.resource_version_match = first.get("resourceVersionMatch", "")
    request.continue_token = first.get("continue", "")
    if text := first.get("limit"):
        request.limit = max(_integer(text), 0)
    if text := first.get("timeoutSeconds"):
        request.timeout_seconds = _integer(text) or None
    if "allowWatchBookmarks" in first:
        request.bookmarks = boolean(first["allowWatchBookmarks"])
    if "sendInitialEvents" in first:
        request.send_initial_events = boolean(first["sendInitialEvents"])


def write_options(request: Request, query: dict[str, list[str]]) -> None:
    """Fill in what the query says of a create, update or patch; 422 for what it may not say."""
    request.query = query
    if not query:
        return
    found: list[field.FieldError] = []
    if "dryRun" in query:
        found += _dry_run(request, query["dryRun"])
    if "fieldManager" in query:
        request.field_manager = query["fieldManager"][0]
        found += manager_errors(request.field_manager)
    if "fieldValidation" in query:
        request.field_validation = query["fieldValidation"][0]
        if request.field_validation not in VALIDATIONS:
            found.append(field.not_supported("fieldValidation", request.field_validation, VALIDATIONS))
    if "force" in query:
        request.force = boolean(query["force"][0])
    if found:
        raise refused(request.verb, found)


def refused(verb: str, found: list[field.FieldError]) -> StatusError:
    """422 for the options of this verb."""
    return field.invalid_object("meta.k8s.io", OPTIONS_KINDS[verb], "", found)


def _dry_run(request: Request, values: list[str]) -> list[field.FieldError]:
    request.dry_run = True
    if set(values) == {"All"}:
        return []
    return [field.not_supported("dryRun", values, ("All",))]


def manager_errors(manager: str) -> list[field.FieldError]:
    """What is wrong with a fieldManager parameter."""
    found: list[field.FieldError] = []
    if len(manager.encode()) > MANAGER_LENGTH:
        found.append(field.too_long("fieldManager", MANAGER_LENGTH))
    for index, letter in enumerate(manager):
        if not letter.isprintable():
            detail = f"invalid character U+{ord(letter):04X} (at position {index})"
            found.append(field.invalid("fieldManager", manager, detail))
            break
    return found


def delete_options(query: dict[str, list[str]], body: Obj | None) -> Obj:
    """DeleteOptions: those of the body, or if there is none those of the query."""
    if body is not None:
        return body
    found: Obj = {}
    if "gracePeriodSeconds" in query:
        found["gracePeriodSeconds"] = _integer(query["gracePeriodSeconds"][0])
    if "propagationPolicy" in query:
        found["propagationPolicy"] = query["propagationPolicy"][0]
    if "orphanDependents" in query:
        found["orphanDependents"] = boolean(query["orphanDependents"][0])
    if "dryRun" in query:
        found["dryRun"] = query["dryRun"]
    if "preconditions" in query or "uid" in query:
        found["preconditions"] = {"uid": query["uid"][0]} if "uid" in query else {}
    return found
