"""What a reconcile decides: the changes, in order, and when to look again. Plans are values; nothing here writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, api_version_of, metadata, name_of, namespace_of, uid_of
from fakekube.storage.values import Key

Then = Callable[[Obj], Iterable["Change"]]
"""What follows a change that succeeded, given the object that was answered."""
Refused = Callable[[StatusError], "Plan | None"]
"""What is done instead of the rest of the plan when a change is refused; None: the usual (see committer)."""


@dataclass(slots=True, kw_only=True)
class Change:
    """One write. `then` and `refused` are asked when its outcome is known."""

    then: Then | None = None
    refused: Refused | None = None


@dataclass(slots=True)
class Create(Change):
    """Create `obj` in the namespace that its metadata names."""

    resource: str
    obj: Obj
    subresource: str = ""


@dataclass(slots=True)
class Update(Change):
    """Replace an object; its resourceVersion is the precondition. `subresource` "status" and the like."""

    resource: str
    obj: Obj
    subresource: str = ""


def UpdateStatus(resource: str, obj: Obj, *, then: Then | None = None, refused: Refused | None = None) -> Update:
    """Replace an object's status; what else of `obj` is written is up to the kind."""
    return Update(resource, obj, "status", then=then, refused=refused)


@dataclass(slots=True)
class Patch(Change):
    """Patch an object. type: merge, json, strategic or apply; `user`: as whom, if not as the plan's."""

    key: Key
    body: Any
    type: str = "strategic"
    subresource: str = ""
    user: str = ""


@dataclass(slots=True)
class Delete(Change):
    """Delete an object; one that is gone already counts as done."""

    key: Key
    uid: str = ""
    resource_version: str = ""
    grace: int | None = None
    propagation: str = ""

    @classmethod
    def of(cls, resource: str, obj: Obj, **options: Any) -> Delete:
        """Delete this very object (its uid is the precondition)."""
        return cls(Key(resource, namespace_of(obj), name_of(obj)), uid_of(obj), **options)

    def options(self) -> Obj | None:
        """The DeleteOptions, or None if there is nothing to say."""
        preconditions = {"uid": self.uid, "resourceVersion": self.resource_version}
        preconditions = {name: value for name, value in preconditions.items() if value}
        found: Obj = {"preconditions": preconditions} if preconditions else {}
        if self.grace is not None:
            found["gracePeriodSeconds"] = self.grace
        if self.propagation:
            found["propagationPolicy"] = self.propagation
        return {"kind": "DeleteOptions", "apiVersion": "v1", **found} if found else None


@dataclass(slots=True)
class Expire(Change):
    """Let an object go whose time is over: no admission, grace or finalizer is asked."""

    key: Key


@dataclass(slots=True)
class DeleteCollection(Change):
    """Delete all objects of a resource in a namespace."""

    resource: str
    namespace: str
    options: Obj | None = None


@dataclass(slots=True)
class Emit(Change):
    """Tell an event about `obj`, which names itself by apiVersion, kind and metadata.

    `action` makes it an event of the newer form (events.k8s.io): with eventTime and action, not aggregated by message;
    `related` is another object that it is about.
    """

    obj: Obj
    reason: str
    message: str
    type: str = "Normal"
    action: str = ""
    related: Obj | None = None


def bind(pod: Obj, node: str, *, then: Then | None = None, refused: Refused | None = None) -> Create:
    """Bind the pod to the node through its binding subresource."""
    meta = {"name": name_of(pod), "namespace": namespace_of(pod), "uid": uid_of(pod)}
    target = {"kind": "Node", "name": node}
    obj = {"kind": "Binding", "apiVersion": "v1", "metadata": meta, "target": target}
    return Create("pods", obj, "binding", then=then, refused=refused)


@dataclass(slots=True)
class Plan:
    """The changes in their order; `after`: seconds until the key is looked at again whatever happens.

    `user` overrides the controller's (a kubelet acts as its node). `retry`: look again with back-off, as after errors.
    """

    changes: list[Change] = field(default_factory=list)
    after: float | None = None
    user: str = ""
    retry: bool = False

    def __bool__(self) -> bool:
        return bool(self.changes)


NOTHING = Plan()
"""The plan at the goal; shared, so never changed."""


def reference(obj: Obj) -> Obj:
    """An ObjectReference to the object, as events carry it."""
    meta = metadata(obj)
    found = {
        "kind": obj.get("kind", ""),
        "namespace": meta.get("namespace", ""),
        "name": meta.get("name", ""),
        "uid": meta.get("uid", ""),
        "apiVersion": obj.get("apiVersion", ""),
        "resourceVersion": meta.get("resourceVersion", ""),
    }
    return {name: value for name, value in found.items() if value}


def controller_reference(owner: Obj, group: str, version: str, kind: str) -> Obj:
    """The owner reference that makes `owner` the controller of an object."""
    return {
        "apiVersion": api_version_of(group, version),
        "kind": kind,
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }
