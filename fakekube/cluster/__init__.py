"""The composition root: a whole cluster on one event loop (`Cluster`), and in a thread of its own (`FakeCluster`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakekube.cluster.composition import Cluster as Cluster
from fakekube.cluster.stats import Stats as Stats

if TYPE_CHECKING:
    from fakekube.cluster.fake import FakeCluster as FakeCluster

__all__ = ["Cluster", "FakeCluster", "Stats"]


def __getattr__(name: str) -> Any:
    if name == "FakeCluster":
        from fakekube.cluster.fake import FakeCluster

        return FakeCluster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
