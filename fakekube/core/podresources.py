"""What a pod asks for as a whole."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.core.quantity import Quantity, parse

Amounts = dict[str, Quantity]
POD_LEVEL = ("cpu", "memory")


def requested(spec: Obj, side: str) -> Amounts:
    """`aggregate`, but what the pod says of itself as a whole counts first."""
    return aggregate(spec, side) | {
        name: amount for name, amount in amounts_of(spec, side).items() if name in POD_LEVEL
    }


def aggregate(spec: Obj, side: str) -> Amounts:
    """Requests or limits: the sum over the containers, raised to what the init containers need one after the other."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        add_amounts(total, amounts_of(container, side))
    sidecars: Amounts = {}
    highest: Amounts = {}
    for container in spec.get("initContainers") or ():
        own = amounts_of(container, side)
        if container.get("restartPolicy") == "Always":
            add_amounts(total, own)
            add_amounts(sidecars, own)
            own = sidecars
        else:
            add_amounts(own, sidecars)
        _raise(highest, own)
    _raise(total, highest)
    return total


def amounts_of(part: Obj, side: str) -> Amounts:
    """What a container, or a pod as a whole, asks for; `side` is requests or limits."""
    return {name: parse(amount) for name, amount in ((part.get("resources") or {}).get(side) or {}).items()}


def add_amounts(total: Amounts, more: Amounts) -> None:
    """Add to a sum in place."""
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def _raise(total: Amounts, floor: Amounts) -> None:
    for name, amount in floor.items():
        if name not in total or total[name] < amount:
            total[name] = amount
