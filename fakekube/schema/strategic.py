"""Strategic merge patch: a merge in which the type says how lists merge, and directives in the patch say the rest.

The rules, orders and errors are those of k8s.io/apimachinery/pkg/util/strategicpatch:

- `$patch: replace | delete` in an object or in an item of a list merged by key
- `$retainKeys: [...]` drops the members of the object that it does not name
- `$deleteFromPrimitiveList/x: [...]` takes values out of the list `x`
- `$setElementOrder/x: [...]` gives the list `x` its order
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, NoReturn

import orjson

from fakekube.core.errors import StatusError, bad_request
from fakekube.core.gojson import syntax_error
from fakekube.core.gotext import go_kind, go_string, go_text
from fakekube.core.meta import Obj
from fakekube.schema.typed import List, Map, Scalar, Struct, Type

PATCH, RETAIN = "$patch", "$retainKeys"
DELETE_FROM, ELEMENT_ORDER = "$deleteFromPrimitiveList", "$setElementOrder"

_LIST = "[]interface {}"
_MAP = "map[string]interface {}"


class _Meta(NamedTuple):
    """How a member merges: the type of what it holds, `replace`, `merge` or nothing, and the key of its items."""

    type: Type
    strategy: str
    merge_key: str


def decode(body: bytes) -> Obj:
    """The patch; StatusError (400) if it is no object."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_request(syntax_error(body) or "invalid UTF-8") from None
    if found is not None and not isinstance(found, dict):
        kinds = {list: "array", str: "string", bool: "bool"}
        kind = kinds.get(type(found), "number")
        raise bad_request(f"json: cannot unmarshal {kind} into Go value of type {_MAP}")
    return found or {}


def apply(document: Obj, patch: Obj, of: Type) -> Obj:
    """The document with the patch applied. Both are used up: what is left of the patch is what messages quote.

    StatusError with the real server's code (400, 422 or a bare 500) if the patch cannot be applied.
    """
    return _merge_maps(document, patch, of)


def shown(patch: Obj) -> str:
    """A patch as the message of a failed decoding quotes it."""
    return go_text(patch)


def _fail(message: str) -> NoReturn:
    """Most faults are answered with a 500 that has no reason."""
    raise StatusError(500, "", message)


def _wrong_type(expected: str, actual: Any) -> NoReturn:
    _fail(f"expected a {expected}, but received a {go_kind(actual) if actual is not None else '%!s(<nil>)'}")


def _no_key(item: Any, key: str) -> NoReturn:
    _fail(f"map: {go_text(item)} does not contain declared merge key: {key}")


def _unknown_directive(directive: Any, holder: Obj) -> NoReturn:
    _fail(f"unknown patch type: {go_string(directive)} in map: {go_text(holder)}")


def _lookup(of: Type, name: str) -> _Meta:
    """What the type says of its member `name`."""
    if isinstance(of, Map | List):
        kind = "map" if isinstance(of, Map) else "slice"
        _fail(f"merging an object in json but data type is not struct, instead is: {kind}")
    field = of.fields.get(name) if isinstance(of, Struct) else None
    if field is None:
        _fail(f'unable to find api field in struct {of.go.rpartition(".")[2]} for the json field "{name}"')
    strategies = [each for each in field.patch_strategies if each != "retainKeys"]
    return _Meta(field.type, strategies[0] if strategies else "", field.merge_key)


def _lookup_list(of: Type, name: str) -> _Meta:
    """The same for a list; the type is that of its items."""
    found = _lookup(of, name)
    if not isinstance(found.type, List):
        _fail(f"expected slice or array type, but got: {_go_kind_of(of)}")
    if isinstance(found.type.item, List):
        _fail("unexpected slice of slice")
    return found._replace(type=found.type.item)


def _go_kind_of(of: Type) -> str:
    if isinstance(of, Scalar):
        return of.kind if of.kind in ("string", "bool", "int32", "int64") else "struct"
    return "map" if isinstance(of, Map) else "struct"


def _merge_maps(original: Obj, patch: Obj, of: Type) -> Obj:
    if PATCH in patch:
        return _directed(patch[PATCH], patch)
    _retain_keys(original, patch)
    _set_element_orders(original, patch, of)
    for key, value in list(patch.items()):
        deletes = key.startswith(DELETE_FROM)
        if deletes:
            key = _list_of_directive(key, "invalid patch format of primitive list")
        if value is None:
            original.pop(key, None)
        else:
            _merge_member(original, key, value, of, deletes)
    return original


def _directed(directive: Any, patch: Obj) -> Obj:
    """What an object becomes whose patch has a directive for the whole of it."""
    if directive == "replace":
        del patch[PATCH]
        return patch
    if directive == "delete":
        return {}
    _unknown_directive(directive, patch)


def _list_of_directive(key: str, message: str) -> str:
    """'$setElementOrder/env' -> 'env'."""
    directive, slash, name = key.partition("/")
    if not slash or directive not in (DELETE_FROM, ELEMENT_ORDER):
        raise bad_request(message)
    return name


def _merge_member(original: Obj, key: str, value: Any, of: Type, deletes: bool) -> None:
    present = original.get(key)
    if key not in original or type(present) is not type(value):
        if not deletes:
            _drop_nulls(value)
            _put(original, key, value)
    elif isinstance(value, dict):
        meta = _lookup(of, key)
        original[key] = value if meta.strategy == "replace" else _merge_maps(original[key], value, meta.type)
    elif isinstance(value, list):
        original[key] = _merge_by_strategy(original[key], value, _lookup_list(of, key), deletes)
    else:
        original[key] = value


def _put(original: Obj, key: str, value: Any) -> None:
    """Take a value from the patch as it is, but for the parts that are directives."""
    kept, value = _without_directives(value)
    if kept:
        original[key] = value
    else:
        original.pop(key, None)


def _without_directives(value: Any) -> tuple[bool, Any]:
    """Whether the value stays, and what of it: objects with a directive go."""
    if isinstance(value, dict):
        if PATCH in value:
            return False, None
        for key, item in list(value.items()):
            _put(value, key, item)
    elif isinstance(value, list):
        cleaned = (_without_directives(item) for item in value)
        return True, [item for kept, item in cleaned if kept]
    return True, value


def _drop_nulls(value: Any) -> None:
    """Take null members out of objects, in lists too."""
    if isinstance(value, dict):
        for key in [key for key, item in value.items() if item is None]:
            del value[key]
        value = value.values()
    elif not isinstance(value, list):
        return
    for item in value:
        _drop_nulls(item)


def _retain_keys(original: Obj, patch: Obj) -> None:
    """Drop the members of the original that $retainKeys does not name."""
    if RETAIN not in patch:
        return
    keys = patch.pop(RETAIN)
    retained = {key for key in keys if isinstance(key, str)} if isinstance(keys, list) else None
    named = (key for key, value in patch.items() if value is not None)
    if retained is None or any(
        key not in retained and not key.startswith((DELETE_FROM, ELEMENT_ORDER)) for key in named
    ):
        raise bad_request("invalid patch format of retainKeys")
    for key in [key for key in original if key not in retained]:
        del original[key]


def _set_element_orders(original: Obj, patch: Obj, of: Type) -> None:
    """Merge the lists that have an order directive, and bring them into that order.

    What the directive names comes in its order; the rest keeps the place that it has among these.
    """
    for key in [key for key in patch if key.startswith(ELEMENT_ORDER)]:
        order = _as_list(patch.pop(key))
        name = _list_of_directive(key, "invalid patch format of setElementOrder list")
        present = _as_list(original[name]) if name in original else None
        added = _as_list(patch[name]) if name in patch else None
        meta = _lookup_list(of, name)
        _check_order(added or [], order, meta.merge_key)
        if added is not None:
            if present is not None:
                merged = _merge_by_strategy(present, added, meta, deletes=False)
            else:
                merged = _without_directives(added)[1]
        elif present is not None:
            merged = present
        else:
            continue
        named, others = _partition(merged, order, meta.merge_key)
        of_maps = _item_type(present or (), added or ()) is dict
        original[name] = _interleaved(named, others, order, present or [], meta.merge_key if of_maps else "", of_maps)
        patch.pop(name, None)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else _wrong_type(_LIST, value)


def _as_map(value: Any) -> Obj:
    return value if isinstance(value, dict) else _wrong_type(_MAP, value)


def _check_order(added: Sequence[Any], order: Sequence[Any], merge_key: str) -> None:
    """The items of the patch must be named by the order directive, and come in its order."""
    if not added or not order:
        return
    waiting = [item for item in added if _as_map(item).get(PATCH) != "delete"] if merge_key else added
    at = 0
    for wanted in order:
        while at < len(waiting) and isinstance(waiting[at], dict) and PATCH in waiting[at]:
            at += 1
        if at < len(waiting) and _same(_key_of(waiting[at], merge_key), _key_of(wanted, merge_key)):
            at += 1
    if at < len(waiting):
        _fail(f"The order in patch list:\n{go_text(added)}\n doesn't match {ELEMENT_ORDER} list:\n{go_text(order)}\n")


def _key_of(item: Any, merge_key: str) -> Any:
    """What an item is known by: its merge key, or itself."""
    if not merge_key:
        return item
    if merge_key not in _as_map(item):
        _no_key(item, merge_key)
    return item[merge_key]


def _same(one: Any, other: Any) -> bool:
    """Equal as Go's values are: 1 is neither true nor 1.0."""
    return type(one) is type(other) and bool(one == other)


def _merge_by_strategy(present: list[Any], added: list[Any], meta: _Meta, deletes: bool) -> list[Any]:
    if meta.strategy != "merge" and not deletes:
        return added
    return _merge_lists(present, added, meta, deletes)


def _merge_lists(present: list[Any], added: list[Any], meta: _Meta, deletes: bool) -> list[Any]:
    if not present and not added:
        return present
    merge_key = meta.merge_key
    of_maps = _item_type(present, added) is dict
    if not of_maps:
        if deletes:
            return [item for item in present if not _contains(added, item)]
        merged = _unique([*present, *added])
    else:
        if not merge_key:
            _fail(f"cannot merge lists without merge key for {_go_kind_of(meta.type)}")
        present, added = _special_items(present, added, merge_key)
        merged = _merge_items(present, added, meta)
    named, others = _partition(merged, added, merge_key)
    return _interleaved(named, others, added, present, merge_key, of_maps)


def _item_type(*lists: Iterable[Any]) -> type:
    """The one type of all items."""
    types = {type(item) for items in lists for item in items}
    if not types:
        _fail("no elements in any of the given slices")
    if next((type(item) for items in lists for item in items), None) is list:
        raise StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {})
    if len(types) > 1:
        _fail(f"list element types are not identical: {go_text([list(items) for items in lists])}")
    return types.pop()


def _contains(items: Iterable[Any], wanted: Any) -> bool:
    return any(_same(item, wanted) for item in items)


def _unique(items: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not _contains(found, item):
            found.append(item)
    return found


def _special_items(present: list[Any], added: list[Any], merge_key: str) -> tuple[list[Any], list[Any]]:
    """Carry out the items that are directives: the list without what they delete, and the other items."""
    plain = []
    replaces = False
    for item in added:
        if PATCH not in item:
            plain.append(item)
            continue
        match item[PATCH]:
            case "delete":
                key = _key_of(item, merge_key)
                present = [each for each in present if not _same(each.get(merge_key), key)]
            case "replace":
                replaces = True
            case "merge":
                _fail("merging lists cannot yet be specified in the patch")
            case directive:
                _unknown_directive(directive, item)
    return (plain, []) if replaces else (present, plain)


def _merge_items(present: list[Any], added: list[Any], meta: _Meta) -> list[Any]:
    """Merge each item into the first with the same key, or append it."""
    merged = list(present)
    for item in added:
        key = _key_of(item, meta.merge_key)
        for at, each in enumerate(merged):
            if _same(each.get(meta.merge_key), key) and meta.merge_key in each:
                merged[at] = _merge_maps(each, item, meta.type)
                break
        else:
            merged.append(item)
    return merged


def _partition(items: Iterable[Any], by: Sequence[Any], merge_key: str) -> tuple[list[Any], list[Any]]:
    """The items that `by` names, and the others."""
    keys = [each.get(merge_key) if isinstance(each, dict) else None for each in by] if merge_key else by
    named: list[Any] = []
    others: list[Any] = []
    for item in items:
        (named if _contains(keys, _key_of(item, merge_key)) else others).append(item)
    return named, others


def _interleaved(
    named: list[Any], others: list[Any], order: Sequence[Any], present: Sequence[Any], merge_key: str, of_maps: bool
) -> list[Any]:
    """One list of the named items, in their order, and the others, each before the first item it stood before."""
    if of_maps:
        for item in (*named, *order, *others, *present):
            _key_of(item, merge_key)

    def position(items: Sequence[Any], item: Any) -> int:
        key = item.get(merge_key) if of_maps else item
        return next((at for at, each in enumerate(items) if _same(each.get(merge_key) if of_maps else each, key)), -1)

    named = _sorted(named, [position(order, item) for item in named])
    others = _sorted(others, [position(present, item) for item in others])
    found = []
    waiting = iter(others)
    other = next(waiting, None)
    for item in named:
        here = position(present, item)
        while other is not None and 0 <= position(present, other) < here:
            found.append(other)
            other = next(waiting, None)
        found.append(item)
    if other is not None:
        found += [other, *waiting]
    return found


def _sorted(items: list[Any], positions: list[int]) -> list[Any]:
    """The items by their positions; one of none (-1) goes before all that it follows, as Go's insertion sort has it."""
    found: list[tuple[int, Any]] = []
    for position, item in zip(positions, items, strict=True):
        at = len(found)
        while at and (position < 0 or found[at - 1][0] < 0 or position < found[at - 1][0]):
            at -= 1
        found.insert(at, (position, item))
    return [item for _, item in found]
