"""NetworkPolicies: kept and judged, not enforced."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.registry.strategy import Strategy


class NetworkPolicyStrategy(Strategy):
    """Which pods may talk to which."""

    def default(self, obj: Obj) -> None:
        """Ports are TCP; a policy is for ingress, and for egress if it has such rules."""
        spec = obj.setdefault("spec", {})
        for part in ("ingress", "egress"):
            for rule in spec.get(part) or ():
                for port in rule.get("ports") or ():
                    port.setdefault("protocol", "TCP")
        if not spec.get("policyTypes"):
            spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


ROWS = {"networkpolicies.networking.k8s.io": NetworkPolicyStrategy()}
