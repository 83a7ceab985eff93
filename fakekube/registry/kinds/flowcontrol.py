"""FlowSchemas and PriorityLevelConfigurations: kept and judged as the real server does, but nothing is throttled."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.registry.kinds.filling import fill
from fakekube.registry.strategy import Context, Strategy

GROUP = "flowcontrol.apiserver.k8s.io"


class FlowSchemaStrategy(Strategy):
    """Which requests go to which level."""

    def default(self, obj: Obj) -> None:
        """The precedence of a schema that names none."""
        spec = obj.setdefault("spec", {})
        spec["matchingPrecedence"] = spec.get("matchingPrecedence") or 1000

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Nothing has been said about it yet."""
        obj["status"] = {}


_QUEUING = {"handSize": 8, "queues": 64, "queueLengthLimit": 50}


class PriorityLevelStrategy(FlowSchemaStrategy):
    """How much concurrency a level has."""

    status_keeps = ("labels", "annotations", "finalizers", "ownerReferences")

    def default(self, obj: Obj) -> None:
        """Shares, and the shape of the queues."""
        spec = obj.setdefault("spec", {})
        exempt, limited = spec.get("exempt"), spec.get("limited")
        if exempt is not None:
            fill(exempt, "nominalConcurrencyShares", 0)
            fill(exempt, "lendablePercent", 0)
        if limited is not None:
            fill(limited, "nominalConcurrencyShares", 30)
            fill(limited, "lendablePercent", 0)
            queuing = (limited.get("limitResponse") or {}).get("queuing")
            if queuing is not None:
                queuing.update({name: queuing.get(name) or value for name, value in _QUEUING.items()})


ROWS = {
    f"flowschemas.{GROUP}": FlowSchemaStrategy(),
    f"prioritylevelconfigurations.{GROUP}": PriorityLevelStrategy(),
}
