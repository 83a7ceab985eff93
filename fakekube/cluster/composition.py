"""One cluster on one event loop: everything that it is made of, put together, started and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import tempfile
from collections.abc import Coroutine, Iterable, Iterator
from functools import cached_property, partial
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fakekube import controllers, kubeconfig, manifests
from fakekube.access.authentication import AUDIENCE, FOREVER, Authenticator
from fakekube.access.authorization import Authorizer
from fakekube.access.users import ADMIN, AUTHENTICATED, User, service_account
from fakekube.admission import dynamic
from fakekube.admission.chain import Chain
from fakekube.admission.plugins import built_in
from fakekube.cluster import bootstrap
from fakekube.cluster.ahead import AutomaticClock, RunningAhead
from fakekube.cluster.companions import Companions
from fakekube.cluster.names import find_resource
from fakekube.cluster.running import Runner
from fakekube.cluster.serving import HttpServer, listen
from fakekube.cluster.settling import SILENCE_TIMEOUT_SECONDS, Settling
from fakekube.cluster.stats import Stats
from fakekube.cluster.timecontrol import VIRTUAL_START, TimeControl
from fakekube.cluster.wallclock import WallClock
from fakekube.cluster.webhooks import Routes
from fakekube.core import errors
from fakekube.core.clock import timestamp
from fakekube.core.ids import Ids
from fakekube.core.meta import Obj, name_of, namespace_of
from fakekube.core.timers import Timers, VirtualClock
from fakekube.machinery.committer import Committer
from fakekube.machinery.manager import Manager
from fakekube.machinery.recorder import Recorder
from fakekube.machinery.world import Settings as WorldSettings
from fakekube.machinery.world import World
from fakekube.nodes import CONTROLLERS as KUBELETS
from fakekube.nodes import bootstrap as nodes
from fakekube.nodes.notices import AnnotationNotices
from fakekube.nodes.roster import Roster
from fakekube.nodes.stages.admission import StageAdmission
from fakekube.registry.backend import Backend
from fakekube.registry.client import Client
from fakekube.registry.definitions import Definitions
from fakekube.registry.forms import Forms
from fakekube.registry.verbs import Registry
from fakekube.schema.scheme import Scheme
from fakekube.server import services
from fakekube.server.app import Application
from fakekube.server.callouts import Calls
from fakekube.server.discovery_routes import Discovery
from fakekube.server.handlers import ApiHandler
from fakekube.server.traffic import Traffic
from fakekube.server.watches import Streams
from fakekube.settings import Settings
from fakekube.storage.store import Snapshot, Store
from fakekube.storage.values import Event

if TYPE_CHECKING:
    from fakekube.access.certificates import Authority
    from fakekube.cluster.remote import Remote
    from fakekube_dns import DNSServer, Resolver

T = TypeVar("T")
API_SERVER = User("system:apiserver", ("system:masters", AUTHENTICATED))

REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""What listens on every address is reached at this one: clients are not told of the other."""


class Cluster:
    """A control plane with its API server and its DNS server. Everything of it lives on the loop that ran `start`."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._virtual = _virtual(self.settings.clock)
        self.clock: Timers = self._virtual or WallClock()
        self.ids = Ids(self.settings.seed if self.settings.seed is not None else secrets.token_hex(8))
        self.token = self.settings.token or secrets.token_urlsafe(24)
        self.url = ""
        self.ca_pem: bytes | None = None
        self.dns_address: tuple[str, int] | None = None
        self.scheme = Scheme.for_version(self.settings.kubernetes_version)
        self.store = Store()
        self.roster = Roster(self.settings.nodes)
        self.store.listen(self.roster.follow)
        self.streams = Streams()
        self.companions = Companions(self.clock)
        self._host = REACHED_AT.get(self.settings.host, self.settings.host)
        self._authority: Authority | None = None
        self._authenticator = Authenticator(self.clock, _signing_key(self.settings))
        self.store.listen(self._authenticator.follow)
        self.calls = Calls(lambda service: services.resolve(self.store, service))
        self.webhooks = Routes(self.calls)
        forms = Forms(self.calls, self.ids)
        configured = dynamic.plugins(self.store, self.calls, forms, Authorizer())
        admission = Chain(built_in((*configured, StageAdmission(), AnnotationNotices())), self.webhooks.note)
        backend = Backend(
            self.store, self.scheme, self.clock, self.ids, admission, self.calls, partial(asyncio.sleep, 0)
        )
        self.registry = Registry(backend, self._authenticator)
        self.definitions = Definitions(self.registry)
        self.client = Client(self.registry, ADMIN, "fakekube")
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._http: HttpServer | None = None
        self._dns: DNSServer | None = None
        self._start: Snapshot | None = None
        self.ahead: RunningAhead | None = None

    async def start(self) -> None:
        """Come up: the API answers and the controllers are at work when this returns. OSError if a port is taken."""
        listener = listen(self.settings.host, self.settings.port)
        try:
            await self._come_up(listener)
        except BaseException:
            listener.close()
            await self.stop()
            raise

    async def _come_up(self, listener) -> None:  # type: ignore[no-untyped-def]
        port = listener.getsockname()[1]
        authority = self._authority = self._secure()
        self._make_controllers()
        await self._bootstrap(port)
        self._make_view()
        context = None
        if authority is not None:
            from fakekube.access.certificates import server_context

            credential = authority.issue_server([self.settings.host], WallClock().now())
            context = server_context(credential, self.ca_pem)
        self._traffic = Traffic(self._application(port), self.streams)
        if self._virtual is not None:
            self._traffic.turn = self.runner.until_free  # no time passes while controllers work, so they come first
        self._settling = Settling(self.runner, self.streams, self._traffic, self.companions)
        self._http = HttpServer(self._traffic, listener, context)
        await self._http.start()
        await self._start_dns()
        scheme = "http" if authority is None else "https"
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.url = f"{scheme}://{host}:{port}"
        self._write_kubeconfig()
        self.manager.start()
        if self.settings.stages_crd:
            from fakekube.nodes.stages.definition import definition

            await self.client.create(find_resource(self.scheme, "CustomResourceDefinition"), "", definition())
        self._play_stages()
        await self._until_furnished()
        await self.load(self.settings.load)
        self._start = self.store.snapshot()
        self.ids.mark()
        self.store.compact(self.store.revision)
        self._run_ahead()
        self.runner.start()

    def _run_ahead(self) -> None:
        if self.time is not None and isinstance(self._virtual, AutomaticClock):
            self.ahead = RunningAhead(self._virtual, self.time, self._traffic, self.streams, self.store)
            self.ahead.start(self.runner)

    def _secure(self) -> Authority | None:
        self._authenticator.add(self.token, ADMIN)
        if not self.settings.tls:
            return None
        from fakekube.access.certificates import Authority

        authority = Authority(WallClock().now())  # clients judge certificates by their own time
        self.ca_pem = authority.pem
        return authority

    def _make_controllers(self) -> None:
        root_ca = self.ca_pem.decode() if self.ca_pem else ""
        sign = self._sign if self._authority else None
        ranges = tuple(ip_network(text) for text in self.settings.load_balancers)
        provisioners = frozenset(self.settings.provisioners)
        told = WorldSettings(root_ca, self.roster.speaking, self._token_of, sign, ranges, provisioners)
        self.world = World(self.store, self.scheme, self.clock, told)
        committer = Committer(self._client_of, Recorder(self.clock))
        chosen = controllers.select(self.settings.controllers, KUBELETS)
        rows = (*(row for row in controllers.OF_THE_SERVER if row not in chosen), *chosen)
        self.manager = Manager(self.world, committer, rows, lambda: self.runner.wake())
        self.runner = Runner(self.manager, self.clock)
        self.time: TimeControl | None = None
        if self._virtual is not None:
            self.time = TimeControl(
                self._virtual, self.manager, self.runner, self.companions, lambda: self._settling.settle()
            )

    def _token_of(self, namespace: str, name: str, uid: str) -> str:
        return self._authenticator.issue(service_account(namespace, name, uid), [AUDIENCE], FOREVER)

    def _sign(self, request_pem: bytes, seconds: int | None, usages: tuple[str, ...]) -> bytes:
        assert self._authority is not None, "only called where there is one"
        return self._authority.sign(request_pem, seconds, usages, WallClock().now())

    def _client_of(self, user: str, manager: str) -> Client:
        return Client(self.registry, User(user, (AUTHENTICATED,)), manager, shared=True)

    async def _bootstrap(self, port: int) -> None:
        self.definitions.start()
        client = Client(self.registry, API_SERVER, "kube-apiserver", shared=True)
        for resource, obj in bootstrap.objects(self.scheme, port):
            await client.create(resource, namespace_of(obj), obj)
        for obj in nodes.nodes(self.settings.nodes, timestamp(self.clock), self.version["gitVersion"]):
            await Client(self.registry, self.node_user(name_of(obj)), "kubelet").create("nodes", "", obj)

    @property
    def version(self) -> dict[str, str]:
        """The answer of /version."""
        return version_info(self.settings)

    @cached_property
    def remote(self) -> Remote:
        """What tests in other languages have told."""
        from fakekube.cluster.remote import Remote

        return Remote(self)

    def node_user(self, name: str) -> User:
        """Whom the kubelet of the node acts as."""
        return User(f"system:node:{name}", ("system:nodes", AUTHENTICATED))

    def _play_stages(self) -> None:
        if self.settings.stages:
            from fakekube.cluster import staging

            staging.give(self, self.settings.stages)

    async def _until_furnished(self) -> None:
        """The first things controllers do belong to the start: accounts, certificates, nodes."""
        while await self.manager.step():
            pass
        self.manager.level()

    def _make_view(self) -> None:
        from fakekube_dns import MemoryView

        self.view = MemoryView(self.clock.now)
        self._fill_view()
        self.store.listen(self._tell_view)

    def _fill_view(self) -> None:
        self.view.clear()
        for resource, kind in _VIEWED.items():
            if kind in self.view.wants:
                for stored in self.store.list(resource):
                    self.view.apply(kind, stored.view)

    def _tell_view(self, event: Event) -> None:
        kind = _VIEWED.get(event.key.resource)
        if kind is None or kind not in self.view.wants:
            return
        if event.after is None:
            self.view.remove(kind, event.key.namespace, event.key.name)
        else:
            self.view.apply(kind, event.after.view)

    def _application(self, port: int) -> Application:
        authorizer = Authorizer()
        api = ApiHandler(self.registry, self.scheme, self._authenticator, authorizer, self.clock, self.streams)
        discovery = Discovery(self.scheme, lambda: f"{self._host}:{port}")
        version = version_info(self.settings)
        return Application(api, discovery, self.scheme, self._authenticator, authorizer, version, self)

    async def _start_dns(self) -> None:
        if self.settings.dns_port is None:
            return
        from fakekube_dns import DNSServer

        self._dns = DNSServer(self._resolver, self.settings.host, self.settings.dns_port)
        await self._dns.start()
        self.dns_address = (self._host, self._dns.port)

    def _resolver(self) -> Resolver:
        """What answers DNS queries; it is loaded when the first one comes."""
        from fakekube_dns import Resolver

        return Resolver(self.view)

    def _write_kubeconfig(self) -> None:
        if self.settings.kubeconfig is None:
            self._folder = tempfile.TemporaryDirectory(prefix="fakekube-")
            self.kubeconfig = Path(self._folder.name, "kubeconfig")
        else:
            self.kubeconfig = self.settings.kubeconfig
        kubeconfig.write(self.kubeconfig, url=self.url, token=self.token, ca_pem=self.ca_pem)

    async def stop(self) -> None:
        """Go down: open watches end, connections close, and nothing of the cluster is left. Safe at any time."""
        self.companions.leave()
        if self.ahead is not None:
            await self.ahead.stop()
        if hasattr(self, "runner"):
            await self.runner.stop()
        self.store.close_watchers()
        if self._http is not None:
            await self._http.stop()
        self.calls.close()
        if self._dns is not None:
            await self._dns.stop()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    async def load(self, sources: Iterable[str | Path | Obj]) -> list[Obj]:
        """Apply manifests (objects, files, folders, YAML text), namespaces and definitions first."""
        found = manifests.in_order(manifests.read(*sources)) if sources else []
        return [await self.apply(obj) for obj in found]

    async def apply(self, obj: Obj) -> Obj:
        """Create the object, or bring the one that is there to what it says."""
        resource = find_resource(self.scheme, obj.get("kind", ""), obj.get("apiVersion", ""))
        namespace = (namespace_of(obj) or "default") if resource.namespaced else ""
        if not name_of(obj):
            return await self.client.create(resource, namespace, obj)
        return await self.client.patch(resource, namespace, name_of(obj), obj, type="apply", force=True)

    async def settle(self, quiet: float = 0.0, timeout: float = SILENCE_TIMEOUT_SECONDS) -> None:
        """Returns when no controller has work, no timer is due now, and every watcher was sent everything; and, with
        `quiet`, when clients have been silent for so many seconds of the machine's time."""
        if quiet > 0:
            await self._settling.settle_with_clients(quiet, timeout)
        else:
            await self._settling.settle()

    async def called(self, work: Coroutine[Any, Any, T]) -> T:
        """Do what a caller in this process asks; a time that runs ahead gives it a moment to go on."""
        self._traffic.note()
        try:
            if self._traffic.turn is not None:
                await self._traffic.turn()
            return await work
        finally:
            if self.ahead is not None:
                self.ahead.pace.called()

    @contextlib.contextmanager
    def waited_for(self) -> Iterator[None]:
        """Within this, a caller in this process waits for something: a time that runs ahead does so."""
        if self.ahead is None:
            yield
            return
        self.ahead.pace.waits()
        try:
            yield
        finally:
            self.ahead.pace.waited()

    def stats(self) -> Stats:
        """What there is now, in numbers; to be asked on the cluster's loop."""
        return Stats(
            objects=len(self.store),
            watchers=self.store.watcher_count,
            streams=len(self.streams),
            connections=self._http.connections if self._http is not None else 0,
            tasks=len(asyncio.all_tasks() - {asyncio.current_task()}),
        )

    # --- time

    def now(self) -> float:
        """The cluster's time, in seconds since the epoch."""
        return self.clock.now()

    @property
    def clock_mode(self) -> str:
        """wall, virtual or auto."""
        return self.settings.clock

    async def advance(self, seconds: float) -> float:
        """Let so much time pass, every timer met in its order; the time it is then."""
        return await self._own_time().advance(seconds)

    async def leap(self) -> float | None:
        """On to the next timer; the time it is then, None if there is none."""
        return await self._own_time().leap()

    def _own_time(self) -> TimeControl:
        if self.time is None:
            hint = "start it with the clock virtual or auto"
            raise errors.StatusError(409, "Conflict", f"the cluster keeps the machine's time; {hint}")
        return self.time

    async def reset(self) -> None:
        """Back to the state after the start. Watches end; resource versions go on and never back."""
        assert self._start is not None, "the cluster was started"
        await self.runner.abandon()
        self.store.restore(self._start)
        if self._virtual is not None:
            self._virtual.rewind(VIRTUAL_START)
        self.roster.reset(self.store.list("nodes"))
        self.definitions.reset()
        self._authenticator.reset()
        self.webhooks.reset()
        if "remote" in self.__dict__:
            self.remote.reset()
        self._fill_view()
        self.manager.reset()
        self._play_stages()
        if not self.settings.load:  # on what was loaded the controllers had not yet acted either
            await self._until_furnished()
        if self.settings.seed is not None:
            self.ids.rewind()


def _signing_key(settings: Settings) -> bytes:
    """Of service accounts' tokens: with a seed it is the same again, as all else."""
    if settings.seed is None:
        return secrets.token_bytes(32)
    return hashlib.sha256(f"tokens {settings.seed}".encode()).digest()


def _virtual(mode: str) -> VirtualClock | None:
    if mode == "wall":
        return None
    return AutomaticClock(VIRTUAL_START) if mode == "auto" else VirtualClock(VIRTUAL_START)


_VIEWED = {
    "namespaces": "Namespace",
    "services": "Service",
    "endpointslices.discovery.k8s.io": "EndpointSlice",
    "pods": "Pod",
}


def version_info(settings: Settings) -> dict[str, str]:
    """The answer of /version."""
    major, minor = settings.kubernetes_version.split(".")
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": f"v{major}.{minor}.2+fakekube",
        "gitCommit": "fakekube",
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "go1.27.3",
        "compiler": "gc",
        "platform": "linux/amd64",
    }
