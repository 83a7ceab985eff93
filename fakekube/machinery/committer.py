"""Carries plans out through the API's verbs, as the controller's user and field manager.

The usual when a change is refused: a Delete of what is gone is done; a create in a namespace that is being deleted ends
the plan, for there is no use in trying again; a conflict, a missing object or a name already taken ends it and the key
is looked at again at once, for the world knows of the other write by now; anything else ends it too, is logged, and the
key is looked at again with back-off.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from fakekube.core.errors import StatusError
from fakekube.core.meta import Obj, name_of, namespace_of
from fakekube.machinery.controller import Controller
from fakekube.machinery.plan import Change, Create, Delete, DeleteCollection, Emit, Expire, Patch, Plan, Update
from fakekube.machinery.recorder import Recorded, Recorder
from fakekube.storage.values import Key

log = logging.getLogger("fakekube.controllers")


class Client(Protocol):
    """All verbs of the API for one user and field manager; objects in and out; raises StatusError."""

    async def create(
        self, resource_id: str, namespace: str, obj: Obj, /, *, subresource: str = "", name: str = ""
    ) -> Obj: ...

    async def update(
        self, resource_id: str, namespace: str, name: str, obj: Obj, /, *, subresource: str = ""
    ) -> Obj: ...

    async def patch(
        self,
        resource_id: str,
        namespace: str,
        name: str,
        patch: Any,
        /,
        *,
        type: str,
        subresource: str = "",
        force: bool = False,
    ) -> Obj: ...

    async def delete(self, resource_id: str, namespace: str, name: str, options: Obj | None = None, /) -> Obj: ...

    async def delete_collection(self, resource_id: str, namespace: str, options: Obj | None = None, /) -> None: ...

    async def expire(self, key: Key, /) -> None: ...


Clients = Callable[[str, str], Client]
"""The client for (user, field manager)."""


RACES = ("Conflict", "NotFound", "AlreadyExists")
"""Refusals that come of looking at the world a moment too early."""


class Execution:
    """A plan on its way: what is still to be done, and how it came out; `raced`: that it met other writes only."""

    __slots__ = ("after", "changes", "controller", "failed", "key", "raced", "user")

    def __init__(self, controller: Controller, key: Any, plan: Plan) -> None:
        self.controller = controller
        self.key = key
        self.user = plan.user or controller.user
        self.changes: deque[Change] = deque(plan.changes)
        self.after = plan.after
        self.failed = plan.retry
        self.raced = False

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return not self.changes

    def replace(self, plan: Plan) -> None:
        """Do this instead of what is left."""
        self.changes = deque(plan.changes)
        self.after = plan.after if plan.after is not None else self.after
        self.failed = self.failed or plan.retry

    def give_up(self, *, retry: bool) -> None:
        """Leave the rest undone."""
        self.changes.clear()
        self.failed = self.failed or retry


class Committer:
    """Writes what plans say. One for all controllers: it holds a client per user and remembers the events it told."""

    def __init__(self, clients: Clients, recorder: Recorder) -> None:
        self._make = clients
        self._clients: dict[tuple[str, str], Client] = {}
        self.recorder = recorder

    def reset(self) -> None:
        """Forget what was told of objects that may no longer be there."""
        self.recorder.clear()

    async def carry_out(self, execution: Execution, changes: int) -> int:
        """Do up to so many changes of the plan; how many were done."""
        controller = execution.controller
        client = self._client(execution.user, controller.field_manager)
        count = 0
        while execution.changes and count < changes:
            change = execution.changes.popleft()
            count += 1
            who = client
            if isinstance(change, Patch) and change.user:
                who = self._client(change.user, controller.field_manager)
            try:
                answer = await self._write(who, change, controller.component)
            except StatusError as error:
                self._refused(execution, change, error)
                continue
            if change.then is not None:
                execution.changes.extendleft(reversed(list(change.then(answer))))
        return count

    def _client(self, user: str, manager: str) -> Client:
        found = self._clients.get((user, manager))
        if found is None:
            found = self._clients[user, manager] = self._make(user, manager)
        return found

    async def _write(self, client: Client, change: Change, component: str) -> Obj:
        if isinstance(change, Create):
            obj = change.obj
            name = name_of(obj) if change.subresource else ""
            return await client.create(
                change.resource, namespace_of(obj), obj, subresource=change.subresource, name=name
            )
        if isinstance(change, Update):
            obj = change.obj
            return await client.update(
                change.resource, namespace_of(obj), name_of(obj), obj, subresource=change.subresource
            )
        if isinstance(change, Patch):
            resource, namespace, name = change.key
            if change.type == "apply":  # by force: what controllers apply is theirs
                return await client.patch(
                    resource, namespace, name, change.body, type="apply", subresource=change.subresource, force=True
                )
            return await client.patch(
                resource, namespace, name, change.body, type=change.type, subresource=change.subresource
            )
        if isinstance(change, Delete):
            return await client.delete(*change.key, change.options())
        if isinstance(change, DeleteCollection):
            await client.delete_collection(change.resource, change.namespace, change.options)
            return {}
        if isinstance(change, Expire):
            await client.expire(change.key)
            return {}
        assert isinstance(change, Emit), f"no change is of type {type(change)}"
        await self._tell(client, change, component)
        return {}

    async def _tell(self, client: Client, emit: Emit, component: str) -> None:
        """Write the event. That an event cannot be told stops nothing: client-go only logs it."""
        recorded = self.recorder.record(emit, component)
        if recorded is None:
            return
        try:
            if recorded.patch is None or not await self._told_again(client, recorded):
                await client.create("events", namespace_of(recorded.obj), recorded.obj)
        except StatusError as error:
            log.debug("event %s about %s not told: %s", emit.reason, name_of(emit.obj), error.message)

    async def _told_again(self, client: Client, recorded: Recorded) -> bool:
        """Change the Event that is there; False if it is gone, and then it is to be made anew with its count."""
        namespace, name = namespace_of(recorded.obj), name_of(recorded.obj)
        try:
            await client.patch("events", namespace, name, recorded.patch, type="strategic")
        except StatusError as error:
            if error.reason == "NotFound":
                return False
            raise
        return True

    def _refused(self, execution: Execution, change: Change, error: StatusError) -> None:
        raced = error.reason in RACES
        execution.raced = raced and (execution.raced or not execution.failed)
        instead = change.refused(error) if change.refused is not None else None
        if instead is not None:
            execution.replace(instead)
        elif isinstance(change, Delete) and error.reason == "NotFound":
            return
        elif namespace_terminating(error):
            execution.give_up(retry=False)
        else:
            execution.give_up(retry=True)
            if not raced:
                log.warning("%s %s: %s", execution.controller.name, execution.key, error.message)


def namespace_terminating(error: StatusError) -> bool:
    """Whether the namespace is being deleted, so that nothing can be made in it."""
    causes = (error.details or {}).get("causes") or ()
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)
