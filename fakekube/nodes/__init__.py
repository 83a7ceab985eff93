"""The fake kubelet: Node objects, their leases, and what becomes of the pods that are bound to them;
and stages, which say what becomes of objects of any kind."""

from __future__ import annotations

from fakekube.machinery.controller import Controller
from fakekube.nodes import heartbeat, pods
from fakekube.nodes.stages import controller as staging

CONTROLLERS: tuple[Controller, ...] = (pods.CONTROLLER, heartbeat.CONTROLLER, staging.CONTROLLER)
"""The kubelets' rows, which act on World's `settings.nodes` alone, and the one that plays stages."""
