"""A cluster in a thread of its own, for tests: sync and async ones alike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import uvloop

from fakekube.cluster.companions import ClusterLoop
from fakekube.cluster.composition import Cluster
from fakekube.cluster.names import find_resource
from fakekube.cluster.nodes import Nodes, NodeVerbs
from fakekube.cluster.pods import Pods, PodVerbs, Told
from fakekube.cluster.settling import SILENCE_TIMEOUT_SECONDS
from fakekube.cluster.stats import Stats
from fakekube.cluster.waiting import Condition, Waits, test_of
from fakekube.cluster.webhooks import Webhooks
from fakekube.core.meta import Obj, name_of, namespace_of
from fakekube.registry.client import Client
from fakekube.schema.resources import Resource
from fakekube.settings import Settings
from fakekube.storage.values import Key

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from fakekube_dns.search import StubResolver

T = TypeVar("T")
DEFAULT_NAMESPACE = "default"
SETTINGS = tuple(sorted(each.name for each in fields(Settings)))
DELETE_OPTIONS = (
    "dryRun",
    "gracePeriodSeconds",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "orphanDependents",
    "preconditions",
    "propagationPolicy",
)


class Verbs:
    """The verbs as coroutines that run on the cluster's loop."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._waits = Waits(cluster.store)
        self.nodes = NodeVerbs(cluster)
        self.pods = PodVerbs(cluster)

    @property
    def _client(self) -> Client:
        return self._cluster.client

    def _find(self, resource: str, namespace: str | None) -> tuple[Resource, str]:
        found = find_resource(self._cluster.scheme, resource)
        return found, (namespace or DEFAULT_NAMESPACE) if found.namespaced else ""

    async def apply(self, *sources: str | Path | Obj) -> list[Obj]:
        return await self._cluster.load(sources)

    async def get(self, resource: str, name: str, namespace: str | None = None) -> Obj:
        return await self._client.get(*self._find(resource, namespace), name)

    async def list(self, resource: str, namespace: str | None = None, labels: str = "", fields: str = "") -> list[Obj]:
        found = find_resource(self._cluster.scheme, resource)
        listed = self._client.list(found, namespace or "", labels=labels, fields=fields)
        if found is found.storage:
            return listed
        return [await self._client.get(found, namespace_of(each), name_of(each)) for each in listed]

    async def create(self, obj: Obj, namespace: str | None = None) -> Obj:
        resource = find_resource(self._cluster.scheme, obj.get("kind", ""), obj.get("apiVersion", ""))
        given = namespace or obj.get("metadata", {}).get("namespace") or DEFAULT_NAMESPACE
        return await self._client.create(resource, given if resource.namespaced else "", obj)

    async def patch(
        self,
        resource: str,
        name: str,
        patch: Any,
        namespace: str | None = None,
        type: str = "merge",
        subresource: str = "",
    ) -> Obj:
        place = self._find(resource, namespace)
        return await self._client.patch(*place, name, patch, type=type, subresource=subresource)

    async def delete(self, resource: str, name: str, namespace: str | None = None, **options: Any) -> Obj:
        if unknown := options.keys() - DELETE_OPTIONS:
            raise TypeError(f"{min(unknown)!r} is no option of a deletion; those are: {', '.join(DELETE_OPTIONS)}")
        return await self._client.delete(*self._find(resource, namespace), name, options)

    async def wait_for(
        self, resource: str, condition: Condition, timeout: float = 10.0, *, namespace: str | None = None
    ) -> Obj | None:
        kind, slash, name = resource.partition("/")
        if not slash:
            raise ValueError(f"wait for RESOURCE/NAME, as in 'deployments.apps/web', not {resource!r}")
        found, place = self._find(kind, namespace)
        if found is not found.storage:
            stored = found.storage.api_version
            raise ValueError(f"{kind} is waited for as it is stored, in {stored}: say '{found.storage.id}/{name}'")
        key, test = Key(found.storage.id, place, name), test_of(condition)
        with self._cluster.waited_for():
            return await self._waits.until(key, test, timeout)

    async def settle(self, quiet: float = 0.0, timeout: float = SILENCE_TIMEOUT_SECONDS) -> None:
        await self._cluster.settle(quiet, timeout)

    async def stats(self) -> Stats:
        return self._cluster.stats()

    async def advance(self, seconds: float = 0.0, **more: float) -> datetime:
        return _moment(await self._cluster.advance(timedelta(seconds=seconds, **more).total_seconds()))

    async def leap(self) -> datetime | None:
        found = await self._cluster.leap()
        return None if found is None else _moment(found)

    async def reset(self) -> None:
        await self._cluster.reset()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class TestClock:
    """The time of a cluster that was started with clock='virtual' (or 'auto', where it also runs by itself)."""

    __test__ = False  # pytest takes classes of this name for tests

    def __init__(self, owner: FakeCluster) -> None:
        self._owner = owner

    def now(self) -> datetime:
        """The cluster's time."""
        return _moment(self._owner._cluster.clock.now())

    def advance(self, seconds: float = 0.0, **more: float) -> datetime:
        """Let time pass, told as for timedelta: advance(30), advance(hours=24). Every timer on the way is met, in
        order."""
        return self._owner._call(self._owner._verbs.advance(seconds, **more))

    def leap(self) -> datetime | None:
        """On to the next timer of the cluster; None if there is none."""
        return self._owner._call(self._owner._verbs.leap())

    def loop(self) -> asyncio.AbstractEventLoop:
        """An event loop for another thread, in which it is the cluster's time: `asyncio.Runner(loop_factory=...)`.

        What sleeps in it holds time as the cluster's own timers do, and settling waits for what it does. With the
        machine's time it is an ordinary loop.
        """
        if self._owner.settings.clock == "wall":
            return asyncio.new_event_loop()
        return self._owner._cluster.companions.make()


class Async:
    """The methods of a FakeCluster (and of its `pods` and `nodes`) for coroutines: they never block the caller's
    loop."""

    def __init__(self, owner: FakeCluster, verbs: Any) -> None:
        self._owner = owner
        self._verbs = verbs

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._verbs, name)
        if isinstance(method, NodeVerbs | PodVerbs):
            return Async(self._owner, method)

        async def call(*args: Any, **options: Any) -> Any:
            found = await asyncio.wrap_future(self._owner._submit(method(*args, **options)))
            return Async(self._owner, found) if isinstance(found, Told) else found

        call.__name__ = name
        return call


class FakeCluster:
    """A cluster for tests, as a (sync or async) context manager; its methods may be called from any thread.

    Settings are keywords (see fakekube.settings.Settings): nodes, load, controllers, token, tls, ... Resources are
    named
    as with kubectl: 'pods', 'deploy', 'deployments.apps', 'Deployment'. Objects go in and out as dictionaries; refusals
    raise fakekube.core.errors.StatusError. `aio` has the same methods as coroutines.
    """

    def __init__(self, **settings: Any) -> None:
        if unknown := settings.keys() - SETTINGS:
            raise TypeError(f"{min(unknown)!r} is no setting of a cluster; those are: {', '.join(SETTINGS)}")
        self.settings = Settings(**settings)
        self._cluster = Cluster(self.settings)
        self._verbs = Verbs(self._cluster)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.aio = Async(self, self._verbs)
        self.webhooks = Webhooks(self._cluster.webhooks, self._cluster.calls, self._cluster.scheme, self.create)
        self.clock = TestClock(self)
        self.nodes = Nodes(self)
        self.pods = Pods(self)

    # --- life

    def start(self) -> FakeCluster:
        """Come up; what keeps it from doing so is raised here."""
        started = threading.Event()
        faults: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(started, faults), name="fakekube", daemon=True)
        self._thread.start()
        started.wait()
        if faults:
            self._thread.join()
            self._thread = None
            raise faults[0]
        return self

    def _run(self, started: threading.Event, faults: list[BaseException]) -> None:
        loop = self._loop = uvloop.new_event_loop()
        try:
            try:
                loop.run_until_complete(self._cluster.start())
            except BaseException as fault:
                faults.append(fault)
                return
            finally:
                started.set()
            loop.run_forever()
            loop.run_until_complete(self._cluster.stop())
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()

    def stop(self) -> None:
        """Go down and wait until nothing of the cluster is left. Stopping again does nothing."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._thread = None

    def __enter__(self) -> FakeCluster:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> FakeCluster:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def _submit(self, work: Coroutine[Any, Any, T]) -> Any:
        if self._loop is None or self._thread is None:
            work.close()
            raise RuntimeError("the cluster is not running; use it as a context manager")
        return asyncio.run_coroutine_threadsafe(self._cluster.called(work), self._loop)

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        if isinstance(asyncio._get_running_loop(), ClusterLoop):
            work.close()
            raise RuntimeError("this would wait for the loop that it is called in; use the coroutines of kube.aio")
        found: T = self._submit(work).result()
        return found

    # --- where it is

    @property
    def url(self) -> str:
        """The API server's URL."""
        return self._cluster.url

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig file of the cluster's administrator."""
        return self._cluster.kubeconfig

    @property
    def token(self) -> str:
        """The administrator's bearer token."""
        return self._cluster.token

    @property
    def ca_pem(self) -> bytes | None:
        """The certificate authority of the server's certificate; None without TLS."""
        return self._cluster.ca_pem

    @property
    def dns_address(self) -> tuple[str, int] | None:
        """Host and port of the DNS server (UDP and TCP)."""
        return self._cluster.dns_address

    @property
    def dns(self) -> StubResolver:
        """Resolves names as a pod would, along a namespace's search path."""
        from fakekube_dns.search import StubResolver

        return StubResolver(self._cluster.view)

    def client(self) -> ApiClient:
        """A configured `kubernetes.client.ApiClient`."""
        from kubernetes import config

        found: ApiClient = config.new_client_from_config(config_file=str(self.kubeconfig))
        return found

    # --- what it holds

    def apply(self, *sources: str | Path | Obj) -> list[Obj]:
        """Create or change what the manifests say: dictionaries, YAML text, files or folders."""
        return self._call(self._verbs.apply(*sources))

    def get(self, resource: str, name: str, namespace: str | None = None) -> Obj:
        """One object; StatusError 404 if it is not there."""
        return self._call(self._verbs.get(resource, name, namespace))

    def list(self, resource: str, namespace: str | None = None, *, labels: str = "", fields: str = "") -> list[Obj]:
        """The objects of a namespace (None: of all) that the selectors select."""
        return self._call(self._verbs.list(resource, namespace, labels, fields))

    def create(self, obj: Obj, namespace: str | None = None) -> Obj:
        """Create an object."""
        return self._call(self._verbs.create(obj, namespace))

    def patch(
        self,
        resource: str,
        name: str,
        patch: Any,
        namespace: str | None = None,
        *,
        type: str = "merge",
        subresource: str = "",
    ) -> Obj:
        """Change an object; type is merge, strategic, json or apply."""
        return self._call(self._verbs.patch(resource, name, patch, namespace, type, subresource))

    def delete(self, resource: str, name: str, namespace: str | None = None, **options: Any) -> Obj:
        """Delete an object; options are those of DeleteOptions, such as propagationPolicy='Foreground'."""
        return self._call(self._verbs.delete(resource, name, namespace, **options))

    # --- what it does

    def wait_for(
        self, resource: str, condition: Condition, timeout: float = 10.0, *, namespace: str | None = None
    ) -> Obj | None:
        """Wait for a state of RESOURCE/NAME without sleeping; TimeoutError tells what it was in the end.

        condition: 'condition=Available', 'jsonpath={.status.phase}=Running', 'create', 'delete', or a function of
        the object.
        """
        return self._call(self._verbs.wait_for(resource, condition, timeout, namespace=namespace))

    def settle(self, quiet: float = 0.0, timeout: float = SILENCE_TIMEOUT_SECONDS) -> None:
        """Returns when no controller has work, no timer is due now, and every watcher was sent everything.

        quiet: and when, with all that settled, no client has asked anything or was sent anything for so many seconds
        of the machine's time, so that operators have done what they wanted to. StatusError 504 after `timeout`.
        """
        self._call(self._verbs.settle(quiet, timeout))

    def stats(self) -> Stats:
        """How many objects, watchers, streams, connections and tasks there are now."""
        return self._call(self._verbs.stats())

    def reset(self) -> None:
        """Back to the state after the start, in milliseconds. Watches end, resource versions go on."""
        self._call(self._verbs.reset())
