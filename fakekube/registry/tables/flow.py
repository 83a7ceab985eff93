"""The cells of API priority and fairness, of scheduling, node and device kinds."""

from __future__ import annotations

from typing import Any

from fakekube.core import human
from fakekube.core.meta import Obj, is_deleting
from fakekube.registry.tables.parts import age, name, part, spec, status


def precedence(obj: Obj) -> tuple[int, str]:
    """The order of flow schemas in their table."""
    return spec(obj).get("matchingPrecedence") or 0, name(obj)


def flow_schema(obj: Obj, now: float) -> list[Any]:
    """Name, PriorityLevel, MatchingPrecedence, DistinguisherMethod, Age, MissingPL."""
    wanted = spec(obj)
    method = wanted.get("distinguisherMethod")
    dangling = (each.get("status") for each in status(obj).get("conditions") or () if each.get("type") == "Dangling")
    return [
        name(obj),
        part(wanted, "priorityLevelConfiguration").get("name") or "",
        wanted.get("matchingPrecedence") or 0,
        human.NONE if method is None else method.get("type") or "",
        age(obj, now),
        next(dangling, "?"),
    ]


def priority_level(obj: Obj, now: float) -> list[Any]:
    """Name, Type, NominalConcurrencyShares, Queues, HandSize, QueueLengthLimit, Age."""
    limited = spec(obj).get("limited")
    shares: Any = human.NONE
    queuing: list[Any] = [human.NONE] * 3
    if limited is not None:
        shares = limited.get("nominalConcurrencyShares")
        found = part(limited, "limitResponse").get("queuing")
        if found is not None:
            queuing = [found.get(key) or 0 for key in ("queues", "handSize", "queueLengthLimit")]
    return [name(obj), spec(obj).get("type") or "", shares, *queuing, age(obj, now)]


def priority_class(obj: Obj, now: float) -> list[Any]:
    """Name, Value, Global-Default, Age, PreemptionPolicy."""
    default = bool(obj.get("globalDefault"))
    return [name(obj), obj.get("value") or 0, default, age(obj, now), obj.get("preemptionPolicy") or ""]


def runtime_class(obj: Obj, now: float) -> list[Any]:
    """Name, Handler, Age."""
    return [name(obj), obj.get("handler") or "", age(obj, now)]


def resource_claim(obj: Obj, now: float) -> list[Any]:
    """Name, State, Age."""
    found = status(obj)
    states = ["deleted"] if is_deleting(obj) else []
    if found.get("allocation") is not None:
        states += ["allocated", *(["reserved"] if found.get("reservedFor") else [])]
    elif not states:
        states = ["pending"]
    return [name(obj), ",".join(states), age(obj, now)]


def resource_slice(obj: Obj, now: float) -> list[Any]:
    """Name, Node, Driver, Pool, Age."""
    wanted = spec(obj)
    pool = part(wanted, "pool").get("name") or ""
    return [name(obj), wanted.get("nodeName") or "", wanted.get("driver") or "", pool, age(obj, now)]
