"""Events go an hour after they were last written. It is the API server that forgets them: nobody is asked, as when
etcd's lease on them ends."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from fakekube.machinery.controller import Controller, Watch
from fakekube.machinery.plan import NOTHING, Change, Expire, Plan
from fakekube.machinery.world import World
from fakekube.storage.values import Event, Key

RESOURCE = "events"
TTL_SECONDS = 3600.0
"""The default of kube-apiserver's --event-ttl."""


class Written:
    """The events there are, with the moments when each is to go, the first first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.ends: OrderedDict[Key, float] = OrderedDict()

    def apply(self, event: Event) -> None:
        """Follow a write; one that is written again stays for as long again."""
        if event.key.resource != RESOURCE:
            return
        self.ends.pop(event.key, None)
        if event.after is not None:
            self.ends[event.key] = self._world.now() + TTL_SECONDS


def reconcile(key: str, world: World) -> Plan:
    """Let those go whose time is over."""
    ends, now = world.follower(Written).ends, world.now()
    over: list[Change] = []
    for each, end in ends.items():
        if end > now:
            return Plan(over, after=end - now)
        over.append(Expire(each))
    return Plan(over) if over else NOTHING


def _of_first(event: Event, world: World) -> Iterable[str]:
    """While there are any it is known when the next one goes."""
    return (RESOURCE,) if event.before is None and len(world.follower(Written).ends) == 1 else ()


def _begin(world: World) -> Iterable[str]:
    return (RESOURCE,)


CONTROLLER = Controller(
    name="event-expiry",
    reconcile=reconcile,
    watches=(Watch(RESOURCE, _of_first),),
    user="system:apiserver",
    component="kube-apiserver",
    field_manager="kube-apiserver",
    begin=_begin,
    holds_time=False,
)
