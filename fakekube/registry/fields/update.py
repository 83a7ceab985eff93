"""Plain writes: what a create, update or patch changes belongs to its manager from now on, and to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakekube.core.meta import Obj
from fakekube.registry.fields import managers as entries
from fakekube.registry.fields import sets
from fakekube.registry.fields.compare import ABSENT
from fakekube.registry.fields.extract import reconciled
from fakekube.registry.fields.managers import UPDATE, Entry, Identity, Managers
from fakekube.registry.fields.nodes import MistypedError, UnkeyedError
from fakekube.registry.fields.resets import resets
from fakekube.registry.fields.versions import ChangesByVersion, Convert, Unconverted, Unseen, Versions

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource

_IDENTITY_FIELDS = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
)
UNOWNED = sets.of(
    [("f:apiVersion",), ("f:kind",), ("f:metadata",), *(("f:metadata", f"f:{name}") for name in _IDENTITY_FIELDS)]
)
"""Fields that identify an object or that the server alone writes: nobody owns them."""


def update(
    resource: Resource,
    old: Obj | None,
    new: Obj,
    manager: str,
    subresource: str,
    now: str,
    convert: Convert | None = None,
) -> None:
    """Set new's managedFields for a create (`old` None) or a write over the live object `old`; now: metav1.Time text.

    Both are in the resource's version, decoded and defaulted, before admission and strategy touch `new`. Unconverted
    leaves `new` as it was.
    """
    metadata = new.setdefault("metadata", {})
    sent = metadata.pop("managedFields", None)
    live = ((old or {}).get("metadata") or {}).get("managedFields")
    edited = sent is not None and sent != live
    managers = _kept(live, sent) if edited and not subresource else entries.decode(live, trusted=True)
    if old is not None:
        if not managers:
            return
        if not edited and _is_unchanged(old, new) and _all_in(managers, resource.api_version):
            metadata["managedFields"] = live
            return
    versions = Versions(resource, resets(resource, subresource), convert)
    try:
        managers = track(versions, old, new, managers, Identity.of(manager, UPDATE, versions.version, subresource), now)
    except Unseen:  # what cannot be booked: the write goes on, and nobody owns anything
        return
    except (UnkeyedError, MistypedError):
        pass  # the fields belong to whom they belonged
    except Unconverted:
        if sent is not None:
            metadata["managedFields"] = sent
        raise
    if managers:
        metadata["managedFields"] = entries.encode(managers)


def _all_in(managers: Managers, version: str) -> bool:
    return all(entry.version == version for entry in managers.values())


def _is_unchanged(old: Obj, new: Obj) -> bool:
    """Whether a write changes nothing; of `new` managedFields have been taken away."""
    before, after = old.get("metadata") or {}, new["metadata"]
    if len(old) != len(new) or len(before) - ("managedFields" in before) != len(after):
        return False
    for name, value in after.items():
        if before.get(name, ABSENT) != value:
            return False
    return all(name == "metadata" or new.get(name, ABSENT) == value for name, value in old.items())


def _kept(live: Any, sent: Any) -> Managers:
    """The entries that an edit leaves: those sent if they can be read, else the live ones; none on a reset."""
    if entries.is_reset(sent):
        return {}
    try:
        return entries.decode(sent) or entries.decode(live, trusted=True)
    except ValueError:
        return entries.decode(live, trusted=True)


def track(versions: Versions, old: Obj | None, new: Obj, managers: Managers, writer: Identity, now: str) -> Managers:
    """The entries after a plain write: everyone loses what it changes or takes away, the writer gains what it sets."""
    if versions.custom:
        managers = reconcile(versions, new, managers)
    changes = ChangesByVersion(versions, old, new)
    own = changes[versions.version]
    assert own is not None, "a resource is served in its own version"
    gained = sets.difference(own.written, UNOWNED)
    left = deprive(managers, changes, writer if gained is own.written else None)
    if gained:
        previous = left.get(writer)
        fields = sets.union(previous.fields, gained) if previous is not None else gained
        left[writer] = Entry(fields, versions.version, now)
    return entries.cap(left)


def deprive(managers: Managers, changes: ChangesByVersion, gaining: Identity | None = None) -> Managers:
    """The entries without what a write changes or takes away; entries of versions that are gone are dropped.

    `gaining`: who comes to own everything that is written, so that it need not lose it first.
    """
    left: Managers = {}
    for identity, entry in managers.items():
        found = changes[entry.version]
        if found is None:
            continue
        fields = entry.fields if identity == gaining else sets.difference(entry.fields, found.written)
        fields = sets.difference(fields, found.removed)
        if fields:
            left[identity] = entry if fields is entry.fields else Entry(fields, entry.version, entry.time)
    return left


def reconcile(versions: Versions, obj: Obj, managers: Managers) -> Managers:
    """The entries as the schemas of today have them: a custom resource's lists and maps may have become atomic."""
    found: Managers = {}
    for identity, entry in managers.items():
        view = versions.view(obj, entry.version)
        if view is not None:
            fields = reconciled(view[0], entry.fields)
            found[identity] = entry if fields is entry.fields else Entry(fields, entry.version, entry.time)
    return found
