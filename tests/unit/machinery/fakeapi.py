"""A small API over the store for tests of controllers: names, uids, versions, finalizers, bindings; no validation."""

from __future__ import annotations

from typing import Any

import orjson

from fakekube.core import errors
from fakekube.core.clock import FixedClock
from fakekube.core.ids import Ids
from fakekube.core.meta import Obj, time_text
from fakekube.core.patches import apply_json_patch, apply_merge_patch
from fakekube.machinery.committer import Committer
from fakekube.machinery.controller import Controller
from fakekube.machinery.manager import Manager
from fakekube.machinery.recorder import Recorder
from fakekube.machinery.world import Settings, World
from fakekube.schema import strategic
from fakekube.schema.scheme import Scheme
from fakekube.storage.store import Store
from fakekube.storage.values import Key, Stored

SCHEME = Scheme.for_version()


def parts(resource: str) -> tuple[str, str]:
    """('apps', 'deployments') of 'deployments.apps'."""
    plural, _, group = resource.partition(".")
    return group, plural


class FakeApi:
    """The verbs, for whoever asks.

    `refuse`: resource id -> the error that creating one raises, once the `room` for it (a number) is spent; `keep`: the
    name of an object -> the error that deleting it raises.
    """

    def __init__(self, store: Store, clock: FixedClock) -> None:
        self.store = store
        self.clock = clock
        self.ids = Ids(1)
        self.refuse: dict[str, errors.StatusError] = {}
        self.room: dict[str, int] = {}
        self.keep: dict[str, errors.StatusError] = {}
        self.users: list[str] = []

    def as_user(self, user: str, manager: str) -> FakeApi:
        """The same API: who asks is only noted."""
        self.users.append(f"{user} {manager}")
        return self

    def found(self, resource: str, namespace: str, name: str) -> Stored:
        found = self.store.get(Key(resource, namespace, name))
        if found is None:
            raise errors.not_found(*parts(resource), name)
        return found

    async def create(self, resource: str, namespace: str, obj: Obj, *, subresource: str = "", name: str = "") -> Obj:
        if subresource == "binding":
            return await self._bind(namespace, name, obj)
        if resource in self.refuse:
            self.room[resource] = self.room.get(resource, 0) - 1
            if self.room[resource] < 0:
                raise self.refuse[resource]
        made = orjson.loads(orjson.dumps(obj))
        meta = made["metadata"]
        if not meta.get("name"):
            meta["name"] = meta["generateName"] + self.ids.suffix()
        key = Key(resource, namespace, meta["name"])
        if self.store.get(key) is not None:
            raise errors.already_exists(*parts(resource), key.name)
        if namespace:
            meta["namespace"] = namespace
        meta |= {"uid": self.ids.uid(), "creationTimestamp": time_text(self.clock.now()), "generation": 1}
        if resource == "pods":
            made.setdefault("status", {}).setdefault("phase", "Pending")
            made["spec"].setdefault("schedulerName", "default-scheduler")
        if resource == "namespaces":
            made["spec"] = {"finalizers": ["kubernetes"]}
        return await self._commit(key, made, None)

    async def _bind(self, namespace: str, name: str, binding: Obj) -> Obj:
        stored = self.found("pods", namespace, name)
        pod = stored.decode()
        pod["spec"]["nodeName"] = binding["target"]["name"]
        return await self._commit(stored.key, pod, stored.revision)

    async def _commit(self, key: Key, obj: Obj | None, expected: int | None) -> Obj:
        event = await self.store.commit(key, obj, expected=expected)
        return event.after.decode() if event.after is not None else {}

    async def update(self, resource: str, namespace: str, name: str, obj: Obj, *, subresource: str = "") -> Obj:
        stored = self.found(resource, namespace, name)
        version = obj["metadata"].get("resourceVersion")
        if version and version != str(stored.revision):
            raise errors.conflict(*parts(resource), name, errors.MODIFIED)
        return await self._replace(stored, orjson.loads(orjson.dumps(obj)), subresource)

    async def _replace(self, stored: Stored, obj: Obj, subresource: str) -> Obj:
        old = stored.decode()
        if subresource in ("status", "approval"):
            obj["spec"] = old.get("spec")
            obj = {name: value for name, value in obj.items() if value is not None}
        elif subresource != "finalize":
            obj["status"] = old.get("status", {})
        if obj.get("spec") != old.get("spec"):
            obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
        if orjson.dumps(obj, option=orjson.OPT_SORT_KEYS) == orjson.dumps(old, option=orjson.OPT_SORT_KEYS):
            return old
        left = obj["metadata"].get("finalizers") or (obj.get("spec") or {}).get("finalizers")
        waits = obj["metadata"].get("deletionGracePeriodSeconds", 0) > 0
        if "deletionTimestamp" in obj["metadata"] and not left and not waits:
            return await self._commit(stored.key, None, stored.revision)
        return await self._commit(stored.key, obj, stored.revision)

    async def patch(
        self,
        resource: str,
        namespace: str,
        name: str,
        patch: Any,
        *,
        type: str = "strategic",
        subresource: str = "",
        force: bool = False,
    ) -> Obj:
        stored = self.found(resource, namespace, name)
        served, body = SCHEME.stored(resource), orjson.dumps(patch)
        assert served is not None
        if type == "merge":
            changed = apply_merge_patch(stored.decode(), orjson.loads(body))
        elif type == "json":
            changed = apply_json_patch(stored.decode(), orjson.loads(body))
        else:
            changed = strategic.apply(stored.decode(), strategic.decode(body), served.type)
        return await self._replace(stored, tidy(changed), subresource)

    async def delete(self, resource: str, namespace: str, name: str, options: Obj | None = None) -> Obj:
        if name in self.keep:
            raise self.keep[name]
        stored, options = self.found(resource, namespace, name), options or {}
        obj = stored.decode()
        meta = obj["metadata"]
        wanted = (options.get("preconditions") or {}).get("uid", meta["uid"])
        if wanted != meta["uid"]:
            raise errors.conflict(*parts(resource), name, "the UID is another")
        grace = options.get("gracePeriodSeconds", 30 if (obj.get("spec") or {}).get("nodeName") else 0)
        finalizer = {"Orphan": "orphan", "Foreground": "foregroundDeletion"}.get(options.get("propagationPolicy", ""))
        if finalizer and finalizer not in meta.get("finalizers", []):
            meta["finalizers"] = [*meta.get("finalizers", []), finalizer]
        held = meta.get("finalizers") or (obj.get("spec") or {}).get("finalizers")
        if not held and (resource != "pods" or not grace):
            return await self._commit(stored.key, None, stored.revision)
        if "deletionTimestamp" in meta:
            return obj
        meta["deletionTimestamp"] = time_text(self.clock.now() + grace)
        if resource != "namespaces":
            meta["deletionGracePeriodSeconds"] = grace
        else:
            obj["status"] = {"phase": "Terminating"}
        return await self._commit(stored.key, obj, stored.revision)

    async def delete_collection(self, resource: str, namespace: str, options: Obj | None = None) -> None:
        for stored in self.store.list(resource, namespace):
            await self.delete(resource, namespace, stored.key.name, options)

    async def expire(self, key: Key) -> None:
        if (stored := self.store.get(key)) is not None:
            await self._commit(key, None, stored.revision)


def tidy(obj: Obj) -> Obj:
    """Without the lists that are empty, as the API leaves them out."""
    obj["metadata"] = {name: value for name, value in obj["metadata"].items() if value != []}
    return obj


class Lab:
    """Controllers at work on a store, with a clock that stands still until it is moved."""

    def __init__(self, *controllers: Controller, nodes: tuple[str, ...] = ()) -> None:
        self.clock = FixedClock()
        self.store = Store()
        self.api = FakeApi(self.store, self.clock)
        self.world = World(self.store, SCHEME, self.clock, Settings("PEM", frozenset(nodes)))
        self.recorder = Recorder(self.clock)
        self.woken = 0
        self.manager = Manager(self.world, Committer(self.api.as_user, self.recorder), controllers, self._wake)
        self.manager.start()

    def _wake(self) -> None:
        self.woken += 1

    async def make(self, resource: str, kind: str, name: str, namespace: str = "default", **fields: Any) -> Obj:
        """Create an object; `metadata` adds to its metadata."""
        meta = {"name": name, **fields.pop("metadata", {})}
        group, _ = parts(resource)
        stored = SCHEME.stored(resource)
        assert stored is not None
        version = f"{group}/{stored.version}" if group else stored.version
        obj = {"kind": kind, "apiVersion": version, "metadata": meta, **fields}
        return await self.api.create(resource, namespace if stored.namespaced else "", obj)

    async def settle(self, seconds: float = 0) -> None:
        """Let the controllers work until nothing is left to do, over so many seconds."""
        end = self.clock.now() + seconds
        while True:
            while await self.manager.step():
                pass
            due = self.manager.next_due()
            if due is None or due > end:
                self.clock.advance(end - self.clock.now())
                return
            self.clock.advance(max(0.0, due - self.clock.now()))

    def get(self, resource: str, name: str, namespace: str = "default") -> Obj | None:
        """The object, or None."""
        return self.world.get(resource, namespace, name)

    def all(self, resource: str, namespace: str | None = None) -> list[Obj]:
        """All objects of a resource."""
        return self.world.list(resource, namespace)

    def told(self, reason: str) -> list[str]:
        """The messages of the events with this reason."""
        return [each["message"] for each in self.all("events") if each["reason"] == reason]
