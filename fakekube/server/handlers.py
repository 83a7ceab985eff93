"""One HTTP request of the API: from its path and method to a verb, and from the verb's outcome to bytes."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from fakekube.access.authentication import Authenticator
from fakekube.access.authorization import Authorizer
from fakekube.access.users import User
from fakekube.core import errors, selectors
from fakekube.core import fielderrors as field
from fakekube.core.errors import StatusError
from fakekube.core.timers import Timers
from fakekube.registry.incoming import expected_of
from fakekube.registry.patching import APPLY_PATCH, STRATEGIC_PATCH, TYPES
from fakekube.registry.request import Outcome, Request
from fakekube.registry.verbs import Registry
from fakekube.registry.versions import presented
from fakekube.schema.crds import CustomResource
from fakekube.schema.resources import Resource
from fakekube.schema.scheme import Scheme
from fakekube.server import bodies, forms, options, responses
from fakekube.server.negotiation import JSON, PARTIAL_LIST, TABLE, Form, negotiate
from fakekube.server.paths import ApiPath
from fakekube.server.responses import COMPRESSED_FROM_BYTES, Send
from fakekube.server.watches import Stream, Streams

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Scope = MutableMapping[str, Any]

log = logging.getLogger("fakekube.server")

TOO_DEEP = "exceeded max depth: fakekube keeps objects of up to some 250 levels"
ORJSON_DEPTH = "Recursion limit reached"
CRASHED = "fakekube failed to answer this request; its log (logger fakekube.server) says where"
NOT_ALLOWED = "the server does not allow this method on the requested resource"
PLAIN_404 = "404 page not found\n"
COLLECTION_VERBS = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
OBJECT_VERBS = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "POST": "create"}
FORCE_FORBIDDEN = "may not be specified for non-apply patch"


class Call:
    """The parts of an HTTP request that more than one step looks at."""

    __slots__ = ("headers", "method", "path", "query", "receive", "request", "send")

    def __init__(self, scope: Scope, receive: Receive, send: Send, path: ApiPath) -> None:
        self.method: str = scope["method"]
        self.headers: dict[bytes, bytes] = headers_of(scope)
        self.query = options.parse_query(scope["query_string"])
        self.path = path
        self.receive = receive
        self.send = send
        self.request: Request | None = None

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def include(self) -> str:
        return self.query["includeObject"][0] if "includeObject" in self.query else ""

    @property
    def gzipped(self) -> bool:
        return b"gzip" in self.headers.get(b"accept-encoding", b"")


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The request's headers; the values of one that was sent several times are joined by commas."""
    pairs = scope["headers"]
    found = dict(pairs)
    if len(found) != len(pairs):
        found = {}
        for name, value in pairs:
            found[name] = found[name] + b"," + value if name in found else value
    return found


class ApiHandler:
    """Answers the requests below /api and /apis that are about objects."""

    def __init__(
        self,
        registry: Registry,
        scheme: Scheme,
        authenticator: Authenticator,
        authorizer: Authorizer,
        clock: Timers,
        streams: Streams,
    ) -> None:
        self._registry = registry
        self._scheme = scheme
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._clock = clock
        self._streams = streams
        options_type = scheme.table.struct_by_go_name("v1.DeleteOptions")
        assert options_type is not None, "every table knows DeleteOptions"
        self._options_type = options_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send, path: ApiPath) -> None:
        """Answer one request; every refusal is a Status."""
        call = Call(scope, receive, send, path)
        try:
            user = self._authenticator.user_of(call.headers)
            await self._serve(call, user)
        except StatusError as error:
            if call.request is not None:
                self._warn_deprecated(call.request)
            await responses.send_error(send, error, error_media(call), call.request.warnings if call.request else ())
        except bodies.Disconnected:
            pass
        except Exception as fault:
            refusal = errors.bad_request(TOO_DEEP)
            if not is_too_deep(fault):
                log.exception("%s %s failed", call.method, scope["path"])
                refusal = errors.internal(CRASHED)
            with contextlib.suppress(RuntimeError):  # the answer has begun: nothing else can be said
                await responses.send_error(send, refusal, error_media(call))

    async def _serve(self, call: Call, user: User) -> None:
        path = call.path
        resource = self._scheme.resource(path.group, path.version, path.plural)
        if resource is None or (path.subresource and path.subresource not in resource.subresources):
            await self._absent(call, resource)
            return
        verb = self._verb(call, resource)
        if resource.custom and self._is_misplaced(resource, verb, path):
            await responses.send_text(call.send, 404, PLAIN_404)
            return
        request = Request(verb, resource, path.namespace, path.name, path.subresource, user)
        request.user_agent = call.header(b"user-agent")
        call.request = request
        if isinstance(resource, CustomResource) and resource.deprecation:
            request.warn(resource.deprecation)
        self._scope(resource, request, path)
        self._authorizer.check_resource(
            user, verb, resource.group, resource.plural, path.subresource, path.namespace, path.name
        )
        self._warn_deprecated(request)
        self._registry.check_offered(request)
        await getattr(self, "_" + verb)(call, request)

    async def _absent(self, call: Call, resource: Resource | None) -> None:
        """404 for a path that leads nowhere, in the form that the real server has for it."""
        path = call.path
        if resource is not None and resource.custom:
            raise errors.not_found(resource.group, resource.plural, path.name)
        if not path.group or self._scheme.built_in(path.group):
            raise errors.no_such_path()
        await responses.send_text(call.send, 404, PLAIN_404)

    @staticmethod
    def _is_misplaced(resource: Resource, verb: str, path: ApiPath) -> bool:
        """Whether a custom resource is asked for with a namespace that it has not, or without the one it needs."""
        if not resource.namespaced:
            return bool(path.namespace)
        return not path.namespace and verb not in ("list", "watch")

    def _scope(self, resource: Resource, request: Request, path: ApiPath) -> None:
        """A namespaced resource needs its namespace for everything but list and watch; others have none."""
        if resource.namespaced:
            if not path.namespace and request.verb not in ("list", "watch"):
                if request.verb == "deletecollection" or (request.verb == "create" and not path.name):
                    raise StatusError(405, "MethodNotAllowed", NOT_ALLOWED, {})
                raise errors.no_such_path()
        elif path.namespace:
            raise errors.no_such_path()

    def _verb(self, call: Call, resource: Resource) -> str:
        path, method = call.path, call.method
        verb = (OBJECT_VERBS if path.name else COLLECTION_VERBS).get(method, "")
        if path.subresource:
            allowed = resource.subresources[path.subresource].verbs
        else:
            allowed = resource.verbs
            if path.name and method == "POST":
                verb = ""
        if (path.watch and verb in ("get", "list")) or (
            verb == "list" and "watch" in call.query and options.boolean(call.query["watch"][0])
        ):
            verb = "watch"
        if verb not in allowed:
            raise StatusError(405, "MethodNotAllowed", NOT_ALLOWED, {})
        return verb

    # --- reading

    async def _get(self, call: Call, request: Request) -> None:
        form = self._form(call, request)
        if call.query:
            options.read_options(request, call.query)
        body = await self._registry.get(request)
        if form.transform:
            body = forms.one(form, request.resource, body, call.include, self._clock.now())
        await responses.send_json(
            call.send,
            200,
            body,
            media=form.media,
            warnings=request.warnings,
            gzipped=call.gzipped,
            pretty="pretty" in call.query and options.boolean(call.query["pretty"][0]),
        )

    async def _list(self, call: Call, request: Request) -> None:
        form = self._form(call, request)
        if call.query:
            options.read_options(request, call.query)
        resource = request.resource
        if resource.custom:
            await self._registry.reader.prepare(request)
        listing = self._registry.list(request)
        if resource.custom:
            await self._registry.backend.ready(resource, listing.items)
        if resource is resource.storage and not resource.custom:
            items = [stored.raw for stored in listing.items]
        else:
            items = [presented(resource, stored) for stored in listing.items]
        await self._send_list(call, request, form, listing.metadata(), items)

    async def _send_list(self, call: Call, request: Request, form: Form, metadata: bytes, items: list[bytes]) -> None:
        resource = request.resource
        if form.transform:
            pieces = forms.whole(forms.many(form, resource, metadata, items, call.include, self._clock.now()))
        else:
            pieces = forms.list_pieces(resource, metadata, items)
        pretty = "pretty" in call.query and options.boolean(call.query["pretty"][0])
        if form.media == JSON and not pretty and pieces.length > COMPRESSED_FROM_BYTES:
            await responses.send_pieces(call.send, *pieces, warnings=request.warnings, gzipped=call.gzipped)
            return
        await responses.send_json(
            call.send,
            200,
            b"".join(pieces.parts),
            media=form.media,
            warnings=request.warnings,
            gzipped=call.gzipped,
            pretty=pretty,
        )

    async def _watch(self, call: Call, request: Request) -> None:
        form = self._form(call, request, stream=True)
        options.read_options(request, call.query)
        request.verb = "watch"
        if call.path.name:
            only = f"metadata.name={call.path.name}"
            text = call.query.get("fieldSelector", [""])[0]
            request.field_selector = selectors.parse_fields(f"{text},{only}" if text else only)
            request.name = ""
        if form.transform == PARTIAL_LIST:
            forms.check(form, request.resource, is_list=False)
        if form.transform == TABLE:
            forms.check_include(call.include)
        stream = Stream(self._registry, request, form, call.include, self._clock, call.send, self._streams)
        await stream.serve(call.receive)

    # --- writing

    async def _create(self, call: Call, request: Request) -> None:
        form = self._form(call, request)
        raw = await bodies.read(call.receive, call.header(b"content-length"))
        options.write_options(request, call.query)
        body = bodies.parse(raw, call.header(b"content-type"), expected_of(request).kind)
        await self._send_outcome(call, request, form, await self._registry.create(request, body))

    async def _update(self, call: Call, request: Request) -> None:
        form = self._form(call, request)
        raw = await bodies.read(call.receive, call.header(b"content-length"))
        options.write_options(request, call.query)
        body = bodies.parse(raw, call.header(b"content-type"), expected_of(request).kind)
        await self._send_outcome(call, request, form, await self._registry.update(request, body))

    async def _patch(self, call: Call, request: Request) -> None:
        media = call.header(b"content-type").partition(";")[0].strip()
        if media not in TYPES and not request.resource.custom:
            raise StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
        form = self._form(call, request)
        raw = await bodies.read(call.receive, call.header(b"content-length"))
        self._patch_options(call, request, media)
        unknown = media not in TYPES or media == STRATEGIC_PATCH
        if unknown and request.resource.custom:
            known = ", ".join(each for each in TYPES if each != STRATEGIC_PATCH)
            message = f"the body of the request was in an unknown format - accepted media types include: {known}"
            raise errors.unsupported_media_type(message)
        await self._send_outcome(call, request, form, await self._registry.patch(request, media, raw))

    def _patch_options(self, call: Call, request: Request, media: str) -> None:
        options.write_options(request, call.query)
        found = []
        if media == APPLY_PATCH:
            if not request.field_manager:
                found.append(field.required("fieldManager", "is required for apply patch"))
        elif "force" in call.query:
            found.append(field.forbidden("force", FORCE_FORBIDDEN))
        if found:
            raise options.refused("patch", found)

    async def _delete(self, call: Call, request: Request) -> None:
        form = self._form(call, request)
        given = await self._delete_options(call, request)
        await self._send_outcome(call, request, form, await self._registry.delete(request, given))

    async def _deletecollection(self, call: Call, request: Request) -> None:
        form = self._form(call, request)
        options.read_options(request, call.query)
        given = await self._delete_options(call, request)
        found = await self._registry.delete_collection(request, given)
        await self._send_list(call, request, form, found.metadata, found.items)

    async def _delete_options(self, call: Call, request: Request) -> dict[str, Any]:
        raw = await bodies.read(call.receive, call.header(b"content-length"))
        body = bodies.parse_delete_options(raw, call.header(b"content-type"), self._options_type)
        found = options.delete_options(call.query, body)
        request.dry_run = bool(found.get("dryRun"))
        return found

    async def _send_outcome(self, call: Call, request: Request, form: Form, outcome: Outcome) -> None:
        body = outcome.raw if outcome.raw is not None else orjson.dumps(outcome.obj)
        if form.transform and outcome.obj.get("kind") != "Status":
            body = forms.one(form, request.resource, body, call.include, self._clock.now())
        await responses.send_json(
            call.send, outcome.code, body, media=form.media, warnings=request.warnings, gzipped=call.gzipped
        )

    # --- shared

    def _form(self, call: Call, request: Request, *, stream: bool = False) -> Form:
        accept = call.headers.get(b"accept")
        if accept is None:
            return PLAIN
        return negotiate(accept.decode("latin-1"), custom=request.resource.custom, stream=stream)

    def _warn_deprecated(self, request: Request) -> None:
        for text in DEPRECATIONS.get(request.resource.gvk, ()):
            request.warn(text)


def is_too_deep(fault: Exception) -> bool:
    """Whether a value was nested more deeply than Python and orjson follow (some 250 levels)."""
    return isinstance(fault, RecursionError) or (isinstance(fault, TypeError) and str(fault) == ORJSON_DEPTH)


PLAIN = Form()
DEPRECATIONS = {
    ("", "v1", "Endpoints"): ("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",),
    ("", "v1", "ComponentStatus"): ("v1 ComponentStatus is deprecated in v1.19+",),
}
"""Kinds whose every answer carries a Warning."""


def error_media(call: Call) -> str:
    """The media type of a refusal: that of the answer there would have been, if it can be had."""
    accept = call.header(b"accept")
    if not accept or accept.startswith(JSON):
        return JSON
    try:
        return negotiate(accept).media
    except StatusError:
        return JSON
