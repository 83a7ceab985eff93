"""Taking out of a merged object what the applier once stated and no longer does, if nobody else owns it."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.registry.fields import sets
from fakekube.registry.fields.extract import mentioned, named
from fakekube.registry.fields.managers import Entry, Identity, Managers
from fakekube.registry.fields.merge import remove
from fakekube.registry.fields.nodes import Record
from fakekube.registry.fields.sets import Set
from fakekube.registry.fields.versions import Versions

_DOING = "failed to prune fields: "
_BACK = "failed to convert pruned object to last applied version"


def prune(versions: Versions, merged: Obj, managers: Managers, applier: Identity, last: Entry | None) -> Obj:
    """`merged` without what `last`, the applier's former entry, has and no entry of `managers` has any more."""
    if last is None or not last.fields:
        return merged
    if last.version == versions.version and not sets.difference(last.fields, managers[applier].fields):
        return merged
    view = versions.view(merged, last.version, f"{_DOING}failed to convert merged object to last applied version")
    if view is None:
        return merged
    node, former = view
    former_fields = named(node, last.fields)
    pruned = _with_owned(versions, former, _removed(node, former, former_fields), last.version, managers)
    kept = versions.view(pruned, last.version, f"{_DOING}failed add back dangling items: {_BACK}")
    if kept is None:
        return merged
    gone = sets.difference(_all_fields(node, former), _all_fields(kept[0], kept[1]))
    result = _removed(node, former, sets.intersection(gone, former_fields))
    back = versions.view(result, versions.version, "failed to prune fields")
    assert back is not None, "a resource is served in its own version"
    return back[1]


def _removed(node: Record, obj: Obj, fields: Set) -> Obj:
    found = remove(node, obj, fields)
    return found if isinstance(found, dict) else {}


def _all_fields(node: Record, obj: Obj) -> Set:
    return named(node, mentioned(node, obj))


def _with_owned(versions: Versions, merged: Obj, pruned: Obj, version: str, managers: Managers) -> Obj:
    """`pruned` with what anybody owns put back, version by version, the one it is in first."""
    owned: dict[str, Set] = {}
    for entry in managers.values():
        owned[entry.version] = sets.union(owned.get(entry.version, {}), entry.fields)
    for each in sorted(owned, key=lambda other: (other != version, other)):
        adding = f"{_DOING}failed add back owned items: failed to convert"
        before = versions.view(merged, each, f"{adding} merged object at version {each}")
        after = versions.view(pruned, each, f"{adding} pruned object at version {each}")
        if before is None or after is None:
            continue
        node, merged = before
        pruned = after[1]
        kept = sets.union(_all_fields(node, pruned), named(node, owned[each]))
        pruned = _removed(node, merged, sets.difference(_all_fields(node, merged), kept))
    return pruned
