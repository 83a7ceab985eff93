"""What a reconcile decides: the changes, in order, and when to look again. Plans are values; nothing here writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, api_version_of, metadata, name_of, namespace_of, uid_of
from fakekube.storage.values import Key

Then = Callable[[Obj], Iterable["Change"]]
"""What follows a change that succeeded, given the object that was answered."""
Refused = Callable[[StatusError], "Plan | None"]
"""What is done instead of the rest of the plan when a change is refused; None: the usual (see committer)."""


class Change:
    """One write. `then` and `refused` are asked when its outcome is known."""

    __slots__ = ("refused", "then")

    def __init__(self, then: Then | None, refused: Refused | None) -> None:
        self.then = then
        self.refused = refused


class _Write(Change):
    """A write of a whole object."""

    __slots__ = ("obj", "resource", "subresource")

    def __init__(
        self,
        resource: str,
        obj: Obj,
        subresource: str = "",
        *,
        then: Then | None = None,
        refused: Refused | None = None,
    ) -> None:
        self.resource = resource
        self.obj = obj
        self.subresource = subresource
        self.then = then
        self.refused = refused


class Create(_Write):
    """Create `obj` in the namespace that its metadata names."""

    __slots__ = ()


class Update(_Write):
    """Replace an object; its resourceVersion is the precondition. `subresource` "status" and the like."""

    __slots__ = ()


def UpdateStatus(resource: str, obj: Obj, *, then: Then | None = None, refused: Refused | None = None) -> Update:
    """Replace an object's status; what else of `obj` is written is up to the kind."""
    return Update(resource, obj, "status", then=then, refused=refused)


class Patch(Change):
    """Patch an object. type: merge, json, strategic or apply; `user`: as whom, if not as the plan's."""

    __slots__ = ("body", "key", "subresource", "type", "user")

    def __init__(
        self,
        key: Key,
        body: Any,
        type: str = "strategic",
        subresource: str = "",
        user: str = "",
        *,
        then: Then | None = None,
        refused: Refused | None = None,
    ) -> None:
        self.key = key
        self.body = body
        self.type = type
        self.subresource = subresource
        self.user = user
        self.then = then
        self.refused = refused


class Delete(Change):
    """Delete an object; one that is gone already counts as done."""

    __slots__ = ("grace", "key", "propagation", "resource_version", "uid")

    def __init__(
        self,
        key: Key,
        uid: str = "",
        resource_version: str = "",
        grace: int | None = None,
        propagation: str = "",
        *,
        then: Then | None = None,
        refused: Refused | None = None,
    ) -> None:
        self.key = key
        self.uid = uid
        self.resource_version = resource_version
        self.grace = grace
        self.propagation = propagation
        self.then = then
        self.refused = refused

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


class Expire(Change):
    """Let an object go whose time is over: no admission, grace or finalizer is asked."""

    __slots__ = ("key",)

    def __init__(self, key: Key, *, then: Then | None = None, refused: Refused | None = None) -> None:
        self.key = key
        self.then = then
        self.refused = refused


class DeleteCollection(Change):
    """Delete all objects of a resource in a namespace."""

    __slots__ = ("namespace", "options", "resource")

    def __init__(
        self,
        resource: str,
        namespace: str,
        options: Obj | None = None,
        *,
        then: Then | None = None,
        refused: Refused | None = None,
    ) -> None:
        self.resource = resource
        self.namespace = namespace
        self.options = options
        self.then = then
        self.refused = refused


class Emit(Change):
    """Tell an event about `obj`, which names itself by apiVersion, kind and metadata.

    `action` makes it an event of the newer form (events.k8s.io): with eventTime and action, not aggregated by message;
    `related` is another object that it is about.
    """

    __slots__ = ("action", "message", "obj", "reason", "related", "type")

    def __init__(
        self,
        obj: Obj,
        reason: str,
        message: str,
        type: str = "Normal",
        action: str = "",
        related: Obj | None = None,
        *,
        then: Then | None = None,
        refused: Refused | None = None,
    ) -> None:
        self.obj = obj
        self.reason = reason
        self.message = message
        self.type = type
        self.action = action
        self.related = related
        self.then = then
        self.refused = refused


def bind(pod: Obj, node: str, *, then: Then | None = None, refused: Refused | None = None) -> Create:
    """Bind the pod to the node through its binding subresource."""
    meta = {"name": name_of(pod), "namespace": namespace_of(pod), "uid": uid_of(pod)}
    target = {"kind": "Node", "name": node}
    obj = {"kind": "Binding", "apiVersion": "v1", "metadata": meta, "target": target}
    return Create("pods", obj, "binding", then=then, refused=refused)


class Plan:
    """The changes in their order; `after`: seconds until the key is looked at again whatever happens.

    `user` overrides the controller's (a kubelet acts as its node). `retry`: look again with back-off, as after errors.
    """

    __slots__ = ("after", "changes", "retry", "user")

    def __init__(
        self,
        changes: list[Change] | None = None,
        after: float | None = None,
        user: str = "",
        retry: bool = False,
    ) -> None:
        self.changes: list[Change] = [] if changes is None else changes
        self.after = after
        self.user = user
        self.retry = retry

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
