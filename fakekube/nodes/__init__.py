"""The fake kubelet: Node objects, their leases, and what becomes of the pods that are bound to them."""

from __future__ import annotations

from fakekube.machinery.controller import Controller
from fakekube.nodes import heartbeat, kubelet

CONTROLLERS: tuple[Controller, ...] = (kubelet.CONTROLLER, heartbeat.CONTROLLER)
"""The kubelets' rows; they act on World's `settings.nodes` alone."""
