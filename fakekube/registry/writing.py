"""Create and update: the generic flow of a write, from the decoded object to the commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import orjson

from fakekube.core import errors
from fakekube.core.clock import timestamp
from fakekube.core.meta import Obj
from fakekube.registry import fields
from fakekube.registry.attributes import as_admitted, attributes_of
from fakekube.registry.backend import Backend, key_of
from fakekube.registry.fields.versions import Convert, resolved
from fakekube.registry.preparing import (
    check_version,
    drop_never_given,
    drop_twin_owners,
    drops_status,
    emptied,
    empty_status,
    judge_create,
    judge_update,
    keep,
    prepare_create,
    prepare_update,
    refuse_version,
    reset,
)
from fakekube.registry.refusals import WRONG_NAMESPACE, conflict, missing_uid, other_uid, taken
from fakekube.registry.request import Outcome, Request
from fakekube.registry.strategy import Context, Strategy
from fakekube.registry.versions import current, from_storage, presented
from fakekube.schema.empties import null_empty_lists
from fakekube.storage.store import Moved
from fakekube.storage.values import Event, Key, Stored

NAME_TRIES = 8
NAME_PREFIX_LENGTH = 58
WRITE_TRIES = 5

Change = Callable[[Stored | None], Obj]
"""Makes the new object of the present one (None: there is none), in the storage version; the result is private."""


class Window(Protocol):
    """A subresource with a kind of its own: admission is shown that kind. Objects are in the version of the request."""

    def wanted(self, stored: Stored) -> tuple[Obj, Obj]:
        """What is asked for, and what is there, both of the subresource's kind."""
        ...

    def merged(self, stored: Stored, wanted: Obj) -> Obj:
        """The object with what is wanted, managedFields kept."""
        ...

    def shown(self, obj: Obj) -> Obj:
        """What the subresource shows of an object."""
        ...


class Writer:
    """The generic flow of create and update over one backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    # --- create

    async def create(self, request: Request, obj: Obj, *, owned: bool = False) -> Outcome:
        """Store a new object (in the storage version, canonical); 201 and the object, or StatusError. owned: as in
        `update`."""
        resource, backend = request.resource, self._backend
        strategy, context = backend.strategy(resource), backend.context(request)
        meta = obj["metadata"]
        drop_never_given(meta)
        drops = not owned and drops_status(request, strategy)
        if not owned:
            drop_twin_owners(request, meta, admitted=False)
            view = dict(obj)
            if drops:
                empty_status(request, view)
            await self._book(request, None, view)
        attributes = attributes_of(request, "CREATE", obj, None)
        await backend.admission.admit(attributes, context)
        obj = as_admitted(request, attributes, obj)
        if drops:
            empty_status(request, obj)
        meta = obj["metadata"]
        drop_twin_owners(request, meta, admitted=True)
        if (meta.get("namespace") or "") != request.namespace:
            raise errors.bad_request(WRONG_NAMESPACE)
        drop_never_given(meta)  # not by admission either
        meta["uid"] = backend.ids.uid()
        meta["creationTimestamp"] = timestamp(backend.clock)
        generated = bool(meta.get("generateName")) and not meta.get("name")
        if generated:
            meta["name"] = self._generated(meta["generateName"])
        attributes.name = attributes.name or meta.get("name") or ""
        if not resource.custom:
            null_empty_lists(resource.storage.type, obj)
        prepare_create(strategy, context, obj)
        judge_create(request, strategy, context, obj)
        for text in strategy.warnings(context, obj, None):
            request.warn(text)
        await backend.admission.validate(attributes, context)
        refuse_version(meta)
        return await self._store_new(request, strategy, context, obj, generated)

    def _generated(self, prefix: str) -> str:
        return prefix[:NAME_PREFIX_LENGTH] + self._backend.ids.suffix()

    async def _store_new(
        self, request: Request, strategy: Strategy, context: Context, obj: Obj, generated: bool
    ) -> Outcome:
        store, meta = self._backend.store, obj["metadata"]
        for _ in range(NAME_TRIES if generated else 1):
            key = key_of(request, meta["name"])
            there = store.get(key)
            if there is None:
                undo = strategy.allocate(context, obj, None)
                if request.dry_run:
                    if undo is not None:
                        undo()
                    return Outcome(201, from_storage(request.resource, obj))
                if request.resource.custom:
                    obj = await self._backend.stored_form(request.resource, obj)
                return Outcome(201, *await self._commit(request, key, obj, None, undo))
            if generated:
                meta["name"] = self._generated(meta["generateName"])
        raise taken(request, there, bool(meta.get("generateName")))

    # --- update

    async def update(
        self,
        request: Request,
        change: Change,
        *,
        uid: str = "",
        create_missing: bool = False,
        owned: bool = False,
        window: Window | None = None,
    ) -> Outcome:
        """Store what `change` makes of the present object; again if another write comes between and `change` named
        no version.

        uid: the object must have it. create_missing: an object that is not there is created. owned: `change` has kept
        managedFields itself (server-side apply). window: what is changed is shown as another kind.
        """
        strategy = self._backend.strategy(request.resource)
        key = key_of(request)
        for last in (False,) * (WRITE_TRIES - 1) + (True,):
            stored = self._backend.store.get(key)
            if stored is None:
                if not create_missing and (request.subresource or not strategy.create_on_update):
                    raise errors.not_found(request.resource.group, request.resource.plural, request.name)
                return await self._create_instead(request, change, uid, owned)
            if uid and uid != stored.view["metadata"]["uid"]:
                raise other_uid(request, stored, uid)
            if request.resource.custom:
                await self._backend.ready(request.resource, (stored,))
            try:
                return await self._update_once(request, strategy, stored, change, owned, window)
            except Moved as moved:
                if last:
                    raise conflict(request) from moved
        raise AssertionError("the last round returned or raised")

    async def _create_instead(self, request: Request, change: Change, uid: str, owned: bool) -> Outcome:
        if uid:
            raise missing_uid(request, uid)
        obj = change(None)
        if owned:
            obj["metadata"].pop("resourceVersion", None)
        request.verb = "create"
        return await self.create(request, obj, owned=owned)

    async def _update_once(
        self,
        request: Request,
        strategy: Strategy,
        stored: Stored,
        change: Change,
        owned: bool,
        window: Window | None,
    ) -> Outcome:
        backend, resource = self._backend, request.resource
        context = backend.context(request)
        old = current(resource, stored)
        if window is None:
            obj = await resolved(lambda: change(stored))
            if request.verb == "update":
                drop_twin_owners(request, obj["metadata"], admitted=False)
            sent = {**obj, "metadata": {**obj["metadata"]}}  # admission is shown what this path may not touch as well
            reset(request, strategy, old, obj)
            if not owned:
                await self._book(request, old, obj)
            keep(sent["metadata"], obj["metadata"], "managedFields")
            attributes = attributes_of(request, "UPDATE", sent, old)
            await backend.admission.admit(attributes, context)
            obj = as_admitted(request, attributes, sent)
            drop_twin_owners(request, obj["metadata"], admitted=True)
        else:
            wanted, present = window.wanted(stored)
            attributes = attributes_of(request, "UPDATE", wanted, present)
            await backend.admission.admit(attributes, context)
            made = attributes.obj or wanted
            obj = await resolved(lambda: window.merged(stored, made))
        reset(request, strategy, old, obj)
        check_version(request, strategy, stored, obj)
        obj["metadata"]["resourceVersion"] = str(stored.revision)
        if not resource.custom:
            null_empty_lists(resource.storage.type, obj)
        prepare_update(request, strategy, context, obj, old)
        judge_update(request, strategy, context, obj, old)
        for text in strategy.warnings(context, obj, old):
            request.warn(text)
        if window is not None:
            attributes.obj, attributes.old = window.shown(copied(obj)), window.shown(copied(old))
        await backend.admission.validate(attributes, context)
        if emptied(obj) and not strategy.lingers(obj) and not request.dry_run:
            return await self._remove(request, strategy, context, stored, obj)
        if resource.custom and not request.dry_run:
            obj = await backend.stored_form(resource, obj)
            old = stored.view  # what is stored may lack what the schema adds by now
        if obj == old and not request.dry_run:
            return Outcome(200, current(resource, stored), presented(resource, stored))
        if request.dry_run:
            return Outcome(200, from_storage(resource, obj))
        undo = strategy.allocate(context, obj, old)
        return Outcome(200, *await self._commit(request, stored.key, obj, stored.revision, undo))

    # --- shared

    async def _book(self, request: Request, old: Obj | None, obj: Obj) -> None:
        """Give the object its managedFields."""
        views = self._backend.views(request.resource)
        if request.resource.custom:
            await resolved(lambda: self._own_fields(request, old, obj, views))
        else:
            self._own_fields(request, old, obj, views)

    def _own_fields(self, request: Request, old: Obj | None, obj: Obj, views: Convert) -> None:
        manager = fields.manager_name(request.field_manager, request.user_agent)
        resource, now = request.resource, timestamp(self._backend.clock)
        if resource.custom or resource is resource.storage:
            fields.update(resource, old, obj, manager, request.subresource, now, views)
            return
        before, after = (None if each is None else from_storage(resource, copied(each)) for each in (old, obj))
        assert after is not None, "there is an object to be written"
        fields.update(resource, before, after, manager, request.subresource, now, views)
        keep(obj["metadata"], after["metadata"], "managedFields")

    async def _commit(
        self,
        request: Request,
        key: Key,
        obj: Obj,
        expected: int | None,
        undo: Callable[[], None] | None,
    ) -> tuple[Obj, bytes | None]:
        resource = request.resource
        try:
            event = await self._backend.store.commit(key, obj, expected=expected)
        except BaseException:
            if undo is not None:
                undo()
            raise
        assert event.after is not None, "an object was written"
        await follow_up(self._backend, request, event)
        if resource.custom:
            await self._backend.ready(resource, (event.after,))
            return current(resource, event.after), presented(resource, event.after)
        if resource is resource.storage:
            return event.after.view, event.after.raw
        return from_storage(resource, event.after.decode()), None

    async def _remove(
        self, request: Request, strategy: Strategy, context: Context, stored: Stored, obj: Obj
    ) -> Outcome:
        """The update took away the last thing that a deletion waited for: the object goes, and is answered as
        updated."""
        event = await self._backend.store.commit(stored.key, None, expected=stored.revision)
        strategy.release(context, obj)
        await follow_up(self._backend, request, event)
        return Outcome(200, from_storage(request.resource, obj))


async def follow_up(backend: Backend, request: Request, event: Event) -> None:
    """Let the kind make the further writes that belong to this one."""
    strategy = backend.strategy(request.resource)
    if strategy.follows_up:
        before = event.before.view if event.before is not None else None
        after = event.after.view if event.after is not None else None
        await strategy.follow_up(backend.context(request), before, after)


def copied(obj: Obj) -> Obj:
    """A private copy."""
    found: Obj = orjson.loads(orjson.dumps(obj))
    return found
