"""Ingresses and IngressClasses."""

from __future__ import annotations

from fakekube.core.meta import Obj, annotations_of
from fakekube.registry.strategy import Context, Strategy

GROUP = "networking.k8s.io"
CLASS_ANNOTATION = "kubernetes.io/ingress.class"


class IngressStrategy(Strategy):
    """Rules for traffic from outside."""

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """No address yet."""
        obj["status"] = {"loadBalancer": {}}

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """The annotation that named the class is deprecated."""
        if old is not None or CLASS_ANNOTATION not in annotations_of(obj):
            return []
        if (obj.get("spec") or {}).get("ingressClassName") is not None:
            return []
        return [f"annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"]


class IngressClassStrategy(Strategy):
    """Who serves Ingresses; the controller stays."""

    def default(self, obj: Obj) -> None:
        """Parameters are cluster-wide."""
        parameters = (obj.get("spec") or {}).get("parameters")
        if parameters is not None:
            parameters.setdefault("scope", "Cluster")


ROWS = {f"ingresses.{GROUP}": IngressStrategy(), f"ingressclasses.{GROUP}": IngressClassStrategy()}
