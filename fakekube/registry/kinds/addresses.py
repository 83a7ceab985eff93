"""IPAddresses and ServiceCIDRs: which addresses services have, and which they may have."""

from __future__ import annotations

from fakekube.core.meta import Obj
from fakekube.registry.strategy import Context, Strategy

GROUP = "networking.k8s.io"


class IpAddressStrategy(Strategy):
    """Named by the address; the parent stays."""

    generation_fields = None


class ServiceCidrStrategy(Strategy):
    """Blocks of addresses for services."""

    generation_fields = None
    status_keeps = ("labels", "annotations", "finalizers", "ownerReferences")

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Not ready yet."""
        obj["status"] = {}


ROWS = {f"ipaddresses.{GROUP}": IpAddressStrategy(), f"servicecidrs.{GROUP}": ServiceCidrStrategy()}
