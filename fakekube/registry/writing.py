"""Create and update: the generic flow of a write, from the decoded object to the commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import orjson

from fakekube.admission.chain import Attributes
from fakekube.core import errors
from fakekube.core.clock import timestamp
from fakekube.core.errors import StatusError
from fakekube.core.fielderrors import FieldError, go_quote, invalid, invalid_object
from fakekube.core.meta import Obj
from fakekube.registry import fields, objectmeta
from fakekube.registry.backend import Backend, key_of
from fakekube.registry.fields.versions import Convert, resolved
from fakekube.registry.request import Outcome, Request
from fakekube.registry.strategy import Context, Strategy
from fakekube.registry.versions import current, from_storage, presented
from fakekube.schema.decoding import encode_zero
from fakekube.schema.empties import null_empty_lists
from fakekube.storage.store import Moved
from fakekube.storage.values import Event, Key, Stored

NAME_TRIES = 8
NAME_PREFIX_LENGTH = 58
WRITE_TRIES = 5
WRONG_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"
UNREADABLE = (
    ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating "
    "admission controller; please fix your requests"
)
NEVER_GIVEN = ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")
"""What nobody can give a new object's metadata."""

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
        for name in NEVER_GIVEN:
            meta.pop(name, None)
        drops_status = not owned and self._drops_status(request, strategy)
        if not owned:
            view = dict(obj)
            if drops_status:
                _empty_status(request, view)
            await self._book(request, None, view)
        attributes = attributes_of(request, "CREATE", obj, None)
        await backend.admission.admit(attributes, context)
        obj = _as_admitted(request, attributes, obj)
        if drops_status:
            _empty_status(request, obj)
        meta = obj["metadata"]
        if (meta.get("namespace") or "") != request.namespace:
            raise errors.bad_request(WRONG_NAMESPACE)
        for name in NEVER_GIVEN:  # not by admission either
            meta.pop(name, None)
        meta["uid"] = backend.ids.uid()
        meta["creationTimestamp"] = timestamp(backend.clock)
        generated = bool(meta.get("generateName")) and not meta.get("name")
        if generated:
            meta["name"] = self._generated(meta["generateName"])
        if not resource.custom:
            null_empty_lists(resource.storage.type, obj)
        self._prepare_create(strategy, context, obj)
        self._judge_create(request, strategy, context, obj)
        for text in strategy.warnings(context, obj, None):
            request.warn(text)
        await backend.admission.validate(attributes, context)
        self._refuse_version(meta)
        return await self._store_new(request, strategy, context, obj, generated)

    def _prepare_create(self, strategy: Strategy, context: Context, obj: Obj) -> None:
        if strategy.generation_fields is not None:
            obj["metadata"]["generation"] = 1
        strategy.prepare_for_create(context, obj)

    def _generated(self, prefix: str) -> str:
        return prefix[:NAME_PREFIX_LENGTH] + self._backend.ids.suffix()

    def _judge_create(self, request: Request, strategy: Strategy, context: Context, obj: Obj) -> None:
        resource = request.resource
        found = objectmeta.validate_create(resource, strategy, obj["metadata"])
        found += strategy.validate_create(context, obj)
        found = found or objectmeta.path_segment_errors(obj["metadata"])
        if found:
            raise invalid_object(resource.group, resource.kind, obj["metadata"].get("name") or "", found)

    @staticmethod
    def _refuse_version(meta: Obj) -> None:
        version = meta.pop("resourceVersion", "")
        if version.isdecimal() and int(version):
            raise StatusError(500, "", "resourceVersion should not be set on objects to be created")

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
        raise self._taken(request, there, bool(meta.get("generateName")))

    def _taken(self, request: Request, there: Stored | None, prefixed: bool) -> StatusError:
        resource = request.resource
        assert there is not None, "the name is taken"
        found = errors.already_exists(resource.group, resource.plural, there.key.name)
        if there.view["metadata"].get("deletionTimestamp"):
            found = StatusError(409, "AlreadyExists", f"object is being deleted: {found.message}", found.details)
        elif prefixed:
            message = f"{found.message}, the server was not able to generate a unique name for the object"
            details = {**(found.details or {}), "retryAfterSeconds": 1}
            found = StatusError(409, "AlreadyExists", message, details, headers={"Retry-After": "1"})
        return found

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
                raise self._other_uid(request, stored, uid)
            if request.resource.custom:
                await self._backend.ready(request.resource, (stored,))
            try:
                return await self._update_once(request, strategy, stored, change, owned, window)
            except Moved as moved:
                if last:
                    raise self._conflict(request) from moved
        raise AssertionError("the last round returned or raised")

    async def _create_instead(self, request: Request, change: Change, uid: str, owned: bool) -> Outcome:
        if uid:
            raise self._missing_uid(request, uid)
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
            sent = {**obj, "metadata": {**obj["metadata"]}}  # admission is shown what this path may not touch as well
            self._reset(request, strategy, old, obj)
            if not owned:
                await self._book(request, old, obj)
            _keep(sent["metadata"], obj["metadata"], "managedFields")
            attributes = attributes_of(request, "UPDATE", sent, old)
            await backend.admission.admit(attributes, context)
            obj = _as_admitted(request, attributes, sent)
        else:
            wanted, present = window.wanted(stored)
            attributes = attributes_of(request, "UPDATE", wanted, present)
            await backend.admission.admit(attributes, context)
            made = attributes.obj or wanted
            obj = await resolved(lambda: window.merged(stored, made))
        self._reset(request, strategy, old, obj)
        self._check_version(request, strategy, stored, obj)
        if not resource.custom:
            null_empty_lists(resource.storage.type, obj)
        self._prepare_update(request, strategy, context, obj, old)
        self._judge_update(request, strategy, context, obj, old)
        for text in strategy.warnings(context, obj, old):
            request.warn(text)
        if window is not None:
            attributes.obj = window.shown(copied(obj))
        await backend.admission.validate(attributes, context)
        if _emptied(obj) and not strategy.lingers(obj) and not request.dry_run:
            return await self._remove(request, strategy, context, stored, obj)
        obj["metadata"]["resourceVersion"] = str(stored.revision)
        if resource.custom and not request.dry_run:
            obj = await backend.stored_form(resource, obj)
            old = stored.view  # what is stored may lack what the schema adds by now
        if obj == old and not request.dry_run:
            return Outcome(200, current(resource, stored), presented(resource, stored))
        if request.dry_run:
            return Outcome(200, from_storage(resource, obj))
        undo = strategy.allocate(context, obj, old)
        return Outcome(200, *await self._commit(request, stored.key, obj, stored.revision, undo))

    def _reset(self, request: Request, strategy: Strategy, old: Obj, obj: Obj) -> None:
        """Take from `old` what a write through this path may not touch."""
        meta, then = obj["metadata"], old["metadata"]
        if request.subresource == "status":
            for name in [name for name in obj if name not in ("metadata", "status", "kind", "apiVersion")]:
                if name not in old:
                    del obj[name]
            obj.update({name: value for name, value in old.items() if name not in ("metadata", "status")})
            for name in strategy.status_keeps:
                _keep(meta, then, name)
        elif strategy.has_status and "status" in request.resource.subresources and not request.subresource:
            _keep(obj, old, "status")

    def _check_version(self, request: Request, strategy: Strategy, stored: Stored, obj: Obj) -> None:
        version = obj["metadata"].get("resourceVersion") or ""
        if version in ("", "0"):
            if strategy.unconditional_update or request.subresource:
                return
            resource = request.resource
            found = invalid("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid_object(resource.group, resource.plural, request.name, [found])
        if not version.isdecimal():
            raise StatusError(500, "", f"strconv.ParseUint: parsing {go_quote(version)}: invalid syntax")
        if int(version) != stored.revision:
            raise self._conflict(request)

    def _prepare_update(self, request: Request, strategy: Strategy, context: Context, obj: Obj, old: Obj) -> None:
        meta, then = obj["metadata"], old["metadata"]
        _keep(meta, then, "generation")
        meta.pop("selfLink", None)
        if request.subresource == "status":
            strategy.prepare_for_status(context, obj, old)
        else:
            strategy.prepare_for_update(context, obj, old)
            if _generation_moves(strategy, obj, old):
                meta["generation"] = (then.get("generation") or 0) + 1
        meta.setdefault("uid", then["uid"])
        meta["creationTimestamp"] = then["creationTimestamp"]
        if "deletionTimestamp" in then:
            meta["deletionTimestamp"] = then["deletionTimestamp"]
        if "deletionGracePeriodSeconds" not in meta:
            _keep(meta, then, "deletionGracePeriodSeconds")

    def _judge_update(self, request: Request, strategy: Strategy, context: Context, obj: Obj, old: Obj) -> None:
        resource = request.resource
        found: list[FieldError] = objectmeta.update_errors(resource, obj["metadata"], old["metadata"])
        if request.subresource == "status":
            found += strategy.validate_status(context, obj, old)
        else:
            found += [
                invalid(".".join(path), _at(obj, path), objectmeta.IMMUTABLE)
                for path in strategy.immutable_fields
                if _at(obj, path) != _at(old, path)
            ]
            found += strategy.validate_update(context, obj, old)
        if found:
            raise invalid_object(resource.group, resource.kind, obj["metadata"].get("name") or "", found)

    # --- shared

    @staticmethod
    def _drops_status(request: Request, strategy: Strategy) -> bool:
        """Whether nobody can give a new object its status."""
        drops = strategy.has_status and not strategy.create_keeps_status
        return drops and "status" in request.resource.subresources

    async def _book(self, request: Request, old: Obj | None, obj: Obj) -> None:
        """Give the object its managedFields."""
        views = self._backend.views(request.resource)
        await resolved(lambda: self._own_fields(request, old, obj, views))

    def _own_fields(self, request: Request, old: Obj | None, obj: Obj, views: Convert) -> None:
        manager = fields.manager_name(request.field_manager, request.user_agent)
        resource, now = request.resource, timestamp(self._backend.clock)
        if resource.custom or resource is resource.storage:
            fields.update(resource, old, obj, manager, request.subresource, now, views)
            return
        before, after = (None if each is None else from_storage(resource, copied(each)) for each in (old, obj))
        assert after is not None, "there is an object to be written"
        fields.update(resource, before, after, manager, request.subresource, now, views)
        _keep(obj["metadata"], after["metadata"], "managedFields")

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

    @staticmethod
    def _conflict(request: Request) -> StatusError:
        resource = request.resource
        return errors.conflict(resource.group, resource.plural, request.name, errors.MODIFIED)

    @staticmethod
    def _other_uid(request: Request, stored: Stored, uid: str) -> StatusError:
        resource = request.resource
        why = (
            f"StorageError: invalid object, Code: 4, Key: {registry_path(request)}, ResourceVersion: 0, "
            f"AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: "
            f"{stored.view['metadata']['uid']}"
        )
        return errors.conflict(resource.group, resource.plural, request.name, why)

    @staticmethod
    def _missing_uid(request: Request, uid: str) -> StatusError:
        resource = request.resource
        why = (
            f"StorageError: invalid object, Code: 4, Key: {registry_path(request)}, ResourceVersion: 0, "
            f"AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: "
        )
        return errors.conflict(resource.group, resource.plural, request.name, why)


STATED_OPTIONS = ("fieldManager", "fieldValidation")


def attributes_of(
    request: Request, operation: str, obj: Obj | None, old: Obj | None, options: Obj | None = None
) -> Attributes:
    """What admission is shown of a request. The name of a new object is the one it was sent with."""
    resource = request.resource if request.resource.custom else request.resource.storage
    if options is None:
        options = {"dryRun": ["All"]} if request.dry_run else {}
        for name in STATED_OPTIONS:
            if name in request.query:
                options[name] = request.query[name][0]
    return Attributes(
        operation=operation,
        resource=resource,
        subresource=request.subresource,
        namespace=request.namespace,
        name=request.name or (obj or {}).get("metadata", {}).get("name", ""),
        obj=obj,
        old=old,
        user=request.user,
        dry_run=request.dry_run,
        options=options,
        requested=None if request.resource is resource else request.resource,
    )


_FOLDERS = {
    "services": "services/specs",
    "endpoints": "services/endpoints",
    "nodes": "minions",
    "replicationcontrollers": "controllers",
    "ingresses.networking.k8s.io": "ingress",
    "customresourcedefinitions.apiextensions.k8s.io": "apiextensions.k8s.io/customresourcedefinitions",
    "apiservices.apiregistration.k8s.io": "apiregistration.k8s.io/apiservices",
}


def registry_path(request: Request) -> str:
    """Where the real server keeps the object in etcd: some of its messages tell."""
    resource = request.resource.storage
    folder = f"{resource.group}/{resource.plural}" if resource.custom else _FOLDERS.get(resource.id, resource.plural)
    parts = [folder, request.namespace, request.name]
    return "/registry/" + "/".join(part for part in parts if part)


async def follow_up(backend: Backend, request: Request, event: Event) -> None:
    """Let the kind make the further writes that belong to this one."""
    strategy = backend.strategy(request.resource)
    if strategy.follows_up:
        before = event.before.view if event.before is not None else None
        after = event.after.view if event.after is not None else None
        await strategy.follow_up(backend.context(request), before, after)


def _empty_status(request: Request, obj: Obj) -> None:
    """The status as if none had been sent: what the kind writes even so, or none."""
    obj.pop("status", None)
    if request.resource.custom:
        return
    member = request.resource.type.fields.get("status")
    if member is not None and not member.omitzero and not member.pointer:
        zero = encode_zero(member.type)
        if zero is not None:
            obj["status"] = zero


def _as_admitted(request: Request, attributes: Attributes, obj: Obj) -> Obj:
    """What admission made of the object; of managedFields that cannot be read it keeps what was there."""
    found = attributes.obj
    if found is None or found is obj:
        return obj
    try:
        fields.check(found["metadata"].get("managedFields"))
    except ValueError as error:
        request.warn(f"{UNREADABLE}: {error}")
        _keep(found["metadata"], obj["metadata"], "managedFields")
    return found


def copied(obj: Obj) -> Obj:
    """A private copy."""
    found: Obj = orjson.loads(orjson.dumps(obj))
    return found


def _keep(new: Obj, old: Obj, name: str) -> None:
    if name in old:
        new[name] = old[name]
    else:
        new.pop(name, None)


def _at(obj: Obj, path: tuple[str, ...]) -> object:
    found: object = obj
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _generation_moves(strategy: Strategy, obj: Obj, old: Obj) -> bool:
    watched = strategy.generation_fields
    if watched is None:
        return False
    if any(obj.get(name) != old.get(name) for name in watched):
        return True
    meta, then = obj["metadata"], old["metadata"]
    return any(meta.get(name) != then.get(name) for name in strategy.generation_counts_metadata)


def _emptied(obj: Obj) -> bool:
    """Whether a deletion has been asked for, its grace is over, and nothing holds the object any more."""
    meta = obj["metadata"]
    if not meta.get("deletionTimestamp") or meta.get("finalizers"):
        return False
    return not meta.get("deletionGracePeriodSeconds")
