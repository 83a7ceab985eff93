"""Services."""

from __future__ import annotations

from fakekube.registry.strategy import Strategy


class ServiceStrategy(Strategy):
    """Traffic to a set of pods."""


ROWS = {"services": ServiceStrategy()}
