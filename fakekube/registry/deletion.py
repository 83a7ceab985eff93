"""Delete and deletecollection: grace, finalizers, propagation and preconditions, before an object is gone."""

from __future__ import annotations

from typing import NamedTuple

from fakekube.core import errors
from fakekube.core import fielderrors as field
from fakekube.core.meta import Obj, parse_time, time_text
from fakekube.registry.attributes import attributes_of
from fakekube.registry.backend import Backend, key_of
from fakekube.registry.objectmeta import FOREGROUND, ORPHAN
from fakekube.registry.reading import Reader
from fakekube.registry.request import Outcome, Request
from fakekube.registry.strategy import Context, Strategy
from fakekube.registry.versions import current, from_storage, presented
from fakekube.registry.writing import copied, follow_up
from fakekube.storage.store import Moved
from fakekube.storage.values import Stored

TRIES = 5
IN_A_TURN = 20
"""Objects of a collection that are deleted before other requests have their turn. Counted, not timed: then what runs
between is the same each time."""
POLICIES = ("Foreground", "Background", "Orphan")


def check_options(options: Obj) -> None:
    """Raise 422 for DeleteOptions that contradict themselves (ValidateDeleteOptions)."""
    found: list[field.FieldError] = []
    policy = options.get("propagationPolicy")
    if policy is not None and options.get("orphanDependents") is not None:
        detail = "orphanDependents and deletionPropagation cannot be both set"
        found.append(field.invalid("propagationPolicy", policy, detail))
    if policy is not None and policy not in POLICIES:
        found.append(field.not_supported("propagationPolicy", policy, (*POLICIES, "nil")))
    dry_run = options.get("dryRun") or []
    if dry_run and set(dry_run) != {"All"}:
        found.append(field.not_supported("dryRun", dry_run, ("All",)))
    if found:
        raise field.invalid_object("meta.k8s.io", "DeleteOptions", "", found)


class Left(NamedTuple):
    """What a deletion came to: whether the object is gone, and how it was last or is now. It shares with the store what
    was not changed, so that nobody may change it; `raw` are its bytes, if it is stored like this."""

    gone: bool
    obj: Obj
    raw: bytes | None = None


class Deleter:
    """The generic flow of a deletion over one backend."""

    def __init__(self, backend: Backend, reader: Reader) -> None:
        self._backend = backend
        self._reader = reader

    async def delete(self, request: Request, options: Obj) -> Outcome:
        """End the object, or mark it as ending; 200 with a Status when it is gone, with the object while it stays."""
        check_options(options)
        resource, strategy = request.resource, self._backend.strategy(request.resource)
        _warn(request, strategy, options)
        found = await self._delete_present(request, strategy, options)
        if found is None:
            raise errors.not_found(resource.group, resource.plural, request.name)
        return await self._answer(request, strategy, found)

    async def _delete_present(
        self, request: Request, strategy: Strategy, options: Obj, *, one_of_many: bool = False
    ) -> Left | None:
        """As below, of what is there when it is deleted; None if nothing is."""
        for _ in range(TRIES):
            stored = self._backend.store.get(key_of(request))
            if stored is None:
                return None
            if request.resource.custom:
                await self._backend.ready(request.resource, (stored,))
            try:
                return await self._delete_stored(request, strategy, stored, options, one_of_many=one_of_many)
            except Moved:  # another write came between, while admission took its time
                continue
        raise errors.conflict(request.resource.group, request.resource.plural, request.name, errors.MODIFIED)

    async def _answer(self, request: Request, strategy: Strategy, left: Left) -> Outcome:
        resource, meta = request.resource, left.obj["metadata"]
        if not left.gone or strategy.answers_deleted_object:
            if left.raw is not None and resource is resource.storage and not resource.custom:
                return Outcome(200, left.obj, left.raw)
            return Outcome(200, from_storage(resource, await self._backend.asked_form(resource, copied(left.obj))))
        found = errors.details(resource.group, resource.plural, meta["name"], uid=meta["uid"])
        return Outcome(200, errors.success(found))

    async def _delete_stored(
        self, request: Request, strategy: Strategy, stored: Stored, options: Obj, *, one_of_many: bool
    ) -> Left:
        backend, context = self._backend, self._backend.context(request)
        obj = {**stored.view, "metadata": {**stored.view["metadata"]}}
        self._check_preconditions(request, obj, options)
        if not request.is_judged:
            await self._admit(request, context, stored, options, one_of_many=one_of_many)
        strategy.check_delete(context, obj)
        state = self._begin(context, strategy, obj, options)
        if state == "pending":
            return Left(False, stored.view, stored.raw)
        _set_finalizers(obj, _finalizers(strategy, obj, options))
        if state == "now" and (obj["metadata"].get("finalizers") or strategy.lingers(obj)):
            self._mark(obj)
            strategy.mark_deleting(context, obj)
            state = "marked"
        meta = obj["metadata"]
        if state == "marked" or (
            state == "graceful" and (meta["deletionGracePeriodSeconds"] or meta.get("finalizers"))
        ):
            return await self._write(request, stored, obj)
        if state == "graceful" and not request.dry_run:  # watchers see that it is ending before they see it gone
            written = (await self._write(request, stored, obj)).obj
            obj = {**written, "metadata": {**written["metadata"]}}
            stored = backend.store.get(stored.key) or stored
        if not request.dry_run:
            event = await backend.store.commit(stored.key, None, expected=stored.revision)
            strategy.release(context, obj)
            await follow_up(backend, request, event)
            obj["metadata"]["resourceVersion"] = str(event.revision)
        return Left(True, obj)

    async def _admit(
        self, request: Request, context: Context, stored: Stored, options: Obj, *, one_of_many: bool
    ) -> None:
        old = current(request.resource, stored)
        attributes = attributes_of(request, "DELETE", None, old, _stated(options))
        if one_of_many:  # admission knows the name of the request alone
            attributes.name = ""
        await self._backend.admission.admit(attributes, context)
        await self._backend.admission.validate(attributes, context)

    async def _write(self, request: Request, stored: Stored, obj: Obj) -> Left:
        """The object, which stays for a while, as it is written (if it has to be)."""
        if obj == stored.view or request.dry_run:
            return Left(False, obj)
        event = await self._backend.store.commit(stored.key, obj, expected=stored.revision)
        assert event.after is not None, "an object was written"
        return Left(False, event.after.view, event.after.raw)

    def _check_preconditions(self, request: Request, obj: Obj, options: Obj) -> None:
        wanted = options.get("preconditions") or {}
        meta, resource = obj["metadata"], request.resource
        uid, version = wanted.get("uid"), wanted.get("resourceVersion")
        if uid is not None and uid != meta["uid"]:
            why = (
                f"the UID in the precondition ({uid}) does not match the UID in record ({meta['uid']}). "
                "The object might have been deleted and then recreated"
            )
            raise errors.conflict(resource.group, resource.kind, meta["name"], why)
        if version is not None and version != meta["resourceVersion"]:
            why = (
                f"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record "
                f"({meta['resourceVersion']}). The object might have been modified"
            )
            raise errors.conflict(resource.group, resource.kind, meta["name"], why)

    def _begin(self, context: Context, strategy: Strategy, obj: Obj, options: Obj) -> str:
        """'now', 'graceful' (metadata was changed), or 'pending': a graceful deletion is under way and stays as it
        is."""
        meta = obj["metadata"]
        asked = options.get("gracePeriodSeconds")
        if asked is not None and asked < 0:
            asked = 1
        if meta.get("deletionTimestamp"):
            return self._shorten(meta, asked)
        grace = strategy.grace_seconds(context, obj, {**options, "gracePeriodSeconds": asked})
        if grace is None:
            return "now"
        meta["deletionTimestamp"] = time_text(self._backend.clock.now() + grace)
        meta["deletionGracePeriodSeconds"] = grace
        if meta.get("generation"):
            meta["generation"] += 1
        return "graceful"

    def _shorten(self, meta: Obj, asked: int | None) -> str:
        grace = meta.get("deletionGracePeriodSeconds")
        if not grace:
            return "now"
        if asked is None or asked >= grace:
            return "pending"
        now = self._backend.clock.now()
        moment = parse_time(meta["deletionTimestamp"]) - grace + asked
        if moment < now:
            moment, asked = now, min(asked, 1)
        meta["deletionTimestamp"] = time_text(moment)
        meta["deletionGracePeriodSeconds"] = asked
        return "graceful"

    def _mark(self, obj: Obj) -> None:
        """Note that deletion was asked for, of an object that has no grace but is held by finalizers."""
        meta, now = obj["metadata"], self._backend.clock.now()
        present = meta.get("deletionTimestamp")
        if present is None and meta.get("generation"):
            meta["generation"] += 1
        if present is None or parse_time(present) > now:
            meta["deletionTimestamp"] = time_text(now)
        meta["deletionGracePeriodSeconds"] = 0

    async def delete_collection(self, request: Request, options: Obj) -> tuple[bytes, list[bytes]]:
        """Delete what the request selects; the head of the list answered, and the objects as they were found."""
        check_options(options)
        strategy = self._backend.strategy(request.resource)
        _warn(request, strategy, options)
        await self._reader.prepare(request)
        listing = self._reader.list(request)
        for count, stored in enumerate(listing.items, 1):
            await self._delete_present(_single(request, stored), strategy, options, one_of_many=True)
            if not count % IN_A_TURN:
                await self._backend.pause()
        return listing.metadata(), [presented(request.resource, stored) for stored in listing.items]


def _stated(options: Obj) -> Obj:
    """The options without what says that they are options."""
    return {name: value for name, value in options.items() if name not in ("kind", "apiVersion")}


def _warn(request: Request, strategy: Strategy, options: Obj) -> None:
    for text in strategy.deletion_warnings(options):
        request.warn(text)


def _single(request: Request, stored: Stored) -> Request:
    return Request(
        "delete",
        request.resource,
        stored.key.namespace,
        stored.key.name,
        user=request.user,
        user_agent=request.user_agent,
        dry_run=request.dry_run,
        warnings=request.warnings,
    )


def _finalizers(strategy: Strategy, obj: Obj, options: Obj) -> list[str]:
    """The object's finalizers with those of garbage collection that the options ask for."""
    present = obj["metadata"].get("finalizers") or []
    orphan, foreground = _propagation(strategy, present, options)
    kept = [name for name in present if name not in (ORPHAN, FOREGROUND)]
    if orphan:
        kept.append(ORPHAN)
    if foreground:
        kept.append(FOREGROUND)
    return present if set(kept) == set(present) else kept


def _propagation(strategy: Strategy, present: list[str], options: Obj) -> tuple[bool, bool]:
    policy, legacy = options.get("propagationPolicy"), options.get("orphanDependents")
    if policy is not None:
        return policy == "Orphan", policy == "Foreground"
    if legacy is not None:
        return bool(legacy), False
    if ORPHAN in present:
        return True, False
    if FOREGROUND in present:
        return False, True
    return strategy.orphans_by_default, False


def _set_finalizers(obj: Obj, finalizers: list[str]) -> None:
    if finalizers:
        obj["metadata"]["finalizers"] = finalizers
    else:
        obj["metadata"].pop("finalizers", None)
