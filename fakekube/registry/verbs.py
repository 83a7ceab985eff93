"""The verbs of the API over every kind: what a request, from wherever it comes, is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import orjson

from fakekube.access.authentication import Authenticator
from fakekube.core import errors
from fakekube.core.clock import timestamp
from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj
from fakekube.registry import incoming, patching, virtual
from fakekube.registry.backend import Backend, key_of
from fakekube.registry.deletion import Deleter
from fakekube.registry.incoming import Body
from fakekube.registry.reading import Listing, Reader, Watch
from fakekube.registry.refusals import WRONG_NAMESPACE
from fakekube.registry.request import Outcome, Request
from fakekube.registry.subresources import handler_of, hint_for
from fakekube.registry.subresources.handler import Handler
from fakekube.registry.versions import presented, private, to_storage
from fakekube.registry.writing import Writer
from fakekube.schema.resources import Resource
from fakekube.storage.store import Moved
from fakekube.storage.values import Stored

Wake = Callable[[], None]
STATUS = "status"


class Collection(NamedTuple):
    """What deletecollection answers: a list of what it deleted."""

    metadata: bytes
    items: list[bytes]


class Registry:
    """All verbs over one backend."""

    def __init__(self, backend: Backend, tokens: Authenticator) -> None:
        self.backend = backend
        self.tokens = tokens
        self.reader = Reader(backend)
        self.writer = Writer(backend)
        self.deleter = Deleter(backend, self.reader)

    @property
    def revision(self) -> int:
        """The revision of the last write."""
        return self.backend.store.revision

    def check_offered(self, request: Request) -> None:
        """501 for a subresource that the API has and this registry has not."""
        if request.subresource not in ("", STATUS):
            self._handler(request)

    # --- reading

    def stored(self, request: Request) -> Stored:
        """The stored object that the request is about, or 404."""
        return self.reader.get(request)

    async def get(self, request: Request) -> bytes:
        """The object, or that of its subresource, as JSON."""
        if virtual.handler_of(request.resource) is not None:
            raise errors.not_found(request.resource.group, request.resource.plural, request.name)
        if request.subresource and request.subresource != STATUS:
            return orjson.dumps(await self._handler(request).get(self, request))
        stored = self.reader.get(request)
        if request.resource.custom:
            await self.backend.ready(request.resource, (stored,))
        return presented(request.resource, stored)

    def list(self, request: Request) -> Listing:
        """The objects that the request selects."""
        return self.reader.list(request)

    def watch(self, request: Request, wake: Wake) -> Watch:
        """Follow what the request selects; storage.store.TooOld if its version is older than the history."""
        return self.reader.watch(request, wake)

    # --- writing

    async def create(self, request: Request, body: Body) -> Outcome:
        """POST: 201 and the new object."""
        obj = incoming.decode(self.backend.scheme, request, body)
        self._place(request, obj)
        made_up = virtual.handler_of(request.resource)
        if made_up is not None:
            return await made_up.create(self, request, obj)
        if request.subresource:
            return await self._handler(request).create(self, request, obj)
        return await self._moved(request, self.writer.create(request, self._defaulted(request, obj)))

    async def create_trusted(self, request: Request, obj: Obj) -> Outcome:
        """As `create`, for an object of this process: it must be canonical and of the storage version."""
        return await self.create(request, Body(obj, b""))

    async def update(self, request: Request, body: Body) -> Outcome:
        """PUT: 200 and the object, 201 where an update creates."""
        obj = incoming.decode(self.backend.scheme, request, body)
        self._place(request, obj)
        self._check_name(request, obj)
        handler = self._writer_of(request)
        uid, given = obj["metadata"].get("uid") or "", _repeatable(request, obj)
        if handler is not None and not handler.shows_itself:
            return await self._through(request, handler, lambda stored, shown: given())
        if handler is not None:
            return await self._merged(request, handler, lambda stored: given())
        if body.partial:
            return await self._moved(
                request, self.writer.update(request, lambda stored: _filled(given(), stored), uid=uid)
            )

        def whole(stored: Stored | None) -> Obj:
            return self._defaulted(request, given())

        return await self._moved(request, self.writer.update(request, whole, uid=uid))

    async def patch(self, request: Request, media: str, raw: bytes) -> Outcome:
        """PATCH in one of the four languages; an apply of what is not there creates it."""
        if media == patching.APPLY_PATCH:
            return await self.apply(request, patching.read_apply(request, raw))
        if self.backend.store.get(key_of(request)) is None:
            raise errors.not_found(request.resource.group, request.resource.plural, request.name)
        expected = incoming.expected_of(request)
        patch, problems = patching.reader(media, raw, request, expected)()

        def changed(current: Obj) -> Obj:
            found = patching.patched(request, expected, current, patch, problems)
            self._place(request, found)
            self._check_name(request, found)
            return found

        handler = self._writer_of(request)
        if handler is not None and not handler.shows_itself:
            return await self._through(request, handler, lambda stored, shown: changed(shown))
        if handler is not None:
            return await self._merged(request, handler, lambda stored: changed(private(request.resource, stored)))

        def change(stored: Stored | None) -> Obj:
            assert stored is not None, "only what is there is patched"
            return self._defaulted(request, changed(private(request.resource, stored)))

        return await self._moved(request, self.writer.update(request, change))

    async def apply(self, request: Request, config: Obj) -> Outcome:
        """Server-side apply of a configuration, which is given away; what is not there is created."""
        meta = config.get("metadata")
        if isinstance(meta, dict):
            self._check_applied(request, config, meta)
        expected, now = incoming.expected_of(request), timestamp(self.backend.clock)
        resource = request.resource
        views = self.backend.views(resource)

        def applied(live: Obj | None, as_resource: Resource) -> Obj:
            found = patching.applied(request, as_resource, expected, live, config, now, views)
            self._place(request, found)
            self._check_name(request, found)
            return found

        def change(stored: Stored | None) -> Obj:
            return self._defaulted(request, applied(None if stored is None else private(resource, stored), resource))

        handler = self._writer_of(request)
        if handler is not None and not handler.shows_itself:
            return await self._through(
                request, handler, lambda stored, shown: applied(shown, handler.kind(request)), owned=True
            )
        if handler is not None:
            return await self._merged(
                request, handler, lambda stored: applied(private(resource, stored), resource), owned=True
            )
        creates = not request.subresource
        if self.backend.store.get(key_of(request)) is None and creates:
            uid = (meta or {}).get("uid") if isinstance(meta, dict) else ""
            if uid:
                why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                raise errors.conflict(resource.group, resource.plural, request.name, why)
        return await self._moved(request, self.writer.update(request, change, create_missing=creates, owned=True))

    def _check_applied(self, request: Request, config: Obj, meta: Obj) -> None:
        name, namespace = meta.get("name"), meta.get("namespace")
        if isinstance(namespace, str) and namespace and request.namespace and namespace != request.namespace:
            raise errors.bad_request(WRONG_NAMESPACE)
        if isinstance(name, str) and name and name != request.name:
            raise self._other_name(request, name)

    async def delete(self, request: Request, options: Obj) -> Outcome:
        """DELETE of one object."""
        return await self.deleter.delete(request, options)

    async def delete_collection(self, request: Request, options: Obj) -> Collection:
        """DELETE of what the request selects."""
        return Collection(*await self.deleter.delete_collection(request, options))

    # --- subresources

    def _handler(self, request: Request) -> Handler:
        found = handler_of(request)
        if found is None:
            raise errors.not_implemented(f"{request.resource.plural}/{request.subresource}", hint_for(request))
        return found

    def _writer_of(self, request: Request) -> Handler | None:
        """The handler that a PUT or PATCH goes through; None for the object itself and its status."""
        if request.subresource in ("", STATUS):
            return None
        return self._handler(request)

    async def _merged(
        self, request: Request, handler: Handler, changed: Callable[[Stored], Obj], *, owned: bool = False
    ) -> Outcome:
        """A write through a subresource that shows the object itself; owned: `changed` has kept managedFields."""

        def change(stored: Stored | None) -> Obj:
            if stored is None:
                raise errors.not_found(request.resource.group, request.resource.plural, request.name)
            made = self._defaulted(request, changed(stored))
            return handler.merged(self, request, stored.decode(), made)

        return await self._moved(request, self.writer.update(request, change, owned=owned))

    async def _through(
        self, request: Request, handler: Handler, changed: Callable[[Stored, Obj], Obj], *, owned: bool = False
    ) -> Outcome:
        """A write through a subresource with a kind of its own: it answers that kind. owned: `changed` has kept
        managedFields."""

        def missing(stored: Stored | None) -> Obj:
            raise errors.not_found(request.resource.group, request.resource.plural, request.name)

        window = _Window(self, request, handler, changed, owned)
        outcome = await self._moved(request, self.writer.update(request, missing, owned=True, window=window))
        answer = orjson.loads(outcome.raw) if outcome.raw else orjson.loads(orjson.dumps(outcome.obj))
        return Outcome(outcome.code, handler.shown(self, request, answer))

    # --- shared

    def _defaulted(self, request: Request, obj: Obj) -> Obj:
        resource = request.resource
        self.backend.strategy(resource).default(obj)
        return to_storage(resource, obj)

    def _place(self, request: Request, obj: Obj) -> None:
        """The namespace of the object must be that of the path, which fills in an absent one."""
        meta = obj["metadata"]
        namespace = meta.get("namespace") or ""
        if namespace == request.namespace:
            return
        if not namespace:
            meta["namespace"] = request.namespace
        elif not request.namespace:
            del meta["namespace"]
        else:
            raise errors.bad_request(WRONG_NAMESPACE)

    def _check_name(self, request: Request, obj: Obj) -> None:
        name = obj["metadata"].get("name") or ""
        if not name:
            message = f"the name of the object ({request.name} based on URL) was undeterminable: name must be provided"
            raise errors.bad_request(message)
        if name != request.name:
            raise self._other_name(request, name)

    @staticmethod
    def _other_name(request: Request, name: str) -> StatusError:
        return errors.bad_request(
            f"the name of the object ({name}) does not match the name on the URL ({request.name})"
        )

    async def _moved(self, request: Request, outcome: Awaitable[Outcome]) -> Outcome:
        resource = request.resource
        try:
            return await outcome
        except Moved as moved:
            name = moved.args[0] if not request.name else request.name
            if request.verb == "create":
                raise errors.already_exists(resource.group, resource.plural, str(name)) from moved
            raise errors.conflict(resource.group, resource.plural, str(name), errors.MODIFIED) from moved


def _repeatable(request: Request, obj: Obj) -> Callable[[], Obj]:
    """Gives the object, and when asked again (another write came between) an equal one, as the first is used up.

    One that names the version it is for is given once: it does not fit the version that came between.
    """
    text = b"" if obj["metadata"].get("resourceVersion") else orjson.dumps(obj)
    unused = [obj]

    def give() -> Obj:
        if unused:
            return unused.pop()
        if not text:
            resource = request.resource
            raise errors.conflict(resource.group, resource.plural, request.name, errors.MODIFIED)
        found: Obj = orjson.loads(text)
        return found

    return give


def _filled(obj: Obj, stored: Stored | None) -> Obj:
    """An object of which no more than metadata and status was given, with the rest as it is stored."""
    if stored is not None:
        for name, value in stored.view.items():
            if name not in obj:
                obj[name] = value
    return obj


class _Window:
    """A handler's view of the object of a request; see fakekube.registry.writing.Window."""

    def __init__(
        self, registry: Registry, request: Request, handler: Handler, changed: Callable[[Stored, Obj], Obj], owned: bool
    ) -> None:
        self._registry = registry
        self._request = request
        self._handler = handler
        self._changed = changed
        self._owned = owned

    def wanted(self, stored: Stored) -> tuple[Obj, Obj]:
        handler, context = self._handler, (self._registry, self._request)
        present, shown = (handler.owned(*context, private(self._request.resource, stored)) for _ in "12")
        found = self._changed(stored, shown)
        if self._owned:
            handler.check_applied(*context, present, found)
        else:
            handler.book(*context, present, found)
        return found, present

    def merged(self, stored: Stored, wanted: Obj) -> Obj:
        present = private(self._request.resource, stored)
        found = self._handler.merged(self._registry, self._request, private(self._request.resource, stored), wanted)
        self._handler.book_parent(self._registry, self._request, present, wanted, found)
        return found

    def shown(self, obj: Obj) -> Obj:
        return self._handler.shown(self._registry, self._request, obj)
