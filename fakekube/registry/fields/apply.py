"""Server-side apply of one configuration: merge, take out what is no longer mentioned, find conflicts, keep book."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fakekube.core.errors import StatusError, bad_request
from fakekube.core.meta import Obj, name_of, namespace_of, split_api_version
from fakekube.registry.fields import conflicts, lastapplied, sets
from fakekube.registry.fields import managers as entries
from fakekube.registry.fields.conflicts import ConflictsError
from fakekube.registry.fields.extract import mentioned
from fakekube.registry.fields.managers import APPLY, BEFORE_FIRST_APPLY, UPDATE, Entry, Identity, Managers
from fakekube.registry.fields.merge import merge
from fakekube.registry.fields.nodes import UnkeyedError
from fakekube.registry.fields.prune import prune
from fakekube.registry.fields.resets import resets
from fakekube.registry.fields.update import UNOWNED, deprive, reconcile, track
from fakekube.registry.fields.validate import Fault, faults, fits, text_of
from fakekube.registry.fields.versions import ChangesByVersion, Convert, Unseen, Versions

if TYPE_CHECKING:
    from fakekube.schema.resources import Resource

Finish = Callable[[Obj], Obj]
"""A merged object to the canonical one: decoded under its type and defaulted. It may raise StatusError."""


def apply(
    resource: Resource,
    live: Obj | None,
    config: Obj,
    manager: str,
    subresource: str,
    force: bool,
    now: str,
    finish: Finish = lambda merged: merged,
    convert: Convert | None = None,
) -> Obj:
    """The object that results, with its managedFields; `live` None: there is none yet.

    `config` is the body as read, not decoded; `live` is in the resource's version, and not changed, though parts of it
    and of `config` are in the result. StatusError: 400 for a configuration of something else, 500 for one that its type
    does not have, 409 for conflicts. Where only ownership changes, entries keep their times and a new one has none.
    Unconverted: to be called again.
    """
    _check(resource, config)
    versions = Versions(resource, resets(resource, subresource), convert)
    start, managers = _start(versions, resource, live)
    if not managers and live is not None:
        writer = Identity.of(BEFORE_FIRST_APPLY, UPDATE, versions.version, subresource)
        managers = track(versions, None, start, managers, writer, now)
    applier = Identity.of(manager, APPLY, versions.version, subresource)
    _check_type(versions, config)
    if live is not None and resource.custom:
        _check_live_type(versions, start)
    result, managers = _take(_Step(versions, start, config, managers, applier, now), force)
    done = finish(result) if result is not None else dict(start)
    done["metadata"] = dict(done.get("metadata") or {})
    if managers:
        done["metadata"]["managedFields"] = entries.encode(managers)
    if manager == lastapplied.MANAGER:
        lastapplied.refresh(done, config)
    return done


def _check(resource: Resource, config: Obj) -> None:
    """The configuration must be of the kind and version that the path is of, and keep no book itself."""
    given = _kind_text(config)
    if given != f"{resource.group}/{resource.version}, Kind={resource.kind}":
        raise bad_request(f"invalid object type: {given}")
    metadata = config.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("managedFields"), list):
        raise bad_request("metadata.managedFields must be nil")


def _kind_text(config: Obj) -> str:
    """Group, version and kind as Go prints them; a part that is no text counts as absent."""
    version, kind = (part if isinstance(part, str) else "" for part in (config.get("apiVersion"), config.get("kind")))
    if version.count("/") > 1:
        return "/, Kind="
    return "{}/{}, Kind={}".format(*split_api_version(version), kind)


def _check_type(versions: Versions, config: Obj) -> None:
    if not fits(versions.node, config):
        raise _mistyped("patch", config, faults(versions.node, config))


def _check_live_type(versions: Versions, live: Obj) -> None:
    """What was stored before its definition changed may not be of the type; nothing can be applied to it then."""
    if not fits(versions.node, live):
        found = [fault for fault in faults(versions.node, live) if not fault.doubled]
        if found:
            raise _mistyped("live", live, found)


def _mistyped(role: str, obj: Obj, found: list[Fault]) -> StatusError:
    where = f"{_text(namespace_of(obj))}/{_text(name_of(obj))}; {_kind_text(obj)}"
    return StatusError(500, "", f"failed to create typed {role} object ({where}): {text_of(found)}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _start(versions: Versions, resource: Resource, live: Obj | None) -> tuple[Obj, Managers]:
    """The object to merge into, without its managedFields, and these."""
    if live is None:
        empty = {} if resource.custom else versions.node.zero_value()
        return {"kind": resource.kind, "apiVersion": resource.api_version, **empty}, {}
    metadata = dict(live.get("metadata") or {})
    managers = entries.decode(metadata.pop("managedFields", None), trusted=True)
    return {**live, "metadata": metadata}, managers


class _Step:
    """One try of an apply; it may be made twice, the second time by force."""

    def __init__(
        self, versions: Versions, live: Obj, config: Obj, managers: Managers, applier: Identity, now: str
    ) -> None:
        self.versions = versions
        self.live = live
        self.config = config
        self.managers = managers
        self.applier = applier
        self.now = now

    def take(self, force: bool) -> tuple[Obj | None, Managers]:
        """The merged object (None: no change) and the entries; ConflictsError if fields of others are in the way."""
        versions, applier, before = self.versions, self.applier, self.managers
        if versions.custom:
            before = reconcile(versions, self.live, before)
        merged = merge(versions.node, self.live, self.config)
        last = before.get(applier)
        claimed = versions.resets.filtered(mentioned(versions.node, self.config))
        managers = {**before, applier: Entry(claimed, versions.version, last.time if last else "")}
        merged = prune(versions, merged, managers, applier, last)
        own = managers.pop(applier)
        changes = ChangesByVersion(versions, self.live, merged)
        if not force:
            found = conflicts.find(managers, changes)
            if found:
                raise ConflictsError(found)
        written = merged != self.live
        return merged if written else None, self._booked(deprive(managers, changes), own, written)

    def _booked(self, others: Managers, own: Entry, written: bool) -> Managers:
        fields = sets.difference(own.fields, UNOWNED)
        if not fields:
            return others
        return {**others, self.applier: own._replace(fields=fields, time=self.now if written else own.time)}


def _take(step: _Step, force: bool) -> tuple[Obj | None, Managers]:
    """Take the step; what client-side apply left as it was, its successor may change without force."""
    try:
        return step.take(force)
    except Unseen as error:
        raise StatusError(500, "", str(error)) from None
    except ConflictsError as error:
        if step.applier.manager != lastapplied.MANAGER:
            raise conflicts.refusal(error.conflicts) from None
        allowed = lastapplied.settled_fields(step.versions.node, step.live, step.versions.version)
        left = error.conflicts if allowed is None else error.beyond(allowed)
        if left:
            raise conflicts.refusal(left) from None
        return step.take(True)
    except UnkeyedError as error:
        raise StatusError(500, "", f"failed to merge config: {error}") from None
