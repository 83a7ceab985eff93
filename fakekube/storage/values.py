"""Key, Stored, Event: the address of an object, the object at one revision as bytes, and one write."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from sys import intern
from typing import Any, NamedTuple

import orjson

from fakekube.core.meta import Obj, controlling

VIEWS_KEPT = 2048
"""Decoded objects kept beside their bytes, over all kinds; older ones are decoded again when asked for. One takes three
times as much memory as its bytes."""


class Key(NamedTuple):
    """The address of an object: resource id ('pods', 'deployments.apps'), namespace ('' if cluster-scoped), name."""

    resource: str
    namespace: str
    name: str


class Views:
    """Remembers which Stored hold a decoded object, so that only so many do."""

    def __init__(self, kept: int = VIEWS_KEPT) -> None:
        self._kept = kept
        self._holders: deque[Stored] = deque()

    def hold(self, stored: Stored) -> None:
        """Note that `stored` holds its decoded object; the holder of longest standing lets go of its own."""
        holders = self._holders
        holders.append(stored)
        if len(holders) > self._kept:
            holders.popleft().forget()

    def retain(self, kept: Callable[[Stored], bool]) -> None:
        """Let all others go."""
        former, self._holders = self._holders, deque()
        for holder in former:
            if kept(holder):
                self._holders.append(holder)
            else:
                holder.forget()


class Stored:
    """One object at one revision. `raw` begins with kind and apiVersion and holds the resourceVersion before any
    free text. `labels` and `owners` (metadata.ownerReferences) are at hand without decoding; nobody may change them."""

    __slots__ = ("_notes", "_view", "_views", "key", "labels", "owners", "raw", "revision")

    def __init__(self, key: Key, revision: int, raw: bytes, obj: Obj, views: Views) -> None:
        self.key = key
        self.revision = revision
        self.raw = raw
        metadata = obj["metadata"]
        self.labels: dict[str, str] = metadata.get("labels") or {}
        self.owners: Sequence[Obj] = metadata.get("ownerReferences") or ()
        self._views = views
        self._view: Obj | None = obj
        self._notes: dict[str, str] | None = None
        views.hold(self)

    @property
    def controller(self) -> Obj | None:
        """The owner reference that controls the object."""
        return controlling(self.owners)

    @property
    def view(self) -> Obj:
        """The decoded object, shared by all who ask: nobody may change it."""
        found = self._view
        if found is None:
            found = self._view = orjson.loads(self.raw)
            self._views.hold(self)
        return found

    def noted(self, name: str, read: Callable[[Obj], str]) -> str:
        """What `read` finds in the object, kept under `name`: for lists that select by it, which ask every object."""
        notes = self._notes
        if notes is None:
            notes = self._notes = {}
        found = notes.get(name)
        if found is None:
            obj = self._view if self._view is not None else self.decode()  # not held: there is more to come
            found = notes[name] = intern(read(obj))
        return found

    def decode(self) -> Obj:
        """A private copy that the caller may change."""
        found: Obj = orjson.loads(self.raw)
        return found

    def forget(self) -> None:
        """Drop the decoded object; the bytes stay."""
        self._view = None


class Event:
    """One write: before is None for a creation, after is None for a removal."""

    __slots__ = ("_farewell", "after", "before", "forms", "key", "revision")

    def __init__(self, revision: int, key: Key, before: Stored | None, after: Stored | None) -> None:
        self.revision = revision
        self.key = key
        self.before = before
        self.after = after
        self._farewell: bytes | None = None
        self.forms: dict[Any, bytes] = {}  # frames made of this event, by form, shared by all its watchers

    @property
    def farewell(self) -> bytes:
        """The bytes of `before` with this event's revision: how an object that goes (or leaves a selection) is
        shown."""
        if self._farewell is None:
            assert self.before is not None, "an object that was not there has no farewell"
            self._farewell = with_revision(self.before.raw, self.before.revision, self.revision)
        return self._farewell

    def forget(self) -> None:
        """Drop what was made for watchers; it can be made again."""
        self._farewell = None
        self.forms.clear()


def with_revision(raw: bytes, old: int, new: int) -> bytes:
    """The object's bytes with another resourceVersion; the first mention is the object's own (see `encode`)."""
    return raw.replace(b'"resourceVersion":"%d"' % old, b'"resourceVersion":"%d"' % new, 1)


_FIRST = ("name", "generateName", "namespace", "uid", "resourceVersion")


def encode(obj: Obj, revision: int) -> bytes:
    """The object's bytes at this revision: kind, apiVersion and the validated parts of metadata come first."""
    metadata = obj["metadata"]
    metadata["resourceVersion"] = str(revision)
    ordered = {name: metadata[name] for name in _FIRST if name in metadata}
    ordered.update(metadata)
    obj["metadata"] = ordered
    whole = {"kind": obj["kind"], "apiVersion": obj["apiVersion"], "metadata": ordered}
    whole.update(obj)
    return bytes(memoryview(orjson.dumps(whole)))  # a copy, as orjson's own bytes keep the room that they grew into
