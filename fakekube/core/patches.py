"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386) as the API server applies them.

That is: with the particulars of the Go library it uses (negative indices count from the end, `replace` and `copy` of a
member that is not there succeed, `null` in lists stays in a merge) and its errors, which say little. No Python library
has these particulars, so the few lines are here; the tests hold them against one where the RFC alone decides.

Objects that a patch passes through come out with their keys sorted, as they do there: messages quote the result.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import orjson

from fakekube.core.errors import StatusError, bad_request
from fakekube.core.gojson import syntax_error
from fakekube.core.meta import Obj

MAXIMUM_OPERATIONS = 10_000

_MEMBERS = ("op", "path", "from", "value")
_is_index = re.compile(r"[+-]?[0-9]+", re.ASCII).fullmatch


class PatchRefused(Exception):
    """An operation does not apply; why, in the words of the real server's library."""


class TestFailed(PatchRefused):
    """A test operation found another value."""

    __test__ = False  # no test of pytest's


def decode_json_patch(body: bytes, *, checked: bool = True) -> tuple[list[Obj], list[str]]:
    """The operations of a JSON Patch, and what a strict reading has against them.

    `checked` says that the fields are validated (fieldValidation is Warn or Strict). StatusError if it is no patch.
    """
    found = _decode(body, "error decoding patch: " if checked else "")
    prefix, name = ("error decoding patch: ", "handlers.jsonPatchOp") if checked else ("", "jsonpatch.Operation")
    if found is None:
        found = []
    if not isinstance(found, list):
        whole = f"[]{name}" if checked else "jsonpatch.Patch"
        raise bad_request(f"{prefix}json: cannot unmarshal {_kind(found)} into Go value of type {whole}")
    for operation in found:
        if operation is not None and not isinstance(operation, dict):
            raise bad_request(f"{prefix}json: cannot unmarshal {_kind(operation)} into Go value of type {name}")
        if checked and operation:
            _check_members(operation)
    if len(found) > MAXIMUM_OPERATIONS:
        told = f"The allowed maximum operations in a JSON patch is {MAXIMUM_OPERATIONS}, got {len(found)}"
        raise StatusError(413, "RequestEntityTooLarge", f"Request entity too large: {told}")
    unknown = [
        f'json patch unknown field "[{at}].{key}"'
        for at, operation in enumerate(found)
        for key in operation or ()
        if key not in _MEMBERS
    ]
    return found, unknown if checked else []


def _check_members(operation: Obj) -> None:
    for key in ("op", "path", "from"):
        value = operation.get(key)
        if value is not None and not isinstance(value, str):
            raise bad_request(
                f"error decoding patch: json: cannot unmarshal {_kind(value)}"
                f" into Go struct field jsonPatchOp.{key} of type string"
            )


def _decode(body: bytes, prefix: str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_request(prefix + (syntax_error(body) or "invalid UTF-8")) from None


def _kind(value: Any) -> str:
    """What Go calls a JSON value of this type."""
    kinds: dict[type, str] = {dict: "object", list: "array", str: "string", bool: "bool"}
    return kinds.get(type(value), "number")


def apply_json_patch(document: Any, operations: list[Obj]) -> Any:
    """The document after these operations; `document` is used up. StatusError (422) if one does not apply."""
    try:
        return patched(document, operations)
    except PatchRefused:  # why is not told: the real server does not tell it either
        message = "the server rejected our request due to an error in our request"
        raise StatusError(422, "Invalid", message, {}) from None


def patched(document: Any, operations: list[Obj]) -> Any:
    """The same for those who tell why: PatchRefused if an operation does not apply."""
    return _Patching(document).run(operations)


class _Patching:
    """A document while operations change it."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.passed: dict[int, Obj] = {id(document): document} if isinstance(document, dict) else {}

    def run(self, operations: list[Obj]) -> Any:
        for operation in operations:
            name = (operation or {}).get("op")
            apply = _OPERATIONS.get(name) if isinstance(name, str) else None
            if apply is None:
                raise PatchRefused(f"Unexpected kind: {name if isinstance(name, str) else 'unknown'}")
            apply(self, operation)
        for passed in self.passed.values():
            _sort(passed)
        return self.document

    def find(self, operation: Obj, member: str = "path") -> tuple[Any, str]:
        """The container that a path leads into, and the last part of the path."""
        path, verb = operation.get(member), operation["op"]
        if not isinstance(path, str):
            raise PatchRefused(f"{verb} operation failed to decode {member}: {MISSING}")
        *parts, key = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]] or [""]
        here = self.document if "/" in path else None
        for part in parts:
            here = _get(here, part) if _leads_on(here, part) else None
            if isinstance(here, dict):
                self.passed[id(here)] = here
        if not isinstance(here, dict | list):
            raise PatchRefused(
                f"{verb} operation does not apply: {_ABSENT[verb, member]}: {_shown(verb, path)}: {MISSING}"
            )
        return here, key

    def add(self, operation: Obj) -> None:
        with _told(f"error in add for path: '{operation.get('path')}'"):
            _add(*self.find(operation), _copy(operation.get("value")))

    def remove(self, operation: Obj) -> None:
        with _told(f"error in remove for path: '{operation.get('path')}'"):
            _remove(*self.find(operation))

    def replace(self, operation: Obj) -> None:
        value = _copy(operation.get("value"))
        if operation.get("path") == "":
            if not isinstance(value, dict | list):
                raise PatchRefused("replace operation hit impossible case")
            self.document = value
            if isinstance(value, dict):
                self.passed[id(value)] = value
            return
        container, key = self.find(operation)
        if isinstance(container, dict):
            container[key] = value
            return
        try:
            container[_index(container, key, len(container))] = value
        except _Fault:
            path = operation.get("path")
            raise PatchRefused(f"replace operation does not apply: doc is missing key: {path}: {MISSING}") from None

    def move(self, operation: Obj) -> None:
        container, key = self.find(operation, "from")
        with _told(f"error in move for path: '{key}'"):
            value = _get(container, key)
            _remove(container, key)
        with _told(f"error in move for path: '{operation.get('path')}'"):
            _add(*self.find(operation), value)

    def copy(self, operation: Obj) -> None:
        container, key = self.find(operation, "from")
        with _told(f"error in copy for from: '{operation.get('from')}'"):
            value = _copy(_get(container, key))
        with _told("error while adding value during copy"):
            _add(*self.find(operation), value)

    def test(self, operation: Obj) -> None:
        path = operation.get("path")
        if path == "":
            found = self.document
        else:
            container, key = self.find(operation)
            with _told(f"error in test for path: '{path}'"):
                found = _get(container, key)
        if orjson.dumps(found, option=orjson.OPT_SORT_KEYS) != orjson.dumps(
            operation.get("value"), option=orjson.OPT_SORT_KEYS
        ):
            raise TestFailed(f"testing {'value ' if path else 'path '}{path} failed: test failed")


MISSING = "missing value"
_ABSENT = {
    ("add", "path"): "doc is missing path",
    ("remove", "path"): "doc is missing path",
    ("replace", "path"): "doc is missing path",
    ("move", "from"): "doc is missing from path",
    ("move", "path"): "doc is missing destination path",
    ("copy", "from"): "doc is missing from path",
    ("copy", "path"): "doc is missing destination path",
    ("test", "path"): "is missing path",
}
"""What is missing if the container that an operation's path leads into is."""


def _shown(verb: str, path: str) -> str:
    """Some operations put the path in quotes."""
    return f'"{path}"' if verb in ("add", "remove") else path


class _Fault(Exception):
    """What is wrong with a key in its container."""


@contextlib.contextmanager
def _told(start: str) -> Iterator[None]:
    """Faults with keys refuse the patch, in words that begin with `start`."""
    try:
        yield
    except _Fault as fault:
        raise PatchRefused(f"{start}: {fault}") from None


def _leads_on(container: Any, part: str) -> bool:
    """Whether there is anything to look for below."""
    if isinstance(container, dict):
        return True
    if not isinstance(container, list) or not _is_index(part):
        return False
    return -len(container) <= int(part) < len(container)


_OPERATIONS = {
    "add": _Patching.add,
    "remove": _Patching.remove,
    "replace": _Patching.replace,
    "move": _Patching.move,
    "copy": _Patching.copy,
    "test": _Patching.test,
}


def _index(container: list[Any], key: str, below: int) -> int:
    """The position a key names: less than `below`, or counted from there if negative."""
    if not _is_index(key):
        shown = f'strconv.Atoi: parsing "{key}": invalid syntax'
        raise _Fault(f"value was not a proper array index: '{key}': {shown}" if below > len(container) else shown)
    position = int(key)
    if not -below <= position < below:
        raise _Fault(f"Unable to access invalid index: {position}: invalid index referenced")
    return position + below if position < 0 else position


def _get(container: Any, key: str) -> Any:
    """A member, None if an object does not have it."""
    return container.get(key) if isinstance(container, dict) else container[_index(container, key, len(container))]


def _add(container: Any, key: str, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        container.insert(_index(container, key, len(container) + 1), value)


def _remove(container: Any, key: str) -> None:
    if isinstance(container, list):
        del container[_index(container, key, len(container))]
    elif key in container:
        del container[key]
    else:
        raise _Fault(f"Unable to remove nonexistent key: {key}: {MISSING}")


def _copy(value: Any) -> Any:
    """A private copy, so that a patch can be applied again."""
    return orjson.loads(orjson.dumps(value)) if isinstance(value, dict | list) else value


def _sort(found: Obj) -> None:
    """Put the members of an object in the order of their names."""
    items = sorted(found.items())
    found.clear()
    found.update(items)


def decode_merge_patch(body: bytes, *, checked: bool = True) -> Any:
    """The patch; `checked` as above. StatusError (400) if it is no object (unchecked, a list passes)."""
    if not checked:
        found = None if syntax_error(body) else _decode(body, "")
        if isinstance(found, dict | list):
            return found
        raise bad_request("Invalid JSON Patch")
    found = _decode(body, "error decoding patch: ")
    if found is None:
        raise bad_request("Invalid JSON Patch")
    if not isinstance(found, dict):
        into = "Go value of type map[string]interface {}"
        raise bad_request(f"error decoding patch: json: cannot unmarshal {_kind(found)} into {into}")
    return found


def apply_merge_patch(document: Obj, patch: Any) -> Any:
    """The document with a merge patch applied; `document` is used up, the patch is not."""
    return _merged(document, patch) if isinstance(patch, dict) else _without_nulls(patch)


def _merged(document: Obj, patch: Obj) -> Obj:
    for key, value in patch.items():
        if value is None:
            document.pop(key, None)
            continue
        present = document.get(key)
        if not isinstance(present, dict):
            document[key] = _without_nulls(value)
        elif isinstance(value, dict):
            _merged(present, value)
        else:
            document[key] = _copy(value)
    _sort(document)
    return document


def _without_nulls(value: Any) -> Any:
    """A copy without the members that are null; a null in a list stays."""
    if isinstance(value, dict):
        return {key: _without_nulls(value[key]) for key in sorted(value) if value[key] is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
