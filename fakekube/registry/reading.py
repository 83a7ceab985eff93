"""Get, list and watch: what a request sees of the store."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import NamedTuple

import orjson

from fakekube.core import errors, selectors
from fakekube.core import fielderrors as field
from fakekube.core.errors import StatusError
from fakekube.core.gojson import syntax_error
from fakekube.core.selectors import FieldRequirement
from fakekube.registry.backend import Backend, key_of
from fakekube.registry.request import Request
from fakekube.registry.strategy import Strategy
from fakekube.registry.versions import current
from fakekube.schema.crds import CustomResource
from fakekube.schema.resources import Resource
from fakekube.storage.store import TooOld
from fakekube.storage.values import Key, Stored
from fakekube.storage.watch import Accept, Watcher

TOKEN_VERSION = "meta.k8s.io/v1"
TOO_OLD_TOKEN = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)
TOO_OLD_LIST = "The resourceVersion for the provided list is too old."


class Listing(NamedTuple):
    """What a list answers: the objects, at one revision, and where to go on."""

    items: list[Stored]
    revision: int
    continue_token: str = ""
    remaining: int | None = None

    def metadata(self) -> bytes:
        """The ListMeta."""
        found: dict[str, object] = {"resourceVersion": str(self.revision)}
        if self.continue_token:
            found["continue"] = self.continue_token
        if self.remaining is not None:
            found["remainingItemCount"] = self.remaining
        return orjson.dumps(found)


class Watch:
    """What a watch answers: first the objects there are, if asked for, then what the watcher takes.

    `above`: events up to this revision are not told. `late`: what is left to select by, once a webhook has converted
    the objects; till then everything is let through.
    """

    __slots__ = ("above", "initial", "late", "marks_initial_end", "revision", "watcher")

    def __init__(
        self,
        watcher: Watcher,
        initial: list[Stored],
        revision: int,
        marks_initial_end: bool,
        above: int = 0,
        late: Accept | None = None,
    ) -> None:
        self.watcher = watcher
        self.initial = initial
        self.revision = revision
        self.marks_initial_end = marks_initial_end
        self.above = above
        self.late = late


Found = list[Stored]


class Reader:
    """Reads one backend's store the way a request asks."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def get(self, request: Request) -> Stored:
        """The object, or 404."""
        if request.resource_version not in ("", "0"):
            try:
                self._check_reached(parse_version(request.resource_version))
            except ValueError as error:
                raise StatusError(500, "", str(error)) from None
        stored = self._backend.store.get(key_of(request))
        if stored is None:
            raise errors.not_found(request.resource.group, request.resource.plural, request.name)
        return stored

    def list(self, request: Request) -> Listing:
        """The objects that the request selects, a page of them if it has a limit."""
        check_list_options(request)
        accept = self.accept(request)
        revision, start = self._page(request)
        namespace = request.namespace or None
        items = self._items(request, revision, start)
        shown = self._backend.store.revision if revision is None else revision
        if not request.limit:
            return Listing(items if accept is None else [one for one in items if accept(one)], shown)
        return _cut(items, accept, request, shown, namespace)

    def _items(self, request: Request, revision: int | None, start: str) -> Found:
        resource, namespace = request.resource.storage.id, request.namespace or None
        try:
            if revision is None:
                items = self._backend.store.list(resource, namespace)
            else:
                items = self._backend.store.list_at(resource, namespace, revision)
        except TooOld:
            raise self._too_old(request, start) from None
        return [stored for stored in items if _place(stored.key, namespace) >= start] if start else items

    async def prepare(self, request: Request) -> None:
        """Have a webhook convert what is to be selected by its fields; `list` may then be asked."""
        if _selects_converted(request):
            check_list_options(request)
            self.accept(request)
            await self._backend.ready(request.resource, self._items(request, *self._page(request)))

    def _page(self, request: Request) -> tuple[int | None, str]:
        """The revision to look at (None: the present one) and the place to begin at ('': the first)."""
        version, match = request.resource_version, request.resource_version_match
        if request.continue_token:
            if version not in ("", "0"):
                raise errors.bad_request("specifying resource version is not allowed when using continue")
            revision, start = _read_token(request.continue_token)
            return (None if revision < 0 else revision), start
        if version in ("", "0"):
            return None, ""
        try:
            revision = parse_version(version)
        except ValueError as error:
            raise errors.bad_request(f"invalid resource version: {error}") from None
        self._check_reached(revision)
        exact = match == "Exact" or (not match and request.limit > 0)
        return (revision if exact else None), ""

    def _check_reached(self, revision: int) -> None:
        present = self._backend.store.revision
        if revision > present:
            message = f"Too large resource version: {revision}, current: {present}"
            found = errors.details(
                "", "", "", [errors.cause("ResourceVersionTooLarge", "Too large resource version")], retryAfterSeconds=1
            )
            raise StatusError(504, "Timeout", f"Timeout: {message}", found, headers={"Retry-After": "1"})

    def _too_old(self, request: Request, start: str) -> StatusError:
        if request.continue_token:
            return errors.expired(TOO_OLD_TOKEN, _write_token(-1, start))
        return errors.expired(TOO_OLD_LIST)

    def accept(self, request: Request) -> Accept | None:
        """The request's selectors and name as a question to a stored object; None if it selects all."""
        tests: list[Accept] = []
        labels = request.label_selector
        if labels is not None and labels is not selectors.EVERYTHING:
            tests.append(lambda stored: labels.matches(stored.labels))
        if request.field_selector:
            tests += self._field_tests(request)
        if not tests:
            return None
        if len(tests) == 1:
            return tests[0]
        return lambda stored: all(test(stored) for test in tests)

    def _field_tests(self, request: Request) -> Sequence[Accept]:
        """A test for each requirement on fields."""
        fields = request.field_selector
        assert fields is not None, "asked only with a selector"
        strategy = self._backend.strategy(request.resource)
        check_field_selector(request, strategy)
        return [_field_test(request.resource, strategy, each) for each in fields.requirements]

    def watch(self, request: Request, wake: Callable[[], None]) -> Watch:
        """Follow what the request selects; TooOld is answered within the stream, so it passes through."""
        check_list_options(request)
        accept = self.accept(request)
        store, resource = self._backend.store, request.resource.storage.id
        namespace, asked = request.namespace or None, request.resource_version
        try:
            version = parse_version(asked) if asked else 0
        except ValueError as error:
            raise StatusError(500, "", str(error)) from None
        whole = request.send_initial_events
        if whole is None:
            whole = not version
        elif whole and version:
            self._check_reached(version)
        since = None if whole or not version else min(version, store.revision)
        late = accept if _selects_converted(request) else None
        accept = None if late is not None else accept
        watcher = store.watch(resource, namespace, since=since, accept=accept, wake=wake)
        initial = [one for one in store.list(resource, namespace) if accept is None or accept(one)] if whole else []
        marks = bool(request.send_initial_events) and request.bookmarks
        return Watch(watcher, initial, store.revision, marks, above=version if not whole else 0, late=late)


def _selects_converted(request: Request) -> bool:
    """Whether objects are selected by fields that only a webhook can tell."""
    fields, resource = request.field_selector, request.resource
    if fields is None or not isinstance(resource, CustomResource) or resource.conversion is None:
        return False
    return any(each.field not in ("metadata.name", "metadata.namespace") for each in fields.requirements)


def _cut(items: list[Stored], accept: Accept | None, request: Request, revision: int, namespace: str | None) -> Listing:
    page: list[Stored] = []
    for index, stored in enumerate(items):
        if accept is not None and not accept(stored):
            continue
        page.append(stored)
        if len(page) == request.limit:
            rest = items[index + 1 :]
            if not rest:
                break
            token = _write_token(revision, _place(rest[0].key, namespace))
            return Listing(page, revision, token, len(rest) if accept is None else None)
    return Listing(page, revision)


def _place(key: Key, namespace: str | None) -> str:
    """Where an object stands in the order of a list: its name, below its namespace if the list spans several."""
    return key.name if namespace is not None or not key.namespace else f"{key.namespace}/{key.name}"


def _write_token(revision: int, start: str) -> str:
    token = orjson.dumps({"v": TOKEN_VERSION, "rv": revision, "start": start})
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def _read_token(token: str) -> tuple[int, str]:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise errors.bad_request("invalid continue token: continue key is not valid: illegal base64 data") from None
    if message := syntax_error(raw):
        raise errors.bad_request(f"invalid continue token: continue key is not valid: {message}")
    found = orjson.loads(raw)
    if not isinstance(found, dict) or found.get("v") != TOKEN_VERSION:
        message = "server does not recognize this encoded version"
        raise errors.bad_request(f"invalid continue token: continue key is not valid: {message}")
    revision, start = found.get("rv"), found.get("start")
    if not isinstance(revision, int) or not revision or not isinstance(start, str) or not start:
        message = "incorrect encoded start resourceVersion (version meta.k8s.io/v1)"
        raise errors.bad_request(f"invalid continue token: continue key is not valid: {message}")
    return revision, start


def parse_version(text: str) -> int:
    """A resource version; ValueError with Go's words if it is no number."""
    if text.isascii() and text.isdecimal():
        return int(text)
    message = f"strconv.ParseUint: parsing {field.go_quote(text)}: invalid syntax"
    raise ValueError(f"resourceVersion: Invalid value: {field.go_quote(text)}: {message}")


def _field_test(resource: Resource, strategy: Strategy, requirement: FieldRequirement) -> Accept:
    """Whether an object has what is required of a field; written out, for lists ask it of every object."""
    path, value, equal = requirement.field, requirement.value, requirement.equal
    if path == "metadata.name":
        return lambda stored: (stored.key.name == value) is equal
    if path == "metadata.namespace":
        return lambda stored: (stored.key.namespace == value) is equal
    read = strategy.field_selectors[path]
    if resource.custom:
        return lambda stored: (read(current(resource, stored)) == value) is equal
    return lambda stored: (stored.noted(path, read) == value) is equal


def check_field_selector(request: Request, strategy: Strategy) -> None:
    """400 for a field that the kind cannot be selected by."""
    assert request.field_selector is not None, "asked only with a selector"
    for path in dict.fromkeys(each.field for each in request.field_selector.requirements):
        if path not in ("metadata.name", "metadata.namespace") and path not in strategy.field_selectors:
            raise errors.bad_request(strategy.unknown_field_message(request.resource, path))


_MATCH = "resourceVersionMatch"


def check_list_options(request: Request) -> None:
    """422 for options of a list or watch that exclude each other (ValidateListOptions)."""
    found = _watch_errors(request) if request.verb == "watch" else _list_errors(request)
    if found:
        raise field.invalid_object("meta.k8s.io", "ListOptions", "", found)


def _list_errors(request: Request) -> list[field.FieldError]:
    found: list[field.FieldError] = []
    match, version = request.resource_version_match, request.resource_version
    if match:
        if not version:
            found.append(field.forbidden(_MATCH, f"{_MATCH} is forbidden unless resourceVersion is provided"))
        if request.continue_token:
            found.append(field.forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided"))
        if match not in ("Exact", "NotOlderThan"):
            found.append(field.not_supported(_MATCH, match, ("Exact", "NotOlderThan", "")))
        if match == "Exact" and version == "0":
            found.append(field.forbidden(_MATCH, f'{_MATCH} "exact" is forbidden for resourceVersion "0"'))
    if request.send_initial_events is not None:
        found.append(field.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return found


def _watch_errors(request: Request) -> list[field.FieldError]:
    found: list[field.FieldError] = []
    match, initial = request.resource_version_match, request.send_initial_events
    if initial is not None and match != "NotOlderThan":
        detail = f"sendInitialEvents requires setting {_MATCH} to NotOlderThan"
        found.append(field.forbidden(_MATCH, detail))
    if match:
        if initial is None:
            detail = f"{_MATCH} is forbidden for watch unless sendInitialEvents is provided"
            found.append(field.forbidden(_MATCH, detail))
        if match != "NotOlderThan":
            found.append(field.not_supported(_MATCH, match, ("NotOlderThan",)))
        if request.continue_token:
            found.append(field.forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided"))
    return found
